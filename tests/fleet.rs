//! `flowcheck merge`: the order does not matter, nor what was merged before; parts of a capture are the whole; what two
//! points captured counts once, behind a NAT, too; the host unlike its peers is named.

mod common;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use common::files::{PLAIN, frames, pcap};
use common::run::{Outcome, directory, flowcheck, write};
use common::script::capture_of;
use common::wire::{Link, Packet};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::Value;

/// Connections of several kinds to two servers, all of them closed.
fn traffic(host: u8, connections: u32, churn: bool) -> String {
    let mut text = String::new();
    for n in 0..connections {
        let (server, port) = (11 + n % 2, 40_000 + n);
        let isns = format!(
            "client-isn={} server-isn={}",
            7 + u32::from(host) * 1_000_003 + n * 7_919,
            99 + n * 104_729
        );
        let _ = writeln!(
            text,
            "conn c{n} 10.0.0.{host}:{port} -> 10.0.0.{server}:8080 {isns}\nopen c{n}"
        );
        let requests = if churn { 1 } else { 1 + (n + u32::from(host)) % 7 };
        for request in 0..requests {
            let status = if request % 5 == 4 { 404 } else { 200 };
            let _ = writeln!(text, "exchange c{n} status={status} body={}", 10 + n);
        }
        let closer = if n % 3 == 0 { "server" } else { "client" };
        let idle = if churn {
            "0.001".to_owned()
        } else {
            format!("0.{:03}", 100 + n)
        };
        let _ = writeln!(text, "close c{n} by {closer} idle {idle}");
    }
    text
}

fn capture(folder: &Path, name: &str, packets: &[Packet]) -> PathBuf {
    write(
        folder,
        name,
        &pcap(&frames(packets, Link::Ethernet), Link::Ethernet, PLAIN),
    )
}

fn done(outcome: Outcome) -> String {
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    outcome.stdout
}

fn run(words: &[&str]) -> String {
    done(flowcheck(words, None))
}

fn report(words: &[&str]) -> Value {
    serde_json::from_str(&run(words)).expect("JSON")
}

fn save(words: &[&str], to: &Path) -> String {
    let to = to.to_str().expect("UTF-8").to_owned();
    run(&[words, &["--json", "-o", &to]].concat());
    to
}

/// A capture's report in a file.
fn saved(folder: &Path, name: &str, packets: &[Packet]) -> String {
    let file = capture(folder, &format!("{name}.pcap"), packets);
    save(
        &["read", file.to_str().expect("UTF-8"), "-q"],
        &folder.join(format!("{name}.json")),
    )
}

fn merged(files: &[&str]) -> Value {
    report(&[&["merge", "--json", "-q"], files].concat())
}

fn ends(packet: &Packet) -> (SocketAddr, SocketAddr) {
    (packet.src.min(packet.dst), packet.src.max(packet.dst))
}

