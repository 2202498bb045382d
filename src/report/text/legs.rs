//! The table of legs with what is to be said of each.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use super::page::{Page, Tone, columns};
use super::units::{bytes, count, counted, percent, span};
use super::verdict::{since_words, word as verdict_word};
use crate::aggregate::{Figures, TlsCounts};
use crate::diagnose::catalogue::CauseId;
use crate::diagnose::{CheckSeries, Leg, PrefixRow, Snapshot, Status};
use crate::lang::tr;
use crate::report::{display_safe, one_line};
use crate::tr;

/// More legs are counted, not shown.
const SHOWN: usize = 20;
/// Parts of a leg shown at most.
const PARTS: usize = 3;
/// Indent of what is said under a leg.
const INDENT: usize = 6;

/// One column: its head in two lines, its width, its value.
struct Column {
    head: [&'static str; 2],
    width: usize,
    cell: fn(&Figures) -> (Tone, String),
}

const COLUMNS: [Column; 8] = [
    Column {
        head: ["", "requests"],
        width: 10,
        cell: requests,
    },
    Column {
        head: ["", "reused"],
        width: 9,
        cell: reused,
    },
    Column {
        head: ["handshakes", "/request"],
        width: 12,
        cell: handshakes,
    },
    Column {
        head: ["", "avoidable"],
        width: 10,
        cell: avoidable,
    },
    Column {
        head: ["connects", "failed"],
        width: 10,
        cell: failed,
    },
    Column {
        head: ["", "client"],
        width: 8,
        cell: |f| plain(f.counts.closes.client),
    },
    Column {
        head: ["closed by", "server"],
        width: 8,
        cell: |f| plain(f.counts.closes.server),
    },
    Column {
        head: ["", "reset"],
        width: 7,
        cell: |f| plain(f.counts.closes.reset_by_client + f.counts.closes.reset_by_server),
    },
];

fn plain(n: u64) -> (Tone, String) {
    (if n == 0 { Tone::Dim } else { Tone::Plain }, count(n))
}

fn requests(figures: &Figures) -> (Tone, String) {
    let requests = &figures.counts.requests;
    let mark = if requests.estimated { "~" } else { "" };
    (Tone::Plain, format!("{mark}{}", count(requests.total)))
}

fn reused(figures: &Figures) -> (Tone, String) {
    figures
        .reuse_ratio()
        .map_or((Tone::Dim, "-".to_owned()), |(value, ..)| {
            (Tone::Strong, percent(value))
        })
}

fn handshakes(figures: &Figures) -> (Tone, String) {
    figures
        .handshakes_per_request()
        .map_or((Tone::Dim, "-".to_owned()), |n| (Tone::Plain, format!("{n:.3}")))
}

fn avoidable(figures: &Figures) -> (Tone, String) {
    match figures.avoidable {
        Some(n) if figures.counts.requests.rated() > 0 => plain(n),
        _ => (Tone::Dim, "-".to_owned()),
    }
}

fn failed(figures: &Figures) -> (Tone, String) {
    match figures.counts.connections.refused + figures.counts.connections.unanswered {
        0 => (Tone::Dim, "0".to_owned()),
        n => (Tone::Doubtful, count(n)),
    }
}

/// What needs attention first.
pub(in crate::report) const fn urgency(status: Status) -> u8 {
    match status {
        Status::Fail => 0,
        Status::Warn => 1,
        Status::Pass => 2,
        Status::Inconclusive => 3,
    }
}

pub(super) fn print(page: &mut Page, snapshot: &Snapshot, zone: &TimeZone, told: &mut BTreeSet<CauseId>) {
    if snapshot.legs.is_empty() {
        narrowed(page, snapshot);
        return;
    }
    let mut legs: Vec<&Leg> = snapshot.legs.iter().collect();
    legs.sort_by_key(|leg| urgency(leg.verdict.status));
    let hidden = legs.split_off(legs.len().min(SHOWN));
    let figures_width: usize = COLUMNS.iter().map(|column| column.width).sum();
    let name = |leg: &Leg| columns(&leg.name.to_string());
    let word = legs
        .iter()
        .map(|leg| columns(&verdict_word(leg.verdict.status)))
        .max()
        .unwrap_or(0)
        + 2;
    let widest = word + legs.iter().map(|leg| name(leg)).max().unwrap_or(0);
    // A leg has one line if all fit, and else a line for its name.
    let one_line = widest + figures_width <= page.width;
    let lead = if one_line {
        widest
    } else {
        page.width.min(figures_width + INDENT) - figures_width
    };
    heads(page, lead, legs.len() + hidden.len());
    for leg in legs {
        let status = verdict_word(leg.verdict.status);
        let own = if one_line { word } else { columns(&status) + 2 };
        page.left(Tone::of(leg.verdict.status), &status, own);
        let name = leg.name.to_string();
        if one_line {
            page.left(Tone::Plain, &name, lead - word);
        } else {
            page.put(Tone::Plain, &name).end();
            page.left(Tone::Plain, "", lead);
        }
        for column in &COLUMNS {
            let (tone, text) = (column.cell)(&leg.figures);
            page.right(tone, &text, column.width);
        }
        page.end();
        for note in notes(leg, snapshot, zone) {
            page.left(Tone::Plain, "", INDENT)
                .wrapped(Tone::Dim, INDENT, &note);
        }
        super::causes::print(page, &leg.causes, INDENT, told);
    }
    if !hidden.is_empty() {
        page.left(Tone::Plain, "", INDENT)
            .put(Tone::Dim, &rest(&hidden))
            .end();
    }
    narrowed(page, snapshot);
}

/// What `--where` left out, which nothing else on the page does.
fn narrowed(page: &mut Page, snapshot: &Snapshot) {
    let Some(narrowed) = &snapshot.narrowed else {
        return;
    };
    let legs = match narrowed.legs_left_out {
        0 => tr("no leg is left out").to_owned(),
        1 => tr("1 leg is left out").to_owned(),
        n => tr!("{n} legs are left out", n = count(n)),
    };
    let expression = one_line(&narrowed.expression);
    let words = tr!(
        "where {expression}: {legs}; verdict and figures are of all",
        expression,
        legs
    );
    page.wrapped(Tone::Dim, 0, &words);
}

fn heads(page: &mut Page, lead: usize, legs: usize) {
    page.end();
    let title = if legs == 1 {
        tr("LEG").to_owned()
    } else {
        tr!("LEGS {n}", n = count(legs as u64))
    };
    page.left(Tone::Heading, &title, lead);
    for column in &COLUMNS {
        page.right(Tone::Dim, tr(column.head[0]), column.width);
    }
    page.end();
    page.left(Tone::Plain, "", lead);
    for column in &COLUMNS {
        page.right(Tone::Dim, tr(column.head[1]), column.width);
    }
    page.end();
}

/// `and 380 more: 2 warn, 378 pass (all of them: --json)`.
pub(in crate::report) fn rest(hidden: &[&Leg]) -> String {
    let of = |status| hidden.iter().filter(|leg| leg.verdict.status == status).count() as u64;
    let kinds =
        [Status::Fail, Status::Warn, Status::Pass, Status::Inconclusive].map(|status| (status, of(status)));
    let kinds = kinds
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(status, n)| format!("{} {}", count(*n), tr(status.as_str())));
    let kinds: Vec<String> = kinds.collect();
    tr!(
        "and {n} more: {kinds} (all of them: --json)",
        n = count(hidden.len() as u64),
        kinds = kinds.join(tr(", "))
    )
}

