//! Two captures side by side: the answer, figures, causes, kernels, legs, and both timelines with the same axes.

use std::io::{self, Write};

use maud::{Markup, html};

use super::document::Section;
use super::legs::arrow;
use super::table::{Cell, Column, table};
use super::{Options, answer, badge, causes, charts, document, said};
use crate::compare::{CauseChange, Change, Comparison, Fate, LegPair, Row, Seen, Side};
use crate::diagnose::Snapshot;
use crate::diagnose::expect::Outcome;
use crate::lang::tr;
use crate::report::one_line;
use crate::report::text::comparison::value;
use crate::report::text::units::{counted, percent, span};
use crate::report::text::{self, count};
use crate::tr;

/// Legs and hosts shown at most.
const SHOWN: usize = 200;

/// Writes the page of a comparison; the snapshots are what it was made of.
///
/// # Errors
/// What `out` could not take.
pub fn write(
    out: &mut dyn Write,
    comparison: &Comparison,
    sides: (&Snapshot, &Snapshot),
    outcomes: &[Outcome],
    options: &Options,
) -> io::Result<()> {
    let sections = [
        answer::expectations(outcomes),
        Some(Section::new("figures", "Figures", figures(&comparison.totals))),
        changes(&comparison.causes),
        charts::timeline::section(&[("Before", sides.0), ("After", sides.1)], &options.zone),
        Some(spread(sides)),
        legs(&comparison.legs),
        kernels(comparison),
        notes(&comparison.notes),
    ];
    let sections: Vec<Section> = sections.into_iter().flatten().collect();
    let title = tr!(
        "{lead}: {rest}",
        lead = tr(comparison.judgement.outcome.as_str()).to_uppercase(),
        rest = comparison.judgement.sentence
    );
    let page = document::page(&one_line(&title), &head(comparison, sides), &sections);
    out.write_all(page.into_string().as_bytes())
}

fn head(comparison: &Comparison, sides: (&Snapshot, &Snapshot)) -> Markup {
    let outcome = comparison.judgement.outcome.as_str();
    html! {
        p.brand { "flowcheck compare" }
        h1 { span class={ "badge " (outcome) } { (tr(outcome).to_uppercase()) } " " (said(&comparison.judgement.sentence)) }
        div.sides {
            (side("Before", &comparison.before, sides.0))
            (side("After", &comparison.after, sides.1))
        }
    }
}

fn side(name: &str, side: &Side, snapshot: &Snapshot) -> Markup {
    html! {
        div.card {
            h3 { (tr(name)) " " (badge(side.verdict.status)) }
            p { (text::headline(snapshot)) }
            p.dim {
                (one_line(&side.name))
                @if let Some(length) = side.duration { " \u{b7} " (span(length as f64 / 1e3)) }
                " \u{b7} " (counted(side.packets, "packet", "packets"))
            }
            @if !side.verdict.reasons.is_empty() {
                ul.reasons { @for reason in side.verdict.reasons.iter().take(8) { li { (said(reason)) } } }
            }
        }
    }
}

const fn word(change: Change) -> (&'static str, &'static str) {
    match change {
        Change::Better => ("better", "better"),
        Change::Worse => ("worse", "worse"),
        Change::Other => ("differs", "differs"),
        Change::Noise => ("noise", "no sure difference"),
        Change::Unknown => ("noise", ""),
    }
}

fn figures(rows: &[Row]) -> Markup {
    const COLUMNS: [Column; 4] = [
        Column {
            name: "figure",
            about: "of all legs together",
            number: false,
        },
        Column {
            name: "before",
            about: "in the capture before the change",
            number: true,
        },
        Column {
            name: "after",
            about: "in the capture after it",
            number: true,
        },
        Column {
            name: "difference",
            about: "marked where chance does not explain it",
            number: false,
        },
    ];
    let told = rows
        .iter()
        .filter(|row| row.before.unwrap_or(0.0) != 0.0 || row.after.unwrap_or(0.0) != 0.0);
    let number = |row: &Row, n: Option<f64>| {
        n.map_or_else(Cell::unknown, |n| {
            Cell::number(value(row.figure.unit(), Some(n)), n)
        })
    };
    let rows = told.map(|row| {
        let (class, word) = word(row.change);
        vec![
            Cell::words(tr(row.figure.title())),
            number(row, row.before),
            number(row, row.after),
            Cell::words(html! { span class={ "change " (class) } { (tr(word)) } }),
        ]
    });
    table("figures", &COLUMNS, rows.collect())
}

const fn fate(fate: Fate) -> (&'static str, &'static str) {
    match fate {
        Fate::Gone => ("better", "gone"),
        Fate::New => ("worse", "new"),
        Fate::More => ("worse", "more"),
        Fate::Less => ("better", "less"),
        Fate::Same => ("noise", "as before"),
        Fate::Unsure => ("noise", "can't tell"),
    }
}

