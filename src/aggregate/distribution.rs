//! Distributions that add: bounded memory, relative error at most 1.6 %, exact for whole numbers below 64.
//!
//! The idea is DDSketch's (Masson, Rim, Lee 2019: logarithmic buckets, mergeable by addition). The sketch crates keep
//! their buckets private, and a report must carry them so that reports of several captures can be added up; so the
//! buckets are ours. They are linear within an octave (32 to an octave), which needs no logarithm per value.

/// Buckets to an octave, as a power of two.
const SUB_BITS: u32 = 5;
/// Values below this have a bucket of their own each.
const EXACT: u64 = 2 << SUB_BITS;

/// Counts of non-negative whole numbers (microseconds, requests, milliseconds ...).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distribution {
    /// Counts of consecutive buckets from `first` on; memory follows the range used.
    counts: Vec<u64>,
    first: usize,
    sum: u128,
    max: u64,
}

/// The bucket that holds `value`.
#[inline]
fn bucket_of(value: u64) -> usize {
    // The exact ones are those of the octave 0.
    let octave = (value | (EXACT - 1)).ilog2() - SUB_BITS;
    (octave as usize) * (1 << SUB_BITS) + (value >> octave) as usize
}

/// The least value in `bucket`.
fn lower_bound(bucket: usize) -> u64 {
    if bucket < EXACT as usize {
        return bucket as u64;
    }
    let octave = bucket / (1 << SUB_BITS) - 1;
    let within = bucket - octave * (1 << SUB_BITS);
    (within as u64) << octave
}

impl Distribution {
    /// What [`buckets`](Self::buckets), sum and maximum say.
    #[must_use]
    pub fn from_buckets(buckets: impl Iterator<Item = (u64, u64)>, sum: u128, max: u64) -> Self {
        let mut whole = Self {
            sum,
            max,
            ..Self::default()
        };
        for (lower, n) in buckets {
            whole.add_bucket(bucket_of(lower), n);
        }
        whole
    }

    /// Counts one value.
    #[inline]
    pub fn add(&mut self, value: u64) {
        self.add_bucket(bucket_of(value), 1);
        self.sum += u128::from(value);
        if value > self.max {
            self.raise(value);
        }
    }

    #[cold]
    #[inline(never)]
    fn raise(&mut self, max: u64) {
        self.max = max;
    }

    /// Takes one value out again that was added before. The maximum stays.
    pub fn remove(&mut self, value: u64) {
        let at = bucket_of(value).wrapping_sub(self.first);
        if let Some(n) = self.counts.get_mut(at).filter(|n| **n > 0) {
            *n -= 1;
            self.sum = self.sum.saturating_sub(u128::from(value));
        }
    }

    #[inline]
    fn add_bucket(&mut self, bucket: usize, n: u64) {
        match self.counts.get_mut(bucket.wrapping_sub(self.first)) {
            Some(count) => *count += n,
            None => self.add_new_bucket(bucket, n),
        }
    }

    /// A value smaller or larger than all before it.
    #[cold]
    #[inline(never)]
    fn add_new_bucket(&mut self, bucket: usize, n: u64) {
        if self.counts.is_empty() {
            self.first = bucket;
        } else if bucket < self.first {
            let missing = self.first - bucket;
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = bucket;
        }
        let at = bucket - self.first;
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(at) {
            *count = count.saturating_add(n);
        }
    }

    /// Adds another distribution's counts.
    pub fn merge(&mut self, other: &Self) {
        for (lower, n) in other.buckets() {
            self.add_bucket(bucket_of(lower), n);
        }
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Their exact sum.
    #[must_use]
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The exact maximum.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Their exact mean, `None` if there are none.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let count = self.count();
        (count > 0).then(|| self.sum as f64 / count as f64)
    }

    /// The value at quantile `q` (0 to 1) within the error named above, `None` if there are none.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        #[expect(clippy::cast_sign_loss, reason = "q is clamped to 0..=1")]
        let rank = (q.clamp(0.0, 1.0) * (count - 1) as f64).round() as u64;
        let mut seen = 0;
        for (lower, n) in self.buckets() {
            seen += n;
            if seen > rank {
                let upper = lower_bound(bucket_of(lower) + 1).saturating_sub(1);
                return Some((lower as f64).midpoint(upper as f64).min(self.max as f64));
            }
        }
        Some(self.max as f64)
    }

    /// Every bucket that holds something: its least value and its count, ascending.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let used = self.counts.iter().enumerate().filter(|(_, n)| **n > 0);
        used.map(|(i, n)| (lower_bound(self.first + i), *n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_and_buckets_are_inverse_over_the_whole_range() {
        for bucket in 0..1_800 {
            assert_eq!(bucket_of(lower_bound(bucket)), bucket);
        }
        for shift in 0..64 {
            let value = 1_u64 << shift;
            assert!(lower_bound(bucket_of(value)) <= value);
        }
        assert!(bucket_of(u64::MAX) < 2_048);
    }

    #[test]
    fn small_values_have_a_bucket_each_and_the_next_one_has_the_next_bucket() {
        for value in 0..=EXACT {
            assert_eq!(
                (bucket_of(value), lower_bound(value as usize)),
                (value as usize, value)
            );
        }
        assert_eq!(bucket_of(EXACT + 1), EXACT as usize);
    }

    #[test]
    fn quantiles_stay_within_the_promised_error() {
        let mut d = Distribution::default();
        for value in 1..=100_000 {
            d.add(value);
        }
        for (q, want) in [(0.5, 50_000.0), (0.9, 90_000.0), (0.99, 99_000.0)] {
            let got = d.quantile(q).unwrap();
            assert!((got - want).abs() / want < 0.016, "{q}: {got}");
        }
        assert_eq!(d.max(), 100_000);
        assert_eq!(d.mean(), Some(50_000.5));
    }

    #[test]
    fn small_whole_numbers_are_exact() {
        let mut d = Distribution::default();
        for value in [1, 1, 1, 50, 63] {
            d.add(value);
        }
        assert_eq!(d.quantile(0.5), Some(1.0));
        assert_eq!(d.quantile(1.0), Some(63.0));
    }

    #[test]
    fn merging_equals_counting_together() {
        let (mut a, mut b, mut both) = (
            Distribution::default(),
            Distribution::default(),
            Distribution::default(),
        );
        for (i, value) in [5_u64, 1_000_000, 7, 0, 90].into_iter().enumerate() {
            if i % 2 == 0 {
                a.add(value);
            } else {
                b.add(value);
            }
            both.add(value);
        }
        b.merge(&a);
        assert_eq!(
            b.buckets().collect::<Vec<_>>(),
            both.buckets().collect::<Vec<_>>()
        );
        assert_eq!(
            (b.count(), b.sum(), b.max()),
            (both.count(), both.sum(), both.max())
        );
    }
}
