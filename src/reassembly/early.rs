//! Segments that arrived before the bytes in front of them.

use super::assembler::Piece;
use crate::limits::{OUT_OF_ORDER_BYTES, OUT_OF_ORDER_SEGMENTS};
use crate::sequence::SeqNumber;
use crate::time::Timestamp;

/// One kept segment, or what overlaps left of it.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) start: SeqNumber,
    /// Length on the wire; `bytes` may be shorter.
    pub(super) len: u32,
    pub(super) bytes: Box<[u8]>,
    pub(super) after: Option<SeqNumber>,
    pub(super) timestamp: Timestamp,
    pub(super) number: u64,
}

impl Kept {
    fn end(&self) -> SeqNumber {
        self.start.plus(self.len)
    }
}

/// Early segments, sorted, without overlaps.
#[derive(Debug, Default)]
pub(super) struct Early {
    kept: Vec<Kept>,
    bytes: usize,
}

impl Early {
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn first(&self) -> Option<&Kept> {
        self.kept.first()
    }

    /// Takes the first segment out if it begins at `next` or before.
    pub(super) fn pop_at(&mut self, next: SeqNumber) -> Option<Kept> {
        let first = self.kept.first()?;
        if first.start.after(next) > 0 {
            return None;
        }
        let kept = self.kept.remove(0);
        self.bytes -= kept.bytes.len();
        Some(kept)
    }

    /// Keeps what of `piece` is not there yet. Returns whether all of it is kept now, and how many bytes conflict with
    /// an earlier copy.
    pub(super) fn insert(&mut self, start: SeqNumber, piece: &Piece<'_>) -> (bool, u64) {
        let end = start.plus(piece.len);
        let mut from = start;
        let mut conflicts = 0;
        let mut complete = true;
        let mut at = self.kept.partition_point(|kept| kept.end().after(from) <= 0);
        while end.after(from) > 0 {
            let Some(existing) = self.kept.get(at).filter(|kept| end.after(kept.start) > 0) else {
                complete &= self.put(at, from, end, start, piece);
                break;
            };
            if existing.start.after(from) > 0 {
                let until = existing.start;
                let put = self.put(at, from, until, start, piece);
                complete &= put;
                at += usize::from(put);
                from = until;
                continue;
            }
            conflicts += conflicting(existing, start, piece);
            from = existing.end();
            at += 1;
        }
        (complete, conflicts)
    }

    fn put(
        &mut self,
        at: usize,
        from: SeqNumber,
        until: SeqNumber,
        start: SeqNumber,
        piece: &Piece<'_>,
    ) -> bool {
        let skip = from.after(start).max(0).cast_unsigned() as usize;
        let len = until.after(from).max(0).cast_unsigned();
        let captured = piece.bytes.get(skip..).unwrap_or_default();
        let captured = &captured[..captured.len().min(len as usize)];
        if self.kept.len() >= OUT_OF_ORDER_SEGMENTS || self.bytes + captured.len() > OUT_OF_ORDER_BYTES {
            return false;
        }
        self.bytes += captured.len();
        let Piece {
            after,
            timestamp,
            number,
            ..
        } = *piece;
        self.kept.insert(
            at,
            Kept {
                start: from,
                len,
                bytes: captured.into(),
                after,
                timestamp,
                number,
            },
        );
        true
    }
}

/// How many bytes of `piece` differ from the copy kept before.
fn conflicting(existing: &Kept, start: SeqNumber, piece: &Piece<'_>) -> u64 {
    let shift = start.after(existing.start);
    let (old, new) = if shift >= 0 {
        (
            existing
                .bytes
                .get(shift.unsigned_abs() as usize..)
                .unwrap_or_default(),
            piece.bytes,
        )
    } else {
        (
            &existing.bytes[..],
            piece
                .bytes
                .get(shift.unsigned_abs() as usize..)
                .unwrap_or_default(),
        )
    };
    old.iter().zip(new).filter(|(a, b)| a != b).count() as u64
}
