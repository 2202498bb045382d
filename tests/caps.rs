//! Caps that an ordinary capture can reach: when one acts, it is counted, and what came before and after is still right.
//! tests/caps.txt names the test of each cap; those that take gigabytes of packets are hit by `make bounds`.

use flowcheck::decode::Flags;
use flowcheck::diagnose::{ExchangeRecord, Snapshot};
use flowcheck::engine::Config;
use flowcheck::frame::{Block, FramePlace, Interface, InterfaceId, LinkType, Record};
use flowcheck::limits;
use flowcheck::pipeline::analyse;
use flowcheck::report::{html, json};
use flowcheck::source::{Next, Source, SourceSummary};
use flowcheck::time::Timestamp;
use serde_json::Value;

const SYN: u8 = Flags::SYN.0;
const ACK: u8 = Flags::ACK.0;
const FIN: u8 = Flags::FIN.0 | ACK;
const RST: u8 = Flags::RST.0;
const REQUEST: &[u8] = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

type End = ([u8; 4], u16);

const SERVER: End = ([10, 0, 0, 1], 8080);

/// Packets on a wire of raw IPv4.
#[derive(Default)]
struct Wire {
    blocks: Vec<Block>,
    nanos: i64,
    packets: u64,
}

impl Wire {
    fn packet(&mut self, from: End, to: End, (sequence, ack): (u32, u32), flags: u8, payload: &[u8]) {
        let full = |block: &Block| block.arena.len() > 1 << 20;
        if self.blocks.last().is_none_or(full) {
            self.blocks.push(Block::default());
        }
        self.nanos += 1_000;
        self.packets += 1;
        let Some(block) = self.blocks.last_mut() else {
            return;
        };
        let length = (40 + payload.len()) as u16;
        let offset = block.arena.len() as u32;
        let out = &mut block.arena;
        out.extend([0x45, 0]);
        out.extend(length.to_be_bytes());
        out.extend((self.packets as u16 | 1).to_be_bytes());
        out.extend([0x40, 0, 64, 6, 0, 0]);
        out.extend(from.0);
        out.extend(to.0);
        out.extend(from.1.to_be_bytes());
        out.extend(to.1.to_be_bytes());
        out.extend(sequence.to_be_bytes());
        out.extend(ack.to_be_bytes());
        out.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        out.extend_from_slice(payload);
        block.records.push(Record {
            timestamp: Timestamp::from_nanos(1_767_225_600_000_000_000 + self.nanos),
            place: FramePlace::new(self.packets, InterfaceId(0)),
            offset,
            captured_len: u32::from(length),
            wire_len: u32::from(length),
            link_type: LinkType::RAW,
        });
    }

    fn open(&mut self, client: End, server: End) {
        self.packet(client, server, (999, 0), SYN, b"");
        self.packet(server, client, (4_999, 1_000), SYN | ACK, b"");
        self.packet(client, server, (1_000, 5_000), ACK, b"");
    }

    fn exchange(&mut self, client: End, server: End, request: &[u8]) {
        self.open(client, server);
        self.packet(client, server, (1_000, 5_000), ACK, request);
        let next = 1_000 + request.len() as u32;
        self.packet(server, client, (5_000, next), ACK, RESPONSE);
    }

    /// Pieces of one stream after each other; returns the next sequence number.
    fn stream<'a>(&mut self, client: End, pieces: impl IntoIterator<Item = &'a [u8]>) -> u32 {
        let mut at = 1_000;
        for piece in pieces {
            self.packet(client, SERVER, (at, 5_000), ACK, piece);
            at += piece.len() as u32;
        }
        at
    }
}

struct Made(std::vec::IntoIter<Block>);

impl Source for Made {
    fn next(&mut self, _: Block) -> Next {
        self.0.next().map_or(Next::End, Next::Block)
    }

    fn summaries(&self) -> Vec<SourceSummary> {
        Vec::new()
    }
}

fn snapshot(keep_connections: Option<usize>, make: impl FnOnce(&mut Wire)) -> Snapshot {
    let mut wire = Wire::default();
    make(&mut wire);
    let interface = Interface {
        source: 0,
        name: None,
        link_type: LinkType::RAW,
    };
    wire.blocks[0].interfaces.push((InterfaceId(0), interface));
    let config = Config {
        server_ports: vec![8080],
        keep_connections,
        ..Config::default()
    };
    let source = Box::new(Made(wire.blocks.into_iter()));
    analyse(source, &config, 1, &mut |_: &ExchangeRecord| ())
}

fn report(make: impl FnOnce(&mut Wire)) -> Value {
    let mut out = Vec::new();
    json::write(&mut out, &snapshot(None, make), &[]).expect("memory can be written");
    serde_json::from_slice(&out).expect("a report")
}

