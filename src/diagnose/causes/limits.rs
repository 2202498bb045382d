//! Limits told from numbers: a count that no connection passes, an idle time or an age at which connections end.

use std::collections::BTreeMap;

use crate::time::{MILLISECOND, Nanos, SECOND, Timestamp};

/// Idle times below this follow from the exchange, not from a timeout.
const LEAST_TIMEOUT: Nanos = 100 * MILLISECOND;
/// A timer fires this late at most, beside a thousandth of its length.
const TIMER_LATE: Nanos = 15 * MILLISECOND;
/// Tomcat's poller looks once a second.
const SWEEP: Nanos = 1_050 * MILLISECOND;

/// An idle time this far below the next one may be a straggler.
const STRAGGLER: Nanos = 30 * MILLISECOND;

/// From where to where idle times or ages lie, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Window {
    pub(super) from: Nanos,
    pub(super) to: Nanos,
}

impl Window {
    pub(super) fn holds(self, value: Nanos) -> bool {
        (self.from..=self.to).contains(&value)
    }
}

/// The count at which connections of this group end, if there is one: none of `others` is larger, and it stands out
/// from the counts below it.
pub(super) fn cap(group: &[u32], others: u32) -> Option<u32> {
    let most = group
        .iter()
        .copied()
        .max()
        .filter(|most| *most >= 2 && *most >= others)?;
    let number = |count: u32| group.iter().filter(|n| **n == count).count();
    let at = number(most);
    let below = number(most - 1).max(number(most.saturating_sub(2).max(1)));
    let nearly_all = at >= 2 && at * 10 >= group.len() * 8;
    let stands_out = at >= 3 && at * 33 >= group.len() && at >= 3 * below;
    (nearly_all || stands_out).then_some(most)
}

/// Those that a timeout may have ended, ascending.
fn long_enough(idles: &[Nanos]) -> Vec<Nanos> {
    let mut long: Vec<Nanos> = idles
        .iter()
        .copied()
        .filter(|idle| *idle >= LEAST_TIMEOUT)
        .collect();
    long.sort_unstable();
    long
}

/// The idle time at which a timer closes connections: many more than chance would have it within some milliseconds, and few
/// beyond, since nothing idles longer.
pub(super) fn timer(idles: &[Nanos]) -> Option<Window> {
    let idles = long_enough(idles);
    let width = |from: Nanos| TIMER_LATE + from / 1_000;
    let held = |from: Nanos| {
        let within = from..=from + width(from);
        idles.iter().filter(|idle| within.contains(*idle)).count()
    };
    let step = idles.len().div_ceil(400).max(1);
    let starts = idles.iter().step_by(step).map(|from| (*from, held(*from)));
    let (from, most) = starts.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    let beyond = idles
        .iter()
        .filter(|idle| **idle > from + 4 * width(from))
        .count();
    let room = (idles.last()? - LEAST_TIMEOUT).max(1) as f64;
    let by_chance = idles.len() as f64 * width(from) as f64 / room;
    let stands_out = most as f64 >= 3.0 * by_chance + 1.5 && (most >= 3 || most == idles.len());
    (most >= 2 && stands_out && beyond * 10 <= idles.len()).then_some(Window {
        from,
        to: from + from / 4 + TIMER_LATE,
    })
}

/// The idle time from which on a server closes: a sharp floor, and nearly all within one sweep above it.
pub(super) fn floor(idles: &[Nanos]) -> Option<Window> {
    let idles = long_enough(idles);
    if idles.len() < 2 {
        return None;
    }
    // The window of one sweep that holds most, or nearly: the lowest, but a straggler before it is no floor.
    let width = |from: Nanos| SWEEP + from / 100;
    let held = |from: Nanos| {
        idles
            .iter()
            .filter(|idle| (from..=from + width(from)).contains(*idle))
            .count()
    };
    let step = idles.len().div_ceil(200);
    let starts = || {
        idles
            .iter()
            .enumerate()
            .step_by(step)
            .map(|(place, from)| (place, *from, held(*from)))
    };
    let most = starts().map(|(.., held)| held).max()?;
    let straggles = |place: usize, from: Nanos| {
        let gap = idles.get(place + 1).map_or(0, |next| next - from);
        gap > STRAGGLER.max(4 * width(from) / most as Nanos)
    };
    let (_, from, most) = starts()
        .filter(|(.., held)| held * 20 >= most * 19)
        .find(|(place, from, _)| !straggles(*place, *from))?;
    (most >= 2 && most * 10 >= idles.len() * 6).then(|| Window {
        from: from - 6 * MILLISECOND,
        to: from + width(from),
    })
}

/// The age at which connections end with their next response: many die within a twentieth of it, not all at once, and few
/// live longer, for want of a next request; `oldest` is the greatest age of all connections. `closes` are ages and moments.
pub(super) fn edge(closes: &[(Nanos, Timestamp)], oldest: Nanos) -> Option<Window> {
    let mut closes = closes.to_vec();
    closes.sort_unstable();
    let held = |from: Nanos| {
        closes
            .iter()
            .filter(move |(age, _)| (from..=from + from / 20).contains(age))
    };
    let step = closes.len().div_ceil(200).max(1);
    let starts = closes.iter().step_by(step).map(|(age, _)| *age);
    let (from, most) = starts
        .map(|from| (from, held(from).count()))
        .max_by_key(|(_, held)| *held)?;
    let older = closes.iter().filter(|(age, _)| *age > from + from / 20).count();
    let stands_out = most >= 3 && most as f64 >= 2.0 * closes.len() as f64 / 20.0 + 1.5;
    let moments = held(from).map(|(_, moment)| *moment);
    let apart = moments.clone().max()?.since(moments.min()?) >= from / 2;
    let edge = stands_out && older * 10 <= closes.len() && oldest <= from + from / 4;
    (edge && apart && from >= LEAST_TIMEOUT).then_some(Window {
        from,
        to: from + from / 4,
    })
}

