//! Reports hold nothing that was not asked for: no values of header fields, no bodies, no cookies, no query strings.

mod common;

use std::fs;
use std::path::PathBuf;

use common::files::{PLAIN, frames, pcap};
use common::run::{directory, flowcheck, write};
use common::script::capture_of;
use common::wire::Link;

/// Each secret stands in a place of its own, so that a failure says where it came from.
const TRAFFIC: &str = r#"
conn a 10.0.0.1:40001 -> 10.0.0.11:8080
open a
+0.001 a C "GET /app/a?token=SECRETQUERY HTTP/1.1\r\nHost: shop\r\nCookie: id=SECRETCOOKIE\r\nAuthorization: Basic SECRETAUTH\r\nReferer: http://shop/?SECRETREFERER\r\nX-Api-Key: SECRETFIELD\r\nUser-Agent: SECRETAGENT\r\n\r\n"
+0.002 a S "HTTP/1.1 200 OK\r\nSet-Cookie: SECRETSETCOOKIE\r\nLocation: /x?SECRETLOCATION\r\nContent-Length: 12\r\n\r\nSECRETBODY-1"
wait 0.010
+0.001 a C "POST /app/b;jsessionid=SECRETPARAMETER HTTP/1.1\r\nHost: shop\r\nCookie: SECRETCOOKIE\r\nContent-Length: 12\r\n\r\nSECRETBODY-2"
+0.002 a S "HTTP/1.1 302 SECRETREASON\r\nTransfer-Encoding: chunked\r\n\r\nc;SECRETEXT\r\nSECRETBODY-3\r\n0\r\nX: SECRETTRAILER\r\n\r\n"
wait 0.010
+0.001 a C "GET http://user:SECRETPASSWORD@shop/app/c HTTP/1.1\r\nHost: shop\r\n\r\n"
+0.002 a S "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
+0.001 a C "GET /app/a?x=SECRETQUE"
+0.001 a C "RY2 HTTP/1.1\r\nHost: shop\r\nCookie: SECRETCOO"
+0.001 a C "KIE2\r\n\r\n"
+0.002 a S "HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n"
+0.001 a C "GET /SECRETQUERYLESS?SECRETQUERY HTTP/1.1\r\nHost: shop\r\nbad header SECRETFIELD\r\n\r\n"
close a by server idle 0.700
conn e 10.0.0.1:40003 -> 10.0.0.13:8080
open e
+0.001 e C "GET /;jsessionid=SECRETSESSION HTTP/1.1\r\nHost: shop\r\n\r\n"
+0.002 e S "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
+0.001 e C "GET ?SECRETQUERY HTTP/1.1\r\nHost: shop\r\n\r\n"
+0.002 e S "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
close e by client
conn b 10.0.0.1:40002 -> 10.0.0.11:8080
open b
+0.001 b C "GET /probe?SECRETQUERY\r\n"
+0.001 b S "SECRETBODY-4"
close b by server
conn c 10.0.0.2:40001 -> 10.0.0.12:8080
open c
+0.001 c C "SECRETPROTOCOL is spoken here\r\n"
+0.001 c S "SECRETANSWER\r\n"
close c by client
conn d 10.0.0.2:40002 -> 10.0.0.12:8080
open d
exchange d status=101 body=none req="Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: SECRETKEY" res="Upgrade: websocket\r\nConnection: Upgrade"
+0.010 d C "SECRETMESSAGE"
close d by client
"#;

/// The path without its query is asked for by what is shown of a request.
const NO_SECRET: &str = "SECRETQUERYLESS";

fn capture(name: &str) -> PathBuf {
    let packets = capture_of(TRAFFIC).packets;
    let bytes = pcap(&frames(&packets, Link::Ethernet), Link::Ethernet, PLAIN);
    write(&directory("secrets"), name, &bytes)
}

fn secrets(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let found = words.filter(|word| word.contains("SECRET") && *word != NO_SECRET);
    found.map(str::to_owned).collect()
}

fn read(file: &str, args: &[&str]) -> String {
    let outcome = flowcheck(&[&["read", file][..], args].concat(), None);
    assert!(
        matches!(outcome.code, Some(0 | 1 | 3)),
        "{args:?}: {}",
        outcome.stderr
    );
    outcome.stdout + &outcome.stderr
}

#[test]
fn no_report_holds_what_was_not_asked_for() {
    let path = capture("all.pcap");
    let file = path.to_str().expect("a path of ours");
    for args in [
        &[][..],
        &["--explain", "--connections"],
        &["--json"],
        &["--json", "--connections"],
        &["--format", "csv"],
        &["--format", "csv", "--connections"],
        &["--format", "ndjson"],
        &["--format", "ndjson", "--connections"],
        &["--requests"],
        &["--requests", "--anonymize"],
        &["--json", "--connections", "--anonymize"],
        &["--connections", "--where", "SECRET"],
        &["--expect", "pass"],
    ] {
        let text = read(file, args);
        let found: Vec<String> = secrets(&text)
            .into_iter()
            .filter(|word| !(args.contains(&"SECRET") && word == "SECRET"))
            .collect();
        assert!(found.is_empty(), "{args:?}: {found:?}");
    }
}

#[test]
fn a_comparison_holds_none_either() {
    let path = capture("compared.pcap");
    let file = path.to_str().expect("a path of ours");
    for args in [&[][..], &["--json"]] {
        let outcome = flowcheck(&[&["compare", file, file][..], args].concat(), None);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert_eq!(secrets(&outcome.stdout), [""; 0], "{args:?}");
    }
}

#[test]
fn a_ladder_shows_start_lines_without_query_strings() {
    let path = capture("ladder.pcap");
    let file = path.to_str().expect("a path of ours");
    let listed = read(file, &["--json", "--connections"]);
    let report: serde_json::Value = serde_json::from_str(&listed).expect("a report");
    let connections = report["connections"].as_array().expect("connections");
    assert_eq!(connections.len(), 5);
    for connection in connections {
        let id = connection["id"].to_string();
        for args in [
            &["--ladder", id.as_str()][..],
            &["--ladder", id.as_str(), "--json"],
        ] {
            let text = read(file, args);
            assert_eq!(secrets(&text), [""; 0], "{args:?}: {text}");
        }
    }
}

#[test]
fn targets_are_told_when_asked_for() {
    let path = capture("asked.pcap");
    let text = read(
        path.to_str().expect("a path of ours"),
        &["--requests", "--targets"],
    );
    let found = secrets(&text);
    assert!(found.iter().any(|word| word.contains("SECRETQUERY")), "{text}");
    assert!(
        !found
            .iter()
            .any(|word| word.contains("COOKIE") || word.contains("AUTH")),
        "{found:?}"
    );
}

#[test]
#[cfg(unix)]
fn exported_packets_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let path = capture("exported.pcap");
    let file = path.to_str().expect("a path of ours");
    let mode = |path: &PathBuf| fs::metadata(path).expect("it was written").permissions().mode() & 0o777;
    let export = directory("secrets").join("export.pcap");
    let to = export.to_str().expect("a path of ours");
    let _ = fs::remove_file(&export);
    read(file, &["--ladder", "1", "--export", to]);
    assert_eq!(mode(&export), 0o600);
    // Also where there was a file that others could read.
    fs::set_permissions(&export, fs::Permissions::from_mode(0o644)).expect("ours");
    read(file, &["--ladder", "1", "--export", to]);
    assert_eq!(mode(&export), 0o600);
}
