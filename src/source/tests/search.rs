//! Where reading resumes after damage, and where it must not.

use super::build::{BOTH, Endian, MICRO, MODIFIED, NANO, Pcap, PcapNg, gzip};
use super::mutations::{Original, Random, pcap, pcapng};
use super::{Drained, drain, open_bytes, read};

const START: u32 = 1_700_000_000;
/// Marks of packets in captures that other packets carry.
const CARRIED: u32 = 900_000;

/// The numbers that packets carry in their first four bytes.
fn marks(drained: &Drained) -> Vec<u32> {
    let mark = |bytes: &[u8]| u32::from_be_bytes(bytes[..4].try_into().unwrap());
    drained.seen.iter().map(|packet| mark(&packet.bytes)).collect()
}

fn marked(number: u32, length: usize) -> Vec<u8> {
    let mut packet = number.to_be_bytes().to_vec();
    packet.resize(length, 0x20);
    packet
}

/// Records of every layout: 20 packets each, and where each begins.
fn layouts() -> Vec<(Vec<u8>, Vec<usize>)> {
    let mut files = Vec::new();
    for endian in BOTH {
        for magic in [MICRO, NANO, MODIFIED] {
            let (mut file, mut starts) = (Pcap::new(endian, magic, 1), Vec::new());
            for number in 0..20 {
                starts.push(file.bytes.len());
                file = file.record(START + number, number, 90, &marked(number, 60 + number as usize));
            }
            files.push((file.bytes, starts));
        }
        let (mut file, mut starts) = (PcapNg::new(endian).interface(1, 0, &[]), Vec::new());
        for number in 0..20 {
            starts.push(file.bytes.len());
            let ticks = u64::from(START + number) * 1_000_000;
            file = file.enhanced(0, ticks, 90, &marked(number, 60 + number as usize));
        }
        files.push((file.bytes, starts));
    }
    files
}

#[test]
fn garbage_between_records_is_skipped_to_the_byte() {
    for (bytes, starts) in layouts() {
        let whole = marks(&read(&bytes));
        assert_eq!(whole, (0..20).collect::<Vec<_>>());
        for length in [1, 2, 3, 15, 16, 17, 1_000, 300_000, 3_000_000] {
            for filler in 0..4 {
                let mut random = Random::new(length as u64);
                let fill = |_| [0, 0xff, b'x', random.below(256) as u8][filler];
                let garbage: Vec<u8> = (0..length).map(fill).collect();
                let at = starts[10];
                let mut damaged = bytes.clone();
                damaged.splice(at..at, garbage);
                for piece in [usize::MAX, 60_000] {
                    let drained = drain(open_bytes(&damaged, piece, piece == 60_000).unwrap());
                    assert_eq!(marks(&drained), whole, "{length} {filler}");
                    let summary = drained.summary();
                    assert_eq!(
                        (summary.damaged_places, summary.skipped_bytes),
                        (1, length as u64)
                    );
                    assert_eq!(summary.truncated_at_byte, None);
                    let told = format!(
                        "at byte {at}; {length} bytes were skipped, reading resumed at byte {}",
                        at + length
                    );
                    assert!(
                        matches!(summary.warnings.as_slice(), [one] if one.contains(&told)),
                        "{:?}",
                        summary.warnings
                    );
                }
            }
        }
    }
}

#[test]
fn garbage_to_the_end_is_skipped_and_told() {
    for Original { bytes, seen, .. } in [pcap(), pcapng()] {
        for filler in 0..4 {
            let mut random = Random::new(filler as u64);
            let fill = |_| [0, 0xff, b'x', random.below(256) as u8][filler];
            let garbage: Vec<u8> = (0..4 << 20).map(fill).collect();
            let drained = read(&[bytes.as_slice(), &garbage].concat());
            assert_eq!(drained.seen, seen, "{filler}");
            let summary = drained.summary();
            assert_eq!(summary.truncated_at_byte, Some(bytes.len() as u64));
            assert_eq!((summary.damaged_places, summary.skipped_bytes), (1, 4 << 20));
        }
    }
}

