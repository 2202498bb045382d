//! Queries, and what they ask of a row.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::error::QueryError;
use super::fields::{FIELDS, Field, FieldInfo, Kind};
use super::net::Net;
use super::parse;
use crate::classify::Endpoint;

/// One value of a field in a row.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Fact<'a> {
    /// An end.
    End(Endpoint),
    /// An address without a port.
    Address(IpAddr),
    /// A slug.
    Word(&'static str),
    /// Any text.
    Text(&'a str),
    /// A number; of a span its nanoseconds.
    Number(f64),
    /// Yes or no.
    Flag(bool),
}

/// Something that can be matched.
pub trait Row {
    /// Whether any value that `field` has in this row passes `test`; `None` if such rows don't have the field.
    fn any(&self, field: Field, test: impl FnMut(Fact<'_>) -> bool) -> Option<bool>;
}

/// How a number is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    Less,
    AtMost,
    More,
    AtLeast,
}

/// What a term asks of a value.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Test {
    Nets(Vec<Net>),
    Words(Vec<&'static str>),
    /// Parts of a text, in lower case.
    Parts(Vec<String>),
    /// Parts of letters whose case matters.
    Letters(Vec<String>),
    Numbers(Vec<f64>),
    Compare(Order, f64),
    Flag(bool),
}

/// One term.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Term {
    Field {
        field: Field,
        test: Test,
        /// A row that has no value passes, too.
        or_none: bool,
    },
    /// A network in any end.
    Net(Net),
    /// A word without a field, in lower case, and where it may be.
    Anywhere { word: String, fields: Vec<Field> },
}

/// An expression: all of its terms hold. Without any it matches everything.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Query {
    text: String,
    terms: Vec<(bool, Term)>,
}

impl Query {
    /// Reads an expression.
    ///
    /// # Errors
    /// Where it is wrong, and what was perhaps meant.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        Ok(Self {
            terms: parse::terms(text)?,
            text: text.trim().to_owned(),
        })
    }

    /// As it was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it matches everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether `field` is asked for, by name or by a word that may be anywhere.
    #[must_use]
    pub fn asks_for(&self, field: Field) -> bool {
        self.terms.iter().any(|(_, term)| match term {
            Term::Field { field: asked, .. } => *asked == field,
            Term::Net(_) => [Field::Address, Field::ProxiedFor].contains(&field),
            Term::Anywhere { fields, .. } => fields.contains(&field),
        })
    }

    /// Whether a row matches. Terms about fields that such rows don't have leave it in.
    #[inline]
    pub fn matches(&self, row: &impl Row) -> bool {
        self.terms.iter().all(|(negated, term)| match term.holds(row) {
            Some(holds) => holds != *negated,
            None => true,
        })
    }
}

impl Term {
    #[inline]
    fn holds(&self, row: &impl Row) -> Option<bool> {
        match self {
            Self::Field { field, test, or_none } => {
                let holds = row.any(*field, |fact| test.holds(fact))?;
                Some(holds || (*or_none && !row.any(*field, |_| true)?))
            }
            Self::Net(net) => {
                let in_field = |field| row.any(field, |fact| net.holds(fact)) == Some(true);
                Some(in_field(Field::Address) || in_field(Field::ProxiedFor))
            }
            Self::Anywhere { word, fields } => {
                let in_field = |field: &Field| row.any(*field, |fact| fact.contains(word)) == Some(true);
                Some(fields.iter().any(in_field))
            }
        }
    }

    /// A word that may be anywhere it can be.
    pub(super) fn anywhere(word: String) -> Self {
        let can_be = |info: &&FieldInfo| {
            info.shown
                && match info.kind {
                    Kind::Words(words) => words().iter().any(|(_, meant)| contains(meant, &word)),
                    Kind::Address => word
                        .chars()
                        .all(|c| c.is_ascii_hexdigit() || ['.', ':', '[', ']'].contains(&c)),
                    _ => true,
                }
        };
        let fields = FIELDS.iter().filter(can_be).map(|info| info.field).collect();
        Self::Anywhere { word, fields }
    }
}

