//! The legs of all parts, each once.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use super::Part;
use super::capture::Offsets;
use super::causes;
use super::counted::Counted;
use crate::aggregate::{Concurrency, Figures, PrefixRow};
use crate::diagnose::{self, Bill, CheckSeries, Leg, LegName, Snapshot, Status, Verdict};
use crate::thresholds::Thresholds;
use crate::time::{Nanos, SECOND, Timestamp};
use crate::tr;

/// A leg's views that count.
struct Views<'a> {
    parts: &'a [Part],
    /// Places of parts and of legs in them.
    places: Vec<(usize, usize)>,
}

impl<'a> Views<'a> {
    fn all(&self) -> impl Iterator<Item = (&'a Part, &'a Leg)> + '_ {
        let views = self.places.iter();
        views.filter_map(|(part, leg)| {
            let part = self.parts.get(*part)?;
            Some((part, part.snapshot.legs.get(*leg)?))
        })
    }

    /// Events a second of the time that one of the parts covers.
    fn rate(&self, of: fn(&Leg) -> u64) -> f64 {
        let sum: u64 = self.all().map(|(_, leg)| of(leg)).sum();
        sum as f64 / covered(self.all().map(|(part, _)| &part.snapshot))
    }
}

/// Seconds that one capture at least covers; each stretch of time counts as one at least.
pub(super) fn covered<'a>(snapshots: impl Iterator<Item = &'a Snapshot>) -> f64 {
    let span = |snapshot: &Snapshot| Some((snapshot.capture.start?, snapshot.capture.end?));
    let mut spans: Vec<_> = snapshots.filter_map(span).collect();
    spans.sort_unstable();
    let mut stretches: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (start, end) in spans {
        match stretches.last_mut() {
            Some((_, until)) if start <= *until => *until = end.max(*until),
            _ => stretches.push((start, end)),
        }
    }
    let lengths = stretches.iter().map(|(start, end)| end.since(*start).max(SECOND));
    lengths.fold(0, Nanos::saturating_add).max(SECOND) as f64 / SECOND as f64
}

/// What is a peak is the highest of the two.
pub(super) fn highest(whole: &mut Concurrency, part: &Concurrency) {
    whole.peak_busy = whole.peak_busy.max(part.peak_busy);
    whole.peak_open = whole.peak_open.max(part.peak_open);
    whole.peak_handshakes = whole.peak_handshakes.max(part.peak_handshakes);
}

/// Every leg that counts, by name.
pub(super) fn merged(parts: &[Part], counted: &Counted, offsets: &Offsets, t: &Thresholds) -> Vec<Leg> {
    let mut by_name: BTreeMap<LegName, Views<'_>> = BTreeMap::new();
    for (place, part) in parts.iter().enumerate() {
        for (n, leg) in part.snapshot.legs.iter().enumerate() {
            if counted.is(place, n) {
                let views = by_name.entry(leg.name).or_insert_with(|| Views {
                    parts,
                    places: Vec::new(),
                });
                views.places.push((place, n));
            }
        }
    }
    by_name
        .into_values()
        .filter_map(|views| leg(&views, offsets, t))
        .collect()
}

fn leg(views: &Views<'_>, offsets: &Offsets, t: &Thresholds) -> Option<Leg> {
    let (_, first) = views.all().next()?;
    let mut whole = first.clone();
    let mut sum = causes::Sum::default();
    for ((part, _), (_, leg)) in views.places.iter().zip(views.all()) {
        let counts = &leg.figures.counts;
        let seen = causes::Seen {
            causes: &leg.causes,
            closes: counts.closes.total(),
            attempts: counts.connections.opened,
        };
        sum.add(seen, offsets.of_part(*part));
    }
    whole.causes = sum.finish();
    if views.places.len() == 1 {
        return Some(whole);
    }
    whole.figures = figures(views);
    whole.recent = views.all().last().and_then(|(_, leg)| leg.recent.clone());
    whole.by_prefix = prefixes(views);
    whole.checks = checks(views);
    whole.paired_with = views.all().find_map(|(_, leg)| leg.paired_with);
    whole.openings = views
        .all()
        .fold(crate::aggregate::Openings::default(), |mut sum, (_, leg)| {
            sum.merge(&leg.openings);
            sum
        });
    whole.bill = bill(views, &whole.figures);
    whole.verdict = verdict(views, &whole, t);
    Some(whole)
}

