//! Which figures are told, under which names.

use super::Moment;
use super::family::{BOUNDS, Family, Labels, Value};
use crate::aggregate::{Counts, Distribution};
use crate::classify::{Class, Closer};
use crate::diagnose::{Leg, LegName, Snapshot};
use crate::host::Side;

type Rows = Vec<(Labels, Value)>;

/// All families of a moment.
pub(super) fn all(moment: &Moment<'_>) -> Vec<Family> {
    let snapshot = moment.snapshot;
    let mut families = of_legs(&snapshot.legs);
    families.extend(of_endings(snapshot));
    families.extend(of_capture(moment));
    families.extend(of_hosts(moment));
    families
}

/// `client` and `server`; `*` is all beyond the number told apart.
fn ends(name: &LegName) -> Labels {
    let any = || "*".to_owned();
    vec![
        (
            "client",
            name.client.map_or_else(any, |client| client.to_string()),
        ),
        (
            "server",
            name.server.map_or_else(any, |server| server.to_string()),
        ),
    ]
}

fn with(mut labels: Labels, name: &'static str, value: &str) -> Labels {
    labels.push((name, value.to_owned()));
    labels
}

fn counter(name: &'static str, help: &'static str, legs: &[Leg], of: impl Fn(&Counts) -> u64) -> Family {
    let row = |leg: &Leg| (ends(&leg.name), Value::Counter(of(&leg.figures.counts)));
    Family::new(name, help, legs.iter().map(row).collect())
}

/// A row for each leg and kind that there was.
fn split<'a, K: Copy>(
    legs: &'a [Leg],
    label: &'static str,
    kinds: &'a [K],
    of: impl Fn(&Counts, K) -> (&'static str, u64),
) -> Rows {
    let mut rows = Rows::new();
    for leg in legs {
        for kind in kinds {
            let (slug, count) = of(&leg.figures.counts, *kind);
            if count > 0 {
                rows.push((with(ends(&leg.name), label, slug), Value::Counter(count)));
            }
        }
    }
    rows
}

fn of_legs(legs: &[Leg]) -> Vec<Family> {
    vec![
        counter("syns", "Connections whose SYN was captured.", legs, |counts| {
            counts.connections.opened
        }),
        counter("handshakes", "TCP handshakes completed.", legs, |counts| {
            counts.handshakes
        }),
        counter("syn_retransmissions", "SYNs sent again.", legs, |counts| {
            counts.syn_retransmitted
        }),
        counter(
            "requests",
            "HTTP requests, without those of health checks and upgraded ones.",
            legs,
            |counts| counts.requests.rated(),
        ),
        counter(
            "reused_requests",
            "Requests on a connection that had carried one before.",
            legs,
            |counts| counts.requests.reused(),
        ),
        counter("check_requests", "Requests of health checks.", legs, |counts| {
            counts.requests.checks
        }),
        counter(
            "unanswered_requests",
            "Requests without response.",
            legs,
            |counts| counts.requests.unanswered,
        ),
        counter("responses", "Final HTTP responses.", legs, |counts| {
            counts.responses.total
        }),
        counter(
            "retransmitted_segments",
            "TCP segments sent again.",
            legs,
            |counts| counts.retransmitted_segments,
        ),
        Family::new(
            "avoidable_handshakes",
            "Handshakes that reuse of connections closed before would have saved.",
            legs.iter()
                .filter_map(|leg| Some((ends(&leg.name), Value::Counter(leg.figures.avoidable?))))
                .collect(),
        ),
        Family::new(
            "failed_connects",
            "Connects refused (RST) or never answered.",
            split(legs, "outcome", &[true, false], |counts, refused| {
                if refused {
                    ("refused", counts.connections.refused)
                } else {
                    ("unanswered", counts.connections.unanswered)
                }
            }),
        ),
        Family::new(
            "requests_per_connection",
            "Requests on each connection that is over and had any.",
            legs.iter()
                .map(|leg| {
                    (
                        ends(&leg.name),
                        histogram(&leg.figures.counts.requests_per_connection),
                    )
                })
                .collect(),
        ),
    ]
}

fn histogram(values: &Distribution) -> Value {
    let upto = |bound: u64| {
        let within = values.buckets().take_while(|(lower, _)| *lower <= bound);
        within.map(|(_, count)| count).sum()
    };
    let mut counts: Vec<u64> = BOUNDS.iter().map(|bound| upto(*bound)).collect();
    counts.push(values.count());
    Value::Histogram {
        counts,
        sum: u64::try_from(values.sum()).unwrap_or(u64::MAX),
    }
}

