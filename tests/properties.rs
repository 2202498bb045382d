//! Properties: what must not matter does not, and no bytes make the program panic.

mod common;

use common::files::{PLAIN, frames, pcap, pcapng};
use common::run::{directory, flowcheck, write};
use common::script::capture_of;
use common::wire::{ACK, FIN, Link, Packet, RST, SYN};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use serde_json::Value;

/// A keepalive connection with every kind of body, one closed after a request, a tunnel, HTTP/2.
const TRAFFIC: &str = r#"
conn a 10.0.0.1:40001 -> 10.0.0.11:8080
open a
exchange a body=3000
ask a
+0.001 a S "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nWiki\r\na\r\n0123456789\r\n0\r\nT: 1\r\n\r\n"
wait 0.010
+0.001 a C "POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 32\r\n\r\n"
+0.001 a S "HTTP/1.1 100 Continue\r\n\r\n"
+0.001 a C "GET /no HTTP/1.1\r\nHost: body\r\n\r\n"
+0.001 a S "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
wait 0.010
exchange a method=HEAD body=none res="Content-Length: 700"
exchange a status=304 body=none res="Content-Length: 700"
+0.001 a C "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
+0.002 a S "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
close a by server idle 0.700
conn b 10.0.0.1:40002 -> 10.0.0.11:8080
open b
ask b
+0.001 b S "HTTP/1.0 200 OK\r\n\r\n" *500
+0.001 b S *500
close b by server
conn c 10.0.0.2:40001 -> 10.0.0.12:8080
open c
exchange c status=101 body=none req="Upgrade: websocket\r\nConnection: Upgrade" res="Upgrade: websocket\r\nConnection: Upgrade"
+0.010 c S hex:8105AABBCCDDEE
close c by client
conn d 10.0.0.2:40002 -> 10.0.0.12:8080
open d
+0.001 d C h2:PREFACE h2:SETTINGS/0/0 h2:HEADERS/5/1/828684410168
+0.001 d S h2:SETTINGS/0/0/000300000080
+0.001 d C h2:SETTINGS/1/0 h2:HEADERS/2c/3/03000000000f838684be000000 h2:DATA/1/3/616263
+0.002 d S h2:HEADERS/4/3/4803323031 h2:DATA/0/3/6f6b
+0.001 d S h2:HEADERS/0/1/88 h2:CONTINUATION/4/1/000178017a h2:DATA/1/1/6f6b
+0.001 d S h2:HEADERS/5/3/000178017a
+0.001 d C h2:HEADERS/5/5/828684be h2:HEADERS/5/7/828684be h2:RST_STREAM/0/7/00000008
+0.002 d S h2:HEADERS/5/5/be
close d by server idle 0.700
"#;

fn report(name: &str, packets: &[Packet]) -> Value {
    let bytes = pcap(&frames(packets, Link::Ethernet), Link::Ethernet, PLAIN);
    let file = write(&directory("properties"), name, &bytes);
    let outcome = common::run::read(&file, &[]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    outcome.report().unwrap_or_else(|error| panic!("{error}"))
}

/// What the exchanges of each connection are, apart from when and in how many packets.
fn exchanges(report: &Value) -> Value {
    let of = |figures: &Value| {
        serde_json::json!({
            "connections": figures["connections"], "classes": figures["classes"], "requests": figures["requests"],
            "responses": figures["responses"], "reuse": figures["reuse_ratio"], "closes": figures["closes"],
            "avoidable": figures["avoidable_handshakes"],
        })
    };
    let connection = |connection: &Value| {
        let keys = [
            "client",
            "server",
            "class",
            "requests",
            "responses",
            "closer",
            "announced",
            "bytes_to_server",
            "bytes_to_client",
            "generation",
        ];
        Value::Object(
            keys.iter()
                .map(|key| ((*key).to_owned(), connection[*key].clone()))
                .collect(),
        )
    };
    let list = |key: &str, each: &dyn Fn(&Value) -> Value| {
        Value::Array(report[key].as_array().into_iter().flatten().map(each).collect())
    };
    serde_json::json!({
        "verdict": report["verdict"], "totals": of(&report["totals"]), "gaps": report["capture"]["gap_bytes"],
        "legs": list("legs", &of), "connections": list("connections", &connection),
    })
}

/// The whole report but its file's name and what identifies bytes or handshakes.
fn everything(mut report: Value) -> Value {
    report["capture"]["sources"] = Value::Null;
    for leg in report["legs"].as_array_mut().expect("legs") {
        leg["openings"] = Value::Null;
    }
    report
}

fn config(cases: u32) -> Config {
    // The same cases on every run: a failure is a finding, not a mood. Not shrunk, so that the capture that is left in
    // the target directory is the one that failed.
    Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(7),
        max_shrink_iters: 0,
        ..Config::default()
    }
}

