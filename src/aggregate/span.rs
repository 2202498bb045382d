//! The span of the capture, and its division into windows and seconds.

use crate::time::{Nanos, SECOND, Timestamp};

/// The span of the capture, and its division into windows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: Timestamp,
    pub(super) clock: Timestamp,
    /// The present window.
    pub(super) window_index: i64,
    /// Whole seconds since the start.
    second: i64,
    /// When the window or the second is over.
    lasts_until: Timestamp,
    pub(super) window: Nanos,
    pub(super) min_window_requests: u64,
}

impl Span {
    pub(super) fn new(start: Timestamp, window: Nanos, min_window_requests: u64) -> Self {
        Self {
            start,
            clock: start,
            window_index: 0,
            second: 0,
            lasts_until: start.plus(window.min(SECOND)),
            window,
            min_window_requests,
        }
    }

    pub(super) fn length(&self) -> Nanos {
        self.clock.since(self.start).max(0)
    }

    /// Whether the present window or second is over at a moment.
    #[inline]
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.lasts_until
    }

    /// Time moves on within the present window and second; returns whether it does.
    #[inline]
    pub(super) fn advance(&mut self, now: Timestamp) -> bool {
        let lasts = !self.is_over(now);
        if lasts {
            self.clock = self.clock.max(now);
        }
        lasts
    }

    /// Time moves on to another window or second.
    pub(super) fn move_on(&mut self, now: Timestamp) {
        self.clock = self.clock.max(now);
        self.window_index = self.length() / self.window.max(1);
        self.second = self.length() / SECOND;
        let second_ends = self.start.plus((self.second + 1).saturating_mul(SECOND));
        self.lasts_until = second_ends.min(self.window_start(self.window_index + 1));
    }

    pub(super) fn window_start(&self, index: i64) -> Timestamp {
        self.start.plus(index.saturating_mul(self.window))
    }

    /// Whole seconds since the start.
    #[inline]
    pub(super) fn second(&self) -> i64 {
        self.second
    }
}
