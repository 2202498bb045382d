//! The table of living connections and the memory of dead ones.

use std::collections::VecDeque;

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::duplicate::Recent;
use super::key::{FlowKey, Sender};
use crate::decode::Segment;
use crate::sequence::SeqNumber;
use crate::time::{Nanos, SECOND, Timestamp};

/// Late segments of a closed connection belong to it for this long.
const LATE_WITHIN: Nanos = 3 * SECOND;

/// What is remembered of a connection that left the table.
#[derive(Clone, Copy, Debug)]
pub struct Tombstone {
    /// Its id.
    pub id: u64,
    /// Its generation.
    pub generation: u32,
    /// When it left.
    pub left_at: Timestamp,
    /// Its opener's initial sequence number, if known.
    pub isn: Option<SeqNumber>,
    /// It did not close but fell silent; it may resume under its id.
    pub expired: bool,
    serial: u64,
    recent: Recent,
}

impl Tombstone {
    /// A tombstone for the connection `id`.
    #[must_use]
    pub fn new(id: u64, generation: u32, left_at: Timestamp, isn: Option<SeqNumber>, expired: bool) -> Self {
        Self {
            id,
            generation,
            left_at,
            isn,
            expired,
            serial: 0,
            recent: Recent::default(),
        }
    }

    /// With the last packets, to know their copies.
    #[must_use]
    pub fn with_recent(self, recent: Recent) -> Self {
        Self { recent, ..self }
    }

    /// Whether a segment captured at `now` is a late one of this connection.
    #[must_use]
    pub fn covers(&self, now: Timestamp) -> bool {
        now.since(self.left_at) <= LATE_WITHIN
    }
}

/// Living connections by key, with what is kept for each, and tombstones for those that left.
#[derive(Debug)]
pub struct FlowTable<V> {
    living: IndexMap<FlowKey, V, RandomState>,
    dead: IndexMap<FlowKey, Tombstone, RandomState>,
    /// Tombstones in the order in which they were set, for dropping the oldest.
    order: VecDeque<(FlowKey, u64)>,
    serial: u64,
    max_dead: usize,
    cursor: usize,
    dropped_early: u64,
}

impl<V> FlowTable<V> {
    /// An empty table that remembers `max_dead` closed connections.
    #[must_use]
    pub fn new(max_dead: usize) -> Self {
        Self {
            living: IndexMap::default(),
            dead: IndexMap::default(),
            order: VecDeque::new(),
            serial: 0,
            max_dead,
            cursor: 0,
            dropped_early: 0,
        }
    }

    /// How many connections live.
    #[must_use]
    pub fn len(&self) -> usize {
        self.living.len()
    }

    /// Whether none lives.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.living.is_empty()
    }

    /// Tombstones dropped before late segments could have stopped.
    #[must_use]
    pub fn dropped_early(&self) -> u64 {
        self.dropped_early
    }

    /// The place of a living connection, good until the next insertion or removal.
    #[inline]
    #[must_use]
    pub fn find(&self, key: &FlowKey) -> Option<usize> {
        self.living.get_index_of(key)
    }

    /// What is kept at a place given by [`find`](Self::find).
    #[inline]
    pub fn at(&mut self, place: usize) -> Option<&mut V> {
        self.living.get_index_mut(place).map(|(_, value)| value)
    }

    /// Adds a connection and returns its place.
    pub fn insert(&mut self, key: FlowKey, value: V) -> usize {
        self.living.insert_full(key, value).0
    }

    /// Removes a connection; the last one takes its place.
    pub fn remove(&mut self, key: &FlowKey) -> Option<V> {
        self.living.swap_remove(key)
    }

    /// Removes any one connection.
    pub fn pop(&mut self) -> Option<(FlowKey, V)> {
        self.living.pop()
    }

    /// Remembers a connection that left.
    pub fn bury(&mut self, key: FlowKey, tombstone: Tombstone) {
        self.serial += 1;
        while self.order.len() >= self.max_dead {
            let Some((oldest, serial)) = self.order.pop_front() else {
                break;
            };
            if self.dead.get(&oldest).is_some_and(|t| t.serial == serial)
                && let Some(old) = self.dead.swap_remove(&oldest)
            {
                self.dropped_early += u64::from(old.covers(tombstone.left_at));
            }
        }
        self.order.push_back((key, self.serial));
        self.dead.insert(
            key,
            Tombstone {
                serial: self.serial,
                ..tombstone
            },
        );
    }

    /// Whether a segment is a copy of one of the last packets of the connection buried under `key`.
    pub fn is_late_copy(&mut self, key: &FlowKey, segment: &Segment<'_>, sender: Sender) -> bool {
        self.dead
            .get_mut(key)
            .is_some_and(|dead| dead.recent.is_duplicate(segment, sender))
    }

    /// The tombstone on a key, if any.
    #[must_use]
    pub fn tombstone(&self, key: &FlowKey) -> Option<Tombstone> {
        self.dead.get(key).copied()
    }

    /// Keys of the next `count` connections in turn, for looking after silent ones.
    pub fn next_in_turn(&mut self, count: usize) -> impl Iterator<Item = (&FlowKey, &V)> {
        let len = self.living.len();
        let start = if len == 0 { 0 } else { self.cursor % len };
        self.cursor = start + count;
        (start..len.min(start + count)).filter_map(|place| self.living.get_index(place))
    }

    /// All living connections, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = (&FlowKey, &V)> {
        self.living.iter()
    }
}
