//! The screen over 100,000 connections: a window of the flow table after a change of order or filter, the rows of a
//! scroll, and drawing.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on has failed")]

use std::sync::Arc;

use divan::{Bencher, black_box};
use flowcheck::diagnose::{ConnectionRecord, ExchangeRecord, Snapshot};
use flowcheck::query::Query;
use flowcheck::tui::rows::Sort;
use flowcheck::tui::rows::connections::{COLUMNS, Held, Scope, ViewQuery};
use flowcheck::tui::{Action, App, Effect, Glyphs, Names, Settings, Theme, draw, update};
use flowcheck::{engine, pipeline, source};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const CONNECTIONS: usize = 100_000;

fn main() {
    divan::main();
}

/// A real capture's connections over and over, each from another port and time.
fn snapshot() -> Arc<Snapshot> {
    let file =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/small-pool-and-http10.pcap.gz");
    let capture = source::open(&[file], source::OpenOptions::default()).expect("a capture");
    let config = engine::Config {
        keep_connections: Some(CONNECTIONS),
        ..engine::Config::default()
    };
    let mut snapshot = pipeline::analyse(Box::new(capture), &config, 1, &mut |_: &ExchangeRecord| {});
    let real = snapshot.connections.take().unwrap_or_default();
    let many = (0..CONNECTIONS).map(|n| {
        let mut record: ConnectionRecord = real[n * 7 % real.len()].clone();
        record.facts.id = n as u64 + 1;
        record.facts.client.port = (n * 31 % 60_000) as u16;
        record.facts.start = record.facts.start.plus(n as i64 * 100_000);
        record
    });
    snapshot.connections = Some(many.collect());
    Arc::new(snapshot)
}

fn query(column: usize, filter: &str, first: usize) -> ViewQuery {
    ViewQuery {
        scope: Scope::default(),
        filter: Query::parse(filter).expect("an expression"),
        sort: Sort {
            column,
            descending: true,
        },
        grouped: false,
        first,
        height: 40,
        follow: None,
        pinned: Vec::new(),
    }
}

/// By each column, for the first time.
#[divan::bench(args = COLUMNS.iter().map(|column| column.head), sample_count = 30, sample_size = 1)]
fn window_after_sorting(bencher: Bencher<'_, '_>, column: &str) {
    let place = COLUMNS.iter().position(|other| other.head == column);
    let column = place.expect("a column");
    let snapshot = snapshot();
    bencher
        .with_inputs(|| {
            let mut held = Held::default();
            drop(held.answer(&snapshot, &query((column + 1) % COLUMNS.len(), "", 0)));
            held
        })
        .bench_local_refs(|held| held.answer(&snapshot, &query(column, "", 500)));
}

/// What comes before the first window of a capture.
#[divan::bench(sample_count = 30, sample_size = 1)]
fn window_at_first(bencher: Bencher<'_, '_>) {
    let snapshot = snapshot();
    bencher
        .with_inputs(Held::default)
        .bench_local_refs(|held| held.answer(&snapshot, &query(2, "", 0)));
}

/// Numbers, an address, a word anywhere, what a connection has of its leg; a little otherwise each time.
const FILTERS: [&str; 4] = [
    "class:per_request reqs>0",
    "client:10.0.0.0/8",
    "8080",
    "verdict:fail,warn",
];

#[divan::bench(args = FILTERS)]
fn window_after_filtering(bencher: Bencher<'_, '_>, filter: &str) {
    let (snapshot, mut held, mut n) = (snapshot(), Held::default(), 0);
    drop(held.answer(&snapshot, &query(2, "", 0)));
    bencher.bench_local(|| {
        n = (n + 1) % 7;
        let filter = format!("{filter} !port:{n}");
        black_box(held.answer(&snapshot, &query(2, &filter, 0)))
    });
}

#[divan::bench]
fn window_after_scrolling(bencher: Bencher<'_, '_>) {
    let (snapshot, mut held, mut first) = (snapshot(), Held::default(), 0);
    bencher.bench_local(|| {
        first = (first + 40) % CONNECTIONS;
        black_box(held.answer(&snapshot, &query(2, "", first)))
    });
}

#[divan::bench(args = [(80, 24), (200, 60)])]
fn drawing(bencher: Bencher<'_, '_>, (width, height): (u16, u16)) {
    let settings = Settings {
        theme: Theme::Dark,
        glyphs: Glyphs::Unicode,
        zone: TimeZone::UTC,
        names: Names::new(),
        filter: Query::default(),
        live: false,
        recording: false,
    };
    let mut app = App::new(settings, (width, height));
    let mut held = Held::default();
    app.view = flowcheck::tui::action::View::Connections;
    for effect in update(&mut app, Action::Snapshot(snapshot())) {
        if let Effect::Ask(query) = effect {
            let listing = held.answer(&app.shown, &query);
            drop(update(&mut app, Action::Listed(listing)));
        }
    }
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    bencher.bench_local(|| {
        terminal.draw(|frame| draw(frame, &app)).expect("drawn");
    });
}
