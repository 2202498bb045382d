//! Captures one after another in one input, sound and damaged.

use super::build::{BOTH, Endian, MICRO, NANO, Pcap, PcapNg, gzip, zstd};
use super::{Drained, drain, open_bytes};

/// A capture with a packet a second.
fn hour(endian: Endian, magic: u32, from: u32, packets: u32) -> Vec<u8> {
    let file = Pcap::new(endian, magic, 1);
    (from..from + packets)
        .fold(file, |file, second| {
            let packet = packet(second);
            file.record(second, 1, packet.len() as u32, &packet)
        })
        .bytes
}

/// A packet of a size of its own that begins with an address of Ethernet.
fn packet(second: u32) -> Vec<u8> {
    let mut packet = vec![2, 0x42, 0xac, 0x11];
    packet.resize(60 + (second % 7) as usize, second as u8);
    packet
}

fn blocks(endian: Endian, from: u32, packets: u32) -> Vec<u8> {
    let file = PcapNg::new(endian).interface(1, 0, &[(2, b"eth0")]);
    let second = |file: PcapNg, second: u32| {
        let packet = packet(second);
        file.enhanced(0, u64::from(second) * 1_000_000, packet.len() as u32, &packet)
    };
    (from..from + packets).fold(file, second).bytes
}

const BASE: u32 = 1_700_000_000;

/// Every way to store a capture of so many packets.
fn ways(from: u32, packets: u32) -> Vec<(&'static str, Vec<u8>)> {
    let plain = hour(Endian::Little, MICRO, from, packets);
    let other = hour(Endian::Big, NANO, from, packets);
    let newer = blocks(Endian::Big, from, packets);
    vec![
        ("pcap", plain.clone()),
        ("other order", other.clone()),
        ("pcapng", newer.clone()),
        ("gzip", gzip(&plain)),
        ("zstd", zstd(&other)),
        ("gzip of pcapng", gzip(&newer)),
        ("two members", {
            let (left, right) = plain.split_at(100);
            [gzip(left), gzip(b""), gzip(right)].concat()
        }),
    ]
}

fn joined(files: &[&[u8]], piece: usize) -> Drained {
    drain(open_bytes(&files.concat(), piece, true).unwrap())
}

fn seconds(drained: &Drained) -> Vec<u32> {
    let seconds = drained.nanos().into_iter().map(|nanos| nanos / 1_000_000_000);
    seconds.map(|second| (second as u32).wrapping_sub(BASE)).collect()
}

#[test]
fn each_is_read_in_its_own_way() {
    for (first, one) in ways(BASE, 40) {
        for (second, two) in ways(BASE + 100, 30) {
            for piece in [7, 4_096, usize::MAX] {
                let third = hour(Endian::Little, NANO, BASE + 200, 3);
                let drained = joined(&[&one, &two, &third], piece);
                let expected: Vec<u32> = (0..40).chain(100..130).chain(200..203).collect();
                assert_eq!(seconds(&drained), expected, "{first}, {second}, {piece}");
                assert_eq!(drained.numbers(), (1..=73).collect::<Vec<_>>());
                let summary = drained.summary();
                assert_eq!(summary.warnings, Vec::<String>::new(), "{first}, {second}");
                let captures = &summary.captures;
                let stored: Vec<_> = captures.iter().map(|capture| capture.stored_at_byte).collect();
                let ends = [0, one.len() as u64, (one.len() + two.len()) as u64];
                assert_eq!(stored, ends, "{first}, {second}");
                let packets: Vec<_> = captures.iter().map(|capture| capture.packets).collect();
                assert_eq!(packets, [40, 30, 3]);
                assert!(summary.damage.is_empty());
            }
        }
    }
}

#[test]
fn the_same_interface_is_one_throughout() {
    let files: Vec<Vec<u8>> = (0..50)
        .map(|n| blocks(Endian::Little, BASE + n * 10, 5))
        .collect();
    let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    let drained = joined(&files, usize::MAX);
    assert_eq!((drained.seen.len(), drained.interfaces.len()), (250, 1));
}

