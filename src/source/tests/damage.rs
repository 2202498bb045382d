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
fn a_compressed_file_that_was_cut_keeps_every_packet_before() {
    for (bytes, ends) in files() {
        let whole = read(&bytes).seen;
        let last_two = ends[ends.len() - 3];
        for cut in last_two..bytes.len() {
            let drained = read(&gzip(&bytes[..cut]));
            let complete = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(drained.seen, whole[..complete], "cut at {cut}");
        }
        let compressed = gzip(&bytes);
        for cut in compressed.len() / 2..compressed.len() {
            let Ok(file) = open_bytes(&compressed[..cut], 7, false) else {
                continue;
            };
            let drained = drain(file);
            assert_eq!(drained.seen, whole[..drained.seen.len()], "cut at {cut}");
            let warning = drained.summary().warnings.first().unwrap();
            assert!(warning.contains("the gzip data is cut short"), "{warning}");
        }
    }
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
        assert_eq!(drained.summary().skipped_bytes, 400_016);
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
            .block(0x55_5555, b"unknown")
            .enhanced(0, 3, 1, b"z")
            .bytes;
        let drained = read(&bytes);
        let packets: Vec<_> = drained
            .seen
            .iter()
            .map(|packet| packet.bytes.as_slice())
            .collect();
        assert_eq!(packets, [b"a".as_slice(), b"z"]);
        let summary = drained.summary();
        assert_eq!((summary.damaged_places, summary.skipped_bytes), (2, 36 + 20));
        assert!(
            matches!(summary.warnings.as_slice(), [one, two, three] if one.contains("36 bytes were skipped")
                && two.contains("20 bytes were skipped") && three.contains("1 blocks left out: their type")),
            "{:?}",
            summary.warnings
        );
    }
}
