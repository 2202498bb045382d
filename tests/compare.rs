//! `flowcheck compare`, driven as a user drives it, on captures of one load before and after changes of the configuration.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/captures");
const DEFAULTS: &str = "story-defaults.pcap.zst";
const POOL_OF_2: &str = "story-pool-of-2.pcap.zst";
const RIGHT: &str = "story-right.pcap.zst";

fn flowcheck(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flowcheck"))
        .current_dir(CAPTURES)
        .args(args)
        .output()
        .unwrap()
}

fn compared(args: &[&str]) -> Value {
    let output = flowcheck(&[&["compare", "--json", "--quiet"], args].concat());
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn complaint(args: &[&str]) -> String {
    let output = flowcheck(&[&["compare"], args].concat());
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// A file beside the build, with the JSON report of a capture.
fn saved(capture: &str, name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("compare-{name}.json"));
    let output = flowcheck(&["read", capture, "--json", "--connections"]);
    fs::write(&path, output.stdout).unwrap();
    path
}

fn row<'a>(comparison: &'a Value, figure: &str) -> &'a Value {
    let rows = comparison["totals"].as_array().unwrap();
    rows.iter().find(|row| row["figure"] == figure).unwrap()
}

fn fates(comparison: &Value) -> Vec<(String, String)> {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let causes = comparison["causes"].as_array().unwrap();
    causes
        .iter()
        .map(|cause| (word(&cause["id"]), word(&cause["fate"])))
        .collect()
}

fn fate(id: &str, fate: &str) -> (String, String) {
    (id.to_owned(), fate.to_owned())
}

#[test]
fn a_pool_that_is_too_small_is_better_than_none_and_the_right_one_mends_it() {
    let first = compared(&[DEFAULTS, POOL_OF_2]);
    assert_eq!(first["judgement"]["outcome"], "better");
    assert_eq!(fates(&first), [fate("N1", "gone"), fate("P2", "new")]);
    assert_eq!(row(&first, "reuse_ratio")["change"], "better");
    // The same load: nothing is made of it.
    assert_eq!(row(&first, "requests_per_s")["change"], "noise");
    let second = compared(&[POOL_OF_2, RIGHT]);
    assert_eq!(second["judgement"]["outcome"], "fixed");
    assert_eq!(fates(&second), [fate("P2", "gone")]);
    // 1,600 requests on 20 connections, by the servers' logs.
    assert_eq!(row(&second, "requests_per_connection")["after"], 80);
}

#[test]
fn the_way_back_is_worse_and_standing_still_is_nothing() {
    let back = compared(&[RIGHT, DEFAULTS]);
    assert_eq!(back["judgement"]["outcome"], "worse");
    assert_eq!(fates(&back), [fate("N1", "new")]);
    let still = compared(&[DEFAULTS, DEFAULTS]);
    assert_eq!(still["judgement"]["outcome"], "unchanged");
    let right = compared(&[RIGHT, RIGHT]);
    assert_eq!(right["judgement"]["outcome"], "right");
    for same in [still, right] {
        let changes = same["totals"].as_array().unwrap().iter();
        let changes: Vec<&Value> = changes.map(|row| &row["change"]).collect();
        assert!(
            changes
                .iter()
                .all(|change| *change == "noise" || *change == "unknown"),
            "{changes:?}"
        );
    }
}

#[test]
fn two_halves_of_one_run_do_not_differ() {
    // What differs between two halves of the same steady load is chance.
    for capture in [DEFAULTS, POOL_OF_2] {
        let half = |name: &str, option: &str| {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("half-{name}.json"));
            let output = flowcheck(&["read", capture, option, "+5s", "--json"]);
            fs::write(&path, output.stdout).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let halves = [half("first", "--to"), half("second", "--from")];
        let comparison = compared(&[&halves[0], &halves[1]]);
        for figure in [
            "reuse_ratio",
            "avoidable_per_request",
            "handshakes_per_s",
            "first_byte_p50_us",
        ] {
            assert_eq!(row(&comparison, figure)["change"], "noise", "{capture} {figure}");
        }
        assert_eq!(comparison["judgement"]["outcome"], "unchanged", "{capture}");
    }
}

