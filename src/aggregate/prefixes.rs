//! Figures by Host and URI prefix, where that splits a leg.

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::event::{PrefixRef, Reuse};
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
    fn request(&mut self, reuse: Reuse) {
        self.requests += 1;
        self.busy += 1;
        self.peak_busy = self.peak_busy.max(self.busy);
        match reuse {
            Reuse::First => {
                self.first += 1;
                self.closes_before_last_first = self.closes;
            }
            Reuse::MidstreamFirst => self.open_at_start += 1,
            Reuse::Reused => {}
        }
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

/// The rows that a prefix counts in.
#[derive(Clone, Copy, Debug)]
struct Rows {
    prefix: PrefixRef,
    own: usize,
    host: usize,
    /// It has no row of its own.
    over: bool,
}

/// The prefixes and hosts of one leg.
#[derive(Clone, Debug, Default)]
pub(super) struct Prefixes {
    by_prefix: IndexMap<Option<PrefixRef>, PrefixCounts, RandomState>,
    by_host: IndexMap<Option<HostRef>, PrefixCounts, RandomState>,
    /// The prefix used last, and where the rows are of those used lately, by the lowest bits of their numbers.
    last: Option<PrefixRef>,
    latest: [Option<Rows>; LATEST],
    pub(super) overflow: u64,
}

impl Prefixes {
    /// The two rows that a prefix counts in: its own (or the row of those beyond the cap) and its host's.
    #[inline]
    fn rows(&mut self, prefix: PrefixRef, host: HostRef) -> [Option<&mut PrefixCounts>; 2] {
        if prefix == PrefixRef::UNREAD {
            return [None, None];
        }
        let latest = self.latest[prefix.0 as usize % LATEST];
        let rows = match latest {
            Some(rows) if rows.prefix == prefix => rows,
            _ => self.find(prefix, host),
        };
        if self.last != Some(prefix) {
            self.last = Some(prefix);
            self.overflow += u64::from(rows.over);
        }
        let own = self.by_prefix.get_index_mut(rows.own).map(|(_, counts)| counts);
        let host = self.by_host.get_index_mut(rows.host).map(|(_, counts)| counts);
        [own, host]
    }

    #[cold]
    #[inline(never)]
    fn find(&mut self, prefix: PrefixRef, host: HostRef) -> Rows {
        fn place<K: std::hash::Hash + Eq>(
            map: &mut IndexMap<Option<K>, PrefixCounts, RandomState>,
            key: K,
        ) -> (usize, bool) {
            let key = Some(key);
            if let Some(place) = map.get_index_of(&key) {
                return (place, false);
            }
            let full = map.len() >= PREFIXES_PER_LEG;
            let entry = map.entry(if full { None } else { key });
            let place = entry.index();
            entry.or_default();
            (place, full)
        }
        let (own, over) = place(&mut self.by_prefix, prefix);
        let rows = Rows {
            prefix,
            own,
            host: place(&mut self.by_host, host).0,
            over,
        };
        self.latest[prefix.0 as usize % LATEST] = Some(rows);
        rows
    }

    pub(super) fn request(&mut self, prefix: PrefixRef, host: HostRef, reuse: Reuse) {
        for row in self.rows(prefix, host).into_iter().flatten() {
            row.request(reuse);
        }
    }

    pub(super) fn ended(&mut self, prefix: PrefixRef, host: HostRef) {
        for row in self.rows(prefix, host).into_iter().flatten() {
            row.busy = row.busy.saturating_sub(1);
        }
    }

    pub(super) fn closed(&mut self, prefix: PrefixRef, host: HostRef, was_busy: bool) {
        for row in self.rows(prefix, host).into_iter().flatten() {
            row.closes += 1;
            row.busy = row.busy.saturating_sub(u64::from(was_busy));
        }
    }

    /// A request counted before was a health check's, or upgraded.
    pub(super) fn take_out(&mut self, prefix: PrefixRef, host: HostRef, reuse: Reuse) {
        for row in self.rows(prefix, host).into_iter().flatten() {
            row.take_out(reuse);
        }
    }

    /// Rows by prefix; `None` is the row of those beyond the cap.
    pub(super) fn by_prefix(&self) -> impl Iterator<Item = (Option<PrefixRef>, &PrefixCounts)> {
        self.by_prefix.iter().map(|(key, counts)| (*key, counts))
    }

    /// Rows by host; `None` is the row of those beyond the cap.
    pub(super) fn by_host(&self) -> impl Iterator<Item = (Option<HostRef>, &PrefixCounts)> {
        self.by_host.iter().map(|(key, counts)| (*key, counts))
    }
}
