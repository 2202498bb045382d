use super::build::{BOTH, Endian, MICRO, MODIFIED, NANO, Pcap, gzip, zstd};
use super::{drain, open_bytes, read};
use crate::frame::LinkType;

#[test]
fn both_byte_orders_and_every_magic() {
    for endian in BOTH {
        for (magic, nanos_per_tick) in [(MICRO, 1_000), (NANO, 1), (MODIFIED, 1_000)] {
            let bytes = Pcap::new(endian, magic, 1)
                .record(7, 123_456, 1500, b"abc")
                .packet(8, 1)
                .bytes;
            let drained = read(&bytes);
            let first = drained.seen.first().unwrap();
            assert_eq!(
                first.nanos,
                7_000_000_000 + 123_456 * nanos_per_tick,
                "{endian:?} {magic:x}"
            );
            assert_eq!(
                (first.wire_len, first.bytes.as_slice()),
                (1500, b"abc".as_slice())
            );
            assert_eq!(drained.nanos().get(1), Some(&(8_000_000_000 + nanos_per_tick)));
            assert_eq!(drained.numbers(), [1, 2]);
            let summary = drained.summary();
            assert_eq!(
                (summary.format, summary.snaplen, summary.packets),
                ("pcap", 65_535, 2)
            );
            assert_eq!(summary.warnings, Vec::<String>::new());
        }
    }
}

/// Records are framed many at a time as long as nothing about them is odd: whatever their number, each one comes once.
#[test]
fn any_number_of_plain_records() {
    for endian in BOTH {
        for (magic, nanos_per_tick) in [(MICRO, 1_000), (NANO, 1), (MODIFIED, 1_000)] {
            for many in [1, 2, 63, 64, 65, 127, 128, 129, 130, 200] {
                let plain = |pcap: Pcap, n: u32| {
                    let packet = vec![n as u8; 1 + n as usize % 90];
                    pcap.record(9, n, packet.len() as u32 + n % 3, &packet)
                };
                // The first one is of another second, and an empty one is odd.
                let pcap = (0..many).fold(Pcap::new(endian, magic, 1).packet(8, 0), plain);
                let pcap = (0..many).fold(pcap.record(9, 500, 40, b""), plain);
                let drained = read(&pcap.bytes);
                let places: Vec<_> = (1..=u64::from(many) * 2 + 2).collect();
                assert_eq!(drained.numbers(), places, "{endian:?} {magic:x}");
                let second = drained.seen.iter().skip(many as usize + 2);
                for (n, seen) in (0..many).zip(second) {
                    assert_eq!(seen.nanos, 9_000_000_000 + i64::from(n) * nanos_per_tick);
                    assert_eq!(seen.bytes, vec![n as u8; 1 + n as usize % 90]);
                    assert_eq!(seen.wire_len as usize, seen.bytes.len() + n as usize % 3);
                }
                assert_eq!(drained.summary().packets, u64::from(many) * 2 + 2);
            }
        }
    }
}

#[test]
fn the_upper_bits_of_the_link_type_tell_of_checksums() {
    let drained = read(&Pcap::new(Endian::Big, MICRO, 0x5400_0114).packet(1, 0).bytes);
    assert_eq!(drained.summary().link_types, [LinkType::LINUX_SLL2]);
    assert_eq!(drained.seen.first().unwrap().link_type, 276);
}

#[test]
fn seconds_are_unsigned() {
    let drained = read(&Pcap::ethernet().packet(u32::MAX, 999_999).bytes);
    assert_eq!(drained.nanos(), [4_294_967_295_999_999_000]);
}

#[test]
fn no_packets_are_no_trouble() {
    let drained = read(&Pcap::ethernet().bytes);
    assert!(drained.seen.is_empty() && drained.interfaces.is_empty());
    assert_eq!(drained.summary().link_types, [LinkType::ETHERNET]);
    assert_eq!(
        (
            drained.summary().truncated_at_byte,
            drained.summary().warnings.len()
        ),
        (None, 0)
    );
}

