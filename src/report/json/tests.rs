use serde_json::{Value, json};

use super::{Format, write, write_schema};
use crate::diagnose::Snapshot;
use crate::diagnose::expect::{self, Expectation};
use crate::report::fixture;

fn report(snapshot: &Snapshot, expectations: &[&str]) -> Value {
    let wanted: Vec<Expectation> = expectations.iter().map(|text| text.parse().unwrap()).collect();
    let (outcomes, _) = expect::judge(&wanted, None, snapshot);
    let mut out = Vec::new();
    write(&mut out, snapshot, &outcomes).unwrap();
    assert!(out.ends_with(b"}\n"));
    serde_json::from_slice(&out).unwrap()
}

fn schema() -> Value {
    let mut out = Vec::new();
    write_schema(&mut out, Format::Report).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn every_report_is_valid_by_its_own_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let mut without_connections = fixture::churn();
    without_connections.connections = None;
    for snapshot in [
        fixture::churn(),
        fixture::mixed(),
        fixture::live(),
        without_connections,
        Snapshot::default(),
    ] {
        let report = report(&snapshot, &["pass", "reuse>=0.9"]);
        let errors: Vec<String> = validator
            .iter_errors(&report)
            .map(|e| format!("{}: {e}", e.instance_path))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

#[test]
fn the_schema_asks_for_every_key_and_knows_the_slugs() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let good = report(&fixture::mixed(), &["pass"]);
    for (pointer, key) in [
        ("", "host_view"),
        ("/legs/0", "tls"),
        ("/legs/0/verdict", "since"),
        ("/totals", "avoidable_handshakes"),
        ("/connections/0", "cause"),
        ("/capture", "kernel_dropped"),
    ] {
        let mut bad = good.clone();
        bad.pointer_mut(pointer)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .shift_remove(key)
            .unwrap();
        assert!(!validator.is_valid(&bad), "{pointer}/{key} may be left out");
    }
    for (pointer, value) in [
        ("/verdict/status", json!("fine")),
        ("/connections/0/class", json!("Persistent")),
        ("/expectations/0/result", json!("ok")),
        ("/schema", json!("flowcheck.report/2")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(!validator.is_valid(&bad), "{pointer}");
    }
}

#[test]
fn the_keys_are_those_of_the_documentation_in_its_order() {
    let report = report(&fixture::churn(), &[]);
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        keys(&report),
        "schema flowcheck thresholds verdict expectations capture totals legs pools hosts tiers not_seen host_view \
         timeline connections"
    );
    assert_eq!(
        keys(&report["totals"]),
        "connections classes requests responses reuse_ratio handshakes_per_request avoidable_handshakes \
         growth_handshakes peak_busy peak_open open_at_start closed_before_last_first idle_closes \
         requests_per_connection handshakes closes first_byte_us response_us idle_before_close_s \
         retransmitted_segments out_of_order_segments tcp_keepalive_probes gap_bytes"
    );
    assert_eq!(
        keys(&report["legs"][0]),
        format!(
            "client server {} verdict recent by_prefix checks tls paired_with openings bill causes",
            keys(&report["totals"])
        )
    );
    assert_eq!(
        keys(&report["connections"][0]),
        "id generation client server interface vlan tunnel proxied_for class start end requests responses closer \
         close_reason announced idle_before_close_s cause history first_frame last_frame bytes_to_server bytes_to_client \
         role_evidence"
    );
}

#[test]
fn figures_are_in_the_units_of_their_names() {
    let report = report(&fixture::churn(), &[]);
    assert_eq!(report["capture"]["start"], "2023-11-14T22:13:20.123456789Z");
    assert_eq!(report["capture"]["duration_s"], 30.5);
    assert_eq!(report["thresholds"]["per_request_close_s"], 0.5);
    assert_eq!(report["thresholds"]["window_s"], 300);
    let totals = &report["totals"];
    assert_eq!(totals["reuse_ratio"], json!({ "value": 0, "low": 0, "high": 0 }));
    assert_eq!(totals["responses"]["by_status"], json!({ "200": 196, "502": 4 }));
    let idle = &totals["idle_before_close_s"];
    assert_eq!(idle["max"], 0.596);
    assert!((idle["p50"].as_f64().unwrap() - 0.4).abs() < 0.01, "{idle}");
    assert!(idle["buckets"][0][0].as_f64().unwrap() < 0.21);
    assert_eq!(totals["first_byte_us"]["count"], 200);
    let connection = &report["connections"][0];
    assert_eq!(connection["start"], 1_700_000_000.133_457);
    assert_eq!(connection["idle_before_close_s"], 0.8);
    assert_eq!(
        (&connection["close_reason"], &connection["history"]),
        (&json!("idle"), &json!("ShADdf"))
    );
}

#[test]
fn absent_is_null_and_never_zero() {
    let mut snapshot = fixture::mixed();
    snapshot.totals.counts.connections.one_way = snapshot.totals.counts.connections.total;
    let report = report(&snapshot, &["lost<=1"]);
    assert_eq!(report["totals"]["connections"]["established"], Value::Null);
    assert_eq!(report["legs"][3]["reuse_ratio"], Value::Null);
    assert_eq!(report["legs"][3]["response_us"], Value::Null);
    assert_eq!(
        (
            &report["capture"]["kernel_dropped"],
            &report["capture"]["interface_dropped"]
        ),
        (&json!(12), &Value::Null)
    );
    let connections = &report["connections"];
    assert_eq!(
        (&connections[0]["vlan"], &connections[1]["vlan"]),
        (&json!(100), &json!("100.200"))
    );
    assert_eq!(
        (&connections[1]["closer"], &connections[1]["close_reason"]),
        (&Value::Null, &json!("lost"))
    );
    assert_eq!(connections[1]["server"], "[2001:db8:77:1::11]:8080");
    assert_eq!(connections[1]["interface"], "lo.pcapng\u{202e}");
}

#[test]
fn a_connection_has_a_line_of_its_own() {
    let mut out = Vec::new();
    write(&mut out, &fixture::churn(), &[]).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(
        text.lines()
            .filter(|line| line.trim_start().starts_with("{\"id\":"))
            .count(),
        2
    );
}

#[test]
fn what_the_kernel_of_the_host_says_stands_beside_what_is_expected() {
    let report = report(&fixture::live(), &[]);
    let host = &report["hosts"][0];
    assert_eq!(host["projection"]["time_wait"], 28_100);
    assert_eq!(host["actual"]["time_wait"], 28_011);
    assert_eq!(host["actual"]["time_wait_at_start"], 250);
    let view = &report["host_view"][0];
    assert_eq!(view["addresses"], json!(["10.77.0.1"]));
    assert_eq!(view["counters"]["active_opens"], 60_000);
    assert_eq!(view["counters"]["listen_drops"], Value::Null);
    assert_eq!(
        view["time_wait"],
        json!({"start": 250, "end": 28_011, "most": 32_768})
    );
    let near: Vec<&Value> = view["near"]
        .as_array()
        .unwrap()
        .iter()
        .map(|near| &near["limit"])
        .collect();
    assert_eq!(near, ["ports", "time_wait_buckets"]);
    assert_eq!(view["near"][1]["refused"], 1_200);
}
