//! The table of living connections and the memory of dead ones.

use super::duplicate::Trail;
use super::glimpse::Latest;
use super::graves::{Grave, Graveyard, Tombstone};
use super::key::{FlowKey, KeyHash, KeyHasher, KeyTag, Sender};
use crate::decode::Segment;
use crate::index::Index;
use crate::time::Timestamp;

/// What is known of a key.
#[derive(Clone, Copy, Debug)]
pub enum Known {
    /// A connection lives at this place, which is its own until it is buried.
    Living(usize),
    /// One was there.
    Dead(Tombstone),
    /// Nothing.
    Nothing,
}

/// Where an entry of the index points to: a living connection, or (with the upper bit) a tombstone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pointer(pub(super) u32);

impl Pointer {
    pub(super) const DEAD: u32 = 1 << 31;

    /// No living connection is there.
    pub(super) const NOWHERE: Self = Self(u32::MAX);

    const fn living(place: usize) -> Self {
        Self(place as u32)
    }

    /// By its serial number, of which the lower bits are enough.
    pub(super) const fn dead(serial: u64) -> Self {
        Self(serial as u32 | Self::DEAD)
    }

    pub(super) const fn is_dead(self) -> bool {
        self.0 & Self::DEAD != 0
    }
}

/// A place for a connection. The key comes first: what is asked for by the place's beginning is looked at first.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Slot<V> {
    pub(super) key: FlowKey,
    pub(super) value: Option<V>,
}

/// Living connections by key, with what is kept for each, and tombstones for those that left.
///
/// One look at the index finds either. A connection stays where it is until it is buried; its place is used again.
#[derive(Debug)]
pub struct FlowTable<V> {
    pub(super) index: Index,
    hasher: KeyHasher,
    pub(super) slots: Vec<Slot<V>>,
    free: Vec<u32>,
    dead: Graveyard,
    max_dead: usize,
    cursor: usize,
    dropped_early: u64,
    pub(super) latest: Latest,
}

impl<V> FlowTable<V> {
    /// An empty table that remembers `max_dead` closed connections.
    #[must_use]
    pub fn new(max_dead: usize, hasher: KeyHasher) -> Self {
        Self {
            index: Index::default(),
            hasher,
            slots: Vec::new(),
            free: Vec::new(),
            dead: Graveyard::default(),
            max_dead,
            cursor: 0,
            dropped_early: 0,
            latest: Latest::default(),
        }
    }

    /// How many connections live.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether none lives.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Tombstones dropped before late segments could have stopped.
    #[must_use]
    pub fn dropped_early(&self) -> u64 {
        self.dropped_early
    }

    /// What keys are hashed by.
    #[must_use]
    pub fn hasher(&self) -> KeyHasher {
        self.hasher.clone()
    }

    /// What is known of a key with this tag is asked for, and will be at hand when it is looked for a little later.
    #[inline]
    pub fn fetch(&self, tag: KeyTag) {
        self.index.fetch(tag.hash());
    }

    #[inline]
    pub(super) fn hash(&self, key: &FlowKey) -> KeyHash {
        self.hasher.hash(key)
    }

    #[inline]
    pub(super) fn pointer(&self, key: &FlowKey, KeyHash(hash): KeyHash) -> Option<Pointer> {
        let Self {
            index, slots, dead, ..
        } = self;
        index
            .find(hash, |number| {
                stands_for(slots, dead, Pointer(number), (key, hash))
            })
            .map(Pointer)
    }

    /// What is known of a key.
    #[inline]
    #[must_use]
    pub fn look(&self, key: &FlowKey) -> Known {
        self.known(self.pointer(key, self.hash(key)))
    }

    #[inline]
    pub(super) fn known(&self, pointer: Option<Pointer>) -> Known {
        match pointer {
            None => Known::Nothing,
            Some(pointer) if pointer.is_dead() => self
                .dead
                .at(pointer)
                .map_or(Known::Nothing, |grave| Known::Dead(grave.tombstone)),
            Some(pointer) => Known::Living(pointer.0 as usize),
        }
    }

