//! What the index says of a key some packets before its segment is analysed, and what is left of that by then.

use std::hint::cold_path;
use std::slice;

use prefetch_index::prefetch_index;

use super::key::{KeyTag, ShortKey};
use super::table::{FlowTable, Known, Pointer, Slot};

/// What the index says of a key at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Glimpse {
    /// What seemed to have the key; [`Pointer::NOWHERE`] if nothing did.
    pointer: Pointer,
    /// As long as so many connections have come whose keys might be this one, nothing has it. Where something seemed to have
    /// it there never are so many.
    nothing_at: u32,
}

impl Glimpse {
    /// Nothing, before there was anything to see.
    pub const NOTHING: Self = Self {
        pointer: Pointer::NOWHERE,
        nothing_at: 0,
    };
}

impl<V> FlowTable<V> {
    /// What the index seems to say of a key with this tag, to be [looked at](Self::look_at) later. Where a connection seems to
    /// live is asked for meanwhile. Of a segment that `opens` a connection it is not asked what the index says: nearly always
    /// nothing, and which segments these are no processor foresees.
    #[inline]
    #[must_use]
    pub fn glimpse(&self, tag: KeyTag, opens: bool) -> Glimpse {
        let last = self.latest.last(tag);
        let came = last.rest == Latest::rest(tag);
        if !(came | opens) {
            return self.glimpse_in_index(tag);
        }
        // Of one that opens it is another one's: asked for in vain, but without a branch.
        self.fetch_slot(last.place);
        Glimpse {
            pointer: if came {
                Pointer(last.place)
            } else {
                Pointer::NOWHERE
            },
            nothing_at: Latest::NEVER,
        }
    }

    /// Of one that is not among those that came last.
    #[inline]
    fn glimpse_in_index(&self, tag: KeyTag) -> Glimpse {
        let Some(place) = self.index.first(tag.hash()) else {
            return Glimpse {
                pointer: Pointer::NOWHERE,
                nothing_at: self.latest.came(tag),
            };
        };
        // Of a tombstone there is no such place.
        self.fetch_slot(place);
        Glimpse {
            pointer: Pointer(place),
            nothing_at: Latest::NEVER,
        }
    }

    #[inline]
    fn fetch_slot(&self, place: u32) {
        if let Some(slot) = self.slots.get(place as usize) {
            slot.fetch();
        }
    }

    /// Where the connection with this key lives, if an earlier glimpse showed it or it is among those that came last.
    #[expect(
        clippy::inline_always,
        reason = "what lives there is looked at next, and need not be looked for again"
    )]
    #[inline(always)]
    #[must_use]
    pub fn seen(&self, glimpse: Glimpse, key: ShortKey, tag: KeyTag) -> Option<usize> {
        let (shown, last) = (glimpse.pointer.0 as usize, self.latest.place(tag));
        // Of a tombstone and of nothing a glimpse is beyond all places. Chosen without a branch, which nothing could foresee.
        let place = if shown < self.slots.len() { shown } else { last };
        self.lives_at(place, key)
    }

    #[expect(clippy::inline_always, reason = "done for nearly every packet")]
    #[inline(always)]
    fn lives_at(&self, place: usize, key: ShortKey) -> Option<usize> {
        let slot = self.slots.get(place)?;
        (slot.key.is(key) && slot.value.is_some()).then_some(place)
    }

    /// What is known of a key of which it has [not been seen](Self::seen) that its connection lives.
    #[must_use]
    pub fn look_at(&self, glimpse: Glimpse, key: ShortKey, tag: KeyTag) -> Known {
        if glimpse.nothing_at == self.latest.came(tag) || self.index.first(tag.hash()).is_none() {
            Known::Nothing
        } else {
            cold_path();
            self.look(&key.into())
        }
    }
}

impl<V> Slot<V> {
    /// Asks for the key, and what lies next to it.
    #[inline]
    fn fetch(&self) {
        let key = slice::from_ref(&self.key);
        // Of 40 bytes each.
        for keys in [0, 2, 3] {
            prefetch_index(key, keys);
        }
    }
}

/// Where the connections live that came last, by their tags: nearly all that have packets are among them, and are found
/// without looking through neighbours in the index.
#[derive(Debug)]
pub(super) struct Latest(Box<[Came; Self::MOST]>);

/// The last connection that came with some lower bits of the tag.
#[derive(Clone, Copy, Debug)]
struct Came {
    /// Where it lives.
    place: u32,
    /// The upper bits of its tag.
    rest: u16,
    /// How many came with the same lower bits, counted round.
    count: u16,
}

impl Came {
    /// None came.
    const NOTHING: Self = Self {
        place: Pointer::NOWHERE.0,
        rest: 0,
        count: 0,
    };
}

