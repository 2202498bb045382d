//! The report as one page for a browser: nothing but itself, no request, no script or style but its own.
//!
//! What came off the wire reaches it through `safe` and the templates' escaping, as text. Script and style are allowed by
//! their hashes alone (`document`), so that nothing else could run even if something slipped through. Rows of tables that
//! may be long are data, which the page's script shows piece by piece.

mod answer;
mod capture;
mod causes;
mod charts;
mod comparison;
mod connections;
mod document;
mod figures;
mod fleet;
mod hosts;
mod legs;
mod rungs;
mod table;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::diagnose::catalogue::CauseId;
use crate::diagnose::expect::Outcome;
use crate::diagnose::{Ladder, Snapshot, Status};
use crate::report::{one_line, text};
use crate::tr;
pub use causes::examples;
pub use comparison::write as write_comparison;
use document::Section;
pub use fleet::write as write_fleet;

/// How to write a page.
#[derive(Clone, Debug)]
pub struct Options {
    /// The zone of the times shown.
    pub zone: TimeZone,
}

/// The packets of one connection that ended for this cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The cause.
    pub cause: CauseId,
    /// The connection and its packets.
    pub ladder: Ladder,
}

/// Packets to be shown with the causes.
#[derive(Clone, Copy, Debug)]
pub enum Packets<'a> {
    /// One connection for each cause, where it was found.
    Examples(&'a [Example]),
    /// There are none; why, in a sentence.
    None(&'a str),
}

/// Writes the page of a report.
///
/// # Errors
/// What `out` could not take.
pub fn write(
    out: &mut dyn Write,
    snapshot: &Snapshot,
    outcomes: &[Outcome],
    packets: Packets<'_>,
    options: &Options,
) -> io::Result<()> {
    let sections = sections(snapshot, outcomes, packets, &options.zone);
    finish(out, snapshot, &sections, &options.zone)
}

/// What every page says of a snapshot.
fn sections(
    snapshot: &Snapshot,
    outcomes: &[Outcome],
    packets: Packets<'_>,
    zone: &TimeZone,
) -> Vec<Section> {
    let told = causes::Told::of(snapshot);
    let sections = [
        answer::expectations(outcomes),
        answer::owners(&told),
        legs::section(snapshot, zone),
        legs::tiers(snapshot),
        causes::section(snapshot, &told, packets, zone),
        charts::timeline::section(&[("", snapshot)], zone),
        figures::section(snapshot, &told),
        hosts::section(snapshot),
        hosts::own(snapshot),
        Some(capture::section(snapshot, zone)),
        connections::section(snapshot, zone),
        Some(figures::words()),
    ];
    sections.into_iter().flatten().collect()
}

fn finish(out: &mut dyn Write, snapshot: &Snapshot, sections: &[Section], zone: &TimeZone) -> io::Result<()> {
    let status = snapshot.verdict.status;
    let title = tr!(
        "{lead}: {rest}",
        lead = text::verdict_word(status),
        rest = text::headline(snapshot)
    );
    let page = document::page(&title, &answer::head(snapshot, zone), sections);
    out.write_all(page.into_string().as_bytes())
}

/// A sentence that may quote the wire, as it may be shown.
fn said(sentence: &str) -> String {
    // An arrow of two signs would be broken between them.
    one_line(sentence).replace(" -> ", " \u{2192} ")
}

/// The word of a verdict; its colour only repeats it.
fn badge(status: Status) -> Markup {
    html! { span class={ "badge " (status.as_str()) } { (text::verdict_word(status)) } }
}
