use super::build::{BOTH, MICRO, Pcap, PcapNg, gzip, zstd};
use super::{drain, open_bytes, read};

/// Every file that is tried, with the number of bytes after which each packet is complete.
fn files() -> Vec<(Vec<u8>, Vec<usize>)> {
    let mut files = Vec::new();
    for endian in BOTH {
        let mut pcap = Pcap::new(endian, MICRO, 1);
        let mut ends = Vec::new();
        for second in 1..6 {
            pcap = pcap.packet(second, 0);
            ends.push(pcap.bytes.len());
        }
        files.push((pcap.bytes, ends));
        let mut pcapng = PcapNg::new(endian).interface(1, 0, &[(2, b"lo")]);
        let mut ends = Vec::new();
        for number in 0..3 {
            pcapng = pcapng.enhanced(0, number, 50, b"twelve bytes");
            ends.push(pcapng.bytes.len());
            pcapng = pcapng.simple(3, b"abc");
            ends.push(pcapng.bytes.len());
            pcapng = pcapng.obsolete(0, 3, b"old");
            ends.push(pcapng.bytes.len());
            pcapng = pcapng.statistics(0, 1, 2);
        }
        files.push((pcapng.bytes, ends));
    }
    files
}

#[test]
fn a_cut_at_any_byte_keeps_every_packet_before_it() {
    for (bytes, ends) in files() {
        let whole = read(&bytes).seen;
        assert_eq!(whole.len(), ends.len());
        for cut in 0..bytes.len() {
            let Ok(file) = open_bytes(&bytes[..cut], 13, false) else {
                assert!(cut < 24, "a header is enough, {cut}");
                continue;
            };
            let drained = drain(file);
            let complete = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(drained.seen, whole[..complete], "cut at {cut}");
            let summary = drained.summary();
            assert_eq!(summary.truncated_at_byte.is_some(), summary.warnings.len() == 1);
            if let (Some(at), [warning]) = (summary.truncated_at_byte, summary.warnings.as_slice()) {
                assert!(at < cut as u64, "{at} {cut}");
                assert!(
                    warning.contains("test.pcap: cut short") && warning.contains(&format!("byte {at};")),
                    "{warning}"
                );
            }
            if ends.contains(&cut) {
                assert_eq!(summary.truncated_at_byte, None, "cut at {cut}");
            }
        }
    }
}

#[test]
fn any_byte_may_be_wrong() {
    for (bytes, _) in files() {
        for at in 0..bytes.len() {
            for flip in [0xff, 0x80, 1] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                if let Ok(file) = open_bytes(&damaged, 13, true) {
                    drain(file);
                }
            }
        }
    }
}

#[test]
fn a_record_whose_length_lies_ends_the_reading_with_a_reason() {
    for endian in BOTH {
        let sound = Pcap::new(endian, MICRO, 1).packet(1, 0).packet(2, 0);
        let offset = sound.bytes.len();
        let mut bytes = sound.bytes;
        bytes.extend([endian.u32(3), endian.u32(0), endian.u32(262_145), endian.u32(60)].concat());
        bytes.extend(vec![0; 400_000]);
        let drained = read(&bytes);
        assert_eq!(drained.numbers(), [1, 2]);
        assert_eq!(drained.summary().truncated_at_byte, Some(offset as u64));
        let warning = drained.summary().warnings.first().unwrap();
        assert!(
            warning.contains("packet 3 claims 262145") && warning.contains(&format!("byte {offset}")),
            "{warning}"
        );
    }
}

#[test]
fn pcapng_lengths_that_can_not_be() {
    for endian in BOTH {
        let sound = PcapNg::new(endian).interface(1, 0, &[]).enhanced(0, 1, 1, b"a");
        let offset = sound.bytes.len() as u64;
        let mut trailer = sound.clone().simple(4, b"abcd").bytes;
        *trailer.last_mut().unwrap() ^= 0x55;
        let short = [
            sound.bytes.clone(),
            endian.u32(6).to_vec(),
            endian.u32(8).to_vec(),
            vec![0; 64],
        ]
        .concat();
        let huge = [
            sound.bytes.clone(),
            endian.u32(6).to_vec(),
            endian.u32(1 << 30).to_vec(),
            vec![0; 64],
        ]
        .concat();
        let odd = [
            sound.bytes.clone(),
            endian.u32(6).to_vec(),
            endian.u32(33).to_vec(),
            vec![0; 64],
        ]
        .concat();
        for bytes in [trailer, short, huge, odd] {
            let drained = read(&bytes);
            assert_eq!(drained.seen.len(), 1);
            assert_eq!(drained.summary().truncated_at_byte, Some(offset));
            assert_eq!(drained.summary().warnings.len(), 1);
        }
    }
}