/// What adds up.
fn sums(figures: &Value) -> Value {
    let keys = [
        "connections",
        "classes",
        "requests",
        "responses",
        "closes",
        "requests_per_connection",
        "first_byte_us",
        "response_us",
        "idle_before_close_s",
        "retransmitted_segments",
        "tcp_keepalive_probes",
        "reuse_ratio",
    ];
    let mut sums: Value = keys
        .iter()
        .map(|key| ((*key).to_owned(), figures[*key].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into();
    sums["handshakes"] = figures["handshakes"]["completed"].clone();
    sums["connect"] = figures["handshakes"]["connect_time_us"].clone();
    sums
}

fn legs(report: &Value) -> Vec<(String, Value)> {
    let legs = report["legs"].as_array().expect("legs").iter();
    let mut legs: Vec<(String, Value)> = legs
        .map(|leg| (format!("{} -> {}", leg["client"], leg["server"]), sums(leg)))
        .collect();
    legs.sort_by(|a, b| a.0.cmp(&b.0));
    legs
}

fn holds<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let config = Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(7),
        max_shrink_iters: 0,
        ..Config::default()
    };
    let checked = |value| {
        test(value);
        Ok(())
    };
    TestRunner::new(config)
        .run(strategy, checked)
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn parts_of_a_capture_are_the_whole() {
    let folder = directory("fleet-parts");
    let packets = capture_of(&traffic(1, 40, false)).packets;
    let whole = capture(&folder, "whole.pcap", &packets);
    let whole = report(&["read", whole.to_str().unwrap(), "--json", "-q"]);
    let mut connections: Vec<_> = packets.iter().map(ends).collect();
    connections.sort_unstable();
    connections.dedup();
    let places = prop::collection::vec(0..3_usize, connections.len());
    holds(12, &places, |places| {
        let part = |n: usize| -> Vec<Packet> {
            let of = |packet: &&Packet| places[connections.binary_search(&ends(packet)).unwrap()] == n;
            packets.iter().filter(of).cloned().collect()
        };
        // One point, or three: no connection is in two parts.
        for names in [["p=", "p=", "p="], ["a=", "b=", "c="]] {
            let files =
                [0, 1, 2].map(|n| format!("{}{}", names[n], saved(&folder, &format!("part{n}"), &part(n))));
            let merged = merged(&files.each_ref().map(String::as_str));
            assert_eq!(sums(&merged["totals"]), sums(&whole["totals"]));
            assert_eq!(legs(&merged), legs(&whole));
            assert_eq!(merged["capture"]["packets"], whole["capture"]["packets"]);
            assert_eq!(merged["capture"]["flag_counts"], whole["capture"]["flag_counts"]);
            assert_eq!(merged["merged"]["seen_twice"], serde_json::json!([]));
            let rows = |report: &Value, key: &str| -> u64 {
                let rows = report["timeline"]["rows"].as_array().expect("rows");
                rows.iter().map(|row| row[key].as_u64().expect("a count")).sum()
            };
            for key in ["requests", "reused", "handshakes", "closes", "resets"] {
                assert_eq!(rows(&merged, key), rows(&whole, key), "{key}");
            }
        }
    });
}

#[test]
fn neither_order_nor_what_was_merged_before_matters() {
    let folder = directory("fleet-order");
    let mut files: Vec<String> = Vec::new();
    for host in 1..=4_u8 {
        let packets = capture_of(&traffic(host, 12 + u32::from(host), host == 4)).packets;
        files.push(saved(&folder, &format!("node{host}"), &packets));
        if host == 1 {
            // The same connections, captured at the servers, too.
            let at_servers: Vec<Packet> = packets
                .iter()
                .filter(|packet| packet.src.port() != 40_003)
                .cloned()
                .collect();
            files.push(saved(&folder, "tomcat", &at_servers));
        }
    }
    // A second stretch of a point.
    let later = capture_of(&format!("wait 3600\n{}", traffic(9, 8, false))).packets;
    files.push(format!("node2={}", saved(&folder, "later", &later)));
    let all: Vec<&str> = files.iter().map(String::as_str).collect();
    let expected = merged(&all);
    assert_eq!(expected["merged"]["points"].as_array().unwrap().len(), 5);
    let order = Just((0..all.len()).collect::<Vec<usize>>()).prop_shuffle();
    holds(10, &(order, 1..all.len()), |(order, cut)| {
        let shuffled: Vec<&str> = order.iter().map(|place| all[*place]).collect();
        assert_eq!(merged(&shuffled), expected);
        let (left, right) = shuffled.split_at(cut);
        let left = save(&[&["merge", "-q"], left].concat(), &folder.join("left.json"));
        assert_eq!(merged(&[&[left.as_str()], right].concat()), expected);
        let right = save(&[&["merge", "-q"], right].concat(), &folder.join("right.json"));
        assert_eq!(merged(&[&right, &left]), expected);
    });
}

#[test]
fn what_two_points_captured_counts_once() {
    let folder = directory("fleet-twice");
    let packets = capture_of(&traffic(1, 30, false)).packets;
    let other = capture_of(&traffic(2, 20, true)).packets;
    // What the servers' host sees: both proxies, behind a NAT, its clock off by a minute.
    let translated = |packet: &Packet| {
        let mut packet = packet.clone();
        for end in [&mut packet.src, &mut packet.dst] {
            if end.port() == 8080 {
                end.set_ip([172, 16, 0, 11].into());
            }
        }
        packet.time += 60_000_000_000;
        packet
    };
    let mut behind: Vec<Packet> = packets.iter().chain(&other).map(translated).collect();
    behind.sort_by_key(|packet| packet.time);
    let [node1, node2, tomcat] = [("node1", &packets), ("node2", &other), ("tomcat", &behind)]
        .map(|(name, packets)| saved(&folder, name, packets));
    let merged = merged(&[&node1, &node2, &tomcat]);
    let alone = [&node1, &node2].map(|file| report(&["read", file, "--json", "-q"]));
    let count =
        |report: &Value, pointer: &str| report.pointer(pointer).and_then(Value::as_u64).expect("a count");
    for pointer in [
        "/totals/connections/total",
        "/totals/requests/total",
        "/totals/handshakes/completed",
        "/totals/closes/client",
    ] {
        let sum: u64 = alone.iter().map(|report| count(report, pointer)).sum();
        assert_eq!(count(&merged, pointer), sum, "{pointer}");
    }
    // Two servers have become one behind the NAT: its leg holds those of both.
    let points = merged["merged"]["points"].as_array().unwrap();
    let of = |name: &str| points.iter().find(|point| point["name"] == name).unwrap();
    assert_eq!(of("tomcat")["connections"]["total"], 50);
    assert_eq!(of("node1")["connections"]["total"], 30);
    let counted: u64 = points
        .iter()
        .map(|point| point["connections_counted"].as_u64().unwrap())
        .sum();
    assert_eq!(counted, 50);
    assert!(!merged["merged"]["seen_twice"].as_array().unwrap().is_empty());
    let text = run(&["merge", &node1, &node2, &tomcat]);
    assert!(
        text.contains("CAPTURED TWICE") && text.contains("172.16.0.11:8080"),
        "{text}"
    );
}

#[test]
fn the_host_unlike_its_peers_is_named_with_its_cause() {
    let folder = directory("fleet-unlike");
    let files: Vec<String> = (1..=5_u8)
        .map(|host| {
            // Asked for by the client each time, as nginx does unless told otherwise.
            let churning = || {
                traffic(host, 60, true).replace(" status=", " version=1.0 req=\"Connection: close\" status=")
            };
            let text = if host == 5 {
                churning()
            } else {
                traffic(host, 30, false)
            };
            saved(&folder, &format!("node{host}"), &capture_of(&text).packets)
        })
        .collect();
    let words: Vec<&str> = std::iter::once("merge")
        .chain(files.iter().map(String::as_str))
        .collect();
    let merged = report(&[&words[..], &["--json", "-q"]].concat());
    let unlike = merged["merged"]["unlike"].as_array().unwrap();
    assert_eq!(unlike.len(), 1, "{unlike:?}");
    assert_eq!(unlike[0]["point"], "node5");
    assert_eq!(unlike[0]["only_here"], serde_json::json!(["N1"]));
    let text = run(&words);
    assert!(
        text.contains("node5: ") && text.contains("the other four"),
        "{text}"
    );
    // Its peers alone are alike.
    let text = run(&words[..5]);
    assert!(text.contains("UNLIKE ITS PEERS\n  none:"), "{text}");
    // Of two nobody can say.
    let text = run(&words[..3]);
    assert!(text.contains("three or more"), "{text}");
    // A page, and a comparison with it.
    let (page, both) = (folder.join("fleet.html"), folder.join("all.json"));
    save(&words, &both);
    run(&[
        &words[..],
        &["-q", "--html", page.to_str().unwrap(), "-o", "/dev/null"],
    ]
    .concat());
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("Unlike its peers") && page.contains("node5: "));
    let compared = run(&["compare", both.to_str().unwrap(), both.to_str().unwrap()]);
    assert!(
        compared.starts_with("UNCHANGED") || compared.starts_with("RIGHT"),
        "{compared}"
    );
    // A merged report read again is a merged report; a test case a leg is one format more.
    let again = run(&["read", both.to_str().unwrap()]);
    assert_eq!(again, run(&words));
    let cases = run(&["read", both.to_str().unwrap(), "--format", "junit"]);
    assert!(cases.contains("<testcase"), "{cases}");
    // Shared without addresses or names.
    let hidden = run(&[&words[..], &["--anonymize", "--json", "-q"]].concat());
    assert!(!hidden.contains("node5") && !hidden.contains("10.0.0.5") && hidden.contains("point5"));
}

