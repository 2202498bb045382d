use super::build::{BOTH, Endian, Pcap, PcapNg};
use super::{drain, open_bytes, read};
use crate::frame::LinkType;
use crate::limits::{INTERFACE_NAME_BYTES, INTERFACES, LINK_TYPES};

#[test]
fn sections_of_either_byte_order_with_several_interfaces() {
    for (first, second) in [(Endian::Little, Endian::Big), (Endian::Big, Endian::Little)] {
        let bytes = PcapNg::new(first)
            .interface(1, 1_000, &[(2, b"bond0")])
            .enhanced(0, 1_000_001, 90, b"abcde")
            .interface(276, 2_000, &[(2, b"any\0"), (9, &[9])])
            .enhanced(1, 5_000_000_000, 60, b"f")
            .enhanced(0, 6_000_000, 60, b"")
            .section(second)
            .interface(101, 0, &[])
            .enhanced(0, 7_000_000, 61, b"ghi")
            .bytes;
        let drained = read(&bytes);
        assert_eq!(
            drained.nanos(),
            [1_000_001_000, 5_000_000_000, 6_000_000_000, 7_000_000_000]
        );
        assert_eq!(drained.numbers(), [1, 2, 3, 4]);
        let bytes: Vec<_> = drained
            .seen
            .iter()
            .map(|packet| packet.bytes.as_slice())
            .collect();
        assert_eq!(bytes, [b"abcde".as_slice(), b"f", b"", b"ghi"]);
        assert_eq!(drained.seen.first().unwrap().wire_len, 90);
        let names: Vec<_> = drained
            .interfaces
            .iter()
            .map(|interface| interface.name.as_deref())
            .collect();
        assert_eq!(names, [Some("bond0"), Some("any"), None]);
        assert_eq!(
            drained.summary().link_types,
            [LinkType::ETHERNET, LinkType::LINUX_SLL2, LinkType::RAW]
        );
        assert_eq!(
            (drained.summary().format, drained.summary().snaplen),
            ("pcapng", 2_000)
        );
        assert!(drained.summary().warnings.is_empty());
    }
}

#[test]
fn resolution_and_offset_of_the_clock() {
    for endian in BOTH {
        let offset = endian.u64(1_700_000_000);
        let back = endian.u64((-2_i64).cast_unsigned());
        let bytes = PcapNg::new(endian)
            .interface(1, 0, &[(9, &[0x80 | 1]), (14, &offset)])
            .interface(1, 0, &[(9, &[3]), (14, &back)])
            .interface(1, 0, &[(9, &[12])])
            .enhanced(0, 3, 1, b"a")
            .enhanced(1, 1, 1, b"a")
            .enhanced(2, 1_234_567_890_123, 1, b"a")
            .bytes;
        assert_eq!(
            read(&bytes).nanos(),
            [
                1_700_000_001_500_000_000,
                1_000_000 - 2_000_000_000,
                1_234_567_890,
            ]
        );
        let end_of_time = PcapNg::new(endian)
            .interface(1, 0, &[(9, &[3]), (14, &back)])
            .enhanced(0, u64::MAX, 1, b"a")
            .bytes;
        assert_eq!(read(&end_of_time).nanos(), [i64::MAX - 2_000_000_000]);
    }
}

#[test]
fn simple_and_obsolete_packets() {
    for endian in BOTH {
        let bytes = PcapNg::new(endian)
            .interface(1, 4, &[])
            .simple(3, b"abc")
            .obsolete(0, 2_000_000, b"obsolete")
            .simple(100, b"long")
            .enhanced(0, 1_000_000, 1, b"e")
            .simple(2, b"xy")
            .bytes;
        let drained = read(&bytes);
        // A simple packet has no time: the latest known one, and none before the first.
        assert_eq!(
            drained.nanos(),
            [0, 2_000_000_000, 2_000_000_000, 1_000_000_000, 1_000_000_000]
        );
        let seen: Vec<_> = drained
            .seen
            .iter()
            .map(|packet| (packet.bytes.as_slice(), packet.wire_len))
            .collect();
        assert_eq!(
            seen,
            [
                (b"abc".as_slice(), 3),
                (b"obsolete", 8),
                (b"long", 100),
                (b"e", 1),
                (b"xy", 2)
            ]
        );
        assert!(drained.summary().warnings.is_empty());
    }
}

#[test]
fn other_blocks_are_skipped_but_some_are_numbered_as_wireshark_does() {
    let bytes = PcapNg::new(Endian::Little)
        .block(0x0bad, b"custom")
        .interface(1, 0, &[])
        .block(4, &[1; 100])
        .enhanced(0, 1, 1, b"a")
        .block(9, b"__REALTIME_TIMESTAMP=1")
        .block(0x7777_7777, &[])
        .enhanced(0, 2, 1, b"b")
        .bytes;
    assert_eq!(read(&bytes).numbers(), [2, 4]);
}

