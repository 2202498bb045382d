//! Which of the legs of all parts are counted: a connection that was captured at two points is one connection.

use std::collections::{HashMap, HashSet};

use super::Part;
use super::points::own_address;
use crate::aggregate::InCommon;
use crate::diagnose::{Leg, LegName};

/// A leg of a part: the places of both.
type View = (usize, usize);

/// A leg whose connections another point captured, too.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenTwice {
    /// Where it is counted, and what it is called there.
    pub counted: (String, LegName),
    /// Where it is not, and what it is called there: other addresses, behind a NAT.
    pub also: (String, LegName),
    /// Connections at the place where it is not counted.
    pub connections: u64,
    /// Of them those that were captured at both.
    pub in_common: InCommon,
}

/// What is counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    left_out: HashSet<View>,
    pub(super) twice: Vec<SeenTwice>,
    /// Legs that are partly the same connections, all of which count.
    partly: Vec<(View, View, InCommon)>,
    /// Legs of the same name at several points without anything to tell whether they are the same connections.
    unsure: Vec<(LegName, usize)>,
}

/// Two legs of which the smaller one has at least this share of its connections in the other are the same leg.
const SAME: f64 = 0.5;
/// Less in common than this share is chance, or a stretch of time that overlaps.
const SOME: f64 = 0.02;

fn leg(parts: &[Part], (part, leg): View) -> Option<&Leg> {
    parts.get(part)?.snapshot.legs.get(leg)
}

impl Counted {
    /// Looks for connections that several parts have.
    pub(super) fn of(parts: &[Part]) -> Self {
        let mut this = Self::default();
        this.look_for_same(parts);
        this.look_for_unsure(parts);
        this
    }

    /// Whether this leg of this part is counted.
    pub(super) fn is(&self, part: usize, leg: usize) -> bool {
        !self.left_out.contains(&(part, leg))
    }

    /// How many connections of a part's are counted.
    pub(super) fn connections(&self, place: usize, part: &Part) -> u64 {
        let legs = part.snapshot.legs.iter().enumerate();
        legs.filter(|(leg, _)| self.is(place, *leg))
            .map(|(_, leg)| leg.figures.counts.connections.total)
            .sum()
    }

    fn look_for_same(&mut self, parts: &[Part]) {
        let mut by_opening: HashMap<u64, Vec<View>> = HashMap::new();
        for view in views(parts) {
            let openings = leg(parts, view)
                .map(|leg| leg.openings.least())
                .unwrap_or_default();
            for opening in openings {
                by_opening.entry(*opening).or_default().push(view);
            }
        }
        let mut pairs: HashSet<(View, View)> = HashSet::new();
        for together in by_opening.values().filter(|views| views.len() > 1) {
            for (n, a) in together.iter().enumerate() {
                pairs.extend(together[n + 1..].iter().map(|b| (*a, *b)));
            }
        }
        let mut same: HashMap<View, Vec<(View, InCommon)>> = HashMap::new();
        let mut pairs: Vec<(View, View)> = pairs.into_iter().collect();
        pairs.sort_unstable();
        for (a, b) in pairs {
            let Some((one, other)) = leg(parts, a).zip(leg(parts, b)) else {
                continue;
            };
            let both = one.openings.in_common(&other.openings);
            let smaller = one.openings.count().min(other.openings.count()).max(1);
            let share = both.count as f64 / smaller as f64;
            if share >= SAME {
                same.entry(a).or_default().push((b, both));
                same.entry(b).or_default().push((a, both));
            } else if share >= SOME {
                self.partly.push((a, b, both));
            }
        }
        // The fullest view counts; of equal ones that of the client's own host, where a connect that failed shows, too.
        let mut order: Vec<View> = same.keys().copied().collect();
        order.sort_by_cached_key(|view| rank(parts, *view));
        let mut counts: HashSet<View> = HashSet::new();
        for view in order {
            let others = same.get(&view).map(Vec::as_slice).unwrap_or_default();
            match others.iter().find(|(other, _)| counts.contains(other)) {
                None => {
                    counts.insert(view);
                }
                Some((counted, in_common)) => {
                    self.left_out.insert(view);
                    self.twice.extend(seen_twice(parts, *counted, view, *in_common));
                }
            }
        }
        let left_out = &self.left_out;
        self.partly
            .retain(|(a, b, _)| !left_out.contains(a) && !left_out.contains(b));
        self.twice
            .sort_by(|a, b| (&a.counted, &a.also).cmp(&(&b.counted, &b.also)));
    }

