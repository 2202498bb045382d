//! The memory of connections that are over.

use std::collections::VecDeque;

use super::duplicate::Link;
use super::table::Pointer;
use crate::sequence::SeqNumber;
use crate::time::{Nanos, SECOND, Timestamp};
use crate::u48::U48;

/// Late segments of a closed connection belong to it for this long.
const LATE_WITHIN: Nanos = 3 * SECOND;

/// What is remembered of a connection that left the table.
#[derive(Clone, Copy, Debug)]
pub struct Tombstone {
    /// When it left.
    pub left_at: Timestamp,
    /// Its id.
    pub id: U48,
    /// It did not close but fell silent; it may resume under its id.
    pub expired: bool,
    /// Whether its opener's initial sequence number is known ...
    pub has_isn: bool,
    /// ... and that number.
    pub isn: SeqNumber,
    /// Its last packets, to know their copies.
    pub link: Link,
}

impl Tombstone {
    /// Whether a segment captured at `now` is a late one of this connection.
    #[must_use]
    pub fn covers(&self, now: Timestamp) -> bool {
        now.since(self.left_at) <= LATE_WITHIN
    }
}

/// A tombstone, half a cache line. It stands for a key by its whole hash: that two of some ten thousand keys have the same
/// 64 bits, under a hash that differs from run to run, does not happen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grave {
    pub(super) hash: u64,
    pub(super) tombstone: Tombstone,
}

/// Tombstones in the order in which they were set.
#[derive(Debug, Default)]
pub(super) struct Graveyard {
    graves: VecDeque<Grave>,
    /// The serial number of the first.
    first: u64,
}

impl Graveyard {
    #[inline]
    pub(super) fn at(&self, pointer: Pointer) -> Option<&Grave> {
        self.graves.get(self.distance(pointer))
    }

    pub(super) fn at_mut(&mut self, pointer: Pointer) -> Option<&mut Grave> {
        let distance = self.distance(pointer);
        self.graves.get_mut(distance)
    }

    #[inline]
    fn distance(&self, pointer: Pointer) -> usize {
        (pointer.0.wrapping_sub(self.first as u32) & !Pointer::DEAD) as usize
    }

    pub(super) fn len(&self) -> usize {
        self.graves.len()
    }

    /// Sets one more; returns where the index is to point.
    pub(super) fn set(&mut self, grave: Grave) -> Pointer {
        let serial = self.first + self.graves.len() as u64;
        self.graves.push_back(grave);
        Pointer::dead(serial)
    }

    /// The oldest few.
    pub(super) fn oldest(&self, count: usize) -> impl Iterator<Item = &Grave> {
        self.graves.iter().take(count)
    }

    /// Takes away the oldest, and tells where the index pointed.
    pub(super) fn take_oldest(&mut self) -> Option<(Pointer, Grave)> {
        let oldest = self.graves.pop_front()?;
        let pointer = Pointer::dead(self.first);
        self.first += 1;
        Some((pointer, oldest))
    }
}
