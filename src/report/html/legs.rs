//! Every leg with its figures, what is to be said of some of them, and legs that belong together.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::badge;
use super::document::Section;
use super::table::{Cell, Column, table};
use crate::diagnose::{Leg, LegName, Snapshot};
use crate::lang::tr;
use crate::report::one_line;
use crate::report::text::units::percent;
use crate::report::text::{self, count};
use crate::tr;

/// More legs are counted, not shown: the page has to open at once.
const SHOWN: usize = 500;
/// Legs of which something is said in words.
const NOTED: usize = 50;
/// Proxies shown at most.
const TIERS: usize = 50;

const COLUMNS: [Column; 13] = [
    Column {
        name: "verdict",
        about: "the leg's own",
        number: false,
    },
    Column {
        name: "leg",
        about: "client address, server address and port",
        number: false,
    },
    Column {
        name: "requests",
        about: "complete request heads; ~ where they are counted in turns",
        number: true,
    },
    Column {
        name: "reused",
        about: "share of requests on connections that had served before",
        number: true,
    },
    Column {
        name: "handshakes /request",
        about: "first requests per request: 1 is pure churn",
        number: true,
    },
    Column {
        name: "avoidable",
        about: "handshakes that a pool would have saved",
        number: true,
    },
    Column {
        name: "connections",
        about: "all that were seen",
        number: true,
    },
    Column {
        name: "failed",
        about: "connects refused or never answered",
        number: true,
    },
    Column {
        name: "requests /connection",
        about: "the median",
        number: true,
    },
    Column {
        name: "client",
        about: "connections closed by the client",
        number: true,
    },
    Column {
        name: "server",
        about: "connections closed by the server",
        number: true,
    },
    Column {
        name: "reset",
        about: "connections reset",
        number: true,
    },
    Column {
        name: "causes",
        about: "why connections end, faults first",
        number: false,
    },
];

/// `10.0.0.1 → 10.0.0.2:8080`; `*` for those beyond the number kept apart.
pub(super) fn arrow(name: &LegName) -> String {
    name.to_string().replace(" -> ", " \u{2192} ")
}

pub(super) fn section(snapshot: &Snapshot, zone: &TimeZone) -> Option<Section> {
    let mut legs: Vec<&Leg> = snapshot.legs.iter().collect();
    legs.sort_by_key(|leg| text::urgency(leg.verdict.status));
    let left_out = legs.split_off(legs.len().min(SHOWN));
    let narrowed = snapshot.narrowed.as_ref();
    if legs.is_empty() && narrowed.is_none() {
        return None;
    }
    let notes: Vec<(&Leg, Vec<String>)> = legs
        .iter()
        .map(|leg| (*leg, text::leg_notes(leg, snapshot, zone)))
        .filter(|(_, notes)| !notes.is_empty())
        .take(NOTED)
        .collect();
    let body = html! {
        @if let Some(narrowed) = narrowed {
            p.dim {
                (tr!(
                    "where {expression}: {legs}; verdict and figures are of all",
                    expression = one_line(&narrowed.expression),
                    legs = tr!("{n} legs are left out", n = count(narrowed.legs_left_out))
                ))
            }
        }
        @if !legs.is_empty() { (table("legs", &COLUMNS, legs.iter().map(|leg| row(leg)).collect())) }
        @if !left_out.is_empty() { p.dim { (text::rest_of_legs(&left_out)) } }
        @if !notes.is_empty() {
            div.notes {
                @for (leg, notes) in notes {
                    h3 { (arrow(&leg.name)) }
                    ul { @for note in notes { li { (note) } } }
                }
            }
        }
    };
    let title = if snapshot.legs.len() == 1 {
        "The leg".to_owned()
    } else {
        tr!("{n} legs", n = count(snapshot.legs.len() as u64))
    };
    Some(Section::new("legs", title, body))
}

fn row(leg: &Leg) -> Vec<Cell> {
    let (figures, counts) = (&leg.figures, &leg.figures.counts);
    let (requests, closes) = (&counts.requests, &counts.closes);
    let mark = if requests.estimated { "~" } else { "" };
    let status = leg.verdict.status;
    let per_request = figures.handshakes_per_request();
    let per_connection = counts.requests_per_connection.quantile(0.5);
    vec![
        Cell::ranked(badge(status), f64::from(text::urgency(status))),
        Cell::words(html! { span.leg { (arrow(&leg.name)) } }),
        Cell::number(format!("{mark}{}", count(requests.total)), requests.total as f64),
        figures
            .reuse_ratio()
            .map_or_else(Cell::unknown, |(value, ..)| Cell::number(percent(value), value)),
        per_request.map_or_else(Cell::unknown, |n| Cell::number(format!("{n:.3}"), n)),
        figures
            .avoidable
            .filter(|_| requests.rated() > 0)
            .map_or_else(Cell::unknown, Cell::count),
        Cell::count(counts.connections.total),
        Cell::count(figures.failed_connects()),
        per_connection.map_or_else(Cell::unknown, |n| Cell::count(n as u64)),
        Cell::count(closes.client),
        Cell::count(closes.server),
        Cell::count(closes.reset_by_client + closes.reset_by_server),
        Cell::words(causes(leg)),
    ]
}

fn causes(leg: &Leg) -> Markup {
    html! {
        @for cause in &leg.causes {
            span.cause-share {
                a href={ "#" (cause.id.as_str()) } title=[cause.id.entry().map(|entry| entry.title.as_str())] { (cause.id.as_str()) }
                @if let Some(share) = cause.share { " " span.dim { (percent(share)) } }
            }
        }
    }
}

/// The same requests before and behind a proxy.
pub(super) fn tiers(snapshot: &Snapshot) -> Option<Section> {
    const COLUMNS: [Column; 6] = [
        Column {
            name: "verdict",
            about: "the worst of these legs",
            number: false,
        },
        Column {
            name: "side",
            about: "before or behind the proxy",
            number: false,
        },
        Column {
            name: "legs",
            about: "which",
            number: false,
        },
        Column {
            name: "requests",
            about: "on all of them",
            number: true,
        },
        Column {
            name: "connections",
            about: "on all of them",
            number: true,
        },
        Column {
            name: "reused",
            about: "share of requests on connections that had served before",
            number: true,
        },
    ];
    if snapshot.tiers.is_empty() {
        return None;
    }
    let tiers = snapshot.tiers.iter().take(TIERS);
    let rows = tiers.flat_map(|tier| {
        let (front, back) = text::tier_names(tier);
        [("in front", front, &tier.before), ("behind", back, &tier.behind)].map(|(place, name, side)| {
            vec![
                Cell::ranked(badge(side.status), f64::from(text::urgency(side.status))),
                Cell::words(tr(place)),
                Cell::words(name.replace(" -> ", " \u{2192} ")),
                Cell::count(side.requests),
                Cell::count(side.connections),
                side.reuse
                    .map_or_else(Cell::unknown, |reuse| Cell::number(percent(reuse), reuse)),
            ]
        })
    });
    let rows = rows.collect();
    let body = html! {
        p.dim { (tr("The same requests before and behind a proxy: what it is asked on one leg it asks on another.")) }
        (table("tiers", &COLUMNS, rows))
        ul.dim { @for tier in snapshot.tiers.iter().take(TIERS) { li { (text::tier_evidence(tier)) } } }
        @if snapshot.tiers.len() > TIERS { p.dim { (tr!("and {n} more (all of them: --json)", n = count((snapshot.tiers.len() - TIERS) as u64))) } }
    };
    Some(Section::new("tiers", "Both sides of the proxy", body))
}
