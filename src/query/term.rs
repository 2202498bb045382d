//! Queries, and what they ask of a row.

use std::borrow::Cow;
use std::net::IpAddr;

use super::error::QueryError;
use super::fields::{FIELDS, Field, FieldInfo, Kind};
use super::net::Net;
use super::parse;
use super::part::Part;
use super::shown::{Shown, contains};
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
    Anywhere {
        word: String,
        part: Part,
        fields: Vec<Field>,
    },
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

    /// Whether it asks for what only legs have.
    #[must_use]
    pub fn asks_legs(&self) -> bool {
        let mut of_legs = FIELDS.iter().filter(|info| info.field.is_of_legs());
        of_legs.any(|info| self.asks_for(info.field))
    }

    /// Whether a row matches. Terms about fields that such rows don't have leave it in.
    #[inline]
    pub fn matches(&self, row: &impl Row) -> bool {
        self.terms
            .iter()
            .all(|(negated, term)| passes(*negated, term.holds(row)))
    }

    /// What the fields that only legs have say, once for all connections of a leg.
    #[must_use]
    pub fn of_leg(&self, leg: Option<&impl Row>) -> OfLeg {
        let of_leg = |(_, term): &(bool, Term)| {
            let holds = leg.and_then(|leg| term.of_leg().holds(leg));
            // A word that is not in the leg's fields may be in the connection's.
            holds.filter(|holds| *holds || !matches!(term, Term::Anywhere { .. }))
        };
        OfLeg(self.terms.iter().map(of_leg).collect())
    }

    /// Whether a connection matches whose leg says so much.
    #[inline]
    pub fn matches_in_leg(&self, row: &impl Row, leg: &OfLeg) -> bool {
        let mut terms = self.terms.iter().zip(&leg.0);
        terms.all(|((negated, term), of_leg)| {
            let holds = match term {
                Term::Field { field, .. } if field.is_of_legs() => *of_leg,
                Term::Anywhere { .. } if of_leg.is_some() => *of_leg,
                _ => term.holds(row),
            };
            passes(*negated, holds)
        })
    }
}

/// What the fields of a leg say to each term of a query.
#[derive(Clone, Debug, Default)]
pub struct OfLeg(Vec<Option<bool>>);

impl OfLeg {
    /// It says nothing to any of them.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

fn passes(negated: bool, holds: Option<bool>) -> bool {
    holds.is_none_or(|holds| holds != negated)
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
            Self::Anywhere { word, part, fields } => {
                let holds = |fact: Fact<'_>| fact.contains(word, part);
                let in_field = |field: &Field| row.any(*field, holds) == Some(true);
                Some(fields.iter().any(in_field))
            }
        }
    }

    /// The part of it that only legs can answer.
    fn of_leg(&self) -> Cow<'_, Self> {
        match self {
            Self::Anywhere { word, part, fields } => Cow::Owned(Self::Anywhere {
                word: word.clone(),
                part: part.clone(),
                fields: fields
                    .iter()
                    .copied()
                    .filter(|field| field.is_of_legs())
                    .collect(),
            }),
            _ => Cow::Borrowed(self),
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
        let part = Part::new(&word);
        Self::Anywhere { word, part, fields }
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
    /// Whether it holds `word`, which is in lower case, as it is shown; `part` looks for it in ends.
    fn contains(self, word: &str, part: &Part) -> bool {
        match self {
            Self::Word(text) => contains(text, word),
            Self::Text(text) => contains(text, word),
            Self::End(end) => part.is_in(end),
            Self::Address(address) => contains(Shown::of(format_args!("{address}")).as_str(), word),
            Self::Number(_) | Self::Flag(_) => false,
        }
    }
}