#[test]
fn skipped_blocks_do_not_pile_up() {
    let mut pcapng = PcapNg::new(Endian::Little).interface(1, 0, &[]);
    for _ in 0..200 {
        pcapng = pcapng.block(4, &vec![0; 20_000]);
    }
    let bytes = pcapng.enhanced(0, 1, 1, b"a").bytes;
    let mut block = crate::frame::Block::default();
    let mut file = open_bytes(&bytes, usize::MAX, false).unwrap().with_arena(65_536);
    if let super::Next::Block(full) = super::Source::next(&mut file, std::mem::take(&mut block)) {
        block = full;
    }
    assert_eq!(block.records.len(), 1);
    assert!(block.arena.len() <= 131_072, "{}", block.arena.len());
}

#[test]
fn drop_counters_add_over_interfaces_and_sections() {
    for endian in BOTH {
        let bytes = PcapNg::new(endian)
            .interface(1, 0, &[])
            .interface(1, 0, &[])
            .statistics(0, 1, 10)
            .statistics(1, 2, 20)
            .statistics(0, 4, 40)
            .section(endian)
            .interface(1, 0, &[])
            .statistics(0, 8, 80)
            .statistics(5, 100, 100)
            .enhanced(0, 1, 1, b"a")
            .bytes;
        let drained = read(&bytes);
        assert_eq!(drained.summary().interface_dropped, Some(4 + 2 + 8));
        assert_eq!(drained.summary().kernel_dropped, Some(40 + 20 + 80));
    }
    let without = read(&PcapNg::new(Endian::Big).interface(1, 0, &[]).bytes);
    assert_eq!(
        (
            without.summary().interface_dropped,
            without.summary().kernel_dropped
        ),
        (None, None)
    );
}

#[test]
fn packets_of_an_interface_never_described_are_counted_and_left_out() {
    let bytes = PcapNg::new(Endian::Little)
        .interface(1, 0, &[])
        .enhanced(3, 1, 1, b"a")
        .enhanced(0, 2, 1, b"b")
        .bytes;
    let drained = read(&bytes);
    assert_eq!(drained.seen.len(), 1);
    let warnings = &drained.summary().warnings;
    assert!(
        matches!(warnings.as_slice(), [one] if one.contains("1 packets left out: they name")),
        "{warnings:?}"
    );
}

#[test]
fn formats_may_follow_each_other() {
    let pcap = Pcap::ethernet().packet(1, 0).bytes;
    for endian in BOTH {
        let pcapng = PcapNg::new(endian)
            .interface(1, 0, &[])
            .enhanced(0, 2_000_000, 1, b"a")
            .bytes;
        for all in [
            [pcap.clone(), pcapng.clone(), pcap.clone()],
            [pcapng.clone(), pcap.clone(), pcapng.clone()],
        ] {
            let drained = drain(open_bytes(&all.concat(), 5, true).unwrap());
            assert_eq!(drained.numbers(), [1, 2, 3]);
            assert!(
                drained.summary().warnings.is_empty(),
                "{:?}",
                drained.summary().warnings
            );
        }
    }
}

#[test]
fn interfaces_without_end_are_capped() {
    let name = [b'n'; 1_000];
    let mut file = PcapNg::new(Endian::Little);
    for number in 0..=INTERFACES as u32 {
        file = if number == 0 {
            file.interface(1, 0, &[(2, &name)])
        } else {
            file.interface((number & 0xff) as u16, 0, &[])
        };
    }
    let bytes = file
        .enhanced(0, 1, 1, b"a")
        .enhanced(INTERFACES as u32, 2, 1, b"b")
        .enhanced(INTERFACES as u32 + 1, 3, 1, b"c")
        .enhanced(5, 4, 1, b"d")
        .bytes;
    let drained = read(&bytes);
    assert_eq!(
        drained.numbers(),
        [1, 3],
        "the packet beyond the cap has a number"
    );
    let summary = drained.summary();
    assert_eq!(summary.link_types.len(), LINK_TYPES);
    let told = |words: &str| summary.warnings.iter().any(|warning| warning.contains(words));
    assert!(told("1 packets left out: they name"), "{:?}", summary.warnings);
    assert!(summary.warnings.len() == 2, "{:?}", summary.warnings);
    let names: Vec<usize> = drained
        .interfaces
        .iter()
        .filter_map(|interface| Some(interface.name.as_ref()?.len()))
        .collect();
    assert_eq!(names, [INTERFACE_NAME_BYTES]);
}
