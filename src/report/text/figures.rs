//! The figures of the whole capture.

use super::page::{LABEL, Page, Tone};
use super::units::{bar, count, counted, percent, rounded, share, span, sparkline, three_digits};
use crate::aggregate::{Counts, Distribution, Figures};
use crate::classify::Class;
use crate::diagnose::{Snapshot, Timeline};
use crate::lang::{of_them, tr};
use crate::tr;

const COUNT_WIDTH: usize = 9;
const BAR_WIDTH: usize = 30;
/// A timeline of fewer steps shows nothing.
const SPARKLINE: usize = 4;

pub(super) fn print(page: &mut Page, snapshot: &Snapshot) {
    let totals = &snapshot.totals;
    if totals.counts.connections.total == 0 {
        return;
    }
    page.heading(tr("FIGURES"));
    let rows = items(totals);
    let (first, rest) = rows.split_at(1);
    for (label, n, text) in first {
        row(page, label, *n, text);
    }
    classes(page, &totals.counts);
    for (label, n, text) in rest {
        row(page, label, *n, text);
    }
    let counts = &totals.counts;
    let tcp = [
        (counts.retransmitted_segments, "segments retransmitted"),
        (counts.out_of_order_segments, "out of order"),
        (counts.tcp_keepalive_probes, "keepalive probes"),
    ];
    if tcp.iter().any(|(n, _)| *n > 0) {
        page.item("tcp", Tone::Plain, &join(&tcp));
    }
    distributions(page, counts);
    timeline(page, &snapshot.timeline);
}

/// A label, a number, and what is to be said of it; connections first.
pub(in crate::report) fn items(totals: &Figures) -> Vec<(&'static str, u64, String)> {
    let counts = &totals.counts;
    vec![
        connections(totals),
        handshakes(totals),
        busy(totals),
        requests(counts),
        responses(counts),
        closes(counts),
    ]
}

/// `200 opened, 4 midstream`: what is zero is left out.
fn join(parts: &[(u64, &str)]) -> String {
    let some: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| of_them(&count(*n), what))
        .collect();
    if some.is_empty() {
        tr("none").to_owned()
    } else {
        some.join(tr(", "))
    }
}

/// A label, a number and what is to be said of it.
fn row(page: &mut Page, label: &str, n: u64, text: &str) {
    page.put(Tone::Plain, "  ")
        .left(Tone::Dim, tr(label), LABEL)
        .right(Tone::Strong, &count(n), COUNT_WIDTH);
    page.put(Tone::Plain, "  ")
        .wrapped(Tone::Plain, LABEL + COUNT_WIDTH + 4, text);
}

fn connections(totals: &Figures) -> (&'static str, u64, String) {
    let c = &totals.counts.connections;
    let mut text = join(&[
        (c.opened, "opened"),
        (c.midstream, "older than the capture"),
        (c.refused, "refused"),
        (c.unanswered, "unanswered"),
        (c.in_progress, "in progress at the end"),
        (c.open_at_end, "open at the end"),
        (c.zero_request, "without a request"),
    ]);
    if totals.lacks_a_direction() {
        text.push_str(tr("; one direction is missing"));
    }
    ("connections", c.total, text)
}

fn classes(page: &mut Page, counts: &Counts) {
    let total = counts.connections.total;
    for class in Class::ALL {
        let n = counts.classes.get(class);
        if n == 0 {
            continue;
        }
        let share = share(n, total);
        page.put(Tone::Plain, "    ")
            .left(Tone::Plain, class.as_str(), LABEL - 2)
            .right(Tone::Plain, &count(n), COUNT_WIDTH);
        page.right(Tone::Dim, &percent(share), 9)
            .put(Tone::Plain, "  ")
            .put(Tone::Plain, &bar(share, BAR_WIDTH))
            .end();
    }
}

fn handshakes(totals: &Figures) -> (&'static str, u64, String) {
    let again = match totals.counts.syn_retransmitted {
        0 => String::new(),
        n => tr!(", {syns} retransmitted", syns = counted(n, "SYN", "SYNs")),
    };
    let (mean, peak) = (totals.handshakes_per_second, totals.concurrency.peak_handshakes);
    let text = tr!(
        "{mean}/s on average, {peak}/s at most{again}",
        mean = three_digits(mean),
        peak = count(peak),
        again
    );
    ("handshakes", totals.counts.handshakes, text)
}

fn busy(totals: &Figures) -> (&'static str, u64, String) {
    let text = tr!(
        "at most; {open} open at once at most",
        open = count(totals.concurrency.peak_open)
    );
    ("busy at once", totals.concurrency.peak_busy, text)
}

