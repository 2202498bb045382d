//! The answer, and how the expectations came out.

use jiff::tz::TimeZone;

use super::page::{Page, Tone, columns};
use super::units::{count, counted, percent, share};
use crate::aggregate::Figures;
use crate::diagnose::expect::{Judgement, Outcome};
use crate::diagnose::{Leg, Snapshot, Status};
use crate::lang::tr;
use crate::report::when;
use crate::report::{display_safe, one_line};
use crate::thresholds::Thresholds;
use crate::time::Timestamp;
use crate::tr;

/// More reasons are counted, not shown.
const REASONS: usize = 8;

/// The first line is the answer, the next ones say since when and why.
pub(super) fn print(page: &mut Page, snapshot: &Snapshot, zone: &TimeZone) {
    let status = snapshot.verdict.status;
    let word = word(status);
    let indent = columns(&word) + 2;
    page.left(Tone::of(status), &word, indent)
        .wrapped(Tone::Strong, indent, &headline(snapshot));
    if let Some(since) = snapshot.verdict.since.filter(|_| status != Status::Inconclusive) {
        page.left(Tone::Plain, "", indent)
            .put(Tone::Dim, &since_words(since, snapshot, zone))
            .end();
    }
    let (shown, more) = snapshot
        .verdict
        .reasons
        .split_at(snapshot.verdict.reasons.len().min(REASONS));
    for reason in shown {
        page.left(Tone::Plain, "", indent).put(Tone::Dim, "- ").wrapped(
            Tone::Plain,
            indent + 2,
            &one_line(reason),
        );
    }
    if !more.is_empty() {
        let text = tr!(
            "- and {n} more (all of them: --json)",
            n = count(more.len() as u64)
        );
        page.left(Tone::Plain, "", indent).put(Tone::Dim, &text).end();
    }
}

/// A verdict as people read it: `FAIL`.
pub(in crate::report) fn word(status: Status) -> String {
    tr(status.as_str()).to_uppercase()
}

/// `since 22:13:20, the start of the capture`.
pub(in crate::report) fn since_words(since: Timestamp, snapshot: &Snapshot, zone: &TimeZone) -> String {
    let from_start = snapshot.capture.start.is_some_and(|start| since <= start);
    let time = when::date_and_clock(since, zone);
    if from_start {
        tr!("since {time}, the start of the capture", time)
    } else {
        tr!("since {time}", time)
    }
}

/// The answer in one sentence, after the verdict's word.
#[must_use]
pub fn headline(snapshot: &Snapshot) -> String {
    let totals = &snapshot.totals.counts.requests;
    match snapshot.verdict.status {
        Status::Pass => {
            let requests = counted(totals.rated(), "request", "requests");
            let reused = match snapshot.totals.reuse_ratio() {
                Some((_, low, high)) if low < high => tr!("at least {share}", share = percent(low)),
                Some((value, ..)) => percent(value),
                None => return tr("Nothing is wrong with the connections.").to_owned(),
            };
            tr!(
                "Connections are reused: {reused} of {requests}.",
                reused,
                requests
            )
        }
        Status::Fail | Status::Warn => trouble(snapshot),
        Status::Inconclusive if snapshot.capture.packets == 0 => {
            tr("The capture holds no packet.").to_owned()
        }
        Status::Inconclusive if snapshot.capture.tcp_packets == 0 => {
            tr("The capture holds no TCP packet.").to_owned()
        }
        Status::Inconclusive if totals.total == 0 => tr("No HTTP request was seen.").to_owned(),
        Status::Inconclusive => tr("The capture does not show enough to judge.").to_owned(),
    }
}

/// What can be wrong with a leg.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trouble {
    ConnectsFail,
    RequestsLost,
    NotReused,
    ClosedEarly,
    SomeConnectsFail,
    Other,
}

