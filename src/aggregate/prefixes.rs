//! Figures by Host and URI prefix, where that splits a leg.

use std::hash::Hash;

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::event::{PrefixRef, Reuse};
use super::naming::Prefix;
use crate::limits::PREFIXES_PER_LEG;

/// The figures of one prefix.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct PrefixCounts {
    /// R.
    pub(super) requests: u64,
    /// F.
    pub(super) first: u64,
    busy: u64,
    peak_busy: u64,
    open_at_start: u64,
    closes: u64,
    closes_before_last_first: u64,
}

impl PrefixCounts {
    #[inline]
    fn request(&mut self) {
        self.requests += 1;
        self.busy += 1;
        self.peak_busy = self.peak_busy.max(self.busy);
    }

    #[inline]
    fn first(&mut self) {
        self.first += 1;
        self.closes_before_last_first = self.closes;
        self.request();
    }

    fn take_out(&mut self, reuse: Reuse) {
        self.requests = self.requests.saturating_sub(1);
        self.first = self.first.saturating_sub(u64::from(reuse == Reuse::First));
    }

    /// A, by the formula of a leg.
    #[must_use]
    pub(super) fn avoidable(&self) -> u64 {
        let growth = self.peak_busy.saturating_sub(self.open_at_start);
        self.first
            .saturating_sub(growth)
            .min(self.closes_before_last_first)
    }
}

/// A Host, by number; 0 is "no Host".
pub(super) type HostRef = u32;

/// Prefixes whose rows are at hand.
const LATEST: usize = 8;

/// The row of a host. As long as the host has one prefix alone, that one's row is the host's, too.
#[derive(Clone, Copy, Debug, Default)]
struct HostRow {
    /// The place of that prefix.
    sole: Option<u32>,
    /// Nothing as long as there is one.
    counts: PrefixCounts,
}

/// The rows that a prefix counts in.
#[derive(Clone, Copy, Debug)]
struct Rows {
    prefix: PrefixRef,
    own: u32,
    /// [`SOLE`](Self::SOLE): its own is its host's.
    host: u32,
}

impl Rows {
    /// The place of no row.
    const SOLE: u32 = u32::MAX;
}

impl Default for Rows {
    /// Those of no prefix.
    fn default() -> Self {
        Self {
            prefix: PrefixRef::UNREAD,
            own: 0,
            host: 0,
        }
    }
}

/// The prefixes and hosts of one leg.
#[derive(Clone, Debug)]
pub(super) struct Prefixes {
    by_prefix: IndexMap<Option<PrefixRef>, PrefixCounts, RandomState>,
    by_host: IndexMap<Option<HostRef>, HostRow, RandomState>,
    /// The prefix used last, and where the rows are of those used lately that have their own, by the lowest bits of their
    /// numbers.
    last: PrefixRef,
    latest: [Rows; LATEST],
    pub(super) overflow: u64,
}

impl Default for Prefixes {
    fn default() -> Self {
        Self {
            by_prefix: IndexMap::default(),
            by_host: IndexMap::default(),
            last: PrefixRef::UNREAD,
            latest: [Rows::default(); LATEST],
            overflow: 0,
        }
    }
}

impl Prefixes {
    /// Counts in the rows of a prefix: its own (or the row of those beyond the cap) and its host's, where that is another.
    #[inline]
    fn count(&mut self, prefix: Prefix, count: impl Fn(&mut PrefixCounts)) {
        let number = prefix.number;
        if number == PrefixRef::UNREAD {
            return;
        }
        let latest = &self.latest[number.0 as usize % LATEST];
        let (own, host) = if latest.prefix == number {
            (latest.own, latest.host)
        } else {
            self.find(prefix)
        };
        self.last = number;
        if let Some((_, own)) = self.by_prefix.get_index_mut(own as usize) {
            count(own);
        }
        if let Some((_, host)) = self.by_host.get_index_mut(host as usize) {
            count(&mut host.counts);
        }
    }

    #[cold]
    #[inline(never)]
    fn find(&mut self, prefix: Prefix) -> (u32, u32) {
        let (own, over) = place(&mut self.by_prefix, prefix.number);
        let host = self.find_host(prefix.host, (!over).then_some(own));
        if !over {
            self.latest[prefix.number.0 as usize % LATEST] = Rows {
                prefix: prefix.number,
                own,
                host,
            };
        } else if self.last != prefix.number {
            self.overflow += 1;
        }
        (own, host)
    }

    /// The row of a host for its prefix with the row `own`, if that has one of its own.
    fn find_host(&mut self, host: HostRef, own: Option<u32>) -> u32 {
        let many = self.by_host.len();
        let (host, over) = place(&mut self.by_host, host);
        let is_new = self.by_host.len() > many;
        let Some((_, row)) = self.by_host.get_index_mut(host as usize) else {
            return host;
        };
        if is_new && !over {
            row.sole = own;
        }
        if row.sole.is_some() && row.sole == own {
            return Rows::SOLE;
        }
        if let Some(sole) = row.sole.take() {
            // A second one: from now on the host has a row of its own, which begins with what the first one counted.
            let counted = self.by_prefix.get_index(sole as usize);
            row.counts = counted.map(|(_, counts)| *counts).unwrap_or_default();
            self.latest = [Rows::default(); LATEST];
        }
        host
    }

