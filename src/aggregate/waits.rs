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

/// Whole seconds after the capture's start.
fn seconds(after: Nanos) -> u64 {
    after.max(0).cast_unsigned() / SECOND.cast_unsigned()
}

/// What changes from step to step.
#[derive(Clone, Debug, Default)]
struct Series {
    changes: Vec<i32>,
    /// How often two steps became one: a step was a second at first.
    doublings: u32,
}

impl Series {
    fn step(&self) -> Nanos {
        SECOND << self.doublings
    }

    /// From this second on there are so many more.
    #[inline]
    fn change(&mut self, second: u64, by: i32) {
        match self.changes.get_mut((second >> self.doublings) as usize) {
            Some(change) => *change = change.saturating_add(by),
            None => self.extend(second, by),
        }
    }

    #[cold]
    #[inline(never)]
    fn extend(&mut self, second: u64, by: i32) {
        while second >> self.doublings >= STEPS as u64 {
            self.changes = self.changes.chunks(2).map(|pair| pair.iter().sum()).collect();
            self.doublings += 1;
        }
        let place = (second >> self.doublings) as usize;
        if place >= self.changes.len() {
            self.changes.resize(place + 1, 0);
        }
        if let Some(change) = self.changes.get_mut(place) {
            *change = change.saturating_add(by);
        }
    }

    /// How many there are at the end of each step up to `until` after the start.
    fn levels(&self, until: Nanos) -> impl Iterator<Item = u64> + '_ {
        let steps = (until.max(0) / self.step()) as usize + 1;
        let levels = self.changes.iter().scan(0_i64, |level, change| {
            *level += i64::from(*change);
            Some(level.max(&mut 0).cast_unsigned())
        });
        levels.take(steps)
    }
}

/// Hosts whose series are at hand.
const LATEST: usize = 64;

/// Sockets in TIME-WAIT of each host, and of all.
#[derive(Debug)]
pub(super) struct Waits {
    hosts: IndexMap<IpAddr, Series, RandomState>,
    /// The places of the hosts used lately, by the lowest bits of their addresses.
    latest: [u32; LATEST],
    all: Series,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            hosts: IndexMap::default(),
            latest: [0; LATEST],
            all: Series::default(),
        }
    }
}

impl Waits {
    /// A socket of `host` enters TIME-WAIT so long after the capture's start ...
    pub(super) fn enter(&mut self, host: IpAddr, after: Nanos) {
        let from = seconds(after);
        self.each(host, |series| {
            series.change(from, 1);
            series.change(from + seconds(TIME_WAIT), -1);
        });
    }

    /// ... and the one that entered `after` leaves it `early`: its ports are used again.
    pub(super) fn leave(&mut self, host: IpAddr, after: Nanos, early: Nanos) {
        let (from, until) = (seconds(after), seconds(early.max(after)));
        self.each(host, |series| {
            series.change(until, -1);
            series.change(from + seconds(TIME_WAIT), 1);
        });
    }

    #[inline]
    fn each(&mut self, host: IpAddr, change: impl Fn(&mut Series)) {
        change(&mut self.all);
        if let Some(series) = self.of(host) {
            change(series);
        }
    }

    #[inline]
    fn of(&mut self, host: IpAddr) -> Option<&mut Series> {
        let lowest = match host {
            IpAddr::V4(address) => address.octets()[3],
            IpAddr::V6(address) => address.octets()[15],
        };
        let latest = usize::from(lowest) % LATEST;
        let mut place = self.latest[latest] as usize;
        if self
            .hosts
            .get_index(place)
            .is_none_or(|(known, _)| *known != host)
        {
            place = self.find(host)?;
            self.latest[latest] = place as u32;
        }
        self.hosts.get_index_mut(place).map(|(_, series)| series)
    }

    #[inline(never)]
    fn find(&mut self, host: IpAddr) -> Option<usize> {
        if self.hosts.len() >= WAIT_HOSTS {
            return self.hosts.get_index_of(&host);
        }
        let entry = self.hosts.entry(host);
        let place = entry.index();
        entry.or_default();
        Some(place)
    }

    /// The most that each host held up to `now`.
    pub(super) fn peaks(&self, start: Timestamp, now: Timestamp) -> Vec<(IpAddr, WaitPeak)> {
        let peak = |series: &Series| {
            let mut peak = WaitPeak::default();
            for (place, sockets) in (0..).zip(series.levels(now.since(start))) {
                if sockets > peak.sockets {
                    let at = start.plus(series.step().saturating_mul(place));
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
            let step = (end / self.all.step()) as usize;
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
            series.change(second, 1);
            series.change(second + 60, -1);
        }
        assert_eq!(series.step(), 8 * SECOND);
        let levels = levels(&series, 19_000 * SECOND);
        assert!(levels[100].abs_diff(60) <= 8, "{}", levels[100]);
    }
}
