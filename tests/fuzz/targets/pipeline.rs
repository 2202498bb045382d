//! From packets to every kind of report, as `read` makes it: connections whose packets say, in the order and at the times
//! that the input wants, what HTTP, TLS and HTTP/2 say, or anything.

use flowcheck::engine::Config;
use flowcheck::frame::{Block, FramePlace, Interface, InterfaceId, LinkType, Record};
use flowcheck::pipeline::analyse;
use flowcheck::report::anonymize::Anonymizer;
use flowcheck::report::{feed, json, lines, text};
use flowcheck::source::{Next, Source, SourceSummary};
use flowcheck::time::Timestamp;

use super::Bytes;

/// What ends say.
const WORDS: [&[u8]; 24] = [
    b"GET /app/a?x=1 HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /app/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
    b"POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"hello",
    b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n",
    b"HEAD / HTTP/1.1\r\nHost: \xff\x1b[31m\r\n\r\n",
    b"GET /simple\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    b"\0\0\x03\x01\x05\0\0\0\x01\x82\x84\x86",
    b"\0\0\x01\x01\x05\0\0\0\x01\x88",
    b"\x16\x03\x01\0\x2e\x01\0\0\x2a\x03\x03",
    b"\x17\x03\x03\0\x28----------------------------------------",
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\n\r\n",
    b"\r\n\r\n",
];

const FLAGS: [u8; 8] = [0x10, 0x18, 0x02, 0x12, 0x11, 0x04, 0x14, 0x10];

/// Blocks made beforehand.
struct Made {
    blocks: std::vec::IntoIter<Block>,
    packets: u64,
}

impl Source for Made {
    fn next(&mut self, _: Block) -> Next {
        self.blocks.next().map_or(Next::End, Next::Block)
    }

    fn summaries(&self) -> Vec<SourceSummary> {
        vec![SourceSummary {
            name: "made".to_owned(),
            format: "pcap",
            packets: self.packets,
            ..SourceSummary::default()
        }]
    }
}

#[derive(Default)]
struct Side {
    next: u32,
}

pub(super) fn run(bytes: &[u8]) {
    let frames = frames(Bytes(bytes));
    let config = Config {
        server_ports: vec![8080],
        keep_connections: Some(50),
        keep_exchanges: true,
        ..Config::default()
    };
    let engines = 1 + bytes.len() % 2;
    let mut out = Vec::new();
    let mut exchanges = 0_u64;
    let mut snapshot = analyse(
        Box::new(source(&frames)),
        &config,
        engines,
        &mut |exchange: &_| {
            exchanges += 1;
            lines::exchange(&mut out, exchange, true).expect("memory can be written");
        },
    );
    let figures = &snapshot.totals;
    assert_eq!(snapshot.capture.packets, frames.len() as u64);
    assert!(
        exchanges <= figures.counts.requests.total,
        "{exchanges} exchanges"
    );
    if let Some((value, low, high)) = figures.reuse_ratio() {
        for ratio in [value, low, high] {
            assert!((0.0..=1.0).contains(&ratio), "a ratio of {ratio}");
        }
    }
    if !bytes.len().is_multiple_of(4) {
        // Most of the time is better spent on packets.
        return;
    }
    let options = text::Options {
        width: 80,
        color: true,
        zone: jiff::tz::TimeZone::UTC,
        explain: true,
    };
    text::write(&mut out, &snapshot, &[], &options).expect("memory can be written");
    feed::list(&mut out, feed::Format::Csv, &snapshot).expect("memory can be written");
    feed::list(&mut out, feed::Format::Ndjson, &snapshot).expect("memory can be written");
    let mut once = Vec::new();
    json::write(&mut once, &snapshot, &[]).expect("memory can be written");
    snapshot.connections = None;
    once.clear();
    json::write(&mut once, &snapshot, &[]).expect("memory can be written");
    let again = json::read(once.as_slice()).expect("a report is read back");
    let mut twice = Vec::new();
    json::write(&mut twice, &again, &[]).expect("memory can be written");
    assert_eq!(String::from_utf8_lossy(&once), String::from_utf8_lossy(&twice));
    Anonymizer::default().snapshot(&mut snapshot);
}

type Made1 = (i64, u16, usize, Vec<u8>);

