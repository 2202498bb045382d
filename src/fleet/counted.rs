//! Which of the legs of all parts are counted: a connection that was captured at two points is one connection.
//!
//! A leg is counted whole or not at all: its figures can't be taken apart. What two legs have in common, the hashes of their
//! openings say (`same`); where handshakes were not captured, two points that show the same ends at the same time are
//! taken for the same. Within one part nothing is looked for: the analysis has told copies of packets there.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Part;
use super::points::Owners;
use super::same::{self, Relation, View, leg};
use crate::aggregate::InCommon;
use crate::diagnose::LegName;
use crate::lang::tr;
use crate::tr;

/// What tells that two legs are the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SameBy {
    /// The openings of their connections.
    Openings,
    /// The same ends at the same time: most of their openings were not captured.
    Ends,
}

/// A leg whose connections another point captured, too.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenTwice {
    /// Where it is counted, and what it is called there.
    pub counted: (String, LegName),
    /// How many more legs count parts of it: those of many clients behind one address.
    pub more: usize,
    /// Where it is not, and what it is called there: other addresses, behind a NAT.
    pub also: (String, LegName),
    /// Connections at the place where it is not counted.
    pub connections: u64,
    /// Of them those that were captured at both; of those whose openings were captured.
    pub in_common: InCommon,
    /// What tells.
    pub by: SameBy,
}

/// What is counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    /// Legs that are not, and where their connections are.
    left_out: HashMap<View, View>,
    pub(super) twice: Vec<SeenTwice>,
    pub(super) warnings: Vec<String>,
}

/// Less of a leg than this missing where it counts is not worth a word.
const SOME: f64 = 0.02;

impl Counted {
    /// Looks for connections that several parts have.
    pub(super) fn of(parts: &[Part], owners: &Owners) -> Self {
        let mut this = Self::default();
        let order = same::order(parts, owners);
        let relations = same::relations(parts, &order);
        this.many_in_one(parts, &relations);
        this.pairs(parts, &order, &relations);
        this.by_ends(parts, &order);
        this.twice
            .sort_by(|a, b| (&a.counted, &a.also).cmp(&(&b.counted, &b.also)));
        this.say_what_is_missing();
        this.say_what_goes_on(parts);
        this
    }

    /// Whether this leg of this part is counted.
    pub(super) fn is(&self, part: usize, leg: usize) -> bool {
        !self.left_out.contains_key(&(part, leg))
    }

    /// How many connections of a part's are counted.
    pub(super) fn connections(&self, place: usize, part: &Part) -> u64 {
        let legs = part.snapshot.legs.iter().enumerate();
        legs.filter(|(leg, _)| self.is(place, *leg))
            .map(|(_, leg)| leg.figures.counts.connections.total)
            .sum()
    }