fn number(report: &Value, pointer: &str) -> usize {
    let found = report.pointer(pointer).and_then(Value::as_u64);
    found.unwrap_or_else(|| panic!("no {pointer}")) as usize
}

fn client(number: usize) -> End {
    (
        [11, (number >> 16) as u8, (number >> 8) as u8, number as u8],
        40_000,
    )
}

#[test]
fn long_heads_are_given_up_and_the_next_request_is_read() {
    let line = [b"X: ".as_slice(), &[b'x'; 1_397], b"\r\n"].concat();
    let lines = 2 + limits::HEAD_BYTES / line.len();
    let report = report(|wire| {
        wire.open(client(1), SERVER);
        let start = b"GET / HTTP/1.1\r\n".as_slice();
        let pieces = std::iter::once(start).chain(std::iter::repeat_n(&line[..], lines));
        wire.stream(client(1), pieces.chain([b"\r\n".as_slice(), REQUEST]));
    });
    assert_eq!(number(&report, "/capture/evictions/heads"), 1);
    assert_eq!(number(&report, "/totals/requests/total"), 1);
}

#[test]
fn heads_of_many_fields_are_given_up_and_the_next_request_is_read() {
    let head = |fields: usize| {
        [
            b"GET / HTTP/1.1\r\n".as_slice(),
            &b"A: b\r\n".repeat(fields),
            b"\r\n",
        ]
        .concat()
    };
    let requests = |fields: usize| {
        let report = report(|wire| {
            wire.open(client(1), SERVER);
            wire.stream(client(1), [&head(fields)[..], REQUEST]);
        });
        number(&report, "/totals/requests/total")
    };
    assert_eq!(requests(limits::HEADER_FIELDS), 2);
    assert_eq!(requests(limits::HEADER_FIELDS + 1), 1);
}

#[test]
fn long_chunk_lines_are_given_up_and_the_next_request_is_read() {
    let start = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;";
    let requests = |length: u64| {
        let extension = vec![b'e'; length as usize];
        let report = report(|wire| {
            wire.open(client(1), SERVER);
            let end = b"\r\nhello\r\n0\r\n\r\n";
            wire.stream(client(1), [&start[..], &extension, end, REQUEST]);
        });
        (
            number(&report, "/totals/requests/total"),
            number(&report, "/totals/requests/hidden"),
        )
    };
    assert_eq!(requests(limits::CHUNK_LINE_BYTES - 10), (2, 0));
    assert_eq!(
        requests(limits::CHUNK_LINE_BYTES + 10),
        (2, 1),
        "what may be in the rest is told"
    );
}

