//! Legs that carry the same requests, before and behind a proxy, side by side; and those that are not in the capture.

use std::net::IpAddr;

use super::snapshot::{Leg, LegName, Status};
use crate::aggregate::{Figures, Hint, PairedBy, Summary, TierFigures};
use crate::classify::Endpoint;
use crate::lang::tr;
use crate::tr;

/// The legs on one side of a proxy, added up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TierSide {
    /// Which.
    pub legs: Vec<LegName>,
    /// Their connections.
    pub connections: u64,
    /// Their requests.
    pub requests: u64,
    /// The share of the requests that reused a connection; `None` without requests.
    pub reuse: Option<f64>,
    /// The worst verdict.
    pub status: Status,
}

/// A proxy and the legs on both its sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Tier {
    /// Where it is asked.
    pub front: Endpoint,
    /// Where it asks from.
    pub back: IpAddr,
    /// Before it.
    pub before: TierSide,
    /// Behind it.
    pub behind: TierSide,
    /// Exchanges behind it that lie within one in front, of those sampled.
    pub matched: u64,
    /// Exchanges sampled behind it.
    pub sampled: u64,
    /// What says so.
    pub by: PairedBy,
}

/// Pairs the legs, which stand in the places that the summary has them in.
pub(super) fn tiers(summary: &Summary, legs: &mut [Leg]) -> Vec<Tier> {
    for tier in &summary.tiers {
        pair(tier, legs);
    }
    let tiers = summary.tiers.iter();
    tiers
        .map(|tier| {
            let places = |place: fn(&(usize, usize, u64)) -> usize| {
                let mut places: Vec<usize> = tier.legs.iter().map(place).collect();
                places.sort_unstable();
                places.dedup();
                places
            };
            Tier {
                front: tier.front,
                back: tier.back,
                before: side(&places(|pair| pair.0), legs),
                behind: side(&places(|pair| pair.1), legs),
                matched: tier.matched,
                sampled: tier.sampled_back,
                by: tier.by,
            }
        })
        .collect()
}

/// Each leg belongs to that of the other side with which it shares most; the surest tiers come first.
fn pair(tier: &TierFigures, legs: &mut [Leg]) {
    let mut shared = tier.legs.clone();
    shared.sort_by_key(|(.., n)| std::cmp::Reverse(*n));
    for (front, back, _) in shared {
        for (place, other) in [(front, back), (back, front)] {
            let name = legs.get(other).map(|leg| leg.name);
            if let Some(leg) = legs.get_mut(place) {
                leg.paired_with = leg.paired_with.or(name);
            }
        }
    }
}

fn side(places: &[usize], legs: &[Leg]) -> TierSide {
    let mut sum = Figures::default();
    let mut side = TierSide::default();
    for leg in places.iter().filter_map(|place| legs.get(*place)) {
        sum.counts.merge(&leg.figures.counts);
        side.legs.push(leg.name);
        side.status = side.status.max(leg.verdict.status);
    }
    side.connections = sum.counts.connections.total;
    side.requests = sum.counts.requests.total;
    side.reuse = sum.reuse_ratio().map(|(value, ..)| value);
    side
}

/// Fewer exchanges than this say nothing of other legs.
const SAMPLED: u64 = 10;

fn mostly(n: u64, hint: &Hint) -> bool {
    hint.sampled >= SAMPLED && 2 * n > hint.sampled
}

/// Servers that answer as proxies, and of which no leg behind is in the capture.
fn fronts_alone(summary: &Summary) -> Option<String> {
    let legs = summary.legs.iter().zip(&summary.hints);
    let fronts = legs.filter_map(|(leg, hint)| leg.server.filter(|_| mostly(hint.by_proxy, hint)));
    listed(fronts.filter(|server| summary.tiers.iter().all(|tier| tier.front != *server)))
}

/// Clients that ask as proxies, and of which no leg in front is in the capture.
fn backs_alone(summary: &Summary) -> Option<String> {
    let legs = summary.legs.iter().zip(&summary.hints);
    let backs = legs.filter_map(|(leg, hint)| leg.client.filter(|_| mostly(hint.from_proxy, hint)));
    listed(backs.filter(|client| summary.tiers.iter().all(|tier| tier.back != *client)))
}

/// Sides of a proxy that the capture lacks, and where they are; `shown` names its interfaces.
pub(super) fn not_seen(summary: &Summary, shown: &str) -> Vec<String> {
    let place = if shown.is_empty() {
        String::new()
    } else {
        tr!(", which shows {shown}", shown)
    };
    let fronts = fronts_alone(summary).map(|names| {
        tr!(
            "{names} answers as a proxy, and what it asks of the servers behind it is not in this capture{place}: \
             capture on the interface towards the servers, too (lo, where they are on the same host)",
            names,
            place
        )
    });
    let backs = backs_alone(summary).map(|names| {
        tr!(
            "requests of {names} come through a proxy, and who asks that proxy is not in this capture{place}: the \
             interface towards its clients shows the other leg",
            names,
            place
        )
    });
    fronts.into_iter().chain(backs).collect()
}

/// What a verdict on the front alone says nothing about.
pub(super) fn not_judged(summary: &Summary) -> Option<String> {
    let names = fronts_alone(summary)?;
    Some(tr!(
        "not judged: what {names} asks of the servers behind it, which is not in this capture",
        names
    ))
}

/// `a, b and 3 more`.
fn listed<T: ToString + Ord>(names: impl Iterator<Item = T>) -> Option<String> {
    /// Names shown.
    const SHOWN: usize = 3;
    let mut names: Vec<T> = names.collect();
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN);
    let shown: Vec<String> = names.iter().take(SHOWN).map(ToString::to_string).collect();
    let tail = if more > 0 {
        tr!(" and {more} more", more)
    } else {
        String::new()
    };
    (!shown.is_empty()).then(|| format!("{}{tail}", shown.join(tr(", "))))
}
