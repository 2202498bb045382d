//! Snapshots made by hand, for the tests of this room.

use std::net::IpAddr;

use crate::aggregate::{Concurrency, Distribution, Figures};
use crate::classify::{
    Class, Closer, ConnectionFacts, Endpoint, Handshake, History, Protocol, RoleEvidence, Tunnel,
};
use crate::diagnose::{
    Capture, CheckSeries, ConnectionRecord, ExchangeRecord, Host, Leg, LegName, Pool, PortsTo, PrefixRow,
    Snapshot, Status, Timeline, TimelineRow, Verdict, look_at_own_host,
};
use crate::frame::{Interface, InterfaceId, LinkType};
use crate::host::{Counters, Held, HostView, Limits, OwnLeg, Reading, Side, State, States};
use crate::source::SourceSummary;
use crate::time::{MILLISECOND, Timestamp};

pub(super) const START: Timestamp = Timestamp::from_parts(1_700_000_000, 123_456_789);

fn end(address: &str, port: u16) -> Endpoint {
    Endpoint {
        address: address.parse().unwrap(),
        port,
    }
}

fn spread(around: u64, n: u64) -> Distribution {
    let mut d = Distribution::default();
    for i in 0..n {
        d.add(around * (50 + i % 100) / 100);
    }
    d
}

/// Figures of `requests` requests of which `first` opened a connection; `avoidable` of them for nothing.
pub(super) fn figures(requests: u64, first: u64, avoidable: u64) -> Figures {
    let mut f = Figures::default();
    let c = &mut f.counts;
    c.connections.total = first + 2;
    c.connections.opened = first + 2;
    c.connections.established = first + 1;
    c.connections.refused = 1;
    c.connections.open_at_end = 1;
    c.connections.zero_request = 1;
    let class = if first * 2 > requests {
        Class::PerRequest
    } else {
        Class::Persistent
    };
    *c.classes.get_mut(class) = first;
    *c.classes.get_mut(Class::Failed) = 1;
    *c.classes.get_mut(Class::Check) = 1;
    c.requests.total = requests;
    c.requests.first = first;
    c.requests.http11 = requests;
    c.responses.total = requests;
    c.responses.by_status = [(200, requests - requests / 50), (502, requests / 50)]
        .into_iter()
        .collect();
    c.closes.server = first;
    c.handshakes = first + 1;
    c.connect_time_us = spread(240, first);
    c.first_byte_us = spread(3_200, requests);
    c.response_us = spread(5_100, requests);
    c.idle_before_close_us = spread(400_000, first);
    for _ in 0..first {
        c.requests_per_connection.add(requests.div_ceil(first.max(1)));
    }
    f.concurrency = Concurrency {
        peak_busy: 8,
        peak_open: 12,
        closed_before_last_first: Some(first),
        peak_handshakes: first / 10 + 1,
        ..Concurrency::default()
    };
    f.avoidable = Some(avoidable);
    f.handshakes_per_second = first as f64 / 30.0;
    f
}

fn leg(client: &str, server: Endpoint, figures: Figures, status: Status, reasons: &[&str]) -> Leg {
    Leg {
        name: LegName {
            client: Some(client.parse().unwrap()),
            server: Some(server),
        },
        recent: Some(figures.clone()),
        lately: crate::aggregate::Lately::default(),
        figures,
        verdict: Verdict {
            status,
            since: Some(START),
            reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
        },
        by_prefix: Vec::new(),
        checks: Vec::new(),
        paired_with: None,
        openings: crate::aggregate::Openings::default(),
        bill: crate::diagnose::Bill::default(),
        causes: Vec::new(),
    }
}

fn capture() -> Capture {
    Capture {
        sources: vec![SourceSummary {
            name: "/srv/dumps/bond0.pcap.gz".into(),
            format: "pcap",
            compression: Some("gzip"),
            link_types: vec![LinkType::ETHERNET],
            snaplen: 262_144,
            packets: 12_345,
            ..SourceSummary::default()
        }],
        interfaces: vec![Interface {
            source: 0,
            name: Some("bond0".into()),
            link_type: LinkType::ETHERNET,
        }],
        filter: Some("tcp port 8080".into()),
        start: Some(START),
        end: Some(START.plus(30_500 * MILLISECOND)),
        packets: 12_340,
        bytes: 3_456_789,
        tcp_packets: 12_300,
        flag_counts: vec![
            ("S".into(), 200),
            ("S.".into(), 200),
            (".".into(), 5_000),
            ("F.".into(), 390),
        ],
        ..Capture::default()
    }
}