impl Default for Latest {
    #[expect(
        clippy::large_stack_arrays,
        reason = "made once an engine, and where its end is known a look needs no check"
    )]
    fn default() -> Self {
        Self(Box::new([Came::NOTHING; Self::MOST]))
    }
}

impl Latest {
    const MOST: usize = 4_096;

    /// No number of connections that came.
    const NEVER: u32 = u32::MAX;

    #[inline]
    fn last(&self, tag: KeyTag) -> &Came {
        &self.0[tag.bits() % Self::MOST]
    }

    #[inline]
    const fn rest(tag: KeyTag) -> u16 {
        (tag.bits() >> u16::BITS) as u16
    }

    #[inline]
    fn place(&self, tag: KeyTag) -> usize {
        self.last(tag).place as usize
    }

    #[inline]
    fn came(&self, tag: KeyTag) -> u32 {
        self.last(tag).count.into()
    }

    #[inline]
    pub(super) fn note(&mut self, tag: KeyTag, place: usize) {
        let last = &mut self.0[tag.bits() % Self::MOST];
        *last = Came {
            place: place as u32,
            rest: Self::rest(tag),
            count: last.count.wrapping_add(1),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{FlowKey, KeyHasher, Link, Tombstone};
    use crate::sequence::SeqNumber;
    use crate::time::Timestamp;
    use crate::u48::U48;

    fn key(port: u16) -> ShortKey {
        ShortKey::of([0x0a00_0001_0a00_0002, u64::from(port) << 16 | 0x50]).0
    }

    fn tombstone(id: u64) -> Tombstone {
        Tombstone {
            left_at: Timestamp::default(),
            id: U48::from(id),
            expired: false,
            has_isn: false,
            isn: SeqNumber(0),
            link: Link::NONE,
        }
    }

    fn buried(known: &Known) -> Option<u64> {
        match known {
            Known::Dead(tombstone) => Some(tombstone.id.get()),
            _ => None,
        }
    }

    #[test]
    fn a_glimpse_does_not_outlive_what_it_showed() {
        let hasher = KeyHasher::default();
        let mut table = FlowTable::new(8, hasher.clone());
        let (first, second) = (key(1), key(2));
        let tag = hasher.tag(first);
        let nothing = table.glimpse(tag, false);
        let place = table.insert(first.into(), 'a');
        assert_eq!(table.seen(nothing, first, tag), Some(place));
        assert!(matches!(table.look_at(nothing, first, tag), Known::Living(at) if at == place));
        let living = table.glimpse(tag, false);
        assert_eq!(table.seen(living, first, tag), Some(place));
        table.insert(second.into(), 'b');
        assert_eq!(table.seen(living, first, tag), Some(place));
        table.bury(place, tombstone(7));
        assert_eq!(table.seen(living, first, tag), None);
        assert_eq!(buried(&table.look_at(living, first, tag)), Some(7));
        // Another connection takes the place, not the key.
        let dead = table.glimpse(tag, false);
        assert_eq!(table.insert(key(3).into(), 'c'), place);
        assert_eq!(table.seen(living, first, tag), None);
        assert_eq!(buried(&table.look_at(living, first, tag)), Some(7));
        assert_eq!(buried(&table.look_at(dead, first, tag)), Some(7));
    }

    /// However many came since, and whether they are among the latest or others came in their places.
    #[test]
    fn what_came_since_a_glimpse_is_found() {
        came_since(false);
        came_since(true);
    }

    fn came_since(opens: bool) {
        let hasher = KeyHasher::default();
        let mut table = FlowTable::new(8, hasher.clone());
        let keys = [1, 2, 3].map(|block| (block * 10_000..block * 10_000 + 4_000).map(key));
        for keys in keys {
            let keys: Vec<ShortKey> = keys.collect();
            let glimpse = |key: &ShortKey| table.glimpse(hasher.tag(*key), opens);
            let glimpses: Vec<Glimpse> = keys.iter().map(glimpse).collect();
            let nothing =
                |(key, glimpse): (&ShortKey, &Glimpse)| table.look_at(*glimpse, *key, hasher.tag(*key));
            let mut looks = keys.iter().zip(&glimpses).map(nothing);
            assert!(looks.all(|known| matches!(known, Known::Nothing)));
            for key in &keys {
                table.insert(FlowKey::from(*key), 'a');
            }
            for (key, glimpse) in keys.iter().zip(glimpses) {
                let tag = hasher.tag(*key);
                let place = table.find(&FlowKey::from(*key));
                assert!(matches!(table.look_at(glimpse, *key, tag), Known::Living(at) if Some(at) == place));
                let seen = table.seen(glimpse, *key, tag);
                assert!(seen.is_none() || seen == place);
            }
        }
    }
}
