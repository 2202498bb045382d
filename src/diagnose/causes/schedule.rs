//! When SYNs were sent again, and what that says of the kernel that sent them.
//!
//! RFC 6298 (section 2.1) sets the first timeout to 1 s and doubles it: 1, 3, 7 s after the first SYN. Linux before 3.1 began
//! with 3 s (RFC 1122): 3, 9, 21 s. Linux 6.5 and later sends the first four again a second apart
//! (`tcp_syn_linear_timeouts`): 1, 2, 3, 4, 5, 7 s.

use crate::aggregate::CloseSample;
use crate::lang::tr;
use crate::time::{MILLISECOND, Nanos, SECOND};
use crate::tr;

/// A schedule that kernels keep to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Schedule {
    /// 3, 9, 21 s.
    ThreeSeconds,
    /// 1, 3, 7 s.
    Doubling,
    /// 1, 2, 3, 4, 5, 7 s.
    Linear,
    /// 1 s, and no second one was seen.
    OneSecond,
}

/// Timers fire up to so much late, and the capture sees that.
const LATE: Nanos = 400 * MILLISECOND;

fn near(after: Nanos, seconds: i64) -> bool {
    let due = seconds * SECOND;
    (due - 50 * MILLISECOND..due + LATE).contains(&after)
}

impl Schedule {
    /// By the first two times after the first SYN.
    fn of(first: Nanos, second: Option<Nanos>) -> Option<Self> {
        match second {
            None if near(first, 1) => Some(Self::OneSecond),
            None if near(first, 3) => Some(Self::ThreeSeconds),
            Some(second) if near(first, 1) && near(second, 2) => Some(Self::Linear),
            Some(second) if near(first, 1) && near(second, 3) => Some(Self::Doubling),
            Some(second) if near(first, 3) && near(second, 9) => Some(Self::ThreeSeconds),
            _ => None,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::ThreeSeconds => {
                "sent again after 3, 9, 21 s: a kernel with the old initial timeout of 3 s (Linux before 3.1)"
            }
            Self::Doubling => {
                "sent again after 1, 3, 7 s: the initial timeout of RFC 6298 (Linux 3.1 to 6.4, and others)"
            }
            Self::Linear => "sent again after 1, 2, 3 s: Linux 6.5 or later (tcp_syn_linear_timeouts)",
            Self::OneSecond => "sent again after 1 s: no kernel older than Linux 3.1",
        }
    }
}

/// What most of these connections' SYNs say, and on how many of them; `None` where none of the schedules fits.
pub(super) fn told<'a>(closes: impl Iterator<Item = &'a CloseSample>) -> Option<String> {
    let mut counts = std::collections::BTreeMap::new();
    let mut all = 0_u64;
    for close in closes {
        let [first, second] = close.syn_again.map(|after| after.map(Nanos::from));
        let Some(first) = first else { continue };
        all += 1;
        let schedule = Schedule::of(first * MILLISECOND, second.map(|after| after * MILLISECOND));
        if let Some(schedule) = schedule {
            *counts.entry(schedule).or_insert(0_u64) += 1;
        }
    }
    // A whole schedule says more than the beginning of one.
    let (schedule, n) = counts
        .iter()
        .max_by_key(|(schedule, n)| (**schedule != Schedule::OneSecond, **n))?;
    Some(tr!(
        "{schedule}; so on {n} of {all} connections",
        schedule = tr(schedule.words()),
        n,
        all
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_by_their_first_two_times() {
        let of = |first: f64, second: Option<f64>| {
            let nanos = |seconds: f64| (seconds * 1e9) as Nanos;
            Schedule::of(nanos(first), second.map(nanos))
        };
        assert_eq!(of(1.01, Some(3.03)), Some(Schedule::Doubling));
        assert_eq!(of(1.02, Some(2.04)), Some(Schedule::Linear));
        assert_eq!(of(3.0, Some(9.0)), Some(Schedule::ThreeSeconds));
        assert_eq!(of(3.0, None), Some(Schedule::ThreeSeconds));
        assert_eq!(of(1.0, None), Some(Schedule::OneSecond));
        assert_eq!(of(0.25, Some(0.5)), None);
    }
}
