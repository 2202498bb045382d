//! Times as people and programs read them.

use jiff::tz::TimeZone;

use crate::time::Timestamp;

/// RFC 3339 in UTC, with as many digits of the second as are needed.
#[must_use]
pub fn rfc3339(time: Timestamp) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(time.nanos()))
        .map_or_else(|_| time.to_string(), |time| time.to_string())
}

/// The time that [`rfc3339`] wrote so.
pub(super) fn from_rfc3339(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    i64::try_from(time.as_nanosecond())
        .ok()
        .map(Timestamp::from_nanos)
}

/// Date and time of day to the millisecond, with the zone's offset.
#[must_use]
pub fn local(time: Timestamp, zone: &TimeZone) -> String {
    format(time, zone, "%Y-%m-%d %H:%M:%S%.3f %:z")
}

/// Time of day to the second.
#[must_use]
pub fn clock(time: Timestamp, zone: &TimeZone) -> String {
    format(time, zone, "%H:%M:%S")
}

/// Time of day to the millisecond.
#[must_use]
pub fn clock_to_the_millisecond(time: Timestamp, zone: &TimeZone) -> String {
    format(time, zone, "%H:%M:%S%.3f")
}

/// Date and time of day to the second.
#[must_use]
pub fn date_and_clock(time: Timestamp, zone: &TimeZone) -> String {
    format(time, zone, "%Y-%m-%d %H:%M:%S")
}

fn format(time: Timestamp, zone: &TimeZone, pattern: &str) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(time.nanos())).map_or_else(
        |_| time.to_string(),
        |instant| instant.to_zoned(zone.clone()).strftime(pattern).to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_are_kept_and_zeros_are_not() {
        let second = 1_700_000_000;
        assert_eq!(rfc3339(Timestamp::from_parts(second, 0)), "2023-11-14T22:13:20Z");
        assert_eq!(
            rfc3339(Timestamp::from_parts(second, 120_000_000)),
            "2023-11-14T22:13:20.12Z"
        );
        assert_eq!(
            rfc3339(Timestamp::from_parts(second, 1)),
            "2023-11-14T22:13:20.000000001Z"
        );
    }

    #[test]
    fn a_time_beyond_the_calendar_is_still_printed() {
        assert!(!rfc3339(Timestamp::MIN).is_empty());
        assert!(!local(Timestamp::from_nanos(i64::MAX), &TimeZone::UTC).is_empty());
    }
}
