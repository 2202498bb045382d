//! Causes that came, went and stayed.

use std::collections::BTreeMap;

use super::noise::{Rate, rates_agree, would_show};
use crate::diagnose::catalogue::CauseId;
use crate::diagnose::{Cause, Severity, Snapshot};

/// What became of a cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It was there, and is not.
    Gone,
    /// It was not there, and is.
    New,
    /// It has a larger share than it had, which chance does not explain.
    More,
    /// It has a smaller share than it had, which chance does not explain.
    Less,
    /// It is there as it was.
    Same,
    /// It is on one side only, and the other is too short to show it.
    Unsure,
}

impl Fate {
    /// The slug used by programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::New => "new",
            Self::More => "more",
            Self::Less => "less",
            Self::Same => "same",
            Self::Unsure => "unsure",
        }
    }
}

/// How much of a cause there is on one side, over all legs and pools.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    /// Connections that ended, or failed, by it.
    pub connections: u64,
    /// Out of so many closes or connects.
    pub of: u64,
    /// While so many requests were made.
    pub requests: u64,
    /// Whether it is a fault on one of the legs.
    pub fault: bool,
}

impl Seen {
    /// Its share.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.connections as f64 / self.of.max(1) as f64
    }

    /// How often it struck, by the request: a share of the closes is large where there are few.
    fn rate(&self) -> Rate {
        Rate {
            events: self.connections as f64,
            over: self.requests as f64,
            is_share: false,
            burstiness: 1.0,
        }
    }
}

/// A cause before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct CauseChange {
    /// Which.
    pub id: CauseId,
    /// How much before.
    pub before: Option<Seen>,
    /// How much after.
    pub after: Option<Seen>,
    /// What became of it.
    pub fate: Fate,
}

impl CauseChange {
    /// Whether something was, or is, to be done about it.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        let fault = |seen: &Option<Seen>| seen.is_some_and(|seen| seen.fault);
        fault(&self.before) || fault(&self.after)
    }
}

/// Every cause of either side: faults first, in the order of what became of them.
pub(super) fn changes(before: &Snapshot, after: &Snapshot) -> Vec<CauseChange> {
    let (mut old, mut new) = (seen(before), seen(after));
    same_names(&mut old, &mut new);
    let ids: std::collections::BTreeSet<CauseId> = old.keys().chain(new.keys()).copied().collect();
    let totals = (Totals::of(before), Totals::of(after));
    let mut changes: Vec<CauseChange> = ids
        .into_iter()
        .map(|id| {
            let side = |found: Option<&Found>, totals: &Totals| {
                found.map(|found| Seen {
                    connections: found.connections,
                    of: totals.of_cause(id),
                    requests: totals.requests,
                    fault: found.fault,
                })
            };
            let (before, after) = (side(old.get(&id), &totals.0), side(new.get(&id), &totals.1));
            let fate = fate(before, after, (&totals.0, &totals.1), id);
            CauseChange {
                id,
                before,
                after,
                fate,
            }
        })
        .collect();
    changes.sort_by_key(|change| (!change.is_fault(), change.fate as u8));
    changes
}

/// What a share is a share of.
#[derive(Clone, Copy)]
struct Totals {
    requests: u64,
    closes: u64,
    connects: u64,
}

impl Totals {
    fn of(snapshot: &Snapshot) -> Self {
        Self {
            requests: snapshot.totals.counts.requests.total,
            closes: snapshot.totals.counts.closes.total(),
            connects: snapshot.totals.counts.connections.opened,
        }
    }

    /// Causes of connecting (X) are shares of the connects.
    fn of_cause(&self, id: CauseId) -> u64 {
        if id.as_str().starts_with('X') {
            self.connects
        } else {
            self.closes
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Found {
    connections: u64,
    fault: bool,
    or: Vec<CauseId>,
}

fn seen(snapshot: &Snapshot) -> BTreeMap<CauseId, Found> {
    let legs = snapshot.legs.iter().flat_map(|leg| &leg.causes);
    let pools = snapshot.pools.iter().flat_map(|pool| &pool.causes);
    let mut all: BTreeMap<CauseId, Found> = BTreeMap::new();
    let mut add = |cause: &Cause| {
        let found = all.entry(cause.id).or_default();
        found.connections += cause.connections;
        found.fault |= cause.severity == Severity::Fault;
        found.or.extend(&cause.or);
    };
    legs.chain(pools).for_each(&mut add);
    all
}

/// "P1 or P2" on one side and "P2" on the other are the same cause.
fn same_names(old: &mut BTreeMap<CauseId, Found>, new: &mut BTreeMap<CauseId, Found>) {
    let alias = |from: &BTreeMap<CauseId, Found>, to: &BTreeMap<CauseId, Found>| {
        from.iter()
            .filter(|(id, _)| !to.contains_key(id))
            .find_map(|(id, found)| {
                let other = found
                    .or
                    .iter()
                    .find(|or| to.contains_key(or) && !from.contains_key(or));
                other.map(|other| (*id, *other))
            })
    };
    let rename = |map: &mut BTreeMap<CauseId, Found>, (from, to): (CauseId, CauseId)| {
        if let Some(found) = map.remove(&from) {
            map.insert(to, found);
        }
    };
    while let Some(names) = alias(old, new) {
        rename(old, names);
    }
    while let Some(names) = alias(new, old) {
        rename(new, names);
    }
}

fn fate(before: Option<Seen>, after: Option<Seen>, totals: (&Totals, &Totals), id: CauseId) -> Fate {
    // As often by the request, or as large a part of the closes.
    let would_show = |seen: Seen, there: &Totals| {
        let by_request = seen.connections as f64 / seen.requests.max(1) as f64;
        would_show(by_request, there.requests) || would_show(seen.share(), there.of_cause(id))
    };
    match (before, after) {
        (Some(was), Some(is)) if rates_agree(was.rate(), is.rate()) => Fate::Same,
        (Some(was), Some(is)) => {
            let (was, is) = (was.rate(), is.rate());
            if is.events * was.over > was.events * is.over {
                Fate::More
            } else {
                Fate::Less
            }
        }
        (Some(was), None) if would_show(was, totals.1) => Fate::Gone,
        (None, Some(is)) if would_show(is, totals.0) => Fate::New,
        _ => Fate::Unsure,
    }
}
