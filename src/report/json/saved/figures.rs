//! FIGURES and DIST read back.

use super::{SavedError, parsed};
use crate::aggregate::{
    self, ClassCounts, CloseCounts, Concurrency, ConnectionCounts, Counts, Distribution, RequestCounts,
    ResponseCounts, Statuses,
};
use crate::classify::Class;
use crate::report::json::figures::{
    Classes, Closes, Connections, Dist, Figures, Requests, Responses, US_PER_SECOND,
};

impl Figures {
    /// The figures; TLS is told beside them.
    pub(super) fn restore(self) -> Result<aggregate::Figures, SavedError> {
        let whole = |dist: Option<Dist>| dist.map_or_else(Distribution::default, |dist| dist.restore(1.0));
        let idle = self.idle_before_close_s;
        let counts = Counts {
            connections: self.connections.into(),
            classes: self.classes.into(),
            hidden_requests: self.requests.hidden,
            requests: self.requests.into(),
            responses: self.responses.restore()?,
            closes: self.closes.into(),
            handshakes: self.handshakes.completed,
            syn_retransmitted: self.handshakes.syn_retransmitted,
            connect_time_us: whole(self.handshakes.connect_time_us),
            first_byte_us: whole(self.first_byte_us),
            response_us: whole(self.response_us),
            idle_before_close_us: idle.map_or_else(Distribution::default, |dist| dist.restore(US_PER_SECOND)),
            requests_per_connection: whole(self.requests_per_connection),
            retransmitted_segments: self.retransmitted_segments,
            out_of_order_segments: self.out_of_order_segments,
            tcp_keepalive_probes: self.tcp_keepalive_probes,
            gap_bytes: self.gap_bytes,
            ..Counts::default()
        };
        Ok(aggregate::Figures {
            counts,
            concurrency: Concurrency {
                peak_busy: self.peak_busy,
                peak_open: self.peak_open,
                open_at_start: self.open_at_start,
                closed_before_last_first: self.closed_before_last_first,
                peak_handshakes: self.handshakes.per_second_peak,
                idle_closes: self.idle_closes,
            },
            avoidable: self.avoidable_handshakes,
            handshakes_per_second: self.handshakes.per_second_mean.0,
        })
    }
}

impl Dist {
    fn restore(self, per_unit: f64) -> Distribution {
        let whole = |value: f64| (value * per_unit).round();
        let buckets = self.buckets.iter();
        Distribution::from_buckets(
            buckets.map(|(lower, n)| (whole(lower.0) as u64, *n)),
            whole(self.sum.0) as u128,
            whole(self.max.0) as u64,
        )
    }
}

impl From<Connections> for ConnectionCounts {
    fn from(counts: Connections) -> Self {
        Self {
            total: counts.total,
            opened: counts.opened,
            established: counts.established.unwrap_or(0),
            refused: counts.refused,
            unanswered: counts.unanswered,
            in_progress: counts.in_progress,
            midstream: counts.midstream,
            open_at_end: counts.open_at_end,
            zero_request: counts.zero_request,
            one_way: counts.one_way,
            heads_cut: counts.heads_cut,
        }
    }
}

impl From<Classes> for ClassCounts {
    fn from(classes: Classes) -> Self {
        let mut counts = Self::default();
        for (class, n) in [
            (Class::Persistent, classes.persistent),
            (Class::PerRequest, classes.per_request),
            (Class::Unreused, classes.unreused),
            (Class::Check, classes.check),
            (Class::Failed, classes.failed),
            (Class::Tunnel, classes.tunnel),
            (Class::Tls, classes.tls),
            (Class::Multiplexed, classes.multiplexed),
            (Class::Other, classes.other),
            (Class::Undetermined, classes.undetermined),
        ] {
            *counts.get_mut(class) = n;
        }
        counts
    }
}

impl From<Requests> for RequestCounts {
    fn from(requests: Requests) -> Self {
        Self {
            total: requests.total,
            first: requests.first,
            unknown_first: requests.unknown_first,
            upgraded: requests.upgraded,
            checks: requests.checks,
            unanswered: requests.unanswered,
            lost: requests.lost,
            http10: requests.by_version.http10,
            http11: requests.by_version.http11,
            announced_close: requests.announced_close,
            estimated: requests.estimated,
        }
    }
}

impl Responses {
    fn restore(self) -> Result<ResponseCounts, SavedError> {
        let by_status = self.by_status.into_iter();
        let by_status = by_status.map(|(status, n)| Ok((parsed("responses.by_status", &status)?, n)));
        Ok(ResponseCounts {
            total: self.total,
            by_status: by_status.collect::<Result<Statuses, SavedError>>()?,
            announced_close: self.announced_close,
        })
    }
}

impl From<Closes> for CloseCounts {
    fn from(closes: Closes) -> Self {
        Self {
            client: closes.client,
            server: closes.server,
            simultaneous: closes.simultaneous,
            reset_by_client: closes.reset_by_client,
            reset_by_server: closes.reset_by_server,
            lost: closes.lost,
        }
    }
}
