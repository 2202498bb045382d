//! What a screen sees while the analysis runs: windows of connections, open and closed, and the packets of one.

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use common::files::{PLAIN, frames, pcap};
use common::run::{directory, write};
use common::script::capture_of;
use common::wire::Link;
use flowcheck::classify::Class;
use flowcheck::diagnose::{ExchangeRecord, Sending, Snapshot};
use flowcheck::engine::Config;
use flowcheck::frame::Block;
use flowcheck::pipeline::{Observer, Screen, SoFar, View, ViewQuery, analyse_for};
use flowcheck::query::{Field, InLegs, Query, Sort};
use flowcheck::source::{Next, OpenOptions, Source, SourceSummary, open};

/// Thirty connections of one request that are closed, ten that stay open after as many requests as they have numbers.
const TRAFFIC: &str = r"
repeat 30 every 0.01 {
    conn a 10.0.0.1:* -> 10.0.0.11:8080
    open a
    exchange a version=1.0 path=/closed
    close a by server
}
repeat 10 every 0.1 {
    conn b 10.0.0.2:* -> 10.0.0.12:8080
    open b
    exchange b path=/first
}
conn c 10.0.0.3:50000 -> 10.0.0.12:8080
open c
exchange c path=/one
exchange c path=/two
ask c path=/three
";

/// When a capture begins and when it may end.
#[derive(Clone, Default)]
struct Gates {
    begin: Arc<AtomicBool>,
    end: Arc<AtomicBool>,
}

/// A capture that comes when its gates open.
struct Held {
    source: Box<dyn Source>,
    gates: Gates,
}

fn idle() -> Next {
    thread::sleep(Duration::from_millis(1));
    Next::Idle { until: None }
}

impl Source for Held {
    fn next(&mut self, recycled: Block) -> Next {
        if !self.gates.begin.load(Ordering::Relaxed) {
            return idle();
        }
        match self.source.next(recycled) {
            Next::End if !self.gates.end.load(Ordering::Relaxed) => idle(),
            other => other,
        }
    }

    fn summaries(&self) -> Vec<SourceSummary> {
        self.source.summaries()
    }
}

fn file(name: &str, traffic: &str) -> PathBuf {
    let packets = capture_of(traffic).packets;
    let bytes = pcap(&frames(&packets, Link::Ethernet), Link::Ethernet, PLAIN);
    write(&directory("view"), name, &bytes)
}

/// Makes a report so far after each block, as a screen has them.
struct Reports;

impl Observer for Reports {
    fn exchange(&mut self, _: &ExchangeRecord) {}

    fn progress(&mut self, so_far: &SoFar<'_>) {
        let snapshot = so_far.without_list(Vec::new(), Vec::new());
        assert!(snapshot.connections.is_none());
    }
}

/// The report, with every connection.
fn report(file: &Path) -> Snapshot {
    let source = open(&[file.to_owned()], OpenOptions::default()).expect("a capture");
    let config = Config {
        keep_connections: Some(100),
        ..Config::default()
    };
    analyse_for(None, Box::new(source), &config, 1, &mut |_: &_| ())
}

/// Analyses the traffic while `look` looks at it.
fn watched(name: &str, engines: usize, look: impl FnOnce(&Screen)) -> Snapshot {
    watched_from_before(&file(name, TRAFFIC), engines, |screen, gates| {
        gates.begin.store(true, Ordering::Relaxed);
        look(screen);
    })
}

/// The same; the capture begins when `look` opens its gate.
fn watched_from_before(file: &Path, engines: usize, look: impl FnOnce(&Screen, &Gates)) -> Snapshot {
    let source = open(&[file.to_owned()], OpenOptions::default()).expect("a capture");
    let gates = Gates::default();
    let held = Held {
        source: Box::new(source),
        gates: gates.clone(),
    };
    let screen = Screen::default();
    thread::scope(|scope| {
        let analysis = scope.spawn(|| {
            analyse_for(
                Some(&screen),
                Box::new(held),
                &Config::default(),
                engines,
                &mut Reports,
            )
        });
        // Also when a look fails, or the analysis would never end.
        let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| look(&screen, &gates)));
        gates.begin.store(true, Ordering::Relaxed);
        gates.end.store(true, Ordering::Relaxed);
        let snapshot = analysis.join().expect("the analysis does not panic");
        looked.unwrap_or_else(|failure| std::panic::resume_unwind(failure));
        assert!(screen.is_closed());
        snapshot
    })
}

