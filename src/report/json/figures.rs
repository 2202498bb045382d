//! FIGURES and DIST of the JSON report.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::Number;
use crate::aggregate::{self, Counts, Distribution};
use crate::classify::Class;

/// What was counted over the whole capture, a leg or its latest window.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Figures {
    pub(super) connections: Connections,
    pub(super) classes: Classes,
    pub(super) requests: Requests,
    pub(super) responses: Responses,
    /// (R - F) / R; null without requests. `low` counts unknown firsts as firsts.
    pub(super) reuse_ratio: Option<Ratio>,
    /// F / R; null without requests.
    pub(super) handshakes_per_request: Option<Number>,
    /// A: handshakes that reuse would have avoided; null where it is not known.
    pub(super) avoidable_handshakes: Option<u64>,
    /// F - A: handshakes that a growing pool needed.
    pub(super) growth_handshakes: Option<u64>,
    /// P: the most connections busy at once.
    pub(super) peak_busy: u64,
    /// The most connections open at once.
    pub(super) peak_open: u64,
    /// M: connections open when the capture (the window) began.
    #[serde(default)]
    pub(super) open_at_start: u64,
    /// C: connections with a request that were closed before the SYN of the last first; null where it is not known.
    #[serde(default)]
    pub(super) closed_before_last_first: Option<u64>,
    /// Of them those closed after an idle timeout's silence, unannounced.
    #[serde(default)]
    pub(super) idle_closes: u64,
    /// Over connections with at least one request.
    pub(super) requests_per_connection: Option<Dist>,
    pub(super) handshakes: Handshakes,
    pub(super) closes: Closes,
    /// Last request byte to first response byte, microseconds.
    pub(super) first_byte_us: Option<Dist>,
    /// First request byte to last response byte, microseconds.
    pub(super) response_us: Option<Dist>,
    /// End of the last complete response to the first FIN or RST, seconds.
    pub(super) idle_before_close_s: Option<Dist>,
    pub(super) retransmitted_segments: u64,
    pub(super) out_of_order_segments: u64,
    pub(super) tcp_keepalive_probes: u64,
    /// Bytes that the capture lacks although the receiver got them.
    #[serde(default)]
    pub(super) gap_bytes: u64,
}

/// Connections by what became of them.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Connections {
    pub(super) total: u64,
    /// SYN captured.
    pub(super) opened: u64,
    /// SYN, SYN-ACK and the client's ACK or data captured; null where a whole direction is missing.
    pub(super) established: Option<u64>,
    /// SYN answered by RST.
    pub(super) refused: u64,
    /// SYN never answered.
    pub(super) unanswered: u64,
    /// SYN without outcome when the capture ended.
    pub(super) in_progress: u64,
    /// First seen without SYN.
    pub(super) midstream: u64,
    pub(super) open_at_end: u64,
    pub(super) zero_request: u64,
    /// A direction is missing although the other side's packets prove that it was there.
    #[serde(default)]
    pub(super) one_way: u64,
    /// Heads could not be read as a whole.
    #[serde(default)]
    pub(super) heads_cut: u64,
}

/// Connections by class; each has exactly one.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Classes {
    pub(super) persistent: u64,
    pub(super) per_request: u64,
    pub(super) unreused: u64,
    pub(super) check: u64,
    pub(super) failed: u64,
    pub(super) tunnel: u64,
    pub(super) tls: u64,
    pub(super) multiplexed: u64,
    pub(super) other: u64,
    pub(super) undetermined: u64,
}

/// Requests by what they cost.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Requests {
    /// Complete request heads, checks and upgraded ones included.
    pub(super) total: u64,
    /// F: they paid for a handshake.
    pub(super) first: u64,
    pub(super) reused: u64,
    /// First observed on a connection older than the capture, near its start or a loss.
    pub(super) unknown_first: u64,
    /// Answered by 101, or by 2xx to CONNECT.
    pub(super) upgraded: u64,
    /// Made by health checks.
    pub(super) checks: u64,
    pub(super) unanswered: u64,
    /// Without response on a connection that the server closed or reset.
    pub(super) lost: u64,
    /// Whether these figures rest on a heuristic.
    pub(super) estimated: bool,
    pub(super) by_version: Versions,
    pub(super) announced_close: u64,
    /// Requests that gaps may hide, at most; not in `total`.
    #[serde(default)]
    pub(super) hidden: u64,
}

/// Requests by HTTP version.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Versions {
    #[serde(rename = "1.0")]
    pub(super) http10: u64,
    #[serde(rename = "1.1")]
    pub(super) http11: u64,
}

/// Final responses.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Responses {
    pub(super) total: u64,
    /// By status code.
    pub(super) by_status: BTreeMap<String, u64>,
    pub(super) announced_close: u64,
}

/// A ratio and its bounds.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Ratio {
    pub(super) value: Number,
    pub(super) low: Number,
    pub(super) high: Number,
}

/// TCP handshakes.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Handshakes {
    pub(super) completed: u64,
    pub(super) per_second_mean: Number,
    /// The most in a whole second.
    pub(super) per_second_peak: u64,
    pub(super) syn_retransmitted: u64,
    /// First SYN to completing ACK, microseconds.
    pub(super) connect_time_us: Option<Dist>,
}

