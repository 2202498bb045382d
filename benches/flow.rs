//! The table of connections: finding them, opening and closing them, while few and while a million live.

use divan::Bencher;
use divan::counter::ItemsCount;
use flowcheck::decode::Address;
use flowcheck::flow::{FlowKey, FlowTable, KeyHasher, Link, PathId, Tombstone};
use flowcheck::sequence::SeqNumber;
use flowcheck::time::Timestamp;
use flowcheck::u48::U48;

/// About as much as is kept for a connection.
type Kept = [u64; 32];

const LOOKUPS: usize = 100_000;

const GONE: Tombstone = Tombstone {
    id: U48::ZERO,
    left_at: Timestamp::MIN,
    has_isn: false,
    isn: SeqNumber(0),
    expired: false,
    link: Link::NONE,
};

fn main() {
    divan::main();
}

/// The `number`-th connection: 16 clients, 4 servers, ports.
fn key(number: usize) -> FlowKey {
    let address = |last: usize| Address::v4([10, 77, (last >> 8) as u8, last as u8]);
    let client = (address(number >> 18), (number >> 2) as u16);
    let server = (address(256 + (number & 3)), 8080);
    FlowKey::between(client, server, PathId(0)).0
}

fn table(connections: usize) -> FlowTable<Kept> {
    let mut table = FlowTable::new(1000, KeyHasher::default());
    for number in 0..connections {
        table.insert(key(number), [0; 32]);
    }
    table
}

/// Keys in an order that no cache foresees.
fn scattered(connections: usize) -> Vec<FlowKey> {
    (0..LOOKUPS)
        .map(|step| key(step.wrapping_mul(2_654_435_761) % connections))
        .collect()
}

#[divan::bench(args = [256, 1_000_000])]
fn find(bencher: Bencher, connections: usize) {
    let mut table = table(connections);
    let keys = scattered(connections);
    bencher.counter(ItemsCount::new(LOOKUPS)).bench_local(|| {
        for key in &keys {
            if let Some(kept) = table.find(key).and_then(|place| table.at(place)) {
                kept[0] += 1;
            }
        }
    });
}

#[divan::bench(args = [256, 1_000_000])]
fn close_and_open(bencher: Bencher, connections: usize) {
    let mut table = table(connections);
    let keys = scattered(connections);
    bencher.counter(ItemsCount::new(LOOKUPS)).bench_local(|| {
        for key in &keys {
            let place = table.find(key);
            let kept = place.and_then(|place| table.remove(place, GONE));
            table.insert(*key, kept.unwrap_or([0; 32]));
        }
    });
}

#[divan::bench(args = [256, 1_000_000], sample_count = 10)]
fn fill(bencher: Bencher, connections: usize) {
    bencher
        .counter(ItemsCount::new(connections))
        .bench_local(|| table(connections));
}