#[test]
fn a_length_that_lies_costs_its_own_packet() {
    for (bytes, starts) in layouts().into_iter().filter(|(bytes, _)| bytes[0] != 0x0a) {
        let is_big = bytes[0] == 0xa1;
        for lie in [
            0,
            1,
            40,
            69,
            71,
            80,
            86,
            90,
            100,
            200,
            900,
            5_000,
            262_144,
            262_145,
            u32::MAX,
        ] {
            let mut damaged = bytes.clone();
            let field = starts[10] + 8;
            let value = if is_big {
                lie.to_be_bytes()
            } else {
                lie.to_le_bytes()
            };
            damaged[field..field + 4].copy_from_slice(&value);
            let drained = read(&damaged);
            let others: Vec<u32> = (0..20).filter(|number| *number != 10).collect();
            let kept: Vec<u32> = drained
                .seen
                .iter()
                .filter_map(|packet| packet.bytes.first_chunk().map(|mark| u32::from_be_bytes(*mark)))
                .filter(|mark| *mark != 10)
                .collect();
            assert_eq!(kept, others, "{lie}: {:?}", drained.summary().warnings);
            assert_eq!(drained.summary().damaged_places, 1, "{lie}");
        }
    }
}

/// A stream of bytes as packets carry it: a mark, then so many bytes of it.
fn carry(stream: &[u8], size: usize) -> Vec<Vec<u8>> {
    let packet = |(number, piece): (usize, &[u8])| [&marked(number as u32, 60), piece].concat();
    stream.chunks(size).enumerate().map(packet).collect()
}

/// Captures that travel in packets, made in the same seconds.
fn inner() -> [Vec<u8>; 2] {
    let packets = || {
        (0..2_000).map(|number| {
            (
                START + number / 40,
                marked(CARRIED + number, 50 + number as usize % 40),
            )
        })
    };
    let pcap = packets().fold(Pcap::ethernet(), |file, (second, packet)| {
        file.record(second, 7, 90, &packet)
    });
    let pcapng = packets().fold(
        PcapNg::new(Endian::Little).interface(1, 0, &[]),
        |file, (second, packet)| file.enhanced(0, u64::from(second) * 1_000_000, 90, &packet),
    );
    [pcap.bytes, pcapng.bytes]
}

#[test]
fn a_capture_inside_packets_is_not_taken_for_packets() {
    for stream in inner() {
        for size in [1_448, 60_000] {
            let packets = carry(&stream, size);
            let (mut pcap, mut pcapng) = (Pcap::ethernet(), PcapNg::new(Endian::Little).interface(1, 0, &[]));
            let mut starts = Vec::new();
            for (number, packet) in packets.iter().enumerate() {
                let second = START + (50 * number / packets.len()) as u32;
                starts.push((pcap.bytes.len(), pcapng.bytes.len()));
                pcap = pcap.record(second, 0, packet.len() as u32, packet);
                pcapng = pcapng.enhanced(0, u64::from(second) * 1_000_000, packet.len() as u32, packet);
            }
            let (number, mut taken) = (packets.len() as u32, 0);
            for hit in 0..packets.len() - 1 {
                // The field of a length says nonsense, and a byte of garbage stands in front.
                let mut lies = [pcap.bytes.clone(), pcapng.bytes.clone()];
                lies[0][starts[hit].0 + 8..starts[hit].0 + 12].fill(0x7f);
                lies[1][starts[hit].1 + 4..starts[hit].1 + 8].fill(0x7f);
                let mut added = [pcap.bytes.clone(), pcapng.bytes.clone()];
                added[0].insert(starts[hit].0, 0x55);
                added[1].insert(starts[hit].1, 0x55);
                let expected: Vec<u32> = (0..number).filter(|mark| *mark != hit as u32).collect();
                for bytes in lies {
                    let drained = read(&bytes);
                    let (carried, outer): (Vec<u32>, Vec<u32>) =
                        marks(&drained).iter().partition(|mark| **mark >= CARRIED);
                    assert_eq!(
                        outer,
                        expected,
                        "{hit} of {size}: {:?}",
                        drained.summary().warnings
                    );
                    // What the damaged packet itself carries looks sound if its last record ends where the packet does.
                    assert!(carried.len() < 3 + size / 66, "{hit} of {size}");
                    taken += usize::from(!carried.is_empty());
                }
                for bytes in added {
                    let (carried, outer): (Vec<u32>, Vec<u32>) =
                        marks(&read(&bytes)).iter().partition(|mark| **mark >= CARRIED);
                    // By the one byte the packet before may seem to be too long, and to carry what goes on.
                    let missing: Vec<u32> = (0..number).filter(|mark| !outer.contains(mark)).collect();
                    assert!(
                        missing.is_empty() || missing == [hit as u32 - 1],
                        "{hit} of {size}: {missing:?}"
                    );
                    taken += usize::from(!carried.is_empty());
                }
            }
            // A block that the packet's end cuts can't be followed to where the next packet begins.
            let is_seen_through = size < 2_000 && stream[0] != 0x0a;
            assert!(
                !is_seen_through || taken <= packets.len() / 5,
                "{taken} of {number}"
            );
        }
    }
}