#[test]
fn pipelined_requests_beyond_the_cap_are_counted() {
    let report = report(|wire| {
        wire.open(client(1), SERVER);
        wire.stream(client(1), std::iter::repeat_n(REQUEST, limits::PIPELINED + 76));
    });
    assert_eq!(number(&report, "/capture/evictions/pipelined"), 76);
    assert_eq!(number(&report, "/totals/requests/total"), limits::PIPELINED + 76);
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A HEADERS frame.
fn headers(stream: u32, block: &[u8]) -> Vec<u8> {
    [&[0, 0, block.len() as u8, 1, 5][..], &stream.to_be_bytes(), block].concat()
}

#[test]
fn streams_beyond_the_cap_are_counted() {
    let count = limits::HTTP2_STREAMS + 76;
    let frames: Vec<Vec<u8>> = (0..count)
        .map(|n| headers(n as u32 * 2 + 1, &[0x82, 0x84, 0x86]))
        .collect();
    let report = report(|wire| {
        wire.open(client(1), SERVER);
        wire.packet(SERVER, client(1), (5_000, 1_000), ACK, b"\0\0\0\x04\0\0\0\0\0");
        wire.stream(
            client(1),
            std::iter::once(PREFACE).chain(frames.iter().map(Vec::as_slice)),
        );
    });
    assert_eq!(number(&report, "/capture/evictions/streams"), 76);
    assert_eq!(number(&report, "/totals/requests/total"), count);
}

#[test]
fn larger_header_tables_are_counted() {
    let table = |size: usize| {
        // An integer with a prefix of five bits (RFC 7541 section 5.1).
        let mut block = vec![0x3f];
        let mut rest = size - 31;
        while rest >= 128 {
            block.push((rest % 128 + 128) as u8);
            rest /= 128;
        }
        block.extend([rest as u8, 0x82, 0x84, 0x86]);
        let frame = headers(1, &block);
        let report = report(|wire| {
            wire.open(client(1), SERVER);
            wire.stream(client(1), [PREFACE, &frame]);
        });
        (
            number(&report, "/capture/evictions/header_tables"),
            number(&report, "/totals/requests/total"),
        )
    };
    assert_eq!(table(limits::HPACK_TABLE_BYTES), (0, 1));
    assert_eq!(table(limits::HPACK_TABLE_BYTES + 1), (1, 1));
}

#[test]
fn what_waits_too_long_is_given_up_and_counted() {
    let body = [b'o'; 1_400];
    for (count, len) in [
        (limits::OUT_OF_ORDER_BYTES / 1_400 + 1, 1_400),
        (limits::OUT_OF_ORDER_SEGMENTS + 1, 1),
    ] {
        let report = report(|wire| {
            wire.open(client(1), SERVER);
            for n in 0..count {
                wire.packet(
                    client(1),
                    SERVER,
                    (1_007 + (n * (len + 1)) as u32, 5_000),
                    ACK,
                    &body[..len],
                );
            }
        });
        assert!(number(&report, "/capture/gap_bytes") >= 7, "{count} of {len}");
    }
}

#[test]
fn connections_that_never_show_their_roles_are_all_told() {
    let count = limits::PARKED + 100;
    let report = report(|wire| {
        for n in 0..count {
            let (one, other) = (client(n), ([12, 0, 0, 1], 50_000));
            wire.packet(one, other, (1_000, 5_000), ACK, b"");
            wire.packet(one, other, (1_000, 5_000), RST, b"");
        }
    });
    assert_eq!(
        number(&report, "/totals/connections/total") + number(&report, "/capture/unattributed"),
        count
    );
}

#[test]
fn tombstones_and_silent_connections_beyond_the_cap_are_counted() {
    let count = limits::TOMBSTONES + 500;
    let report = report(|wire| {
        for n in 0..count {
            wire.open(client(n), SERVER);
            wire.packet(client(n), SERVER, (1_000, 5_000), RST, b"");
        }
    });
    assert!(number(&report, "/capture/evictions/tombstones") >= 500);
    assert_eq!(number(&report, "/totals/connections/opened"), count);
}

/// What has no payload says nothing of a new connection, nor does the SYN of an old one, however late it comes.
#[test]
fn late_segments_of_many_closed_connections_open_none() {
    let count = 40_000;
    // Closed fourteen seconds ago, and fewer since than are remembered.
    let ago = 28_000;
    let report = report(|wire| {
        for n in 0..count {
            let client = client(n);
            wire.exchange(client, SERVER, REQUEST);
            let (end, answered) = (1_000 + REQUEST.len() as u32, 5_000 + RESPONSE.len() as u32);
            wire.packet(SERVER, client, (answered, end), FIN, b"");
            wire.packet(client, SERVER, (end, answered + 1), FIN, b"");
            wire.packet(SERVER, client, (answered + 1, end + 1), ACK, b"");
            wire.nanos += 500_000;
            let Some(old) = n.checked_sub(ago).map(self::client) else {
                continue;
            };
            match n % 12 {
                0 => wire.packet(old, SERVER, (end, answered + 1), FIN, b""),
                4 => wire.packet(old, SERVER, (end + 1, answered + 1), ACK, b""),
                8 => wire.packet(old, SERVER, (999, 0), SYN, b""),
                _ => {}
            }
        }
    });
    for (what, expected) in [
        ("total", count),
        ("opened", count),
        ("midstream", 0),
        ("open_at_end", 0),
    ] {
        let found = number(&report, &format!("/totals/connections/{what}"));
        assert_eq!(found, expected, "{what}");
    }
    assert_eq!(number(&report, "/totals/peak_open"), 1);
}

#[test]
fn silent_connections_leave_a_large_table() {
    let count = limits::EXPIRE_ABOVE + 5_000;
    let report = report(|wire| {
        for n in 0..count {
            wire.packet(client(n), SERVER, (1_000, 5_000), ACK, b"x");
        }
        wire.nanos += 3 * 3_600 * 1_000_000_000;
        for n in 0..3_000 {
            wire.packet(client(n), SERVER, (1_001, 5_000), ACK, b"x");
        }
    });
    assert!(number(&report, "/capture/evictions/expired") > 0);
    assert_eq!(
        number(&report, "/totals/connections/total"),
        count,
        "and resume under their id"
    );
}

#[test]
fn legs_beyond_the_cap_are_one_star() {
    let count = limits::LEGS + 100;
    let report = report(|wire| {
        for n in 0..count {
            let server = ([12, 0, (n >> 8) as u8, n as u8], 8080);
            wire.exchange(client(n), server, REQUEST);
        }
    });
    assert!(number(&report, "/capture/evictions/legs") > 0);
    assert!(report["legs"].as_array().expect("legs").len() <= limits::LEGS + 1);
    assert_eq!(number(&report, "/totals/requests/total"), count);
}

#[test]
fn clients_beyond_the_cap_are_one_star() {
    let count = limits::CLIENTS_PER_SERVER + 6;
    let report = report(|wire| (0..count).for_each(|n| wire.exchange(client(n), SERVER, REQUEST)));
    assert!(number(&report, "/capture/evictions/clients") > 0);
    let legs = report["legs"].as_array().expect("legs");
    assert_eq!(legs.len(), limits::CLIENTS_PER_SERVER + 1);
    let star = legs.iter().find(|leg| leg["client"] == "*").expect("a star");
    assert_eq!(number(star, "/requests/total"), 6);
}

#[test]
fn prefixes_beyond_the_caps_are_one_star() {
    let count = limits::PREFIXES_PER_LEG + 10;
    let long = "p".repeat(limits::PREFIX_BYTES + 50);
    let report = report(|wire| {
        for n in 0..count {
            let request = format!("GET /{n}{long} HTTP/1.1\r\nHost: {n}{long}\r\n\r\n");
            wire.exchange(
                client(n % 8),
                ([10, 0, 0, 2], 9_000 + n as u16),
                request.as_bytes(),
            );
            wire.exchange(([10, 1, 1, 1], 1_000 + n as u16), SERVER, request.as_bytes());
        }
    });
    assert!(number(&report, "/capture/evictions/prefixes") > 0);
    for leg in report["legs"].as_array().expect("legs") {
        let prefixes = leg["by_prefix"].as_array().expect("prefixes");
        // By prefix and by Host, each with what came after.
        assert!(prefixes.len() <= 2 * (limits::PREFIXES_PER_LEG + 1));
        for prefix in prefixes {
            for text in [&prefix["prefix"], &prefix["host"]]
                .into_iter()
                .filter_map(Value::as_str)
            {
                assert!(text.len() <= limits::PREFIX_BYTES, "{}", text.len());
            }
        }
    }
}

#[test]
fn prefixes_in_all_are_capped() {
    let count = limits::PREFIXES + 100;
    let report = report(|wire| {
        wire.open(client(1), SERVER);
        let (mut mine, mut theirs) = (1_000, 5_000);
        for n in 0..count {
            let request = format!("GET /{n} HTTP/1.1\r\n\r\n");
            wire.packet(client(1), SERVER, (mine, theirs), ACK, request.as_bytes());
            mine += request.len() as u32;
            wire.packet(SERVER, client(1), (theirs, mine), ACK, RESPONSE);
            theirs += RESPONSE.len() as u32;
        }
        wire.packet(client(1), SERVER, (mine, theirs), FIN, b"");
    });
    assert!(number(&report, "/capture/evictions/prefixes") > 0);
    assert_eq!(number(&report, "/totals/requests/total"), count);
}

#[test]
fn connections_of_a_page_are_those_that_fit() {
    let count = 200_000;
    let snapshot = snapshot(Some(limits::LISTED_CONNECTIONS), |wire| {
        for n in 0..count {
            wire.packet(client(n), SERVER, (1_000, 5_000), ACK, b"x");
        }
    });
    let mut out = Vec::new();
    let options = html::Options {
        zone: jiff::tz::TimeZone::UTC,
    };
    let none = html::Packets::None("Not asked for.");
    html::write(&mut out, &snapshot, &[], none, &options).expect("memory can be written");
    let page = String::from_utf8_lossy(&out);
    assert!(page.contains("more are left out"), "the list is longer than fits");
    // The page itself is small beside its rows.
    assert!(
        page.len() < limits::PAGE_CONNECTION_BYTES * 3 / 2,
        "{}",
        page.len()
    );
}

#[test]
fn more_files_than_can_be_numbered_are_refused() {
    let paths = vec![std::path::PathBuf::from("captures/empty.pcap"); limits::FILES + 1];
    let refused = flowcheck::source::open(&paths, flowcheck::source::OpenOptions::default());
    assert!(refused.is_err_and(|error| error.to_string().contains("65536")));
}

/// Each cap has a line in tests/caps.txt, whose test is there.
#[test]
fn every_cap_has_a_test() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let caps = include_str!("../src/limits.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("pub const "));
    let mut missing = Vec::new();
    for cap in caps.filter_map(|line| line.split(':').next()) {
        let mut lines = include_str!("caps.txt").lines().map(str::split_whitespace);
        let Some(mut rest) = lines.find_map(|mut words| (words.next() == Some(cap)).then_some(words)) else {
            missing.push(format!("{cap} has no line"));
            continue;
        };
        let (file, name) = (rest.next().unwrap_or_default(), rest.next().unwrap_or_default());
        if file == "-" {
            continue;
        }
        let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        if !text.contains(name) || name.is_empty() {
            missing.push(format!("{cap}: no {name} in {file}"));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
