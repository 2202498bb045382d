//! From a capture file to a snapshot, as `flowcheck read` does it, by the number of engines.

#[path = "traffic/mod.rs"]
mod traffic;

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use divan::Bencher;
use divan::counter::ItemsCount;
use flowcheck::diagnose::Snapshot;
use flowcheck::engine::Config;
use flowcheck::pipeline::{analyse, engines};
use flowcheck::source::{OpenOptions, open};
use traffic::{Plan, Shape};

fn main() {
    divan::main();
}

fn snapshot(file: &Path, engines: usize) -> Snapshot {
    match open(&[file.to_owned()], OpenOptions::default()) {
        Ok(capture) => analyse(Box::new(capture), Config::default(), engines, &mut |_| ()),
        Err(error) => panic!("{error}"),
    }
}

fn run(bencher: Bencher, plan: &Plan, engines: usize) {
    let name = format!("bench-{:?}-{}-{engines}.pcap", plan.shape, plan.connections);
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let written = File::create(&file).and_then(|out| traffic::write(plan, BufWriter::new(out)));
    let packets = match written {
        Ok(written) => written.packets,
        Err(error) => panic!("{}: {error}", file.display()),
    };
    bencher
        .counter(ItemsCount::new(packets))
        .bench_local(|| snapshot(&file, engines));
    let _ = std::fs::remove_file(file);
}

#[divan::bench(args = [Shape::Keepalive, Shape::Churn, Shape::Large], sample_count = 20)]
fn one_engine(bencher: Bencher, shape: Shape) {
    run(bencher, &Plan::new(shape, 20_000_000), 1);
}

#[divan::bench(args = [Shape::Keepalive, Shape::Churn, Shape::Large], sample_count = 20)]
fn all_engines(bencher: Bencher, shape: Shape) {
    run(bencher, &Plan::new(shape, 20_000_000), engines());
}

/// Connections that all stay open.
#[divan::bench(args = [10_000, 200_000], sample_count = 5)]
fn open_connections(bencher: Bencher, connections: u64) {
    run(bencher, &Plan::new(Shape::Open, connections), engines());
}
