//! Putting segments in order, against a map from place to the first byte that came for it.

use std::collections::BTreeMap;

use flowcheck::limits::{OUT_OF_ORDER_BYTES, OUT_OF_ORDER_SEGMENTS};
use flowcheck::reassembly::{Arrival, Assembler, Chunk, Piece};
use flowcheck::sequence::SeqNumber;
use flowcheck::time::Timestamp;

use super::Bytes;

/// What was delivered: a byte, or that it was cut off or given up.
type Delivered = Vec<Option<u8>>;

pub(super) fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let isn = if bytes.u8() & 1 == 1 {
        0_u32.wrapping_sub(u32::from(bytes.u8()))
    } else {
        0
    };
    let mut assembler = Assembler::default();
    assembler.synchronise(SeqNumber(isn));
    let (mut first, mut out, mut number) = (BTreeMap::new(), Delivered::new(), 0_u8);
    while !bytes.is_empty() {
        let (kind, offset) = (bytes.u8(), u32::from(bytes.u16() % 2_048));
        if kind == 0xff {
            // Bytes that never came: those before the first that waits.
            if let Some(given_up) = assembler.give_up_hole() {
                assert!(given_up > 0);
                let from = out.len();
                out.resize(from + given_up as usize, None);
                // What comes late for them is old.
                for place in from..out.len() {
                    first.entry(place as u32).or_insert(None);
                }
                drain(&mut assembler, &mut out);
            }
            continue;
        }
        let len = u32::from(kind & 0x3f) + 1;
        let cut = if kind & 0x40 == 0 { 0 } else { len / 2 };
        number = number.wrapping_add(1);
        let content: Vec<u8> = (0..len - cut)
            .map(|place| number.wrapping_mul(31) ^ place as u8)
            .collect();
        for place in 0..len {
            let byte = content.get(place as usize).copied();
            first.entry(offset + place).or_insert(byte);
        }
        let piece = Piece {
            bytes: &content,
            len,
            after: None,
            timestamp: Timestamp::default(),
            number: u64::from(number),
        };
        let start = SeqNumber(isn.wrapping_add(offset));
        let arrival = if kind & 0x80 == 0 {
            assembler.accept(start, &piece)
        } else {
            assembler.keep(start, &piece)
        };
        match arrival {
            Arrival::InOrder { skip } => {
                let new = (skip..len).map(|place| content.get(place as usize).copied());
                out.extend(new);
            }
            Arrival::Refused => panic!("there is room"),
            Arrival::Old | Arrival::Kept { .. } => {}
        }
        drain(&mut assembler, &mut out);
        assert!(assembler.early_bytes() <= OUT_OF_ORDER_BYTES);
        assert!(assembler.early_segments() <= OUT_OF_ORDER_SEGMENTS);
    }
    assert_eq!(
        assembler.next(),
        Some(SeqNumber(isn.wrapping_add(out.len() as u32)))
    );
    for (place, byte) in out.iter().enumerate() {
        assert_eq!(first.get(&(place as u32)), Some(byte), "at {place}");
    }
    assert!(
        !first.contains_key(&(out.len() as u32)),
        "what is in order is delivered"
    );
}

fn drain(assembler: &mut Assembler, out: &mut Delivered) {
    while let Some(Chunk {
        bytes, skip, missing, ..
    }) = assembler.pop()
    {
        out.extend(bytes[skip..].iter().copied().map(Some));
        out.resize(out.len() + missing as usize, None);
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    vec![
        vec![0, 9, 0, 0, 9, 0, 10, 9, 0, 20],
        vec![1, 15, 9, 0, 10, 9, 0, 5, 0xff, 0, 0, 9, 0, 40, 0x49, 0, 20],
        vec![0, 0x89, 0, 10, 0x8f, 0, 0, 0x4f, 0, 30, 0xff, 0, 0, 3, 0, 28],
    ]
}
