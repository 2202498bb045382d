//! `--where`: lists are narrowed, figures and verdicts are not, and what was left out is said.

mod common;

use common::run::{Outcome, flowcheck};
use serde_json::Value;

const CHURN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/churn.pcap");

fn read(args: &[&str]) -> Outcome {
    let mut all = vec!["read", CHURN];
    all.extend(args);
    flowcheck(&all, None)
}

fn report(args: &[&str]) -> Value {
    let outcome = read(&[args, &["--json", "--connections"]].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    outcome.report().expect("a report")
}

fn listed(report: &Value) -> &Vec<Value> {
    report["connections"].as_array().expect("connections")
}

#[test]
fn lists_are_narrowed_and_figures_are_not() {
    let all = report(&[]);
    let some = report(&["--where", "server:10.77.0.11 closer:server"]);
    let matching = listed(&all)
        .iter()
        .filter(|row| row["server"] == "10.77.0.11:8080" && row["closer"] == "server");
    assert_eq!(listed(&some), &matching.cloned().collect::<Vec<_>>());
    assert_eq!(listed(&some).len(), 125);
    assert_eq!(some["legs"], Value::Array(vec![all["legs"][0].clone()]));
    for key in ["totals", "verdict", "capture", "pools", "hosts", "timeline"] {
        assert_eq!(some[key], all[key], "{key}");
    }
    assert_eq!(all.get("where"), None);
    let expected = serde_json::json!({
        "expression": "server:10.77.0.11 closer:server", "legs_left_out": 1, "connections_left_out": 175,
    });
    assert_eq!(some["where"], expected);
}

#[test]
fn the_number_listed_is_of_those_that_match() {
    let outcome = read(&["--json", "--connections=3", "--where", "server:10.77.0.12"]);
    let report = outcome.report().expect("a report");
    assert_eq!(listed(&report).len(), 3);
    assert!(
        listed(&report)
            .iter()
            .all(|row| row["server"] == "10.77.0.12:8080")
    );
    assert_eq!(report["capture"]["connections_omitted"], 147);
}

#[test]
fn every_form_of_output_says_what_is_left_out() {
    let expression = ["--where", "10.77.0.12", "--connections"];
    let text = read(&expression);
    assert!(
        text.stdout.contains("where 10.77.0.12: 1 leg is left out"),
        "{}",
        text.stdout
    );
    assert!(
        text.stdout.contains("where 10.77.0.12: 150 left out"),
        "{}",
        text.stdout
    );
    assert!(
        !text.stdout.contains("FAIL  10.77.0.1 -> 10.77.0.11"),
        "{}",
        text.stdout
    );
    for (format, lines) in [("ndjson", 150), ("csv", 151)] {
        let outcome = read(&[&expression[..], &["--format", format]].concat());
        assert_eq!(outcome.stdout.lines().count(), lines, "{format}");
        assert!(
            outcome.stderr.contains("--where left out 150 connections"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn nothing_that_matches_is_no_error_and_judges_all_the_same() {
    let outcome = read(&["--where", "class:tunnel", "--expect", "pass"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(
        outcome.stdout.contains("2 legs are left out"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn the_expression_is_made_anonymous_too() {
    let outcome = read(&["--json", "--anonymize", "--where", "server:10.77.0.11"]);
    assert!(
        outcome.stdout.contains("\"legs_left_out\": 1"),
        "{}",
        outcome.stdout
    );
    assert!(!outcome.stdout.contains("10.77."), "{}", outcome.stdout);
}

#[test]
fn a_report_that_lacks_legs_is_not_compared() {
    let folder = common::run::directory("narrowed");
    let save = |name: &str, expression: &str| {
        let saved = common::run::write(
            &folder,
            name,
            read(&["--json", "--where", expression]).stdout.as_bytes(),
        );
        saved.to_string_lossy().into_owned()
    };
    let (one, all) = (
        save("one.json", "server:10.77.0.11"),
        save("all.json", "server:10.77.0.0/24"),
    );
    let outcome = flowcheck(&["compare", &one, CHURN], None);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome.stderr.contains("lacks legs, which --where"),
        "{}",
        outcome.stderr
    );
    assert_eq!(flowcheck(&["compare", &all, CHURN], None).code, Some(0));
}

#[test]
fn an_error_names_the_place_and_the_fields() {
    let outcome = read(&["--where", "class:per_request servr:1"]);
    assert_eq!(outcome.code, Some(2));
    let expected = "--where class:per_request servr:1: at character 19: no field is called \"servr\", perhaps \"server\"";
    assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("fields: client, server"),
        "{}",
        outcome.stderr
    );
    let help = flowcheck(&["read", "--help"], None).stdout;
    assert!(
        help.contains("--where <EXPR>") && help.contains("idle_before_close_s"),
        "{help}"
    );
}