/// What a killed tcpdump leaves: the end is missing, wherever that is. Only what was cut may be lost.
#[test]
fn a_cut_loses_nothing_of_the_next() {
    for (name, two) in ways(BASE + 100, 200) {
        for endian in BOTH {
            let is_odd = matches!(
                (endian, name),
                (Endian::Big, "pcap") | (Endian::Little, "other order")
            );
            if is_odd || is_compressed(&two) {
                // Numbers of one order, a byte further, are numbers of the other; and compressed data may be the payload of
                // the packet that was cut: such a pair may lose more.
                continue;
            }
            let one = hour(endian, MICRO, BASE, 20);
            let whole = 20 - 1;
            let last = one.len() - hour(endian, MICRO, BASE, whole).len();
            for missing in 1..last {
                // The next file's header is exactly what the last packet lacks: that is a packet.
                if missing == 24 {
                    continue;
                }
                let cut = &one[..one.len() - missing];
                for piece in [61, usize::MAX] {
                    // Of a pipe that pauses where a packet seems to end, that packet is handed on.
                    let drained = drain(open_bytes(&[cut, &two].concat(), piece, false).unwrap());
                    let expected: Vec<u32> = (0..whole).chain(100..300).collect();
                    assert_eq!(
                        seconds(&drained),
                        expected,
                        "{name}, {missing} bytes missing: {:?}",
                        drained.summary()
                    );
                    let summary = drained.summary();
                    let [damage] = summary.damage.as_slice() else {
                        panic!("{name}, {missing}: {:?}", summary.damage);
                    };
                    assert_eq!(
                        damage.stored_at_byte,
                        (one.len() - last) as u64,
                        "{name}, {missing}: {damage:?}"
                    );
                    assert_eq!(summary.damaged_places, 1);
                    assert!(
                        summary
                            .warnings
                            .iter()
                            .any(|text| text.contains(&format!("byte {}", one.len() - last)))
                    );
                }
            }
        }
    }
}

/// The same with a small one behind it, which lies in the last record's claim.
#[test]
fn a_cut_loses_nothing_of_a_small_next_one() {
    let large = vec![7; 9_000];
    for (name, two) in ways(BASE + 100, 4)
        .into_iter()
        .filter(|(_, two)| !is_compressed(two))
    {
        let one = Pcap::ethernet()
            .packet(BASE, 0)
            .record(BASE + 1, 0, 9_000, &large)
            .bytes;
        for kept in [1_000, 5_000] {
            let cut = &one[..one.len() - (9_000 - kept)];
            let drained = joined(&[cut, &two], usize::MAX);
            let expected: Vec<u32> = [0].into_iter().chain(100..104).collect();
            assert_eq!(
                seconds(&drained),
                expected,
                "{name}, {kept} bytes kept: {:?}",
                drained.summary()
            );
            assert_eq!(drained.summary().damage.len(), 1, "{name}");
        }
    }
}

fn is_compressed(bytes: &[u8]) -> bool {
    matches!(bytes, [0x1f, 0x8b, ..] | [0x28, 0xb5, ..])
}

/// Compressed captures behind a cut file, whose last record took in the beginning of the next.
#[test]
fn compressed_captures_are_found_again_behind_damage() {
    let one = hour(Endian::Little, MICRO, BASE, 20);
    for compress in [gzip as fn(&[u8]) -> Vec<u8>, zstd] {
        let hours = [100, 200, 300].map(|from| compress(&hour(Endian::Little, MICRO, BASE + from, 50)));
        let files = [&one[..one.len() - 7], &hours[0], &hours[1], &hours[2]];
        let drained = joined(&files, usize::MAX);
        let expected: Vec<u32> = (0..19).chain(100..150).chain(200..250).chain(300..350).collect();
        assert_eq!(seconds(&drained), expected, "{:?}", drained.summary());
        let damage = &drained.summary().damage;
        assert!(
            damage.len() == 1 && damage[0].what.contains("packet 20 is cut short"),
            "{damage:?}"
        );
    }
}

