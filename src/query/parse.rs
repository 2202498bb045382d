//! From characters to terms.

use super::error::QueryError;
use super::fields::{Field, FieldInfo, Kind, named};
use super::net::Net;
use super::term::{Order, Term, Test};
use crate::time::parse_span;

/// A character: its place, from 1, and whether quotes take its meaning from it.
type Char = (usize, char, bool);

/// Stands for no value.
const NONE: &str = "-";

/// The terms of an expression, each with whether it is turned round.
pub(super) fn terms(text: &str) -> Result<Vec<(bool, Term)>, QueryError> {
    words(text)?.iter().map(|word| term(word)).collect()
}

/// Splits at blanks outside of quotes.
fn words(text: &str) -> Result<Vec<Vec<Char>>, QueryError> {
    let mut words = Vec::new();
    let mut word = Vec::new();
    let mut quoted_at = None;
    let mut begun = false;
    for (at, c) in (1..).zip(text.chars()) {
        if c == '"' {
            quoted_at = if quoted_at.is_some() { None } else { Some(at) };
            begun = true;
        } else if quoted_at.is_none() && c.is_whitespace() {
            if begun {
                words.push(std::mem::take(&mut word));
            }
            begun = false;
        } else {
            word.push((at, c, quoted_at.is_some()));
            begun = true;
        }
    }
    if let Some(at) = quoted_at {
        return Err(QueryError::new(at, "this quote has no end"));
    }
    if begun {
        words.push(word);
    }
    Ok(words)
}

fn string(chars: &[Char]) -> String {
    chars.iter().map(|(_, c, _)| c).collect()
}

fn term(word: &[Char]) -> Result<(bool, Term), QueryError> {
    let turns = word
        .iter()
        .take_while(|(_, c, quoted)| *c == '!' && !quoted)
        .count();
    let rest = &word[turns..];
    let Some((at, ..)) = rest.first() else {
        return Err(match word.first() {
            Some((at, ..)) => QueryError::new(*at, "! stands before a term"),
            None => QueryError::new(1, "empty quotes ask for nothing"),
        });
    };
    let negated = turns % 2 == 1;
    let text = string(rest);
    if let Some(net) = Net::parse(&text) {
        return Ok((negated, Term::Net(net)));
    }
    let is_name = |(_, c, quoted): &Char| !quoted && (c.is_ascii_alphanumeric() || *c == '_');
    let len = rest.iter().take_while(|c| is_name(c)).count();
    let (name, tail) = rest.split_at(len);
    let operator = operator(tail).filter(|_| name.first().is_some_and(|(_, c, _)| c.is_ascii_alphabetic()));
    let Some((operator, skip)) = operator else {
        return Ok((negated, Term::anywhere(text.to_lowercase())));
    };
    let name = string(name);
    let info = named(&name).ok_or_else(|| QueryError::no_field(*at, &name))?;
    let after = tail.first().map_or(*at, |(at, ..)| *at);
    let asked = Asked {
        info,
        operator,
        at: after,
        len: skip,
        values: &tail[skip..],
    };
    Ok((negated != (operator == Operator::IsNot), asked.term()?))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    Order(Order),
}

/// The operator that some characters begin with, and how many it takes.
fn operator(chars: &[Char]) -> Option<(Operator, usize)> {
    let bare = |place: usize| {
        chars
            .get(place)
            .filter(|(_, _, quoted)| !quoted)
            .map(|(_, c, _)| *c)
    };
    let equals = bare(1) == Some('=');
    Some(match bare(0)? {
        ':' | '=' => (Operator::Is, 1),
        '!' if equals => (Operator::IsNot, 2),
        '>' if equals => (Operator::Order(Order::AtLeast), 2),
        '>' => (Operator::Order(Order::More), 1),
        '<' if equals => (Operator::Order(Order::AtMost), 2),
        '<' => (Operator::Order(Order::Less), 1),
        _ => return None,
    })
}

/// A field, and what is asked of it.
struct Asked<'a> {
    info: &'static FieldInfo,
    operator: Operator,
    /// Where the operator stands.
    at: usize,
    /// Its characters.
    len: usize,
    values: &'a [Char],
}

