//! What the index says of a key some packets before its segment is analysed, and what is left of that by then.

use std::hint::cold_path;

use prefetch_index::prefetch_index;

use super::key::{FlowKey, KeyHash};
use super::table::{FlowTable, Known, Pointer};

/// What the index says of a key at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Glimpse {
    /// What seemed to have the key; [`Pointer::NOWHERE`] if nothing did.
    pointer: Pointer,
    /// As long as the table has changed so often, nothing has the key. Where something seemed to have it that time is past.
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
    /// What the index seems to say of a key with this hash, to be [looked at](Self::look_at) later. Where a connection seems to
    /// live is asked for meanwhile.
    #[inline]
    #[must_use]
    pub fn glimpse(&self, KeyHash(hash): KeyHash) -> Glimpse {
        let Some(pointer) = self.index.first(hash).map(Pointer) else {
            return Glimpse {
                pointer: Pointer::NOWHERE,
                nothing_at: self.changes,
            };
        };
        if !pointer.is_dead() {
            prefetch_index(&self.slots, pointer.0 as usize);
        }
        Glimpse {
            pointer,
            nothing_at: self.changes.wrapping_sub(1),
        }
    }

    /// Where the connection with this key lives, if an earlier glimpse showed it.
    #[expect(
        clippy::inline_always,
        reason = "what lives there is looked at next, and need not be looked for again"
    )]
    #[inline(always)]
    #[must_use]
    pub fn seen(&self, glimpse: Glimpse, key: &FlowKey) -> Option<usize> {
        // Of a tombstone and of nothing this is beyond all places.
        let place = glimpse.pointer.0 as usize;
        let slot = self.slots.get(place)?;
        (slot.key == *key && slot.value.is_some()).then_some(place)
    }

    /// Where the connection with this key lives, if it came since an earlier glimpse, or took over the key of another one.
    #[inline(never)]
    #[must_use]
    pub fn come_since(&self, glimpse: Glimpse, key: &FlowKey, hash: KeyHash) -> Option<usize> {
        if glimpse.nothing_at == self.changes {
            return None;
        }
        let pointer = self.pointer(key, hash)?;
        (!pointer.is_dead()).then_some(pointer.0 as usize)
    }

    /// As [`look`](Self::look), with what an earlier glimpse showed.
    #[inline]
    #[must_use]
    pub fn look_at(&self, glimpse: Glimpse, key: &FlowKey, hash: KeyHash) -> Known {
        if let Some(place) = self.seen(glimpse, key) {
            Known::Living(place)
        } else if glimpse.nothing_at == self.changes {
            Known::Nothing
        } else {
            cold_path();
            self.known(self.pointer(key, hash))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Address;
    use crate::flow::{KeyHasher, Link, PathId, Tombstone};
    use crate::sequence::SeqNumber;
    use crate::time::Timestamp;
    use crate::u48::U48;

    fn key(port: u16) -> FlowKey {
        FlowKey {
            low: Address::v4([10, 0, 0, 1]),
            high: Address::v4([10, 0, 0, 2]),
            low_port: port,
            high_port: 80,
            path: PathId(0),
        }
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
        let mut table = FlowTable::new(8, KeyHasher::default());
        let (first, second) = (key(1), key(2));
        let nothing = table.glimpse(table.hash(&first));
        let place = table.insert(first, 'a');
        assert!(
            matches!(table.look_at(nothing, &first, table.hash(&first)), Known::Living(at) if at == place)
        );
        assert_eq!(table.seen(nothing, &first), None);
        assert_eq!(table.come_since(nothing, &first, table.hash(&first)), Some(place));
        let living = table.glimpse(table.hash(&first));
        assert_eq!(table.seen(living, &first), Some(place));
        table.insert(second, 'b');
        assert!(
            matches!(table.look_at(living, &first, table.hash(&first)), Known::Living(at) if at == place)
        );
        table.bury(place, tombstone(7));
        assert_eq!(table.seen(living, &first), None);
        assert_eq!(table.come_since(living, &first, table.hash(&first)), None);
        assert_eq!(
            buried(&table.look_at(living, &first, table.hash(&first))),
            Some(7)
        );
        // Another connection takes the place, not the key.
        let dead = table.glimpse(table.hash(&first));
        assert_eq!(table.insert(key(3), 'c'), place);
        assert_eq!(
            buried(&table.look_at(living, &first, table.hash(&first))),
            Some(7)
        );
        assert_eq!(buried(&table.look_at(dead, &first, table.hash(&first))), Some(7));
    }
}
