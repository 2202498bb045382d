//! Verdicts, expectations, legs, pools, causes, hosts and the timeline of the JSON report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Slug;
use super::cause::Cause;
use super::figures::Figures;
use super::number::Number;
use super::openings::Openings;
use crate::aggregate::TlsCounts;
use crate::diagnose::{self, expect};
use crate::frame::Interface;
use crate::report::when::rfc3339;

/// An answer with its reasons.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Verdict {
    #[schemars(extend("enum" = ["pass", "warn", "fail", "inconclusive"]))]
    pub(super) status: Slug,
    /// Start of the unbroken run of windows with this answer, RFC 3339 UTC.
    pub(super) since: Option<String>,
    pub(super) reasons: Vec<String>,
}

/// One `--expect`, on one leg or (`pass`) on the capture.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Expectation {
    pub(super) expect: String,
    /// `CLIENT -> SERVER:PORT`; null where the capture as a whole was judged.
    pub(super) leg: Option<String>,
    #[schemars(extend("enum" = ["held", "failed", "unjudged"]))]
    pub(super) result: Slug,
    /// The figure with everything unknown counted for the least.
    pub(super) low: Option<Number>,
    /// The figure with everything unknown counted for the most.
    pub(super) high: Option<Number>,
}

/// All connections of one client address to one server.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Leg {
    /// Address, or `*` for all beyond the number kept apart.
    pub(super) client: String,
    /// Address and port, or `*`.
    pub(super) server: String,
    #[serde(flatten)]
    pub(super) figures: Figures,
    pub(super) verdict: Verdict,
    /// The latest window.
    pub(super) recent: Option<Figures>,
    pub(super) by_prefix: Vec<PartOfLeg>,
    pub(super) checks: Vec<Checks>,
    pub(super) tls: Option<Tls>,
    /// The leg of the same traffic on the other side of a proxy.
    pub(super) paired_with: Option<String>,
    #[serde(default)]
    pub(super) openings: Option<Openings>,
    pub(super) bill: Option<Bill>,
    pub(super) causes: Vec<Cause>,
}

/// Requests of one URI prefix, or of one Host.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct PartOfLeg {
    pub(super) host: Option<String>,
    /// First path segment; null for the whole host, `*` for those beyond the number kept apart.
    pub(super) prefix: Option<String>,
    pub(super) requests: u64,
    pub(super) first: u64,
    pub(super) avoidable_handshakes: Option<u64>,
}

/// A series of health checks.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Checks {
    pub(super) source: String,
    pub(super) period_s: Option<Number>,
    pub(super) count: u64,
    /// Method and target; null for a connect without request.
    pub(super) target: Option<String>,
}

/// What churn costs on a leg, and what reuse would save.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Bill {
    pub(super) avoidable_handshakes: Option<u64>,
    /// Packets for opening and closing those connections, estimated.
    pub(super) avoidable_packets: u64,
    /// Their bytes, estimated.
    pub(super) avoidable_bytes: u64,
    /// Time that requests waited for those handshakes, all together.
    pub(super) connect_time_us: Number,
    pub(super) closes_per_s: Number,
    /// `keepalive N` that holds all that was busy at once, over all servers of the client.
    pub(super) keepalive: Option<u64>,
}

impl From<&diagnose::Bill> for Bill {
    fn from(bill: &diagnose::Bill) -> Self {
        Self {
            avoidable_handshakes: bill.avoidable_handshakes,
            avoidable_packets: bill.avoidable_packets,
            avoidable_bytes: bill.avoidable_bytes,
            connect_time_us: Number::rounded(bill.connect_time as f64 / 1e3, 0),
            closes_per_s: Number::rounded(bill.closes_per_second, 3),
            keepalive: bill.keepalive,
        }
    }
}

/// TLS handshakes of a leg; those that the capture does not show whole are neither full nor resumed.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Tls {
    pub(super) full: u64,
    pub(super) resumed: u64,
    /// The server name asked for in clear; `*` if there were several.
    pub(super) sni: Option<String>,
}

impl Tls {
    fn of(counts: &TlsCounts) -> Option<Self> {
        (counts.connections > 0).then(|| Self {
            full: counts.full,
            resumed: counts.resumed,
            sni: counts.server_name.as_deref().map(str::to_owned),
        })
    }
}

