//! A screen's questions about a hundred thousand open connections: how long an engine pauses for a part of its table, what a
//! whole look costs, and what choosing and building a window does.

use divan::Bencher;
use divan::counter::ItemsCount;
use flowcheck::classify::Endpoint;
use flowcheck::engine::{Config, Engine, Noting, OpenRef, Scan, Wanted};
use flowcheck::frame::{Frame, FramePlace, InterfaceId, LinkType};
use flowcheck::limits::SCANNED_AT_ONCE;
use flowcheck::query::{Field, InLegs, Query, Rank, Sort, window};
use flowcheck::time::Timestamp;

const CONNECTIONS: u32 = 100_000;
const REQUEST: &[u8] = b"GET /app HTTP/1.1\r\nHost: tomcat\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What is asked: nothing, a few numbers, an address, what needs all facts, a word anywhere.
const QUERIES: [&str; 8] = [
    "",
    "reqs>0 idle>1s",
    "server:10.1.0.3",
    "class:unreused",
    "state:open !closer:server",
    "0.3:8080",
    "persist",
    "10.1",
];

/// By what rows are sorted: a number, an end, what is told from several things, a text.
const FIELDS: [Field; 4] = [Field::Bytes, Field::Client, Field::Class, Field::History];

fn main() {
    divan::main();
}

fn packet(number: u32, to_server: bool, flags: u8, numbers: (u32, u32), payload: &[u8]) -> Vec<u8> {
    let mut ip = vec![0x45, 0];
    ip.extend((40 + payload.len() as u16).to_be_bytes());
    ip.extend([0, 1, 0x40, 0, 64, 6, 0, 0]);
    let ends = [[10, 0, 0, (number >> 15) as u8], [10, 1, 0, (number & 3) as u8]];
    let ports = [1_024 + (number & 0x7fff) as u16, 8080];
    let from = usize::from(!to_server);
    ip.extend(ends[from].into_iter().chain(ends[1 - from]));
    ip.extend(
        ports[from]
            .to_be_bytes()
            .into_iter()
            .chain(ports[1 - from].to_be_bytes()),
    );
    ip.extend(numbers.0.to_be_bytes().into_iter().chain(numbers.1.to_be_bytes()));
    ip.extend([0x50, flags, 1, 0, 0, 0, 0, 0]);
    ip.extend(payload);
    ip
}

/// An engine with so many connections that have had a request; `noting`: and notes of the latest.
fn engine(noting: Option<Noting>) -> Engine {
    let mut engine = Engine::new(Config::default());
    engine.take_notes(noting);
    let mut order = 0;
    let (q, r) = (1 + REQUEST.len() as u32, 1 + RESPONSE.len() as u32);
    for number in 0..CONNECTIONS {
        let steps = [
            (true, 2, (0, 0), &b""[..]),
            (false, 0x12, (0, 1), b""),
            (true, 0x10, (1, 1), b""),
            (true, 0x18, (1, 1), REQUEST),
            (false, 0x18, (1, q), RESPONSE),
            (true, 0x10, (q, r), b""),
        ];
        for (to_server, flags, numbers, payload) in steps {
            order += 1;
            let bytes = packet(number, to_server, flags, numbers, payload);
            let frame = Frame {
                timestamp: Timestamp::from_nanos(order as i64 * 10_000),
                place: FramePlace::new(order, InterfaceId(0)),
                wire_len: bytes.len() as u32,
                link_type: LinkType::RAW,
                bytes: &bytes,
            };
            engine.pass(order, frame.timestamp);
            engine.frame(order, &frame);
        }
    }
    engine
}

fn wanted(query: &str, field: Field, most: usize) -> Wanted {
    let query = Query::parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    Wanted {
        query: InLegs::new(query, &[]),
        sort: Sort {
            field,
            descending: true,
        },
        most,
        interfaces: vec![Some("eth0".to_owned())],
        ..Wanted::default()
    }
}

fn look(engine: &Engine, wanted: &Wanted, part: usize) -> Scan {
    let mut scan = Scan::new(wanted.most);
    while engine.scan(wanted, &mut scan, part) {}
    scan
}

/// What packets wait for at most, once an answer is under way.
#[divan::bench(args = QUERIES, sample_count = 20)]
fn pause(bencher: Bencher, query: &str) {
    let (engine, wanted) = (engine(None), wanted(query, Field::Bytes, 100));
    bencher.counter(ItemsCount::new(SCANNED_AT_ONCE)).bench_local(|| {
        let mut scan = Scan::new(wanted.most);
        engine.scan(&wanted, &mut scan, SCANNED_AT_ONCE)
    });
}

/// A whole look by one engine: with two each does half of it.
#[divan::bench(args = QUERIES, sample_count = 20)]
fn look_through_all(bencher: Bencher, query: &str) {
    let (engine, wanted) = (engine(None), wanted(query, Field::Bytes, 100));
    bencher
        .counter(ItemsCount::new(CONNECTIONS))
        .bench_local(|| look(&engine, &wanted, SCANNED_AT_ONCE));
}

/// The same by what is sorted by.
#[divan::bench(args = FIELDS, sample_count = 20)]
fn look_through_all_by(bencher: Bencher, field: Field) {
    let (engine, wanted) = (engine(None), wanted("", field, 100));
    bencher
        .counter(ItemsCount::new(CONNECTIONS))
        .bench_local(|| look(&engine, &wanted, SCANNED_AT_ONCE));
}

/// A window of fifty at an offset, chosen from what was found and built.
#[divan::bench(args = [0, 50_000, 99_950], sample_count = 20)]
fn choose_and_build(bencher: Bencher, offset: usize) {
    let engine = engine(None);
    let wanted = wanted("", Field::Bytes, offset + 50);
    bencher
        .with_inputs(|| look(&engine, &wanted, SCANNED_AT_ONCE).take())
        .bench_local_values(|found: Vec<(Rank, OpenRef)>| {
            let rows = window(found, offset, 50);
            let rows = rows.iter().filter_map(|(_, at)| engine.open_connection(*at));
            rows.map(|row| u64::from(row.facts.requests)).sum::<u64>()
        });
}

/// The packets of the one selected.
#[divan::bench(sample_count = 20)]
fn notes_of_one(bencher: Bencher) {
    let mut engine = engine(Some(Noting::Latest(10_000)));
    let client = Endpoint {
        address: [10, 0, 0, ((CONNECTIONS - 1) >> 15) as u8].into(),
        port: 1_024 + ((CONNECTIONS - 1) & 0x7fff) as u16,
    };
    let id = u64::from(CONNECTIONS - 1) * 6 + 1;
    assert!(
        engine
            .notes(id, client)
            .is_some_and(|notes| notes.packets.len() == 6)
    );
    bencher.bench_local(|| engine.notes(id, client));
}

/// Taking the packets in, without notes and with them.
#[divan::bench(args = [false, true], sample_count = 3, sample_size = 1)]
fn take_in(bencher: Bencher, noting: bool) {
    bencher
        .counter(ItemsCount::new(CONNECTIONS * 6))
        .bench_local(|| engine(noting.then_some(Noting::Latest(10_000))));
}
