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

    /// The span from `earlier` to this; none where that is later.
    #[inline]
    #[must_use]
    pub const fn after(self, earlier: Self) -> Nanos {
        if self.0 <= earlier.0 {
            return 0;
        }
        let span = self.0.wrapping_sub(earlier.0);
        // Too long a span looks negative.
        if span < 0 { Nanos::MAX } else { span }
    }

    /// This time moved by `span`.
    #[must_use]
    pub const fn plus(self, span: Nanos) -> Self {
        Self(self.0.saturating_add(span))
    }
}

/// A span that may be unknown, in the room of one: the least value stands for none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OptionalNanos(Nanos);

impl OptionalNanos {
    /// Not known.
    pub const NONE: Self = Self(Nanos::MIN);

    /// The span, if it is known.
    #[inline]
    #[must_use]
    pub const fn get(self) -> Option<Nanos> {
        if self.0 == Self::NONE.0 {
            None
        } else {
            Some(self.0)
        }
    }
}

impl Default for OptionalNanos {
    fn default() -> Self {
        Self::NONE
    }
}

impl From<Option<Nanos>> for OptionalNanos {
    #[inline]
    fn from(span: Option<Nanos>) -> Self {
        span.map_or(Self::NONE, |span| Self(span.max(Nanos::MIN + 1)))
    }
}

/// A time that may be unknown, in the room of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OptionalTimestamp(OptionalNanos);

impl OptionalTimestamp {
    /// Not known.
    pub const NONE: Self = Self(OptionalNanos::NONE);

    /// The time, if it is known.
    #[inline]
    #[must_use]
    pub fn get(self) -> Option<Timestamp> {
        self.0.get().map(Timestamp)
    }

    /// Whether it is known.
    #[inline]
    #[must_use]
    pub fn is_some(self) -> bool {
        self.get().is_some()
    }

    /// The time, if it was known; it is not any more.
    pub fn take(&mut self) -> Option<Timestamp> {
        std::mem::take(self).get()
    }
}

impl From<Option<Timestamp>> for OptionalTimestamp {
    #[inline]
    fn from(time: Option<Timestamp>) -> Self {
        Self(time.map(Timestamp::nanos).into())
    }
}

impl From<Timestamp> for OptionalTimestamp {
    #[inline]
    fn from(time: Timestamp) -> Self {
        Self(Some(time.0).into())
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

/// Reads a span as people type it: `90s`, `1.5s`, `250ms`, `10us`, `5m`, `2h`, `1d`.
///
/// # Errors
/// A word about what was expected.
pub fn parse_span(text: &str) -> Result<Nanos, String> {
    const UNITS: [(&str, Nanos); 8] = [
        ("ms", MILLISECOND),
        ("us", MICROSECOND),
        ("ns", 1),
        ("min", 60 * SECOND),
        ("s", SECOND),
        ("m", 60 * SECOND),
        ("h", 3_600 * SECOND),
        ("d", 86_400 * SECOND),
    ];
    let problem = || "expected a span with its unit, such as 500ms, 1.5s or 5m".to_owned();
    let (number, unit) = UNITS
        .iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))
        .ok_or_else(problem)?;
    let number = number.trim();
    if !number.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(problem());
    }
    let nanos = number.parse::<f64>().map_err(|_| problem())? * unit as f64;
    if nanos < i64::MAX as f64 / 2.0 {
        Ok(nanos.round() as Nanos)
    } else {
        Err("that is longer than any capture".to_owned())
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
    fn what_is_known_is_given_back() {
        for nanos in [0, -5, SECOND, i64::MAX] {
            let time = Timestamp::from_nanos(nanos);
            assert_eq!(OptionalTimestamp::from(time).get(), Some(time));
            assert_eq!(OptionalNanos::from(Some(nanos)).get(), Some(nanos));
        }
        assert_eq!(OptionalTimestamp::default().get(), None);
        assert_eq!(OptionalNanos::from(None).get(), None);
    }

    #[test]
    fn since_is_signed() {
        let (a, b) = (Timestamp::from_parts(1, 0), Timestamp::from_parts(3, 0));
        assert_eq!(b.since(a), 2 * SECOND);
        assert_eq!(a.since(b), -2 * SECOND);
    }

    #[test]
    fn after_is_not_negative() {
        for (later, earlier) in [
            (3, 1),
            (1, 3),
            (1, 1),
            (i64::MAX, -2),
            (i64::MIN, 2),
            (0, i64::MIN),
        ] {
            let [later, earlier] = [later, earlier].map(Timestamp::from_nanos);
            assert_eq!(later.after(earlier), later.since(earlier).max(0));
        }
    }

    #[test]
    fn spans_need_a_unit() {
        assert_eq!(parse_span("500ms"), Ok(500 * MILLISECOND));
        assert_eq!(parse_span("1.5s"), Ok(1_500 * MILLISECOND));
        assert_eq!(parse_span("5m"), parse_span("5min"));
        for bad in ["", "5", "s", "-1s", "+1s", "1e400s", "infs", "nans", "5 parsecs"] {
            assert!(parse_span(bad).is_err(), "{bad}");
        }
    }
}
