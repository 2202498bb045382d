//! Legs of different parts that have connections in common.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Part;
use super::points::Owners;
use crate::aggregate::InCommon;
use crate::diagnose::Leg;
use crate::time::SECOND;
use crate::tr;

/// A leg of a part: the places of both.
pub(super) type View = (usize, usize);

/// Smaller legs that are pieces of a larger one.
#[derive(Clone, Debug, Default)]
pub(super) struct Pieces {
    /// Which.
    pub(super) views: BTreeSet<View>,
    /// How many of the larger one's openings that are kept are in one of them.
    pub(super) found: usize,
}

/// What legs have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Relation {
    /// Legs that are the same ones, with what they have in common.
    pub(super) same: HashMap<View, Vec<(View, InCommon)>>,
    /// Legs that have some, but not most, in common.
    pub(super) partly: Vec<(View, View, InCommon)>,
    /// Larger legs, and the smaller ones in them.
    pub(super) pieces: BTreeMap<View, Pieces>,
}

/// Two legs of which the smaller one has at least this share of its connections in the other are the same leg.
const SAME: f64 = 0.5;
/// Less in common than this share is a stretch of time that overlaps.
const SOME: f64 = 0.02;
/// Of fewer openings than this no share is told: one in common is enough.
const ENOUGH: usize = 8;
/// Of many legs that share an opening, as copies of one report do, each is held against so many of the fullest.
const HELD_AGAINST: usize = 4;

pub(super) fn leg(parts: &[Part], (part, leg): View) -> Option<&Leg> {
    parts.get(part)?.snapshot.legs.get(leg)
}

/// Every leg: those with more connections first, then those with fewer bytes missing, then those at their client.
pub(super) fn order(parts: &[Part], owners: &Owners) -> Vec<View> {
    let mut views: Vec<View> = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        views.extend((0..part.snapshot.legs.len()).map(|leg| (place, leg)));
    }
    views.sort_by_cached_key(|view| {
        let counts = leg(parts, *view).map(|leg| &leg.figures.counts);
        let connections = counts.map_or(0, |counts| counts.connections.total);
        let missing = counts.map_or(0, |counts| counts.gap_bytes);
        let client = leg(parts, *view).and_then(|leg| leg.name.client);
        let own = owners.of_part(view.0);
        (
            Reverse(connections),
            missing,
            own.is_none() || client != own,
            *view,
        )
    });
    views
}

/// What the openings say; `order` holds every leg, the one to be counted first.
pub(super) fn relations(parts: &[Part], order: &[View]) -> Relation {
    let mut by_opening: HashMap<u64, Vec<View>> = HashMap::new();
    for view in order {
        for opening in leg(parts, *view)
            .map(|leg| leg.openings.least())
            .unwrap_or_default()
        {
            by_opening.entry(*opening).or_default().push(*view);
        }
    }
    let mut pairs: BTreeSet<(View, View)> = BTreeSet::new();
    let mut relation = Relation::default();
    let count = |view: &View| leg(parts, *view).map_or(0, |leg| leg.openings.count());
    for together in by_opening.values() {
        let Some((first, rest)) = together.split_first() else {
            continue;
        };
        let mut found = false;
        for (n, view) in rest.iter().enumerate() {
            let before = &together[..=n];
            let others = before.iter().filter(|other| other.0 != view.0);
            pairs.extend(others.take(HELD_AGAINST).map(|other| (*other, *view)));
            if view.0 != first.0 && 2 * count(view) <= count(first) {
                relation.pieces.entry(*first).or_default().views.insert(*view);
                found = true;
            }
        }
        if found {
            relation.pieces.entry(*first).or_default().found += 1;
        }
    }
    for (a, b) in pairs {
        let Some((one, other)) = leg(parts, a).zip(leg(parts, b)) else {
            continue;
        };
        let (both, known) = one.openings.in_common(&other.openings);
        let smaller = one.openings.count().min(other.openings.count()).max(1);
        let share = both.count as f64 / smaller as f64;
        if share >= SAME || (known < ENOUGH && !both.exact) {
            relation.same.entry(b).or_default().push((a, both));
        } else if share >= SOME {
            relation.partly.push((a, b, both));
        }
    }
    relation
}

/// What is to be said if legs that may be pieces of `whole` are too small to show among its openings.
pub(super) fn cannot_tell(parts: &[Part], whole: View, pieces: &Pieces) -> Option<String> {
    /// So many would have to show.
    const EXPECTED: f64 = 3.0;
    let (part, large) = (parts.get(whole.0)?, leg(parts, whole)?);
    let bound = if large.openings.is_whole() {
        u64::MAX
    } else {
        *large.openings.least().last()?
    };
    let chance = bound as f64 / u64::MAX as f64;
    let places: BTreeSet<usize> = pieces.views.iter().map(|view| view.0).collect();
    let mut legs = places
        .iter()
        .filter_map(|place| parts.get(*place))
        .flat_map(|part| &part.snapshot.legs);
    let unseen =
        legs.any(|leg| leg.openings.count() > 0 && (leg.openings.count() as f64) * chance < EXPECTED);
    unseen.then(|| {
        tr!(
            "{leg} at {point} is larger than what it is elsewhere: which small legs of other points are among its connections can't \
             be told from a sample, and some may count twice",
            leg = large.name,
            point = part.point
        )
    })
}

/// Whether two legs of one name at different points are the same by their ends and times, since the openings of most of their
/// connections were not captured.
pub(super) fn ends_tell(parts: &[Part], a: View, b: View) -> bool {
    let (Some(one), Some(other)) = (parts.get(a.0), parts.get(b.0)) else {
        return false;
    };
    let (Some(mine), Some(theirs)) = (leg(parts, a), leg(parts, b)) else {
        return false;
    };
    let bare = |leg: &Leg| 2 * leg.openings.count() < leg.figures.counts.connections.total;
    // Openings enough at both, and none of them the same: other connections.
    let apart = mine.openings.count().min(theirs.openings.count()) >= 3
        && mine.openings.in_common(&theirs.openings).0.count == 0;
    one.point != other.point && (bare(mine) || bare(theirs)) && !apart && at_once(one, other)
}

/// Whether two parts are of the same time: for half of the shorter one at least.
fn at_once(a: &Part, b: &Part) -> bool {
    let span = |part: &Part| {
        let capture = &part.snapshot.capture;
        Some((capture.start?.nanos(), capture.end?.nanos()))
    };
    let Some(((a_start, a_end), (b_start, b_end))) = span(a).zip(span(b)) else {
        return false;
    };
    let overlap = a_end.min(b_end).saturating_sub(a_start.max(b_start));
    let shorter = a_end.saturating_sub(a_start).min(b_end.saturating_sub(b_start));
    // Clocks differ by a second or so.
    overlap >= 0 && overlap.saturating_add(SECOND) >= shorter / 2
}