#[test]
fn a_cut_packet_that_carries_a_capture_is_cut() {
    for stream in inner() {
        let packets = carry(&stream, 30_000);
        let whole = packets.iter().fold(Pcap::ethernet(), |pcap, packet| {
            pcap.record(START, 0, packet.len() as u32, packet)
        });
        let last = whole.bytes.len() - packets[packets.len() - 1].len();
        for cut in (last..whole.bytes.len()).step_by(97) {
            let drained = read(&whole.bytes[..cut]);
            assert_eq!(drained.seen.len(), packets.len() - 1);
            let summary = drained.summary();
            assert_eq!(
                (summary.truncated_at_byte, summary.damaged_places),
                (Some(last as u64 - 16), 0)
            );
        }
    }
}

#[test]
fn a_capture_of_another_kind_behind_damage_is_found() {
    let files = layouts();
    for (first, starts) in &files {
        for (second, _) in &files {
            let cut = starts[10] + 30;
            let bytes = [&first[..cut], &[0x33; 500], second].concat();
            let expected: Vec<u32> = (0..10).chain(0..20).collect();
            let drained = read(&bytes);
            let mut marks = marks(&drained);
            // The one that was cut is filled up with garbage or gone.
            if marks.get(10) == Some(&10) {
                marks.remove(10);
            }
            assert_eq!(marks, expected, "{:?}", drained.summary().warnings);
        }
    }
}

#[test]
fn many_damaged_places_are_told_in_sum() {
    let (bytes, starts) = layouts().swap_remove(0);
    let mut damaged = Vec::new();
    for _ in 0..12 {
        damaged.extend(&bytes[if damaged.is_empty() { 0 } else { starts[0] }..]);
        damaged.extend([0x99; 50]);
    }
    let drained = read(&damaged);
    assert_eq!(drained.seen.len(), 240);
    let summary = drained.summary();
    assert_eq!((summary.damaged_places, summary.skipped_bytes), (12, 600));
    assert!(
        summary
            .warnings
            .iter()
            .any(|warning| warning.contains("1 more damaged places, 50 bytes were skipped"))
    );
}

#[test]
fn a_flipped_byte_in_compressed_data_loses_what_it_hides() {
    let Original { bytes, seen, .. } = pcap();
    let compressed = gzip(&bytes);
    for at in (20..compressed.len()).step_by(7) {
        let mut damaged = compressed.clone();
        damaged[at] ^= 0x10;
        let Ok(file) = open_bytes(&damaged, usize::MAX, false) else {
            continue;
        };
        let drained = drain(file);
        assert!(!drained.summary().warnings.is_empty(), "{at}");
        assert!(drained.seen.len() <= seen.len() + 2, "{at}");
    }
}