/// What a packet carries is no capture, whatever stands around it.
#[test]
fn compressed_captures_in_packets_stay_payload_beside_damage() {
    let inner = gzip(&hour(Endian::Little, MICRO, BASE, 12));
    let file = |garbage: &[u8], after: u32| {
        let file = (0..40).fold(Pcap::ethernet(), |file, number| file.packet(BASE + number, 0));
        let file = file.record(BASE + 40, 0, inner.len() as u32, &inner);
        let rest = (0..after)
            .fold(Pcap::ethernet(), |file, number| {
                file.packet(BASE + 41 + number, 0)
            })
            .bytes;
        [&file.bytes, garbage, rest.get(24..).unwrap_or_default()].concat()
    };
    for (garbage, after) in [(&b"zzzz"[..], 1_000), (&[0; 100], 0), (&[0; 4_096], 0), (b"", 0)] {
        let drained = joined(&[&file(garbage, after)], usize::MAX);
        assert_eq!(drained.seen.len() as u32, 41 + after, "{:?}", drained.summary());
    }
    // Killed inside of that record.
    let mut cut = file(b"", 0);
    cut.truncate(cut.len() - 3);
    assert_eq!(joined(&[&cut], usize::MAX).seen.len(), 40);
    // Its length lies.
    let mut lies = file(b"", 1_000);
    let at = 24 + 40 * 76 + 8;
    lies[at..at + 4].copy_from_slice(&7_u32.to_le_bytes());
    let drained = joined(&[&lies], usize::MAX);
    assert!(drained.seen.len() >= 1_040, "{:?}", drained.summary());
}

/// A second that is written like gzip's magic, in a packet that is odd besides.
#[test]
fn seconds_that_look_compressed_are_seconds() {
    const GZIP: u32 = 0x6808_8b1f;
    let file = (0..20).fold(Pcap::ethernet(), |file, _| file.record(GZIP, 0, 0, &[7; 60]));
    assert_eq!(joined(&[&file.bytes], usize::MAX).seen.len(), 20);
}

/// Sound captures cost nothing, however many there are; nor does a damaged one spoil those around it.
#[test]
fn many_alternating_captures_and_damaged_ones_between() {
    let plain = |n: u32| hour(Endian::Little, MICRO, BASE + n, 1);
    let all: Vec<u8> = (0..3_000)
        .flat_map(|n| if n % 2 == 0 { plain(n) } else { gzip(&plain(n)) })
        .collect();
    let drained = joined(&[&all], 100_000);
    assert_eq!(drained.seen.len(), 3_000);
    assert!(
        drained.summary().warnings.is_empty(),
        "{:?}",
        drained.summary().warnings
    );
    let sound = |n| gzip(&hour(Endian::Little, MICRO, BASE + n, 30));
    let mut broken = sound(500);
    let middle = broken.len() - 6;
    broken[middle] ^= 0xff;
    let drained = joined(
        &[&plain(0), &sound(100), &broken, &sound(200), &broken, &sound(300)],
        usize::MAX,
    );
    for from in [100, 200, 300] {
        let found = seconds(&drained)
            .iter()
            .filter(|second| (from..from + 30).contains(*second))
            .count();
        assert_eq!(found, 30, "{from}: {:?}", drained.summary());
    }
    // The first of all.
    let drained = joined(&[&sound(0)[..40], &sound(100), &plain(200)], usize::MAX);
    assert_eq!(
        seconds(&drained),
        (100..130).chain(200..201).collect::<Vec<_>>(),
        "{:?}",
        drained.summary()
    );
}

