//! Several capture points as one page: who is unlike its peers, a row a point, and what was captured twice.

use std::io::{self, Write};

use maud::html;

use super::document::Section;
use super::table::{Cell, Column, table};
use super::{Options, Packets, badge, said};
use crate::diagnose::expect::Outcome;
use crate::fleet::{Fleet, Point};
use crate::lang::tr;
use crate::report::display_safe;
use crate::report::text::fleet::{ALIKE, how_many, notes, sentence, twice_words};
use crate::report::text::units::percent;
use crate::tr;

/// Rows shown at most, of legs that were captured twice.
const TWICE: usize = 200;

/// Writes the page of several capture points.
///
/// # Errors
/// What `out` could not take.
pub fn write(out: &mut dyn Write, fleet: &Fleet, outcomes: &[Outcome], options: &Options) -> io::Result<()> {
    let packets = Packets::None(
        "Merged reports have no packets: read a capture to see those of single connections here.",
    );
    let mut sections = vec![unlike(fleet), points(fleet)];
    sections.extend(twice(fleet));
    sections.extend(super::sections(&fleet.whole, outcomes, packets, &options.zone));
    super::finish(out, &fleet.whole, &sections, &options.zone)
}

fn unlike(fleet: &Fleet) -> Section {
    let body = html! {
        @if !fleet.unlike.is_empty() {
            ul.reasons { @for unlike in &fleet.unlike { li { (said(&sentence(unlike))) } } }
            p.dim { (tr("Held against the median of the others that do the same, with their spread.")) }
        } @else if fleet.not_compared.is_empty() {
            p.dim { (tr!("{lead}.", lead = tr(ALIKE))) }
        }
        @for why in &fleet.not_compared { p.dim { (tr!("{lead}.", lead = said(why))) } }
    };
    Section::new("unlike", "Unlike its peers", body)
}

const COLUMNS: [Column; 9] = [
    Column {
        name: "point",
        about: "where it was captured",
        number: false,
    },
    Column {
        name: "verdict",
        about: "the worst of its legs",
        number: false,
    },
    Column {
        name: "requests",
        about: "all that it saw",
        number: true,
    },
    Column {
        name: "reused",
        about: "requests on connections that had served before",
        number: true,
    },
    Column {
        name: "avoidable",
        about: "handshakes that reuse would have avoided",
        number: true,
    },
    Column {
        name: "connects failed",
        about: "refused or never answered",
        number: true,
    },
    Column {
        name: "TIME-WAIT",
        about: "the most at once on its own address, projected",
        number: true,
    },
    Column {
        name: "local ports to one server",
        about: "most in use towards one server, projected",
        number: true,
    },
    Column {
        name: "what else",
        about: "its address, its faults, what does not count",
        number: false,
    },
];

fn row(point: &Point) -> Vec<Cell> {
    let known = |n: Option<u64>| n.map_or_else(Cell::unknown, Cell::count);
    vec![
        Cell::words(display_safe(&point.name)),
        Cell::ranked(badge(point.status), f64::from(point.status as u8)),
        Cell::count(point.figures.counts.requests.total),
        point
            .figures
            .reuse_ratio()
            .map_or_else(Cell::unknown, |(value, ..)| Cell::number(percent(value), value)),
        known(point.figures.avoidable),
        Cell::count(point.figures.failed_connects()),
        known(point.time_wait()),
        known(point.ports()),
        Cell::words(notes(point).join(tr("; "))),
    ]
}

fn points(fleet: &Fleet) -> Section {
    let body = html! {
        p.dim {
            (tr!(
                "{points}. Each row is all that was captured there; in the figures of all a connection that was captured at two \
                 points counts once. Peaks do not add up: that of all is the highest of any one.",
                points = how_many(fleet)
            ))
        }
        (table("points", &COLUMNS, fleet.points.iter().map(row).collect()))
    };
    Section::new("points", "Capture points", body)
}

fn twice(fleet: &Fleet) -> Option<Section> {
    if fleet.twice.is_empty() {
        return None;
    }
    let more = fleet.twice.len().saturating_sub(TWICE);
    let body = html! {
        ul { @for twice in fleet.twice.iter().take(TWICE) { li { (said(&twice_words(twice))) } } }
        @if more > 0 { p.dim { (tr!("and {n} more (all of them: --json)", n = more)) } }
    };
    Some(Section::new("twice", "Captured twice", body))
}