    /// The place of a living connection.
    #[inline]
    #[must_use]
    pub fn find(&self, key: &FlowKey) -> Option<usize> {
        let pointer = self
            .pointer(key, self.hash(key))
            .filter(|pointer| !pointer.is_dead());
        pointer.map(|pointer| pointer.0 as usize)
    }

    /// What is kept at a place, and its key.
    #[inline]
    pub fn living(&mut self, place: usize) -> Option<(&FlowKey, &mut V)> {
        let Slot { key, value } = self.slots.get_mut(place)?;
        Some((key, value.as_mut()?))
    }

    /// What is kept at a place.
    #[inline]
    pub fn at(&mut self, place: usize) -> Option<&mut V> {
        self.slots.get_mut(place)?.value.as_mut()
    }

    /// Adds a connection, of which none with its key lives, and returns its place.
    pub fn insert(&mut self, key: FlowKey, value: V) -> usize {
        self.insert_made(key, false, || value)
    }

    /// As [`insert`](Self::insert), of a large value that is made where it stays. If the key `is_unknown`, no tombstone has it
    /// either.
    #[expect(clippy::inline_always, reason = "a large value is made in place")]
    #[inline(always)]
    pub fn insert_made(&mut self, key: FlowKey, is_unknown: bool, make: impl FnOnce() -> V) -> usize {
        let place = self.vacant();
        if let Some(slot) = self.slots.get_mut(place) {
            slot.key = key;
            // Nothing is there that would have to be dropped, so that it need not be made elsewhere first.
            slot.value.get_or_insert_with(make);
        }
        let hash = self.hash(&key);
        self.latest.note(hash.tag(), place);
        let pointer = Pointer::living(place);
        if is_unknown {
            debug_assert!(self.pointer(&key, hash).is_none());
            self.index.insert(hash.0, pointer.0);
        } else {
            self.point(&key, hash, pointer);
        }
        place
    }

    /// A place where no connection lives.
    fn vacant(&mut self) -> usize {
        if let Some(place) = self.free.pop() {
            return place as usize;
        }
        self.slots.push(Slot {
            key: FlowKey::NONE,
            value: None,
        });
        self.slots.len() - 1
    }

    /// Makes the index point there, whatever it pointed to.
    fn point(&mut self, key: &FlowKey, hash: KeyHash, to: Pointer) {
        match self.pointer(key, hash) {
            Some(from) => self.index.replace(hash.0, from.0, to.0),
            None => self.index.insert(hash.0, to.0),
        }
    }

    /// Ends a connection and remembers it.
    pub fn bury(&mut self, place: usize, tombstone: Tombstone) {
        let Some(slot) = self.slots.get_mut(place).filter(|slot| slot.value.is_some()) else {
            return;
        };
        slot.value = None;
        self.remember(place, tombstone);
    }

    /// Takes a connection out and remembers it.
    pub fn remove(&mut self, place: usize, tombstone: Tombstone) -> Option<V> {
        let value = self.slots.get_mut(place)?.value.take()?;
        self.remember(place, tombstone);
        Some(value)
    }

    fn remember(&mut self, place: usize, tombstone: Tombstone) {
        let KeyHash(hash) = self.hash(&self.slots[place].key);
        self.free.push(place as u32);
        self.forget(tombstone.left_at);
        let to = self.dead.set(Grave { hash, tombstone });
        let from = Pointer::living(place);
        self.index.replace(hash, from.0, to.0);
    }

    /// Takes a connection out for good, at the end: the index is not kept.
    pub fn take(&mut self, place: usize) -> Option<(FlowKey, V)> {
        let slot = self.slots.get_mut(place)?;
        Some((slot.key, slot.value.take()?))
    }

    /// A place that no connection has had.
    #[must_use]
    pub fn beyond(&self) -> usize {
        self.slots.len()
    }

