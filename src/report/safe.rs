//! The last door for text that came off the wire or from a file name.

use std::borrow::Cow;

/// Text longer than this many characters is cut.
const MAX_CHARS: usize = 256;

/// `text` as it may be shown on a terminal: control characters, bidirectional and invisible ones replaced by U+FFFD,
/// and cut at 256 characters.
#[must_use]
pub fn display_safe(text: &str) -> Cow<'_, str> {
    clean(text, MAX_CHARS)
}

/// The same for a sentence of our own that may quote such text: it is cut much later.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    clean(text, MAX_CHARS * 16)
}

fn clean(text: &str, max: usize) -> Cow<'_, str> {
    if text.len() <= max && !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().min(max * 4));
    for (n, c) in text.chars().enumerate() {
        if n == max {
            out.push('…');
            break;
        }
        out.push(if is_unsafe(c) { '\u{fffd}' } else { c });
    }
    Cow::Owned(out)
}

/// Whether `c` can move the cursor, reorder its surroundings or hide itself.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_text_is_not_copied() {
        assert!(matches!(display_safe("/straße?q=1"), Cow::Borrowed(_)));
    }

    #[test]
    fn escapes_bidi_and_invisible_characters_are_replaced() {
        assert_eq!(
            display_safe("a\x1b[31mb\x7f\u{9b}c"),
            "a\u{fffd}[31mb\u{fffd}\u{fffd}c"
        );
        assert_eq!(
            display_safe("x\u{202e}y\u{200b}z\u{feff}\n"),
            "x\u{fffd}y\u{fffd}z\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn long_text_is_cut() {
        let shown = display_safe(&"é".repeat(1_000)).into_owned();
        assert_eq!(shown.chars().count(), MAX_CHARS + 1);
        assert!(shown.ends_with('…'));
    }
}