impl Trouble {
    fn of(leg: &Leg, thresholds: &Thresholds) -> Self {
        let figures = &leg.figures;
        let (connections, requests) = (&figures.counts.connections, &figures.counts.requests);
        let failed = figures.failed_connects();
        let avoidable = figures.avoidable.unwrap_or(0) as f64;
        let rated = requests.rated() as f64;
        if connections.opened >= thresholds.min_attempts && failed > connections.established {
            Self::ConnectsFail
        } else if requests.lost >= thresholds.min_lost
            && share(requests.lost, requests.total) > thresholds.lost_share
        {
            Self::RequestsLost
        } else if leg.verdict.status == Status::Fail {
            Self::NotReused
        } else if avoidable > (rated * thresholds.pass_avoidable).max(thresholds.pass_avoidable_count as f64)
        {
            Self::ClosedEarly
        } else if share(failed, connections.opened) > thresholds.pass_failed {
            Self::SomeConnectsFail
        } else {
            Self::Other
        }
    }

    /// How much of it there is on `legs`.
    fn words(self, legs: &[&Leg]) -> String {
        let sum = |figure: fn(&Figures) -> u64| legs.iter().map(|leg| figure(&leg.figures)).sum::<u64>();
        let requests = || counted(sum(|f| f.counts.requests.rated()), "request", "requests");
        let failed = || {
            let attempts = counted(sum(|f| f.counts.connections.opened), "attempt", "attempts");
            let failed = count(sum(Figures::failed_connects));
            tr!("{failed} of {attempts}", failed, attempts)
        };
        let needless = || match sum(|f| f.avoidable.unwrap_or(0)) {
            0 => tr!(
                "{n} of {requests} opened one",
                n = count(sum(|f| f.counts.requests.first)),
                requests = requests()
            ),
            avoidable => tr!(
                "{n} of {requests} opened one needlessly",
                n = count(avoidable),
                requests = requests()
            ),
        };
        match self {
            Self::ConnectsFail => tr!("Connects fail: {failed}.", failed = failed()),
            Self::SomeConnectsFail => tr!("Some connects fail: {failed}.", failed = failed()),
            Self::RequestsLost => {
                let lost = count(sum(|f| f.counts.requests.lost));
                tr!(
                    "Requests are lost in closing connections: {lost} of {requests}.",
                    lost,
                    requests = requests()
                )
            }
            Self::NotReused => tr!("Connections are not reused: {needless}.", needless = needless()),
            Self::ClosedEarly => tr!("Connections close too early: {needless}.", needless = needless()),
            Self::Other => tr("Not every connection is reused as it could be.").to_owned(),
        }
    }
}

/// What is wrong with the heaviest of the worst legs, counted over all of them with the same trouble.
fn trouble(snapshot: &Snapshot) -> String {
    let worst = snapshot
        .legs
        .iter()
        .map(|leg| leg.verdict.status)
        .max()
        .unwrap_or_default();
    let worst: Vec<&Leg> = snapshot
        .legs
        .iter()
        .filter(|leg| leg.verdict.status == worst)
        .collect();
    let weight = |leg: &Leg| leg.figures.counts.requests.total + leg.figures.counts.connections.opened;
    let Some(heaviest) = worst.iter().max_by_key(|leg| weight(leg)) else {
        return Trouble::Other.words(&[]);
    };
    let trouble = Trouble::of(heaviest, &snapshot.thresholds);
    let same: Vec<&Leg> = worst
        .iter()
        .copied()
        .filter(|leg| Trouble::of(leg, &snapshot.thresholds) == trouble)
        .collect();
    trouble.words(&same)
}

/// Columns of `unjudged` and its space.
const RESULT: usize = 10;

/// One line an expectation and leg.
pub(super) fn print_expectations(page: &mut Page, outcomes: &[Outcome]) {
    if outcomes.is_empty() {
        return;
    }
    page.heading(tr("EXPECTED"));
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
            .left(tone, tr(outcome.result.as_str()), RESULT);
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
pub(in crate::report) fn found(outcome: &Outcome) -> String {
    let number = |n: f64| {
        let digits = format!("{n:.4}");
        digits.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match (outcome.low, outcome.high) {
        (Some(low), Some(high)) if number(low) == number(high) => number(high),
        (Some(low), Some(high)) => tr!("{low} to {high}", low = number(low), high = number(high)),
        _ => String::new(),
    }
}