    /// Drops the oldest tombstones if there are too many, several at a time: their places in the index are far from each
    /// other in memory, and are asked for at the call before.
    fn forget(&mut self, now: Timestamp) {
        const SEVERAL: usize = 16;
        if self.dead.len() < self.max_dead {
            return;
        }
        for _ in 0..SEVERAL {
            let Some((pointer, oldest)) = self.dead.take_oldest() else {
                return;
            };
            // Another connection may have taken over its key.
            if self.index.remove(oldest.hash, pointer.0) {
                self.dropped_early += u64::from(oldest.tombstone.covers(now));
            }
        }
        for grave in self.dead.oldest(SEVERAL) {
            self.index.fetch(grave.hash);
        }
    }

    /// Whether a segment is a copy of one of the last packets of the connection buried under `key`.
    pub fn is_late_copy(
        &mut self,
        key: &FlowKey,
        trail: &mut Trail,
        segment: &Segment<'_>,
        sender: Sender,
    ) -> bool {
        let Some(pointer) = self
            .pointer(key, self.hash(key))
            .filter(|pointer| pointer.is_dead())
        else {
            return false;
        };
        self.dead
            .at_mut(pointer)
            .is_some_and(|grave| trail.is_duplicate(&mut grave.tombstone.link, segment, sender))
    }

    /// Keys of the next `count` places in turn, for looking after silent ones.
    pub fn next_in_turn(&mut self, count: usize) -> impl Iterator<Item = (&FlowKey, &V)> {
        let len = self.slots.len();
        // A part that all fit in has all of them each time.
        let start = if len <= count { 0 } else { self.cursor % len };
        self.cursor = start + count;
        let slots = self.slots.get(start..len.min(start + count)).unwrap_or_default();
        slots.iter().filter_map(Slot::living)
    }

    /// All living connections, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = (&FlowKey, &V)> {
        self.slots.iter().filter_map(Slot::living)
    }

    /// All living connections with their places.
    pub fn places(&self) -> impl Iterator<Item = (usize, &V)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(place, slot)| Some((place, slot.value.as_ref()?)))
    }

    /// The living connections of `count` places from `from` on.
    pub fn part(&self, from: usize, count: usize) -> impl Iterator<Item = (usize, &FlowKey, &V)> {
        let until = self.slots.len().min(from.saturating_add(count));
        let slots = self.slots.get(from..until).unwrap_or_default();
        let slots = (from..).zip(slots);
        slots.filter_map(|(place, slot)| slot.living().map(|(key, value)| (place, key, value)))
    }

    /// A living connection by its place.
    #[must_use]
    pub fn entry(&self, place: usize) -> Option<(&FlowKey, &V)> {
        self.slots.get(place)?.living()
    }

    /// What is kept at a place, to look at.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&V> {
        self.slots.get(place)?.value.as_ref()
    }
}

impl<V> Slot<V> {
    fn living(&self) -> Option<(&FlowKey, &V)> {
        self.value.as_ref().map(|value| (&self.key, value))
    }
}

#[inline]
fn stands_for<V>(
    slots: &[Slot<V>],
    dead: &Graveyard,
    pointer: Pointer,
    (key, hash): (&FlowKey, u64),
) -> bool {
    if pointer.is_dead() {
        dead.at(pointer).is_some_and(|grave| grave.hash == hash)
    } else {
        slots.get(pointer.0 as usize).is_some_and(|slot| slot.key == *key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::ShortKey;

    /// Otherwise it would depend on the number of engines which connections are looked after.
    #[test]
    fn a_small_table_has_its_turn_as_a_whole() {
        let mut table = FlowTable::new(8, KeyHasher::default());
        for port in 1..=5 {
            let (key, _) = ShortKey::of([0x0a00_0001_0a00_0002, u64::from(port) << 16 | 0x50]);
            table.insert(key.into(), port);
        }
        let mut turn = |count| -> Vec<u16> { table.next_in_turn(count).map(|(_, port)| *port).collect() };
        assert_eq!(turn(8), [1, 2, 3, 4, 5]);
        assert_eq!(turn(5), [1, 2, 3, 4, 5]);
        let parts = [turn(2), turn(2), turn(2)].concat();
        assert!((1..=5).all(|port| parts.contains(&port)), "{parts:?}");
    }
}
