//! What requests and responses announce: by prefix, by count, by status.

use std::collections::{BTreeMap, BTreeSet};

use super::limits::cap;
use super::view::LegView;
use crate::classify::{Ending, Signs};
use crate::diagnose::catalogue::CauseId;

/// A part of the requests this small says nothing.
const FEW: u64 = 10;

/// Endings in which a request asked for the close.
pub(super) const ASKED: [Ending; 3] = [
    Ending::Request10Close,
    Ending::Request10Cut,
    Ending::Request11Close,
];

/// What requests that ask for the close say of a leg.
pub(super) struct Asked {
    pub(super) id: CauseId,
    pub(super) careless: BTreeSet<u32>,
}

/// Connections that a request closed, by the number of its prefix.
fn closes_by_prefix(leg: &LegView<'_>) -> BTreeMap<u32, f64> {
    let mut closes = BTreeMap::new();
    for (ending, sample, weight) in leg.closes.samples() {
        if ASKED.contains(&ending) {
            *closes.entry(sample.prefix.0).or_default() += weight;
        }
    }
    closes
}

pub(super) fn asked(leg: &LegView<'_>, upgraded: bool) -> Asked {
    let closes = closes_by_prefix(leg);
    let requests = |prefix: u32| leg.requests_of(prefix);
    let share = |prefix: u32| closes.get(&prefix).copied().unwrap_or(0.0) / requests(prefix).max(1) as f64;
    let careful = leg
        .prefixes()
        .filter(|prefix| requests(*prefix) >= FEW && share(*prefix) <= 0.02)
        .count();
    let careless: BTreeSet<u32> = closes
        .keys()
        .copied()
        .filter(|prefix| share(*prefix) >= 0.8)
        .collect();
    let varies = closes
        .keys()
        .any(|prefix| requests(*prefix) >= 2 * FEW && (0.02..0.8).contains(&share(*prefix)));
    let keeps = leg.closes.samples().any(|(_, sample, _)| {
        sample.signs.has(Signs::EVER_KEEP_ALIVE) && !sample.signs.has(Signs::REQUEST_10)
    });
    let id = if upgraded {
        CauseId::N4
    } else if varies && keeps {
        CauseId::N6
    } else {
        CauseId::N2
    };
    // A WebSocket map closes on everything but the upgrades.
    let split = careful > 0 && !careless.is_empty() && !upgraded;
    Asked {
        id,
        careless: if split { careless } else { BTreeSet::new() },
    }
}

/// The count at which the server announces the close, and what announces it otherwise.
pub(super) fn answered(leg: &LegView<'_>) -> (Option<u32>, CauseId) {
    let whole = |wanted: bool| {
        let samples = leg.closes.samples();
        samples
            .filter(move |(ending, sample, _)| sample.whole && (*ending == Ending::ResponseClose) == wanted)
            .map(|(_, sample, _)| sample.requests)
    };
    let (announced, kept) = (&leg.load.announced, &leg.load.kept);
    // Only under load, and not one below it.
    let busy = announced.responses >= FEW
        && kept.responses >= FEW
        && announced.least >= 3
        && announced.least as f64 > 1.2 * kept.mean();
    let id = if busy { CauseId::T5 } else { CauseId::T1 };
    let group: Vec<u32> = whole(true).collect();
    (cap(&group, whole(false).max().unwrap_or(0)), id)
}

/// Statuses whose responses the client does not read: it closes at once after nearly all of them, and after few others.
pub(super) fn unread(leg: &LegView<'_>, servers: usize) -> Vec<(u16, CauseId)> {
    let mut closed: BTreeMap<u16, (f64, bool)> = BTreeMap::new();
    let mut quick = 0.0;
    for (ending, sample, weight) in leg.closes.samples() {
        if ending == Ending::NotRead {
            let entry = closed.entry(sample.status).or_default();
            entry.0 += weight;
            entry.1 |= sample.signs.has(Signs::RESPONSE_ACCEL);
        } else if ending == Ending::ClientSilent
            && sample.idle.is_some_and(|idle| idle <= crate::classify::AT_ONCE)
        {
            quick += weight;
        }
    }
    let responses = &leg.figures.counts.responses;
    let answered = |status: u16| responses.by_status.get(status) as f64;
    let suspects: f64 = closed.keys().map(|status| answered(*status)).sum();
    let others = responses.total as f64 - suspects;
    // Of two tries the last one's response is handed on, and its connection kept.
    let usual = quick / others.max(1.0);
    let stands_out = |share: f64| others >= FEW as f64 && share >= 0.4 && share >= 5.0 * usual;
    closed
        .into_iter()
        .filter_map(|(status, (n, accel))| {
            let share = n / answered(status).max(2.0);
            let elsewhere = servers > 1 && (share < 0.8 || matches!(status, 429 | 500..=599));
            let id = if elsewhere { CauseId::P7 } else { CauseId::P6 };
            (accel || stands_out(share)).then_some((status, id))
        })
        .collect()
}