/// Connections by closer.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Closes {
    pub(super) client: u64,
    pub(super) server: u64,
    pub(super) simultaneous: u64,
    pub(super) reset_by_client: u64,
    pub(super) reset_by_server: u64,
    /// No close captured, 4-tuple taken over by another connection.
    pub(super) lost: u64,
}

/// A distribution; `buckets` are `[least value, count]` and add up over reports.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Dist {
    pub(super) count: u64,
    pub(super) sum: Number,
    pub(super) mean: Number,
    pub(super) p50: Number,
    pub(super) p90: Number,
    pub(super) p99: Number,
    pub(super) max: Number,
    pub(super) buckets: Vec<(Number, u64)>,
}

impl Dist {
    /// `distribution` in a unit of which one is `per_unit` of those counted; `None` if it is empty.
    pub(crate) fn new(distribution: &Distribution, per_unit: f64) -> Option<Self> {
        let scaled = |value: f64| Number(value / per_unit);
        let quantile = |q| distribution.quantile(q).map(scaled);
        Some(Self {
            count: distribution.count(),
            sum: scaled(distribution.sum() as f64),
            mean: Number::rounded(distribution.mean()? / per_unit, 9),
            p50: quantile(0.5)?,
            p90: quantile(0.9)?,
            p99: quantile(0.99)?,
            max: scaled(distribution.max() as f64),
            buckets: distribution
                .buckets()
                .map(|(lower, n)| (scaled(lower as f64), n))
                .collect(),
        })
    }
}

/// Distributions are counted in microseconds.
pub(super) const US_PER_SECOND: f64 = 1e6;

impl From<&aggregate::Figures> for Figures {
    fn from(figures: &aggregate::Figures) -> Self {
        let counts = &figures.counts;
        Self {
            connections: connections(figures),
            classes: classes(counts),
            requests: requests(counts),
            responses: responses(counts),
            reuse_ratio: figures.reuse_ratio().map(|(value, low, high)| Ratio {
                value: Number::rounded(value, 6),
                low: Number::rounded(low, 6),
                high: Number::rounded(high, 6),
            }),
            handshakes_per_request: figures.handshakes_per_request().map(|n| Number::rounded(n, 6)),
            avoidable_handshakes: figures.avoidable,
            growth_handshakes: figures.growth(),
            peak_busy: figures.concurrency.peak_busy,
            peak_open: figures.concurrency.peak_open,
            open_at_start: figures.concurrency.open_at_start,
            closed_before_last_first: figures.concurrency.closed_before_last_first,
            idle_closes: figures.concurrency.idle_closes,
            requests_per_connection: Dist::new(&counts.requests_per_connection, 1.0),
            handshakes: Handshakes {
                completed: counts.handshakes,
                per_second_mean: Number::rounded(figures.handshakes_per_second, 6),
                per_second_peak: figures.concurrency.peak_handshakes,
                syn_retransmitted: counts.syn_retransmitted,
                connect_time_us: Dist::new(&counts.connect_time_us, 1.0),
            },
            closes: closes(counts),
            first_byte_us: Dist::new(&counts.first_byte_us, 1.0),
            response_us: Dist::new(&counts.response_us, 1.0),
            idle_before_close_s: Dist::new(&counts.idle_before_close_us, US_PER_SECOND),
            retransmitted_segments: counts.retransmitted_segments,
            out_of_order_segments: counts.out_of_order_segments,
            tcp_keepalive_probes: counts.tcp_keepalive_probes,
            gap_bytes: counts.gap_bytes,
        }
    }
}

fn connections(figures: &aggregate::Figures) -> Connections {
    let counts = &figures.counts.connections;
    Connections {
        total: counts.total,
        opened: counts.opened,
        established: (!figures.lacks_a_direction()).then_some(counts.established),
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

fn classes(counts: &Counts) -> Classes {
    let of = |class| counts.classes.get(class);
    Classes {
        persistent: of(Class::Persistent),
        per_request: of(Class::PerRequest),
        unreused: of(Class::Unreused),
        check: of(Class::Check),
        failed: of(Class::Failed),
        tunnel: of(Class::Tunnel),
        tls: of(Class::Tls),
        multiplexed: of(Class::Multiplexed),
        other: of(Class::Other),
        undetermined: of(Class::Undetermined),
    }
}

fn requests(counts: &Counts) -> Requests {
    let requests = &counts.requests;
    Requests {
        total: requests.total,
        first: requests.first,
        reused: requests.reused(),
        unknown_first: requests.unknown_first,
        upgraded: requests.upgraded,
        checks: requests.checks,
        unanswered: requests.unanswered,
        lost: requests.lost,
        estimated: requests.estimated,
        by_version: Versions {
            http10: requests.http10,
            http11: requests.http11,
        },
        announced_close: requests.announced_close,
        hidden: counts.hidden_requests,
    }
}

fn responses(counts: &Counts) -> Responses {
    let responses = &counts.responses;
    Responses {
        total: responses.total,
        by_status: responses
            .by_status
            .iter()
            .map(|(status, n)| (status.to_string(), n))
            .collect(),
        announced_close: responses.announced_close,
    }
}

fn closes(counts: &Counts) -> Closes {
    let closes = &counts.closes;
    Closes {
        client: closes.client,
        server: closes.server,
        simultaneous: closes.simultaneous,
        reset_by_client: closes.reset_by_client,
        reset_by_server: closes.reset_by_server,
        lost: closes.lost,
    }
}
