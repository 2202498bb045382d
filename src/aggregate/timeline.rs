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
    /// What happened in the present second: no row has it yet.
    pub(super) present: TimelineRow,
}

impl Default for TimelineBuilder {
    fn default() -> Self {
        Self {
            start: None,
            step: SECOND,
            rows: Vec::new(),
            open: 0,
            present: TimelineRow::default(),
        }
    }
}

impl TimelineBuilder {
    /// The first row begins at `start`.
    pub(super) fn begin(&mut self, start: Timestamp) {
        self.start.get_or_insert(start);
    }

    /// The present second, or a part of it, is over: `now` lies in it and never runs backwards, and as many connections are
    /// open.
    pub(super) fn pass(&mut self, now: Timestamp, open: u64) {
        let mut present = std::mem::take(&mut self.present);
        present.open = open;
        // Rows up to this one had as many open as before.
        let place = self.reach(now);
        self.open = open;
        if let Some(row) = self.rows.get_mut(place) {
            row.merge(&present);
        }
    }

    /// The place of the row of `now`, which is the last one.
    fn reach(&mut self, now: Timestamp) -> usize {
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
        place
    }

    fn coarsen(&mut self) {
        self.step = self.step.saturating_mul(10);
        self.rows = merged(&self.rows, 10);
    }

    /// All rows in one, when so many connections are open.
    pub(super) fn sum(&self, open: u64) -> TimelineRow {
        let mut sum = sum(&self.rows);
        sum.merge(&TimelineRow { open, ..self.present });
        sum
    }

    /// The rows to show, up to `end`, which lies in the present second, when so many connections are open.
    pub(super) fn build(&self, end: Timestamp, open: u64) -> Timeline {
        let mut all = self.clone();
        if self.start.is_some() {
            all.pass(end, open);
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
            builder.present.requests += 1;
            if second < end {
                builder.pass(Timestamp::from_parts(second, 0), 0);
            }
        }
        assert_eq!(builder.sum(0).requests, 50_001);
        let timeline = builder.build(Timestamp::from_parts(end, 0), 0);
        assert_eq!(timeline.step_s, 20);
        assert!(timeline.rows.len() <= TIMELINE_ROWS);
        assert_eq!(timeline.rows.iter().map(|row| row.requests).sum::<u64>(), 50_001);
    }

    #[test]
    fn silent_rows_carry_the_open_connections() {
        let mut builder = TimelineBuilder::default();
        builder.pass(Timestamp::from_parts(0, 0), 3);
        builder.pass(Timestamp::from_parts(4, 0), 2);
        let timeline = builder.build(Timestamp::from_parts(5, 0), 2);
        assert_eq!(
            timeline.rows.iter().map(|row| row.open).collect::<Vec<_>>(),
            [3, 3, 3, 3, 2, 2]
        );
    }

    #[test]
    fn parts_of_a_second_add_up() {
        let mut builder = TimelineBuilder::default();
        let now = Timestamp::from_parts(7, 0);
        builder.begin(now);
        for open in [1, 5, 4] {
            builder.present.handshakes += 1;
            builder.pass(now.plus(SECOND / 3), open);
        }
        builder.present.handshakes += 1;
        let rows = builder.build(now.plus(SECOND / 2), 3).rows;
        assert_eq!((rows.len(), rows[0].handshakes, rows[0].open), (1, 4, 3));
    }

    #[test]
    fn a_century_is_coarse_not_large() {
        let mut builder = TimelineBuilder::default();
        for second in [0, 3_200_000_000] {
            builder.present.closes += 1;
            builder.pass(Timestamp::from_parts(second, 0), 0);
        }
        let timeline = builder.build(Timestamp::from_parts(3_200_000_000, 0), 0);
        assert_eq!(timeline.rows.iter().map(|row| row.closes).sum::<u64>(), 2);
        assert!(timeline.rows.len() <= TIMELINE_ROWS);
    }
}