/// All connections of one client address to all its servers.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Pool {
    pub(super) client: String,
    pub(super) servers: Vec<String>,
    pub(super) idle_pool_size: Option<Estimate>,
    pub(super) causes: Vec<Cause>,
}

/// A figure that packets only suggest.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Estimate {
    pub(super) value: u64,
    pub(super) estimated: bool,
}

/// What a host's kernel has to hold.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Host {
    pub(super) address: String,
    pub(super) projection: Projection,
    /// What it has when the capture ends, where it is the capturing host; null elsewhere.
    #[serde(skip_deserializing)]
    actual: Option<Actual>,
}

/// What the kernel of the capturing host has of the captured legs.
#[derive(Serialize, JsonSchema)]
struct Actual {
    time_wait: u64,
    /// Those that there were when the capture began; they are gone after a minute.
    time_wait_at_start: u64,
    fin_wait_2: u64,
    close_wait: u64,
    ephemeral_ports: Vec<PortsInUse>,
}

/// Sockets towards one server, in any state.
#[derive(Serialize, JsonSchema)]
struct PortsInUse {
    to: String,
    in_use: u64,
}

/// Entries that the seen traffic keeps alive when the capture ends.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Projection {
    pub(super) time_wait: Option<u64>,
    /// The most at once during the capture; null beyond the hosts that are followed.
    #[serde(default)]
    pub(super) time_wait_peak: Option<Peak>,
    pub(super) fin_wait_2: Option<u64>,
    pub(super) close_wait: Option<u64>,
    pub(super) conntrack_entries: Option<u64>,
    /// New connections a second, closed by FIN, that fill tables of usual sizes.
    #[serde(default)]
    pub(super) conntrack_full: Vec<TableFull>,
    pub(super) ephemeral_ports: Vec<EphemeralPorts>,
}

/// The most of something, and when.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Peak {
    pub(super) value: u64,
    /// RFC 3339 UTC.
    pub(super) at: String,
}

/// What fills a connection tracking table.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct TableFull {
    pub(super) entries: u64,
    pub(super) at_per_s: Number,
}

/// Local ports towards one server.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct EphemeralPorts {
    pub(super) to: String,
    pub(super) in_use: u64,
    pub(super) exhausted_at_per_s: Option<Number>,
}

/// Figures over time.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Timeline {
    pub(super) step_s: u64,
    pub(super) rows: Vec<Row>,
}

/// One step.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Row {
    /// Its start, seconds since the epoch.
    pub(super) t: Number,
    pub(super) handshakes: u64,
    pub(super) requests: u64,
    pub(super) reused: u64,
    pub(super) closes: u64,
    pub(super) resets: u64,
    /// Connections open at its end.
    pub(super) open: u64,
    /// Sockets in TIME-WAIT that all hosts hold at its end, projected.
    #[serde(default)]
    pub(super) time_wait: u64,
}

impl From<&diagnose::Verdict> for Verdict {
    fn from(verdict: &diagnose::Verdict) -> Self {
        Self {
            status: verdict.status.as_str().into(),
            since: verdict.since.map(rfc3339),
            reasons: verdict.reasons.clone(),
        }
    }
}

impl From<&expect::Outcome> for Expectation {
    fn from(outcome: &expect::Outcome) -> Self {
        let bound = |value: Option<f64>| value.map(|n| Number::rounded(n, 6));
        Self {
            expect: outcome.expect.clone(),
            leg: outcome.leg.clone(),
            result: outcome.result.as_str().into(),
            low: bound(outcome.low),
            high: bound(outcome.high),
        }
    }
}

/// An end of a leg, `*` for all beyond the number kept apart.
fn or_star(end: Option<&impl ToString>) -> String {
    end.map_or_else(|| "*".to_owned(), ToString::to_string)
}

