//! Puts fragmented IP datagrams together, in a bounded store.
//!
//! Where fragments overlap, the first one to come wins. Every fragment counts as left out until its datagram is complete,
//! so what never is needs no further thought when it leaves: by packet time, or earlier if the store is full.

use std::collections::VecDeque;

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::analysis::Engine;
use super::quality::Quality;
use super::share::share;
use crate::decode::{Datagram, DatagramId, Decoded, Fragment, SkipReason, decode_datagram, decode_unusual};
use crate::frame::Frame;
use crate::limits::{DATAGRAM_PIECES, DATAGRAMS, FRAGMENT_BYTES};
use crate::time::{MILLISECOND, Nanos, SECOND, Timestamp};

/// Fragments wait this long for the others (Linux' `ipfrag_time`).
const WAIT: Nanos = 30 * SECOND;
/// The second copy of a packet comes within this; later the identification may belong to another datagram.
const COPY_WITHIN: Nanos = MILLISECOND;
/// The longest payload that an IP header can tell.
const LONGEST: usize = 65_535;
/// A datagram put together may be a fragment of another one, inside a tunnel that was fragmented itself.
const NESTED: usize = 4;

impl Engine {
    /// Takes in a frame that the fast path gave up. Of a fragmented datagram the last frame brings the segment.
    #[cold]
    #[inline(never)]
    pub(super) fn unusual(&mut self, frame: &Frame<'_>, reason: SkipReason) {
        let (index, engines) = self.place;
        let mut whole = match decode_unusual(frame, reason) {
            Ok(Decoded::Packet(packet)) => return self.packet(&packet),
            Ok(Decoded::Fragment(fragment)) => {
                if index > 0 {
                    // Every engine sees it; the first one counts it.
                    self.shared.quality.packets -= 1;
                    self.shared.quality.bytes -= u64::from(frame.wire_len);
                }
                let counters = if index == 0 {
                    &mut self.shared.quality
                } else {
                    &mut self.aside
                };
                self.defrag.add(frame.timestamp, &fragment, 1, counters)
            }
            Err(reason) => return self.shared.quality.skip(reason),
        };
        let mut frames = 1;
        for _ in 0..NESTED {
            let Some(done) = whole.take() else { return };
            frames += done.frames_before;
            let counters = if index == 0 {
                &mut self.shared.quality
            } else {
                &mut self.aside
            };
            match decode_datagram(frame, &done.datagram()) {
                Ok(Decoded::Packet(packet)) => {
                    if share(&packet, engines) == index {
                        self.packet(&packet);
                    } else {
                        self.learn_of(&packet);
                    }
                    return;
                }
                Ok(Decoded::Fragment(fragment)) => {
                    whole = self.defrag.add(frame.timestamp, &fragment, frames, counters);
                }
                Err(reason) => return counters.skip_many(reason, frames),
            }
        }
    }
}

/// A complete datagram.
#[derive(Debug)]
pub(super) struct Whole {
    id: DatagramId,
    head: Head,
    bytes: Vec<u8>,
    wire_len: usize,
    /// Frames that carried it, the last one left out.
    frames_before: u64,
}

impl Whole {
    fn datagram(&self) -> Datagram<'_> {
        Datagram {
            id: self.id,
            protocol: self.head.protocol,
            ip_id: self.head.ip_id,
            ttl: self.head.ttl,
            if_index: self.head.if_index,
            bytes: &self.bytes,
            wire_len: self.wire_len,
        }
    }
}

/// What the first fragment's headers say.
#[derive(Clone, Copy, Debug)]
struct Head {
    protocol: u8,
    ip_id: Option<u16>,
    ttl: u8,
    if_index: u32,
}

impl Head {
    fn of(fragment: &Fragment<'_>) -> Self {
        Self {
            protocol: fragment.protocol,
            ip_id: fragment.ip_id,
            ttl: fragment.ttl,
            if_index: fragment.if_index,
        }
    }
}

