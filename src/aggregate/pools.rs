//! Pools: all connections of one client, whatever the server. What needs order across them is kept here.

use std::collections::VecDeque;
use std::net::IpAddr;

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::collector::Gauge;
use crate::limits::{POOLS, RESPONSE_ENDS};
use crate::time::Timestamp;

/// The place of a pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PoolRef(u32);

impl PoolRef {
    /// A pool that is not kept.
    pub(super) const NONE: Self = Self(u32::MAX);
}

/// What is seen of one client's pool.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PoolFigures {
    /// Most connections busy at once.
    pub peak_busy: u64,
    /// When its last SYN came: closes after it cost no handshake.
    pub last_syn: Option<Timestamp>,
}

/// Responses of a client that ended within a span.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Between {
    pub(super) responses: u32,
    /// How many had ended by its end.
    pub(super) before: u64,
    pub(super) latest: Option<Timestamp>,
}

#[derive(Debug)]
struct Pool {
    busy: Gauge,
    last_syn: Option<Timestamp>,
    /// When the latest responses ended, in frame order.
    ends: VecDeque<Timestamp>,
    /// How many ended.
    ended: u64,
    /// Whether older ones were dropped.
    dropped: bool,
    /// When the one that was told last ended.
    last_end: Timestamp,
    /// Whether one ended before the one that was told before it: a capture's time may run backwards.
    disordered: bool,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            busy: Gauge::default(),
            last_syn: None,
            ends: VecDeque::new(),
            ended: 0,
            dropped: false,
            last_end: Timestamp::MIN,
            disordered: false,
        }
    }
}

/// The pools of all clients.
#[derive(Debug, Default)]
pub(super) struct Pools {
    by_client: IndexMap<IpAddr, Pool, RandomState>,
    /// Ends of responses that each pool may remember.
    ends_at_most: usize,
}

impl Pool {
    /// How many ends are later than a moment, where they are in order and so many are known to be. Who asks means a moment
    /// that is not long gone: looked for from the latest end on, by steps that double.
    fn later_than(&self, moment: Timestamp, known: usize) -> usize {
        let many = self.ends.len();
        let is_later = |back: usize| {
            many.checked_sub(back)
                .is_some_and(|at| self.ends.get(at) > Some(&moment))
        };
        // So many are later, and the one `step` before them was not looked at.
        let (mut later, mut step) = (known, 1);
        while is_later(later + step) {
            later += step;
            step *= 2;
        }
        while step > 1 {
            step /= 2;
            if is_later(later + step) {
                later += step;
            }
        }
        later
    }

    /// As [`Pools::ended_between`], where the ends are in order.
    fn ended_between(&self, from: Timestamp, until: Timestamp) -> Option<Between> {
        let after = self.later_than(until, 0);
        let later = self.later_than(from, if from <= until { after } else { 0 });
        let after = after.min(later);
        let last = self.ends.len() - after;
        let between = Between {
            responses: (later - after) as u32,
            before: self.ended - after as u64,
            latest: (later > after)
                .then(|| self.ends.get(last - 1).copied())
                .flatten(),
        };
        (later < self.ends.len() || !self.dropped).then_some(between)
    }
}

impl Pools {
    /// The pool of a leg that is `client`'s.
    pub(super) fn name_leg(&mut self, client: Option<IpAddr>) -> PoolRef {
        let pool = client.and_then(|client| {
            let full = self.by_client.len() >= POOLS && !self.by_client.contains_key(&client);
            (!full).then(|| {
                let entry = self.by_client.entry(client);
                let pool = PoolRef(entry.index() as u32);
                entry.or_default();
                pool
            })
        });
        self.ends_at_most = (RESPONSE_ENDS / self.by_client.len().max(1)).clamp(64, RESPONSE_ENDS / 64);
        pool.unwrap_or(PoolRef::NONE)
    }

    #[inline]
    fn of(&mut self, pool: PoolRef) -> Option<&mut Pool> {
        self.by_client
            .get_index_mut(pool.0 as usize)
            .map(|(_, pool)| pool)
    }

    #[inline]
    pub(super) fn became_busy(&mut self, pool: PoolRef) {
        if let Some(pool) = self.of(pool) {
            pool.busy.up();
        }
    }

    #[inline]
    pub(super) fn became_idle(&mut self, pool: PoolRef) {
        if let Some(pool) = self.of(pool) {
            pool.busy.down();
        }
    }

    #[inline]
    pub(super) fn syn(&mut self, pool: PoolRef, at: Timestamp) {
        if let Some(pool) = self.of(pool) {
            pool.last_syn = Some(at);
        }
    }

