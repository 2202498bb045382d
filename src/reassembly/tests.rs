use proptest::prelude::*;

use super::*;
use crate::sequence::SeqNumber;
use crate::time::Timestamp;

fn piece(bytes: &[u8]) -> Piece<'_> {
    Piece {
        bytes,
        len: bytes.len() as u32,
        after: None,
        timestamp: Timestamp::default(),
        number: 0,
    }
}

/// Everything delivered after feeding `segments` (offset, bytes) to a stream that starts at `isn`.
fn deliver(isn: u32, segments: &[(u32, &[u8])]) -> (Vec<u8>, u64) {
    let mut assembler = Assembler::default();
    assembler.synchronise(SeqNumber(isn));
    let (mut out, mut conflicting) = (Vec::new(), 0);
    for (offset, bytes) in segments {
        match assembler.accept(SeqNumber(isn.wrapping_add(*offset)), &piece(bytes)) {
            Arrival::InOrder { skip } => out.extend_from_slice(&bytes[skip as usize..]),
            Arrival::Kept { conflicts } => conflicting += conflicts,
            Arrival::Old | Arrival::Refused => {}
        }
        while let Some(Chunk { bytes, skip, .. }) = assembler.pop() {
            out.extend_from_slice(&bytes[skip..]);
        }
    }
    (out, conflicting)
}

#[test]
fn in_order_out_of_order_and_repeated() {
    let (out, conflicts) = deliver(
        1000,
        &[(0, b"ab"), (4, b"ef"), (4, b"ef"), (2, b"cd"), (0, b"abcdefgh")],
    );
    assert_eq!((out.as_slice(), conflicts), (&b"abcdefgh"[..], 0));
}

#[test]
fn the_first_copy_wins_and_conflicts_are_counted() {
    let (out, conflicts) = deliver(0, &[(2, b"CD"), (1, b"xyzw"), (0, b"A")]);
    assert_eq!((out.as_slice(), conflicts), (&b"AxCDw"[..], 2));
    let (out, _) = deliver(0, &[(2, b"CD"), (0, b"abcdef")]);
    assert_eq!(out, b"abCDef");
}

#[test]
fn sequence_numbers_wrap() {
    let (out, _) = deliver(u32::MAX - 2, &[(0, b"ab"), (4, b"ef"), (2, b"cd")]);
    assert_eq!(out, b"abcdef");
}

#[test]
fn more_than_four_gibibytes_go_through() {
    let mut assembler = Assembler::default();
    let big = Piece {
        bytes: &[],
        len: 1 << 20,
        after: None,
        timestamp: Timestamp::default(),
        number: 0,
    };
    let mut at = SeqNumber(77);
    for _ in 0..5 * 1024 {
        assert_eq!(assembler.accept(at, &big), Arrival::InOrder { skip: 0 });
        at = at.plus(1 << 20);
    }
}

#[test]
fn holes_are_given_up_with_their_length() {
    let mut assembler = Assembler::default();
    assembler.synchronise(SeqNumber(0));
    assembler.accept(SeqNumber(10), &piece(b"xy"));
    assert!(assembler.pop().is_none());
    assert_eq!(assembler.give_up_hole(), Some(10));
    assert!(matches!(assembler.pop(), Some(Chunk { skip: 0, .. })));
    assert!(assembler.pop().is_none() && !assembler.has_early());
    assert_eq!(assembler.skip_to(SeqNumber(20)), Some(8));
}

#[test]
fn the_store_is_bounded_and_a_refusal_changes_nothing() {
    let mut assembler = Assembler::default();
    assembler.synchronise(SeqNumber(0));
    let body = vec![0; 64 << 10];
    let mut refused = 0;
    for i in 0..40_u32 {
        refused +=
            u32::from(assembler.accept(SeqNumber(1 + i * (64 << 10)), &piece(&body)) == Arrival::Refused);
    }
    assert_eq!(refused, 24);
    assert_eq!(assembler.early_bytes(), crate::limits::OUT_OF_ORDER_BYTES);
}

#[test]
fn bytes_cut_by_the_snaplen_are_missing_not_lost() {
    let mut assembler = Assembler::default();
    assembler.synchronise(SeqNumber(0));
    let cut = Piece {
        bytes: b"abc",
        len: 100,
        after: None,
        timestamp: Timestamp::default(),
        number: 0,
    };
    assembler.accept(SeqNumber(1), &cut);
    assembler.accept(SeqNumber(0), &piece(b"x"));
    assert!(matches!(
        assembler.pop(),
        Some(Chunk {
            missing: 97,
            skip: 0,
            ..
        })
    ));
}

proptest! {
    /// The naive twin: a map from offset to the first byte that arrived for it.
    #[test]
    fn equals_a_byte_map(
        isn: u32,
        segments in proptest::collection::vec((0_u32..60, proptest::collection::vec(0_u8.., 1..20)), 0..30),
    ) {
        let mut twin = std::collections::BTreeMap::new();
        let mut reached = 0;
        for (offset, bytes) in &segments {
            for (i, byte) in bytes.iter().enumerate() {
                twin.entry(offset + i as u32).or_insert(*byte);
            }
            while twin.contains_key(&reached) {
                reached += 1;
            }
        }
        let want: Vec<u8> = (0..reached).map(|offset| twin[&offset]).collect();
        let segments: Vec<(u32, &[u8])> = segments.iter().map(|(o, b)| (*o, b.as_slice())).collect();
        prop_assert_eq!(deliver(isn, &segments).0, want);
    }
}