fn holds<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    TestRunner::new(config(cases))
        .run(strategy, test)
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn initial_sequence_numbers_do_not_matter() {
    let base = capture_of(TRAFFIC).packets;
    let expected = everything(report("isn.pcap", &base));
    // Near the wrap more often than anywhere.
    let offset = prop_oneof![
        any::<u32>(),
        (0u32..6000).prop_map(|below| 0u32.wrapping_sub(below))
    ];
    holds(24, &(offset.clone(), offset), |(to_server, to_client)| {
        let isns: Vec<(u32, u32)> = base.iter().map(|packet| first_numbers(&base, packet)).collect();
        let mut packets = base.clone();
        for (packet, (own, peers)) in packets.iter_mut().zip(isns) {
            // Every connection starts at the drawn numbers, so that a small distance to the wrap is in its payload.
            let from_client = packet.dst.port() == 8080;
            let (mine, other) = if from_client {
                (to_server, to_client)
            } else {
                (to_client, to_server)
            };
            packet.seq = packet.seq.wrapping_sub(own).wrapping_add(mine);
            if packet.flags & ACK != 0 {
                packet.ack = packet.ack.wrapping_sub(peers).wrapping_add(other);
            }
        }
        prop_assert_eq!(&everything(report("isn.pcap", &packets)), &expected);
        Ok(())
    });
}

/// The first sequence numbers of a packet's connection: the sender's and its peer's.
fn first_numbers(packets: &[Packet], of: &Packet) -> (u32, u32) {
    let first = |src, dst| {
        packets
            .iter()
            .find(|packet| (packet.src, packet.dst) == (src, dst))
            .map_or(0, |p| p.seq)
    };
    (first(of.src, of.dst), first(of.dst, of.src))
}

/// Cuts the payload of every data segment at the given places.
fn cut(packets: &[Packet], cuts: &[Index], every: Option<usize>) -> Vec<Packet> {
    let mut out = Vec::new();
    let mut cuts = cuts.iter().cycle();
    for packet in packets {
        let length = packet.payload.len();
        let mut places: Vec<usize> = match every {
            Some(step) => (1..length).filter(|at| at % step == 0).collect(),
            None if length > 1 => cuts
                .by_ref()
                .take(3)
                .map(|index| index.index(length - 1) + 1)
                .collect(),
            None => Vec::new(),
        };
        places.extend([0, length]);
        places.sort_unstable();
        places.dedup();
        if length == 0 {
            out.push(packet.clone());
        }
        for (nth, pair) in places.windows(2).enumerate() {
            let last = pair[1] == length;
            out.push(Packet {
                // All within the 100 us to the next packet.
                time: packet.time + i64::try_from(nth.min(90)).expect("small") * 1000,
                seq: packet.seq.wrapping_add(pair[0] as u32),
                payload: packet.payload[pair[0]..pair[1]].to_vec(),
                flags: if last { packet.flags } else { packet.flags & !FIN },
                ip_id: packet.ip_id.wrapping_mul(31).wrapping_add(nth as u16).max(1),
                ..packet.clone()
            });
        }
    }
    out
}

#[test]
fn any_cut_of_the_payload_gives_the_same_exchanges() {
    let base = capture_of(TRAFFIC).packets;
    let expected = exchanges(&report("cut.pcap", &base));
    assert_eq!(
        expected["totals"]["requests"]["total"], 13,
        "the traffic is worth cutting"
    );
    for step in [1, 2, 7] {
        assert_eq!(
            exchanges(&report("cut.pcap", &cut(&base, &[], Some(step)))),
            expected,
            "every {step} bytes"
        );
    }
    holds(40, &prop::collection::vec(any::<Index>(), 40..80), |cuts| {
        prop_assert_eq!(
            &exchanges(&report("cut.pcap", &cut(&base, &cuts, None))),
            &expected
        );
        Ok(())
    });
}

