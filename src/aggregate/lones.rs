//! Connections that may be the first of a series of health checks: on a churning leg nearly all, and nearly none is.

use std::hash::BuildHasher;
use std::num::NonZeroU64;
use std::slice;

use foldhash::fast::RandomState;
use prefetch_index::prefetch_index;

use super::checks::{Member, SeriesKey};
use crate::index::Index;
use crate::limits::CHECK_SERIES;

/// So many before it leaves one is asked for.
const AHEAD: u32 = 8;

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
    /// By serial number, counted round.
    ring: Vec<Lone>,
    /// The serial numbers of the oldest in the ring and of the next to come; the index knows them by these.
    oldest: u32,
    next: u32,
    index: Index,
    hasher: RandomState,
}

/// The place of a serial number in the ring.
#[inline]
fn place(serial: u32) -> usize {
    // Serial numbers go on behind the largest as places do.
    const { assert!(CHECK_SERIES.is_power_of_two()) };
    serial as usize % CHECK_SERIES
}

impl Lones {
    #[inline]
    fn serial(&self, key: SeriesKey, hash: u64) -> Option<u32> {
        let is_it = |serial| self.ring.get(place(serial)).is_some_and(|lone| lone.key == key);
        self.index.find(hash, is_it)
    }

    /// By what a kind is found.
    #[inline]
    pub(super) fn hash(&self, (leg, asked): SeriesKey) -> u64 {
        let asked = asked.map_or(0, NonZeroU64::get);
        self.hasher.hash_one(u128::from(leg) << 64 | u128::from(asked))
    }

    /// Asks for the memory of this kind's entry.
    #[inline]
    pub(super) fn fetch(&self, key: SeriesKey) {
        self.index.fetch(self.hash(key));
    }

    /// The one of this kind.
    #[inline]
    pub(super) fn get_mut(&mut self, key: SeriesKey, hash: u64) -> Option<&mut Member> {
        let serial = self.serial(key, hash)?;
        self.ring.get_mut(place(serial))?.member.as_mut()
    }

    /// Takes the one of this kind.
    pub(super) fn take(&mut self, key: SeriesKey, hash: u64) -> Option<Member> {
        let serial = self.serial(key, hash)?;
        self.index.remove(hash, serial);
        self.ring.get_mut(place(serial))?.member.take()
    }

    /// One of a kind that there is not; the oldest leaves for it if there are too many.
    pub(super) fn push(&mut self, key: SeriesKey, hash: u64, member: Member) -> Option<(SeriesKey, Member)> {
        let oldest = if self.len() < CHECK_SERIES {
            None
        } else {
            self.pop()
        };
        let serial = self.next;
        self.next = serial.wrapping_add(1);
        self.index.insert(hash, serial);
        let lone = Lone {
            hash,
            key,
            member: Some(member),
        };
        match self.ring.get_mut(place(serial)) {
            Some(gone) => *gone = lone,
            None => self.ring.push(lone),
        }
        oldest
    }

    fn pop(&mut self) -> Option<(SeriesKey, Member)> {
        let serial = self.oldest;
        self.oldest = serial.wrapping_add(1);
        let oldest = self.ring.get_mut(place(serial))?;
        let (hash, key, member) = (oldest.hash, oldest.key, oldest.member.take()?);
        self.index.remove(hash, serial);
        // Another one to leave soon ...
        if let Some(soon) = self.ring.get(place(self.oldest.wrapping_add(AHEAD))) {
            prefetch_index(slice::from_ref(&soon.key), 0);
            prefetch_index(slice::from_ref(&soon.member), 0);
            prefetch_index(slice::from_ref(&soon.member), 1);
        }
        // ... and the next one.
        if let Some(next) = self.ring.get(place(self.oldest)) {
            self.index.fetch(next.hash);
        }
        Some((key, member))
    }

    /// How many there are, at most.
    #[inline]
    fn len(&self) -> usize {
        self.next.wrapping_sub(self.oldest) as usize
    }

    /// Takes all of them, in the order in which they came.
    pub(super) fn drain(&mut self, mut each: impl FnMut(SeriesKey, &Member)) {
        for way in 0..self.len() as u32 {
            let lone = self.ring.get(place(self.oldest.wrapping_add(way)));
            if let Some(lone) = lone
                && let Some(member) = &lone.member
            {
                each(lone.key, member);
            }
        }
        self.ring.clear();
        self.index = Index::default();
        (self.oldest, self.next) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::aggregate::tracker::AtSyn;
    use crate::aggregate::waiting::Waiting;
    use crate::classify::Ending;
    use crate::frame::InterfaceId;
    use crate::time::Timestamp;

    fn member(number: u64) -> Member {
        Member {
            start: Timestamp::default(),
            waiting: Waiting::FRESH,
            star_syn: AtSyn::default(),
            listed: None,
            ending: Ending::Request10,
            frame: (InterfaceId(0), number),
        }
    }

    /// What a ring tells is what a queue of all would, of kinds that come, come again and are taken.
    #[test]
    fn the_oldest_leave_and_the_others_are_found() {
        let mut lones = Lones::default();
        let mut queue: VecDeque<(SeriesKey, Option<u64>)> = VecDeque::new();
        for number in 0..3 * CHECK_SERIES as u64 {
            let key = (number as u32 % 3, NonZeroU64::new(number + 1));
            let hash = lones.hash(key);
            assert!(lones.get_mut(key, hash).is_none());
            let left = lones.push(key, hash, member(number));
            let oldest = if queue.len() < CHECK_SERIES {
                None
            } else {
                queue.pop_front()
            };
            let expected = oldest.and_then(|(key, close)| Some((key, close?)));
            assert_eq!(left.map(|(key, member)| (key, member.frame.1)), expected);
            queue.push_back((key, Some(number)));
            if number.is_multiple_of(7) {
                let at = (number as usize * 31) % queue.len();
                let (key, close) = &mut queue[at];
                let hash = lones.hash(*key);
                assert_eq!(lones.get_mut(*key, hash).map(|member| member.frame.1), *close);
                assert_eq!(lones.take(*key, hash).map(|member| member.frame.1), close.take());
            }
            assert_eq!(lones.len(), queue.len());
        }
        let mut left = Vec::new();
        lones.drain(|key, member| left.push((key, member.frame.1)));
        let expected: Vec<_> = queue
            .into_iter()
            .filter_map(|(key, close)| Some((key, close?)))
            .collect();
        assert_eq!(left, expected);
        assert_eq!(lones.len(), 0);
        lones.drain(|_, _| panic!("nobody is left"));
    }
}
