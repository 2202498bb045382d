//! Times that can't be, and header fields that lie.

use super::build::{BOTH, Pcap, PcapNg};
use super::{drain, open_bytes, read};

#[test]
fn one_absurd_time_does_not_move_the_clock() {
    let pcap = Pcap::ethernet().packet(1_700_000_000, 0).packet(1_700_000_000, 5);
    let ng = PcapNg::new(BOTH[1]).interface(1, 0, &[]);
    let (now, absurd) = (1_700_000_000_000_000, 4_200_000_000_000_000);
    for bytes in [
        pcap.packet(4_200_000_000, 0).packet(1_700_000_000, 9).bytes,
        ng.enhanced(0, now, 1, b"a")
            .enhanced(0, now + 5, 1, b"b")
            .enhanced(0, absurd, 1, b"c")
            .enhanced(0, now + 9, 1, b"d")
            .bytes,
    ] {
        let now = 1_700_000_000_000_000_000;
        for piece in [1, usize::MAX] {
            let drained = drain(open_bytes(&bytes, piece, true).unwrap());
            assert_eq!(
                drained.nanos(),
                [now, now + 5_000, drained.nanos()[2], now + 9_000]
            );
            assert!((now..=now + 5_000).contains(&drained.nanos()[2]));
            let warnings = &drained.summary().warnings;
            assert!(
                matches!(warnings.as_slice(), [one] if one.contains("1 packets whose time can't be")
                    && one.contains("packet 3 at byte ")),
                "{warnings:?}"
            );
        }
    }
}

#[test]
fn a_clock_that_was_set_is_kept_and_told() {
    let seconds = [
        1_700_000_000,
        1_700_000_001,
        5_000_000,
        5_000_001,
        4_200_000_000,
        4_200_000_001,
    ];
    let bytes = seconds
        .iter()
        .fold(Pcap::ethernet(), |pcap, second| pcap.packet(*second, 0))
        .bytes;
    let drained = read(&bytes);
    let nanos: Vec<i64> = seconds
        .iter()
        .map(|second| i64::from(*second) * 1_000_000_000)
        .collect();
    assert_eq!(drained.nanos(), nanos);
    let warnings = &drained.summary().warnings;
    assert!(
        matches!(warnings.as_slice(), [one] if one.contains("2 places where time runs backwards")
            && one.contains("packet 3 at byte ")),
        "{warnings:?}"
    );
}

#[test]
fn headers_that_lie_lose_no_packet() {
    let packets = (0..50).fold(Pcap::ethernet(), |pcap, second| {
        pcap.packet(1_700_000_000 + second, 0)
    });
    let whole = read(&packets.bytes).seen;
    for snaplen in [0, 1, u32::MAX] {
        let mut bytes = packets.bytes.clone();
        bytes[16..20].copy_from_slice(&snaplen.to_le_bytes());
        assert_eq!(read(&bytes).seen, whole, "snaplen {snaplen}");
        bytes[20..22].copy_from_slice(&[0x77, 0x77]);
        assert_eq!(read(&bytes).seen.len(), 50, "link type unknown");
    }
    // Every packet claims to have been shorter on the wire than what was captured of it.
    let shorter = (0..50).fold(Pcap::ethernet(), |pcap, second| {
        pcap.record(1_700_000_000 + second, 0, 4, &[7; 60])
    });
    let drained = read(&shorter.bytes);
    assert_eq!(drained.seen.len(), 50);
    assert!(drained.summary().warnings.is_empty());
}

#[test]
fn packets_days_apart_are_taken_as_they_are() {
    let days = [0, 3, 5, 40, 400, 402].map(|day| 1_700_000_000 + day * 86_400);
    let bytes = days
        .iter()
        .fold(Pcap::ethernet(), |pcap, second| pcap.packet(*second, 0))
        .bytes;
    let drained = read(&bytes);
    let nanos = days.map(|second| i64::from(second) * 1_000_000_000);
    assert_eq!(drained.nanos(), nanos);
    assert!(
        drained.summary().warnings.is_empty(),
        "{:?}",
        drained.summary().warnings
    );
}

#[test]
fn interface_options_that_lie_are_read_over() {
    for endian in BOTH {
        let options: [&[(u16, &[u8])]; 4] = [
            &[(9, &[])],
            &[(9, &[0xff])],
            &[(9, &[0x7f]), (14, &[0xff; 8])],
            &[(2, &[0xff; 40]), (14, &[1])],
        ];
        for options in options {
            let file = PcapNg::new(endian).interface(1, 0, options);
            let mut bytes = file
                .clone()
                .enhanced(0, u64::MAX, 1, b"a")
                .enhanced(0, 0, 1, b"b")
                .bytes;
            assert_eq!(read(&bytes).seen.len(), 2);
            // The first option claims to be longer than its block.
            bytes[28 + 18..28 + 20].copy_from_slice(&[0xff; 2]);
            assert_eq!(read(&bytes).seen.len(), 2);
        }
    }
}

#[test]
fn a_section_length_that_lies_changes_nothing() {
    for endian in BOTH {
        let bytes = PcapNg::new(endian)
            .interface(1, 0, &[])
            .enhanced(0, 1, 1, b"a")
            .bytes;
        let whole = read(&bytes).seen;
        for length in [0_u64, 1, 1 << 40, u64::MAX / 2] {
            let mut bytes = bytes.clone();
            bytes[16..24].copy_from_slice(&endian.u64(length));
            assert_eq!(read(&bytes).seen, whole);
        }
    }
}
