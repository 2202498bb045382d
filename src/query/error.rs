//! What is wrong with an expression, where, and what was perhaps meant.

use std::fmt;

use super::fields::FIELDS;

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

/// `, perhaps "server"`, if a known name is near enough to be what was meant.
fn perhaps<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let name = name.to_ascii_lowercase();
    let nearest = known
        .map(|other| (distance(&name, other), other))
        .min_by_key(|(distance, _)| *distance);
    let most = (name.chars().count() / 3).max(1);
    match nearest {
        Some((distance, other)) if distance <= most => format!(", perhaps {other:?}"),
        _ => String::new(),
    }
}

/// How many characters must be added, left out or replaced (Levenshtein's distance); of names longer than any of ours the
/// beginning is compared.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_changes() {
        for (a, b, expected) in [
            ("", "", 0),
            ("servr", "server", 1),
            ("clinet", "client", 2),
            ("id", "idle", 2),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