    /// A response to the client ended, which leaves its connection idle or not.
    #[inline]
    pub(super) fn response_ended(&mut self, pool: PoolRef, at: Timestamp, became_idle: bool) {
        let at_most = self.ends_at_most;
        let Some(pool) = self.of(pool) else { return };
        if became_idle {
            pool.busy.down();
        }
        if pool.ends.len() >= at_most {
            pool.ends.pop_front();
            pool.dropped = true;
        }
        pool.ended += 1;
        pool.disordered |= pool.last_end > at;
        pool.last_end = at;
        pool.ends.push_back(at);
    }

    /// What happened between `from` and `until`; `None` where that is not known any more.
    pub(super) fn ended_between(
        &mut self,
        pool: PoolRef,
        from: Timestamp,
        until: Timestamp,
    ) -> Option<Between> {
        let pool = self.of(pool)?;
        if !pool.disordered {
            return pool.ended_between(from, until);
        }
        let later = pool.ends.iter().rev().take_while(|end| **end > from);
        let (mut between, mut all) = (Between::default(), 0_u64);
        for end in later {
            all += 1;
            if *end <= until {
                between.responses += 1;
                between.latest = between.latest.max(Some(*end));
            }
        }
        between.before = pool.ended - (all - u64::from(between.responses));
        (all < pool.ends.len() as u64 || !pool.dropped).then_some(between)
    }

    /// What was seen of each client's pool.
    pub(super) fn figures(&self) -> impl Iterator<Item = (IpAddr, PoolFigures)> {
        self.by_client.iter().map(|(client, pool)| {
            let figures = PoolFigures {
                peak_busy: pool.busy.peak,
                last_syn: pool.last_syn,
            };
            (*client, figures)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: i64) -> Timestamp {
        Timestamp::from_nanos(nanos)
    }

    #[test]
    fn responses_of_all_legs_of_a_client_count_and_its_own_does_not() {
        let client = Some(IpAddr::from([10, 0, 0, 1]));
        let mut pools = Pools::default();
        let (one, same) = (pools.name_leg(client), pools.name_leg(client));
        let other = pools.name_leg(Some(IpAddr::from([10, 0, 0, 2])));
        for (pool, time) in [(one, 1), (same, 2), (other, 3), (one, 4), (same, 9)] {
            pools.response_ended(pool, at(time), false);
        }
        let between = |responses, before, latest: Option<i64>| {
            let latest = latest.map(at);
            Some(Between {
                responses,
                before,
                latest,
            })
        };
        assert_eq!(pools.ended_between(one, at(1), at(5)), between(2, 3, Some(4)));
        assert_eq!(pools.ended_between(other, at(3), at(5)), between(0, 1, None));
        assert_eq!(pools.ended_between(PoolRef::NONE, at(3), at(5)), None);
    }

    #[test]
    fn what_is_looked_for_from_the_latest_on_is_what_there_is() {
        let mut pool = Pool::default();
        for many in 0..70 {
            for moment in -1..=many + 1 {
                // Every other end comes twice.
                let later = pool.ends.iter().filter(|end| **end > at(moment)).count();
                for known in [0, later / 2, later] {
                    assert_eq!(pool.later_than(at(moment), known), later, "{moment} of {many}");
                }
                for until in [moment - 3, moment, moment + 1, moment + 9] {
                    pool.ended = pool.ends.len() as u64;
                    let ended = |end: &&Timestamp| **end <= at(until.max(moment));
                    let within = |end: &&Timestamp| **end > at(moment) && **end <= at(until);
                    let between = pool.ended_between(at(moment), at(until));
                    let expected = Between {
                        responses: pool.ends.iter().filter(within).count() as u32,
                        before: pool.ends.iter().filter(ended).count() as u64,
                        latest: pool.ends.iter().filter(within).max().copied(),
                    };
                    assert_eq!(between, Some(expected), "{moment} to {until} of {many}");
                }
            }
            pool.ends.push_back(at(many / 2 + many % 2));
        }
    }

    #[test]
    fn what_was_dropped_is_not_known() {
        let mut pools = Pools::default();
        let pool = pools.name_leg(Some(IpAddr::from([10, 0, 0, 1])));
        let at_most = (RESPONSE_ENDS / 64) as i64;
        for time in 1..=at_most + 10 {
            pools.response_ended(pool, at(time), false);
        }
        assert_eq!(pools.ended_between(pool, at(5), at(20)), None);
        let between = pools.ended_between(pool, at(at_most), at(at_most + 3));
        assert_eq!(between.map(|between| between.responses), Some(3));
    }
}