/// Asks until everything has been read and the answer is to this question.
fn ask(screen: &Screen, query: &ViewQuery, is_ready: impl Fn(&View) -> bool) -> Arc<View> {
    for _ in 0..20_000 {
        screen.ask(query.clone());
        thread::sleep(Duration::from_millis(5));
        let answer = screen.answer();
        let same = |view: &Arc<View>| {
            let asked = &view.asked;
            asked.query.query() == query.query.query()
                && asked.offset == query.offset
                && asked.selected == query.selected
        };
        if let Some(view) = answer.filter(|view| same(view) && is_ready(view)) {
            return view;
        }
    }
    panic!("no answer to {query:?}");
}

fn all_read(view: &View) -> bool {
    view.living == 11 && view.closed == 30
}

fn query(text: &str, sort: Field, descending: bool) -> ViewQuery {
    ViewQuery {
        query: InLegs::new(Query::parse(text).expect("an expression"), &[]),
        noting: true,
        sort: Sort {
            field: sort,
            descending,
        },
        height: 5,
        ..ViewQuery::default()
    }
}

#[test]
fn windows_are_sorted_counted_and_clamped_for_any_number_of_engines() {
    for engines in [1, 2, 3] {
        watched("windows.pcap", engines, |screen| {
            let all = ask(screen, &query("", Field::Id, false), all_read);
            assert_eq!((all.matching(), all.closed_before, all.offset), (41, 0, 0));
            let ids: Vec<u64> = all.rows.iter().map(|row| row.facts.id).collect();
            assert!(ids.len() == 5 && ids.is_sorted() && ids[0] == 1, "{ids:?}");
            assert!(
                all.rows
                    .iter()
                    .all(|row| !row.is_living && row.class == Class::PerRequest)
            );

            let most = ask(screen, &query("state:open", Field::Requests, true), all_read);
            assert_eq!((most.living_matching, most.closed_matching), (11, 0));
            let first = &most.rows[0];
            assert_eq!((first.facts.client.port, first.facts.requests), (50_000, 3));
            assert!(first.is_living && first.is_busy && first.idle.is_none());
            assert_eq!(first.class, Class::Persistent);
            assert!(
                most.rows[1..]
                    .iter()
                    .all(|row| !row.is_busy && row.idle.is_some())
            );

            let mixed = ViewQuery {
                offset: 28,
                ..query("reqs:1", Field::Start, false)
            };
            let mixed = ask(screen, &mixed, all_read);
            let living: Vec<bool> = mixed.rows.iter().map(|row| row.is_living).collect();
            assert_eq!(living, [false, false, true, true, true]);

            let beyond = ViewQuery {
                offset: 1_000,
                ..query("addr:10.0.0.1", Field::Id, false)
            };
            let beyond = ask(screen, &beyond, all_read);
            assert_eq!((beyond.offset, beyond.rows.len(), beyond.matching()), (25, 5, 30));

            let none = ask(screen, &query("class:tunnel", Field::Id, false), all_read);
            assert!(none.rows.is_empty() && none.matching() == 0 && none.selected.is_none());
        });
    }
}

#[test]
fn the_selected_one_has_its_packets_open_or_closed() {
    watched_from_before(&file("selected.pcap", TRAFFIC), 2, |screen, gates| {
        // Packets are noted from the first question on.
        ask(screen, &query("", Field::Id, true), |view| view.living == 0);
        gates.begin.store(true, Ordering::Relaxed);
        let newest = ask(screen, &query("port:50000", Field::Id, true), all_read);
        let selected = ViewQuery {
            selected: Some(newest.rows[0].facts.id),
            ..query("class:tunnel", Field::Id, true)
        };
        let lines = |view: &View| -> Vec<String> {
            let notes = view
                .selected
                .as_ref()
                .and_then(|selected| selected.notes.as_ref());
            let packets = &notes.expect("notes").packets;
            assert!(packets.iter().all(|packet| packet.sending == Sending::New));
            let messages = packets.iter().flat_map(|packet| &packet.messages);
            messages.map(|message| message.line.to_string()).collect()
        };
        let view = ask(screen, &selected, all_read);
        let open = view.selected.as_ref().expect("it is open");
        assert!(open.row.is_living && view.rows.is_empty());
        let expected = [
            "GET /one HTTP/1.1",
            "HTTP/1.1 200",
            "GET /two HTTP/1.1",
            "HTTP/1.1 200",
            "GET /three HTTP/1.1",
        ];
        assert_eq!(lines(&view), expected);

        let selected = ViewQuery {
            selected: Some(1),
            ..selected
        };
        let view = ask(screen, &selected, all_read);
        let closed = view.selected.as_ref().expect("it is kept");
        assert!(!closed.row.is_living && closed.row.facts.closer.is_some());
        assert_eq!(lines(&view), ["GET /closed HTTP/1.0", "HTTP/1.1 200"]);

        let gone = ViewQuery {
            selected: Some(999_999),
            ..selected
        };
        assert!(ask(screen, &gone, all_read).selected.is_none());
    });
}

