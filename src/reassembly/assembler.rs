//! Puts one direction's segments in order.

use super::early::{Early, Kept};
use crate::sequence::SeqNumber;
use crate::time::Timestamp;

/// Payload of one segment, and where it came from.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// What was captured.
    pub bytes: &'a [u8],
    /// Length on the wire, at least that of `bytes`.
    pub len: u32,
    /// What the sender had received of the other direction when it sent this: those bytes come first.
    pub after: Option<SeqNumber>,
    /// Capture time of the segment.
    pub timestamp: Timestamp,
    /// Frame number of the segment.
    pub number: u64,
}

/// Kept bytes that are in order now, with the time and frame number of their own segment.
#[derive(Debug)]
pub struct Chunk {
    /// The bytes.
    pub bytes: Box<[u8]>,
    /// How many of them were delivered before and must be skipped.
    pub skip: usize,
    /// Bytes after them that were cut off by the snaplen.
    pub missing: u32,
    /// The segment's capture time.
    pub timestamp: Timestamp,
    /// The segment's frame number.
    pub number: u64,
}

/// What became of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// It continues the stream: use its bytes from `skip` on now.
    InOrder {
        /// Bytes at its beginning that were delivered before.
        skip: u32,
    },
    /// Every byte was delivered before.
    Old,
    /// Kept until the bytes before it arrive; this many conflict with an earlier copy.
    Kept {
        /// Bytes that differ from an earlier copy.
        conflicts: u64,
    },
    /// The store is full.
    Refused,
}

/// One direction of a connection.
#[derive(Debug, Default)]
pub struct Assembler {
    next: SeqNumber,
    synchronised: bool,
    /// The end of the stream was reached in order.
    pub ended: bool,
    early: Option<Box<Early>>,
}

impl Assembler {
    /// Where the next byte in order is, once that is known.
    #[inline]
    #[must_use]
    pub fn next(&self) -> Option<SeqNumber> {
        self.synchronised.then_some(self.next)
    }

    /// The stream begins (or goes on) at `next`, if that was not known.
    #[inline]
    pub fn synchronise(&mut self, next: SeqNumber) {
        if !self.synchronised {
            self.synchronised = true;
            self.next = next;
        }
    }

    /// Whether early segments wait for bytes before them.
    #[inline]
    #[must_use]
    pub fn has_early(&self) -> bool {
        self.early.is_some()
    }

    /// How many segments wait.
    #[must_use]
    pub fn early_segments(&self) -> usize {
        self.early.as_ref().map_or(0, |early| early.len())
    }

    /// How many bytes they hold.
    #[must_use]
    pub fn early_bytes(&self) -> usize {
        self.early.as_ref().map_or(0, |early| early.bytes())
    }

    /// Where the first of them begins.
    #[must_use]
    pub fn first_early(&self) -> Option<SeqNumber> {
        self.early
            .as_ref()
            .and_then(|early| early.first())
            .map(|kept| kept.start)
    }

    /// The first of them if it is in order: what of the other direction must come before it.
    #[must_use]
    pub fn ready(&self) -> Option<Option<SeqNumber>> {
        let first = self.early.as_ref().and_then(|early| early.first())?;
        (first.start.after(self.next) <= 0).then_some(first.after)
    }

    /// Looks at a segment's payload (without SYN and FIN).
    #[inline]
    pub fn accept(&mut self, start: SeqNumber, piece: &Piece<'_>) -> Arrival {
        self.synchronise(start);
        let ahead = start.after(self.next);
        if ahead == 0 && self.early.is_none() {
            self.next = self.next.plus(piece.len);
            return Arrival::InOrder { skip: 0 };
        }
        self.accept_late_or_early(ahead, start, piece)
    }

    /// As [`accept`](Self::accept), for a segment that has to wait although it may be in order.
    pub fn keep(&mut self, start: SeqNumber, piece: &Piece<'_>) -> Arrival {
        self.synchronise(start);
        let ahead = start.after(self.next);
        if ahead < 0 && i64::from(ahead) + i64::from(piece.len) <= 0 {
            return Arrival::Old;
        }
        let (kept, conflicts) = self.early.get_or_insert_default().insert(start, piece);
        if kept {
            Arrival::Kept { conflicts }
        } else {
            Arrival::Refused
        }
    }

    fn accept_late_or_early(&mut self, ahead: i32, start: SeqNumber, piece: &Piece<'_>) -> Arrival {
        if ahead > 0 {
            return self.keep(start, piece);
        }
        let skip = ahead.unsigned_abs();
        if skip >= piece.len {
            return Arrival::Old;
        }
        // What is kept came first: deliver up to it, and let the rest meet it in the store.
        if let Some(first) = self.first_early()
            && start.plus(piece.len).after(first) > 0
        {
            return self.keep(start, piece);
        }
        self.next = start.plus(piece.len);
        Arrival::InOrder { skip }
    }

    /// The next kept bytes, if the stream has reached them.
    pub fn pop(&mut self) -> Option<Chunk> {
        loop {
            let early = self.early.as_mut()?;
            let kept = early.pop_at(self.next);
            if early.is_empty() {
                self.early = None;
            }
            let Kept {
                start,
                len,
                bytes,
                timestamp,
                number,
                ..
            } = kept?;
            let skip = self.next.after(start).max(0).unsigned_abs();
            if skip >= len {
                continue;
            }
            self.next = start.plus(len);
            let missing = len - (bytes.len() as u32).max(skip);
            let skip = (skip as usize).min(bytes.len());
            return Some(Chunk {
                bytes,
                skip,
                missing,
                timestamp,
                number,
            });
        }
    }

    /// Gives up the bytes before the first kept segment; returns how many.
    pub fn give_up_hole(&mut self) -> Option<u32> {
        let first = self.first_early()?;
        self.skip_to(first)
    }

    /// Gives up the bytes up to `target`; returns how many.
    pub fn skip_to(&mut self, target: SeqNumber) -> Option<u32> {
        let missing = target.after(self.next);
        if missing <= 0 || !self.synchronised {
            return None;
        }
        self.next = target;
        Some(missing.unsigned_abs())
    }
}
