//! The same traffic in other clothes: compression, formats, byte orders, link types, duplicates, stdin and rotated files
//! must give the same figures.

mod common;

use std::path::PathBuf;

use common::files::{PLAIN, Pcap, frames, gzip, pcap, pcapng, zstd};
use common::run::{Outcome, directory, flowcheck, write};
use common::script::capture_of;
use common::tunnels::fragments;
use common::wire::{Frame, Link, Packet};
use serde_json::Value;

/// Sixty-five connections of every kind on four legs, over two five-minute windows.
const MIXED: &str = r#"
conn k 10.0.0.1:* -> 10.0.0.11:8080
open k
repeat 40 every 0.25 { exchange k path=/app/$i body=3000 }
at 0.01
repeat 20 every 0.05 { conn a 10.0.0.1:* -> 10.0.0.12:8080; open a; exchange a; close a by server }
repeat 8 every 2 { conn c 10.0.0.9:* -> 10.0.0.12:8080; open c; exchange c path=/health; close c by client }
at 0.02
repeat 6 every 0.3 { conn r; refuse r }
at 0.03
repeat 5 every 0.7 { conn i; open i; exchange i; exchange i res="Connection: close"; close i by server }
at 0.04
repeat 4 every 0.9 { conn m; exchange m; exchange m; reset m by client }
at 5
repeat 4 every 0.1 { conn b; open b; exchange b; close b by both idle 0.6 }
conn w; open w
exchange w status=101 body=none req="Upgrade: websocket\r\nConnection: Upgrade" res="Upgrade: websocket\r\nConnection: Upgrade"
+0.010 w S hex:8105AABBCCDDEE
conn l; open l; exchange l; ask l; reset l by server
conn s
+0.000 s C SYN
+1.000 s C SYN
conn g; open g; ask g
+0.001 g S "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" *1000
+0.001 g S *3000 drop
+0.001 g S *1000
exchange g; close g by server
conn o; open o
+0.001 o C "GET /x HTT" late=0.0015
+0.001 o C "P/1.1\r\nHost: h\r\n\r\n"
+0.003 o S "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" label=again
+0.300 o S again again
close o by client
at 301
repeat 5 every 0.1 { exchange k path=/later }
conn d; open d; exchange d
wait 0.01
udp
"#;

fn packets() -> Vec<Packet> {
    capture_of(MIXED).packets
}

/// Strips what may differ between variants: how the input looked, and counts of raw packets and bytes.
fn comparable(outcome: &Outcome, variant: &str) -> Value {
    assert_eq!(outcome.code, Some(0), "{variant}: {}", outcome.stderr);
    let mut report = outcome
        .report()
        .unwrap_or_else(|error| panic!("{variant}: {error}"));
    let capture = report["capture"]
        .as_object_mut()
        .expect("the report has a capture");
    for key in [
        "sources",
        "packets",
        "bytes",
        "tcp_packets",
        "duplicate_packets",
        "flag_counts",
        "warnings",
        "end",
        "duration_s",
    ] {
        capture.remove(key);
    }
    strip(&mut report);
    report
}

/// Frame numbers count raw packets of their source; VLAN and interface are the clothes themselves.
fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for key in [
                "id",
                "first_frame",
                "last_frame",
                "interface",
                "vlan",
                "tunnel",
                "frames",
                "frame",
            ] {
                members.remove(key);
            }
            // The copy of the last packet ends a connection some microseconds later; packets are 100 us apart.
            if let Some(Value::Number(end)) = members.get("end") {
                let rounded = ((end.as_f64().unwrap_or_default() + 1e-5) * 1e4).floor() / 1e4;
                members.insert("end".to_owned(), Value::from(rounded));
            }
            members.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

fn read_files(files: &[PathBuf], variant: &str) -> Value {
    let mut args = vec!["read".to_owned()];
    args.extend(files.iter().map(|file| file.to_string_lossy().into_owned()));
    args.extend(["--json".to_owned(), "--connections".to_owned()]);
    comparable(&flowcheck(&args, None), variant)
}

fn plain_bytes() -> Vec<u8> {
    pcap(&frames(&packets(), Link::Ethernet), Link::Ethernet, PLAIN)
}

/// Says where two reports differ, not only that they do.
fn differences(path: &str, left: &Value, right: &Value, out: &mut Vec<String>) {
    match (left, right) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let (a, b) = (
                    a.get(key).unwrap_or(&Value::Null),
                    b.get(key).unwrap_or(&Value::Null),
                );
                differences(&format!("{path}.{key}"), a, b, out);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differences(&format!("{path}[{index}]"), a, b, out);
            }
        }
        _ if left == right => {}
        _ => out.push(format!("{path}: {left} became {right}")),
    }
}

