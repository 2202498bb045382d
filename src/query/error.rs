//! What is wrong with an expression, where, and what was perhaps meant.

use std::fmt;

use super::fields::FIELDS;
use crate::near::perhaps;

/// An expression that can't be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueryError {
    /// Which character is the first wrong one, from 1.
    pub at: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {}: {}", self.at, self.problem)
    }
}

impl std::error::Error for QueryError {}

impl QueryError {
    pub(super) fn new(at: usize, problem: impl Into<String>) -> Self {
        Self {
            at,
            problem: problem.into(),
        }
    }

    /// No field is called so.
    pub(super) fn no_field(at: usize, name: &str) -> Self {
        let known = FIELDS
            .iter()
            .flat_map(|info| std::iter::once(info.name).chain(info.aliases.iter().copied()));
        let fields: Vec<&str> = FIELDS.iter().map(|info| info.name).collect();
        let problem = format!(
            "no field is called {name:?}{}; fields: {}",
            perhaps(name, known),
            fields.join(", ")
        );
        Self::new(at, problem)
    }

    /// The field never has that value.
    pub(super) fn no_word(at: usize, field: &str, value: &str, words: &[&'static str]) -> Self {
        let problem = format!(
            "{field} is never {value:?}{}; it is one of {}",
            perhaps(value, words.iter().copied()),
            words.join(", ")
        );
        Self::new(at, problem)
    }
}
