//! Values as they are shown, and whether a part is in them, without a heap: this is asked of a hundred thousand rows at a time.

use std::fmt::Write as _;

/// Whether `text` holds `part`, which is in lower case.
pub(super) fn contains(text: &str, part: &str) -> bool {
    if text.is_ascii() {
        let (text, part) = (text.as_bytes(), part.as_bytes());
        let Some((first, rest)) = part.split_first() else {
            return true;
        };
        let Some(last) = text.len().checked_sub(part.len()) else {
            return false;
        };
        (0..=last).any(|at| {
            text[at].eq_ignore_ascii_case(first) && text[at + 1..at + part.len()].eq_ignore_ascii_case(rest)
        })
    } else {
        text.to_lowercase().contains(part)
    }
}

/// A short text. What is longer than its room is cut off.
pub(super) struct Shown {
    bytes: [u8; Self::MOST],
    len: usize,
}

impl Shown {
    /// `[` an IPv6 address with a scope `]:65535`, or the kind and number of a tunnel.
    const MOST: usize = 64;

    pub(super) fn of(shown: std::fmt::Arguments<'_>) -> Self {
        let mut out = Self {
            bytes: [0; Self::MOST],
            len: 0,
        };
        let _ = out.write_fmt(shown);
        out
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl std::fmt::Write for Shown {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.len + text.len();
        let place = self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