    #[inline]
    pub(super) fn request(&mut self, prefix: Prefix, reuse: Reuse) {
        match reuse {
            Reuse::First => self.count(prefix, PrefixCounts::first),
            Reuse::Reused => self.count(prefix, PrefixCounts::request),
            Reuse::MidstreamFirst => self.count(prefix, |row| {
                row.open_at_start += 1;
                row.request();
            }),
        }
    }

    #[inline]
    pub(super) fn ended(&mut self, prefix: Prefix) {
        self.count(prefix, |row| row.busy = row.busy.saturating_sub(1));
    }

    #[inline]
    pub(super) fn closed(&mut self, prefix: Prefix, was_busy: bool) {
        self.count(prefix, |row| {
            row.closes += 1;
            row.busy = row.busy.saturating_sub(u64::from(was_busy));
        });
    }

    /// A request counted before was a health check's, or upgraded.
    pub(super) fn take_out(&mut self, prefix: Prefix, reuse: Reuse) {
        self.count(prefix, |row| row.take_out(reuse));
    }

    /// Rows by prefix; `None` is the row of those beyond the cap.
    pub(super) fn by_prefix(&self) -> impl Iterator<Item = (Option<PrefixRef>, &PrefixCounts)> {
        self.by_prefix.iter().map(|(key, counts)| (*key, counts))
    }

    /// Rows by host; `None` is the row of those beyond the cap.
    pub(super) fn by_host(&self) -> impl Iterator<Item = (Option<HostRef>, &PrefixCounts)> {
        self.by_host.iter().map(|(key, row)| {
            let sole = row.sole.and_then(|sole| self.by_prefix.get_index(sole as usize));
            (*key, sole.map_or(&row.counts, |(_, counts)| counts))
        })
    }
}

/// The place of a key in a map, and whether it is that of all beyond the cap.
fn place<K: Hash + Eq, V: Default>(map: &mut IndexMap<Option<K>, V, RandomState>, key: K) -> (u32, bool) {
    let key = Some(key);
    if let Some(place) = map.get_index_of(&key) {
        return (place as u32, false);
    }
    let full = map.len() >= PREFIXES_PER_LEG;
    let entry = map.entry(if full { None } else { key });
    let place = entry.index();
    entry.or_default();
    (place as u32, full)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of prefixes and hosts that are all kept, whatever they have in common.
    #[derive(Default)]
    struct Naive {
        by_prefix: IndexMap<Option<PrefixRef>, PrefixCounts>,
        by_host: IndexMap<Option<HostRef>, PrefixCounts>,
    }

    impl Naive {
        fn count(&mut self, prefix: Prefix, count: impl Fn(&mut PrefixCounts)) {
            fn row<K: Hash + Eq>(rows: &mut IndexMap<Option<K>, PrefixCounts>, key: K) -> &mut PrefixCounts {
                let key = Some(key);
                let full = rows.len() >= PREFIXES_PER_LEG && !rows.contains_key(&key);
                rows.entry(if full { None } else { key }).or_default()
            }
            count(row(&mut self.by_prefix, prefix.number));
            count(row(&mut self.by_host, prefix.host));
        }
    }

    #[test]
    fn a_host_has_what_its_prefixes_have_whether_there_is_one_or_more() {
        // So many hosts, with so many prefixes each: also more than are kept.
        for (hosts, each) in [(1, 1), (3, 1), (2, 3), (40, 2), (100, 1), (1, 100), (90, 3)] {
            let (mut prefixes, mut naive) = (Prefixes::default(), Naive::default());
            let many = hosts * each;
            for step in 0..many * 8 {
                // Each first one comes before each second one, and later all of them in another order.
                let number = if step < many { step } else { step * 7_919 % many };
                let prefix = Prefix {
                    number: PrefixRef(number),
                    host: number % hosts,
                };
                match step % 5 {
                    0 | 1 => {
                        prefixes.request(prefix, Reuse::First);
                        naive.count(prefix, PrefixCounts::first);
                    }
                    2 => {
                        prefixes.ended(prefix);
                        naive.count(prefix, |row| row.busy = row.busy.saturating_sub(1));
                    }
                    3 => {
                        prefixes.closed(prefix, false);
                        naive.count(prefix, |row| row.closes += 1);
                    }
                    _ => {
                        prefixes.take_out(prefix, Reuse::First);
                        naive.count(prefix, |row| row.take_out(Reuse::First));
                    }
                }
                let rows: Vec<_> = prefixes.by_prefix().map(|(key, row)| (key, *row)).collect();
                assert_eq!(rows, naive.by_prefix.clone().into_iter().collect::<Vec<_>>());
                let rows: Vec<_> = prefixes.by_host().map(|(key, row)| (key, *row)).collect();
                assert_eq!(rows, naive.by_host.clone().into_iter().collect::<Vec<_>>());
            }
        }
    }
}
