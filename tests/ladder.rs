//! `--ladder` and `--export`: the packets of one connection, as the analysis takes them.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::files::{PLAIN, frames, pcap, pcapng};
use common::run::{Outcome, directory, flowcheck, write};
use common::script::capture_of;
use common::wire::Link;
use serde_json::Value;

/// A connection with everything that a ladder shows, others around it, and its ports once more.
const TRAFFIC: &str = r#"
conn z 10.0.0.9:40000 -> 10.0.0.11:8080
open z
conn a 10.0.0.1:40001 -> 10.0.0.11:8080
open a
+0.001 a C "GET /long HTTP/1.1\r\nHo"
+0.001 a C "st: h\r\n\r\n" label=rest
+0.300 a C again rest
exchange z
+0.001 a S "HTTP/1.1 100 Continue\r\n\r\n"
+0.001 a S "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" dup=0.00004
+0.001 a C ACK
+0.001 a C "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
+0.002 a S "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
+0.001 a C ACK
+1.000 a C ACK seq=-1
+0.001 a S ACK
close a by server idle 1.500
+0.001 a C RST
close z by client
wait 70
conn b 10.0.0.1:40001 -> 10.0.0.11:8080
open b
exchange b path=/again
close b by client
"#;

fn capture(name: &str) -> PathBuf {
    let packets = capture_of(TRAFFIC).packets;
    let bytes = pcap(&frames(&packets, Link::Ethernet), Link::Ethernet, PLAIN);
    write(&directory("ladder"), name, &bytes)
}

fn read(file: &Path, args: &[&str]) -> Outcome {
    let mut all = vec!["read", file.to_str().expect("a path of ours")];
    all.extend(args);
    flowcheck(&all, None)
}

/// The connections of a capture from one client port.
fn connections(file: &Path, client: &str) -> Vec<Value> {
    let report = read(file, &["--json", "--connections"])
        .report()
        .expect("a report");
    let rows = report["connections"].as_array().expect("connections").clone();
    rows.into_iter().filter(|row| row["client"] == client).collect()
}

fn id(file: &Path, generation: usize) -> String {
    connections(file, "10.0.0.1:40001")[generation - 1]["id"].to_string()
}