#[track_caller]
fn same(plain: &Value, other: &Value, variant: &str) {
    let mut out = Vec::new();
    differences("", plain, other, &mut out);
    out.truncate(40);
    assert!(
        out.is_empty(),
        "{variant} differs from the plain file:\n{}",
        out.join("\n")
    );
}

#[track_caller]
fn variant(name: &str, bytes: &[u8]) {
    let folder = directory("variants");
    let plain = read_files(
        &[write(&folder, &format!("{name}-plain.pcap"), &plain_bytes())],
        "plain",
    );
    // The capture is worth comparing: every kind of connection is in it.
    assert!(
        plain["totals"]["connections"]["total"].as_u64() >= Some(50),
        "{}",
        plain["totals"]["connections"]
    );
    assert!(
        plain["totals"]["requests"]["total"].as_u64() >= Some(100),
        "{}",
        plain["totals"]["requests"]
    );
    let other = read_files(&[write(&folder, name, bytes)], name);
    same(&plain, &other, name);
}

fn on_link(name: &str, link: Link) {
    variant(name, &pcap(&frames(&packets(), link), link, PLAIN));
}

#[test]
fn gzip_compressed() {
    variant("a.pcap.gz", &gzip(&plain_bytes()));
}

#[test]
fn gzip_of_two_members() {
    let bytes = plain_bytes();
    let (first, second) = bytes.split_at(bytes.len() / 3);
    variant("two-members.gz", &[gzip(first), gzip(second)].concat());
}

#[test]
fn zstd_compressed() {
    variant("a.pcap.zst", &zstd(&plain_bytes()));
}

#[test]
fn big_endian() {
    let how = Pcap {
        big_endian: true,
        ..PLAIN
    };
    variant(
        "big-endian.pcap",
        &pcap(&frames(&packets(), Link::Ethernet), Link::Ethernet, how),
    );
}

#[test]
fn nanoseconds() {
    let how = Pcap {
        nanoseconds: true,
        ..PLAIN
    };
    variant(
        "nanoseconds.pcap",
        &pcap(&frames(&packets(), Link::Ethernet), Link::Ethernet, how),
    );
}

#[test]
fn nanoseconds_big_endian() {
    let how = Pcap {
        nanoseconds: true,
        big_endian: true,
    };
    variant(
        "nanoseconds-be.pcap",
        &pcap(&frames(&packets(), Link::Ethernet), Link::Ethernet, how),
    );
}

#[test]
fn pcapng_of_either_precision_and_byte_order() {
    for (nanoseconds, big_endian) in [(false, false), (true, false), (false, true), (true, true)] {
        let how = Pcap {
            big_endian,
            nanoseconds,
        };
        let bytes = pcapng(&frames(&packets(), Link::Ethernet), Link::Ethernet, how);
        variant(&format!("ns-{nanoseconds}-be-{big_endian}.pcapng"), &bytes);
    }
}

#[test]
fn pcapng_of_two_sections_compressed() {
    let frames = frames(&packets(), Link::Ethernet);
    let (first, second) = frames.split_at((frames.len() - 1) / 2);
    let first = pcapng(first, Link::Ethernet, PLAIN);
    let second = pcapng(
        second,
        Link::Ethernet,
        Pcap {
            big_endian: true,
            nanoseconds: true,
        },
    );
    variant("sections.pcapng.gz", &gzip(&[first, second].concat()));
}

#[test]
fn linux_sll() {
    on_link("sll.pcap", Link::Sll);
}

#[test]
fn linux_sll2() {
    on_link("sll2.pcap", Link::Sll2);
}

#[test]
fn vlan() {
    on_link("vlan.pcap", Link::Vlan);
}

#[test]
fn qinq() {
    on_link("qinq.pcap", Link::QinQ);
}

#[test]
fn null() {
    on_link("null.pcap", Link::Null);
}

#[test]
fn raw() {
    on_link("raw.pcap", Link::Raw);
}

#[test]
fn other_links() {
    for (name, link) in [
        ("mpls", Link::Mpls),
        ("pseudowire", Link::MplsEthernet),
        ("pppoe", Link::Pppoe),
        ("ppp", Link::Ppp),
        ("ppp-serial", Link::PppSerial),
        ("ppp-with-dir", Link::PppWithDir),
        ("cisco-hdlc", Link::CiscoHdlc),
        ("snap", Link::Snap),
        ("wifi", Link::Wifi),
        ("radiotap", Link::Radiotap),
    ] {
        on_link(&format!("{name}.pcap"), link);
    }
}

