//! The closes of a client that announces nothing: timers, counts, ages, and the pool behind them.

use super::bursts::{IDLE_SPREAD, bursts};
use super::limits::{Window, cap, edge, least, timer};
use super::rules::ClientRules;
use super::view::{LegView, PoolView};
use crate::aggregate::CloseSample;
use crate::classify::{AT_ONCE, Ending, Signs};
use crate::diagnose::catalogue::CauseId;
use crate::time::{MILLISECOND, Nanos};

/// Endings that say no more than that the client closed.
const SILENT: &[Ending] = &[Ending::ClientSilent, Ending::NotRead];
/// A close this soon after another connection's response may follow from it.
const FOLLOWS: Nanos = 2 * MILLISECOND;
/// nginx's own pool since 1.29.7.
const LOCAL_POOL: std::ops::RangeInclusive<u32> = 24..=40;

/// What the whole pool shows; `rest` is not yet known.
pub(super) fn shared(pool: &PoolView<'_>) -> ClientRules {
    let silent: Vec<&CloseSample> = pool.samples(&[Ending::ClientSilent]).collect();
    ClientRules {
        exits: bursts(&silent, &pool.lives(), IDLE_SPREAD),
        last_syn: pool.figures.last_syn,
        ..ClientRules::default()
    }
}

/// The limits of one leg's connections, beside what the pool shows.
pub(super) fn limits(leg: &LegView<'_>, shared: &ClientRules) -> ClientRules {
    let mut rules = shared.clone();
    let silent: Vec<&CloseSample> = leg
        .samples(&[Ending::ClientSilent])
        .filter(|close| !rules.exits.iter().any(|exit| exit.holds(close.end)))
        .collect();
    let idles: Vec<i64> = silent.iter().filter_map(|close| close.idle).collect();
    rules.idle = timer(&idles).filter(|window| !evicted(leg, *window, &silent));
    let before_the_last = |close: &CloseSample| shared.last_syn.is_some_and(|syn| close.end <= syn);
    let quick: Vec<&CloseSample> = silent
        .into_iter()
        .filter(|close| close.whole && close.requests >= 2 && before_the_last(close))
        .filter(|close| close.idle.is_some_and(|idle| idle <= AT_ONCE))
        .collect();
    let counts: Vec<u32> = quick.iter().map(|close| close.requests).collect();
    let longest = leg
        .samples(&Ending::ALL)
        .map(|close| close.requests)
        .max()
        .unwrap_or(0);
    rules.count = cap(&counts, longest);
    let ages: Vec<_> = quick.iter().map(|close| (close.age(), close.end)).collect();
    let oldest = leg
        .samples(&Ending::ALL)
        .filter(|close| close.whole)
        .map(CloseSample::age)
        .max();
    let one_count = counts.windows(2).all(|pair| pair[0] == pair[1]);
    // Of a steady load both are sharp; a count that is always the same is the better witness.
    rules.age = edge(&ages, oldest.unwrap_or(0)).filter(|_| !one_count || rules.count.is_none());
    if rules.age.is_some() {
        rules.count = None;
    }
    rules
}

/// Whether these closes follow other responses so regularly that a constant idle time is the load's.
fn evicted(leg: &LegView<'_>, window: Window, silent: &[&CloseSample]) -> bool {
    let within = || {
        silent
            .iter()
            .filter(|close| close.idle.is_some_and(|idle| window.holds(idle)))
    };
    let follow = within()
        .filter(|close| close.since_other.is_some_and(|since| since <= FOLLOWS))
        .count();
    let lives = || leg.samples(&Ending::ALL);
    let span = lives()
        .map(|close| close.end)
        .max()
        .zip(lives().map(|close| close.start).min());
    let span = span.map_or(1, |(last, first)| last.since(first).max(1));
    let by_chance = leg.pool_responses as f64 * FOLLOWS as f64 / span as f64;
    follow * 10 >= within().count() * 9 && by_chance < 0.3
}

/// What closes the rest: no pool, one that is too small, or one that is split.
pub(super) fn judge(pool: &PoolView<'_>, rules: &mut [ClientRules]) {
    let undecided = |close: &&CloseSample, own: &ClientRules| own.probe(close);
    let mut others: Vec<(u32, u32)> = Vec::new();
    for (leg, own) in pool.legs.iter().zip(rules.iter()) {
        let rest = leg.samples(SILENT).filter(|close| undecided(close, own));
        others.extend(rest.filter_map(|close| Some((close.others?, close.requests))));
    }
    let Some(floor) = least(others.iter().map(|(others, _)| *others)) else {
        return;
    };
    let (rest, size, some_unkept) = if floor > 0 {
        (kept(pool, floor), Some(floor), false)
    } else if pool.reused() == 0 {
        (CauseId::P1, None, true)
    } else {
        // Some are kept. Those that carried several requests tell how many.
        let kept_least = least(
            others
                .iter()
                .filter(|(_, requests)| *requests > 1)
                .map(|(others, _)| *others),
        );
        match kept_least {
            Some(size) if size > 0 => (kept(pool, size), Some(size), true),
            None => (CauseId::P1, None, true),
            // It closes connections that it had kept, whatever the others do: by no rule known here.
            Some(_) => return,
        }
    };
    for own in rules {
        own.rest = Some(rest);
        own.size = size;
        own.some_unkept = some_unkept;
    }
}

/// Why a pool of this size closes connections.
fn kept(pool: &PoolView<'_>, size: u32) -> CauseId {
    let busy = pool.figures.peak_busy;
    let several = |close: &&CloseSample| close.requests > 1;
    let reused = pool.samples(&Ending::ALL).filter(several).count();
    let mixed = pool
        .samples(&Ending::ALL)
        .filter(several)
        .any(|close| close.signs.has(Signs::SEVERAL_PREFIXES));
    let prefixes = pool
        .legs
        .iter()
        .map(|leg| {
            leg.prefixes()
                .filter(|prefix| leg.requests_of(*prefix) >= 30)
                .count()
        })
        .max()
        .unwrap_or(0);
    if LOCAL_POOL.contains(&size) && prefixes >= 2 && reused >= 10 && !mixed {
        CauseId::P12
    } else if pool.legs.len() > 1 && busy <= u64::from(size) {
        CauseId::P14
    } else {
        CauseId::P2
    }
}

impl ClientRules {
    /// Whether nothing but the pool can explain this close.
    fn probe(&self, close: &CloseSample) -> bool {
        let unexplained = Self {
            rest: Some(CauseId::P2),
            some_unkept: false,
            ..self.clone()
        };
        unexplained.cause(close) == Some(CauseId::P2)
    }
}
