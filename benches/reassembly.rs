//! Segments through one direction's assembler: in order, with neighbours swapped, and with a lost one that comes again.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use flowcheck::reassembly::{Arrival, Assembler, Piece};
use flowcheck::sequence::SeqNumber;
use flowcheck::time::Timestamp;

const SEGMENT: u32 = 1448;
const SEGMENTS: u32 = 10_000;

fn main() {
    divan::main();
}

fn run(bencher: Bencher, order: &[u32]) {
    let payload = vec![b'x'; SEGMENT as usize];
    let bytes = order.len() * payload.len();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let mut assembler = Assembler::default();
        assembler.synchronise(SeqNumber(0));
        let mut delivered = 0;
        for &index in order {
            let piece = Piece {
                bytes: black_box(&payload),
                len: SEGMENT,
                after: None,
                timestamp: Timestamp::from_nanos(i64::from(index)),
                number: u64::from(index),
            };
            match assembler.accept(SeqNumber(index * SEGMENT), &piece) {
                Arrival::InOrder { skip } => delivered += payload.len() - skip as usize,
                Arrival::Old | Arrival::Kept { .. } | Arrival::Refused => {}
            }
            while let Some(chunk) = assembler.pop() {
                delivered += chunk.bytes.len() - chunk.skip;
            }
        }
        assert_eq!(delivered, bytes);
    });
}

#[divan::bench]
fn in_order(bencher: Bencher) {
    let order: Vec<u32> = (0..SEGMENTS).collect();
    run(bencher, &order);
}

#[divan::bench]
fn neighbours_swapped(bencher: Bencher) {
    let order: Vec<u32> = (0..SEGMENTS).map(|index| index ^ 1).collect();
    run(bencher, &order);
}

/// The first of every 32 segments comes after the other 31.
#[divan::bench]
fn lost_and_sent_again(bencher: Bencher) {
    let order: Vec<u32> = (0..SEGMENTS / 32 * 32)
        .map(|index| index / 32 * 32 + (index + 1) % 32)
        .collect();
    run(bencher, &order);
}