fn of_endings(snapshot: &Snapshot) -> Vec<Family> {
    let legs = &snapshot.legs;
    let mut causes = Rows::new();
    for leg in legs {
        for cause in &leg.causes {
            let labels = with(ends(&leg.name), "cause", cause.id.as_str());
            let labels = with(labels, "severity", cause.severity.as_str());
            causes.push((labels, Value::Counter(cause.connections)));
        }
    }
    let mut pools = Rows::new();
    for pool in &snapshot.pools {
        for cause in &pool.causes {
            let labels = vec![
                ("client", pool.client.to_string()),
                ("cause", cause.id.as_str().to_owned()),
                ("severity", cause.severity.as_str().to_owned()),
            ];
            pools.push((labels, Value::Counter(cause.connections)));
        }
    }
    vec![
        Family::new(
            "closes",
            "Connections closed, by who sent the first FIN or RST.",
            split(legs, "closer", &Closer::ALL, |counts, closer| {
                (closer.as_str(), counts.closes.of(closer))
            }),
        ),
        Family::new(
            "connections",
            "Connections that are over, by what became of them.",
            split(legs, "class", &Class::ALL, |counts, class| {
                (class.as_str(), counts.classes.get(class))
            }),
        ),
        Family::new(
            "endings",
            "Connections that ended, or connects that failed, by cause (flowcheck explain says what each means).",
            causes,
        ),
        Family::new(
            "pool_endings",
            "The same for causes that show only across all servers of a client.",
            pools,
        ),
    ]
}

fn one(name: &'static str, help: &'static str, value: Option<Value>) -> Family {
    Family::new(
        name,
        help,
        value.map(|value| (Labels::new(), value)).into_iter().collect(),
    )
}

fn of_capture(moment: &Moment<'_>) -> Vec<Family> {
    let Moment { snapshot, tally, .. } = moment;
    let capture = &snapshot.capture;
    let dropped = |by: &str, count: Option<u64>| Some((vec![("by", by.to_owned())], Value::Counter(count?)));
    let build = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
    vec![
        Family::new("build", "The program.", vec![(build, Value::Info)]),
        one(
            "packets",
            "Packets captured.",
            Some(Value::Counter(capture.packets)),
        ),
        Family::new(
            "dropped_packets",
            "Packets that the capture lacks: while these rise, no ratio is safe.",
            dropped("kernel", capture.kernel_dropped())
                .into_iter()
                .chain(dropped("interface", capture.interface_dropped()))
                .collect(),
        ),
        one(
            "duplicate_packets",
            "Packets captured twice, which count once.",
            Some(Value::Counter(capture.duplicate_packets)),
        ),
        one(
            "open_connections",
            "Connections open now.",
            Some(Value::Gauge(tally.open)),
        ),
        one(
            "legs",
            "Legs told apart.",
            Some(Value::Gauge(snapshot.legs.len() as u64)),
        ),
    ]
}

fn of_hosts(moment: &Moment<'_>) -> Vec<Family> {
    let Moment { snapshot, host, .. } = moment;
    let projected = |of: fn(&crate::diagnose::Host) -> u64| -> Rows {
        let row =
            |host: &crate::diagnose::Host| (vec![("host", host.address.to_string())], Value::Gauge(of(host)));
        snapshot.hosts.iter().map(row).collect()
    };
    let now = &host.end;
    let gauge = |value: Option<u64>| value.map(Value::Gauge);
    let count = |value: Option<u64>| value.map(Value::Counter);
    let ports = snapshot.own_host.iter().flat_map(|own| &own.legs);
    let ports = ports.filter(|leg| leg.side == Side::Client);
    vec![
        Family::new(
            "projected_time_wait",
            "Sockets in TIME-WAIT that a host has to hold by the packets.",
            projected(|host| host.time_wait),
        ),
        Family::new(
            "projected_conntrack_entries",
            "Entries of connection tracking that a host has to hold by the packets.",
            projected(|host| host.conntrack_entries),
        ),
        one(
            "host_time_wait",
            "Sockets in TIME-WAIT of the capturing host.",
            gauge(now.time_wait),
        ),
        one(
            "host_time_wait_limit",
            "net.ipv4.tcp_max_tw_buckets.",
            gauge(now.limits.time_wait_buckets),
        ),
        one(
            "host_conntrack_entries",
            "Entries of connection tracking.",
            gauge(now.conntrack),
        ),
        one(
            "host_conntrack_limit",
            "net.netfilter.nf_conntrack_max.",
            gauge(now.limits.conntrack),
        ),
        Family::new(
            "host_ports_in_use",
            "Local ports of the capturing host towards a server, in any state.",
            ports
                .map(|leg| (ends(&leg.name), Value::Gauge(leg.held.now.total())))
                .collect(),
        ),
        one(
            "host_ports_limit",
            "Local ports that the kernel gives out.",
            gauge(now.limits.ports),
        ),
        one(
            "host_active_opens",
            "TcpActiveOpens.",
            count(now.counters.active_opens),
        ),
        one(
            "host_listen_overflows",
            "TcpExtListenOverflows.",
            count(now.counters.listen_overflows),
        ),
        one(
            "host_listen_drops",
            "TcpExtListenDrops.",
            count(now.counters.listen_drops),
        ),
        one(
            "host_time_wait_overflows",
            "TcpExtTCPTimeWaitOverflow.",
            count(now.counters.time_wait_overflow),
        ),
        one(
            "host_conntrack_drops",
            "Packets dropped and connections forgotten early by connection tracking.",
            count(now.counters.conntrack_drops),
        ),
    ]
}