fn ladder(file: &Path, id: &str) -> Value {
    let outcome = read(file, &["--ladder", id, "--json"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    outcome.report().expect("a ladder")
}

/// `direction flags sending: messages` of each packet.
fn packets(ladder: &Value) -> Vec<String> {
    let packets = ladder["packets"].as_array().expect("packets").iter();
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    let line = |packet: &Value| {
        let messages = packet["messages"].as_array().expect("messages").iter();
        let messages: Vec<String> = messages.map(|message| word(&message["line"])).collect();
        let closes = if packet["closes"] == true { " closes" } else { "" };
        format!(
            "{} {} {}{closes} {}",
            if packet["direction"] == "to_server" {
                ">"
            } else {
                "<"
            },
            word(&packet["flags"]),
            word(&packet["sending"]),
            messages.join(" | ")
        )
    };
    packets.map(line).map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn packets_are_what_the_analysis_takes_them_for() {
    let file = capture("kinds.pcap");
    let ladder = ladder(&file, &id(&file, 1));
    let expected = [
        "> S new",
        "< S. new",
        "> . new",
        "> P. new GET /long HTTP/1.1",
        "> P. new",
        "> P. retransmission",
        "< P. new HTTP/1.1 100",
        "< P. new HTTP/1.1 200",
        "< P. duplicate",
        "> . new",
        "> P. new GET /1 HTTP/1.1 | GET /2 HTTP/1.1",
        "< P. new HTTP/1.1 404 | HTTP/1.1 200",
        "> . new",
        "> . keepalive_probe",
        "< . new",
        "< F. new closes",
        "> F. new",
        "< . new",
        "> R late",
    ];
    assert_eq!(packets(&ladder), expected);
    assert_eq!(ladder["connection"]["closer"], "server");
    assert_eq!(ladder["left_out"], 0);
    let first = &ladder["packets"][3];
    assert_eq!(
        (&first["seq"], &first["ack"], &first["length"]),
        (&1.into(), &1.into(), &22.into())
    );
    let frames: Vec<u64> = (ladder["packets"].as_array().expect("packets").iter())
        .map(|packet| packet["frame"].as_u64().expect("a number"))
        .collect();
    assert!(frames.is_sorted(), "{frames:?}");
    assert_eq!(
        frames[0],
        ladder["connection"]["first_frame"].as_u64().expect("a number")
    );
}

#[test]
fn generations_are_told_apart() {
    let file = capture("generations.pcap");
    let second = ladder(&file, &id(&file, 2));
    assert_eq!(second["connection"]["generation"], 2);
    assert_eq!(second["connection"]["closer"], "client");
    let packets = packets(&second);
    assert_eq!(packets[0], "> S new");
    assert_eq!(
        packets.iter().filter(|line| line.contains("GET /again")).count(),
        1,
        "{packets:?}"
    );
    assert!(!packets.iter().any(|line| line.contains("/long")), "{packets:?}");
}

#[test]
fn text_draws_it_between_two_rails() {
    let file = capture("text.pcap");
    let outcome = read(&file, &["--ladder", &id(&file, 1)]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    for words in [
        "10.0.0.1:40001 -> 10.0.0.11:8080",
        "closed by the server after",
        "── S 0 ─",
        "─ S. 0 ack 1 ──",
        "retransmission",
        "keepalive probe",
        "captured twice",
        "no packet for",
        "GET /2 HTTP/1.1",
        "the server's F. in frame",
    ] {
        assert!(outcome.stdout.contains(words), "{words}\n{}", outcome.stdout);
    }
}

#[test]
fn exports_hold_the_connections_packets_and_no_others() {
    let file = capture("export.pcap");
    let original = connections(&file, "10.0.0.1:40001").remove(0);
    let noted = packets(&ladder(&file, &id(&file, 1))).len();
    for name in ["one.pcap", "one.pcapng"] {
        let out = directory("ladder").join(name);
        let out = out.to_str().expect("a path of ours");
        let outcome = read(&file, &["--ladder", &id(&file, 1), "--export", out]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(
            outcome.stderr.contains(&format!("{noted} packets written")),
            "{}",
            outcome.stderr
        );
        let report = read(Path::new(out), &["--json", "--connections"])
            .report()
            .expect("a report");
        assert_eq!(report["capture"]["packets"], noted);
        assert_eq!(
            report["capture"]["sources"][0]["format"],
            name.split_once('.').expect("a dot").1
        );
        let rows = report["connections"].as_array().expect("connections");
        assert_eq!(rows.len(), 1);
        for key in [
            "client", "server", "start", "end", "requests", "closer", "history", "class",
        ] {
            assert_eq!(rows[0][key], original[key], "{name} {key}");
        }
    }
}

#[test]
fn several_files_give_the_packets_of_both() {
    let all = capture_of(TRAFFIC).packets;
    let (one, two): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(|(place, _)| place % 2 == 0);
    let bytes = |part: Vec<(usize, common::wire::Packet)>| {
        let part: Vec<_> = part.into_iter().map(|(_, packet)| packet).collect();
        pcapng(&frames(&part, Link::Ethernet), Link::Ethernet, PLAIN)
    };
    let one = write(&directory("ladder"), "even.pcapng", &bytes(one));
    let two = write(&directory("ladder"), "odd.pcapng", &bytes(two));
    let both = |args: &[&str]| {
        let files = [&one, &two].map(|file| file.to_str().expect("a path of ours"));
        flowcheck(&[&["read"][..], &files, args].concat(), None)
    };
    let report = both(&["--json", "--connections"]).report().expect("a report");
    let row = (report["connections"].as_array().expect("connections").iter())
        .find(|row| row["client"] == "10.0.0.1:40001")
        .expect("the connection")
        .clone();
    let ladder = both(&["--ladder", &row["id"].to_string(), "--json"])
        .report()
        .expect("a ladder");
    assert_eq!(packets(&ladder).len(), 19);
    assert_eq!(ladder["sources"].as_array().expect("sources").len(), 2);
    let sources = ladder["packets"]
        .as_array()
        .expect("packets")
        .iter()
        .map(|packet| &packet["source"]);
    assert!(sources.clone().any(|source| *source == 0) && sources.clone().any(|source| *source == 1));
}

#[test]
fn what_cannot_be_shown_is_refused_with_a_word() {
    let file = capture("refused.pcap");
    let bytes = fs::read(&file).expect("a file");
    for (args, words) in [
        (&["--ladder", "99999"][..], "no connection has this id"),
        (&["--ladder", "1", "--format", "csv"], "text or JSON"),
        (&["--ladder", "1", "--requests"], "--requests"),
        (&["--export", "x.pcap"], "--ladder"),
        (
            &["--ladder", "1", "--export", file.to_str().expect("a path")],
            "would be overwritten",
        ),
    ] {
        let outcome = read(&file, args);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(outcome.stderr.contains(words), "{args:?}: {}", outcome.stderr);
    }
    assert_eq!(fs::read(&file).expect("a file"), bytes, "it is as it was");
    let stream = flowcheck(&["read", "-", "--ladder", "1"], Some(&bytes));
    assert_eq!(stream.code, Some(2));
    assert!(stream.stderr.contains("reads it twice"), "{}", stream.stderr);
}

#[test]
fn anonymous_ladders_name_no_address_and_no_path() {
    let file = capture("anonymous.pcap");
    let outcome = read(&file, &["--ladder", &id(&file, 1), "--anonymize"]);
    assert!(outcome.stdout.contains("GET HTTP/1.1"), "{}", outcome.stdout);
    for secret in ["10.0.0.", "/long", "/1"] {
        assert!(
            !outcome.stdout.replace("HTTP/1.1", "").contains(secret),
            "{secret}\n{}",
            outcome.stdout
        );
    }
}