fn source(frames: &[Made1]) -> Made {
    let mut blocks = Vec::new();
    let mut number = 0;
    for (place, some) in frames.chunks(16).enumerate() {
        let mut block = Block::default();
        if place == 0 {
            for id in 0..2 {
                let interface = Interface {
                    source: 0,
                    name: (id == 1).then(|| "lo".to_owned()),
                    link_type: LinkType::RAW,
                };
                block.interfaces.push((InterfaceId(id), interface));
            }
        }
        for (time, interface, wire_len, bytes) in some {
            number += 1;
            block.records.push(Record {
                timestamp: Timestamp::from_nanos(*time),
                place: FramePlace::new(number, InterfaceId(*interface)),
                offset: block.arena.len() as u32,
                captured_len: bytes.len() as u32,
                wire_len: *wire_len as u32,
                link_type: LinkType::RAW,
            });
            block.arena.extend_from_slice(bytes);
        }
        blocks.push(block);
    }
    Made {
        blocks: blocks.into_iter(),
        packets: number,
    }
}

fn frames(mut bytes: Bytes<'_>) -> Vec<Made1> {
    let mut sides: [Side; 16] = std::array::from_fn(|_| Side { next: 1_000 });
    let mut time = 1_700_000_000_000_000_000_i64;
    let mut out: Vec<Made1> = Vec::new();
    while !bytes.is_empty() && out.len() < 400 {
        let (who, what, how) = (bytes.u8(), bytes.u8(), bytes.u8());
        let (connection, to_client) = (usize::from(who >> 1 & 7), who & 1 == 1);
        time = time.saturating_add(match how >> 4 {
            0..=8 => 100_000,
            9 => 0,
            10 => 5_000_000,
            11 => 700_000_000,
            12 => 20_000_000_000,
            13 => -50_000_000,
            14 => 3_200_000_000_000_000_000,
            _ => -3_200_000_000_000_000_000,
        });
        let own = connection * 2 + usize::from(to_client);
        let (mut flags, mut payload) = (FLAGS[usize::from(what & 7)], &[][..]);
        if what & 0x80 != 0 {
            flags = 0x18;
            payload = match usize::from(what & 0x3f) {
                word if word < WORDS.len() => WORDS[word],
                other => bytes.take(other),
            };
        }
        let mut sequence = sides[own].next;
        match how & 7 {
            // Lost before it was captured, late, sent again.
            4 => sequence = sequence.wrapping_add(u32::from(bytes.u8())),
            5 => sequence = sequence.wrapping_sub(u32::from(bytes.u8())),
            6 => sequence = bytes.u32(),
            _ => {}
        }
        let takes = payload.len() as u32 + u32::from(flags & 3 != 0);
        if how & 7 < 4 {
            sides[own].next = sequence.wrapping_add(takes);
        }
        let ack = sides[own ^ 1].next;
        let mut packet = packet(connection, to_client, sequence, ack, flags, payload);
        let wire_len = packet.len();
        if how & 7 == 7 {
            packet.truncate(wire_len - payload.len().min(usize::from(bytes.u8())));
        }
        let again = how & 8 != 0;
        out.push((time, u16::from(who >> 4 & 1), wire_len, packet.clone()));
        if again {
            out.push((
                time.saturating_add(10_000),
                u16::from(who >> 5 & 1),
                wire_len,
                packet,
            ));
        }
    }
    out
}

/// An IPv4 packet, its checksums left out.
fn packet(connection: usize, to_client: bool, sequence: u32, ack: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let client = ([10, 0, 0, 1 + (connection as u8 & 1)], 40_000 + connection as u16);
    let server = ([10, 0, 1, 1 + (connection as u8 & 2)], 8_080);
    let (source, destination) = if to_client {
        (server, client)
    } else {
        (client, server)
    };
    let total = (40 + payload.len()) as u16;
    let mut out = vec![0x45, 0];
    out.extend(total.to_be_bytes());
    out.extend((sequence as u16 ^ u16::from(flags)).to_be_bytes());
    out.extend([0x40, 0, 64, 6, 0, 0]);
    out.extend(source.0);
    out.extend(destination.0);
    out.extend(source.1.to_be_bytes());
    out.extend(destination.1.to_be_bytes());
    out.extend(sequence.to_be_bytes());
    out.extend(ack.to_be_bytes());
    out.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    out.extend_from_slice(payload);
    out
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let open = [0, 2, 0, 1, 3, 0, 0, 0, 0];
    let exchange = |request: u8, response: u8| [0, 0x80 | request, 0, 1, 0x80 | response, 0];
    let close = [1, 4, 0xb0, 0, 4, 0, 1, 0, 0];
    let mut seeds = Vec::new();
    for (request, response) in [
        (0, 2),
        (1, 6),
        (0, 3),
        (0, 7),
        (8, 9),
        (11, 12),
        (13, 2),
        (14, 5),
        (15, 7),
        (17, 19),
        (20, 21),
    ] {
        let turn = exchange(request, response);
        seeds.push([&open[..], &turn, &[1, 0x84, 0], &turn, &close].concat());
        let churn = [&open[..], &turn, &close].concat();
        seeds.push(churn.repeat(8));
    }
    seeds
}