impl Net {
    fn holds(self, fact: Fact<'_>) -> bool {
        match fact {
            Fact::End(end) => self.holds_end(end),
            Fact::Address(address) => self.holds_address(address),
            _ => false,
        }
    }
}

impl Test {
    #[inline]
    fn holds(&self, fact: Fact<'_>) -> bool {
        match (self, fact) {
            (Self::Nets(nets), fact) => nets.iter().any(|net| net.holds(fact)),
            (Self::Words(words), Fact::Word(word)) => words.contains(&word),
            (Self::Parts(parts), Fact::Text(text)) => parts.iter().any(|part| contains(text, part)),
            (Self::Letters(parts), Fact::Text(text)) => parts.iter().any(|part| text.contains(part.as_str())),
            (Self::Numbers(numbers), Fact::Number(n)) => numbers.contains(&n),
            (Self::Compare(order, with), Fact::Number(n)) => match order {
                Order::Less => n < *with,
                Order::AtMost => n <= *with,
                Order::More => n > *with,
                Order::AtLeast => n >= *with,
            },
            (Self::Flag(asked), Fact::Flag(yes)) => *asked == yes,
            _ => false,
        }
    }
}

impl Fact<'_> {
    /// Whether it holds `word`, which is in lower case, as it is shown.
    fn contains(self, word: &str) -> bool {
        match self {
            Self::Word(text) => contains(text, word),
            Self::Text(text) => contains(text, word),
            Self::End(end) => Shown::end(end).contains(word),
            Self::Address(address) => Shown::of(format_args!("{address}")).contains(word),
            Self::Number(_) | Self::Flag(_) => false,
        }
    }
}

/// Whether `text` holds `part`, which is in lower case.
fn contains(text: &str, part: &str) -> bool {
    if text.is_ascii() {
        let (text, part) = (text.as_bytes(), part.as_bytes());
        part.is_empty()
            || text
                .windows(part.len())
                .any(|window| window.eq_ignore_ascii_case(part))
    } else {
        text.to_lowercase().contains(part)
    }
}

/// An end as it is shown, without a heap: this is asked of a hundred thousand rows at a time.
struct Shown {
    bytes: [u8; Self::MOST],
    len: usize,
}

impl Shown {
    /// `[` an IPv6 address with a scope `]:65535`.
    const MOST: usize = 64;

    fn of(shown: std::fmt::Arguments<'_>) -> Self {
        let mut out = Self {
            bytes: [0; Self::MOST],
            len: 0,
        };
        let _ = out.write_fmt(shown);
        out
    }

    fn end(end: Endpoint) -> Self {
        let IpAddr::V4(v4) = end.address else {
            return Self::of(format_args!("{end}"));
        };
        let mut out = Self {
            bytes: [0; Self::MOST],
            len: 0,
        };
        for (part, after) in v4.octets().into_iter().zip(*b"...:") {
            out.number(part.into());
            out.byte(after);
        }
        out.number(end.port);
        out
    }

    fn number(&mut self, n: u16) {
        for power in [10_000, 1_000, 100, 10] {
            if n >= power {
                self.byte(b'0' + (n / power % 10) as u8);
            }
        }
        self.byte(b'0' + (n % 10) as u8);
    }

    fn byte(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    fn contains(&self, word: &str) -> bool {
        std::str::from_utf8(&self.bytes[..self.len]).is_ok_and(|text| contains(text, word))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_looked_at_as_they_are_shown() {
        for text in [
            "0.0.0.0:0",
            "10.200.9.255:65535",
            "1.2.3.4:8080",
            "99.100.101.10:10000",
            "[2001:db8::1]:443",
        ] {
            let end: std::net::SocketAddr = text.parse().unwrap();
            let shown = Shown::end(Endpoint {
                address: end.ip(),
                port: end.port(),
            });
            assert_eq!(&shown.bytes[..shown.len], text.as_bytes());
        }
    }
}
