//! Reports of captures/ against what the servers logged and the kernels counted (captures/README.md says how).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/captures");

fn truth() -> BTreeMap<String, BTreeMap<String, Value>> {
    serde_json::from_str(include_str!("../captures/truth.json")).unwrap()
}

fn report(file: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_flowcheck"))
        .args(["read", "--json"])
        .arg(Path::new(CAPTURES).join(file))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{file}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The sum over the legs to port 8080, where the truth was taken.
fn sum(report: &Value, path: &[&str]) -> u64 {
    let pointer = format!("/{}", path.join("/"));
    let legs = report["legs"].as_array().unwrap();
    legs.iter()
        .filter(|leg| leg["server"].as_str().unwrap().ends_with(":8080"))
        .map(|leg| {
            let figure = leg.pointer(&pointer).and_then(Value::as_u64);
            figure.unwrap_or_else(|| panic!("no {pointer}"))
        })
        .sum()
}

fn by_status(report: &Value) -> Value {
    let mut sums = BTreeMap::new();
    for leg in report["legs"].as_array().unwrap() {
        if leg["server"].as_str().unwrap().ends_with(":8080") {
            for (status, n) in leg["responses"]["by_status"].as_object().unwrap() {
                *sums.entry(status.clone()).or_insert(0) += n.as_u64().unwrap();
            }
        }
    }
    serde_json::to_value(sums).unwrap()
}

/// The ids of all causes, of legs and pools, in order.
fn causes(report: &Value) -> Value {
    let places = ["legs", "pools"].map(|places| report[places].as_array().unwrap());
    let causes = places
        .into_iter()
        .flatten()
        .flat_map(|place| place["causes"].as_array().unwrap());
    let ids: BTreeSet<&str> = causes.map(|cause| cause["id"].as_str().unwrap()).collect();
    ids.into_iter().collect::<Vec<_>>().join(" ").into()
}

/// What the report says of the figure that the truth calls `name`.
fn reported(report: &Value, name: &str) -> Value {
    let sum = |path: &[&str]| sum(report, path);
    let closes = |ways: &[&str]| ways.iter().map(|way| sum(&["closes", way])).sum::<u64>();
    let figure = match name {
        "verdict" => return report["verdict"]["status"].clone(),
        "by_status" => return by_status(report),
        "causes" => return causes(report),
        "idle_pool_size" => return report["pools"][0]["idle_pool_size"]["value"].clone(),
        "requests" => sum(&["requests", "total"]),
        "unanswered_requests" => sum(&["requests", "unanswered"]),
        "syn_retransmitted" => sum(&["handshakes", "syn_retransmitted"]),
        "closed_by_client" => closes(&["client", "reset_by_client"]),
        "closed_by_server" => closes(&["server", "reset_by_server"]),
        "closed" => closes(&[
            "client",
            "server",
            "simultaneous",
            "reset_by_client",
            "reset_by_server",
            "lost",
        ]),
        of_connections => sum(&["connections", of_connections]),
    };
    figure.into()
}

fn agrees(reported: &Value, truth: &Value) -> bool {
    match truth.as_array().map(Vec::as_slice) {
        Some([low, high]) => {
            let reported = reported.as_u64().unwrap();
            (low.as_u64().unwrap()..=high.as_u64().unwrap()).contains(&reported)
        }
        _ => reported == truth,
    }
}

#[test]
fn every_capture_is_reported_as_the_servers_and_kernels_counted() {
    let mut wrong = Vec::new();
    for (file, figures) in truth() {
        let report = report(&file);
        for (name, truth) in figures {
            let reported = reported(&report, &name);
            if !agrees(&reported, &truth) {
                wrong.push(format!("{file}: {name} is {reported}, in truth {truth}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_capture_has_a_truth_and_a_line_in_the_readme() {
    let files: BTreeSet<String> = std::fs::read_dir(CAPTURES)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".pcap"))
        .collect();
    let readme = include_str!("../captures/README.md");
    assert_eq!(files, truth().into_keys().collect());
    for file in files {
        assert!(
            readme.contains(&format!("| `{file}` |")),
            "{file} is not in captures/README.md"
        );
    }
}
