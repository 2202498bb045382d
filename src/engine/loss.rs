//! What the capture does not show: gaps, responses that cannot come, requests that were never answered.

use super::context::Context;
use super::conversation::Conversation;
use super::delivery::Missing;
use super::marks::Marks;
use crate::aggregate::EventKind;
use crate::classify::Signs;
use crate::flow::Sender;
use crate::http::{GapEffect, Side};
use crate::limits::PIPELINED;
use crate::time::Timestamp;

impl Conversation {
    /// Bytes that the capture lacks.
    pub(super) fn gap(
        &mut self,
        sender: Sender,
        len: u32,
        why: Missing,
        at: Timestamp,
        cx: &mut Context<'_>,
    ) {
        self.count_gap(len, cx);
        let Some(roles) = self.roles else { return };
        let side = if roles.client == sender {
            Side::Request
        } else {
            Side::Response
        };
        if self.gap_in_turns(side, len, at, cx) {
            cx.emit(at, roles.leg, EventKind::Loss { hidden: 0 });
            return;
        }
        let effect = self.stream(sender).messages.gap(u64::from(len));
        self.after_gap(side, effect, len, why, at, cx);
    }

    pub(super) fn count_gap(&mut self, len: u32, cx: &mut Context<'_>) {
        self.beyond_mut().gap_bytes += u64::from(len);
        cx.shared.quality.gap_bytes += u64::from(len);
    }

    /// What a gap did to the framing, for the exchanges.
    pub(super) fn after_gap(
        &mut self,
        side: Side,
        effect: GapEffect,
        len: u32,
        why: Missing,
        at: Timestamp,
        cx: &mut Context<'_>,
    ) {
        if effect.ended && side == Side::Response {
            self.on_response_end(at, cx);
        }
        if self.gap_in_frames(side, u64::from(len), at, cx) || effect.lost {
            self.lost_framing(side, len, at, cx);
        } else if why == Missing::Packets
            && let Some(leg) = self.leg()
        {
            cx.emit(at, leg, EventKind::Loss { hidden: 0 });
        }
    }

    pub(super) fn lost_framing(&mut self, side: Side, len: u32, at: Timestamp, cx: &mut Context<'_>) {
        self.marks.set(Marks::OBSCURED);
        let hidden = match side {
            // As many requests as fit, by the mean of those seen on this connection.
            Side::Request => {
                let client = self.roles.map_or(0, |roles| roles.client.index());
                let mean = self.streams[client].bytes / u64::from(self.requests.max(1));
                1 + u64::from(len) / mean.max(64)
            }
            Side::Response => 0,
        };
        if let Some(leg) = self.leg() {
            cx.emit(at, leg, EventKind::Loss { hidden });
        }
    }

    /// Where responses were not captured, the requests before this one will not be answered: a client that does not
    /// pipeline had its answer. Pipelined ones beyond the cap are given up, too.
    #[inline]
    pub(super) fn forget_what_cannot_be_answered(&mut self, server: Sender, cx: &mut Context<'_>) {
        if self.pending.is_some() {
            self.forget_unanswered(server, cx);
        }
    }

    #[cold]
    #[inline(never)]
    fn forget_unanswered(&mut self, server: Sender, cx: &mut Context<'_>) {
        if !self.tcp.end(server).any() || self.streams[server.index()].messages.is_lost() {
            if self.tcp.end(server).any() {
                self.marks.set(Marks::OBSCURED);
            }
            while let Some(pending) = self.pop_pending() {
                self.finish_record(pending, None, None, cx);
            }
        }
        while self.pending_len() >= PIPELINED {
            cx.shared.quality.pipelined += 1;
            if let Some(pending) = self.pop_pending() {
                self.finish_record(pending, None, None, cx);
            }
        }
    }

    /// Requests that were never answered; on a connection that the server ended they are lost.
    pub(super) fn unanswered(&self) -> u32 {
        let server = self.roles.map(|roles| roles.client.peer());
        if server.is_some_and(|server| self.streams[server.index()].messages.is_lost()) {
            // The response may have been in the gap.
            return self.unanswered_streams();
        }
        let first = self
            .pending
            .as_ref()
            .is_some_and(|pending| pending.status.is_none());
        if self.beyond.is_none() {
            return first.into();
        }
        let rest = self.pending_len().saturating_sub(1);
        u32::from(first) + rest as u32 + self.unanswered_streams()
    }

    /// A response that the client's close cut off completes no exchange: it is taken back.
    pub(super) fn take_back_cut_response(&mut self, cx: &mut Context<'_>) {
        if !self.closing.is_some_and(|closing| self.is_client(closing.by)) {
            return;
        }
        self.take_back_cut_streams(cx);
        let Some(status) = self.pending.as_mut().and_then(|pending| pending.status.take()) else {
            return;
        };
        self.responses = self.responses.saturating_sub(1);
        self.signs.note(Signs::CUT_OFF);
        if let Some(leg) = self.leg() {
            cx.emit(self.last_at, leg, EventKind::ResponseCut { status });
        }
    }
}
