//! The figures of the whole capture, how they are spread, and what the words mean.

use maud::{Markup, html};

use super::causes::Told;
use super::charts::histogram;
use super::document::Section;
use super::table::{Cell, Column, facts, table};
use crate::diagnose::catalogue::find_word;
use crate::diagnose::{CloseLimit, Snapshot};
use crate::lang::tr;
use crate::report::text;
use crate::report::text::units::{rounded, span, three_digits};

pub(super) fn section(snapshot: &Snapshot, told: &Told<'_>) -> Option<Section> {
    let counts = &snapshot.totals.counts;
    if counts.connections.total == 0 {
        return None;
    }
    let items = text::figure_items(&snapshot.totals);
    let rows = items.into_iter().map(|(label, n, words)| {
        (
            tr(label).to_owned(),
            html! { strong.n { (text::count(n)) } (words) },
        )
    });
    let body = html! {
        (facts(rows))
        div.sides { (histograms(snapshot, told)) }
        (spreads(snapshot))
    };
    Some(Section::new("figures", "Figures", body))
}

/// Requests on each connection and idle time before its close, with the limits they show.
pub(super) fn histograms(snapshot: &Snapshot, told: &Told<'_>) -> Markup {
    let counts = &snapshot.totals.counts;
    let (requests, idle) = limits(told);
    html! {
        @if counts.requests_per_connection.count() > 0 {
            (histogram::requests(&counts.requests_per_connection, &requests))
        }
        @if counts.idle_before_close_us.count() > 0 {
            (histogram::idle(&counts.idle_before_close_us, &idle))
        }
    }
}

/// Values and their names.
type Named<T> = Vec<(T, String)>;

/// Limits that the numbers show, each once: counts of requests, and idle times in microseconds.
fn limits(told: &Told<'_>) -> (Named<u64>, Named<f64>) {
    let (mut requests, mut idle) = (Vec::new(), Vec::new());
    for (id, limit) in told.limits() {
        let name = format!("{} {}", limit.directive(id), limit.configured());
        match limit {
            CloseLimit::Requests(n) if !requests.contains(&(u64::from(n), name.clone())) => {
                requests.push((n.into(), name));
            }
            CloseLimit::Idle(nanos) if idle.iter().all(|(_, known)| *known != name) => {
                idle.push((nanos as f64 / 1e3, name));
            }
            _ => {}
        }
    }
    (requests, idle)
}

fn spreads(snapshot: &Snapshot) -> Markup {
    const COLUMNS: [Column; 6] = [
        Column {
            name: "what",
            about: "of which values",
            number: false,
        },
        Column {
            name: "mean",
            about: "exact",
            number: true,
        },
        Column {
            name: "median",
            about: "within 1.6 %",
            number: true,
        },
        Column {
            name: "90 %",
            about: "within 1.6 %",
            number: true,
        },
        Column {
            name: "99 %",
            about: "within 1.6 %",
            number: true,
        },
        Column {
            name: "max",
            about: "exact",
            number: true,
        },
    ];
    let counts = &snapshot.totals.counts;
    let all = [
        ("requests per connection", &counts.requests_per_connection, true),
        ("time to connect", &counts.connect_time_us, false),
        ("time to first byte", &counts.first_byte_us, false),
        ("response time", &counts.response_us, false),
        ("idle before close", &counts.idle_before_close_us, false),
    ];
    let rows = all.into_iter().filter_map(|(name, distribution, whole)| {
        let number = |n: f64| Cell::number(if whole { rounded(n) } else { span(n) }, n);
        let mean = distribution.mean()?;
        let mut row = vec![
            Cell::words(tr(name)),
            Cell::number(if whole { three_digits(mean) } else { span(mean) }, mean),
        ];
        row.extend([0.5, 0.9, 0.99].map(|q| distribution.quantile(q).map_or_else(Cell::unknown, number)));
        row.push(number(distribution.max() as f64));
        Some(row)
    });
    let connections = &counts.connections;
    html! {
        (table("how figures are spread", &COLUMNS, rows.collect()))
        @if connections.open_at_end.saturating_mul(2) > connections.total {
            p.dim { (tr("Most connections were open at the end: they may have had more requests than were seen.")) }
        }
    }
}

/// How figures are counted.
pub(super) fn words() -> Section {
    let rows = text::WORDS.into_iter().filter_map(find_word);
    let rows = rows.map(|word| (word.name.to_owned(), html! { (word.text) }));
    let body = html! { details { summary { (tr("What the words mean, and the formulas")) } (facts(rows)) } };
    Section::new("words", "How it is counted", body)
}
