//! The answer: verdict, reasons, the figures that matter most, expectations, and whose turn it is.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::causes::Told;
use super::document::Section;
use super::table::{Cell, Column, table};
use super::{badge, said};
use crate::diagnose::catalogue::Place;
use crate::diagnose::expect::Outcome;
use crate::diagnose::{Snapshot, Status};
use crate::lang::tr;
use crate::report::text::units::{counted, percent, span, three_digits};
use crate::report::text::{self, count};
use crate::report::{display_safe, when};
use crate::tr;

/// More reasons are counted, not shown.
const REASONS: usize = 20;
/// Sources named in the head.
const SOURCES: usize = 3;

/// The top of the page.
pub(super) fn head(snapshot: &Snapshot, zone: &TimeZone) -> Markup {
    let verdict = &snapshot.verdict;
    let (shown, more) = verdict.reasons.split_at(verdict.reasons.len().min(REASONS));
    let since = verdict.since.filter(|_| verdict.status != Status::Inconclusive);
    html! {
        p.brand { "flowcheck" span.dim { " " (about(snapshot, zone)) } }
        h1 { (badge(verdict.status)) " " (text::headline(snapshot)) }
        @if let Some(since) = since { p.since { (text::since_words(since, snapshot, zone)) } }
        @if !shown.is_empty() {
            ul.reasons {
                @for reason in shown { li { (said(reason)) } }
                @if !more.is_empty() { li.dim { (tr!("and {n} more (all of them: --json)", n = count(more.len() as u64))) } }
            }
        }
        (tiles(snapshot))
    }
}

/// What was captured, and when.
fn about(snapshot: &Snapshot, zone: &TimeZone) -> String {
    let capture = &snapshot.capture;
    let mut words: Vec<String> = capture
        .sources
        .iter()
        .take(SOURCES)
        .map(|source| display_safe(&source.name).into_owned())
        .collect();
    if capture.sources.len() > SOURCES {
        words.push(tr!(
            "{n} more",
            n = count((capture.sources.len() - SOURCES) as u64)
        ));
    }
    if let Some((start, length)) = capture.start.zip(capture.duration()) {
        words.push(when::local(start, zone));
        words.push(span(length as f64 / 1e3));
    }
    words.push(counted(capture.packets, "packet", "packets"));
    words.join(" · ")
}

/// A figure, its name, and what is to be said of it.
fn tile(name: &str, figure: &str, words: &str) -> Markup {
    html! {
        div.tile {
            div.name { (tr(name)) }
            div.figure { (figure) }
            div.dim { (words) }
        }
    }
}

fn tiles(snapshot: &Snapshot) -> Markup {
    let totals = &snapshot.totals;
    let (counts, busy) = (&totals.counts, &totals.concurrency);
    let (requests, closes) = (&counts.requests, &counts.closes);
    if counts.connections.total == 0 {
        return html! {};
    }
    let reuse = match totals.reuse_ratio() {
        Some((value, low, high)) if low < high => {
            (percent(value), tr!("at least {share}", share = percent(low)))
        }
        Some((value, ..)) => (percent(value), counted(requests.reused(), "request", "requests")),
        None => ("-".to_owned(), tr("no request was rated").to_owned()),
    };
    let avoidable = totals.avoidable.map_or_else(|| "-".to_owned(), count);
    let handshakes = tr!(
        "{n} in all, {peak}/s at most",
        n = count(counts.handshakes),
        peak = count(busy.peak_handshakes)
    );
    let on = counted(counts.connections.total, "connection", "connections");
    let on = if requests.estimated {
        tr!("on {connections}, estimated", connections = on)
    } else {
        tr!("on {connections}", connections = on)
    };
    let paid = tr!("of {n} that requests paid for", n = count(requests.first));
    let ends = tr!(
        "client {client}, server {server}, reset {reset}",
        client = count(closes.client),
        server = count(closes.server),
        reset = count(closes.reset_by_client + closes.reset_by_server)
    );
    let attempts = tr!("of {n}", n = count(counts.connections.opened));
    html! {
        div.tiles {
            (tile("Requests", &count(requests.total), &on))
            (tile("Reused", &reuse.0, &reuse.1))
            (tile("Avoidable handshakes", &avoidable, &paid))
            (tile("Handshakes a second", &three_digits(totals.handshakes_per_second), &handshakes))
            (tile("Failed connects", &count(totals.failed_connects()), &attempts))
            (tile("Closed by", &closer(closes), &ends))
        }
    }
}

/// Who closed most.
fn closer(closes: &crate::aggregate::CloseCounts) -> String {
    let most = [
        (closes.client, "client"),
        (closes.server, "server"),
        (closes.reset_by_client + closes.reset_by_server, "reset"),
    ];
    let most = most.into_iter().max_by_key(|(n, _)| *n).filter(|(n, _)| *n > 0);
    tr(most.map_or("nobody", |(_, who)| who)).to_owned()
}

/// How the expectations came out.
pub(super) fn expectations(outcomes: &[Outcome]) -> Option<Section> {
    const COLUMNS: [Column; 4] = [
        Column {
            name: "result",
            about: "how it came out",
            number: false,
        },
        Column {
            name: "expected",
            about: "as given by --expect",
            number: false,
        },
        Column {
            name: "found",
            about: "the figure, or what it lies between",
            number: false,
        },
        Column {
            name: "leg",
            about: "where",
            number: false,
        },
    ];
    if outcomes.is_empty() {
        return None;
    }
    let rows = outcomes.iter().map(|outcome| {
        let result = outcome.result.as_str();
        vec![
            Cell::words(html! { span class={ "badge " (result) } { (tr(result)) } }),
            Cell::words(display_safe(&outcome.expect)),
            Cell::words(text::found(outcome)),
            Cell::words(outcome.leg.as_deref().map(display_safe).unwrap_or_default()),
        ]
    });
    let body = table("expectations", &COLUMNS, rows.collect());
    Some(Section::new("expected", "Expected", body))
}

/// Who owns a place, in the words of those who own it.
const fn owner(place: Place) -> &'static str {
    match place {
        Place::F5 => "Load balancer",
        Place::Nginx => "Proxy (nginx)",
        Place::Tomcat => "Application (Tomcat)",
        Place::Kernel => "Network and kernel",
    }
}

/// What is to be done, by who can do it.
pub(super) fn owners(told: &Told<'_>) -> Option<Section> {
    let places = [Place::F5, Place::Nginx, Place::Tomcat, Place::Kernel];
    let faults: Vec<_> = told.causes.iter().filter(|cause| cause.is_fault()).collect();
    if faults.is_empty() {
        return None;
    }
    let of = |place: Place| {
        faults
            .iter()
            .filter(move |cause| cause.entry.fixes.iter().any(|fix| fix.place == place))
    };
    let body = html! {
        div.owners {
            @for place in places {
                @if of(place).next().is_some() {
                    div.card {
                        h3 { (tr(owner(place))) }
                        @for cause in of(place) {
                            p { a href={ "#" (cause.entry.id.as_str()) } { (cause.entry.id.as_str()) } " " (cause.entry.title) }
                            (super::causes::fixes(cause.entry, Some(place)))
                        }
                    }
                }
            }
        }
    };
    Some(Section::new("change", "What to change", body))
}
