//! The thresholds of classes and verdicts: options with these defaults, in one place, printed in every JSON report.

use crate::time::{MILLISECOND, Nanos, SECOND};

/// Where "at once" ends, "rarely" begins and a verdict turns.
#[derive(Clone, PartialEq, Debug)]
pub struct Thresholds {
    /// A connection closed within this of its only response is `per_request`.
    pub per_request_close: Nanos,
    /// A connection still open this long after its only response is `unreused`.
    pub unreused_open: Nanos,
    /// An unanswered SYN needs this much capture after it, if it was not retransmitted.
    pub unanswered_after: Nanos,
    /// The first observed request of a midstream connection is an unknown first within this of the capture's start or
    /// of a counted loss.
    pub unknown_first_within: Nanos,
    /// Health checks: this many in a row or more.
    pub check_count: u32,
    /// Health checks: start intervals within this share of their median.
    pub check_jitter: f64,
    /// Health checks: the median interval is at least this.
    pub check_period: Nanos,
    /// A leg with fewer requests is not judged.
    pub min_requests: u64,
    /// A prefix, host or window with fewer requests is not judged on its own.
    pub min_part_requests: u64,
    /// `fail` from this many attempts with more failed than established.
    pub min_attempts: u64,
    /// `fail` with at least this many lost requests ...
    pub min_lost: u64,
    /// ... and more than this share of the requests.
    pub lost_share: f64,
    /// `fail` from this share of avoidable handshakes per request.
    pub fail_avoidable: f64,
    /// `pass` up to this share of avoidable handshakes per request ...
    pub pass_avoidable: f64,
    /// ... or this many of them.
    pub pass_avoidable_count: u64,
    /// `pass` up to this share of failed connects per attempt.
    pub pass_failed: f64,
    /// A close after this much idle time is an idle timeout's.
    pub idle_close: Nanos,
    /// Length of a window.
    pub window: Nanos,
    /// Legs with less than this share of the capture's requests can lower its verdict to `warn` at most.
    pub minor_leg: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            per_request_close: 500 * MILLISECOND,
            unreused_open: SECOND,
            unanswered_after: 3 * SECOND,
            unknown_first_within: SECOND,
            check_count: 5,
            check_jitter: 0.1,
            check_period: SECOND,
            min_requests: 30,
            min_part_requests: 100,
            min_attempts: 5,
            min_lost: 2,
            lost_share: 0.01,
            fail_avoidable: 0.5,
            pass_avoidable: 0.02,
            pass_avoidable_count: 2,
            pass_failed: 0.001,
            idle_close: 500 * MILLISECOND,
            window: 300 * SECOND,
            minor_leg: 0.01,
        }
    }
}
