//! `host_view` of the JSON report: what the kernel of the capturing host says.

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnose::{Limit, Near, OwnHost, OwnLegReport};
use crate::host;
use crate::report::near;
use crate::report::when::rfc3339;
use crate::time::Timestamp;

/// A host that captured and was an end of legs.
#[derive(Serialize, JsonSchema)]
pub(crate) struct HostView {
    /// Its addresses that are ends of legs.
    addresses: Vec<String>,
    /// When the kernel was read first, RFC 3339 UTC.
    start: Option<String>,
    /// When it was read last.
    end: Option<String>,
    /// How often it was read.
    readings: u64,
    /// Counted between start and end, in the whole network namespace.
    counters: Counters,
    limits: Limits,
    conntrack: Conntrack,
    /// All TCP sockets of the namespace; null where they can't be read.
    sockets: Option<Sockets>,
    legs: Vec<OwnLeg>,
    /// Limits used to four fifths, or reached.
    near: Vec<NearLimit>,
    /// What could not be read, and why.
    problems: Vec<String>,
}

/// The kernel's counters; null where it has none.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Counters {
    /// `TcpActiveOpens`: connections begun.
    active_opens: Option<u64>,
    /// `TcpPassiveOpens`: connections accepted.
    passive_opens: Option<u64>,
    /// `TcpAttemptFails`.
    attempt_fails: Option<u64>,
    /// `TcpExtTCPTimeWaitOverflow`.
    time_wait_overflow: Option<u64>,
    /// `TcpExtListenOverflows`.
    listen_overflows: Option<u64>,
    /// `TcpExtListenDrops`.
    listen_drops: Option<u64>,
    /// Columns drop and early_drop of connection tracking.
    conntrack_drops: Option<u64>,
}

/// What the kernel allows, at the end; null where it can't be read.
#[derive(Serialize, JsonSchema)]
struct Limits {
    /// First and last local port given out.
    port_range: Option<[u16; 2]>,
    /// Ports of it that are not reserved.
    ports: Option<u64>,
    tcp_max_tw_buckets: Option<u64>,
    somaxconn: Option<u64>,
    /// 0 no, 1 yes, 2 on loopback only.
    tcp_tw_reuse: Option<u64>,
    nf_conntrack_max: Option<u64>,
}

/// Entries of connection tracking.
#[derive(Serialize, JsonSchema)]
struct Conntrack {
    start: Option<u64>,
    end: Option<u64>,
    most: Option<u64>,
}

/// Sockets by state.
#[derive(Serialize, JsonSchema)]
struct Sockets {
    /// At the end.
    end: States,
    /// The most in each state at any reading.
    most: States,
}

/// States of RFC 9293.
#[derive(Serialize, JsonSchema)]
struct States {
    established: u64,
    syn_sent: u64,
    syn_received: u64,
    fin_wait_1: u64,
    fin_wait_2: u64,
    time_wait: u64,
    close_wait: u64,
    last_ack: u64,
    closing: u64,
}

/// One end of a captured leg.
#[derive(Serialize, JsonSchema)]
struct OwnLeg {
    /// Address, or `*` for all beyond the number kept apart.
    client: String,
    server: String,
    /// Which end the host is.
    #[schemars(extend("enum" = ["client", "server"]))]
    side: &'static str,
    /// When the capture began.
    start: States,
    /// At the end.
    end: States,
    /// At the reading that found most sockets.
    most: States,
}

/// A limit that is near.
#[derive(Serialize, JsonSchema)]
struct NearLimit {
    #[schemars(extend("enum" = ["ports", "time_wait_buckets", "conntrack", "listen_queue"]))]
    limit: &'static str,
    /// `CLIENT -> SERVER:PORT`, for ports.
    leg: Option<String>,
    /// The most used at any reading.
    used: Option<u64>,
    of: Option<u64>,
    /// What the kernel refused for it.
    refused: u64,
    text: String,
}

