//! A page of aligned, wrapped and perhaps coloured text.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Effects, Style};
use unicode_width::UnicodeWidthStr;

use crate::diagnose::Status;
use crate::lang::tr;

/// What a piece of text is; colour only repeats what the words say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Tone {
    #[default]
    Plain,
    Strong,
    Dim,
    Heading,
    Good,
    Doubtful,
    Bad,
    Unsure,
}

impl Tone {
    pub(super) const fn of(status: Status) -> Self {
        match status {
            Status::Pass => Self::Good,
            Status::Warn => Self::Doubtful,
            Status::Fail => Self::Bad,
            Status::Inconclusive => Self::Unsure,
        }
    }

    const fn style(self) -> Style {
        let bold = Style::new().effects(Effects::BOLD);
        match self {
            Self::Plain => Style::new(),
            Self::Strong => bold,
            Self::Dim => Style::new().effects(Effects::DIMMED),
            Self::Heading => bold.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan))),
            Self::Good => bold.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green))),
            Self::Doubtful => bold.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow))),
            Self::Bad => bold.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))),
            Self::Unsure => bold.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Magenta))),
        }
    }
}

/// A label, and what is to be said of it.
pub(in crate::report) struct Item {
    pub(in crate::report) label: String,
    pub(super) tone: Tone,
    pub(in crate::report) text: String,
}

impl Item {
    pub(super) fn new(label: impl Into<String>, tone: Tone, text: impl Into<String>) -> Self {
        Self {
            label: tr(&label.into()).to_owned(),
            tone,
            text: text.into(),
        }
    }

    /// Whether it is something to be minded.
    pub(in crate::report) fn is_doubtful(&self) -> bool {
        matches!(self.tone, Tone::Doubtful | Tone::Bad)
    }
}

/// Text that goes line by line onto a page of fixed width.
pub(super) struct Page {
    text: String,
    line: String,
    pub(super) width: usize,
    color: bool,
}

impl Page {
    pub(super) fn new(width: usize, color: bool) -> Self {
        Self {
            text: String::new(),
            line: String::new(),
            width,
            color,
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    /// Adds to the current line.
    pub(super) fn put(&mut self, tone: Tone, text: &str) -> &mut Self {
        if self.color && tone != Tone::Plain && !text.trim().is_empty() {
            let style = tone.style();
            let _ = write!(self.line, "{style}{text}{style:#}");
        } else {
            self.line.push_str(text);
        }
        self
    }

    /// Adds `text` filled up to `width` columns on its right.
    pub(super) fn left(&mut self, tone: Tone, text: &str, width: usize) -> &mut Self {
        self.put(tone, text);
        self.space(width.saturating_sub(columns(text)))
    }

    /// Adds `text` filled up to `width` columns on its left.
    pub(super) fn right(&mut self, tone: Tone, text: &str, width: usize) -> &mut Self {
        self.space(width.saturating_sub(columns(text)));
        self.put(tone, text)
    }

    fn space(&mut self, n: usize) -> &mut Self {
        self.line.extend(std::iter::repeat_n(' ', n));
        self
    }

    /// Ends the current line.
    pub(super) fn end(&mut self) {
        self.text.push_str(self.line.trim_end());
        self.text.push('\n');
        self.line.clear();
    }

    /// A heading after an empty line.
    pub(super) fn heading(&mut self, text: &str) {
        self.end();
        self.put(Tone::Heading, text).end();
    }

    /// Puts `text` after what is on the line already, which is `indent` columns long, wrapped with that indent.
    pub(super) fn wrapped(&mut self, tone: Tone, indent: usize, text: &str) {
        for (n, part) in wrap(text, self.width.saturating_sub(indent)).iter().enumerate() {
            if n > 0 {
                self.space(indent);
            }
            self.put(tone, part).end();
        }
    }

    /// Items one under the other.
    pub(super) fn items(&mut self, items: &[Item]) {
        for item in items {
            self.item(&item.label, item.tone, &item.text);
        }
    }

    /// `  label   text`, wrapped under itself.
    pub(super) fn item(&mut self, label: &str, tone: Tone, text: &str) {
        self.put(Tone::Plain, "  ")
            .left(Tone::Dim, tr(label), LABEL)
            .wrapped(tone, LABEL + 2, text);
    }
}

/// Columns of the labels of [`Page::item`].
pub(super) const LABEL: usize = 13;

/// Terminal columns that `text` takes.
pub(in crate::report) fn columns(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Chinese and Japanese characters and their punctuation, between which a line may be broken.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{303f}' | '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

/// Whether a line may be broken between these two characters of a word: at an ideograph, but not before what closes a
/// phrase, nor after what opens one.
fn may_break(before: char, after: char) -> bool {
    let closes = "，。；：、？！）》」』”%";
    let opens = "（《「『“";
    (is_ideograph(before) || is_ideograph(after)) && !closes.contains(after) && !opens.contains(before)
}

/// Pieces of text that are not to be broken, and whether a space stands before each.
fn pieces(text: &str) -> Vec<(bool, &str)> {
    let mut pieces = Vec::new();
    for word in text.split_whitespace() {
        let mut from = 0;
        let mut before = None;
        for (at, c) in word.char_indices() {
            if before.is_some_and(|before| may_break(before, c)) {
                pieces.push((from == 0, &word[from..at]));
                from = at;
            }
            before = Some(c);
        }
        pieces.push((from == 0, &word[from..]));
    }
    pieces
}

/// Lines of at most `width` columns, broken at spaces and between ideographs; a longer word is broken where it must be.
pub(in crate::report) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(20);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for (spaced, word) in pieces(text) {
        if used > 0 && used + usize::from(spaced) + columns(word) > width {
            lines.push(String::new());
            used = 0;
        }
        let Some(mut line) = lines.pop() else { continue };
        if used > 0 && spaced {
            line.push(' ');
            used += 1;
        }
        for c in word.chars() {
            let size = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
            if used + size > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += size;
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_at_spaces_and_long_words_are_broken() {
        assert_eq!(
            wrap("one two three four five six", 20),
            ["one two three four", "five six"]
        );
        assert_eq!(
            wrap(&"x".repeat(45), 20)
                .iter()
                .map(String::len)
                .collect::<Vec<_>>(),
            [20, 20, 5]
        );
        assert_eq!(wrap("", 20), [""]);
        assert!(
            wrap("漢字漢字漢字漢字漢字漢字", 20)
                .iter()
                .all(|line| columns(line) <= 20)
        );
    }

    #[test]
    fn chinese_is_broken_anywhere_but_before_what_closes_a_phrase_and_behind_what_opens_one() {
        assert_eq!(
            wrap("连接没有复用：每个请求（共三百个）都新建 keepalive 连接", 20),
            ["连接没有复用：每个请", "求（共三百个）都新建", "keepalive 连接"]
        );
        let text = "连接没有复用每个请求，都新建";
        assert_eq!(wrap(text, 20), ["连接没有复用每个请", "求，都新建"]);
    }

    #[test]
    fn colour_does_not_change_the_layout() {
        let print = |color| {
            let mut page = Page::new(80, color);
            page.left(Tone::Bad, "FAIL", 6).right(Tone::Good, "漢", 4).end();
            page.finish()
        };
        assert_eq!(print(false), "FAIL    漢\n");
        assert!(print(true).contains("\x1b["));
        assert_eq!(
            anstream::adapter::strip_str(&print(true)).to_string(),
            print(false)
        );
    }
}
