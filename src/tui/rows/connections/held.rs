//! Answers from a list of connections that is held as a whole.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::columns::{COLUMNS, Keys, leg};
use super::order::{Keyed, Order};
use super::{Listing, Scope, Sort, ViewQuery};
use crate::diagnose::{ConnectionRecord, Leg, LegName, Snapshot};
use crate::query::{ConnectionRow, Field, Query};

/// Fields that a connection has from its leg.
const OF_LEGS: [Field; 5] = [
    Field::Verdict,
    Field::Prefix,
    Field::Host,
    Field::Reuse,
    Field::Avoidable,
];

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
    legs: Vec<LegName>,
    ordered: Option<Ordered>,
    order: Order,
}

impl Held {
    /// The part of `snapshot`'s connections that `query` asks for.
    #[must_use]
    pub fn answer(&mut self, snapshot: &Arc<Snapshot>, query: &ViewQuery) -> Listing {
        if !Arc::ptr_eq(&self.snapshot, snapshot) {
            self.snapshot = Arc::clone(snapshot);
            self.legs = leg_names(self.records());
            self.ordered = None;
        }
        let wanted = Ordered {
            scope: query.scope,
            filter: query.filter.clone(),
            sort: query.sort,
            grouped: query.grouped,
        };
        if self.ordered.as_ref() != Some(&wanted) {
            self.order = self.matching(&wanted);
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
    fn matching(&self, wanted: &Ordered) -> Order {
        let keys = Keys {
            now: self.snapshot.capture.end.unwrap_or_default(),
            legs: &self.legs,
        };
        let key = COLUMNS.get(wanted.sort.column).unwrap_or(&COLUMNS[0]).order;
        let flip = if wanted.sort.descending { u64::MAX } else { 0 };
        let all = self.records().iter().enumerate();
        let legs: HashMap<LegName, &Leg> = self.snapshot.legs.iter().map(|leg| (leg.name, leg)).collect();
        // A leg is looked up only for what it alone knows.
        let asks_legs = OF_LEGS.iter().any(|field| wanted.filter.asks_for(*field));
        let matches = |record: &ConnectionRecord| {
            wanted.filter.is_empty() || {
                let leg = if asks_legs { leg_of(&legs, record) } else { None };
                wanted
                    .filter
                    .matches(&ConnectionRow::listed(&self.snapshot, record, leg))
            }
        };
        let within = all.filter(|(_, record)| wanted.scope.holds(record) && matches(record));
        let keyed = |(place, record): (usize, &ConnectionRecord)| -> Keyed {
            let leg = if wanted.grouped { keys.leg(record) } else { 0 };
            (leg, key(record, &keys) ^ flip, place as u32)
        };
        Order::new(within.map(keyed).collect())
    }
}

/// The leg that a connection counts in: its own, or beyond the number kept apart that of the rest.
fn leg_of<'a>(legs: &HashMap<LegName, &'a Leg>, record: &ConnectionRecord) -> Option<&'a Leg> {
    let name = leg(record);
    let of_server = LegName { client: None, ..name };
    let of_all = LegName {
        client: None,
        server: None,
    };
    [name, of_server, of_all]
        .iter()
        .find_map(|name| legs.get(name).copied())
}

/// Every leg's name once, sorted.
fn leg_names(records: &[ConnectionRecord]) -> Vec<LegName> {
    let mut names = BTreeSet::new();
    let mut last = None;
    for record in records {
        let name = leg(record);
        // Connections of a leg often come in runs.
        if last.replace(name) != Some(name) {
            names.insert(name);
        }
    }
    names.into_iter().collect()
}
