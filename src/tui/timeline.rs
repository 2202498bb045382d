//! Which part of the timeline is shown, and how wide.

use super::action::Motion;

/// Fewer rows than this are not magnified further.
const LEAST: usize = 8;

/// How the timeline is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Lens {
    /// How often the time shown was halved.
    pub zoom: u32,
    /// The row that is told; `None` is the latest, whatever comes.
    pub at: Option<usize>,
}

/// The rows that are shown, and the columns of the screen that they take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Frame {
    /// The first row.
    pub first: usize,
    /// How many rows.
    pub rows: usize,
    /// Rows that share a column ...
    pub group: usize,
    /// ... or columns that each row takes.
    pub width: usize,
    /// The row that is told.
    pub at: usize,
}

impl Lens {
    /// What is shown of `rows` rows on `columns` columns.
    #[must_use]
    pub fn frame(&self, rows: usize, columns: usize) -> Frame {
        let columns = columns.max(1);
        let visible = (rows >> self.zoom.min(31)).max(LEAST.min(rows));
        let group = visible.div_ceil(columns).max(1);
        let width = if group > 1 { 1 } else { columns / visible.max(1) };
        let at = self.at.unwrap_or(usize::MAX).min(rows.saturating_sub(1));
        // The row that is told stands in the middle where it can; columns begin at whole groups, so that they don't flicker.
        let first = at.saturating_sub(visible / 2).min(rows.saturating_sub(visible));
        let first = if group > 1 { first / group * group } else { first };
        Frame {
            first,
            rows: visible.min(rows - first),
            group,
            width: width.max(1),
            at,
        }
    }

    pub(super) fn go(&mut self, motion: Motion, rows: usize, columns: usize) {
        let frame = self.frame(rows, columns);
        let step = |by: i64| {
            let to = (frame.at as i64).saturating_add(by).max(0);
            to.cast_unsigned() as usize
        };
        let to = match motion {
            Motion::Aside(by) | Motion::Rows(by) => step(i64::from(by) * frame.group as i64),
            Motion::Pages(by) => step(i64::from(by) * frame.rows as i64),
            Motion::First => 0,
            Motion::Last => usize::MAX,
        };
        self.at = (to < rows.saturating_sub(1)).then_some(to);
    }

    pub(super) fn zoom(&mut self, closer: bool, rows: usize) {
        if !closer {
            self.zoom = self.zoom.saturating_sub(1);
        } else if rows >> self.zoom.min(31) > LEAST {
            self.zoom += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_is_shown_and_each_zoom_halves_it() {
        let mut lens = Lens::default();
        let frame = lens.frame(300, 100);
        assert_eq!((frame.first, frame.rows, frame.group), (0, 300, 3));
        lens.zoom(true, 300);
        let frame = lens.frame(300, 100);
        assert_eq!(
            (frame.first, frame.rows, frame.group, frame.at),
            (150, 150, 2, 299)
        );
        for _ in 0..50 {
            lens.zoom(true, 300);
        }
        assert_eq!(lens.frame(300, 100).rows, 8);
        assert_eq!(lens.frame(300, 100).width, 12);
    }

    #[test]
    fn the_latest_row_is_followed_until_another_is_chosen() {
        let mut lens = Lens::default();
        assert_eq!(lens.frame(10, 100).at, 9);
        lens.go(Motion::Aside(-1), 10, 100);
        assert_eq!(lens.at, Some(8));
        assert_eq!(lens.frame(20, 100).at, 8);
        lens.go(Motion::Last, 20, 100);
        assert_eq!(lens.at, None);
    }

    #[test]
    fn nothing_is_shown_of_nothing() {
        for columns in 0..3 {
            let frame = Lens::default().frame(0, columns);
            assert_eq!((frame.first, frame.rows), (0, 0));
        }
    }
}