/// Causes that came and went; what is still wrong comes with what to change.
fn changes(changes: &[CauseChange]) -> Option<Section> {
    if changes.is_empty() {
        return None;
    }
    let seen = |seen: Option<Seen>| {
        seen.map_or_else(
            || tr("none").to_owned(),
            |seen| {
                let connections = counted(seen.connections, "connection", "connections");
                connections + &tr!(" ({share})", share = percent(seen.share()))
            },
        )
    };
    let body = html! {
        @for change in changes {
            @if let Some(entry) = change.id.entry() {
                @let (class, word) = fate(change.fate);
                article.card.cause id=(entry.id.as_str()) {
                    h3 { span class={ "change " (if change.is_fault() { class } else { "noise" }) } { (tr(word)) } " " span.id { (entry.id.as_str()) } " " (entry.title) }
                    p { (tr!("Before: {before}. After: {after}.", before = seen(change.before), after = seen(change.after))) }
                    @if change.after.is_some_and(|after| after.fault) {
                        h4 { (tr("What to change")) }
                        (causes::fixes(entry, None))
                    }
                }
            }
        }
    };
    Some(Section::new("causes", "Causes", body))
}

/// Histograms of both sides.
fn spread(sides: (&Snapshot, &Snapshot)) -> Section {
    let one = |name: &str, snapshot: &Snapshot| {
        let told = causes::Told::of(snapshot);
        html! { div.side { h3 { (tr(name)) } (super::figures::histograms(snapshot, &told)) } }
    };
    let body = html! { div.sides { (one("Before", sides.0)) (one("After", sides.1)) } };
    Section::new("spread", "How connections were used and closed", body)
}

fn legs(legs: &[LegPair]) -> Option<Section> {
    const COLUMNS: [Column; 5] = [
        Column {
            name: "leg",
            about: "client address, server address and port",
            number: false,
        },
        Column {
            name: "before",
            about: "verdict",
            number: false,
        },
        Column {
            name: "after",
            about: "verdict",
            number: false,
        },
        Column {
            name: "better",
            about: "figures that chance does not explain",
            number: false,
        },
        Column {
            name: "worse",
            about: "figures that chance does not explain",
            number: false,
        },
    ];
    if legs.is_empty() {
        return None;
    }
    let changed = |pair: &LegPair, change: Change| {
        let rows = pair.rows.iter().filter(move |row| row.change == change);
        let words: Vec<String> = rows
            .map(|row| {
                format!(
                    "{} {} \u{2192} {}",
                    tr(row.figure.title()),
                    value(row.figure.unit(), row.before),
                    value(row.figure.unit(), row.after)
                )
            })
            .collect();
        Cell::words(html! { @for word in words { div { (word) } } })
    };
    let rows = legs.iter().take(SHOWN).map(|pair| {
        let status = |side: Option<(crate::diagnose::LegName, crate::diagnose::Status)>| {
            side.map_or_else(
                || Cell::words(html! { span.dim { (tr("not there")) } }),
                |(_, status)| Cell::ranked(badge(status), f64::from(text::urgency(status))),
            )
        };
        let name = match (pair.before, pair.after) {
            (Some((was, _)), Some((is, _))) if was != is => {
                tr!("{was}, after {is}", was = arrow(&was), is = arrow(&is))
            }
            (Some((name, _)), _) | (None, Some((name, _))) => arrow(&name),
            (None, None) => String::new(),
        };
        vec![
            Cell::words(html! { span.leg { (name) } }),
            status(pair.before),
            status(pair.after),
            changed(pair, Change::Better),
            changed(pair, Change::Worse),
        ]
    });
    let left_out = legs.len().saturating_sub(SHOWN) as u64;
    let body = html! {
        (table("legs", &COLUMNS, rows.collect()))
        @if left_out > 0 { p.dim { (tr!("and {n} more legs (all of them: --json)", n = count(left_out))) } }
    };
    Some(Section::new("legs", "Legs", body))
}

fn kernels(comparison: &Comparison) -> Option<Section> {
    const COLUMNS: [Column; 7] = [
        Column {
            name: "host",
            about: "address",
            number: false,
        },
        Column {
            name: "TIME-WAIT before",
            about: "sockets when the capture ends, projected",
            number: true,
        },
        Column {
            name: "after",
            about: "sockets when the capture ends, projected",
            number: true,
        },
        Column {
            name: "conntrack before",
            about: "entries of connection tracking",
            number: true,
        },
        Column {
            name: "after",
            about: "entries of connection tracking",
            number: true,
        },
        Column {
            name: "local ports before",
            about: "most in use towards one server",
            number: true,
        },
        Column {
            name: "after",
            about: "most in use towards one server",
            number: true,
        },
    ];
    if comparison.hosts.is_empty() {
        return None;
    }
    let rows = comparison.hosts.iter().take(SHOWN).map(|pair| {
        let of = |of: fn(&crate::compare::Projected) -> u64| {
            [&pair.before, &pair.after].map(|side| {
                side.as_ref()
                    .map_or_else(Cell::unknown, |held| Cell::count(of(held)))
            })
        };
        let mut row = vec![Cell::words(pair.address.to_string())];
        row.extend(of(|held| held.time_wait));
        row.extend(of(|held| held.conntrack_entries));
        row.extend(of(|held| held.ports));
        row
    });
    Some(Section::new(
        "kernel",
        "What kernels hold when each capture ends",
        table("hosts", &COLUMNS, rows.collect()),
    ))
}

fn notes(notes: &[String]) -> Option<Section> {
    let body = html! { ul { @for note in notes { li { (said(note)) } } } };
    (!notes.is_empty()).then(|| Section::new("mind", "What to mind", body))
}
