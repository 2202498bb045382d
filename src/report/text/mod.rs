//! The report for people: the answer first, then legs, then figures, and what the capture is worth last.

mod capture;
mod causes;
pub mod comparison;
mod connections;
mod figures;
pub mod fleet;
mod formulas;
mod kernel;
pub mod ladder;
mod legs;
mod own_host;
mod page;
mod tiers;
pub mod units;
mod verdict;

use std::collections::BTreeSet;
use std::io::{self, Write};

use jiff::tz::TimeZone;

use crate::diagnose::Snapshot;
use crate::diagnose::expect::Outcome;
pub(in crate::report) use capture::items as capture_items;
pub(in crate::report) use figures::items as figure_items;
pub(in crate::report) use formulas::TOLD as WORDS;
pub use ladder::write as write_ladder;
pub(in crate::report) use legs::{notes as leg_notes, rest as rest_of_legs, urgency};
pub(in crate::report) use own_host::items as own_host_items;
use page::Page;
pub(in crate::report) use page::{columns, wrap};
pub(in crate::report) use tiers::{evidence as tier_evidence, names as tier_names};
pub(in crate::report) use units::count;
pub use verdict::headline;
pub(in crate::report) use verdict::{found, since_words, word as verdict_word};

/// Columns of a report that does not go to a terminal.
pub const PLAIN_WIDTH: usize = 80;

/// Wider lines are hard to follow with the eye.
const MAX_WIDTH: usize = 160;

/// How to print.
#[derive(Clone, Debug)]
pub struct Options {
    /// Columns; less than 80 are taken for 80.
    pub width: usize,
    /// Whether to colour.
    pub color: bool,
    /// The zone of printed times.
    pub zone: TimeZone,
    /// Whether to say how figures are counted.
    pub explain: bool,
}

/// Writes the report.
///
/// # Errors
/// What `out` could not take.
pub fn write(
    out: &mut dyn Write,
    snapshot: &Snapshot,
    outcomes: &[Outcome],
    options: &Options,
) -> io::Result<()> {
    let mut page = Page::new(options.width.clamp(PLAIN_WIDTH, MAX_WIDTH), options.color);
    verdict::print(&mut page, snapshot, &options.zone);
    verdict::print_expectations(&mut page, outcomes);
    body(&mut page, snapshot, options);
    out.write_all(page.finish().as_bytes())
}

/// Everything below the answer.
fn body(page: &mut Page, snapshot: &Snapshot, options: &Options) {
    let mut told = BTreeSet::new();
    legs::print(page, snapshot, &options.zone, &mut told);
    tiers::print(page, snapshot);
    causes::pools(page, snapshot, &mut told);
    figures::print(page, snapshot);
    kernel::print(page, snapshot);
    own_host::print(page, snapshot);
    capture::print(page, snapshot, &options.zone);
    connections::print(page, snapshot);
    if options.explain {
        formulas::print(page);
    }
}

#[cfg(test)]
mod tests;
