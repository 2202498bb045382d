//! How values are written, for all views alike.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthChar;

use super::glyphs::Glyphs;
use crate::classify::Endpoint;
use crate::diagnose::LegName;
use crate::report::text::units;
use crate::report::{display_safe, when};
use crate::time::{Nanos, SECOND, Timestamp};

/// Names of addresses.
pub type Names = BTreeMap<IpAddr, String>;

/// How values are written now.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// The signs.
    pub glyphs: Glyphs,
    /// Names of addresses, if they are to be shown.
    pub names: Option<&'a Names>,
    /// The zone of printed times.
    pub zone: &'a TimeZone,
    /// Times as spans from the capture's start.
    pub relative: bool,
    /// The capture's first packet.
    pub start: Option<Timestamp>,
    /// The present, in packet time.
    pub now: Timestamp,
}

impl Look<'_> {
    /// An address, or its name.
    #[must_use]
    pub fn address(&self, address: IpAddr) -> String {
        let name = self.names.and_then(|names| names.get(&address));
        name.map_or_else(|| address.to_string(), |name| display_safe(name).into_owned())
    }

    /// An address or its name, and the port.
    #[must_use]
    pub fn endpoint(&self, endpoint: Endpoint) -> String {
        let name = self.names.and_then(|names| names.get(&endpoint.address));
        let named = |name: &String| format!("{}:{}", display_safe(name), endpoint.port);
        name.map_or_else(|| endpoint.to_string(), named)
    }

    /// `client -> server`.
    #[must_use]
    pub fn leg(&self, name: LegName) -> String {
        let client = name
            .client
            .map_or_else(|| "*".to_owned(), |client| self.address(client));
        let server = name
            .server
            .map_or_else(|| "*".to_owned(), |server| self.endpoint(server));
        format!("{client} -> {server}")
    }

    /// A point in time: the time of day, or the span from the capture's start.
    #[must_use]
    pub fn time(&self, time: Timestamp) -> String {
        match self.start.filter(|_| self.relative) {
            Some(start) => format!("+{:.3}", time.since(start) as f64 / SECOND as f64),
            None => when::clock_to_the_millisecond(time, self.zone),
        }
    }

    /// `text` in at most `width` columns of the terminal, and how many it takes.
    #[must_use]
    pub fn cut(&self, text: &str, width: usize) -> (String, usize) {
        let size = |c: char| c.width().unwrap_or(0);
        let whole: usize = text.chars().map(size).sum();
        if whole <= width {
            return (text.to_owned(), whole);
        }
        let (mut out, mut used) = (String::new(), 0);
        for c in text.chars() {
            if used + size(c) + 1 > width {
                break;
            }
            out.push(c);
            used += size(c);
        }
        if used < width {
            out.push(self.glyphs.cut());
            used += 1;
        }
        (out, used)
    }
}

/// A span.
#[must_use]
pub(super) fn span(span: Nanos) -> String {
    units::span(span.max(0) as f64 / 1e3)
}

/// Lines of at most `width` columns, broken at spaces; a longer word is broken where it must be.
#[must_use]
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for word in text.split_whitespace() {
        let wide: usize = word.chars().map(|c| c.width().unwrap_or(0)).sum();
        if used > 0 && used + 1 + wide > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        for c in word.chars() {
            let size = c.width().unwrap_or(0);
            if used + size > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += size;
        }
    }
    if used > 0 {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look<'a>(zone: &'a TimeZone, names: Option<&'a Names>) -> Look<'a> {
        Look {
            glyphs: Glyphs::Unicode,
            names,
            zone,
            relative: false,
            start: Some(Timestamp::from_parts(1_700_000_000, 0)),
            now: Timestamp::from_parts(1_700_000_010, 0),
        }
    }

    #[test]
    fn wide_characters_take_two_columns_and_are_never_halved() {
        let zone = TimeZone::UTC;
        let look = look(&zone, None);
        assert_eq!(look.cut("abc", 3), ("abc".to_owned(), 3));
        assert_eq!(look.cut("abcd", 3), ("ab…".to_owned(), 3));
        assert_eq!(look.cut("漢字漢字", 6), ("漢字…".to_owned(), 5));
        assert_eq!(look.cut("漢字", 1), ("…".to_owned(), 1));
        assert_eq!(look.cut("漢字", 0), (String::new(), 0));
    }

    #[test]
    fn times_are_of_the_day_or_from_the_start() {
        let zone = TimeZone::UTC;
        let mut look = look(&zone, None);
        let time = Timestamp::from_parts(1_700_000_005, 250_000_000);
        assert_eq!(look.time(time), "22:13:25.250");
        look.relative = true;
        assert_eq!(look.time(time), "+5.250");
    }

    #[test]
    fn names_stand_for_addresses_and_cannot_hurt() {
        let zone = TimeZone::UTC;
        let names = Names::from([([10, 0, 0, 1].into(), "a\x1b[2Jb".to_owned())]);
        let look = look(&zone, Some(&names));
        let server = Endpoint {
            address: [10, 0, 0, 2].into(),
            port: 80,
        };
        let leg = LegName {
            client: Some([10, 0, 0, 1].into()),
            server: Some(server),
        };
        assert_eq!(look.leg(leg), "a\u{fffd}[2Jb -> 10.0.0.2:80");
    }

    #[test]
    fn lines_are_wrapped() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 5), Vec::<String>::new());
    }
}