fn record(
    id: u64,
    client: Endpoint,
    server: Endpoint,
    class: Class,
    closer: Option<Closer>,
) -> ConnectionRecord {
    let mut history = History::default();
    for (letter, by_client) in [
        (b'S', true),
        (b'H', false),
        (b'A', true),
        (b'D', true),
        (b'D', false),
        (b'F', false),
    ] {
        history.note(letter, by_client);
    }
    let start = START.plus(i64::try_from(id).unwrap() * 10 * MILLISECOND);
    ConnectionRecord {
        generation: 1,
        cause: None,
        class,
        facts: ConnectionFacts {
            id,
            client,
            server,
            role_evidence: RoleEvidence::Syn,
            start,
            end: start.plus(8 * MILLISECOND),
            first_frame: id * 10,
            last_frame: (InterfaceId(0), id * 10 + 9),
            handshake: Handshake::Established,
            protocol: Protocol::Http1,
            requests: 1,
            responses: 1,
            closer,
            closed_at: closer.map(|_| start.plus(7 * MILLISECOND)).into(),
            idle_before_close: closer.map(|_| 800 * MILLISECOND).into(),
            last_response_end: start.plus(6 * MILLISECOND).into(),
            status: 200,
            two_way: true,
            bytes_to_server: 420,
            bytes_to_client: 12_000,
            history,
            ..ConnectionFacts::BLANK
        },
    }
}

fn timeline(rows: u64) -> Vec<TimelineRow> {
    let row = |i| TimelineRow {
        requests: 5 + i % 7,
        handshakes: i % 5,
        ..TimelineRow::default()
    };
    (0..rows).map(row).collect()
}

/// Pure churn on one leg.
pub(super) fn churn() -> Snapshot {
    let reason = "10.77.0.1 -> 10.77.0.11:8080: 198 of 200 requests paid for a handshake that reuse would have avoided \
                  (99 %)";
    let server = end("10.77.0.11", 8080);
    Snapshot {
        verdict: Verdict {
            status: Status::Fail,
            since: Some(START),
            reasons: vec![reason.into()],
        },
        capture: capture(),
        totals: figures(200, 200, 198),
        legs: vec![leg(
            "10.77.0.1",
            server,
            figures(200, 200, 198),
            Status::Fail,
            &[reason],
        )],
        pools: vec![Pool {
            client: [10, 77, 0, 1].into(),
            servers: vec![server],
            idle_pool_size: None,
            causes: Vec::new(),
        }],
        timeline: Timeline {
            start: Some(START),
            step_s: 1,
            rows: timeline(30),
        },
        connections: Some(vec![
            record(
                1,
                end("10.77.0.1", 40_001),
                server,
                Class::PerRequest,
                Some(Closer::Server),
            ),
            record(2, end("10.77.0.1", 40_002), server, Class::Undetermined, None),
        ]),
        ..Snapshot::default()
    }
}

/// Several legs of every verdict, IPv6, VLANs, two files, checks, prefixes, warnings and hostile text.
pub(super) fn mixed() -> Snapshot {
    let v6 = end("2001:db8:77:1::11", 8080);
    let bad = "10.77.0.1 -> 10.77.0.12:8080: 700 of 1,000 requests paid for a handshake that reuse would have avoided \
               (70 %), in the latest 5 minutes 90 %";
    let rare = "2001:db8:77:1::1 -> [2001:db8:77:1::11]:8080: 40 of 60 closes came after 0.5 s of idle time and more: \
                requests are rarer than the idle timeout";
    let mut snapshot = churn();
    snapshot.verdict.reasons = vec![
        bad.into(),
        rare.into(),
        "1 leg left out: fewer than 30 requests".into(),
    ];
    snapshot.legs = vec![
        leg(
            "10.77.0.1",
            end("10.77.0.11", 8080),
            figures(59_157, 64, 0),
            Status::Pass,
            &["no avoidable handshake"],
        ),
        leg(
            "10.77.0.1",
            end("10.77.0.12", 8080),
            figures(1_000, 720, 700),
            Status::Fail,
            &[bad],
        ),
        leg(
            "2001:db8:77:1::1",
            v6,
            figures(120, 70, 20),
            Status::Warn,
            &[rare],
        ),
        leg(
            "10.77.0.9",
            end("10.77.0.12", 8080),
            Figures::default(),
            Status::Inconclusive,
            &["no request"],
        ),
    ];
    snapshot.legs[0].checks = vec![CheckSeries {
        source: [10, 77, 0, 9].into(),
        period: Some(5.0),
        count: 120,
        target: Some("GET /health\x1b[2J".into()),
    }];
    snapshot.legs[1].by_prefix = vec![
        PrefixRow {
            host: Some("shop.example".into()),
            prefix: Some("/api".into()),
            requests: 700,
            first: 700,
            avoidable: Some(690),
        },
        PrefixRow {
            host: Some("shop.example".into()),
            prefix: Some("/static".into()),
            requests: 300,
            first: 20,
            avoidable: Some(2),
        },
    ];
    snapshot.totals = figures(60_277, 854, 720);
    snapshot.totals.counts.requests.unknown_first = 16;
    snapshot.totals.counts.requests.lost = 3;
    snapshot.totals.counts.requests.estimated = true;
    troubled(&mut snapshot.capture);
    snapshot.not_seen =
        vec!["kernel table overflows: `nstat -az TcpExtListenOverflows` and dmesg would tell".into()];
    let records = snapshot.connections.as_mut().unwrap();
    records[0].facts.vlans = [100, 0];
    records[0].facts.seldom_mut().tunnel = Some(Tunnel {
        kind: "vxlan",
        id: 42,
    });
    records[1].facts.vlans = [100, 200];
    records[1].facts.server = v6;
    records[1].facts.interface = InterfaceId(1);
    records[1].facts.closer = Some(Closer::Lost);
    snapshot
}

