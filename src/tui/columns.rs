//! Columns of a table: what each one holds, which leave first where there is little room, and where the rest stand.

use super::theme::Tone;

/// What stands in one place of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Its text.
    pub text: String,
    /// What it is.
    pub tone: Tone,
}

impl Cell {
    /// Text of this kind.
    #[must_use]
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }

    /// Text.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self::new(Tone::Plain, text)
    }

    /// Nothing is known, or nothing is there.
    #[must_use]
    pub fn absent() -> Self {
        Self::new(Tone::Dim, "-")
    }

    /// A count; 0 is no news.
    #[must_use]
    pub fn count(n: u64) -> Self {
        let tone = if n == 0 { Tone::Dim } else { Tone::Plain };
        Self::new(tone, crate::report::text::units::count(n))
    }
}

/// One column of a table of rows `R`, which are sorted by `O`.
pub struct Column<R: 'static, O: 'static> {
    /// Its head.
    pub head: &'static str,
    /// What it means.
    pub about: &'static str,
    /// Columns of the terminal that it takes at least.
    pub width: u16,
    /// Whether it takes what is left.
    pub grows: bool,
    /// Whether its text stands on the right.
    pub right: bool,
    /// 0 never leaves; where there is little room, the highest leaves first.
    pub rank: u8,
    /// What it says of a row.
    pub cell: fn(&R, &super::look::Look<'_>) -> Cell,
    /// How rows are sorted by it.
    pub order: O,
}

/// A column's place on the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot {
    /// Which column.
    pub column: usize,
    /// Columns of the terminal from the left.
    pub x: u16,
    /// How many of them.
    pub width: u16,
}

/// Columns that have their place, and the heads of those that have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// From the left.
    pub slots: Vec<Slot>,
    /// What is left out.
    pub hidden: Vec<&'static str>,
}

/// Between two columns.
const GAP: u16 = 1;

/// Gives `columns` their places in `width`; `left_out` are not wanted.
#[must_use]
pub fn fit<R, O>(columns: &[Column<R, O>], width: u16, left_out: &[&str]) -> Fit {
    let wanted = |index: &usize| !left_out.contains(&columns[*index].head);
    let mut by_rank: Vec<usize> = (0..columns.len()).filter(wanted).collect();
    by_rank.sort_by_key(|index| columns[*index].rank);
    let (mut kept, mut used) = (Vec::new(), 0_u16);
    let mut full = false;
    for index in by_rank {
        let needs = columns[index].width + if kept.is_empty() { 0 } else { GAP };
        // Once one has left, none of a higher rank takes its place: what is shown depends on the width alone.
        full |= columns[index].rank > 0 && used + needs > width;
        if !full {
            used += needs;
            kept.push(index);
        }
    }
    kept.sort_unstable();
    let mut spare = width.saturating_sub(used);
    let mut fit = Fit::default();
    let mut x = 0;
    for (index, column) in columns.iter().enumerate() {
        if !kept.contains(&index) {
            if wanted(&index) {
                fit.hidden.push(column.head);
            }
            continue;
        }
        let extra = if column.grows {
            std::mem::take(&mut spare)
        } else {
            0
        };
        let wide = (column.width + extra).min(width.saturating_sub(x));
        fit.slots.push(Slot {
            column: index,
            x,
            width: wide,
        });
        x = (x + wide + GAP).min(width);
    }
    fit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(head: &'static str, width: u16, rank: u8, grows: bool) -> Column<(), ()> {
        Column {
            head,
            about: "",
            width,
            grows,
            right: false,
            rank,
            cell: |(), _| Cell::absent(),
            order: (),
        }
    }

    #[test]
    fn the_highest_rank_leaves_first_and_what_is_left_goes_to_the_one_that_grows() {
        let columns = [
            column("name", 10, 0, true),
            column("a", 5, 2, false),
            column("b", 5, 1, false),
        ];
        let wide = fit(&columns, 40, &[]);
        let places: Vec<_> = wide.slots.iter().map(|slot| (slot.x, slot.width)).collect();
        assert_eq!(places, [(0, 28), (29, 5), (35, 5)]);
        let narrow = fit(&columns, 18, &[]);
        assert_eq!(narrow.hidden, ["a"]);
        assert_eq!(narrow.slots.last().map(|slot| slot.column), Some(2));
        assert_eq!(fit(&columns, 18, &["b"]).hidden, Vec::<&str>::new());
    }

    #[test]
    fn nothing_stands_outside_of_the_narrowest_screen() {
        let columns = [column("name", 10, 0, true), column("b", 5, 0, false)];
        for width in 0..20 {
            for slot in fit(&columns, width, &[]).slots {
                assert!(slot.x + slot.width <= width, "{width}: {slot:?}");
            }
        }
    }
}
