//! How the report counts (`--explain`): the words behind its figures, with their formulas.

use super::page::{Page, Tone};
use crate::diagnose::catalogue::find_word;
use crate::lang::tr;

/// What is explained: the words that are counted by a formula, in the order in which the report uses them.
pub(in crate::report) const TOLD: [&str; 11] = [
    "first",
    "reused",
    "reuse-ratio",
    "avoidable",
    "busy",
    "bill",
    "conntrack",
    "time-wait",
    "fin-wait-2",
    "close-wait",
    "ephemeral-ports",
];

pub(super) fn print(page: &mut Page) {
    page.heading(tr("HOW IT IS COUNTED"));
    for word in TOLD.into_iter().filter_map(find_word) {
        page.put(Tone::Plain, "  ").put(Tone::Strong, word.name).end();
        page.put(Tone::Plain, "    ").wrapped(Tone::Plain, 4, &word.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_explained() {
        assert!(TOLD.into_iter().all(|name| find_word(name).is_some()));
    }
}