#[test]
fn tunnels() {
    for (name, link) in [
        ("vxlan", Link::Vxlan(42)),
        ("geneve", Link::Geneve),
        ("gtp-u", Link::GtpU),
        ("gre", Link::Gre),
        ("gre-ethernet", Link::GreEthernet),
        ("erspan", Link::Erspan),
        ("erspan-3", Link::Erspan3),
        ("ip-in-ip", Link::IpInIp),
        ("ip-in-ipv6", Link::IpInIpv6),
    ] {
        on_link(&format!("{name}.pcap"), link);
    }
}

/// Every packet of more than `size` bytes of IP payload in fragments, at the time of the packet.
fn fragmented(frames: &[Frame], size: usize, reversed: bool) -> Vec<Frame> {
    let mut out = Vec::new();
    for frame in frames {
        let mut parts = if frame.bytes.len() > 34 + size {
            fragments(frame, size)
        } else {
            vec![frame.clone()]
        };
        if reversed {
            parts.reverse();
        }
        out.extend(parts);
    }
    assert!(out.len() > frames.len() + 100, "many packets are fragmented");
    out
}

#[test]
fn fragments_in_order_and_reversed() {
    let plain = frames(&packets(), Link::Ethernet);
    for (name, size, reversed) in [
        ("fragments.pcap", 48, false),
        ("reversed.pcap", 48, true),
        ("large.pcap", 1024, false),
    ] {
        let frames = fragmented(&plain, size, reversed);
        variant(name, &pcap(&frames, Link::Ethernet, PLAIN));
    }
}

#[test]
fn a_missing_fragment_is_a_missing_segment() {
    let plain = frames(&packets(), Link::Ethernet);
    let mut parts = fragmented(&plain, 1024, false);
    let lost = parts
        .iter()
        .position(|frame| frame.bytes[20] & 0x20 != 0)
        .expect("a fragment");
    parts.remove(lost);
    let file = write(
        &directory("variants"),
        "missing-fragment.pcap",
        &pcap(&parts, Link::Ethernet, PLAIN),
    );
    let report = common::run::read(&file, &[]).report().expect("a report");
    assert!(report["capture"]["skipped"]["fragment"].as_u64() >= Some(1));
    assert_eq!(report["capture"]["tcp_packets"], plain.len() as u64 - 2);
}

#[test]
fn networks_with_the_same_addresses_are_apart() {
    let of = |vni| frames(&packets(), Link::Vxlan(vni));
    let folder = directory("variants");
    let report = |name: &str, frames: &[Frame]| {
        let file = write(&folder, name, &pcap(frames, Link::Ethernet, PLAIN));
        common::run::read(&file, &[]).report().expect("a report")
    };
    let one = report("vni-one.pcap", &of(1));
    let mut both: Vec<Frame> = of(1).into_iter().chain(of(2)).collect();
    both.sort_by_key(|frame| frame.time);
    let two = report("vni-two.pcap", &both);
    let of =
        |report: &Value, pointer: &str| report.pointer(pointer).and_then(Value::as_u64).expect("a figure");
    for figure in [
        "/totals/connections/total",
        "/totals/requests/total",
        "/totals/handshakes/completed",
    ] {
        assert_eq!(of(&two, figure), 2 * of(&one, figure), "{figure}");
    }
    assert_eq!(two["connections"][0]["tunnel"], "vxlan:1");
    assert_eq!(two["capture"]["duplicate_packets"], 0);
}

/// As from bond and slave: each packet again, `delay` microseconds later, in the order of time.
fn doubled(delay: i64, interface: u32) -> Vec<Packet> {
    let once = packets();
    // The last packet is none of TCP and comes once, so that all captures are equally long.
    let copies = once.iter().filter(|packet| !packet.udp).map(|packet| Packet {
        time: packet.time + delay * 1000,
        interface,
        ..packet.clone()
    });
    let mut all: Vec<Packet> = once.iter().cloned().chain(copies).collect();
    all.sort_by_key(|packet| packet.time);
    all
}

#[test]
fn every_packet_twice() {
    let frames = frames(&doubled(40, 0), Link::Ethernet);
    variant("twice.pcap", &pcap(&frames, Link::Ethernet, PLAIN));
}

#[test]
fn every_packet_on_two_interfaces() {
    let frames = frames(&doubled(9, 1), Link::Ethernet);
    variant("interfaces.pcapng", &pcapng(&frames, Link::Ethernet, PLAIN));
}

#[test]
fn duplicates_are_counted() {
    let frames = frames(&doubled(40, 0), Link::Ethernet);
    let file = write(
        &directory("variants"),
        "counted.pcap",
        &pcap(&frames, Link::Ethernet, PLAIN),
    );
    let report = common::run::read(&file, &[]).report().expect("a report");
    assert_eq!(report["capture"]["packets"], frames.len());
    assert_eq!(report["capture"]["duplicate_packets"], (frames.len() - 1) / 2);
}