#[test]
fn compressed_data_cut_or_damaged_is_used_up_to_there() {
    let packet: Vec<u8> = (0..1_000_u32)
        .map(|at| (at.wrapping_mul(at) >> 3) as u8)
        .collect();
    let bytes = (0..300)
        .fold(Pcap::ethernet(), |pcap, second| {
            pcap.record(second, 0, 1_000, &packet)
        })
        .bytes;
    let whole = read(&bytes).seen;
    for (kind, compressed) in [("gzip", gzip(&bytes)), ("zstd", zstd(&bytes))] {
        let cut = drain(open_bytes(&compressed[..compressed.len() - 3], 100, false).unwrap());
        assert!(
            !cut.seen.is_empty() && cut.seen == whole[..cut.seen.len()],
            "{kind}"
        );
        let warning = cut.summary().warnings.first().unwrap();
        assert!(
            warning.contains(&format!("uncompressed stream ({kind})")),
            "{warning}"
        );
        assert!(cut.summary().truncated_at_byte.is_some());
    }
    let mut wrong_crc = gzip(&bytes);
    let crc = wrong_crc.len() - 6;
    wrong_crc[crc] ^= 1;
    let drained = drain(open_bytes(&wrong_crc, usize::MAX, false).unwrap());
    assert_eq!(drained.seen, whole);
    assert!(
        drained
            .summary()
            .warnings
            .first()
            .unwrap()
            .contains("gzip data is damaged")
    );
}

#[test]
fn a_block_that_can_be_delimited_hurts_nothing_but_itself() {
    for endian in BOTH {
        let sound = PcapNg::new(endian).interface(1, 0, &[]).enhanced(0, 1, 1, b"a");
        let overlong: Vec<u8> = [0, 0, 2, 1_000, 4].map(|value| endian.u32(value)).concat();
        let bytes = sound
            .block(6, &[overlong.as_slice(), b"abcd"].concat())
            .block(6, &[0; 8])
            .enhanced(0, 3, 1, b"z")
            .bytes;
        let drained = read(&bytes);
        let packets: Vec<_> = drained
            .seen
            .iter()
            .map(|packet| packet.bytes.as_slice())
            .collect();
        assert_eq!(packets, [b"a".as_slice(), b"abcd", b"z"]);
        let warnings = &drained.summary().warnings;
        assert!(
            matches!(warnings.as_slice(), [overlong, stunted]
                if overlong.contains("1 packets claim more bytes than their block holds")
                    && stunted.contains("1 blocks left out: too short")),
            "{warnings:?}"
        );
    }
}

#[test]
fn a_description_that_was_lost_is_guessed() {
    let mut bytes = PcapNg::new(BOTH[0]).interface(1, 0, &[]).bytes;
    bytes[28] = 0x55;
    let start = 1_700_000_000_000_000;
    let file = PcapNg::new(BOTH[0])
        .enhanced(0, start, 1, b"a")
        .enhanced(0, start + 1, 1, b"b");
    bytes.extend(&file.bytes[28..]);
    let drained = read(&bytes);
    assert_eq!(
        drained.nanos(),
        [1_700_000_000_000_000_000, 1_700_000_000_000_001_000]
    );
    assert!(
        drained
            .summary()
            .warnings
            .iter()
            .any(|warning| warning.contains("1 interfaces whose description"))
    );
}

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
                    && one.contains("packet 3, byte ")),
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
            && one.contains("packet 3, byte ")),
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
        bytes[16..20].copy_from_slice(&snaplen_bytes(snaplen));
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

fn snaplen_bytes(value: u32) -> [u8; 4] {
    value.to_le_bytes()
}
