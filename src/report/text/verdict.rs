//! The answer, and how the expectations came out.

use jiff::tz::TimeZone;

use super::page::{Page, Tone, columns};
use super::units::{count, counted, percent, share};
use crate::aggregate::Figures;
use crate::diagnose::expect::{Judgement, Outcome};
use crate::diagnose::{Leg, Snapshot, Status};
use crate::report::when;
use crate::report::{display_safe, one_line};
use crate::thresholds::Thresholds;
use crate::time::Timestamp;

/// The first line is the answer, the next ones say since when and why.
pub(super) fn print(page: &mut Page, snapshot: &Snapshot, zone: &TimeZone) {
    let status = snapshot.verdict.status;
    let word = status.as_str().to_uppercase();
    let indent = columns(&word) + 2;
    page.left(Tone::of(status), &word, indent)
        .wrapped(Tone::Strong, indent, &headline(snapshot));
    if let Some(since) = snapshot.verdict.since.filter(|_| status != Status::Inconclusive) {
        page.left(Tone::Plain, "", indent)
            .put(Tone::Dim, &since_words(since, snapshot, zone))
            .end();
    }
    for reason in &snapshot.verdict.reasons {
        page.left(Tone::Plain, "", indent).put(Tone::Dim, "- ").wrapped(
            Tone::Plain,
            indent + 2,
            &one_line(reason),
        );
    }
}

/// `since 22:13:20, the start of the capture`.
pub(super) fn since_words(since: Timestamp, snapshot: &Snapshot, zone: &TimeZone) -> String {
    let from_start = snapshot.capture.start.is_some_and(|start| since <= start);
    let tail = if from_start {
        ", the start of the capture"
    } else {
        ""
    };
    format!("since {}{tail}", when::date_and_clock(since, zone))
}

fn headline(snapshot: &Snapshot) -> String {
    let totals = &snapshot.totals;
    let rated = totals.counts.requests.rated();
    match snapshot.verdict.status {
        Status::Pass => {
            let reused = totals.counts.requests.reused();
            format!(
                "Connections are reused: {} of {}.",
                percent(share(reused, rated)),
                counted(rated, "request", "requests")
            )
        }
        Status::Fail => worst(snapshot, Status::Fail).map_or_else(
            || "Keepalive does not work.".to_owned(),
            |leg| failure(&leg.figures, &snapshot.thresholds),
        ),
        Status::Warn => worst(snapshot, Status::Warn)
            .or_else(|| worst(snapshot, Status::Fail))
            .map_or_else(
                || "Not all connections are reused as they could be.".to_owned(),
                |leg| warning(&leg.figures, &snapshot.thresholds),
            ),
        Status::Inconclusive if snapshot.capture.packets == 0 => "The capture holds no packet.".to_owned(),
        Status::Inconclusive if snapshot.capture.tcp_packets == 0 => {
            "The capture holds no TCP packet.".to_owned()
        }
        Status::Inconclusive if totals.counts.requests.total == 0 => "No HTTP request was seen.".to_owned(),
        Status::Inconclusive => "The capture does not show enough to judge.".to_owned(),
    }
}

/// The leg with this status that carries the most.
fn worst(snapshot: &Snapshot, status: Status) -> Option<&Leg> {
    let legs = snapshot.legs.iter().filter(|leg| leg.verdict.status == status);
    legs.max_by_key(|leg| leg.figures.counts.requests.total + leg.figures.counts.connections.opened)
}

fn failure(figures: &Figures, thresholds: &Thresholds) -> String {
    let counts = &figures.counts;
    let (connections, requests) = (&counts.connections, &counts.requests);
    let failed = connections.refused + connections.unanswered;
    if connections.opened >= thresholds.min_attempts && failed > connections.established {
        return format!(
            "Connects fail: {} of {}.",
            count(failed),
            counted(connections.opened, "attempt", "attempts")
        );
    }
    if requests.lost >= thresholds.min_lost && share(requests.lost, requests.total) > thresholds.lost_share {
        let total = counted(requests.total, "request", "requests");
        return format!(
            "Requests are lost in closing connections: {} of {total}.",
            count(requests.lost)
        );
    }
    format!("Connections are not reused: {}.", needless(figures))
}

fn warning(figures: &Figures, thresholds: &Thresholds) -> String {
    let connections = &figures.counts.connections;
    let failed = connections.refused + connections.unanswered;
    let rated = figures.counts.requests.rated();
    let allowed = (rated as f64 * thresholds.pass_avoidable).max(thresholds.pass_avoidable_count as f64);
    if figures
        .avoidable
        .is_some_and(|avoidable| avoidable as f64 > allowed)
    {
        return format!("Connections are closed before their time: {}.", needless(figures));
    }
    if share(failed, connections.opened) > thresholds.pass_failed {
        return format!(
            "Some connects fail: {} of {}.",
            count(failed),
            counted(connections.opened, "attempt", "attempts")
        );
    }
    "Not all connections are reused as they could be.".to_owned()
}

/// `198 of 200 requests opened one needlessly`.
fn needless(figures: &Figures) -> String {
    let requests = counted(figures.counts.requests.rated(), "request", "requests");
    match figures.avoidable {
        Some(avoidable) => format!("{} of {requests} opened one needlessly", count(avoidable)),
        None => format!(
            "{} of {requests} opened one",
            count(figures.counts.requests.first)
        ),
    }
}

/// Columns of `unjudged` and its space.
const RESULT: usize = 10;

/// One line an expectation and leg.
pub(super) fn print_expectations(page: &mut Page, outcomes: &[Outcome]) {
    if outcomes.is_empty() {
        return;
    }
    page.heading("EXPECTED");
    let width = outcomes
        .iter()
        .map(|outcome| columns(&outcome.expect))
        .max()
        .unwrap_or(0)
        .min(40);
    for outcome in outcomes {
        let tone = match outcome.result {
            Judgement::Held => Tone::Good,
            Judgement::Failed => Tone::Bad,
            Judgement::Unjudged => Tone::Unsure,
        };
        page.put(Tone::Plain, "  ")
            .left(tone, outcome.result.as_str(), RESULT);
        page.left(Tone::Plain, &display_safe(&outcome.expect), width + 2);
        let found = found(outcome);
        let leg = outcome.leg.as_deref().unwrap_or_default();
        page.left(Tone::Strong, &found, 10);
        let used = 2 + RESULT + width + 2 + columns(&found).max(10) + 2;
        if used + columns(leg) > page.width {
            page.end();
            page.left(Tone::Plain, "", 2 + RESULT);
        } else {
            page.put(Tone::Plain, "  ");
        }
        page.put(Tone::Dim, leg).end();
    }
}

/// The figure, or what it lies between.
fn found(outcome: &Outcome) -> String {
    let number = |n: f64| {
        let digits = format!("{n:.4}");
        digits.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match (outcome.low, outcome.high) {
        (Some(low), Some(high)) if number(low) == number(high) => number(high),
        (Some(low), Some(high)) => format!("{} to {}", number(low), number(high)),
        _ => String::new(),
    }
}