impl Asked<'_> {
    fn term(&self) -> Result<Term, QueryError> {
        let mut values = Vec::new();
        let mut or_none = false;
        let mut last = None;
        for part in self.values.split(|(_, c, quoted)| *c == ',' && !quoted) {
            let Some((at, _, quoted)) = part.first() else {
                // After the operator, or after a comma.
                let next = last.map_or(self.at + self.len, |at: usize| at + 2);
                return Err(QueryError::new(next, format!("{} lacks a value", self.info.name)));
            };
            let text = string(part);
            if text == NONE && !quoted && !matches!(self.operator, Operator::Order(_)) {
                or_none = true;
            }
            last = part.last().map(|(at, ..)| *at);
            values.push((*at, text));
        }
        if or_none {
            values.retain(|(_, text)| text != NONE);
        }
        let test = match self.operator {
            Operator::Order(order) => self.compare(order, &values)?,
            Operator::Is | Operator::IsNot => self.any_of(&values)?,
        };
        Ok(Term::Field {
            field: self.info.field,
            test,
            or_none,
        })
    }

    fn compare(&self, order: Order, values: &[(usize, String)]) -> Result<Test, QueryError> {
        if !matches!(self.info.kind, Kind::Number | Kind::Span) {
            let problem = format!("{} is no number; ask with {0}:value", self.info.name);
            return Err(QueryError::new(self.at, problem));
        }
        match values {
            [value] => Ok(Test::Compare(order, self.number(value)?)),
            [_, (at, _), ..] => Err(QueryError::new(*at, "a comparison takes one number")),
            [] => Err(QueryError::new(
                self.at,
                format!("{} lacks a value", self.info.name),
            )),
        }
    }

    fn any_of(&self, values: &[(usize, String)]) -> Result<Test, QueryError> {
        let texts = |lower: bool| {
            let text = |(_, text): &(usize, String)| if lower { text.to_lowercase() } else { text.clone() };
            values.iter().map(text).collect()
        };
        Ok(match self.info.kind {
            Kind::Address => Test::Nets(values.iter().map(net).collect::<Result<_, _>>()?),
            Kind::Words(words) => {
                let words = words();
                let word = |value: &(usize, String)| self.word(value, &words);
                Test::Words(values.iter().map(word).collect::<Result<_, _>>()?)
            }
            Kind::Text => Test::Parts(texts(true)),
            Kind::Letters => Test::Letters(texts(false)),
            Kind::Number | Kind::Span => {
                let numbers = values.iter().map(|value| self.number(value));
                Test::Numbers(numbers.collect::<Result<_, _>>()?)
            }
            Kind::Flag => self.flag(values)?,
        })
    }

    fn word(
        &self,
        (at, value): &(usize, String),
        words: &[(&'static str, &'static str)],
    ) -> Result<&'static str, QueryError> {
        let plain = |text: &str| text.to_ascii_lowercase().replace('-', "_");
        let found = words.iter().find(|(word, _)| plain(word) == plain(value));
        found.map(|(_, meant)| *meant).ok_or_else(|| {
            let mut known: Vec<&'static str> = words.iter().map(|(word, _)| *word).collect();
            if self.info.field == Field::Cause {
                // Their slugs are too many to list.
                known.retain(|word| word.len() < 4);
            }
            QueryError::no_word(*at, self.info.name, value, &known)
        })
    }

    fn number(&self, (at, value): &(usize, String)) -> Result<f64, QueryError> {
        let plain = value.parse::<f64>().ok().filter(|n| n.is_finite());
        if matches!(self.info.kind, Kind::Span) {
            const SECOND: f64 = 1e9;
            return match plain {
                Some(seconds) => Ok(seconds * SECOND),
                None => parse_span(value).map(|nanos| nanos as f64).map_err(|problem| {
                    QueryError::new(*at, format!("{value:?} is no span of time: {problem}"))
                }),
            };
        }
        plain.ok_or_else(|| {
            QueryError::new(
                *at,
                format!("{value:?} is no number, which {} is", self.info.name),
            )
        })
    }

    fn flag(&self, values: &[(usize, String)]) -> Result<Test, QueryError> {
        match values {
            [(_, yes)] if ["yes", "true"].contains(&yes.as_str()) => Ok(Test::Flag(true)),
            [(_, no)] if ["no", "false"].contains(&no.as_str()) => Ok(Test::Flag(false)),
            values => {
                let at = values.first().map_or(self.at, |(at, _)| *at);
                Err(QueryError::new(at, format!("{} is yes or no", self.info.name)))
            }
        }
    }
}

fn net((at, value): &(usize, String)) -> Result<Net, QueryError> {
    Net::parse(value).ok_or_else(|| {
        let problem = format!(
            "{value:?} is no address; write 10.0.0.1, 10.0.0.0/24, 10.0.0.1:8080, [2001:db8::1]:8080 or :8080"
        );
        QueryError::new(*at, problem)
    })
}
