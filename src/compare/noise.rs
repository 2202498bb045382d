//! What chance alone makes of counts and of spans of time.
//!
//! Counts of events are held against each other as shares or rates, after a transformation that makes their spread
//! independent of their size (Anscombe 1948: the root of a Poisson count, and the arcsine of the root of a binomial share,
//! have the variance 1/4, by the trial). Traffic is burstier than Poisson's; how much,
//! the rows of each capture's own timeline say, and the spread is widened by it. Quantiles differ where the order
//! statistics that surround them (a binomial rank) do not overlap.

use crate::aggregate::{Distribution, TimelineRow};
use crate::diagnose::Timeline;

/// Standard errors beyond which chance is not believed: one in ten thousand for many events, one in a thousand for few.
const ERRORS: f64 = 3.9;
/// Fewer events than this on both sides together say nothing.
const EVENTS: f64 = 10.0;
/// A timeline of fewer rows does not tell how bursty the traffic is.
const ROWS: usize = 5;
/// What is taken for its burstiness then.
const UNKNOWN: f64 = 2.0;
/// A distribution of fewer values has no quantiles worth comparing.
const VALUES: u64 = 30;
/// The error of a quantile that counting in buckets makes (see [`Distribution`]).
const BUCKET: f64 = 0.016;

/// How bursty a capture is: the variance of a row's count over that of a Poisson process, at least 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Noise {
    /// Of handshakes and closes, for the requests of the same row.
    pub(super) by_request: f64,
    /// Of handshakes and closes, in time.
    pub(super) by_second: f64,
}

impl Noise {
    /// What the timeline shows.
    pub(super) fn of(timeline: &Timeline) -> Self {
        let rows = &timeline.rows;
        // The first and the last row are cut by the capture's ends.
        let whole = rows.get(1..rows.len().saturating_sub(1)).unwrap_or_default();
        Self {
            by_request: dispersion(whole, |row| row.requests as f64),
            by_second: dispersion(whole, |_| 1.0),
        }
    }
}

/// Pearson's statistic of the handshakes over its degrees of freedom, `exposure` being what they depend on.
fn dispersion(rows: &[TimelineRow], exposure: impl Fn(&TimelineRow) -> f64) -> f64 {
    if rows.len() < ROWS {
        return UNKNOWN;
    }
    let handshakes: f64 = rows.iter().map(|row| row.handshakes as f64).sum();
    let exposed: f64 = rows.iter().map(&exposure).sum();
    if handshakes <= 0.0 || exposed <= 0.0 {
        return 1.0;
    }
    let squares: f64 = rows
        .iter()
        .map(|row| {
            let expected = handshakes * exposure(row) / exposed;
            (row.handshakes as f64 - expected).powi(2) / expected.max(1.0)
        })
        .sum();
    (squares / (rows.len() - 1) as f64).max(1.0)
}

/// Events, and what they are counted over (requests, seconds, closes ...).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rate {
    pub(super) events: f64,
    pub(super) over: f64,
    /// Each of what it is counted over is an event at most.
    pub(super) is_share: bool,
    /// See [`Noise`].
    pub(super) burstiness: f64,
}

/// Whether chance may have made two rates of one.
pub(super) fn rates_agree(a: Rate, b: Rate) -> bool {
    if a.over <= 0.0 || b.over <= 0.0 || a.events + b.events < EVENTS {
        return true;
    }
    let error = (a.burstiness / a.over + b.burstiness / b.over).sqrt() / 2.0;
    (a.transformed() - b.transformed()).abs() < ERRORS * error
}

impl Rate {
    /// With the variance 1/4 by the trial, or the unit of what it is counted over; 3/8 makes it so for small counts, too.
    fn transformed(self) -> f64 {
        if self.is_share {
            let share = (self.events + 0.375) / (self.over + 0.75);
            share.sqrt().min(1.0).asin()
        } else {
            ((self.events + 0.375) / self.over).sqrt()
        }
    }
}

/// Whether chance may have made two quantiles of one.
pub(super) fn quantiles_agree(a: &Distribution, b: &Distribution, q: f64) -> bool {
    if a.count().min(b.count()) < VALUES {
        return true;
    }
    match (around(a, q), around(b, q)) {
        (Some(a), Some(b)) => a.0 <= b.1 && b.0 <= a.1,
        _ => true,
    }
}

/// What the quantile lies between.
fn around(distribution: &Distribution, q: f64) -> Option<(f64, f64)> {
    let error = (q * (1.0 - q) / distribution.count() as f64).sqrt() * ERRORS / std::f64::consts::SQRT_2;
    let low = distribution.quantile(q - error)? * (1.0 - BUCKET);
    let high = distribution.quantile(q + error)? * (1.0 + BUCKET);
    Some((low, high))
}