fn figures(views: &Views<'_>) -> Figures {
    let mut whole = Figures {
        avoidable: Some(0),
        concurrency: Concurrency {
            closed_before_last_first: Some(0),
            ..Concurrency::default()
        },
        ..Figures::default()
    };
    let mut point = None;
    for (part, leg) in views.all() {
        whole.counts.merge(&leg.figures.counts);
        whole.avoidable = whole.avoidable.zip(leg.figures.avoidable).map(|(a, b)| a + b);
        let (sum, theirs) = (&mut whole.concurrency, &leg.figures.concurrency);
        highest(sum, theirs);
        sum.idle_closes += theirs.idle_closes;
        let closed = sum.closed_before_last_first.zip(theirs.closed_before_last_first);
        sum.closed_before_last_first = closed.map(|(a, b)| a + b);
        // A later stretch of the same point begins with what an earlier one left open.
        if point != Some(&part.point) {
            sum.open_at_start += theirs.open_at_start;
        }
        point = Some(&part.point);
    }
    whole.handshakes_per_second = views.rate(|leg| leg.figures.counts.handshakes);
    whole
}

fn prefixes(views: &Views<'_>) -> Vec<PrefixRow> {
    let mut rows: HashMap<(Option<&str>, Option<&str>), PrefixRow> = HashMap::new();
    for row in views.all().flat_map(|(_, leg)| &leg.by_prefix) {
        let key = (row.host.as_deref(), row.prefix.as_deref());
        rows.entry(key)
            .and_modify(|sum| {
                sum.requests += row.requests;
                sum.first += row.first;
                sum.avoidable = sum.avoidable.zip(row.avoidable).map(|(a, b)| a + b);
            })
            .or_insert_with(|| row.clone());
    }
    let mut rows: Vec<PrefixRow> = rows.into_values().collect();
    rows.sort_by(PrefixRow::order);
    rows
}

fn checks(views: &Views<'_>) -> Vec<CheckSeries> {
    let mut rows: BTreeMap<(IpAddr, Option<&str>), CheckSeries> = BTreeMap::new();
    for series in views.all().flat_map(|(_, leg)| &leg.checks) {
        rows.entry((series.source, series.target.as_deref()))
            .and_modify(|sum| {
                sum.count += series.count;
                sum.period = sum.period.or(series.period);
            })
            .or_insert_with(|| series.clone());
    }
    let mut rows: Vec<CheckSeries> = rows.into_values().collect();
    rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.target.cmp(&b.target)));
    rows
}

fn bill(views: &Views<'_>, figures: &Figures) -> Bill {
    let mut whole = Bill {
        avoidable_handshakes: figures.avoidable,
        closes_per_second: views.rate(|leg| leg.figures.counts.closes.total()),
        ..Bill::default()
    };
    for (_, leg) in views.all() {
        whole.avoidable_packets += leg.bill.avoidable_packets;
        whole.avoidable_bytes += leg.bill.avoidable_bytes;
        whole.connect_time = whole.connect_time.saturating_add(leg.bill.connect_time);
        whole.keepalive = whole.keepalive.max(leg.bill.keepalive);
    }
    whole
}

/// The worse answer: that of all together, or of the latest stretch of a point, with the point that has it.
fn verdict(views: &Views<'_>, whole: &Leg, t: &Thresholds) -> Verdict {
    let dropped = views.all().map(|(part, leg)| {
        let snapshot = &part.snapshot;
        let total = snapshot.totals.counts.requests.rated();
        diagnose::dropped_of(snapshot.capture.unseen(), &leg.figures, total)
    });
    let dropped = dropped.fold(0, u64::saturating_add);
    let (status, reason) = diagnose::judge_figures(&whole.figures, &whole.by_prefix, dropped, t);
    let mut verdict = Verdict {
        status,
        since: None,
        reasons: vec![reason],
    };
    let all: Vec<(&Part, &Leg)> = views.all().collect();
    for of_point in all.chunk_by(|a, b| a.0.point == b.0.point) {
        let Some((part, latest)) = of_point.last() else {
            continue;
        };
        let theirs = latest.verdict.status;
        if theirs > verdict.status {
            let reasons = latest.verdict.reasons.iter().take(1);
            verdict = Verdict {
                status: theirs,
                since: None,
                reasons: reasons
                    .map(|reason| tr!("at {point}: {reason}", point = part.point, reason))
                    .collect(),
            };
        }
    }
    for of_point in all.chunk_by(|a, b| a.0.point == b.0.point) {
        verdict.since = verdict
            .since
            .into_iter()
            .chain(since(of_point, verdict.status))
            .min();
    }
    verdict
}

/// The start of the unbroken run of a point's latest stretches with this answer; those without an answer do not break it.
fn since(of_point: &[(&Part, &Leg)], status: Status) -> Option<Timestamp> {
    let answers = of_point.iter().rev().map(|(_, leg)| &leg.verdict);
    let answers = answers.filter(|verdict| verdict.status != Status::Inconclusive);
    answers
        .take_while(|verdict| verdict.status == status)
        .last()
        .and_then(|verdict| verdict.since)
}
