//! Rows in order, sorted as far as somebody looked: of a hundred thousand a screen shows forty.

use std::collections::BTreeMap;

/// What a row is sorted by: the place of its leg if rows are grouped by legs, its key, and its place in the list.
pub(super) type Keyed = (u32, u64, u32);

/// So many rows are sorted at once at least: what is scrolled to next is mostly sorted, too.
const AT_ONCE: usize = 1_024;

/// A stretch of rows of which none belongs before or behind it.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    end: usize,
    is_sorted: bool,
}

/// Rows by their keys.
#[derive(Debug, Default)]
pub(super) struct Order {
    rows: Vec<Keyed>,
    /// Every row is in one of them; by their beginnings.
    stretches: BTreeMap<usize, Stretch>,
}

impl Order {
    /// Other rows, in the same memory.
    pub(super) fn refilled(mut self, rows: impl Iterator<Item = Keyed>) -> Self {
        self.rows.clear();
        self.rows.extend(rows);
        let all = Stretch {
            end: self.rows.len(),
            is_sorted: false,
        };
        self.stretches = BTreeMap::from([(0, all)]);
        self
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The places in the list of the rows from `first` on, `height` at most.
    pub(super) fn window(&mut self, first: usize, height: usize) -> impl Iterator<Item = u32> {
        let first = first.min(self.rows.len());
        let last = first.saturating_add(height).min(self.rows.len());
        self.sort(first, last);
        self.rows[first..last].iter().map(|(_, _, place)| *place)
    }

    /// Where the row stands that is at `place` in the list.
    pub(super) fn position(&self, place: u32) -> Option<usize> {
        let row = self.rows.iter().find(|(_, _, other)| *other == place)?;
        Some(self.rows.iter().filter(|other| *other < row).count())
    }

    /// Sorts what of these rows is not sorted.
    fn sort(&mut self, first: usize, last: usize) {
        let unsorted = |(begin, stretch): (&usize, &Stretch)| {
            (*begin < last && stretch.end > first && !stretch.is_sorted).then_some((*begin, stretch.end))
        };
        let found: Vec<(usize, usize)> = self.stretches.iter().filter_map(unsorted).collect();
        for (begin, end) in found {
            let from = (first / AT_ONCE * AT_ONCE).max(begin);
            let to = last.next_multiple_of(AT_ONCE).min(end);
            if from > begin {
                self.rows[begin..end].select_nth_unstable(from - begin);
            }
            if to < end {
                self.rows[from..end].select_nth_unstable(to - from);
            }
            self.rows[from..to].sort_unstable();
            for (begin, end, is_sorted) in [(begin, from, false), (from, to, true), (to, end, false)] {
                if begin < end {
                    self.stretches.insert(begin, Stretch { end, is_sorted });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_window_is_that_of_a_sorted_list(
            keys in prop::collection::vec((0_u32..3, 0_u64..500), 0..6_000),
            windows in prop::collection::vec((0_usize..6_100, 0_usize..2_000), 1..8),
        ) {
            let rows: Vec<Keyed> = (0..).zip(&keys).map(|(place, (leg, key))| (*leg, *key, place)).collect();
            let mut sorted = rows.clone();
            sorted.sort_unstable();
            let mut order = Order::default().refilled(rows.into_iter());
            for (first, height) in windows {
                let expected: Vec<u32> = sorted.iter().skip(first).take(height).map(|row| row.2).collect();
                prop_assert_eq!(order.window(first, height).collect::<Vec<_>>(), expected);
                if let Some(row) = sorted.get(first) {
                    prop_assert_eq!(order.position(row.2), Some(first));
                }
                prop_assert_eq!(order.position(6_000), None);
            }
        }
    }
}
