//! Packets a second through `decode` alone.

mod packets;

use divan::Bencher;
use divan::counter::ItemsCount;
use flowcheck::decode::decode;
use packets::traffic::Shape;

fn main() {
    divan::main();
}

#[divan::bench(args = [Shape::Keepalive, Shape::Churn, Shape::Large])]
fn plain(bencher: Bencher, shape: Shape) {
    let block = packets::block(shape, 10);
    bencher
        .counter(ItemsCount::new(block.records.len()))
        .bench_local(|| block.frames().filter(|frame| decode(frame).is_ok()).count());
}