/// Shuffles runs of data segments of one direction: no packet passes one of the other side, nor a SYN, FIN or RST.
fn reorder(packets: &[Packet], keys: &[u8], window: usize) -> Vec<Packet> {
    let mut out = packets.to_vec();
    let run_of = |packet: &Packet| {
        let data = !packet.payload.is_empty() && packet.flags & (SYN | FIN | RST) == 0;
        data.then_some((packet.src, packet.dst, packet.ack))
    };
    let mut start = 0;
    let mut keys = keys.iter().cycle();
    while start < out.len() {
        let kind = run_of(&out[start]);
        let mut end = start + 1;
        while kind.is_some() && end < out.len() && end - start < window && run_of(&out[end]) == kind {
            end += 1;
        }
        let times: Vec<i64> = out[start..end].iter().map(|packet| packet.time).collect();
        let mut run: Vec<(u8, Packet)> = out[start..end]
            .iter()
            .map(|packet| (*keys.next().unwrap_or(&0), packet.clone()))
            .collect();
        run.sort_by_key(|(key, _)| *key);
        for ((slot, (_, packet)), time) in out[start..end].iter_mut().zip(run).zip(times) {
            *slot = Packet { time, ..packet };
        }
        start = end;
    }
    out
}

#[test]
fn reordered_segments_give_the_same_exchanges() {
    let base = cut(&capture_of(TRAFFIC).packets, &[], Some(11));
    let expected = exchanges(&report("order.pcap", &base));
    let keys = prop::collection::vec(any::<u8>(), 50..200);
    holds(40, &(keys, 2usize..12), |(keys, window)| {
        let shuffled = reorder(&base, &keys, window);
        prop_assert_eq!(&exchanges(&report("order.pcap", &shuffled)), &expected);
        Ok(())
    });
}

#[test]
fn repeated_segments_give_the_same_exchanges() {
    let base = capture_of(TRAFFIC).packets;
    let expected = exchanges(&report("repeated.pcap", &base));
    holds(24, &prop::collection::vec(any::<bool>(), 20..60), |choice| {
        let mut packets = Vec::new();
        for (packet, repeat) in base.iter().zip(choice.iter().cycle()) {
            packets.push(packet.clone());
            if *repeat && !packet.payload.is_empty() {
                // A retransmission: another IP-ID, another TSval, before anything else happens.
                let timestamps = packet.timestamps.map(|(value, echo)| (value + 1, echo));
                let ip_id = packet.ip_id.wrapping_add(30_000).max(1);
                packets.push(Packet {
                    time: packet.time + 60_000,
                    ip_id,
                    timestamps,
                    ..packet.clone()
                });
            }
        }
        let mut got = exchanges(&report("repeated.pcap", &packets));
        let mut wanted = expected.clone();
        // Bytes on the wire are more; the exchanges are not.
        for report in [&mut got, &mut wanted] {
            for connection in report["connections"].as_array_mut().into_iter().flatten() {
                connection["bytes_to_server"] = Value::Null;
                connection["bytes_to_client"] = Value::Null;
            }
        }
        prop_assert_eq!(&got, &wanted);
        Ok(())
    });
}

#[derive(Clone, Debug)]
enum Mutation {
    Set(Index, u8),
    Flip(Index, u8),
    Cut(Index),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Copy(Index, Index, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let small = prop::collection::vec(any::<u8>(), 1..9);
    prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, value)| Mutation::Set(at, value)),
        4 => (any::<Index>(), 0u8..8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        1 => any::<Index>().prop_map(Mutation::Cut),
        1 => (any::<Index>(), small).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        1 => (any::<Index>(), 1usize..40).prop_map(|(at, length)| Mutation::Remove(at, length)),
        2 => (any::<Index>(), any::<Index>(), 1usize..80).prop_map(|(from, to, length)| Mutation::Copy(from, to, length)),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match mutation {
        Mutation::Set(at, value) => bytes[at.index(length)] = *value,
        Mutation::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
        Mutation::Cut(at) => bytes.truncate(at.index(length)),
        Mutation::Insert(at, new) => {
            let at = at.index(length);
            bytes.splice(at..at, new.iter().copied());
        }
        Mutation::Remove(at, count) => {
            let at = at.index(length);
            bytes.drain(at..(at + count).min(length));
        }
        Mutation::Copy(from, to, count) => {
            let (from, to) = (from.index(length), to.index(length));
            let end = from + (*count).min(length - from).min(length - to);
            bytes.copy_within(from..end, to);
        }
    }
}

