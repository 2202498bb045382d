//! Captures of every link type and tunnel, made by Scapy: flowcheck finds in them what tshark found.
//!
//! `tests/links/links.py` makes them anew, and asks the tshark that is installed again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

const LINKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/links");

fn truth() -> BTreeMap<String, Value> {
    let truth: Value = serde_json::from_str(include_str!("links/truth.json")).unwrap();
    serde_json::from_value(truth["captures"].clone()).unwrap()
}

fn reported(file: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_flowcheck"))
        .args(["read", "--json", "--quiet"])
        .arg(Path::new(LINKS).join(file))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{file}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    json!({
        "packets": report["capture"]["packets"],
        "streams": report["totals"]["connections"]["total"],
        "syns": report["capture"]["flag_counts"]["S"],
        "requests": report["totals"]["requests"]["total"],
        "responses": report["totals"]["responses"]["total"],
    })
}

#[test]
fn every_link_and_tunnel_holds_what_tshark_found() {
    let mut wrong = Vec::new();
    for (file, truth) in truth() {
        let reported = reported(&file);
        if reported != truth {
            wrong.push(format!("{file}: {reported}, by tshark {truth}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A dissector that gave up would agree with anything that gives up.
#[test]
fn tshark_found_requests_in_every_capture() {
    let truth = truth();
    let files: BTreeSet<String> = std::fs::read_dir(LINKS)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".pcap"))
        .collect();
    assert_eq!(files, truth.keys().cloned().collect());
    for (file, figures) in truth {
        for figure in ["streams", "syns", "requests", "responses"] {
            assert!(figures[figure].as_u64().unwrap() > 0, "{file}: {figure}");
        }
    }
}
