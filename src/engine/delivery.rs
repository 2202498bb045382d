//! Payload on its way from segments to messages: order within a direction and between the two, gaps, ends.
//!
//! A segment acknowledges what its sender had received, so bytes of one direction wait for those of the other that came
//! first: a capture that swaps two packets then gives the same messages. What never comes is given up after a while.

use std::hint::cold_path;

use super::beyond::Stall;
use super::context::Context;
use super::conversation::{Conversation, Stream};
use crate::decode::{Flags, Segment};
use crate::flow::Sender;
use crate::limits::{OUT_OF_ORDER_BYTES, OUT_OF_ORDER_OVERHEAD, OUT_OF_ORDER_SEGMENTS, OUT_OF_ORDER_TOTAL};
use crate::reassembly::{Arrival, Chunk, Piece};
use crate::sequence::SeqNumber;
use crate::time::{MILLISECOND, Nanos, Timestamp};

/// Bytes that the receiver has acknowledged and the capture has not shown after this many more packets of the
/// connection ...
const GIVE_UP_PACKETS: u32 = 32;
/// ... or this much packet time were not captured.
pub(super) const GIVE_UP_AFTER: Nanos = 100 * MILLISECOND;

/// Why bytes are missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Missing {
    /// Their packets were not captured.
    Packets,
    /// They were cut off by the snaplen.
    Snaplen,
}

/// Which segment bytes came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) at: Timestamp,
    pub(super) number: u64,
}

impl Conversation {
    /// The payload of one segment.
    #[inline(never)]
    pub(super) fn payload(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) {
        self.payload_here(segment, sender, cx);
    }

