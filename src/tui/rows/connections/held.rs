//! Answers from a list of connections that is held as a whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::brief::{Brief, BriefRow};
use super::columns::{COLUMNS, Keys, leg};
use super::order::{Keyed, Order};
use super::{Listing, Scope, Sort, ViewQuery};
use crate::diagnose::{ConnectionRecord, LegName, Snapshot};
use crate::query::{ConnectionRow, InLegs, OfLeg, Query};

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
    /// The names of the legs, sorted.
    legs: Vec<LegName>,
    briefs: Vec<Brief>,
    /// By columns; empty where nobody asked for them.
    keys: Vec<Vec<u64>>,
    ordered: Option<Ordered>,
    order: Order,
}

impl Held {
    /// The part of `snapshot`'s connections that `query` asks for.
    #[must_use]
    pub fn answer(&mut self, snapshot: &Arc<Snapshot>, query: &ViewQuery) -> Listing {
        if !Arc::ptr_eq(&self.snapshot, snapshot) {
            self.snapshot = Arc::clone(snapshot);
            (self.legs, self.briefs) = briefly(self.records());
            self.keys.clear();
            self.ordered = None;
        }
        let wanted = Ordered {
            scope: query.scope,
            filter: query.filter.clone(),
            sort: query.sort,
            grouped: query.grouped,
        };
        let column = query.sort.column.min(COLUMNS.len() - 1);
        if self.ordered.as_ref() != Some(&wanted) {
            let room = std::mem::take(&mut self.order);
            self.make_keys(column);
            self.order = self.matching(&wanted, room, &self.keys[column]);
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
    fn matching(&self, wanted: &Ordered, room: Order, keys: &[u64]) -> Order {
        let flip = if wanted.sort.descending { u64::MAX } else { 0 };
        let query = InLegs::new(wanted.filter.clone(), &self.snapshot.legs);
        // Each leg is asked once whether it is in the scope, and what it says to the query.
        let of_legs: Vec<(bool, &LegName, &OfLeg)> = (self.legs.iter())
            .filter_map(|name| {
                let (client, server) = name.client.zip(name.server)?;
                let is_wanted = wanted.scope.holds_leg(client, server);
                Some((is_wanted, name, query.of(client, server)))
            })
            .collect();
        let matches = |brief: &Brief, record: &ConnectionRecord| {
            let Some((true, name, of_leg)) = of_legs.get(brief.leg as usize) else {
                return false;
            };
            let row = BriefRow {
                brief,
                leg: name,
                capture: &self.snapshot.capture,
                facts: || ConnectionRow::listed(&self.snapshot, record),
            };
            let cause = wanted.scope.cause;
            cause.is_none_or(|cause| brief.cause() == Some(cause))
                && (wanted.filter.is_empty() || wanted.filter.matches_in_leg(&row, of_leg))
        };
        let all = (0..).zip(&self.briefs).zip(self.records()).zip(keys);
        room.refilled(
            all.filter(|(((_, brief), record), _)| matches(brief, record))
                .map(|(((place, brief), _), key)| -> Keyed {
                    let group = if wanted.grouped { brief.leg } else { 0 };
                    (group, key ^ flip, place)
                }),
        )
    }

    /// Makes the keys of a column, unless they are here.
    fn make_keys(&mut self, column: usize) {
        self.keys.resize_with(COLUMNS.len(), Vec::new);
        let records = self.records();
        if self.keys[column].len() != records.len() {
            let now = self.snapshot.capture.end.unwrap_or_default();
            let key = COLUMNS[column].order.key;
            let all = records.iter().zip(&self.briefs);
            let keys = all.map(|(record, brief)| key(record, &Keys { now, leg: brief.leg }));
            self.keys[column] = keys.collect();
        }
    }
}

/// Every leg's name, sorted, and the connections in a few words.
fn briefly(records: &[ConnectionRecord]) -> (Vec<LegName>, Vec<Brief>) {
    let mut numbers: BTreeMap<LegName, u32> = BTreeMap::new();
    let mut last = None;
    let brief = |record: &ConnectionRecord| {
        let name = leg(record);
        // Connections of a leg often come in runs.
        let number = match last {
            Some((same, number)) if same == name => number,
            _ => {
                let next = numbers.len() as u32;
                *numbers.entry(name).or_insert(next)
            }
        };
        last = Some((name, number));
        Brief::of(record, number)
    };
    let mut briefs: Vec<Brief> = records.iter().map(brief).collect();
    // They were numbered as they came.
    let mut places = vec![0; numbers.len()];
    for (place, number) in (0..).zip(numbers.values()) {
        places[*number as usize] = place;
    }
    for brief in &mut briefs {
        brief.leg = places[brief.leg as usize];
    }
    (numbers.into_keys().collect(), briefs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{FIELDS, Row};

    #[test]
    fn what_is_said_in_brief_is_what_the_facts_say() {
        for name in ["small-pool-and-http10.pcap.gz", "multi-interface.pcapng.gz"] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("captures")
                .join(name);
            let source = crate::source::open(&[path], crate::source::OpenOptions::default()).unwrap();
            let config = crate::engine::Config {
                keep_connections: Some(1_000),
                ..Default::default()
            };
            let snapshot = crate::pipeline::analyse(Box::new(source), &config, 1, &mut |_: &_| ());
            let records = snapshot.connections.as_deref().unwrap();
            let (legs, briefs) = briefly(records);
            for (record, brief) in records.iter().zip(&briefs) {
                let full = || ConnectionRow::listed(&snapshot, record);
                let row = BriefRow {
                    brief,
                    leg: &legs[brief.leg as usize],
                    capture: &snapshot.capture,
                    facts: full,
                };
                for info in FIELDS {
                    let (mut in_brief, mut in_full) = (Vec::new(), Vec::new());
                    row.any(info.field, |fact| {
                        in_brief.push(format!("{fact:?}"));
                        false
                    });
                    full().any(info.field, |fact| {
                        in_full.push(format!("{fact:?}"));
                        false
                    });
                    assert_eq!(in_brief, in_full, "{}", info.name);
                }
            }
        }
    }
}
