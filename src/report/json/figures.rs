//! FIGURES and DIST of the JSON report.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::number::Number;
use crate::aggregate::{self, Counts, Distribution};
use crate::classify::Class;

/// What was counted over the whole capture, a leg or its latest window.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Figures {
    connections: Connections,
    classes: Classes,
    requests: Requests,
    responses: Responses,
    /// (R - F) / R; null without requests. `low` counts unknown firsts as firsts.
    reuse_ratio: Option<Ratio>,
    /// F / R; null without requests.
    handshakes_per_request: Option<Number>,
    /// A: handshakes that reuse would have avoided; null where it is not known.
    avoidable_handshakes: Option<u64>,
    /// F - A: handshakes that a growing pool needed.
    growth_handshakes: Option<u64>,
    /// P: the most connections busy at once.
    peak_busy: u64,
    /// The most connections open at once.
    peak_open: u64,
    /// Over connections with at least one request.
    requests_per_connection: Option<Dist>,
    handshakes: Handshakes,
    closes: Closes,
    /// Last request byte to first response byte, microseconds.
    first_byte_us: Option<Dist>,
    /// First request byte to last response byte, microseconds.
    response_us: Option<Dist>,
    /// End of the last complete response to the first FIN or RST, seconds.
    idle_before_close_s: Option<Dist>,
    retransmitted_segments: u64,
    out_of_order_segments: u64,
    tcp_keepalive_probes: u64,
}

/// Connections by what became of them.
#[derive(Serialize, JsonSchema)]
struct Connections {
    total: u64,
    /// SYN captured.
    opened: u64,
    /// SYN, SYN-ACK and the client's ACK or data captured; null where a whole direction is missing.
    established: Option<u64>,
    /// SYN answered by RST.
    refused: u64,
    /// SYN never answered.
    unanswered: u64,
    /// SYN without outcome when the capture ended.
    in_progress: u64,
    /// First seen without SYN.
    midstream: u64,
    open_at_end: u64,
    zero_request: u64,
}

/// Connections by class; each has exactly one.
#[derive(Serialize, JsonSchema)]
struct Classes {
    persistent: u64,
    per_request: u64,
    unreused: u64,
    check: u64,
    failed: u64,
    tunnel: u64,
    tls: u64,
    multiplexed: u64,
    other: u64,
    undetermined: u64,
}

/// Requests by what they cost.
#[derive(Serialize, JsonSchema)]
struct Requests {
    /// Complete request heads, checks and upgraded ones included.
    total: u64,
    /// F: they paid for a handshake.
    first: u64,
    reused: u64,
    /// First observed on a connection older than the capture, near its start or a loss.
    unknown_first: u64,
    /// Answered by 101, or by 2xx to CONNECT.
    upgraded: u64,
    /// Made by health checks.
    checks: u64,
    unanswered: u64,
    /// Without response on a connection that the server closed or reset.
    lost: u64,
    /// Whether these figures rest on a heuristic.
    estimated: bool,
    by_version: Versions,
    announced_close: u64,
}

/// Requests by HTTP version.
#[derive(Serialize, JsonSchema)]
struct Versions {
    #[serde(rename = "1.0")]
    http10: u64,
    #[serde(rename = "1.1")]
    http11: u64,
}

/// Final responses.
#[derive(Serialize, JsonSchema)]
struct Responses {
    total: u64,
    /// By status code.
    by_status: BTreeMap<String, u64>,
    announced_close: u64,
}

/// A ratio and its bounds.
#[derive(Serialize, JsonSchema)]
struct Ratio {
    value: Number,
    low: Number,
    high: Number,
}

/// TCP handshakes.
#[derive(Serialize, JsonSchema)]
struct Handshakes {
    completed: u64,
    per_second_mean: Number,
    /// The most in a whole second.
    per_second_peak: u64,
    syn_retransmitted: u64,
    /// First SYN to completing ACK, microseconds.
    connect_time_us: Option<Dist>,
}

/// Connections by closer.
#[derive(Serialize, JsonSchema)]
struct Closes {
    client: u64,
    server: u64,
    simultaneous: u64,
    reset_by_client: u64,
    reset_by_server: u64,
    /// No close captured, 4-tuple taken over by another connection.
    lost: u64,
}

/// A distribution; `buckets` are `[least value, count]` and add up over reports.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Dist {
    count: u64,
    sum: Number,
    mean: Number,
    p50: Number,
    p90: Number,
    p99: Number,
    max: Number,
    buckets: Vec<(Number, u64)>,
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
const US_PER_SECOND: f64 = 1e6;

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
    }
}

fn responses(counts: &Counts) -> Responses {
    let responses = &counts.responses;
    Responses {
        total: responses.total,
        by_status: responses
            .by_status
            .iter()
            .map(|(status, n)| (status.to_string(), *n))
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
