//! Which connections a leg had, in so few numbers that a report can carry them: enough to tell whether two captures saw
//! the same ones.
//!
//! A connection is known by the initial sequence numbers of both ends (RFC 9293 section 3.4.1), which no NAT and no
//! router changes: they are the same wherever it is captured, whatever its addresses are there. Of the connections'
//! numbers, which are hashed, the least are kept (a bottom-k sketch; Cohen and Kaplan, PODC 2007). Two captures keep the same ones of
//! what both saw, so that the share of the least of both together that is in both is the share of all that is in both.

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
    fn is_whole(&self) -> bool {
        self.least.len() as u64 == self.count
    }

    /// How many of them are in `other`, too.
    #[must_use]
    pub fn in_common(&self, other: &Self) -> InCommon {
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
        if self.is_whole() && other.is_whole() {
            return InCommon {
                count: both as u64,
                exact: true,
            };
        }
        // |A and B| = J |A or B|, and |A or B| = |A| + |B| - |A and B|.
        let either = (mine.len() + theirs.len() - both) as f64;
        let jaccard = if either > 0.0 { both as f64 / either } else { 0.0 };
        let sum = self.count.saturating_add(other.count) as f64;
        let estimate = (jaccard * sum / (1.0 + jaccard)).round() as u64;
        InCommon {
            count: estimate.min(self.count).min(other.count),
            exact: false,
        }
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
        assert_eq!(
            a.in_common(&b),
            InCommon {
                count: 10,
                exact: true
            }
        );
        assert_eq!(b.in_common(&a), a.in_common(&b));
        assert_eq!(a.in_common(&Openings::default()).count, 0);
    }

    #[test]
    fn many_are_estimated() {
        let (a, b) = (numbers(1..100_001), numbers(50_001..150_001));
        let both = a.in_common(&b);
        assert!(!both.exact && (35_000..65_000).contains(&both.count), "{both:?}");
        assert_eq!(a.in_common(&a).count, 100_000);
        assert_eq!(a.in_common(&numbers(200_000..300_000)).count, 0);
        // All of a small one in a large one.
        let part = a.in_common(&numbers(500..520));
        assert!(part.count <= 20);
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