/// Sizes from nothing to more than an arena, in a file larger than several.
fn many_sizes() -> Vec<u8> {
    let mut pcap = Pcap::ethernet();
    for number in 0..4_000_u32 {
        let size = (number * 7919 % 2_000) as usize + if number % 1_000 == 999 { 200_000 } else { 0 };
        let packet: Vec<u8> = (0..size).map(|at| (at as u32 ^ number) as u8).collect();
        pcap = pcap.record(1_000 + number / 100, number, size as u32, &packet);
    }
    pcap.bytes
}

#[test]
fn how_the_bytes_arrive_changes_nothing() {
    let bytes = many_sizes();
    let whole = read(&bytes);
    assert_eq!(whole.seen.len(), 4_000);
    for (number, packet) in whole.seen.iter().enumerate() {
        assert_eq!(packet.bytes.len(), packet.wire_len as usize);
        assert!(
            packet
                .bytes
                .iter()
                .enumerate()
                .all(|(at, byte)| *byte == (at ^ number) as u8),
            "{number}"
        );
    }
    for (piece, is_stream) in [(17, true), (4_096, true), (65_537, false), (1 << 22, true)] {
        let drained = drain(open_bytes(&bytes, piece, is_stream).unwrap());
        assert!(drained.seen == whole.seen, "pieces of {piece}");
    }
    let small = drain(open_bytes(&bytes, usize::MAX, false).unwrap().with_arena(512));
    assert!(small.seen == whole.seen, "a small arena");
}

#[test]
fn a_stream_of_single_bytes_gives_the_same_packets() {
    let bytes = (0..50)
        .fold(Pcap::ethernet(), |pcap, second| pcap.packet(second, second * 3))
        .bytes;
    let trickled = drain(open_bytes(&bytes, 1, true).unwrap());
    assert_eq!(trickled.seen, read(&bytes).seen);
    assert_eq!(trickled.seen.len(), 50);
}

#[test]
fn compressed_by_content_in_several_members() {
    let bytes = many_sizes();
    let whole = read(&bytes);
    let (left, right) = bytes.split_at(bytes.len() / 3);
    for (kind, compress) in [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("zstd", zstd)] {
        let members = [compress(left), compress(b""), compress(right)].concat();
        for piece in [1_000, usize::MAX] {
            let drained = drain(open_bytes(&members, piece, false).unwrap());
            assert!(drained.seen == whole.seen, "{kind}");
            assert_eq!(drained.summary().compression, Some(kind));
            assert_eq!(drained.summary().warnings, Vec::<String>::new());
        }
    }
}

#[test]
fn captures_one_after_another_are_read_as_one() {
    let first = Pcap::ethernet().packet(1, 0).packet(2, 0).bytes;
    let second = Pcap::new(Endian::Big, NANO, 276).packet(3, 5).bytes;
    for piece in [1, 30, usize::MAX] {
        let all = [
            first.clone(),
            second.clone(),
            Pcap::ethernet().bytes,
            first.clone(),
        ]
        .concat();
        let drained = drain(open_bytes(&all, piece, true).unwrap());
        assert_eq!(
            drained.nanos(),
            [
                1_000_000_000,
                2_000_000_000,
                3_000_000_005,
                1_000_000_000,
                2_000_000_000
            ]
        );
        assert_eq!(drained.numbers(), [1, 2, 3, 4, 5]);
        let link_types: Vec<_> = drained
            .interfaces
            .iter()
            .map(|interface| interface.link_type.0)
            .collect();
        assert_eq!(link_types, [1, 276]);
        assert_eq!(
            drained.summary().link_types,
            [LinkType::ETHERNET, LinkType::LINUX_SLL2]
        );
        assert!(drained.summary().warnings.is_empty());
    }
}
