//! Which connections a leg had, in so few numbers that a report can carry them: enough to tell whether two captures saw
//! the same ones.
//!
//! A connection is known by the initial sequence numbers of both ends (RFC 9293 section 3.4.1), which NAT and
//! routers leave alone: they are the same wherever it is captured, whatever its addresses are there. (Proxies open connections of
//! their own; some firewalls give numbers of their own: randomization, SYN proxies.) Of the connections'
//! numbers, which are hashed, the least are kept (a bottom-k sketch; Cohen and Kaplan, PODC 2007). Two captures keep the same ones of
//! what both saw, so that of the smaller one's that are known of both, the share that is in both stands for all of it.

use std::num::NonZeroU64;

use crate::limits::OPENINGS_KEPT;

/// The openings of a leg's connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Openings {
    /// Connections of which both initial sequence numbers were captured.
    count: u64,
    /// The least of their numbers, ascending, at most [`OPENINGS_KEPT`].
    least: Vec<u64>,
}

/// How many connections two legs have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InCommon {
    /// Connections in both.
    pub count: u64,
    /// Whether it was counted; else it is estimated from a sample.
    pub exact: bool,
}

impl Openings {
    /// What a report says of them: `least` in any order.
    #[must_use]
    pub fn from_parts(count: u64, mut least: Vec<u64>) -> Self {
        least.sort_unstable();
        least.dedup();
        least.truncate(OPENINGS_KEPT);
        Self {
            count: count.max(least.len() as u64),
            least,
        }
    }

    /// Notes a connection.
    #[inline]
    pub fn note(&mut self, opening: NonZeroU64) {
        self.count += 1;
        if self.least.len() < OPENINGS_KEPT || self.least.last().is_some_and(|last| opening.get() < *last) {
            self.keep(opening.get());
        }
    }

    #[cold]
    #[inline(never)]
    fn keep(&mut self, opening: u64) {
        if let Err(place) = self.least.binary_search(&opening) {
            self.least.insert(place, opening);
            self.least.truncate(OPENINGS_KEPT);
        }
    }

    /// Adds those of other connections.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        other.least.iter().for_each(|opening| self.keep(*opening));
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Those that are kept, ascending.
    #[must_use]
    pub fn least(&self) -> &[u64] {
        &self.least
    }

    /// Whether each one is kept.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.least.len() as u64 == self.count
    }

    /// How many of them are in `other`, too, and of how many of those of the smaller one that is known.
    #[must_use]
    pub fn in_common(&self, other: &Self) -> (InCommon, usize) {
        // What lies below the bound is known of both sides.
        let bound = |side: &Self| {
            let last = side.least.last().copied().unwrap_or(0);
            if side.is_whole() { u64::MAX } else { last }
        };
        let bound = bound(self).min(bound(other));
        let known = |side: &Self| side.least.partition_point(|opening| *opening <= bound);
        let (mine, theirs) = (&self.least[..known(self)], &other.least[..known(other)]);
        let both = mine
            .iter()
            .filter(|opening| theirs.binary_search(opening).is_ok())
            .count();
        let (smaller, count) = if self.count <= other.count {
            (mine.len(), self.count)
        } else {
            (theirs.len(), other.count)
        };
        let share = both as f64 / smaller.max(1) as f64;
        let estimate = (share.min(1.0) * count as f64).round() as u64;
        let exact = self.is_whole() && other.is_whole();
        let in_common = InCommon {
            count: if exact { both as u64 } else { estimate },
            exact,
        };
        (in_common, smaller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SplitMix64, so that numbers are spread as hashes are.
    fn numbers(range: std::ops::Range<u64>) -> Openings {
        let mut openings = Openings::default();
        for n in range {
            let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            openings.note(NonZeroU64::new(z ^ (z >> 31)).unwrap());
        }
        openings
    }

    #[test]
    fn few_are_counted_exactly() {
        let (a, b) = (numbers(1..41), numbers(31..61));
        let ten = InCommon {
            count: 10,
            exact: true,
        };
        assert_eq!(a.in_common(&b), (ten, 30));
        assert_eq!(b.in_common(&a), a.in_common(&b));
        assert_eq!(a.in_common(&Openings::default()).0.count, 0);
    }

    #[test]
    fn many_are_estimated() {
        let (a, b) = (numbers(1..100_001), numbers(50_001..150_001));
        let (both, known) = a.in_common(&b);
        assert!(
            !both.exact && known > 50 && (35_000..65_000).contains(&both.count),
            "{both:?} of {known}"
        );
        assert_eq!(a.in_common(&a).0.count, 100_000);
        assert_eq!(a.in_common(&numbers(200_000..300_000)).0.count, 0);
        // Of a small one in a large one hardly anything is known, and that is said.
        let (part, known) = a.in_common(&numbers(500..520));
        assert!(part.count <= 20 && known < 3);
    }

    #[test]
    fn what_is_merged_is_as_if_noted_together() {
        let mut merged = numbers(1..1_000);
        merged.merge(&numbers(1_000..5_000));
        assert_eq!(merged, numbers(1..5_000));
        let parts = Openings::from_parts(merged.count(), merged.least().iter().rev().copied().collect());
        assert_eq!(parts, merged);
    }
}