/// What is to be said of a leg beside its figures and causes.
pub(in crate::report) fn notes(leg: &Leg, snapshot: &Snapshot, zone: &TimeZone) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |text: &str| notes.push(text.to_owned());
    if leg.verdict.status != Status::Pass {
        let name = format!("{}: ", leg.name);
        // What the verdict's own lines say already is not said again.
        let fresh = leg.verdict.reasons.iter().filter(|reason| {
            let bare = reason.strip_prefix(&name).unwrap_or(reason);
            !snapshot.verdict.reasons.iter().any(|said| said.ends_with(bare))
        });
        fresh.for_each(|reason| note(&one_line(reason.strip_prefix(&name).unwrap_or(reason))));
        if let Some(since) = leg
            .verdict
            .since
            .filter(|since| Some(*since) != snapshot.verdict.since)
        {
            note(&since_words(since, snapshot, zone));
        }
    }
    if leg.verdict.status != Status::Pass && leg.bill.avoidable_packets > 0 {
        note(&bill_words(leg));
    }
    if let Some((_, low, high)) = leg.figures.reuse_ratio()
        && low < high
    {
        let unknown = counted(leg.figures.counts.requests.unknown_first, "request", "requests");
        note(&tr!(
            "reused between {low} and {high}: {unknown} may be the first on connections older than the capture",
            low = percent(low),
            high = percent(high),
            unknown
        ));
    }
    let mut parts: Vec<&PrefixRow> = leg
        .by_prefix
        .iter()
        .filter(|part| recycled(part, leg, snapshot))
        .collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.avoidable));
    parts.iter().take(PARTS).for_each(|part| note(&part_words(part)));
    if leg.figures.counts.tls.connections > 0 {
        note(&tls_words(&leg.figures.counts.tls));
    }
    leg.checks.iter().for_each(|series| note(&check_words(series)));
    notes
}

