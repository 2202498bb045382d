//! TIME-WAIT over time: how many sockets each host holds at every moment, and when that was most.

use std::net::IpAddr;

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::timeline::Timeline;
use crate::limits::WAIT_HOSTS;
use crate::time::{Nanos, SECOND, Timestamp};

/// TIME-WAIT lasts 60 s (`TCP_TIMEWAIT_LEN` in include/net/tcp.h).
pub(super) const TIME_WAIT: Nanos = 60 * SECOND;

/// Steps kept; when there are more, two become one.
const STEPS: usize = 4_096;

/// The most sockets in TIME-WAIT at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitPeak {
    /// How many.
    pub sockets: u64,
    /// When it was reached, within a second (within more in captures of over an hour).
    pub at: Timestamp,
}

/// What changes from step to step.
#[derive(Clone, Debug)]
struct Series {
    changes: Vec<i32>,
    step: Nanos,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            changes: Vec::new(),
            step: SECOND,
        }
    }
}

impl Series {
    /// From so long after the start on there are so many more.
    fn change(&mut self, after: Nanos, by: i32) {
        let mut place = (after.max(0) / self.step) as usize;
        while place >= STEPS {
            self.changes = self.changes.chunks(2).map(|pair| pair.iter().sum()).collect();
            self.step *= 2;
            place = (after.max(0) / self.step) as usize;
        }
        if place >= self.changes.len() {
            self.changes.resize(place + 1, 0);
        }
        if let Some(change) = self.changes.get_mut(place) {
            *change = change.saturating_add(by);
        }
    }

    /// How many there are at the end of each step up to `until` after the start.
    fn levels(&self, until: Nanos) -> impl Iterator<Item = u64> + '_ {
        let steps = (until.max(0) / self.step) as usize + 1;
        let levels = self.changes.iter().scan(0_i64, |level, change| {
            *level += i64::from(*change);
            Some(level.max(&mut 0).cast_unsigned())
        });
        levels.take(steps)
    }
}

/// Sockets in TIME-WAIT of each host, and of all.
#[derive(Debug, Default)]
pub(super) struct Waits {
    hosts: IndexMap<IpAddr, Series, RandomState>,
    all: Series,
}

impl Waits {
    /// A socket of `host` enters TIME-WAIT so long after the capture's start ...
    pub(super) fn enter(&mut self, host: IpAddr, after: Nanos) {
        self.each(host, |series| {
            series.change(after, 1);
            series.change(after.saturating_add(TIME_WAIT), -1);
        });
    }

    /// ... and the one that entered `after` leaves it `early`: its ports are used again.
    pub(super) fn leave(&mut self, host: IpAddr, after: Nanos, early: Nanos) {
        self.each(host, |series| {
            series.change(early.max(after), -1);
            series.change(after.saturating_add(TIME_WAIT), 1);
        });
    }

    fn each(&mut self, host: IpAddr, change: impl Fn(&mut Series)) {
        change(&mut self.all);
        if self.hosts.len() < WAIT_HOSTS || self.hosts.contains_key(&host) {
            change(self.hosts.entry(host).or_default());
        }
    }

    /// The most that each host held up to `now`.
    pub(super) fn peaks(&self, start: Timestamp, now: Timestamp) -> Vec<(IpAddr, WaitPeak)> {
        let peak = |series: &Series| {
            let mut peak = WaitPeak::default();
            for (place, sockets) in (0..).zip(series.levels(now.since(start))) {
                if sockets > peak.sockets {
                    let at = start.plus(series.step.saturating_mul(place));
                    peak = WaitPeak { sockets, at };
                }
            }
            peak
        };
        self.hosts
            .iter()
            .map(|(host, series)| (*host, peak(series)))
            .collect()
    }

    /// Writes what all hosts held at the end of each row.
    pub(super) fn fill(&self, timeline: &mut Timeline, now: Timestamp) {
        let Some(start) = timeline.start else { return };
        let span = now.since(start);
        let levels: Vec<u64> = self.all.levels(span).collect();
        let row_length = (timeline.step_s as Nanos).saturating_mul(SECOND);
        for (place, row) in (1..).zip(&mut timeline.rows) {
            let end = row_length.saturating_mul(place).saturating_sub(1).min(span);
            let step = (end / self.all.step) as usize;
            row.time_wait = levels.get(step).or(levels.last()).copied().unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(series: &Series, until: Nanos) -> Vec<u64> {
        series.levels(until).collect()
    }

    #[test]
    fn a_socket_waits_for_a_minute() {
        let host = IpAddr::from([10, 0, 0, 1]);
        let mut waits = Waits::default();
        waits.enter(host, SECOND);
        waits.enter(host, 30 * SECOND);
        let start = Timestamp::from_nanos(0);
        let now = start.plus(200 * SECOND);
        let peaks = waits.peaks(start, now);
        let at = start.plus(30 * SECOND);
        assert_eq!(peaks, [(host, WaitPeak { sockets: 2, at })]);
        let levels = levels(&waits.all, 200 * SECOND);
        assert_eq!([levels[0], levels[1], levels[60], levels[61]], [0, 1, 2, 1]);
        assert_eq!(levels[90], 0);
    }

    #[test]
    fn ports_used_again_wait_no_longer() {
        let host = IpAddr::from([10, 0, 0, 1]);
        let mut waits = Waits::default();
        waits.enter(host, SECOND);
        waits.leave(host, SECOND, 5 * SECOND);
        waits.enter(host, 6 * SECOND);
        let levels = levels(&waits.all, 70 * SECOND);
        assert_eq!(
            [levels[4], levels[5], levels[6], levels[61], levels[66]],
            [1, 0, 1, 1, 0]
        );
    }

    #[test]
    fn long_captures_have_longer_steps() {
        let mut series = Series::default();
        for second in 0..20_000 {
            series.change(second * SECOND, 1);
            series.change(second * SECOND + TIME_WAIT, -1);
        }
        assert_eq!(series.step, 8 * SECOND);
        let levels = levels(&series, 19_000 * SECOND);
        assert!(levels[100].abs_diff(60) <= 8, "{}", levels[100]);
    }
}
