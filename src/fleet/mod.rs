//! Reports of several hosts, or of several stretches of time, as one.
//!
//! In: [`Part`]s: a [`Snapshot`] each, and the name of the capture point that it was taken at. Out: a [`Fleet`]: the
//! snapshot of all together, in which a connection that was captured at two points counts once, a [`Point`] for each point,
//! and the points that are unlike their peers. What is merged is made from the parts alone, in an order of their own:
//! it does not matter in which order they come, or whether some of them were merged before.
//! May touch: `diagnose`, `aggregate`. Never: files, packets, clocks, printing; it does not order what happened at
//! different points, whose clocks differ.

mod capture;
mod causes;
mod counted;
mod hosts;
mod legs;
mod peers;
mod points;
mod same;
#[cfg(test)]
mod tests;
mod timeline;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;

pub use counted::{SameBy, SeenTwice};
pub use peers::{Measure, Outlier, Unlike};
pub use points::Point;

use crate::aggregate::Figures;
use crate::diagnose::{self, Leg, Pool, Snapshot, Tier, Timeline};
use crate::lang::tr;
use crate::tr;
use counted::Counted;

/// One report that is merged.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The capture point: a host's name, as a rule. Parts of the same name are stretches of time of one point.
    pub point: String,
    /// What it says, without a list of connections.
    pub snapshot: Snapshot,
}

/// Several reports as one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fleet {
    /// All together.
    pub whole: Snapshot,
    /// Every capture point, by name.
    pub points: Vec<Point>,
    /// Points that are unlike their peers, the most unlike first.
    pub unlike: Vec<Unlike>,
    /// Of which points nothing can be said of that, and why.
    pub not_compared: Vec<String>,
    /// Legs whose connections were captured at more than one point.
    pub twice: Vec<SeenTwice>,
    /// What was merged, by point and time.
    pub parts: Vec<Part>,
}

/// By point and time; the rest of it only makes the order the same whatever came first.
fn order(a: &Part, b: &Part) -> Ordering {
    let of = |part: &Part| {
        let capture = &part.snapshot.capture;
        (capture.start, capture.end, capture.packets, capture.bytes)
    };
    let names = |part: &Part| -> Vec<String> {
        let sources = part.snapshot.capture.sources.iter();
        sources.map(|source| source.name.clone()).collect()
    };
    let by_leg = |part: &Part| -> Vec<(diagnose::LegName, u64)> {
        let legs = part.snapshot.legs.iter();
        legs.map(|leg| (leg.name, leg.figures.counts.connections.total))
            .collect()
    };
    a.point
        .cmp(&b.point)
        .then_with(|| of(a).cmp(&of(b)))
        .then_with(|| names(a).cmp(&names(b)))
        .then_with(|| by_leg(a).cmp(&by_leg(b)))
}

/// Merges reports.
#[must_use]
pub fn merge(mut parts: Vec<Part>) -> Fleet {
    parts.sort_by(order);
    let owners = points::Owners::of(&parts);
    let counted = Counted::of(&parts, &owners);
    let thresholds = parts
        .first()
        .map(|part| part.snapshot.thresholds.clone())
        .unwrap_or_default();
    let offsets = capture::Offsets::of(&parts);
    let mut legs = legs::merged(&parts, &counted, &offsets, &thresholds);
    legs.sort_by(|a, b| {
        let requests = |leg: &Leg| leg.figures.counts.requests.total;
        requests(b)
            .cmp(&requests(a))
            .then_with(|| b.verdict.status.cmp(&a.verdict.status))
            .then_with(|| a.name.cmp(&b.name))
    });
    let timeline = timeline::merged(&parts, &counted);
    let totals = totals(&parts, &legs, &timeline);
    let verdict = match &parts[..] {
        [alone] => alone.snapshot.verdict.clone(),
        _ => diagnose::verdict_of_legs(&legs, totals.counts.requests.rated(), &thresholds),
    };
    let points = points::points(&parts, &counted, &owners);
    let compared = peers::compared(&points);
    let mut capture = capture::merged(&parts, &offsets);
    capture.warnings.extend(counted.warnings.iter().cloned());
    capture.warnings.extend(timeline_differs(&timeline, &totals));
    let whole = Snapshot {
        verdict,
        capture,
        totals,
        pools: pools(&parts, &counted, &offsets),
        tiers: tiers(&parts),
        hosts: hosts::merged(&parts, &counted),
        own_host: None,
        timeline,
        not_seen: not_seen(&parts),
        connections: None,
        narrowed: None,
        thresholds,
        legs,
    };
    Fleet {
        whole,
        points,
        unlike: compared.unlike,
        not_compared: compared.not,
        twice: counted.twice,
        parts,
    }
}