#[test]
fn a_report_stands_for_its_capture() {
    let (before, after) = (saved(DEFAULTS, "before"), saved(RIGHT, "after"));
    let (before, after) = (before.to_str().unwrap(), after.to_str().unwrap());
    let nameless = |mut comparison: Value| {
        for side in ["before", "after"] {
            comparison[side]["name"] = Value::Null;
        }
        comparison
    };
    let captures = nameless(compared(&[DEFAULTS, RIGHT]));
    assert_eq!(captures, nameless(compared(&[before, after])));
    assert_eq!(captures, nameless(compared(&[DEFAULTS, after])));
    let expect = ["--expect", "reuse>=0.9", "--leg", "10.77.0.11"];
    let of_capture = compared(&[&[DEFAULTS, RIGHT], &expect[..]].concat());
    let of_report = compared(&[&[before, after], &expect[..]].concat());
    assert_eq!(of_capture["expectations"], of_report["expectations"]);
    assert_eq!(of_report["expectations"][0]["result"], "held");
}

#[test]
fn every_report_can_be_read_back_to_the_letter() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut count = 0;
    for entry in fs::read_dir(golden).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let snapshot = flowcheck::report::json::read(text.as_bytes()).unwrap();
        let mut again = Vec::new();
        flowcheck::report::json::write(&mut again, &snapshot, &[]).unwrap();
        let again = String::from_utf8(again)
            .unwrap()
            .replace(concat!("\"", env!("CARGO_PKG_VERSION"), "\""), "\"VERSION\"");
        let differ = text.lines().zip(again.lines()).find(|(was, is)| was != is);
        assert_eq!(differ, None, "{}", path.display());
        assert_eq!(text.len(), again.len(), "{}", path.display());
        count += 1;
    }
    assert!(count > 20, "{count}");
}

#[test]
fn expectations_are_judged_on_the_side_after() {
    let code = |args: &[&str]| {
        let output = flowcheck(&[&["compare", "--quiet"], args].concat());
        output.status.code()
    };
    assert_eq!(code(&[DEFAULTS, RIGHT, "--expect", "pass"]), Some(0));
    assert_eq!(code(&[RIGHT, DEFAULTS, "--expect", "pass"]), Some(1));
    assert_eq!(code(&[DEFAULTS, "empty.pcap", "--expect", "pass"]), Some(3));
}

// Filters are libpcap's.
#[cfg(feature = "live")]
#[test]
fn a_filter_narrows_both_captures() {
    let one = compared(&[DEFAULTS, RIGHT, "host", "10.77.0.11"]);
    let legs = one["legs"].as_array().unwrap();
    assert_eq!(legs.len(), 1);
    assert_eq!(legs[0]["after"]["leg"], "10.77.0.1 -> 10.77.0.11:8080");
    assert_eq!(row(&one, "requests")["before"], 800);
}

#[test]
fn the_comparison_is_valid_by_its_schema() {
    let schema = flowcheck(&["schema", "comparison"]).stdout;
    let validator = jsonschema::validator_for(&serde_json::from_slice(&schema).unwrap()).unwrap();
    for pair in [
        [DEFAULTS, RIGHT],
        [RIGHT, "empty.pcap"],
        ["unanswered.pcap", "ipv6.pcap.zst"],
    ] {
        let comparison = compared(&pair);
        let errors: Vec<String> = validator
            .iter_errors(&comparison)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

#[test]
fn what_can_not_be_compared_is_named() {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let write = |name: &str, text: &str| {
        let path = temporary.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let other = write("other.json", r#"{"answer": 42}"#);
    let newer = write("newer.json", r#"{"schema": "flowcheck.report/2"}"#);
    let cut = write("cut.json", r#"{"schema": "flowcheck.report/1", "verdict": {"sta"#);
    for (args, words) in [
        (vec![other.as_str(), RIGHT], ["other.json", "no JSON report"]),
        (vec![newer.as_str(), RIGHT], ["newer.json", "flowcheck.report/2"]),
        (vec![RIGHT, cut.as_str()], ["cut.json", "line 1"]),
        (vec![RIGHT, "nowhere.pcap"], ["nowhere.pcap", "o such file"]),
        (vec!["README.md", RIGHT], ["README.md", "no capture"]),
        (vec!["-", "-"], ["- -", "standard input"]),
        (
            vec![RIGHT, RIGHT, "--format", "csv"],
            ["--format", "text or json"],
        ),
    ] {
        let complaint = complaint(&args);
        for word in words {
            assert!(complaint.contains(word), "{args:?}: {complaint}");
        }
    }
}

#[test]
fn addresses_are_replaced_alike_on_both_sides() {
    let comparison = compared(&[DEFAULTS, RIGHT, "--anonymize"]);
    let text = comparison.to_string();
    assert!(!text.contains("10.77.0.") && !text.contains("story"), "{text}");
    let legs = comparison["legs"].as_array().unwrap();
    assert!(legs.iter().all(|leg| leg["before"]["leg"] == leg["after"]["leg"]));
}
