//! Packet time. Nothing in the analysis reads a clock: every duration, timeout and rate comes from packet timestamps.

use std::fmt;

/// A span of packet time in nanoseconds; negative where a capture runs backwards.
pub type Nanos = i64;

/// One microsecond in [`Nanos`].
pub const MICROSECOND: Nanos = 1_000;
/// One millisecond in [`Nanos`].
pub const MILLISECOND: Nanos = 1_000_000;
/// One second in [`Nanos`].
pub const SECOND: Nanos = 1_000_000_000;

/// When a packet was captured: nanoseconds since 1970-01-01 00:00:00 UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest representable time; older than any packet.
    pub const MIN: Self = Self(i64::MIN);

    /// A timestamp from nanoseconds since the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// A timestamp from whole seconds and nanoseconds, saturating where a file holds nonsense.
    #[must_use]
    pub const fn from_parts(seconds: i64, nanos: i64) -> Self {
        Self(seconds.saturating_mul(SECOND).saturating_add(nanos))
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Seconds since the epoch, for reports.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// Time since `earlier`, negative if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Nanos {
        self.0.saturating_sub(earlier.0)
    }

    /// This time moved by `span`.
    #[must_use]
    pub const fn plus(self, span: Nanos) -> Self {
        Self(self.0.saturating_add(span))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{:09}",
            self.0.div_euclid(SECOND),
            self.0.rem_euclid(SECOND)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_saturate_instead_of_wrapping() {
        assert_eq!(
            Timestamp::from_parts(i64::MAX, 5),
            Timestamp::from_nanos(i64::MAX)
        );
        assert_eq!(Timestamp::from_parts(1, 5).nanos(), SECOND + 5);
    }

    #[test]
    fn since_is_signed() {
        let (a, b) = (Timestamp::from_parts(1, 0), Timestamp::from_parts(3, 0));
        assert_eq!(b.since(a), 2 * SECOND);
        assert_eq!(a.since(b), -2 * SECOND);
    }
}
