//! Where one is in a list, and which part of it is on the screen.

use super::action::Motion;

/// A place in a list of rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cursor {
    /// The row that is selected.
    pub at: usize,
    /// The first row on the screen.
    pub top: usize,
}

impl Cursor {
    /// Moves in a list of `rows`, of which `height` fit on the screen.
    pub fn go(&mut self, motion: Motion, rows: usize, height: usize) {
        let page = height.saturating_sub(1).max(1);
        let step = |at: usize, by: i64| {
            let moved = (at as i64).saturating_add(by).max(0);
            moved.cast_unsigned() as usize
        };
        self.at = match motion {
            Motion::Rows(by) => step(self.at, by.into()),
            Motion::Pages(by) => step(self.at, i64::from(by) * page as i64),
            Motion::First => 0,
            Motion::Last => rows.saturating_sub(1),
            Motion::Aside(_) => self.at,
        };
        self.keep_within(rows, height);
    }

    /// Keeps the selected row in the list and on the screen.
    pub fn keep_within(&mut self, rows: usize, height: usize) {
        let height = height.max(1);
        self.at = self.at.min(rows.saturating_sub(1));
        self.top = self.top.min(self.at).min(rows.saturating_sub(height));
        if self.at >= self.top + height {
            self.top = self.at + 1 - height;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_stays_on_the_screen() {
        let mut cursor = Cursor::default();
        cursor.go(Motion::Rows(12), 100, 10);
        assert_eq!(cursor, Cursor { at: 12, top: 3 });
        cursor.go(Motion::Pages(1), 100, 10);
        assert_eq!(cursor, Cursor { at: 21, top: 12 });
        cursor.go(Motion::Last, 100, 10);
        assert_eq!(cursor, Cursor { at: 99, top: 90 });
        cursor.go(Motion::Pages(-100), 100, 10);
        assert_eq!(cursor, Cursor::default());
    }

    #[test]
    fn no_list_is_too_short_and_no_screen_too_small() {
        for rows in 0..4 {
            for height in 0..4 {
                for motion in [Motion::Rows(1), Motion::Pages(-1), Motion::First, Motion::Last] {
                    let mut cursor = Cursor { at: 3, top: 2 };
                    cursor.go(motion, rows, height);
                    assert!(cursor.at < rows.max(1) && cursor.top <= cursor.at);
                }
            }
        }
    }
}