    #[expect(
        clippy::inline_always,
        reason = "the way of nearly every segment has no calls"
    )]
    #[inline(always)]
    pub(super) fn payload_here(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) {
        self.note_payload(segment.timestamp);
        let origin = Origin {
            at: segment.timestamp,
            number: segment.place.number(),
        };
        let start = SeqNumber(segment.sequence);
        let whole = segment.payload.len() == segment.payload_len as usize;
        let alone = self.stall().is_none() && self.turns().is_none();
        if segment.flags.0 & (Flags::ACK.0 | Flags::SYN.0) == Flags::ACK.0
            && whole
            && alone
            && self.streams[sender.index()].assembler.next() == Some(start)
            && !self.must_wait(sender, Some(SeqNumber(segment.acknowledgment)))
        {
            // In order, whole, and nothing waits.
            let stream = &mut self.streams[sender.index()];
            stream.assembler.skip_to(start.plus(segment.payload_len));
            stream.bytes += u64::from(segment.payload_len);
            return self.read(sender, segment.payload, origin, cx);
        }
        cold_path();
        self.any_payload(segment, sender, origin, cx);
    }

    #[inline(never)]
    fn any_payload(&mut self, segment: &Segment<'_>, sender: Sender, origin: Origin, cx: &mut Context<'_>) {
        let after = segment
            .flags
            .contains(Flags::ACK)
            .then_some(SeqNumber(segment.acknowledgment));
        let piece = Piece {
            bytes: segment.payload,
            len: segment.payload_len,
            after,
            timestamp: segment.timestamp,
            number: segment.place.number(),
        };
        // A SYN may carry data (RFC 7413); what the server did not take the client sends again.
        let syn = u32::from(segment.flags.contains(Flags::SYN));
        let start = SeqNumber(segment.sequence).plus(syn);
        let waits = self.must_wait(sender, after);
        let full = cx.shared.quality.kept_out_of_order >= OUT_OF_ORDER_TOTAL;
        let assembler = &mut self.streams[sender.index()].assembler;
        let arrival = if full && (waits || assembler.next().is_some_and(|next| start.after(next) > 0)) {
            Arrival::Refused
        } else if waits {
            assembler.keep(start, &piece)
        } else {
            assembler.accept(start, &piece)
        };
        match arrival {
            Arrival::InOrder { skip } => {
                let bytes = segment.payload.get(skip as usize..).unwrap_or_default();
                let missing = segment.payload_len - (segment.payload.len() as u32).max(skip);
                self.streams[sender.index()].bytes += u64::from(segment.payload_len - skip);
                self.deliver(sender, bytes, missing, origin, cx);
            }
            Arrival::Old => {}
            Arrival::Kept { conflicts } => cx.shared.quality.overlap_conflicts += conflicts,
            Arrival::Refused => {
                cx.shared.quality.refused_segments += 1;
                self.give_up(true, origin.at, cx);
            }
        }
        if self.streams[0].assembler.has_early() || self.streams[1].assembler.has_early() {
            self.beyond_mut().stall.get_or_insert(Stall {
                since: segment.timestamp,
                packets: 0,
                watched: false,
                kept: 0,
            });
            self.drain(segment.timestamp, cx);
        }
    }

    /// Whether bytes that the sender had received before it sent this have not been delivered yet.
    #[inline]
    fn must_wait(&self, sender: Sender, after: Option<SeqNumber>) -> bool {
        let Some(after) = after else { return false };
        let peer = &self.streams[sender.peer().index()];
        match peer.assembler.next() {
            Some(next) => after.after(next) > 0 && self.tcp.end(sender.peer()).any() && !peer.assembler.ended,
            None => false,
        }
    }

    /// Delivers what has become ready, and gives up what will not come.
    pub(super) fn drain(&mut self, now: Timestamp, cx: &mut Context<'_>) {
        self.deliver_what_can_be(now, cx);
        self.account(cx);
    }

    /// Notes in the engine's account how many bytes this connection keeps.
    fn account(&mut self, cx: &mut Context<'_>) {
        let kept: usize = self
            .streams
            .iter()
            .map(|stream| {
                let assembler = &stream.assembler;
                assembler.early_bytes() + assembler.early_segments() * OUT_OF_ORDER_OVERHEAD
            })
            .sum();
        let waits = self.streams.iter().any(|stream| stream.assembler.has_early());
        let Some(stall) = self.stall_mut() else { return };
        let before = std::mem::replace(&mut stall.kept, kept);
        cx.shared.quality.kept_out_of_order =
            cx.shared.quality.kept_out_of_order.saturating_sub(before) + kept;
        if !waits {
            self.beyond_mut().stall = None;
        }
    }

    fn deliver_what_can_be(&mut self, now: Timestamp, cx: &mut Context<'_>) {
        loop {
            while self.deliver_ready(now, cx) {}
            if !self.streams.iter().any(|stream| stream.assembler.has_early()) {
                return;
            }
            let Some(stall) = self.stall_mut() else { return };
            stall.packets += 1;
            let long = stall.packets >= GIVE_UP_PACKETS || now.since(stall.since) >= GIVE_UP_AFTER;
            let full = self.streams.iter().any(|stream| {
                stream.assembler.early_bytes() > OUT_OF_ORDER_BYTES / 4 * 3
                    || stream.assembler.early_segments() > OUT_OF_ORDER_SEGMENTS / 4 * 3
            });
            if !(long || full) || !self.give_up(full, now, cx) {
                return;
            }
            if let Some(stall) = self.stall_mut() {
                *stall = Stall {
                    since: now,
                    packets: 0,
                    ..*stall
                };
            }
        }
    }

    /// Delivers everything that is kept, gaps included: nothing more will come.
    #[inline]
    pub(super) fn drain_all(&mut self, now: Timestamp, cx: &mut Context<'_>) {
        let [one, other] = &self.streams;
        let done = |stream: &Stream| stream.assembler.ended && !stream.assembler.has_early();
        if !(done(one) && done(other) && self.stall().is_none()) {
            self.drain_what_is_left(now, cx);
        }
    }

    #[inline(never)]
    fn drain_what_is_left(&mut self, now: Timestamp, cx: &mut Context<'_>) {
        while self.streams.iter().any(|stream| stream.assembler.has_early()) {
            while self.deliver_ready(now, cx) {}
            if !self.give_up(true, now, cx) {
                break;
            }
        }
        self.account(cx);
        for sender in [Sender::Low, Sender::High] {
            self.give_up_tail(sender, now, cx);
        }
        self.end_streams(now, cx);
    }

    /// What the receiver acknowledged after the last byte captured.
    fn give_up_tail(&mut self, sender: Sender, now: Timestamp, cx: &mut Context<'_>) {
        let Some(acked) = self.tcp.end(sender.peer()).acked() else {
            return;
        };
        let this = self.tcp.end(sender);
        let end = match this.fin() {
            Some(fin) if acked.after(fin) > 0 => fin,
            _ => acked,
        };
        if this.any() && !self.streams[sender.index()].assembler.ended {
            let gap = self.streams[sender.index()].assembler.skip_to(end);
            self.deliver_gap(sender, gap, now, cx);
        }
    }

    /// One kept piece that is in order, and whose predecessors in the other direction were delivered.
    fn deliver_ready(&mut self, now: Timestamp, cx: &mut Context<'_>) -> bool {
        [Sender::Low, Sender::High].into_iter().any(|sender| {
            let ready = self.streams[sender.index()].assembler.ready();
            ready.is_some_and(|after| !self.must_wait(sender, after)) && self.deliver_kept(sender, now, cx)
        })
    }

    /// The first kept piece of a direction, which is in order.
    fn deliver_kept(&mut self, sender: Sender, now: Timestamp, cx: &mut Context<'_>) -> bool {
        let chunk = self.streams[sender.index()].assembler.pop();
        let Some(Chunk {
            bytes,
            skip,
            missing,
            timestamp,
            number,
        }) = chunk
        else {
            return false;
        };
        let captured = bytes.get(skip..).unwrap_or_default();
        self.streams[sender.index()].bytes += captured.len() as u64 + u64::from(missing);
        self.deliver(
            sender,
            captured,
            missing,
            Origin {
                at: timestamp,
                number,
            },
            cx,
        );
        self.end_streams(now, cx);
        true
    }

    /// Gives up one hole: bytes that the receiver has got (or, `forced`, any), or the bytes of the other direction that
    /// a kept piece waits for. Returns whether there was one.
    fn give_up(&mut self, forced: bool, now: Timestamp, cx: &mut Context<'_>) -> bool {
        for sender in [Sender::Low, Sender::High] {
            let stream = &self.streams[sender.index()];
            let Some(first) = stream.assembler.first_early() else {
                continue;
            };
            let peer = self.tcp.end(sender.peer());
            let received = peer.acked().is_some_and(|acked| acked.after(first) >= 0) || !peer.any();
            let hole = stream.assembler.next().is_some_and(|next| first.after(next) > 0);
            if hole && (received || forced) {
                let gap = self.streams[sender.index()].assembler.give_up_hole();
                self.deliver_gap(sender, gap, now, cx);
                return true;
            }
            let Some(Some(after)) = stream.assembler.ready() else {
                continue;
            };
            if self.must_wait(sender, Some(after)) {
                let other = &mut self.streams[sender.peer().index()].assembler;
                let target = match other.first_early() {
                    Some(early) if early.after(after) < 0 => early,
                    _ => after,
                };
                let gap = other.skip_to(target);
                // Each side waits for the other: neither can be right, and the bytes are there.
                if gap.is_none() {
                    return self.deliver_kept(sender, now, cx);
                }
                self.deliver_gap(sender.peer(), gap, now, cx);
                return true;
            }
        }
        false
    }

    fn deliver_gap(&mut self, sender: Sender, gap: Option<u32>, now: Timestamp, cx: &mut Context<'_>) {
        if let Some(len) = gap {
            // A FIN whose acknowledgment came first is no missing byte.
            let fin = self.tcp.end(sender).fin();
            let reached = self.streams[sender.index()].assembler.next();
            let len = if fin.is_some_and(|fin| reached == Some(fin.plus(1))) {
                len - 1
            } else {
                len
            };
            if len > 0 {
                self.streams[sender.index()].bytes += u64::from(len);
                self.history
                    .note(b'G', self.roles.is_none_or(|roles| roles.client == sender));
                self.gap(sender, len, Missing::Packets, now, cx);
            }
        }
    }

    /// Bytes in order, followed by `missing` ones that were cut off by the snaplen.
    #[inline]
    pub(super) fn deliver(
        &mut self,
        sender: Sender,
        bytes: &[u8],
        missing: u32,
        from: Origin,
        cx: &mut Context<'_>,
    ) {
        if missing > 0 || self.turns().is_some() {
            self.deliver_unframed(sender, bytes, missing, from, cx);
        } else {
            self.read(sender, bytes, from, cx);
        }
    }

    /// FINs that were reached in order end their direction.
    pub(super) fn end_streams(&mut self, now: Timestamp, cx: &mut Context<'_>) {
        for sender in [Sender::Low, Sender::High] {
            let Some(fin) = self.tcp.end(sender).fin() else {
                continue;
            };
            let stream = &mut self.streams[sender.index()];
            if stream.assembler.ended || stream.assembler.has_early() {
                continue;
            }
            let Some(next) = stream.assembler.next() else {
                continue;
            };
            let missing = fin.after(next);
            // Acknowledged, so it arrived: what lies between was not captured. Without it the sender sends it again.
            let acknowledged = self
                .tcp
                .end(sender.peer())
                .acked()
                .is_some_and(|acked| acked.after(fin) > 0);
            if missing > 0 && !acknowledged {
                continue;
            }
            if missing > 0 {
                let gap = self.streams[sender.index()].assembler.skip_to(fin);
                self.deliver_gap(sender, gap, now, cx);
            }
            let stream = &mut self.streams[sender.index()];
            stream.assembler.ended = true;
            stream.assembler.skip_to(fin.plus(1));
            if !self.is_client(sender) {
                self.server_stream_ended(now, cx);
            }
        }
    }
}