/// The report or a plain refusal; anything else (a panic is 101, a signal none) is a finding.
fn survives(name: &str, bytes: &[u8]) -> Result<(), TestCaseError> {
    let file = write(&directory("properties"), name, bytes);
    let outcome = common::run::read(&file, &[]);
    let path = file.display();
    prop_assert!(
        matches!(outcome.code, Some(0 | 2)),
        "{path}: exit {:?}: {}",
        outcome.code,
        outcome.stderr
    );
    if outcome.code == Some(0) {
        prop_assert!(outcome.report().is_ok(), "{path}: no JSON");
    } else {
        prop_assert!(!outcome.stderr.trim().is_empty(), "{path}: exit 2 without a word");
    }
    Ok(())
}

#[test]
fn mutated_captures_never_panic() {
    let packets = capture_of(TRAFFIC).packets;
    let files = [
        pcap(&frames(&packets, Link::Ethernet), Link::Ethernet, PLAIN),
        pcapng(&frames(&packets, Link::Ethernet), Link::Ethernet, PLAIN),
        pcap(&frames(&packets, Link::Sll2), Link::Sll2, PLAIN),
        common::files::gzip(&pcap(&frames(&packets, Link::Raw), Link::Raw, PLAIN)),
    ];
    holds(
        150,
        &(0..files.len(), prop::collection::vec(mutation(), 1..12)),
        |(which, mutations)| {
            let mut bytes = files[which].clone();
            for mutation in &mutations {
                mutate(&mut bytes, mutation);
            }
            survives("mutated.pcap", &bytes)
        },
    );
}

#[test]
fn mutated_packets_in_a_sound_file_never_panic() {
    let packets = capture_of(TRAFFIC).packets;
    for link in [Link::Ethernet, Link::Vlan, Link::Sll, Link::Null, Link::Raw] {
        let frames = frames(&packets, link);
        let each = prop::collection::vec((any::<Index>(), mutation()), 1..60);
        holds(40, &each, |mutations| {
            let mut frames = frames.clone();
            for (which, mutation) in &mutations {
                let frame = which.get(&frames);
                let mut bytes = frame.bytes.clone();
                mutate(&mut bytes, mutation);
                let at = which.index(frames.len());
                frames[at].wire_length = frames[at].wire_length.max(bytes.len());
                frames[at].bytes = bytes;
            }
            survives("packets.pcap", &pcap(&frames, link, PLAIN))
        });
    }
}

#[test]
fn mutated_payload_never_panics() {
    let packets = capture_of(TRAFFIC).packets;
    holds(
        150,
        &prop::collection::vec((any::<Index>(), mutation()), 1..30),
        |mutations| {
            let mut packets = packets.clone();
            for (which, mutation) in &mutations {
                let at = which.index(packets.len());
                mutate(&mut packets[at].payload, mutation);
            }
            survives(
                "payload.pcap",
                &pcap(&frames(&packets, Link::Ethernet), Link::Ethernet, PLAIN),
            )
        },
    );
}

#[test]
fn random_bytes_never_panic() {
    let magic = prop_oneof![
        Just(vec![]),
        Just(vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]),
        Just(vec![0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4]),
        Just(vec![0x0a, 0x0d, 0x0d, 0x0a]),
        Just(vec![0x1f, 0x8b, 8, 0]),
        Just(vec![0x28, 0xb5, 0x2f, 0xfd]),
    ];
    holds(
        100,
        &(magic, prop::collection::vec(any::<u8>(), 0..400)),
        |(mut bytes, rest)| {
            bytes.extend(rest);
            survives("random.pcap", &bytes)?;
            let outcome = flowcheck(&["read", "-", "--json"], Some(&bytes));
            prop_assert!(
                matches!(outcome.code, Some(0 | 2)),
                "stdin: exit {:?}: {}",
                outcome.code,
                outcome.stderr
            );
            Ok(())
        },
    );
}