#[test]
fn a_report_is_the_same_whether_a_screen_looks_or_not() {
    let looked = watched("same.pcap", 2, |screen| {
        ask(screen, &query("reqs>0", Field::Client, false), all_read);
    });
    let source = open(&[file("same.pcap", TRAFFIC)], OpenOptions::default()).expect("a capture");
    let alone = analyse_for(None, Box::new(source), &Config::default(), 2, &mut |_: &_| ());
    assert_eq!(looked, alone);
}

#[test]
fn a_screen_that_was_closed_ends_nothing() {
    let snapshot = watched("closed.pcap", 2, |screen| {
        ask(screen, &query("", Field::Id, false), all_read);
        screen.close();
    });
    assert_eq!(snapshot.totals.counts.connections.total, 41);
}

#[test]
fn of_the_closed_ones_the_latest_are_kept() {
    let traffic = "repeat 10100 every 0.001 { conn a 10.0.0.1:* -> 10.0.0.11:8080 ; refuse a }";
    watched_from_before(&file("many.pcap", traffic), 2, |screen, gates| {
        gates.begin.store(true, Ordering::Relaxed);
        let first = ask(screen, &query("class:failed", Field::Id, false), |view| {
            view.closed + view.closed_before == 10_100
        });
        assert_eq!(
            (first.closed, first.closed_before, first.closed_matching),
            (10_000, 100, 10_000)
        );
        // Each has two packets, and its id is the place of the first.
        assert_eq!(first.rows[0].facts.id, 201);
    });
}

#[test]
fn closed_ones_have_the_causes_of_the_latest_report() {
    let report = report(&file("causes.pcap", TRAFFIC));
    let listed = report.connections.expect("connections");
    let cause_of = |id: u64| listed.iter().find(|record| record.facts.id == id)?.cause;
    for engines in [1, 2] {
        watched("causes.pcap", engines, |screen| {
            let has_causes = |view: &View| all_read(view) && view.rows.iter().any(|row| row.cause.is_some());
            let all = ViewQuery {
                height: 50,
                ..query("", Field::Id, false)
            };
            let view = ask(screen, &all, has_causes);
            assert_eq!(view.rows.len(), 41);
            for row in &view.rows {
                // What is open has none as long as it is.
                let expected = if row.is_living {
                    None
                } else {
                    cause_of(row.facts.id)
                };
                assert_eq!(row.cause, expected, "{}", row.facts.id);
            }
            let cause = cause_of(1).expect("a cause").as_str();
            let asked = query(&format!("cause:{cause}"), Field::Cause, true);
            let view = ask(screen, &asked, all_read);
            assert_eq!((view.closed_matching, view.living_matching), (30, 0));
            assert!(view.rows.iter().all(|row| row.cause.is_some()));
        });
    }
}

#[test]
fn legs_say_what_they_did_in_the_report_that_is_shown() {
    let report = report(&file("legs.pcap", TRAFFIC));
    watched("legs.pcap", 2, |screen| {
        for (text, living, closed) in [
            ("prefix:/closed", 0, 30),
            ("!prefix:/closed", 11, 0),
            ("/closed", 0, 30),
            ("reuse<0.1 state:closed", 0, 30),
            ("verdict:fail,warn,pass,inconclusive", 11, 30),
            // Nothing knows it before the end.
            ("gen>1", 11, 30),
        ] {
            let asked = ViewQuery {
                query: InLegs::new(Query::parse(text).expect("an expression"), &report.legs),
                ..query("", Field::Id, false)
            };
            let view = ask(screen, &asked, all_read);
            assert_eq!(
                (view.living_matching, view.closed_matching),
                (living, closed),
                "{text}"
            );
        }
    });
}
