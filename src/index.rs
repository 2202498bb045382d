//! Numbers by hash, one word each: a look touches one line of memory, which can be asked for beforehand, and growing touches
//! nothing else.
//!
//! Open addressing with linear probing (Knuth, The Art of Computer Programming, volume 3, section 6.4, algorithms L and R).
//! An entry holds half of its hash, which nearly always tells whether it is the one that is looked for, and where it
//! belongs. The hash must be seeded: who could choose it could make all entries neighbours.

use prefetch_index::prefetch_index;

/// A new index has so many places.
const LEAST: usize = 16;

/// What an entry holds of its hash, in its upper half. Never 0, since 0 is an empty place.
#[inline]
const fn tag(hash: u64) -> u64 {
    (hash >> 32 | 1) << 32
}

/// Whether an entry, not an empty place, holds what one of this hash would. The lowest bit of the tag says nothing.
#[inline]
const fn has_tag_of(word: u64, hash: u64) -> bool {
    (word ^ hash) >> 33 == 0
}

/// The number in an entry.
#[inline]
const fn number(word: u64) -> u32 {
    word as u32
}

/// Numbers by hash. Several may have one hash: what looks for one says which it means.
#[derive(Debug)]
pub struct Index {
    /// A power of two of them; half of them are empty at least.
    words: Vec<u64>,
    len: usize,
    /// By how much a word is shifted to get the place where it belongs.
    shift: u32,
}

impl Default for Index {
    fn default() -> Self {
        Self::with_places(LEAST)
    }
}

impl Index {
    fn with_places(places: usize) -> Self {
        Self {
            words: vec![0; places],
            len: 0,
            shift: u64::BITS - places.trailing_zeros(),
        }
    }

    /// Where an entry belongs: the upper bits of its hash, or of itself, which are the same.
    #[inline]
    const fn home(&self, word: u64) -> usize {
        (word >> self.shift) as usize
    }

    #[inline]
    const fn mask(&self) -> usize {
        self.words.len() - 1
    }

    /// The word at a place, counted round.
    #[inline]
    fn word(&self, place: usize) -> u64 {
        self.words.get(place & self.mask()).copied().unwrap_or(0)
    }

    /// Asks for the memory where entries of this hash are, without waiting for it.
    #[inline]
    pub fn fetch(&self, hash: u64) {
        prefetch_index(&self.words, self.home(hash));
    }

