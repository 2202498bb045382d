//! What needs the order of events across the connections of a leg: busy and open at once, and how many connections had
//! been closed when the last handshake that a request paid for was begun.

use std::collections::VecDeque;

use super::figures::Concurrency;
use crate::limits::CHECK_CLOSES;

/// A position in the order of events.
pub(super) type Order = u64;

/// A first request's connection, as it was when its SYN came.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct AtSyn {
    /// When the SYN came.
    pub(super) order: Order,
    /// Connections with a request closed by then.
    pub(super) closes: u64,
    /// Of them by an idle timeout.
    pub(super) idle_closes: u64,
}

/// The latest first request; its order is 0 as long as there is none.
#[derive(Clone, Copy, Debug, Default)]
struct LastFirst {
    order: Order,
    syn: AtSyn,
}

/// What shows of a pool over one span: its peaks, and its last first request.
#[derive(Clone, Debug, Default)]
pub(super) struct Spell {
    peak_busy: u64,
    peak_open: u64,
    open_at_start: u64,
    last_first: LastFirst,
    /// Closes by health checks after the last first's SYN; those before it are only counted.
    check_closes: VecDeque<Order>,
    check_closes_before: u64,
}

impl Spell {
    /// So many are busy.
    #[inline]
    pub(super) fn are_busy(&mut self, busy: u64) {
        self.peak_busy = self.peak_busy.max(busy);
    }

    /// So many are open, of which one more was there before the span if it is `midstream`.
    #[inline]
    pub(super) fn are_open(&mut self, open: u64, midstream: bool) {
        self.peak_open = self.peak_open.max(open);
        self.open_at_start += u64::from(midstream);
    }

    pub(super) fn not_midstream_after_all(&mut self) {
        self.open_at_start = self.open_at_start.saturating_sub(1);
    }

    /// Another span has these peaks.
    pub(super) fn raise(&mut self, other: &Self) {
        self.peak_busy = self.peak_busy.max(other.peak_busy);
        self.peak_open = self.peak_open.max(other.peak_open);
    }

    /// A first request at `order` turned out to be an ordinary one.
    #[inline]
    pub(super) fn first(&mut self, order: Order, syn: AtSyn) {
        if self.last_first.order > order {
            return;
        }
        self.last_first = LastFirst { order, syn };
        if !self.check_closes.is_empty() {
            self.pass_checks(syn.order);
        }
    }

    #[inline(never)]
    fn pass_checks(&mut self, syn: Order) {
        while self.check_closes.front().is_some_and(|close| *close < syn) {
            self.check_closes.pop_front();
            self.check_closes_before += 1;
        }
    }

    /// A close counted before turned out to be a health check's.
    pub(super) fn was_check(&mut self, close: Order) {
        if close < self.last_first.syn.order {
            self.check_closes_before += 1;
            return;
        }
        if self.check_closes.len() >= CHECK_CLOSES {
            self.check_closes.pop_front();
            self.check_closes_before += 1;
        }
        let at = self.check_closes.partition_point(|order| *order < close);
        self.check_closes.insert(at, close);
    }

    pub(super) fn concurrency(&self) -> Concurrency {
        let syn = self.last_first.syn;
        Concurrency {
            peak_busy: self.peak_busy,
            peak_open: self.peak_open,
            open_at_start: self.open_at_start,
            closed_before_last_first: Some(syn.closes.saturating_sub(self.check_closes_before)),
            peak_handshakes: 0,
            idle_closes: syn.idle_closes,
        }
    }
}

/// Gauges and order of a pool over the whole capture.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracker {
    pub(super) busy: u64,
    pub(super) open: u64,
    closes: u64,
    idle_closes: u64,
    /// What shows of it. Of a leg the peaks of the present window are still to be added.
    pub(super) spell: Spell,
}

impl Tracker {
    /// What shows of a window that begins now.
    pub(super) fn next_window(&self) -> Spell {
        Spell {
            peak_busy: self.busy,
            peak_open: self.open,
            open_at_start: self.open,
            ..Spell::default()
        }
    }

    #[inline]
    pub(super) fn opened(&mut self) -> u64 {
        self.open += 1;
        self.open
    }

    #[inline]
    pub(super) fn became_busy(&mut self) -> u64 {
        self.busy += 1;
        self.busy
    }

    #[inline]
    pub(super) fn became_idle(&mut self) {
        self.busy = self.busy.saturating_sub(1);
    }

    #[inline]
    pub(super) fn left(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// A connection that had carried a request was closed.
    #[inline]
    pub(super) fn closed_with_request(&mut self, idle: bool) {
        self.closes += 1;
        if idle {
            self.idle_closes += 1;
        }
    }

    /// What a SYN at `order` finds.
    #[inline]
    pub(super) fn at_syn(&self, order: Order) -> AtSyn {
        AtSyn {
            order,
            closes: self.closes,
            idle_closes: self.idle_closes,
        }
    }
}

/// The most of something in a whole second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SecondPeak {
    second: i64,
    count: u64,
    peak: u64,
}

impl SecondPeak {
    /// So many more in this second, which never runs backwards.
    pub(super) fn count(&mut self, second: i64, more: u64) {
        if second != self.second {
            self.second = second;
            self.count = 0;
        }
        self.count += more;
        self.peak = self.peak.max(self.count);
    }

    /// The peak, when there were so many more in this second.
    pub(super) fn with(mut self, second: i64, more: u64) -> u64 {
        self.count(second, more);
        self.peak
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closes_count_up_to_the_syn_of_the_last_first() {
        let mut tracker = Tracker::default();
        tracker.closed_with_request(false);
        let syn = tracker.at_syn(10);
        tracker.closed_with_request(true);
        tracker.spell.first(12, syn);
        tracker.closed_with_request(false);
        assert_eq!(tracker.spell.concurrency().closed_before_last_first, Some(1));
        let syn = tracker.at_syn(20);
        tracker.spell.first(21, syn);
        let c = tracker.spell.concurrency();
        assert_eq!((c.closed_before_last_first, c.idle_closes), (Some(3), 1));
        tracker.spell.first(5, AtSyn::default());
        assert_eq!(
            tracker.spell.concurrency().closed_before_last_first,
            Some(3),
            "an older first changes nothing"
        );
    }

    #[test]
    fn checks_are_taken_out_wherever_they_closed() {
        let mut tracker = Tracker::default();
        for _ in 0..4 {
            tracker.closed_with_request(false);
        }
        let syn = tracker.at_syn(10);
        tracker.spell.first(11, syn);
        tracker.spell.was_check(5);
        tracker.spell.was_check(30);
        assert_eq!(tracker.spell.concurrency().closed_before_last_first, Some(3));
        tracker.closed_with_request(false);
        let syn = tracker.at_syn(40);
        tracker.spell.first(41, syn);
        assert_eq!(
            tracker.spell.concurrency().closed_before_last_first,
            Some(3),
            "5 closes, 2 of them checks"
        );
    }
}