/// The least of numbers that have a floor: where many lie at once, a few stragglers below left out; else the least that
/// occurs twice.
pub(super) fn least(values: impl Iterator<Item = u32>) -> Option<u32> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    let all: usize = counts.values().sum();
    let mut below = 0;
    for (value, n) in &counts {
        if n * 20 >= all && below * 50 <= all {
            return Some(*value);
        }
        below += n;
    }
    let twice = counts.iter().find(|(_, n)| **n >= 2);
    twice.or(counts.iter().next()).map(|(value, _)| *value)
}

/// A duration as somebody would have configured it: a whole number of seconds if it is near one.
pub(super) fn configured(from: Nanos) -> String {
    let seconds = from as f64 / SECOND as f64;
    let whole = seconds.round();
    if whole >= 1.0 && (seconds - whole).abs() <= (0.02 * whole).max(0.05) {
        format!("{whole} s")
    } else {
        format!("{seconds:.1} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(values: &[i64]) -> Vec<Nanos> {
        values.iter().map(|value| value * MILLISECOND).collect()
    }

    #[test]
    fn a_cap_is_a_count_that_nothing_passes() {
        assert_eq!(cap(&[100; 9], 40), Some(100));
        assert_eq!(cap(&[100; 9], 101), None, "one passed it");
        assert_eq!(
            cap(&[1, 1, 2, 1, 3, 2, 1, 4, 1, 5, 2, 1], 3),
            None,
            "it thins out"
        );
        let mixed: Vec<u32> = (1..90).chain([100; 6]).collect();
        assert_eq!(cap(&mixed, 99), Some(100));
        assert_eq!(cap(&[1; 50], 1), None, "one request is no count");
        assert_eq!(cap(&[], 1), None);
    }

    #[test]
    fn a_timer_is_where_many_idle_times_end() {
        let window = timer(&ms(&[1_000, 1_003, 1_001, 1_004])).unwrap();
        assert!(window.holds(1_002 * MILLISECOND) && !window.holds(900 * MILLISECOND));
        let spread: Vec<i64> = (0..300).map(|i| 100 + i * 7).collect();
        assert_eq!(timer(&ms(&spread)), None);
        let both: Vec<i64> = (0..100)
            .map(|i| 100 + i * 8)
            .chain((0..10).map(|i| 1_000 + i % 5))
            .collect();
        assert!(timer(&ms(&both)).unwrap().holds(1_001 * MILLISECOND));
        assert_eq!(timer(&ms(&[1, 2, 3])), None, "no timeout is that short");
    }

    #[test]
    fn a_floor_has_one_sweep_above_it() {
        let sweeps: Vec<i64> = (0..40).map(|i| 20_000 + i * 25).collect();
        let window = floor(&ms(&sweeps)).unwrap();
        assert!(window.holds(20_000 * MILLISECOND) && window.holds(20_975 * MILLISECOND));
        assert!(!window.holds(19_900 * MILLISECOND));
        let spread: Vec<i64> = (0..40).map(|i| 1_000 + i * 500).collect();
        assert_eq!(floor(&ms(&spread)), None);
    }

    #[test]
    fn an_edge_is_an_age_that_many_reach_and_none_survives() {
        let at = |i: i64| Timestamp::from_nanos(i * SECOND);
        let ages: Vec<_> = (0..9).map(|i| ((1_002 + i * 4) * MILLISECOND, at(i))).collect();
        assert_eq!(edge(&ages, 900 * MILLISECOND).unwrap().from, 1_002 * MILLISECOND);
        assert_eq!(edge(&ages, 2_000 * MILLISECOND), None, "one lived longer");
        let once: Vec<_> = ages.iter().map(|(age, _)| (*age, at(1))).collect();
        assert_eq!(edge(&once, 0), None, "one event");
        let spread: Vec<_> = (1..60).map(|i| (i * 30 * MILLISECOND, at(i))).collect();
        assert_eq!(edge(&spread, 0), None);
        let both: Vec<_> = (1..60)
            .map(|i| (i * 15 * MILLISECOND, at(i)))
            .chain(ages)
            .collect();
        assert!(edge(&both, 0).unwrap().holds(1_010 * MILLISECOND));
    }

    #[test]
    fn the_least_leaves_stragglers_out() {
        let one_worker = [2, 3, 3, 3, 3, 4, 4, 5]
            .into_iter()
            .cycle()
            .take(8)
            .chain([3, 4, 5].into_iter().cycle().take(60));
        assert_eq!(least(one_worker), Some(3));
        let several = (4..60).flat_map(|value| [value; 2]);
        assert_eq!(least(several), Some(4));
        assert_eq!(least([7].into_iter()), Some(7));
        assert_eq!(least(std::iter::empty()), None);
    }

    #[test]
    fn limits_are_named_as_configured() {
        assert_eq!(configured(20_030 * MILLISECOND), "20 s");
        assert_eq!(configured(1_002 * MILLISECOND), "1 s");
        assert_eq!(configured(2_500 * MILLISECOND), "2.5 s");
    }
}
