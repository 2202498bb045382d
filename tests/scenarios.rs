//! Scenarios: packet conversations of one line a packet, and what the report must say about them.
//!
//! `FLOWCHECK_SCENARIO_FILTER=word` runs only the sections whose name contains it; the captures stay in the target
//! directory's `tmp/scenarios`, to be looked at with tcpdump or tshark.

mod common;

use std::fs;
use std::path::Path;

use common::expect::{Context, check};
use common::files::{PLAIN, frames, pcap, pcapng};
use common::run::{directory, read, write};
use common::script::capture;
use common::syntax::{Section, sections};
use common::wire::Link;
use serde_json::Value;

macro_rules! scenarios {
    ($($name:ident)*) => {
        const FILES: &[&str] = &[$(stringify!($name)),*];
        $(#[test]
        fn $name() {
            run_file(stringify!($name));
        })*
    };
}

scenarios! {
    announced attempts avoidable busy cause_answered cause_asked cause_client cause_pool cause_races
    checks classes closers connection corners duplicates exchange first framing http2 idle kernel leg
    pairing proxy reassembly request role simple tunnel turns verdict_capture verdict_judged verdict_unjudged windows
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

#[test]
fn every_file_is_run() {
    let mut files: Vec<String> = fs::read_dir(folder())
        .expect("the folder is there")
        .filter_map(|entry| entry.expect("readable").file_name().to_str().map(str::to_owned))
        .filter_map(|name| name.strip_suffix(".txt").map(str::to_owned))
        .collect();
    files.sort();
    assert_eq!(files, FILES);
}

fn run_file(file: &str) {
    let source =
        fs::read_to_string(folder().join(format!("{file}.txt"))).expect("the scenario file is there");
    let filter = std::env::var("FLOWCHECK_SCENARIO_FILTER").unwrap_or_default();
    let mut failures = Vec::new();
    for section in sections(&source) {
        assert!(
            !section.expects.is_empty(),
            "{file} [{}] expects nothing",
            section.name
        );
        if section.name.contains(&filter) {
            run_section(file, &section, &mut failures);
        }
    }
    assert!(
        failures.is_empty(),
        "{} failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn run_section(file: &str, section: &Section, failures: &mut Vec<String>) {
    let built = capture(section);
    let frames = frames(&built.packets, Link::Ethernet);
    let several = frames.iter().any(|frame| frame.interface != 0);
    let bytes = if several {
        pcapng(&frames, Link::Ethernet, PLAIN)
    } else {
        pcap(&frames, Link::Ethernet, PLAIN)
    };
    let name = format!(
        "{file}-{}.pcap",
        section.name.replace(|c: char| !c.is_alphanumeric(), "-")
    );
    let path = write(&directory("scenarios"), &name, &bytes);
    let outcome = read(&path, &section.args);
    let report = match outcome.report() {
        Ok(report) => report,
        Err(error) => {
            failures.push(format!("{file}.txt [{}]: {error}", section.name));
            return;
        }
    };
    let context = Context {
        outcome: &outcome,
        report: &report,
        names: &built.names,
    };
    for expectation in &section.expects {
        if let Err(found) = check(&expectation.source, &context) {
            let (line, source) = (expectation.line, &expectation.source);
            failures.push(format!(
                "{file}.txt:{line} [{}]: expect {source}: {found}",
                section.name
            ));
        }
    }
    for broken in invariants(&report) {
        failures.push(format!("{file}.txt [{}]: {broken}", section.name));
    }
}

/// What holds for every report, whatever the capture.
fn invariants(report: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    let legs = report["legs"].as_array().cloned().unwrap_or_default();
    let totals = &report["totals"];
    for figures in legs.iter().chain([totals]) {
        let who = format!("{} -> {}", figures["client"], figures["server"]);
        let mut equal = |what: &str, left: f64, right: f64| {
            if (left - right).abs() > 1e-9 {
                broken.push(format!("{who}: {what}: {left} is not {right}"));
            }
        };
        let requests = &figures["requests"];
        let parts = ["first", "reused", "unknown_first", "upgraded", "checks"];
        equal(
            "the kinds of requests add up",
            parts.iter().map(|part| figure(&requests[*part])).sum(),
            figure(&requests["total"]),
        );
        equal(
            "every connection has one class",
            sum_of(&figures["classes"]),
            figure(&figures["connections"]["total"]),
        );
        equal(
            "opened and midstream add up",
            ["opened", "midstream"]
                .iter()
                .map(|part| figure(&figures["connections"][*part]))
                .sum(),
            figure(&figures["connections"]["total"]),
        );
        let ratio = &figures["reuse_ratio"];
        if let (Some(low), Some(high)) = (ratio["low"].as_f64(), ratio["high"].as_f64()) {
            equal(
                "low <= value <= high",
                1.0,
                f64::from(u8::from(
                    low <= figure(&ratio["value"]) && figure(&ratio["value"]) <= high,
                )),
            );
        }
    }
    for path in [
        "/requests/total",
        "/requests/first",
        "/requests/reused",
        "/responses/total",
        "/connections/opened",
        "/connections/total",
        "/handshakes/completed",
        "/closes/server",
        "/closes/client",
    ] {
        let sum: f64 = legs
            .iter()
            .map(|leg| leg.pointer(path).map_or(f64::NAN, figure))
            .sum();
        let total = totals.pointer(path).map_or(f64::NAN, figure);
        if (sum - total).abs() > 1e-9 || sum.is_nan() != total.is_nan() {
            broken.push(format!("{path}: the legs' sum is {sum}, the total {total}"));
        }
    }
    broken
}

fn figure(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn sum_of(object: &Value) -> f64 {
    object
        .as_object()
        .map_or(f64::NAN, |members| members.values().map(figure).sum())
}
