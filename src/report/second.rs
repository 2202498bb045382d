//! What is told of each second of a capture that is running.

use std::io::{self, Write};

use jiff::tz::TimeZone;
use serde::Serialize;

use super::json::{HostSecond, Number};
use crate::aggregate::TimelineRow;
use crate::host::Tally;
use crate::source::SourceSummary;

/// The name and version of the lines' format.
pub const SCHEMA: &str = "flowcheck.second/1";

/// The last second and what was before it.
#[derive(Clone, Copy, Debug)]
pub struct Second {
    last: TimelineRow,
    total: TimelineRow,
    kernel_dropped: u64,
    interface_dropped: u64,
    host: Option<Tally>,
}

/// A line of JSON; counters are those of the last second, but for `total` and the packets dropped, which are in all.
#[derive(Serialize)]
struct Line {
    schema: &'static str,
    /// Seconds since the epoch, by the clock of the capturing host.
    t: Number,
    handshakes: u64,
    requests: u64,
    reused: u64,
    closes: u64,
    resets: u64,
    open: u64,
    kernel_dropped: u64,
    interface_dropped: u64,
    total: Total,
    /// What the kernel of the capturing host says; counters are those since the capture began.
    host: Option<HostSecond>,
}

#[derive(Serialize)]
struct Total {
    handshakes: u64,
    requests: u64,
    reused: u64,
    closes: u64,
    resets: u64,
}

impl Second {
    /// The second in which `before` became `total`.
    #[must_use]
    pub fn new(
        before: &TimelineRow,
        total: TimelineRow,
        sources: &[SourceSummary],
        host: Option<Tally>,
    ) -> Self {
        let sum = |of: fn(&SourceSummary) -> Option<u64>| sources.iter().filter_map(of).sum();
        Self {
            last: TimelineRow {
                handshakes: total.handshakes.saturating_sub(before.handshakes),
                requests: total.requests.saturating_sub(before.requests),
                reused: total.reused.saturating_sub(before.reused),
                closes: total.closes.saturating_sub(before.closes),
                resets: total.resets.saturating_sub(before.resets),
                open: total.open,
            },
            total,
            kernel_dropped: sum(|source| source.kernel_dropped),
            interface_dropped: sum(|source| source.interface_dropped),
            host,
        }
    }

    /// For people, in one line.
    #[must_use]
    pub fn line(&self, zone: &TimeZone) -> String {
        let time = jiff::Timestamp::now().to_zoned(zone.clone()).strftime("%H:%M:%S");
        let drops = match (self.kernel_dropped, self.interface_dropped) {
            (kernel, 0) => format!("drops {kernel}"),
            (kernel, interface) => format!("drops {kernel} by the kernel, {interface} by the interface"),
        };
        let waiting = self.host.and_then(|host| host.time_wait).filter(|n| *n > 0);
        let waiting = waiting.map(|n| format!("TIME-WAIT {n}  ")).unwrap_or_default();
        format!(
            "{time}  {} handshakes/s  {} requests/s  reuse {}, in all {}  open {}  {waiting}{drops}",
            self.last.handshakes,
            self.last.requests,
            share(&self.last),
            share(&self.total),
            self.total.open,
        )
    }

    /// For programs, in one line.
    ///
    /// # Errors
    /// What `out` could not take.
    pub fn ndjson(&self, out: &mut dyn Write) -> io::Result<()> {
        let now = jiff::Timestamp::now();
        let line = Line {
            schema: SCHEMA,
            t: Number::rounded(now.as_millisecond() as f64 / 1000.0, 3),
            handshakes: self.last.handshakes,
            requests: self.last.requests,
            reused: self.last.reused,
            closes: self.last.closes,
            resets: self.last.resets,
            open: self.last.open,
            kernel_dropped: self.kernel_dropped,
            interface_dropped: self.interface_dropped,
            total: Total {
                handshakes: self.total.handshakes,
                requests: self.total.requests,
                reused: self.total.reused,
                closes: self.total.closes,
                resets: self.total.resets,
            },
            host: self.host.map(HostSecond::from),
        };
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")
    }
}

/// `96.5 %`, or `-` without requests.
fn share(row: &TimelineRow) -> String {
    if row.requests == 0 {
        return "-".to_owned();
    }
    format!("{:.1} %", row.reused as f64 * 100.0 / row.requests as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(handshakes: u64, requests: u64, reused: u64, open: u64) -> TimelineRow {
        TimelineRow {
            handshakes,
            requests,
            reused,
            open,
            ..TimelineRow::default()
        }
    }

    #[test]
    fn a_second_is_the_difference_and_open_is_now() {
        let dropped = SourceSummary {
            kernel_dropped: Some(7),
            ..SourceSummary::default()
        };
        let second = Second::new(&row(10, 100, 90, 4), row(12, 140, 129, 6), &[dropped], None);
        let line = second.line(&TimeZone::UTC);
        let expected = "2 handshakes/s  40 requests/s  reuse 97.5 %, in all 92.1 %  open 6  drops 7";
        assert!(line.ends_with(expected), "{line}");
        let mut out = Vec::new();
        second.ndjson(&mut out).unwrap();
        let line: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(line["requests"], 40);
        assert_eq!(line["total"]["requests"], 140);
        assert_eq!(line["open"], 6);
    }

    #[test]
    fn no_requests_have_no_share() {
        let second = Second::new(&TimelineRow::default(), row(1, 0, 0, 1), &[], None);
        assert!(second.line(&TimeZone::UTC).contains("reuse -, in all -"));
    }

    #[test]
    fn the_host_is_told_where_it_is_known() {
        let host = Tally {
            time_wait: Some(28_011),
            ..Tally::default()
        };
        let second = Second::new(&TimelineRow::default(), row(1, 1, 0, 1), &[], Some(host));
        assert!(
            second
                .line(&TimeZone::UTC)
                .contains("open 1  TIME-WAIT 28011  drops 0")
        );
        let mut out = Vec::new();
        second.ndjson(&mut out).unwrap();
        let line: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(line["host"]["time_wait"], 28_011);
        assert_eq!(line["host"]["counters"]["active_opens"], serde_json::Value::Null);
    }
}