    /// The points where the connections of a part are counted, if none of them is counted here.
    pub(super) fn elsewhere<'a>(&self, place: usize, parts: &'a [Part]) -> BTreeSet<&'a str> {
        let Some(part) = parts.get(place) else {
            return BTreeSet::new();
        };
        let mut points = BTreeSet::new();
        let legs = part.snapshot.legs.iter().enumerate();
        for (n, _) in legs.filter(|(_, leg)| leg.figures.counts.connections.total > 0) {
            match self.left_out.get(&(place, n)).and_then(|twin| parts.get(twin.0)) {
                Some(twin) => points.insert(twin.point.as_str()),
                None => return BTreeSet::new(),
            };
        }
        points
    }

    fn leave_out(&mut self, parts: &[Part], also: View, counted: View, found: (InCommon, SameBy, usize)) {
        let named = |view: View| Some((parts.get(view.0)?.point.clone(), leg(parts, view)?.name));
        self.left_out.insert(also, counted);
        let connections = leg(parts, also).map_or(0, |leg| leg.figures.counts.connections.total);
        if let (Some(counted), Some(also)) = (named(counted), named(also)) {
            self.twice.push(SeenTwice {
                counted,
                more: found.2,
                also,
                connections,
                in_common: found.0,
                by: found.1,
            });
        }
    }

    /// A leg that is many elsewhere (clients behind a NAT, or counted as `*`) does not count if they are all of it.
    fn many_in_one(&mut self, parts: &[Part], relations: &Relation) {
        /// As much of it as this is all of it.
        const ALL: f64 = 0.9;
        for (whole, pieces) in &relations.pieces {
            let Some(openings) = leg(parts, *whole).map(|leg| &leg.openings) else {
                continue;
            };
            let share = pieces.found as f64 / openings.least().len().max(1) as f64;
            let most = pieces.views.iter().max_by_key(|view| {
                leg(parts, **view).map(|leg| (leg.openings.count(), std::cmp::Reverse(**view)))
            });
            let Some(most) = most.filter(|_| pieces.views.len() > 1) else {
                continue;
            };
            if share >= ALL {
                let in_common = InCommon {
                    count: (share * openings.count() as f64).round() as u64,
                    exact: openings.is_whole(),
                };
                let found = (in_common, SameBy::Openings, pieces.views.len() - 1);
                self.leave_out(parts, *whole, *most, found);
            } else if let Some(text) = same::cannot_tell(parts, *whole, pieces) {
                self.warnings.push(text);
            }
        }
    }

    /// The fullest view counts; of equal ones that of the client's own host, where a connect that failed shows, too.
    fn pairs(&mut self, parts: &[Part], order: &[View], relations: &Relation) {
        let mut counts: HashSet<View> = HashSet::new();
        for view in order {
            if self.left_out.contains_key(view) {
                continue;
            }
            let related = relations.same.get(view).map(Vec::as_slice).unwrap_or_default();
            match related.iter().find(|(other, _)| counts.contains(other)) {
                Some((counted, in_common)) => {
                    self.leave_out(parts, *view, *counted, (*in_common, SameBy::Openings, 0));
                }
                None => {
                    counts.insert(*view);
                }
            }
        }
        for (a, b, both) in &relations.partly {
            if self.left_out.contains_key(a) || self.left_out.contains_key(b) {
                continue;
            }
            if let (Some(at), Some(also), Some(one), Some(other)) =
                (parts.get(a.0), parts.get(b.0), leg(parts, *a), leg(parts, *b))
            {
                let about = if both.exact { "" } else { tr("about ") };
                self.warnings.push(tr!(
                    "{about}{n} connections count twice: {name} at {at} and {other} at {also} have some, but not most, in common; \
                     merge captures of the same stretch of time",
                    about,
                    n = both.count,
                    name = one.name,
                    at = at.point,
                    other = other.name,
                    also = also.point
                ));
            }
        }
    }

    /// Legs that several points show under one name at one time, most of whose openings were not captured.
    fn by_ends(&mut self, parts: &[Part], order: &[View]) {
        let mut by_name: HashMap<LegName, Vec<View>> = HashMap::new();
        for view in order {
            let Some(leg) = leg(parts, *view).filter(|leg| leg.name.client.is_some()) else {
                continue;
            };
            if leg.figures.counts.connections.total == 0 || self.left_out.contains_key(view) {
                continue;
            }
            let counted = by_name.entry(leg.name).or_default();
            let same = counted
                .iter()
                .find(|other| same::ends_tell(parts, *view, **other));
            match same.copied() {
                Some(other) => {
                    let none = InCommon {
                        count: 0,
                        exact: false,
                    };
                    self.leave_out(parts, *view, other, (none, SameBy::Ends, 0));
                }
                None => counted.push(*view),
            }
        }
    }

    /// Connections of legs that do not count, and that are not where they count, either.
    fn say_what_is_missing(&mut self) {
        for twice in self.twice.iter().filter(|twice| twice.by == SameBy::Openings) {
            let missing = twice.connections.saturating_sub(twice.in_common.count);
            if missing == 0 || missing as f64 <= SOME * twice.connections as f64 {
                continue;
            }
            let about = if twice.in_common.exact { "" } else { tr("about ") };
            self.warnings.push(tr!(
                "{about}{missing} of the {all} connections of {other} at {also} are not known to be among those of {leg} at {at}, which \
                 count: they do not",
                about,
                missing,
                all = twice.connections,
                other = twice.also.1,
                also = twice.also.0,
                leg = twice.counted.1,
                at = twice.counted.0
            ));
        }
    }

    /// A connection that goes on from one stretch of a point into the next counts in both.
    fn say_what_goes_on(&mut self, parts: &[Part]) {
        for of_point in parts.chunk_by(|a, b| a.point == b.point) {
            let later = of_point.iter().skip(1);
            let older: u64 = later
                .map(|part| part.snapshot.totals.counts.connections.midstream)
                .sum();
            if older > 0 {
                self.warnings.push(tr!(
                    "{point}: up to {older} connections go on from one report into the next, and count in both; read the captures \
                     as one to have each once",
                    point = of_point[0].point,
                    older
                ));
            }
        }
    }
}
