//! Answers from a list of connections that is held as a whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::columns::{COLUMNS, Keys, leg};
use super::order::{Keyed, Order};
use super::{Listing, Scope, Sort, ViewQuery};
use crate::diagnose::{ConnectionRecord, Leg, LegName, Snapshot};
use crate::query::{ConnectionRow, OfLeg, Query};

/// What the order in hand is of.
#[derive(Clone, PartialEq, Debug)]
struct Ordered {
    scope: Scope,
    filter: Query,
    sort: Sort,
    grouped: bool,
}

/// The connections of a snapshot in the order that was asked for last.
#[derive(Debug, Default)]
pub struct Held {
    snapshot: Arc<Snapshot>,
    legs: Names,
    ordered: Option<Ordered>,
    order: Order,
}

impl Held {
    /// The part of `snapshot`'s connections that `query` asks for.
    #[must_use]
    pub fn answer(&mut self, snapshot: &Arc<Snapshot>, query: &ViewQuery) -> Listing {
        if !Arc::ptr_eq(&self.snapshot, snapshot) {
            self.snapshot = Arc::clone(snapshot);
            self.legs = Names::of(self.records());
            self.ordered = None;
        }
        let wanted = Ordered {
            scope: query.scope,
            filter: query.filter.clone(),
            sort: query.sort,
            grouped: query.grouped,
        };
        if self.ordered.as_ref() != Some(&wanted) {
            let room = std::mem::take(&mut self.order);
            self.order = self.matching(&wanted, room);
            self.ordered = Some(wanted);
        }
        let first = query.first.min(self.order.len());
        let places: Vec<u32> = self.order.window(first, query.height).collect();
        let records = self.records();
        let at = |place: &u32| records.get(*place as usize).cloned();
        // In order of first packet, so in order of ids.
        let with_id = |id: &u64| {
            let place = records.partition_point(|record| record.facts.id < *id);
            let record = records.get(place).filter(|record| record.facts.id == *id);
            record.map(|record| (place, record))
        };
        let followed = query.follow.as_ref().and_then(with_id);
        let pinned = query.pinned.iter().filter_map(with_id);
        Listing {
            total: self.order.len(),
            first,
            rows: places.iter().filter_map(at).collect(),
            place: followed.and_then(|(place, _)| self.order.position(place as u32)),
            pinned: pinned.map(|(_, record)| record.clone()).collect(),
            beyond: self.snapshot.capture.connections_omitted,
        }
    }

    fn records(&self) -> &[ConnectionRecord] {
        self.snapshot.connections.as_deref().unwrap_or_default()
    }

    /// What is wanted, in its order.
    fn matching(&self, wanted: &Ordered, room: Order) -> Order {
        let now = self.snapshot.capture.end.unwrap_or_default();
        let key = COLUMNS.get(wanted.sort.column).unwrap_or(&COLUMNS[0]).order;
        let flip = if wanted.sort.descending { u64::MAX } else { 0 };
        let legs: HashMap<LegName, &Leg> = self.snapshot.legs.iter().map(|leg| (leg.name, leg)).collect();
        // What a leg alone knows it is asked once.
        let names = self.legs.sorted.iter();
        let of_legs: Vec<OfLeg> = names
            .map(|name| wanted.filter.of_leg(leg_of(&legs, *name)))
            .collect();
        let matches = |record: &ConnectionRecord, leg: u32| {
            wanted.filter.is_empty()
                || of_legs.get(leg as usize).is_some_and(|of_leg| {
                    let row = ConnectionRow::listed(&self.snapshot, record, None);
                    wanted.filter.matches_in_leg(&row, of_leg)
                })
        };
        let all = (0..).zip(self.records()).zip(&self.legs.places);
        let rows = all.filter_map(|((place, record), leg)| {
            let is_wanted = wanted.scope.holds(record) && matches(record, *leg);
            is_wanted.then(|| -> Keyed {
                let group = if wanted.grouped { *leg } else { 0 };
                (group, key(record, &Keys { now, leg: *leg }) ^ flip, place)
            })
        });
        room.refilled(rows)
    }
}

/// The leg that a connection counts in: its own, or beyond the number kept apart that of the rest.
fn leg_of<'a>(legs: &HashMap<LegName, &'a Leg>, name: LegName) -> Option<&'a Leg> {
    let of_server = LegName { client: None, ..name };
    let of_all = LegName {
        client: None,
        server: None,
    };
    [name, of_server, of_all]
        .iter()
        .find_map(|name| legs.get(name).copied())
}

/// The names of the legs of connections.
#[derive(Debug, Default)]
struct Names {
    /// Each once.
    sorted: Vec<LegName>,
    /// For each connection the place of its leg's.
    places: Vec<u32>,
}

impl Names {
    fn of(records: &[ConnectionRecord]) -> Self {
        let mut numbers: BTreeMap<LegName, u32> = BTreeMap::new();
        let mut last = None;
        let number = |record: &ConnectionRecord| {
            let name = leg(record);
            // Connections of a leg often come in runs.
            match last {
                Some((same, number)) if same == name => number,
                _ => {
                    let next = numbers.len() as u32;
                    let number = *numbers.entry(name).or_insert(next);
                    last = Some((name, number));
                    number
                }
            }
        };
        let mut places: Vec<u32> = records.iter().map(number).collect();
        let mut place_of = vec![0; numbers.len()];
        for (place, number) in (0..).zip(numbers.values()) {
            place_of[*number as usize] = place;
        }
        for place in &mut places {
            *place = place_of[*place as usize];
        }
        Self {
            sorted: numbers.into_keys().collect(),
            places,
        }
    }
}
