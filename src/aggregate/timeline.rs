//! Figures over time, in a bounded number of rows.

use crate::limits::TIMELINE_ROWS;
use crate::time::{Nanos, SECOND, Timestamp};

/// One row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimelineRow {
    /// Handshakes completed.
    pub handshakes: u64,
    /// Requests.
    pub requests: u64,
    /// Of them on connections that had served before.
    pub reused: u64,
    /// First FINs.
    pub closes: u64,
    /// First RSTs.
    pub resets: u64,
    /// Open connections at the end of the row.
    pub open: u64,
    /// Sockets in TIME-WAIT that all hosts hold at the end of the row, projected.
    pub time_wait: u64,
}

impl TimelineRow {
    fn merge(&mut self, later: &Self) {
        self.handshakes += later.handshakes;
        self.requests += later.requests;
        self.reused += later.reused;
        self.closes += later.closes;
        self.resets += later.resets;
        self.open = later.open;
        self.time_wait = later.time_wait;
    }
}

/// Figures over time, without holes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// Start of the first row.
    pub start: Option<Timestamp>,
    /// Length of a row in seconds: 1, 2, 5, 10 ...
    pub step_s: u64,
    /// The rows.
    pub rows: Vec<TimelineRow>,
}

/// Rows kept are of 1, 10, 100 ... seconds, ten times as many as shown, so that every step shown is made of whole ones.
const KEPT_ROWS: usize = TIMELINE_ROWS * 10;

/// Collects the rows.
#[derive(Clone, Debug)]
pub(super) struct TimelineBuilder {
    start: Option<Timestamp>,
    step: Nanos,
    rows: Vec<TimelineRow>,
    open: u64,
    /// End of the last row.
    last_ends: Timestamp,
}

impl Default for TimelineBuilder {
    fn default() -> Self {
        Self {
            start: None,
            step: SECOND,
            rows: Vec::new(),
            open: 0,
            last_ends: Timestamp::MIN,
        }
    }
}

impl TimelineBuilder {
    /// The first row begins at `start`.
    pub(super) fn begin(&mut self, start: Timestamp) {
        self.start.get_or_insert(start);
    }

    /// The row of `now`, which never runs backwards.
    #[inline]
    pub(super) fn row(&mut self, now: Timestamp) -> &mut TimelineRow {
        self.reach(now);
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }

    #[inline]
    fn reach(&mut self, now: Timestamp) {
        if now >= self.last_ends || self.rows.is_empty() {
            self.extend(now);
        }
    }

    #[cold]
    #[inline(never)]
    fn extend(&mut self, now: Timestamp) {
        let start = *self.start.get_or_insert(now);
        let mut place = (now.since(start) / self.step).max(0) as usize;
        while place >= KEPT_ROWS {
            self.coarsen();
            place = (now.since(start) / self.step) as usize;
        }
        if place >= self.rows.len() {
            let blank = TimelineRow {
                open: self.open,
                ..TimelineRow::default()
            };
            self.rows.resize(place + 1, blank);
        }
        self.last_ends = start.plus(self.step.saturating_mul(self.rows.len() as i64));
    }

    /// Connections are open; returns the row of `now`.
    #[inline]
    pub(super) fn open_changed(&mut self, now: Timestamp, open: u64) -> &mut TimelineRow {
        // Rows up to this one had as many as before.
        self.reach(now);
        self.open = open;
        let last = self.rows.len() - 1;
        let row = &mut self.rows[last];
        row.open = open;
        row
    }

    fn coarsen(&mut self) {
        self.step = self.step.saturating_mul(10);
        self.rows = merged(&self.rows, 10);
    }

    /// All rows in one.
    pub(super) fn sum(&self) -> TimelineRow {
        sum(&self.rows)
    }

    /// The rows to show, up to `end`.
    pub(super) fn build(&self, end: Timestamp) -> Timeline {
        let mut all = self.clone();
        if self.start.is_some() {
            all.row(end);
        }
        let factor = [1, 2, 5, 10]
            .into_iter()
            .find(|factor| all.rows.len().div_ceil(*factor) <= TIMELINE_ROWS);
        let factor = factor.unwrap_or(10);
        Timeline {
            start: all.start,
            step_s: (all.step / SECOND) as u64 * factor as u64,
            rows: merged(&all.rows, factor),
        }
    }
}

fn merged(rows: &[TimelineRow], factor: usize) -> Vec<TimelineRow> {
    rows.chunks(factor).map(sum).collect()
}

fn sum(rows: &[TimelineRow]) -> TimelineRow {
    let mut sum = TimelineRow::default();
    for row in rows {
        sum.merge(row);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_grow_and_nothing_is_lost() {
        let mut builder = TimelineBuilder::default();
        let end = 50_000;
        for second in 0..=end {
            builder.row(Timestamp::from_parts(second, 0)).requests += 1;
        }
        let timeline = builder.build(Timestamp::from_parts(end, 0));
        assert_eq!(timeline.step_s, 20);
        assert!(timeline.rows.len() <= TIMELINE_ROWS);
        assert_eq!(timeline.rows.iter().map(|row| row.requests).sum::<u64>(), 50_001);
    }

    #[test]
    fn silent_rows_carry_the_open_connections() {
        let mut builder = TimelineBuilder::default();
        builder.open_changed(Timestamp::from_parts(0, 0), 3);
        builder.open_changed(Timestamp::from_parts(4, 0), 2);
        let timeline = builder.build(Timestamp::from_parts(5, 0));
        assert_eq!(
            timeline.rows.iter().map(|row| row.open).collect::<Vec<_>>(),
            [3, 3, 3, 3, 2, 2]
        );
    }

    #[test]
    fn a_century_is_coarse_not_large() {
        let mut builder = TimelineBuilder::default();
        builder.row(Timestamp::from_parts(0, 0)).closes += 1;
        builder.row(Timestamp::from_parts(3_200_000_000, 0)).closes += 1;
        let timeline = builder.build(Timestamp::from_parts(3_200_000_000, 0));
        assert!(timeline.rows.len() <= TIMELINE_ROWS);
    }
}