#[test]
fn compressed_data_that_is_cut_or_damaged_loses_nothing_of_the_next() {
    // Content that does not compress, so that the cut is amid packets.
    let noise = |from: u32| {
        let mut state = from | 1;
        let file = (0..400_u32).fold(Pcap::ethernet(), |file, number| {
            let packet: Vec<u8> = (0..700)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            file.record(from + number, 0, 700, &packet)
        });
        file.bytes
    };
    let one = noise(BASE);
    for (kind, compress) in [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("zstd", zstd)] {
        let stored = compress(&one);
        for (name, two) in ways(BASE + 1_000, 200) {
            let mut broken = stored.clone();
            broken[stored.len() / 2] ^= 0x55;
            broken[stored.len() / 2 + 1] ^= 0x55;
            for (how, file) in [("cut", &stored[..stored.len() * 2 / 3]), ("broken", &broken[..])] {
                let drained = joined(&[file, &two], 10_000);
                let seconds = seconds(&drained);
                let before = seconds.iter().filter(|second| **second < 1_000).count();
                assert!(before >= 100, "{kind} {how}, {name}: {before} before the damage");
                let after: Vec<u32> = seconds.into_iter().filter(|second| *second >= 1_000).collect();
                assert_eq!(after, (1_000..1_200).collect::<Vec<_>>(), "{kind} {how}, {name}");
                let summary = drained.summary();
                assert!(summary.damaged_places >= 1, "{kind} {how} {name}: {summary:?}");
                assert_eq!(
                    summary.truncated_at_byte, None,
                    "{kind} {how} {name}: {summary:?}"
                );
                let text = format!("stored at byte {}", file.len());
                assert!(
                    summary
                        .warnings
                        .iter()
                        .any(|warning| warning.contains(&text) && warning.contains(kind)),
                    "{kind} {how}, {name}: {:?}",
                    summary.warnings
                );
                assert_eq!(summary.captures.len(), 2);
                assert_eq!(summary.captures[1].stored_at_byte, file.len() as u64);
                assert_eq!(summary.captures[1].packets, 200);
            }
        }
    }
}

#[test]
fn what_is_no_capture_between_two_is_skipped() {
    for (name, two) in ways(BASE + 100, 200) {
        let one = hour(Endian::Little, MICRO, BASE, 20);
        let text = b"rsync: connection unexpectedly closed (0 bytes received so far)\n".repeat(5);
        let no_capture = gzip(&text);
        for garbage in [&text[..], &no_capture[..]] {
            // Compressed data is known for a capture by what follows it.
            let three = hour(Endian::Little, MICRO, BASE + 400, 5);
            let drained = joined(&[&one, garbage, &two, &three], usize::MAX);
            let expected: Vec<u32> = (0..20).chain(100..300).chain(400..405).collect();
            assert_eq!(seconds(&drained), expected, "{name}: {:?}", drained.summary());
            let damage = &drained.summary().damage;
            assert!(
                damage
                    .iter()
                    .all(|damage| damage.stored_at_byte >= one.len() as u64),
                "{name} {damage:?}"
            );
            assert!(!damage.is_empty());
        }
    }
}

/// A download of a capture is payload, whatever it looks like.
#[test]
fn captures_in_packets_stay_payload() {
    let inner: Vec<Vec<u8>> = ways(BASE, 30).into_iter().map(|(_, bytes)| bytes).collect();
    for bytes in inner {
        let file = (0..40).fold(Pcap::ethernet(), |file, number| {
            file.record(BASE + number, 0, bytes.len() as u32, &bytes)
        });
        let drained = joined(&[&file.bytes, &file.bytes], 5_000);
        assert_eq!(drained.seen.len(), 80);
        assert!(drained.seen.iter().all(|packet| packet.bytes == bytes));
        assert!(drained.summary().warnings.is_empty());
        let zipped = gzip(&file.bytes);
        let drained = joined(&[&zipped, &zipped], 5_000);
        assert_eq!(drained.seen.len(), 80);
        assert_eq!(drained.summary().captures.len(), 2);
    }
}

#[test]
fn zeros_that_fill_a_block_of_a_tape_are_nothing() {
    let one = gzip(&hour(Endian::Little, MICRO, BASE, 20));
    let two = zstd(&hour(Endian::Little, MICRO, BASE + 100, 20));
    let drained = joined(&[&one, &[0; 700], &two, &[0; 3]], 100);
    assert_eq!(drained.seen.len(), 40);
    assert!(drained.summary().warnings.is_empty());
}
