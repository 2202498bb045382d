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

#[derive(Clone, Copy, Debug)]
struct LastFirst {
    order: Order,
    syn: AtSyn,
}

/// Gauges and order of one leg over one span.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracker {
    pub(super) busy: u64,
    pub(super) open: u64,
    peak_busy: u64,
    peak_open: u64,
    open_at_start: u64,
    closes: u64,
    idle_closes: u64,
    last_first: Option<LastFirst>,
    /// Closes by health checks after the last first's SYN; those before it are only counted.
    check_closes: VecDeque<Order>,
    check_closes_before: u64,
}

impl Tracker {
    /// The tracker of a window that begins now, by the whole capture's.
    pub(super) fn next_window(&self) -> Self {
        Self {
            busy: self.busy,
            open: self.open,
            peak_busy: self.busy,
            peak_open: self.open,
            open_at_start: self.open,
            ..Self::default()
        }
    }

    pub(super) fn opened(&mut self, midstream: bool) {
        self.open += 1;
        self.peak_open = self.peak_open.max(self.open);
        self.open_at_start += u64::from(midstream);
    }

    pub(super) fn not_midstream_after_all(&mut self) {
        self.open_at_start = self.open_at_start.saturating_sub(1);
    }

    pub(super) fn became_busy(&mut self) {
        self.busy += 1;
        self.peak_busy = self.peak_busy.max(self.busy);
    }

    /// So many are busy, as the whole capture's tracker has it.
    pub(super) fn are_busy(&mut self, busy: u64) {
        self.peak_busy = self.peak_busy.max(busy);
    }

    pub(super) fn became_idle(&mut self) {
        self.busy = self.busy.saturating_sub(1);
    }

    pub(super) fn left(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// A connection that had carried a request was closed.
    pub(super) fn closed_with_request(&mut self, idle: bool) {
        self.closes += 1;
        self.idle_closes += u64::from(idle);
    }

    /// What a SYN at `order` finds.
    pub(super) fn at_syn(&self, order: Order) -> AtSyn {
        AtSyn {
            order,
            closes: self.closes,
            idle_closes: self.idle_closes,
        }
    }

    /// A first request at `order` turned out to be an ordinary one.
    pub(super) fn first(&mut self, order: Order, syn: AtSyn) {
        if self.last_first.is_some_and(|last| last.order > order) {
            return;
        }
        self.last_first = Some(LastFirst { order, syn });
        while self.check_closes.front().is_some_and(|close| *close < syn.order) {
            self.check_closes.pop_front();
            self.check_closes_before += 1;
        }
    }

    /// A close counted before turned out to be a health check's.
    pub(super) fn was_check(&mut self, close: Order) {
        if self.last_first.is_some_and(|last| close < last.syn.order) {
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
        let syn = self.last_first.map(|last| last.syn).unwrap_or_default();
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

/// The most of something in a whole second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SecondPeak {
    second: i64,
    count: u64,
    peak: u64,
}

impl SecondPeak {
    pub(super) fn count(&mut self, second: i64) {
        if second != self.second {
            self.second = second;
            self.count = 0;
        }
        self.count += 1;
        self.peak = self.peak.max(self.count);
    }

    pub(super) fn peak(&self) -> u64 {
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
        tracker.first(12, syn);
        tracker.closed_with_request(false);
        assert_eq!(tracker.concurrency().closed_before_last_first, Some(1));
        let syn = tracker.at_syn(20);
        tracker.first(21, syn);
        let c = tracker.concurrency();
        assert_eq!((c.closed_before_last_first, c.idle_closes), (Some(3), 1));
        tracker.first(5, AtSyn::default());
        assert_eq!(
            tracker.concurrency().closed_before_last_first,
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
        tracker.first(11, syn);
        tracker.was_check(5);
        tracker.was_check(30);
        assert_eq!(tracker.concurrency().closed_before_last_first, Some(3));
        tracker.closed_with_request(false);
        let syn = tracker.at_syn(40);
        tracker.first(41, syn);
        assert_eq!(
            tracker.concurrency().closed_before_last_first,
            Some(3),
            "5 closes, 2 of them checks"
        );
    }
}