/// A part of a datagram that nothing before it brought.
#[derive(Debug)]
struct Piece {
    start: usize,
    end: usize,
    /// What was captured from `start` on; shorter under a short snaplen.
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Waiting {
    serial: u64,
    head: Head,
    /// In order; none overlaps another.
    pieces: Vec<Piece>,
    /// Length of the whole, known from its last fragment.
    total: Option<usize>,
    frames: u64,
    /// When it was complete: only copies follow.
    done: Option<Timestamp>,
}

/// Fragments that wait for others.
#[derive(Debug, Default)]
pub(super) struct Defrag {
    waiting: IndexMap<DatagramId, Waiting, RandomState>,
    /// Datagrams in the order in which they began.
    order: VecDeque<(Timestamp, DatagramId, u64)>,
    serial: u64,
    bytes: usize,
}

impl Defrag {
    /// Takes in a fragment that `frames` frames carried, and gives the datagram that it completes.
    fn add(
        &mut self,
        now: Timestamp,
        fragment: &Fragment<'_>,
        frames: u64,
        quality: &mut Quality,
    ) -> Option<Whole> {
        let end = fragment.offset + fragment.wire_len;
        // Every fragment but the last holds a multiple of 8 bytes.
        if end > LONGEST || fragment.wire_len == 0 || (fragment.more && !fragment.wire_len.is_multiple_of(8))
        {
            quality.skip_many(SkipReason::Malformed, frames);
            return None;
        }
        if let Some(done) = self.waiting.get(&fragment.id).and_then(|waiting| waiting.done) {
            if now.since(done).abs() <= COPY_WITHIN {
                quality.duplicates += frames;
                return None;
            }
            self.remove(&fragment.id);
        }
        self.make_room(now, fragment.bytes.len());
        if !self.waiting.contains_key(&fragment.id) {
            self.begin(now, fragment);
        }
        let waiting = self.waiting.get_mut(&fragment.id)?;
        let (pieces, conflicts) = waiting.news(fragment, end);
        quality.overlap_conflicts += conflicts;
        if pieces.is_empty() {
            quality.duplicates += frames;
            return None;
        }
        quality.skip_many(SkipReason::Fragment, frames);
        if !fragment.more && waiting.total.is_none() {
            waiting.total = Some(end);
        }
        if fragment.offset == 0 {
            waiting.head = Head::of(fragment);
        }
        waiting.frames += frames;
        self.bytes += pieces.iter().map(|piece| piece.bytes.len()).sum::<usize>();
        waiting.pieces.extend(pieces);
        waiting.pieces.sort_by_key(|piece| piece.start);
        let whole = waiting.put_together(now, fragment.id, frames)?;
        let kept = std::mem::take(&mut waiting.pieces);
        self.bytes -= held(&kept);
        quality.skipped[SkipReason::Fragment as usize] -= whole.frames_before + frames;
        Some(whole)
    }

    /// Datagrams remembered, the complete ones too.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Bytes kept.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.bytes
    }

    fn begin(&mut self, now: Timestamp, fragment: &Fragment<'_>) {
        self.serial += 1;
        self.order.push_back((now, fragment.id, self.serial));
        let waiting = Waiting {
            serial: self.serial,
            head: Head::of(fragment),
            pieces: Vec::new(),
            total: None,
            frames: 0,
            done: None,
        };
        self.waiting.insert(fragment.id, waiting);
    }

    /// Drops what waited too long, and the oldest datagrams while the store is full.
    fn make_room(&mut self, now: Timestamp, more: usize) {
        while let Some((since, id, serial)) = self.order.front().copied() {
            let full = self.order.len() >= DATAGRAMS || self.bytes + more > FRAGMENT_BYTES;
            if !full && now.since(since) <= WAIT {
                return;
            }
            self.order.pop_front();
            if self
                .waiting
                .get(&id)
                .is_some_and(|waiting| waiting.serial == serial)
            {
                self.remove(&id);
            }
        }
    }

    fn remove(&mut self, id: &DatagramId) {
        if let Some(gone) = self.waiting.swap_remove(id) {
            self.bytes -= held(&gone.pieces);
        }
    }
}

fn held(pieces: &[Piece]) -> usize {
    pieces.iter().map(|piece| piece.bytes.len()).sum()
}

impl Waiting {
    /// The parts of a fragment that are new, and how many bytes of the rest differ from what came first.
    fn news(&self, fragment: &Fragment<'_>, end: usize) -> (Vec<Piece>, u64) {
        let mut news = Vec::new();
        let mut conflicts = 0;
        let captured = |from: usize, to: usize| {
            let bytes = fragment.bytes;
            let place = |at: usize| at.saturating_sub(fragment.offset).min(bytes.len());
            &bytes[place(from)..place(to)]
        };
        let mut keep = |start: usize, end: usize| {
            if start < end {
                let bytes = captured(start, end).to_vec();
                news.push(Piece { start, end, bytes });
            }
        };
        // What lies beyond the end that the last fragment told belongs to nothing.
        let end = self.total.map_or(end, |total| end.min(total));
        let mut at = fragment.offset;
        for piece in self
            .pieces
            .iter()
            .filter(|piece| piece.end > fragment.offset && piece.start < end)
        {
            keep(at, piece.start.min(end));
            let (from, to) = (at.max(piece.start), end.min(piece.end));
            let again = captured(from, to);
            let first = piece.bytes.get(from - piece.start..).unwrap_or_default();
            conflicts += again.iter().zip(first).filter(|(a, b)| a != b).count() as u64;
            at = at.max(piece.end);
        }
        keep(at, end);
        if self.pieces.len() + news.len() > DATAGRAM_PIECES {
            news.clear();
        }
        (news, conflicts)
    }

    /// The whole, if nothing is missing: what was captured up to the first byte that a short snaplen cut.
    fn put_together(&mut self, now: Timestamp, id: DatagramId, frames: u64) -> Option<Whole> {
        let total = self.total?;
        let mut end = 0;
        for piece in &self.pieces {
            if piece.start != end {
                return None;
            }
            end = piece.end;
        }
        if end < total {
            return None;
        }
        let mut bytes = Vec::with_capacity(held(&self.pieces));
        for piece in &self.pieces {
            bytes.extend_from_slice(&piece.bytes);
            if piece.bytes.len() < piece.end - piece.start {
                break;
            }
        }
        bytes.truncate(total);
        self.done = Some(now);
        Some(Whole {
            id,
            head: self.head,
            bytes,
            wire_len: total,
            frames_before: self.frames - frames,
        })
    }
}
