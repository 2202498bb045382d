//! Figures by Host and URI prefix, where that splits a leg.

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

/// The rows that a prefix counts in.
#[derive(Clone, Copy, Debug)]
struct Rows {
    prefix: PrefixRef,
    own: u32,
    host: u32,
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
    by_host: IndexMap<Option<HostRef>, PrefixCounts, RandomState>,
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
    /// Counts in the two rows of a prefix: its own (or the row of those beyond the cap) and its host's.
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
            count(host);
        }
    }

    #[cold]
    #[inline(never)]
    fn find(&mut self, prefix: Prefix) -> (u32, u32) {
        fn place<K: std::hash::Hash + Eq>(
            map: &mut IndexMap<Option<K>, PrefixCounts, RandomState>,
            key: K,
        ) -> (u32, bool) {
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
        let (own, over) = place(&mut self.by_prefix, prefix.number);
        let (host, _) = place(&mut self.by_host, prefix.host);
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
        self.by_host.iter().map(|(key, counts)| (*key, counts))
    }
}