/// `reuse would save 1,008 packets (69 kB) and 3.74 ms of connecting; keepalive 8 holds what was busy at once`.
fn bill_words(leg: &Leg) -> String {
    let bill = &leg.bill;
    let keepalive = bill.keepalive.map_or(String::new(), |n| {
        tr!("; keepalive {n} holds what was busy at once", n = count(n))
    });
    tr!(
        "reuse would save about {packets} packets ({bytes}) and {time} of connecting{keepalive}",
        packets = count(bill.avoidable_packets),
        bytes = bytes(bill.avoidable_bytes),
        time = span(bill.connect_time as f64 / 1e3),
        keepalive
    )
}

/// Whether a part of a leg is worth a line: it is large enough to judge, not nearly all
/// of the leg, and above what passes.
fn recycled(part: &PrefixRow, leg: &Leg, snapshot: &Snapshot) -> bool {
    let thresholds = &snapshot.thresholds;
    let whole = part.requests.saturating_mul(20) >= leg.figures.counts.requests.rated().saturating_mul(19);
    !whole
        && part.requests >= thresholds.min_part_requests
        && part
            .avoidable
            .is_some_and(|avoidable| avoidable as f64 > thresholds.pass_avoidable * part.requests as f64)
}

fn part_words(part: &PrefixRow) -> String {
    let host = part
        .host
        .as_deref()
        .map_or(String::new(), |host| display_safe(host).into_owned());
    let prefix = part
        .prefix
        .as_deref()
        .map_or(String::new(), |prefix| display_safe(prefix).into_owned());
    tr!(
        "{part}: {requests}, {first} first, {avoidable} avoidable",
        part = format!("{host}{prefix}"),
        requests = counted(part.requests, "request", "requests"),
        first = count(part.first),
        avoidable = count(part.avoidable.unwrap_or(0))
    )
}

/// `TLS handshakes: 12 full, 30 resumed, for app.example`.
fn tls_words(tls: &TlsCounts) -> String {
    let unknown = match tls.connections.saturating_sub(tls.full + tls.resumed) {
        0 => String::new(),
        n => tr!(", {n} not seen whole", n = count(n)),
    };
    let name = match tls.server_name.as_deref() {
        None => String::new(),
        Some("*") => tr(", for several names").to_owned(),
        Some(name) => tr!(", for {name}", name = display_safe(name)),
    };
    tr!(
        "TLS handshakes: {full} full, {resumed} resumed{unknown}{name}; requests are counted in turns",
        full = count(tls.full),
        resumed = count(tls.resumed),
        unknown,
        name
    )
}

fn check_words(series: &CheckSeries) -> String {
    let what = series
        .target
        .as_deref()
        .map_or_else(|| tr("a bare connect").into(), display_safe);
    let period = series
        .period
        .map_or(String::new(), |s| tr!(" every {period}", period = span(s * 1e6)));
    tr!(
        "health checks from {source}: {n} times {what}{period}, left out of the figures",
        source = series.source,
        n = count(series.count),
        what,
        period
    )
}
