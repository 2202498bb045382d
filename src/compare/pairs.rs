//! Legs of both sides.

use super::figure::View;
use super::noise::Noise;
use super::row::{Row, rows};
use crate::diagnose::{Leg, LegName, Snapshot, Status};

/// A leg before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct LegPair {
    /// Its name and verdict before; `None` if it was not there.
    pub before: Option<(LegName, Status)>,
    /// Its name and verdict after; `None` if it is not there.
    pub after: Option<(LegName, Status)>,
    /// Its figures, where it is on both sides.
    pub rows: Vec<Row>,
    /// The share of the requests that it has on the side where it has more.
    pub weight: f64,
}

/// Legs by their names; those left over by server, then by port, where that leaves one on either side.
pub(super) fn pairs(
    before: &Snapshot,
    after: &Snapshot,
    seconds: (f64, f64),
    noise: (Noise, Noise),
) -> Vec<LegPair> {
    let mut old: Vec<&Leg> = before.legs.iter().collect();
    let mut new: Vec<&Leg> = after.legs.iter().collect();
    let mut matched: Vec<(&Leg, &Leg)> = Vec::new();
    let keys: [fn(&LegName) -> LegName; 3] = [
        |name| *name,
        |name| LegName {
            client: None,
            ..*name
        },
        |name| LegName {
            client: None,
            server: name.server.map(|mut server| {
                server.address = std::net::Ipv4Addr::UNSPECIFIED.into();
                server
            }),
        },
    ];
    for key in keys {
        let lone =
            |legs: &[&Leg], name: LegName| legs.iter().filter(|leg| key(&leg.name) == name).count() == 1;
        let (was, is) = (old.clone(), new.clone());
        old.retain(|leg| {
            let name = key(&leg.name);
            let place = new.iter().position(|other| key(&other.name) == name);
            let pair = place.filter(|_| lone(&was, name) && lone(&is, name));
            if let Some(place) = pair {
                matched.push((leg, new.remove(place)));
            }
            pair.is_none()
        });
    }
    let total = |snapshot: &Snapshot| snapshot.totals.counts.requests.total.max(1) as f64;
    let share = |leg: &Leg, total: f64| leg.figures.counts.requests.total as f64 / total;
    let of = |leg: &Leg| (leg.name, leg.verdict.status);
    let (total_before, total_after) = (total(before), total(after));
    let both = matched.into_iter().map(|(was, is)| LegPair {
        before: Some(of(was)),
        after: Some(of(is)),
        rows: rows(
            View::new(&was.figures, seconds.0, noise.0),
            View::new(&is.figures, seconds.1, noise.1),
        ),
        weight: share(was, total_before).max(share(is, total_after)),
    });
    let gone = old.into_iter().map(|leg| LegPair {
        before: Some(of(leg)),
        after: None,
        rows: Vec::new(),
        weight: share(leg, total_before),
    });
    let fresh = new.into_iter().map(|leg| LegPair {
        before: None,
        after: Some(of(leg)),
        rows: Vec::new(),
        weight: share(leg, total_after),
    });
    let mut pairs: Vec<LegPair> = both.chain(gone).chain(fresh).collect();
    pairs.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    pairs
}
