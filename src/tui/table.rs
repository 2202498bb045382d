//! A list of rows that comes anew with every snapshot, with a cursor that stays on its row.

use super::action::Motion;
use super::cursor::Cursor;
use super::rows::Sort;

/// What tells a row from others in the next snapshot.
pub trait Row {
    /// Its name.
    type Id: PartialEq + Clone + std::fmt::Debug;

    /// The row's.
    fn id(&self) -> Self::Id;
}

/// Rows in their order.
#[derive(Clone, Debug)]
pub struct Table<R: Row> {
    /// The rows.
    pub rows: Vec<R>,
    /// The row that is selected.
    pub cursor: Cursor,
    /// How they are sorted.
    pub sort: Sort,
}

impl<R: Row> Table<R> {
    /// No rows yet.
    #[must_use]
    pub fn new(sort: Sort) -> Self {
        Self {
            rows: Vec::new(),
            cursor: Cursor::default(),
            sort,
        }
    }

    /// The row that is selected.
    #[must_use]
    pub fn selected(&self) -> Option<&R> {
        self.rows.get(self.cursor.at)
    }

    /// Takes other rows; the cursor stays on its row, or where that was. At the top it stays at the top.
    pub(super) fn replace(&mut self, rows: Vec<R>, height: usize) {
        if self.cursor.at > 0
            && let Some(id) = self.selected().map(Row::id)
        {
            let place = rows.iter().position(|row| row.id() == id);
            self.cursor.at = place.unwrap_or(self.cursor.at);
        }
        self.rows = rows;
        self.cursor.keep_within(self.rows.len(), height);
    }

    pub(super) fn go(&mut self, motion: Motion, height: usize) {
        self.cursor.go(motion, self.rows.len(), height);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Row for u8 {
        type Id = Self;

        fn id(&self) -> Self {
            *self
        }
    }

    #[test]
    fn the_cursor_follows_its_row_and_stays_where_a_row_has_gone() {
        let sort = Sort {
            column: 0,
            descending: false,
        };
        let mut table = Table::new(sort);
        table.replace(vec![1, 2, 3], 10);
        table.go(Motion::Rows(1), 10);
        table.replace(vec![9, 8, 2], 10);
        assert_eq!(table.selected(), Some(&2));
        table.replace(vec![9], 10);
        assert_eq!(table.selected(), Some(&9));
        table.replace(vec![7, 9], 10);
        assert_eq!(table.selected(), Some(&7), "what is first may change");
        table.replace(Vec::new(), 10);
        assert_eq!(table.selected(), None);
    }
}