/// A second file, cut, with everything that can be missing.
fn troubled(capture: &mut Capture) {
    capture.sources.push(SourceSummary {
        name: "lo.pcapng\u{202e}".into(),
        format: "pcapng",
        link_types: vec![LinkType::LINUX_SLL2],
        packets: 99,
        truncated_at_byte: Some(4_711),
        kernel_dropped: Some(12),
        ..SourceSummary::default()
    });
    capture.interfaces.push(Interface {
        source: 1,
        name: None,
        link_type: LinkType::LINUX_SLL2,
    });
    capture.duplicate_packets = 1_234;
    capture.skipped.not_ip = 17;
    capture.skipped.not_tcp = 2;
    capture.gap_bytes = 1_460;
    capture.evictions.out_of_order = 4;
    capture.warnings =
        vec!["lo.pcapng: cut at byte 4711: a block of 96 bytes has 12; analysed to there".into()];
}

/// One exchange with a secret in its query string.
pub(super) fn exchange() -> ExchangeRecord {
    let client: IpAddr = [10, 77, 0, 1].into();
    ExchangeRecord {
        order: 0,
        connection: 1,
        client: Endpoint {
            address: client,
            port: 40_001,
        },
        server: end("10.77.0.11", 8080),
        index: 1,
        start: START,
        method: "GET".into(),
        target: "/login?token=secret".into(),
        host: Some("shop.example".into()),
        version: "1.1",
        status: Some(200),
        first_byte: Some(3_200_000),
        response: Some(5_100_500),
        reused: Some(false),
        announced_close: false,
        frame: (0, 10),
    }
}

/// `mixed` captured live on the host of 10.77.0.1, near its limits.
pub(super) fn live() -> Snapshot {
    let mut snapshot = mixed();
    let client: IpAddr = [10, 77, 0, 1].into();
    let server = end("10.77.0.11", 8080);
    snapshot.hosts.push(Host {
        time_wait_peak: None,
        address: client,
        time_wait: 28_100,
        fin_wait_2: 0,
        close_wait: 0,
        conntrack_entries: 28_100,
        ports: vec![PortsTo {
            to: server,
            in_use: 28_103,
        }],
        actual: None,
    });
    let now = States::from_iter([(State::TimeWait, 28_011), (State::Established, 3)]);
    let start = States::from_iter([(State::TimeWait, 250)]);
    let leg = OwnLeg {
        side: Side::Client,
        client,
        server,
    };
    let begin = Reading {
        at: Some(START),
        counters: Counters {
            active_opens: Some(1_000),
            time_wait_overflow: Some(7),
            ..Counters::default()
        },
        time_wait: Some(250),
        ..Reading::default()
    };
    let view = HostView {
        addresses: vec![client, [10, 77, 9, 9].into()],
        start: begin,
        end: Reading {
            at: Some(START.plus(60_000 * MILLISECOND)),
            counters: Counters {
                active_opens: Some(61_000),
                time_wait_overflow: Some(1_207),
                ..Counters::default()
            },
            limits: Limits {
                port_range: Some((32_768, 60_999)),
                ports: Some(28_232),
                time_wait_buckets: Some(32_768),
                somaxconn: Some(4_096),
                time_wait_reuse: Some(2),
                conntrack: None,
            },
            conntrack: None,
            open: Some(3),
            time_wait: Some(28_011),
            sockets: Some(now),
        },
        readings: 61,
        most: now,
        most_time_wait: Some(32_768),
        legs: [(
            leg,
            Held {
                start,
                now,
                most: now,
            },
        )]
        .into(),
        problems: vec!["connection tracking: this kernel has none loaded".to_owned()],
        ..HostView::default()
    };
    look_at_own_host(&mut snapshot, view);
    snapshot
}
