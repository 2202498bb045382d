//! Closes of a whole pool at once: a worker that exits, a server that stops.

use crate::aggregate::CloseSample;
use crate::time::{MILLISECOND, Nanos, Timestamp};

/// The longest time between two closes of one burst ...
const STEP: Nanos = 2 * MILLISECOND;
/// ... and from its first to its last: workers exit together, each within a millisecond.
const LENGTH: Nanos = 25 * MILLISECOND;
/// Idle times differ by more than this, and by many times more than the moments of the closes.
pub(super) const IDLE_SPREAD: Nanos = 20 * MILLISECOND;
/// More bursts than this are load, not events.
const MOST: usize = 4;

/// From its first to its last close.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Burst {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl Burst {
    pub(super) fn holds(&self, moment: Timestamp) -> bool {
        (self.from..=self.to).contains(&moment)
    }
}

/// The bursts among `closes`; `lives` are all connections that might have survived one. Idle times differ by at least
/// `spread`.
pub(super) fn bursts(closes: &[&CloseSample], lives: &[&CloseSample], spread: Nanos) -> Vec<Burst> {
    let mut closes: Vec<&CloseSample> = closes
        .iter()
        .copied()
        .filter(|close| close.idle.is_some())
        .collect();
    closes.sort_unstable_by_key(|close| close.end);
    let mut found = Vec::new();
    let mut rest = &closes[..];
    while let Some(first) = rest.first() {
        let together = |pair: &[&CloseSample]| {
            pair[1].end.since(pair[0].end) <= STEP && pair[1].end.since(first.end) <= LENGTH
        };
        let length = 1 + rest.windows(2).take_while(|pair| together(pair)).count();
        let (burst, after) = rest.split_at(length);
        // Requests still running end a little later, as their responses come: they belong to it.
        let core = (2..=length)
            .rev()
            .find_map(|n| whole_pool(&burst[..n], lives, spread));
        found.extend(
            core.zip(burst.last())
                .map(|(core, last)| Burst { to: last.end, ..core }),
        );
        rest = after;
    }
    if found.len() > MOST { Vec::new() } else { found }
}

fn whole_pool(burst: &[&CloseSample], lives: &[&CloseSample], least: Nanos) -> Option<Burst> {
    let (from, to) = (burst.first()?.end, burst.last()?.end);
    let idles = burst.iter().filter_map(|close| close.idle);
    let spread = idles.clone().max()? - idles.min()?;
    if burst.len() < 2 || spread < least.max(least.signum() * 10 * to.since(from)) {
        return None;
    }
    // A pool that is full closes one for each response that ends.
    let responses = burst.last()?.before.saturating_sub(burst.first()?.before);
    if responses * 3 >= burst.len() as u64 - 1 {
        return None;
    }
    let survived = |life: &&&CloseSample| life.start < from && life.end > to.plus(LENGTH);
    let survivors = lives.iter().filter(survived).count();
    let all = survivors == 0 || (burst.len() >= 3 && survivors * 4 <= burst.len());
    all.then_some(Burst { from, to })
}
