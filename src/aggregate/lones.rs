//! Connections that may be the first of a series of health checks: on a churning leg nearly all, and nearly none is.

use std::collections::VecDeque;
use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use super::checks::{Member, SeriesKey};
use crate::index::Index;
use crate::limits::CHECK_SERIES;

/// What waits for a second of its kind.
#[derive(Debug)]
struct Lone {
    hash: u64,
    key: SeriesKey,
    /// `None`: there is more than one.
    member: Option<Member>,
}

/// The latest connections that are alone of their kind. In the order in which they came, so that the oldest, which
/// leaves for the newest, is at hand.
#[derive(Debug, Default)]
pub(super) struct Lones {
    queue: VecDeque<Lone>,
    /// The serial number of the first in the queue; the index knows them by its lower bits.
    first: u32,
    index: Index,
    hasher: RandomState,
}

impl Lones {
    /// Asks for the memory that will tell whether there is one of this kind.
    #[inline]
    pub(super) fn fetch(&self, key: SeriesKey) {
        self.index.fetch(self.hasher.hash_one(key));
    }

    fn place(&self, key: SeriesKey, hash: u64) -> Option<usize> {
        let distance = |serial: u32| serial.wrapping_sub(self.first) as usize;
        let is_it = |serial| {
            let lone = self.queue.get(distance(serial));
            lone.is_some_and(|lone| lone.key == key)
        };
        self.index.find(hash, is_it).map(distance)
    }

    /// By what a kind is found.
    #[inline]
    pub(super) fn hash(&self, key: SeriesKey) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The one of this kind.
    #[inline]
    pub(super) fn get_mut(&mut self, key: SeriesKey, hash: u64) -> Option<&mut Member> {
        let place = self.place(key, hash)?;
        self.queue.get_mut(place)?.member.as_mut()
    }

    /// Takes the one of this kind.
    pub(super) fn take(&mut self, key: SeriesKey, hash: u64) -> Option<Member> {
        let place = self.place(key, hash)?;
        self.index.remove(hash, self.first.wrapping_add(place as u32));
        self.queue.get_mut(place)?.member.take()
    }

    /// One of a kind that there is not; the oldest leaves for it if there are too many.
    pub(super) fn push(&mut self, key: SeriesKey, hash: u64, member: Member) -> Option<(SeriesKey, Member)> {
        let oldest = if self.queue.len() < CHECK_SERIES {
            None
        } else {
            self.pop()
        };
        let serial = self.first.wrapping_add(self.queue.len() as u32);
        self.index.insert(hash, serial);
        self.queue.push_back(Lone {
            hash,
            key,
            member: Some(member),
        });
        oldest
    }

    fn pop(&mut self) -> Option<(SeriesKey, Member)> {
        let oldest = self.queue.pop_front()?;
        let serial = self.first;
        self.first = serial.wrapping_add(1);
        let member = oldest.member?;
        self.index.remove(oldest.hash, serial);
        // The next one to leave.
        if let Some(next) = self.queue.front() {
            self.index.fetch(next.hash);
        }
        Some((oldest.key, member))
    }

    /// How many there are, at most.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Takes all of them, in the order in which they came.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (SeriesKey, Member)> {
        self.index = Index::default();
        let lones = self.queue.drain(..);
        lones.filter_map(|lone| Some((lone.key, lone.member?)))
    }
}
