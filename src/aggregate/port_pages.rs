//! A word for each client port of each pair of client and server, in pages of ports: few pairs use many ports, and those
//! that they use are far from each other.

use prefetch_index::prefetch_index;

use crate::limits::PORT_PAGES;

/// Ports to a page.
const PAGE: usize = 256;
/// So many neighbouring ports are looked at together.
const PART: usize = 4;

/// The pages of all pairs. What says where they are takes little room, so that only their words are far away.
#[derive(Debug, Default)]
pub(super) struct PortPages {
    words: Vec<[u32; PAGE]>,
    /// A bit for each part of a page in which a word may not be 0: most ports were not used.
    used: Vec<u64>,
}

/// Where the pages of one pair are among all.
#[derive(Debug, Default)]
pub(super) struct PagesOf {
    places: Vec<u16>,
}

impl PagesOf {
    /// The place of a page that is not there.
    const NONE: u16 = u16::MAX;

    #[inline]
    fn place(&self, port: u16) -> usize {
        let place = self.places.get(usize::from(port) / PAGE);
        usize::from(place.copied().unwrap_or(Self::NONE))
    }
}

impl PortPages {
    /// Asks for the memory of a port's word: it will be looked at soon.
    #[inline]
    pub(super) fn fetch(&self, of: &PagesOf, port: u16) {
        if let Some(words) = self.words.get(of.place(port)) {
            prefetch_index(words.as_slice(), usize::from(port) % PAGE);
        }
    }

    /// Puts a word in the place of the one that is returned, 0 if there was none; nothing if there is no page for it.
    #[inline]
    pub(super) fn replace(&mut self, of: &PagesOf, port: u16, word: u32) -> Option<u32> {
        const { assert!(PAGE / PART == u64::BITS as usize) };
        let (page, place) = (of.place(port), usize::from(port) % PAGE);
        let words = self.words.get_mut(page)?;
        *self.used.get_mut(page)? |= 1 << (place / PART);
        Some(std::mem::replace(&mut words[place], word))
    }

    /// Makes a page for a port that has none; returns whether there was room for it.
    #[cold]
    #[inline(never)]
    pub(super) fn add(&mut self, of: &mut PagesOf, port: u16) -> bool {
        const { assert!(PORT_PAGES < PagesOf::NONE as usize) };
        if self.words.len() >= PORT_PAGES {
            return false;
        }
        let page = usize::from(port) / PAGE;
        if of.places.len() <= page {
            of.places.resize(page + 1, PagesOf::NONE);
        }
        of.places[page] = self.words.len() as u16;
        self.words.push([0; PAGE]);
        self.used.push(0);
        true
    }

    /// Shows the parts of a pair's pages in which words may not be 0, neighbours together.
    pub(super) fn each_used(&self, of: &PagesOf, mut each: impl FnMut(&[u32])) {
        for page in &of.places {
            let page = usize::from(*page);
            let (Some(words), Some(used)) = (self.words.get(page), self.used.get(page)) else {
                continue;
            };
            let mut behind = 0;
            while let Some(left) = used.checked_shr(behind).filter(|left| *left != 0) {
                let from = behind + left.trailing_zeros();
                behind = from + used.wrapping_shr(from).trailing_ones();
                each(&words[from as usize * PART..behind as usize * PART]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::aggregate::numbers::numbers;

    /// Pages hold what a map of all words would, of several pairs whose pages are made in turn.
    #[test]
    fn words_are_where_they_were_put() {
        let mut next = numbers(3);
        let mut pages = PortPages::default();
        let mut pairs: [(PagesOf, BTreeMap<u16, u32>); 3] = Default::default();
        for _ in 0..20_000 {
            let (of, words) = &mut pairs[next() as usize % 3];
            let port = (next() % 1_500 * (next() % 44)) as u16;
            let word = next() as u32 % 3;
            pages.fetch(of, port);
            let before = pages.replace(of, port, word).unwrap_or_else(|| {
                assert!(pages.add(of, port));
                pages.replace(of, port, word).expect("a page was made for it")
            });
            assert_eq!(words.insert(port, word).unwrap_or(0), before);
        }
        for (of, words) in &pairs {
            let mut used: Vec<u32> = Vec::new();
            pages.each_used(of, |part| used.extend(part.iter().filter(|word| **word != 0)));
            let expected: Vec<u32> = words.values().copied().filter(|word| *word != 0).collect();
            assert_eq!(used, expected);
        }
    }

    #[test]
    fn there_is_a_most_of_pages() {
        let (mut pages, mut pairs) = (PortPages::default(), Vec::new());
        for _ in 0..=PORT_PAGES / 256 {
            let mut of = PagesOf::default();
            let made = (0..=u16::MAX)
                .step_by(PAGE)
                .filter(|port| pages.add(&mut of, *port));
            pairs.push(made.count());
        }
        assert_eq!(pairs.iter().sum::<usize>(), PORT_PAGES);
        assert_eq!(pairs.last(), Some(&0));
    }
}