#[test]
fn two_files_of_the_same_packets() {
    // Two capture points, merged by time.
    let folder = directory("variants");
    let plain = read_files(&[write(&folder, "point-plain.pcap", &plain_bytes())], "plain");
    let mut later = packets();
    later.retain(|packet| !packet.udp);
    for packet in &mut later {
        packet.time += 30_000;
    }
    let bytes = pcap(&frames(&later, Link::Ethernet), Link::Ethernet, PLAIN);
    let files = [
        write(&folder, "point-1.pcap", &plain_bytes()),
        write(&folder, "point-2.pcap", &bytes),
    ];
    same(
        &plain,
        &read_files(&files, "two capture points"),
        "two capture points",
    );
}

#[test]
fn from_stdin() {
    let bytes = plain_bytes();
    let plain = read_files(&[write(&directory("variants"), "stdin.pcap", &bytes)], "plain");
    for (name, bytes) in [
        ("stdin", bytes.clone()),
        ("stdin, gzip", gzip(&bytes)),
        ("stdin, zstd", zstd(&bytes)),
    ] {
        let outcome = flowcheck(&["read", "-", "--json", "--connections"], Some(&bytes));
        same(&plain, &comparable(&outcome, name), name);
    }
}

#[test]
fn split_into_files_of_a_hundred_packets() {
    let folder = directory("variants");
    let plain = read_files(&[write(&folder, "split-plain.pcap", &plain_bytes())], "plain");
    let frames = frames(&packets(), Link::Ethernet);
    let mut files = Vec::new();
    for (index, part) in frames.chunks(100).enumerate() {
        let bytes = pcap(part, Link::Ethernet, PLAIN);
        files.push(write(&folder, &format!("split.pcap{index}"), &bytes));
    }
    assert!(files.len() > 5, "{} files", files.len());
    same(&plain, &read_files(&files, "split"), "split");
    // Given in another order they are the same capture: files are merged by time.
    files.reverse();
    same(&plain, &read_files(&files, "split, reversed"), "split, reversed");
}

#[test]
fn side_by_side_files_equal_the_whole() {
    // One file a leg, as two tcpdumps on two interfaces leave them.
    let folder = directory("variants");
    let plain = read_files(&[write(&folder, "legs-plain.pcap", &plain_bytes())], "plain");
    let frontend =
        |packet: &&Packet| packet.src.to_string().contains(".11:") || packet.dst.to_string().contains(".11:");
    let all = packets();
    let one: Vec<Packet> = all.iter().filter(frontend).cloned().collect();
    let other: Vec<Packet> = all.iter().filter(|packet| !frontend(packet)).cloned().collect();
    assert!(!one.is_empty() && !other.is_empty());
    let file = |name: &str, packets: &[Packet]| {
        write(
            &folder,
            name,
            &pcap(&frames(packets, Link::Ethernet), Link::Ethernet, PLAIN),
        )
    };
    let files = [file("legs-1.pcap", &one), file("legs-2.pcap", &other)];
    same(&plain, &read_files(&files, "side by side"), "side by side");
}

#[test]
fn any_number_of_threads() {
    let file = write(&directory("variants"), "threads.pcap", &plain_bytes());
    let report = |threads: &str| {
        common::run::read(&file, &["--threads".to_owned(), threads.to_owned()])
            .report()
            .expect("a report")
    };
    let one = report("1");
    for threads in ["2", "3", "4", "7"] {
        assert_eq!(report(threads), one, "{threads} threads");
    }
}

/// Small captures with packets missing, out of place or out of time, in which what the clock brings about falls together, or
/// which begin in the middle, so that who is the server shows on other connections.
#[test]
fn any_number_of_threads_where_packets_are_missing() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/engines");
    let mut looked_at = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let report = |threads: &str| {
            common::run::read(&file, &["--threads".to_owned(), threads.to_owned()])
                .report()
                .expect("a report")
        };
        let requests = |threads: &str| {
            let file = file.to_string_lossy();
            let run =
                common::run::flowcheck(&["read", &file, "-q", "--requests", "--threads", threads], None);
            assert_eq!(run.code, Some(0), "{file}: {}", run.stderr);
            run.stdout
        };
        let (one, rows) = (report("1"), requests("1"));
        for threads in ["2", "3", "4", "7"] {
            assert_eq!(report(threads), one, "{}, {threads} threads", file.display());
            assert_eq!(requests(threads), rows, "{}, {threads} threads", file.display());
        }
        looked_at += 1;
    }
    assert_eq!(looked_at, 9);
}