/// All legs together. What is a peak is the highest that one part had, or that the rows over time show of all together.
fn totals(parts: &[Part], legs: &[Leg], timeline: &Timeline) -> Figures {
    if legs.is_empty() {
        return Figures::default();
    }
    let mut totals = Figures::of_no_leg();
    for leg in legs {
        totals.add(&leg.figures);
    }
    let peaks = &mut totals.concurrency;
    for part in parts {
        legs::highest(peaks, &part.snapshot.totals.concurrency);
    }
    let step = timeline.step_s.max(1);
    for row in &timeline.rows {
        peaks.peak_handshakes = peaks.peak_handshakes.max(row.handshakes.div_ceil(step));
        peaks.peak_open = peaks.peak_open.max(row.open);
    }
    totals.handshakes_per_second =
        totals.counts.handshakes as f64 / legs::covered(parts.iter().map(|part| &part.snapshot));
    totals
}

/// What is to be said where the rows over time hold other connections than those that count.
fn timeline_differs(timeline: &Timeline, totals: &Figures) -> Option<String> {
    let rows: u64 = timeline.rows.iter().map(|row| row.handshakes).sum();
    let counted = totals.counts.handshakes;
    (rows != counted && !timeline.rows.is_empty()).then(|| {
        tr!(
            "over time there are {rows} handshakes of {counted} that count: what a point saw over time can't be taken apart by leg",
            rows,
            counted
        )
    })
}

/// Every client's pool, of the points that count one of its legs.
fn pools(parts: &[Part], counted: &Counted, offsets: &capture::Offsets) -> Vec<Pool> {
    let mut pools: BTreeMap<IpAddr, (Pool, causes::Sum)> = BTreeMap::new();
    for (place, part) in parts.iter().enumerate() {
        for pool in &part.snapshot.pools {
            let counts = |leg: usize, name: diagnose::LegName| {
                name.client == Some(pool.client) && counted.is(place, leg)
            };
            let mut legs = part.snapshot.legs.iter().enumerate();
            if !legs.any(|(leg, view)| counts(leg, view.name)) {
                continue;
            }
            let base: u64 = part
                .snapshot
                .legs
                .iter()
                .filter(|leg| leg.name.client == Some(pool.client))
                .map(|leg| leg.figures.counts.closes.total())
                .sum();
            let seen = causes::Seen {
                causes: &pool.causes,
                closes: base,
                attempts: base,
            };
            let (whole, sum) = pools.entry(pool.client).or_insert_with(|| {
                let none = Pool {
                    client: pool.client,
                    servers: Vec::new(),
                    idle_pool_size: None,
                    causes: Vec::new(),
                };
                (none, causes::Sum::default())
            });
            whole.servers.extend(&pool.servers);
            whole.idle_pool_size = pool.idle_pool_size.or(whole.idle_pool_size);
            sum.add(seen, offsets.of_part(place));
        }
    }
    let pools = pools.into_values().map(|(mut pool, sum)| {
        pool.servers.sort_unstable();
        pool.servers.dedup();
        pool.causes = sum.finish();
        pool
    });
    pools.collect()
}

/// Proxies; of one that several parts show, what the part says that sampled most.
fn tiers(parts: &[Part]) -> Vec<Tier> {
    let mut tiers: Vec<Tier> = Vec::new();
    for tier in parts.iter().flat_map(|part| &part.snapshot.tiers) {
        match tiers
            .iter_mut()
            .find(|known| (known.front, known.back) == (tier.front, tier.back))
        {
            Some(known) if known.sampled < tier.sampled => known.clone_from(tier),
            Some(_) => {}
            None => tiers.push(tier.clone()),
        }
    }
    tiers
}

/// What captures can't show, each sentence once with the points that say it.
fn not_seen(parts: &[Part]) -> Vec<String> {
    let sentences = parts.iter().flat_map(|part| {
        part.snapshot
            .not_seen
            .iter()
            .map(|sentence| (part.point.as_str(), sentence.as_str()))
    });
    by_points(sentences, parts)
}

/// Sentences, each once, with the points that say it in front, where not all do.
fn by_points<'a>(sentences: impl Iterator<Item = (&'a str, &'a str)>, parts: &[Part]) -> Vec<String> {
    /// Points named.
    const NAMED: usize = 3;
    let mut said: Vec<(&str, Vec<&str>)> = Vec::new();
    for (point, sentence) in sentences {
        match said.iter_mut().find(|(known, _)| *known == sentence) {
            Some((_, points)) if points.last() == Some(&point) => {}
            Some((_, points)) => points.push(point),
            None => said.push((sentence, vec![point])),
        }
    }
    let mut names: Vec<&str> = parts.iter().map(|part| part.point.as_str()).collect();
    names.dedup();
    let all = names.len();
    let words = said.into_iter().map(|(sentence, points)| {
        if points.len() == all && all > 1 {
            return tr!("at every point: {sentence}", sentence);
        }
        let more = points.len().saturating_sub(NAMED);
        let shown = points[..points.len() - more].join(tr(", "));
        let tail = if more > 0 {
            tr!(" and {more} more", more)
        } else {
            String::new()
        };
        tr!("{lead}: {rest}", lead = format!("{shown}{tail}"), rest = sentence)
    });
    words.collect()
}
