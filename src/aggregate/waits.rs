//! TIME-WAIT over time: how many sockets each host holds at every moment, and when that was most.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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
    /// How many entered TIME-WAIT in the second in which the last one did; not yet among the changes.
    entered: (u64, i32),
}

impl Series {
    fn step(&self) -> Nanos {
        SECOND << self.doublings
    }

    /// A socket enters TIME-WAIT in this second.
    #[inline]
    fn enter(&mut self, second: u64) {
        if second == self.entered.0 {
            self.entered.1 = self.entered.1.saturating_add(1);
        } else {
            self.enter_later(second);
        }
    }

    #[cold]
    #[inline(never)]
    fn enter_later(&mut self, second: u64) {
        self.settle();
        self.entered = (second, 1);
    }

    /// Tells those that entered last by changes.
    fn settle(&mut self) {
        let (second, entered) = std::mem::take(&mut self.entered);
        if entered > 0 {
            self.change(second, entered);
            self.change(second + seconds(TIME_WAIT), entered.saturating_neg());
        }
    }

    /// A socket that entered in one second leaves in another one before it has waited for long enough.
    fn leave(&mut self, entered: u64, left: u64) {
        self.change(left, -1);
        self.change(entered + seconds(TIME_WAIT), 1);
    }

    /// Two steps become one.
    fn double(&mut self) {
        self.changes = self.changes.chunks(2).map(|pair| pair.iter().sum()).collect();
        self.doublings += 1;
    }

    /// Those of several hosts together.
    fn of_all<'a>(parts: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let mut all = Self {
            doublings: parts
                .clone()
                .map(|part| part.settled().doublings)
                .max()
                .unwrap_or(0),
            ..Self::default()
        };
        for part in parts {
            let mut part = part.settled();
            while part.doublings < all.doublings {
                part.double();
            }
            if part.changes.len() > all.changes.len() {
                all.changes.resize(part.changes.len(), 0);
            }
            for (sum, change) in all.changes.iter_mut().zip(part.changes) {
                *sum = sum.saturating_add(change);
            }
        }
        all
    }

    fn settled(&self) -> Self {
        let mut settled = self.clone();
        settled.settle();
        settled
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
            self.double();
        }
        let place = (second >> self.doublings) as usize;
        if place >= self.changes.len() {
            self.changes.resize(place + 1, 0);
        }
        if let Some(change) = self.changes.get_mut(place) {
            *change = change.saturating_add(by);
        }
    }

    /// How many there are at the end of each step up to `until` after the start; those that entered last are settled.
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

/// Where a host is at hand, by the last octet of its address.
#[inline]
fn latest_of<const N: usize>(octets: [u8; N]) -> usize {
    octets.last().map_or(0, |last| usize::from(*last) % LATEST)
}

/// Sockets in TIME-WAIT of each host.
#[derive(Debug)]
pub(super) struct Waits {
    hosts: IndexMap<IpAddr, Series, RandomState>,
    /// Hosts used lately and their places, by the lowest bits of their addresses.
    latest: [(Ipv4Addr, u32); LATEST],
    latest6: [(Ipv6Addr, u32); LATEST],
    /// Of all hosts beyond the cap.
    others: Series,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            hosts: IndexMap::default(),
            // Hosts that belong elsewhere.
            latest: std::array::from_fn(|latest| (Ipv4Addr::from_bits(latest as u32 + 1), u32::MAX)),
            latest6: std::array::from_fn(|latest| (Ipv6Addr::from_bits(latest as u128 + 1), u32::MAX)),
            others: Series::default(),
        }
    }
}

impl Waits {
    /// A socket of `host` enters TIME-WAIT in this second after the capture's start ...
    #[inline]
    pub(super) fn enter(&mut self, host: IpAddr, second: u64) {
        self.of(host).enter(second);
    }

    /// ... and the one that `entered` leaves it early: its ports are used again.
    pub(super) fn leave(&mut self, host: IpAddr, entered: u64, early: Nanos) {
        self.of(host).leave(entered, seconds(early).max(entered));
    }

    #[inline]
    fn of(&mut self, host: IpAddr) -> &mut Series {
        let known = match host {
            IpAddr::V4(address) => {
                let (known, place) = self.latest[latest_of(address.octets())];
                (known == address).then_some(place)
            }
            IpAddr::V6(address) => {
                let (known, place) = self.latest6[latest_of(address.octets())];
                (known == address).then_some(place)
            }
        };
        let place = known.unwrap_or_else(|| self.find(host));
        match self.hosts.get_index_mut(place as usize) {
            Some((_, series)) => series,
            None => &mut self.others,
        }
    }