impl Leg {
    /// A leg; evidence names frames in the sources of `interfaces`.
    pub(crate) fn new(leg: &diagnose::Leg, interfaces: &[Interface]) -> Self {
        Self {
            client: or_star(leg.name.client.as_ref()),
            server: or_star(leg.name.server.as_ref()),
            figures: Figures::from(&leg.figures),
            verdict: Verdict::from(&leg.verdict),
            recent: leg.recent.as_ref().map(Figures::from),
            by_prefix: leg.by_prefix.iter().map(PartOfLeg::from).collect(),
            checks: leg.checks.iter().map(Checks::from).collect(),
            tls: Tls::of(&leg.figures.counts.tls),
            paired_with: leg.paired_with.map(|name| name.to_string()),
            openings: Openings::of(&leg.openings),
            bill: Some(Bill::from(&leg.bill)),
            causes: leg
                .causes
                .iter()
                .map(|cause| Cause::new(cause, interfaces))
                .collect(),
        }
    }
}

impl From<&diagnose::PrefixRow> for PartOfLeg {
    fn from(part: &diagnose::PrefixRow) -> Self {
        Self {
            host: part.host.clone(),
            prefix: part.prefix.clone(),
            requests: part.requests,
            first: part.first,
            avoidable_handshakes: part.avoidable,
        }
    }
}

impl From<&diagnose::CheckSeries> for Checks {
    fn from(series: &diagnose::CheckSeries) -> Self {
        Self {
            source: series.source.to_string(),
            period_s: series.period.map(|s| Number::rounded(s, 6)),
            count: series.count,
            target: series.target.clone(),
        }
    }
}

impl From<&diagnose::Host> for Host {
    fn from(host: &diagnose::Host) -> Self {
        let ports = host.ports.iter().map(|ports| EphemeralPorts {
            to: ports.to.to_string(),
            in_use: ports.in_use,
            exhausted_at_per_s: Some(Number::rounded(diagnose::EXHAUSTED_AT, 1)),
        });
        Self {
            address: host.address.to_string(),
            projection: Projection {
                time_wait: Some(host.time_wait),
                time_wait_peak: host.time_wait_peak.map(|peak| Peak {
                    value: peak.sockets,
                    at: rfc3339(peak.at),
                }),
                fin_wait_2: Some(host.fin_wait_2),
                close_wait: Some(host.close_wait),
                conntrack_entries: Some(host.conntrack_entries),
                conntrack_full: diagnose::TRACKING_TABLES
                    .iter()
                    .map(|(entries, rate)| TableFull {
                        entries: *entries,
                        at_per_s: Number::rounded(*rate, 1),
                    })
                    .collect(),
                ephemeral_ports: ports.collect(),
            },
            actual: host.actual.as_ref().map(|actual| Actual {
                time_wait: actual.time_wait,
                time_wait_at_start: actual.time_wait_at_start,
                fin_wait_2: actual.fin_wait_2,
                close_wait: actual.close_wait,
                ephemeral_ports: actual
                    .ports
                    .iter()
                    .map(|ports| PortsInUse {
                        to: ports.to.to_string(),
                        in_use: ports.in_use,
                    })
                    .collect(),
            }),
        }
    }
}

impl Pool {
    /// A pool; evidence names frames in the sources of `interfaces`.
    pub(crate) fn new(pool: &diagnose::Pool, interfaces: &[Interface]) -> Self {
        Self {
            client: pool.client.to_string(),
            servers: pool.servers.iter().map(ToString::to_string).collect(),
            idle_pool_size: pool.idle_pool_size.map(|value| Estimate {
                value,
                estimated: true,
            }),
            causes: pool
                .causes
                .iter()
                .map(|cause| Cause::new(cause, interfaces))
                .collect(),
        }
    }
}

impl From<&diagnose::Timeline> for Timeline {
    fn from(timeline: &diagnose::Timeline) -> Self {
        let start = timeline.start.map_or(0.0, crate::time::Timestamp::seconds);
        let rows = timeline.rows.iter().enumerate().map(|(i, row)| Row {
            t: Number::rounded(start + (i as u64 * timeline.step_s) as f64, 6),
            handshakes: row.handshakes,
            requests: row.requests,
            reused: row.reused,
            closes: row.closes,
            resets: row.resets,
            open: row.open,
            time_wait: row.time_wait,
        });
        Self {
            step_s: timeline.step_s,
            rows: rows.collect(),
        }
    }
}
