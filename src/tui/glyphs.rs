//! The signs that are drawn, in Unicode or in ASCII.

use crate::diagnose::Status;
use crate::report::text::units;

/// Which signs the terminal can show.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Glyphs {
    /// Blocks and arrows.
    #[default]
    Unicode,
    /// Nothing beyond ASCII.
    Ascii,
}

impl Glyphs {
    const fn pick<T: Copy>(self, unicode: T, ascii: T) -> T {
        match self {
            Self::Unicode => unicode,
            Self::Ascii => ascii,
        }
    }

    /// The sign of an answer.
    #[must_use]
    pub const fn status(self, status: Status) -> &'static str {
        match status {
            Status::Pass => self.pick("✔", "+"),
            Status::Warn => self.pick("▲", "!"),
            Status::Fail => self.pick("✖", "X"),
            Status::Inconclusive => "?",
        }
    }

    /// Behind the head of the column that rows are sorted by.
    #[must_use]
    pub const fn sorted(self, descending: bool) -> &'static str {
        if descending {
            self.pick("▼", "v")
        } else {
            self.pick("▲", "^")
        }
    }

    /// In front of a pinned row.
    #[must_use]
    pub const fn pin(self) -> &'static str {
        self.pick("◆", "*")
    }

    /// Where text was cut.
    #[must_use]
    pub const fn cut(self) -> char {
        self.pick('…', '~')
    }

    /// Under the point in time that is told.
    #[must_use]
    pub const fn here(self) -> &'static str {
        self.pick("▲", "^")
    }

    /// A bar of `width` columns at most.
    #[must_use]
    pub fn bar(self, share: f64, width: usize) -> String {
        match self {
            Self::Unicode => units::bar(share, width),
            Self::Ascii => {
                let full = (share.clamp(0.0, 1.0) * width as f64).round();
                "#".repeat((full as usize).max(usize::from(share > 0.0)))
            }
        }
    }

    /// `values` as a row of little columns, at most `width` of them.
    #[must_use]
    pub fn sparkline(self, values: &[u64], width: usize) -> String {
        let line = units::sparkline(values, width);
        match self {
            Self::Unicode => line,
            Self::Ascii => line.chars().map(|c| self.level(c)).collect(),
        }
    }

    /// The sign for a level of 0 (nothing) to 8.
    #[must_use]
    pub fn eighth(self, level: usize) -> char {
        const UNICODE: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        const ASCII: [char; 9] = [' ', '_', '.', '-', ':', '=', '+', '%', '#'];
        self.pick(UNICODE, ASCII)[level.min(8)]
    }

    fn level(self, c: char) -> char {
        let level = (0..9).find(|level| Self::Unicode.eighth(*level) == c);
        level.map_or(c, |level| self.eighth(level))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_ascii() {
        let glyphs = Glyphs::Ascii;
        assert_eq!(glyphs.bar(0.5, 8), "####");
        assert_eq!(glyphs.bar(0.001, 8), "#");
        assert!(glyphs.sparkline(&[0, 1, 2, 3, 4, 5, 6, 7, 8], 9).is_ascii());
        for status in [Status::Pass, Status::Warn, Status::Fail, Status::Inconclusive] {
            assert!(glyphs.status(status).is_ascii());
        }
    }
}
