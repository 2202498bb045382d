//! Times and spans as people type them.

use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::time::{Nanos, SECOND, Timestamp, parse_span};

/// A point in a capture (`--from`, `--to`).
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Moment {
    /// Date and time, with or without zone.
    At(Timestamp),
    /// A time of day.
    Clock(Time),
    /// After the first packet.
    After(Nanos),
}

/// Which end of a range a moment is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Edge {
    /// `--from`.
    From,
    /// `--to`.
    To,
}

const HALF_DAY: Nanos = 12 * 3_600 * SECOND;

impl Moment {
    /// Reads `text`; a date without zone is in `zone`.
    pub(super) fn parse(text: &str, zone: &TimeZone) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(span) = parse_span(text.strip_prefix('+').unwrap_or(text)) {
            return Ok(Self::After(span));
        }
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return timestamp(instant).map(Self::At);
        }
        if text.contains(['-', 'T'])
            && let Ok(date) = text.parse::<jiff::civil::DateTime>()
            && let Ok(zoned) = date.to_zoned(zone.clone())
        {
            return timestamp(zoned.timestamp()).map(Self::At);
        }
        if text.contains(':')
            && let Ok(clock) = text.parse::<Time>()
        {
            return Ok(Self::Clock(clock));
        }
        Err("expected a time of day (14:00, 14:00:05.5), a date with time (2026-01-31T14:00:05Z) or a span after the \
             first packet (+90s, 5m)"
            .to_owned())
    }

    /// Whether the capture's first packet must be known to say which instant is meant.
    pub(super) const fn needs_start(&self) -> bool {
        matches!(self, Self::Clock(_))
    }

    /// The instant meant in a capture that starts at `first`. A time of day is, for `--from`, the one nearest to the
    /// start; for `--to`, the first one after it: so captures over midnight work.
    pub(super) fn resolve(&self, edge: Edge, first: Timestamp, zone: &TimeZone) -> Timestamp {
        let clock = match self {
            Self::At(at) => return *at,
            Self::After(span) => return first.plus(*span),
            Self::Clock(clock) => *clock,
        };
        let Ok(start) = jiff::Timestamp::from_nanosecond(i128::from(first.nanos())) else {
            return first;
        };
        let day = start.to_zoned(zone.clone()).date();
        let on = |day: jiff::civil::Date| {
            let zoned = day.to_datetime(clock).to_zoned(zone.clone()).ok()?;
            timestamp(zoned.timestamp()).ok()
        };
        let days = [day.yesterday().ok(), Some(day), day.tomorrow().ok()];
        let mut candidates = days.into_iter().flatten().filter_map(on);
        let found = match edge {
            Edge::To => candidates.find(|at| *at > first),
            Edge::From => candidates.find(|at| first.since(*at) <= HALF_DAY),
        };
        found.unwrap_or(first)
    }
}

fn timestamp(instant: jiff::Timestamp) -> Result<Timestamp, String> {
    let nanos =
        i64::try_from(instant.as_nanosecond()).map_err(|_| "no capture is that old or new".to_owned())?;
    Ok(Timestamp::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENING: Timestamp = Timestamp::from_parts(1_700_000_000, 0); // 2023-11-14 22:13:20 UTC

    fn resolve(text: &str, edge: Edge) -> i64 {
        let moment = Moment::parse(text, &TimeZone::UTC).unwrap();
        moment.resolve(edge, EVENING, &TimeZone::UTC).since(EVENING) / SECOND
    }

    #[test]
    fn offsets_dates_and_times_of_day_are_told_apart() {
        assert_eq!(resolve("+10s", Edge::From), 10);
        assert_eq!(resolve("5m", Edge::To), 300);
        assert_eq!(resolve("2023-11-14T22:14:20Z", Edge::From), 60);
        assert_eq!(resolve("2023-11-14T23:14:20+01:00", Edge::From), 60);
        assert_eq!(resolve("2023-11-14 22:14:20", Edge::To), 60);
        assert_eq!(resolve("22:14:20", Edge::From), 60);
        assert_eq!(resolve("22:14", Edge::To), 40);
        for bad in ["", "noon", "25:00", "10"] {
            assert!(Moment::parse(bad, &TimeZone::UTC).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_of_day_may_lie_beyond_midnight() {
        assert_eq!(resolve("22:13:00", Edge::From), -20);
        assert_eq!(resolve("00:13:20", Edge::From), 2 * 3_600);
        assert_eq!(resolve("00:13:20", Edge::To), 2 * 3_600);
        assert_eq!(resolve("22:13:00", Edge::To), 86_400 - 20);
    }
}