#[test]
fn bad_input_is_named() {
    let folder = directory("fleet-bad");
    let good = saved(&folder, "good", &capture_of(&traffic(1, 3, false)).packets);
    let cut = write(&folder, "cut.json", &std::fs::read(&good).unwrap()[..500]);
    let cut = cut.to_str().unwrap();
    for (words, expected) in [
        (vec!["merge", &good, cut], "cut.json"),
        (vec!["merge", &good, "missing.json"], "missing.json"),
        (vec!["merge", "=x.json"], "NAME=FILE"),
        (vec!["merge", &good, "--format", "csv"], "lists connections"),
        (vec!["merge", "-", "-"], "standard input"),
        (vec!["merge"], "FILE"),
    ] {
        let outcome = flowcheck(&words, None);
        assert_eq!(outcome.code, Some(2), "{words:?}: {}", outcome.stdout);
        assert!(outcome.stderr.contains(expected), "{words:?}: {}", outcome.stderr);
    }
    // A saved hash that is none.
    let broken = std::fs::read_to_string(&good)
        .unwrap()
        .replace("\"least\":\"", "\"least\":\"!");
    let broken = write(&folder, "broken.json", broken.as_bytes());
    let outcome = flowcheck(&["merge", broken.to_str().unwrap()], None);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    assert!(
        outcome.stderr.contains("legs.openings.least"),
        "{}",
        outcome.stderr
    );
}