    /// The place of a host; that of nobody if there are too many.
    #[inline(never)]
    fn find(&mut self, host: IpAddr) -> u32 {
        let place = if self.hosts.len() < WAIT_HOSTS {
            let entry = self.hosts.entry(host);
            let place = entry.index();
            entry.or_default();
            Some(place)
        } else {
            self.hosts.get_index_of(&host)
        };
        let place = place.map_or(u32::MAX, |place| place as u32);
        match host {
            IpAddr::V4(address) => self.latest[latest_of(address.octets())] = (address, place),
            IpAddr::V6(address) => self.latest6[latest_of(address.octets())] = (address, place),
        }
        place
    }

    /// The most that each host held up to `now`.
    pub(super) fn peaks(&self, start: Timestamp, now: Timestamp) -> Vec<(IpAddr, WaitPeak)> {
        let peak = |series: &Series| {
            let series = series.settled();
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

    fn all(&self) -> Series {
        Series::of_all(self.hosts.values().chain([&self.others]))
    }

    /// Writes what all hosts held at the end of each row.
    pub(super) fn fill(&self, timeline: &mut Timeline, now: Timestamp) {
        let Some(start) = timeline.start else { return };
        let span = now.since(start);
        let all = self.all();
        let levels: Vec<u64> = all.levels(span).collect();
        let row_length = (timeline.step_s as Nanos).saturating_mul(SECOND);
        for (place, row) in (1..).zip(&mut timeline.rows) {
            let end = row_length.saturating_mul(place).saturating_sub(1).min(span);
            let step = (end / all.step()) as usize;
            row.time_wait = levels.get(step).or(levels.last()).copied().unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::numbers::numbers;

    fn levels(series: &Series, until: Nanos) -> Vec<u64> {
        series.levels(until).collect()
    }

    #[test]
    fn a_socket_waits_for_a_minute() {
        let host = IpAddr::from([10, 0, 0, 1]);
        let mut waits = Waits::default();
        waits.enter(host, 1);
        waits.enter(host, 30);
        let start = Timestamp::from_nanos(0);
        let now = start.plus(200 * SECOND);
        let peaks = waits.peaks(start, now);
        let at = start.plus(30 * SECOND);
        assert_eq!(peaks, [(host, WaitPeak { sockets: 2, at })]);
        let levels = levels(&waits.all(), 200 * SECOND);
        assert_eq!([levels[0], levels[1], levels[60], levels[61]], [0, 1, 2, 1]);
        assert_eq!(levels[90], 0);
    }

    #[test]
    fn ports_used_again_wait_no_longer() {
        let host = IpAddr::from([10, 0, 0, 1]);
        let mut waits = Waits::default();
        waits.enter(host, 1);
        waits.leave(host, 1, 5 * SECOND);
        waits.enter(host, 6);
        let levels = levels(&waits.all(), 70 * SECOND);
        assert_eq!(
            [levels[4], levels[5], levels[6], levels[61], levels[66]],
            [1, 0, 1, 1, 0]
        );
    }

    /// Whatever enters and leaves where, all hosts together hold what each change by itself would add up to.
    #[test]
    fn hosts_together_are_as_if_counted_together() {
        let mut next = numbers(7);
        for longest in [300, 3 * STEPS as u64, 40 * STEPS as u64] {
            let mut waits = Waits::default();
            let mut one_by_one = Series::default();
            let mut second = 0;
            for _ in 0..3_000 {
                second = (second + next() % (longest / 1_000).max(2)).min(longest);
                let entered = second.saturating_sub(next() % 3);
                // More hosts than are told apart.
                let host = IpAddr::from([10, 0, 0, (next() % (WAIT_HOSTS as u64 + 9)) as u8]);
                if next().is_multiple_of(4) {
                    let left = entered + next() % 60;
                    waits.leave(host, entered, left.cast_signed() * SECOND);
                    one_by_one.change(left, -1);
                    one_by_one.change(entered + 60, 1);
                } else {
                    waits.enter(host, entered);
                    one_by_one.change(entered, 1);
                    one_by_one.change(entered + 60, -1);
                }
            }
            let all = waits.all();
            assert_eq!(
                (all.doublings, &all.changes),
                (one_by_one.doublings, &one_by_one.changes)
            );
        }
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