/// Of each second in the lines of `live --ndjson`.
#[derive(Serialize)]
pub(crate) struct Second {
    established: Option<u64>,
    time_wait: Option<u64>,
    conntrack: Option<u64>,
    /// Since the capture began.
    counters: Counters,
}

impl From<&OwnHost> for HostView {
    fn from(own: &OwnHost) -> Self {
        let view = &own.view;
        let time = |at: Option<Timestamp>| at.map(rfc3339);
        Self {
            addresses: own.addresses.iter().map(ToString::to_string).collect(),
            start: time(view.start.at),
            end: time(view.end.at),
            readings: view.readings,
            counters: view.tally().counters.into(),
            limits: view.end.limits.into(),
            conntrack: Conntrack {
                start: view.start.conntrack,
                end: view.end.conntrack,
                most: view.most_conntrack,
            },
            sockets: view.end.sockets.map(|end| Sockets {
                end: end.into(),
                most: view.most.into(),
            }),
            legs: own.legs.iter().map(OwnLeg::from).collect(),
            near: own.near.iter().map(NearLimit::from).collect(),
            problems: view.problems.clone(),
        }
    }
}

impl From<host::Counters> for Counters {
    fn from(counters: host::Counters) -> Self {
        Self {
            active_opens: counters.active_opens,
            passive_opens: counters.passive_opens,
            attempt_fails: counters.attempt_fails,
            time_wait_overflow: counters.time_wait_overflow,
            listen_overflows: counters.listen_overflows,
            listen_drops: counters.listen_drops,
            conntrack_drops: counters.conntrack_drops,
        }
    }
}

impl From<host::Limits> for Limits {
    fn from(limits: host::Limits) -> Self {
        Self {
            port_range: limits.port_range.map(|(first, last)| [first, last]),
            ports: limits.ports,
            tcp_max_tw_buckets: limits.time_wait_buckets,
            somaxconn: limits.somaxconn,
            tcp_tw_reuse: limits.time_wait_reuse,
            nf_conntrack_max: limits.conntrack,
        }
    }
}

impl From<host::States> for States {
    fn from(states: host::States) -> Self {
        use host::State;
        Self {
            established: states.of(State::Established),
            syn_sent: states.of(State::SynSent),
            syn_received: states.of(State::SynReceived),
            fin_wait_1: states.of(State::FinWait1),
            fin_wait_2: states.of(State::FinWait2),
            time_wait: states.of(State::TimeWait),
            close_wait: states.of(State::CloseWait),
            last_ack: states.of(State::LastAck),
            closing: states.of(State::Closing),
        }
    }
}

impl From<&OwnLegReport> for OwnLeg {
    fn from(leg: &OwnLegReport) -> Self {
        let name = leg.name;
        Self {
            client: name
                .client
                .map_or_else(|| "*".to_owned(), |client| client.to_string()),
            server: name
                .server
                .map_or_else(|| "*".to_owned(), |server| server.to_string()),
            side: leg.side.as_str(),
            start: leg.held.start.into(),
            end: leg.held.now.into(),
            most: leg.held.most.into(),
        }
    }
}

impl From<&Near> for NearLimit {
    fn from(near: &Near) -> Self {
        let (limit, leg) = match near.limit {
            Limit::Ports(leg) => ("ports", Some(leg.to_string())),
            Limit::TimeWaitBuckets => ("time_wait_buckets", None),
            Limit::Conntrack => ("conntrack", None),
            Limit::ListenQueue => ("listen_queue", None),
        };
        Self {
            limit,
            leg,
            used: near.used,
            of: near.of,
            refused: near.refused,
            text: near::words(near),
        }
    }
}

impl From<host::Tally> for Second {
    fn from(tally: host::Tally) -> Self {
        Self {
            established: tally.established,
            time_wait: tally.time_wait,
            conntrack: tally.conntrack,
            counters: tally.counters.into(),
        }
    }
}