fn requests(counts: &Counts) -> (&'static str, u64, String) {
    let r = &counts.requests;
    let mut text = join(&[
        (r.first, "first"),
        (r.reused(), "reused"),
        (r.unknown_first, "unknown first"),
        (r.checks, "health checks"),
        (r.upgraded, "upgraded"),
        (r.lost, "lost"),
        (r.unanswered, "unanswered"),
        (r.announced_close, "with Connection: close"),
        (r.http10, "HTTP/1.0"),
    ]);
    if r.estimated {
        text.push_str(tr(" (estimated)"));
    }
    ("requests", r.total, text)
}

fn responses(counts: &Counts) -> (&'static str, u64, String) {
    let mut parts: Vec<String> = counts
        .responses
        .by_status
        .iter()
        .map(|(s, n)| format!("{s}: {}", count(n)))
        .collect();
    if counts.responses.announced_close > 0 {
        let closing = count(counts.responses.announced_close);
        parts.push(of_them(&closing, "with Connection: close"));
    }
    ("responses", counts.responses.total, parts.join(tr(", ")))
}

fn closes(counts: &Counts) -> (&'static str, u64, String) {
    let c = &counts.closes;
    let text = join(&[
        (c.client, "by the client"),
        (c.server, "by the server"),
        (c.simultaneous, "simultaneous"),
        (c.reset_by_client, "reset by the client"),
        (c.reset_by_server, "reset by the server"),
        (c.lost, "lost"),
    ]);
    ("closed", c.total(), text)
}

/// A distribution's name, itself, how its mean and how its quantiles are written.
type Line<'a> = (
    &'static str,
    &'a Distribution,
    fn(f64) -> String,
    fn(f64) -> String,
);

fn distributions(page: &mut Page, counts: &Counts) {
    const HEADS: [&str; 5] = ["mean", "median", "90 %", "99 %", "max"];
    let all: [Line<'_>; 5] = [
        (
            "requests per connection",
            &counts.requests_per_connection,
            three_digits,
            whole,
        ),
        ("time to connect", &counts.connect_time_us, span, span),
        ("time to first byte", &counts.first_byte_us, span, span),
        ("response time", &counts.response_us, span, span),
        ("idle before close", &counts.idle_before_close_us, span, span),
    ];
    if all.iter().all(|(_, distribution, ..)| distribution.count() == 0) {
        return;
    }
    page.end();
    page.left(Tone::Plain, "", 27);
    for head in HEADS {
        page.right(Tone::Dim, tr(head), 10);
    }
    page.end();
    for (name, distribution, of_mean, of_rest) in all {
        let Some(mean) = distribution.mean() else { continue };
        page.put(Tone::Plain, "  ")
            .left(Tone::Dim, tr(name), 25)
            .right(Tone::Plain, &of_mean(mean), 10);
        for q in [0.5, 0.9, 0.99] {
            page.right(
                Tone::Plain,
                &distribution.quantile(q).map_or_else(String::new, of_rest),
                10,
            );
        }
        page.right(Tone::Plain, &of_rest(distribution.max() as f64), 10)
            .end();
    }
    let c = &counts.connections;
    if c.open_at_end.saturating_mul(2) > c.total {
        let text = "Most connections were open at the end: they may have had more requests than were seen.";
        page.put(Tone::Plain, "  ").wrapped(Tone::Dim, 2, tr(text));
    }
}

/// Only means of whole numbers have digits after the point.
fn whole(n: f64) -> String {
    rounded(n)
}

fn timeline(page: &mut Page, timeline: &Timeline) {
    if timeline.rows.len() < SPARKLINE || timeline.rows.iter().all(|row| row.requests + row.handshakes == 0) {
        return;
    }
    page.end();
    let width = page.width.saturating_sub(LABEL + 16).min(100);
    let step = if timeline.step_s == 1 {
        "/s".to_owned()
    } else {
        format!("/{} s", timeline.step_s)
    };
    let mut line = |name: &str, values: Vec<u64>| {
        let top = values.iter().copied().max().unwrap_or(0);
        page.put(Tone::Plain, "  ")
            .left(Tone::Dim, tr(name), LABEL)
            .put(Tone::Plain, &sparkline(&values, width));
        page.put(Tone::Dim, &format!("  {}{step}", count(top))).end();
    };
    line("requests", timeline.rows.iter().map(|row| row.requests).collect());
    line(
        "handshakes",
        timeline.rows.iter().map(|row| row.handshakes).collect(),
    );
}