/// Whether a share seen on one side should have shown in `closes` of the other: fewer than this expected say nothing.
pub(super) fn would_show(share: f64, closes: u64) -> bool {
    /// A Poisson count with this mean is 0 in one case of a thousand.
    const EXPECTED: f64 = 6.9;
    share * closes as f64 >= EXPECTED
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(events: f64, over: f64) -> Rate {
        Rate {
            events,
            over,
            is_share: false,
            burstiness: 1.0,
        }
    }

    #[test]
    fn equal_rates_agree_whatever_they_are_counted_over() {
        assert!(rates_agree(rate(100.0, 1_000.0), rate(1_000.0, 10_000.0)));
        assert!(rates_agree(rate(100.0, 1_000.0), rate(120.0, 1_000.0)));
        assert!(!rates_agree(rate(100.0, 1_000.0), rate(200.0, 1_000.0)));
        assert!(!rates_agree(rate(1_000.0, 1_000.0), rate(0.0, 1_000.0)));
    }

    #[test]
    fn a_share_near_one_has_as_little_spread_as_one_near_none() {
        let share = |events| Rate {
            is_share: true,
            ..rate(events, 500.0)
        };
        assert!(!rates_agree(share(500.0), share(470.0)));
        assert!(rates_agree(rate(500.0, 500.0), rate(470.0, 500.0)));
        assert!(rates_agree(share(250.0), share(280.0)));
    }

    #[test]
    fn few_events_prove_nothing() {
        assert!(rates_agree(rate(9.0, 1_000.0), rate(0.0, 1_000.0)));
        assert!(rates_agree(rate(5.0, 0.0), rate(500.0, 1_000.0)));
    }

    #[test]
    fn bursts_widen_what_chance_may_do() {
        let bursty = |events| Rate {
            burstiness: 25.0,
            ..rate(events, 1_000.0)
        };
        assert!(!rates_agree(rate(100.0, 1_000.0), rate(200.0, 1_000.0)));
        assert!(rates_agree(bursty(100.0), bursty(200.0)));
    }

    #[test]
    fn chance_alone_is_seldom_taken_for_a_difference() {
        // Poisson counts by exponential gaps, from a fixed generator: no clock, the same in every run.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut uniform = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 11) as f64 + 1.0) / (1_u64 << 53) as f64
        };
        let mut poisson = |mean: f64| {
            let (mut time, mut events) = (0.0, 0.0);
            loop {
                time -= uniform().ln();
                if time > mean {
                    return events;
                }
                events += 1.0;
            }
        };
        for mean in [6.0, 30.0, 300.0] {
            let alarms = (0..4_000)
                .filter(|_| !rates_agree(rate(poisson(mean), 100.0), rate(poisson(mean), 100.0)))
                .count();
            assert!(alarms <= 8, "{alarms} of 4,000 at a mean of {mean}");
        }
    }

    #[test]
    fn a_steady_timeline_is_not_bursty_and_one_with_bursts_is() {
        let timeline = |handshakes: &dyn Fn(u64) -> u64| Timeline {
            start: None,
            step_s: 1,
            rows: (0..40)
                .map(|i| TimelineRow {
                    handshakes: handshakes(i),
                    requests: 100,
                    ..TimelineRow::default()
                })
                .collect(),
        };
        assert!(Noise::of(&timeline(&|i| 50 + i % 2)).by_request < 1.01);
        assert!(Noise::of(&timeline(&|i| if i % 10 == 5 { 500 } else { 0 })).by_request > 100.0);
        assert!((Noise::of(&Timeline::default()).by_second - UNKNOWN).abs() < f64::EPSILON);
    }

    #[test]
    fn quantiles_of_the_same_spread_agree() {
        let spread = |shift: u64| {
            let mut distribution = Distribution::default();
            (0..1_000).for_each(|i| distribution.add(shift + i * 7 % 1_000));
            distribution
        };
        assert!(quantiles_agree(&spread(1_000), &spread(1_010), 0.5));
        assert!(!quantiles_agree(&spread(1_000), &spread(2_000), 0.5));
        assert!(quantiles_agree(&spread(1_000), &Distribution::default(), 0.5));
    }

    #[test]
    fn a_rare_cause_may_hide_in_a_short_capture() {
        assert!(!would_show(0.05, 100));
        assert!(would_show(0.05, 200));
    }
}