    /// Legs that several points show under one name, with connections whose openings were not captured.
    fn look_for_unsure(&mut self, parts: &[Part]) {
        let mut by_name: HashMap<LegName, Vec<View>> = HashMap::new();
        for view in views(parts).filter(|view| !self.left_out.contains(view)) {
            if let Some(leg) = leg(parts, view)
                && leg.openings.count() == 0
                && leg.figures.counts.connections.total > 0
                && leg.name.client.is_some()
            {
                by_name.entry(leg.name).or_default().push(view);
            }
        }
        for (name, views) in by_name {
            let mut points: Vec<&str> = views
                .iter()
                .filter_map(|view| Some(parts.get(view.0)?.point.as_str()))
                .collect();
            points.dedup();
            if points.len() > 1 {
                self.unsure.push((name, points.len()));
            }
        }
        self.unsure.sort_unstable();
    }

    /// What the reader must know of it.
    pub(super) fn warnings(&self, parts: &[Part]) -> Vec<String> {
        let of = |view: View| {
            let point = parts.get(view.0).map_or("", |part| part.point.as_str());
            Some((point, leg(parts, view)?.name))
        };
        let partly = self.partly.iter().filter_map(|(a, b, both)| {
            let ((at, name), (also, other)) = (of(*a)?, of(*b)?);
            let about = if both.exact { "" } else { "about " };
            Some(format!(
                "{about}{} connections count twice: {name} at {at} and {other} at {also} have some, but not most, in common; \
                 merge captures of the same stretch of time",
                both.count
            ))
        });
        let unsure = self.unsure.iter().map(|(name, points)| {
            format!(
                "{name} was captured at {points} points without the beginning of its connections, so that nothing tells whether \
                 they are the same ones: they count at each"
            )
        });
        let beyond = self.twice.iter().filter_map(|twice| {
            let missing = twice.connections.saturating_sub(twice.in_common.count);
            let many = missing as f64 > SOME * twice.connections as f64 && missing > 0 && twice.in_common.exact;
            many.then(|| {
                format!(
                    "{missing} of the {} connections of {} at {} are not among those of {} at {}, which count: they do not",
                    twice.connections, twice.also.1, twice.also.0, twice.counted.1, twice.counted.0
                )
            })
        });
        partly.chain(unsure).chain(beyond).collect()
    }
}

fn views(parts: &[Part]) -> impl Iterator<Item = View> + '_ {
    let parts = parts.iter().enumerate();
    parts.flat_map(|(place, part)| (0..part.snapshot.legs.len()).map(move |leg| (place, leg)))
}

/// What is counted first: the leg with more connections, then that with fewer bytes missing, then the one at its client.
fn rank(parts: &[Part], view: View) -> (std::cmp::Reverse<u64>, u64, bool, View) {
    let of = leg(parts, view);
    let connections = of.map_or(0, |leg| leg.figures.counts.connections.total);
    let missing = of.map_or(0, |leg| leg.figures.counts.gap_bytes);
    let client = of.and_then(|leg| leg.name.client);
    let own = parts
        .get(view.0)
        .and_then(|part| own_address(std::iter::once(&part.snapshot)));
    (
        std::cmp::Reverse(connections),
        missing,
        client != own || own.is_none(),
        view,
    )
}

fn seen_twice(parts: &[Part], counted: View, also: View, in_common: InCommon) -> Option<SeenTwice> {
    let named = |view: View| Some((parts.get(view.0)?.point.clone(), leg(parts, view)?.name));
    Some(SeenTwice {
        counted: named(counted)?,
        also: named(also)?,
        connections: leg(parts, also)?.figures.counts.connections.total,
        in_common,
    })
}