    /// The number with this hash that `is_it` accepts.
    #[expect(
        clippy::inline_always,
        reason = "looked for once for nearly every packet, mostly at the first place"
    )]
    #[inline(always)]
    #[must_use]
    pub fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let first = self.word(self.home(hash));
        if first == 0 {
            return None;
        }
        if has_tag_of(first, hash) && is_it(number(first)) {
            return Some(number(first));
        }
        self.place_from(1, hash, is_it).map(|(_, number)| number)
    }

    /// The first number whose entry looks as if it had this hash: nearly always the one that has it. Where a hash says next to
    /// nothing, an empty place may look so, too.
    #[expect(
        clippy::inline_always,
        reason = "looked for once for nearly every packet, mostly at the first place"
    )]
    #[inline(always)]
    #[must_use]
    pub fn first(&self, hash: u64) -> Option<u32> {
        let mut place = self.home(hash);
        loop {
            let word = self.word(place);
            if has_tag_of(word, hash) {
                return Some(number(word));
            }
            if word == 0 {
                return None;
            }
            place += 1;
        }
    }

    fn place(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<(usize, u32)> {
        self.place_from(0, hash, is_it)
    }

    /// Where it is, looking from so many places behind the one where it belongs.
    #[inline(never)]
    fn place_from(&self, behind: usize, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<(usize, u32)> {
        let mut place = self.home(hash) + behind;
        loop {
            let word = self.word(place);
            if word == 0 {
                return None;
            }
            if has_tag_of(word, hash) && is_it(number(word)) {
                return Some((place & self.mask(), number(word)));
            }
            place += 1;
        }
    }

    /// Adds a number, which no entry with this hash has.
    pub fn insert(&mut self, hash: u64, number: u32) {
        if (self.len + 1) * 2 > self.words.len() {
            self.grow();
        }
        self.len += 1;
        self.put(tag(hash) | u64::from(number));
    }

    fn put(&mut self, word: u64) {
        let mut place = self.home(word);
        while self.word(place) != 0 {
            place += 1;
        }
        self.set(place, word);
    }

    #[inline]
    fn set(&mut self, place: usize, word: u64) {
        let place = place & self.mask();
        if let Some(here) = self.words.get_mut(place) {
            *here = word;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let larger = Self::with_places(self.words.len() * 2);
        let len = self.len;
        let words = std::mem::replace(self, larger).words;
        for word in words {
            if word != 0 {
                self.put(word);
            }
        }
        self.len = len;
    }

    /// Another number takes the place of one with this hash.
    pub fn replace(&mut self, hash: u64, from: u32, to: u32) {
        let home = self.home(hash);
        if self.word(home) == tag(hash) | u64::from(from) {
            self.set(home, tag(hash) | u64::from(to));
        } else if let Some((place, _)) = self.place(hash, |number| number == from) {
            self.set(place, tag(hash) | u64::from(to));
        }
    }

    /// Takes out a number with this hash; returns whether it was there.
    pub fn remove(&mut self, hash: u64, number: u32) -> bool {
        let Some((mut hole, _)) = self.place(hash, |other| other == number) else {
            return false;
        };
        self.len -= 1;
        let mask = self.mask();
        let mut place = hole;
        loop {
            place = (place + 1) & mask;
            let word = self.word(place);
            if word == 0 {
                break;
            }
            // It moves up unless that were before the place where it belongs.
            let displaced = place.wrapping_sub(self.home(word)) & mask;
            let gap = place.wrapping_sub(hole) & mask;
            if displaced >= gap {
                self.set(hole, word);
                hole = place;
            }
        }
        self.set(hole, 0);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever is added, replaced and taken out, in a table whose entries are crowded: what is found is what a list
        /// of the entries holds.
        #[test]
        fn finds_what_is_there(steps in proptest::collection::vec((0_u64..12, 0_u32..40, 0_u8..4), 0..400)) {
            let mut index = Index::default();
            let mut list: Vec<(u64, u32)> = Vec::new();
            for (kind, number, what) in steps {
                // Some at the last places, so that entries go round the end.
                let hash = if kind < 9 { u64::MAX - (kind << 59) } else { kind << 33 };
                let known = list.iter().position(|entry| *entry == (hash, number));
                match (what, known) {
                    (0 | 1, None) => {
                        index.insert(hash, number);
                        list.push((hash, number));
                    }
                    (2, Some(at)) if !list.contains(&(hash, number + 40)) => {
                        index.replace(hash, number, number + 40);
                        list[at].1 = number + 40;
                    }
                    (3, known) => {
                        prop_assert_eq!(index.remove(hash, number), known.is_some());
                        known.map(|at| list.swap_remove(at));
                    }
                    _ => {}
                }
                prop_assert_eq!(index.len, list.len());
            }
            for (hash, number) in &list {
                prop_assert_eq!(index.find(*hash, |other| other == *number), Some(*number));
            }
            let mut held: Vec<u32> = index.words.iter().filter(|word| **word != 0).map(|word| *word as u32).collect();
            let mut expected: Vec<u32> = list.iter().map(|(_, number)| *number).collect();
            held.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(held, expected);
        }
    }

    #[test]
    fn numbers_of_all_bits_are_told_from_empty_places() {
        let mut index = Index::default();
        for number in [0, 1, u32::MAX] {
            index.insert(0, number);
        }
        assert_eq!(index.find(0, |number| number == 0), Some(0));
        assert_eq!(index.find(0, |number| number == u32::MAX), Some(u32::MAX));
        assert!(index.remove(0, 0));
        assert_eq!(index.find(0, |number| number == 0), None);
        assert_eq!(index.find(0, |number| number == 1), Some(1));
    }
}
