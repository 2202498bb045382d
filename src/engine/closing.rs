//! FIN and RST: who closed, when, and whether all is over (RFC 9293 sections 3.5.2 and 3.6).

use std::num::NonZeroU64;

use super::context::Context;
use super::conversation::{Conversation, Fate, Roles};
use super::marks::Marks;
use crate::aggregate::EventKind;
use crate::classify::{Closer, Handshake};
use crate::decode::{Flags, Segment};
use crate::flow::Sender;
use crate::sequence::SeqNumber;
use crate::time::{Nanos, Timestamp};

/// The first FIN or RST.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    pub(super) by: Sender,
    pub(super) how: How,
    pub(super) at: Timestamp,
    acked: SeqNumber,
    has_acked: bool,
}

impl Closing {
    /// `acked` is what its sender had received of the other direction.
    pub(super) fn new(by: Sender, how: How, at: Timestamp, acked: Option<SeqNumber>) -> Self {
        Self {
            by,
            how,
            at,
            acked: acked.unwrap_or_default(),
            has_acked: acked.is_some(),
        }
    }

    /// What its sender had received of the other direction.
    pub(super) fn acked(&self) -> Option<SeqNumber> {
        self.has_acked.then_some(self.acked)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum How {
    Fin,
    CrossedFins,
    Reset,
    Replaced,
}

fn acknowledged(segment: &Segment<'_>) -> Option<SeqNumber> {
    segment
        .flags
        .contains(Flags::ACK)
        .then_some(SeqNumber(segment.acknowledgment))
}

/// Bytes by which an RST may miss what its sender sent last; larger than windows are in practice.
const RESET_WITHIN: u32 = 1 << 24;

impl Conversation {
    /// Whether an RST is this connection's: one that answers the SYN must acknowledge it (RFC 9293 section 3.5.2), and
    /// while the SYN is open an RST by its own sender answers something older (a challenge ACK).
    pub(super) fn reset_counts(&self, segment: &Segment<'_>, sender: Sender) -> bool {
        let peer = self.tcp.end(sender.peer());
        let this = self.tcp.end(sender);
        match (this.isn(), peer.isn()) {
            (None, Some(isn)) if !this.any() => {
                let acknowledged = SeqNumber(segment.acknowledgment);
                // Data on the SYN is acknowledged with it.
                segment.flags.contains(Flags::ACK)
                    && (acknowledged == isn.plus(1) || acknowledged == peer.top())
            }
            (Some(isn), None) if !this.proves_peer() && !peer.payload() => {
                let sequence = SeqNumber(segment.sequence);
                sequence == isn.plus(1) || sequence == isn
            }
            // Far from everything that either end has sent or received: forged, or of another time (RFC 9293 section
            // 3.10.7.4 wants it in the window).
            _ => {
                let sequence = SeqNumber(segment.sequence);
                let near = |number: SeqNumber| sequence.after(number).unsigned_abs() <= RESET_WITHIN;
                !this.any() || near(this.top()) || peer.acked().is_some_and(near)
            }
        }
    }

    pub(super) fn reset(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) -> Fate {
        let peer = self.tcp.end(sender.peer());
        let answered = self.tcp.end(sender).isn().is_some() || self.tcp.end(sender).payload();
        if self.marks.has(Marks::OPENED)
            && !self.marks.has(Marks::TOLD)
            && !answered
            && !peer.proves_peer()
            && !peer.payload()
            && !self.is_client(sender)
        {
            self.marks.set(Marks::REFUSED);
        }
        self.drain_all(segment.timestamp, cx);
        self.close(
            Closing::new(sender, How::Reset, segment.timestamp, acknowledged(segment)),
            cx,
        );
        Fate::Over
    }

    pub(super) fn fin(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) {
        if let Some(closing) = self.closing {
            let second = closing.by != sender && closing.how == How::Fin;
            // A retransmitted FIN may acknowledge what the first one did not: the first copy counts.
            let first_copy = self.tcp.end(sender).fin()
                == Some(SeqNumber(segment.sequence).plus(segment.payload_len))
                && !self.streams[sender.index()].assembler.ended;
            let own = SeqNumber(segment.sequence).plus(segment.payload_len);
            if second && first_copy && closing.acked().is_some_and(|acked| acked.after(own) > 0) {
                // The FIN captured first acknowledges this one: the capture swapped them.
                let acked = acknowledged(segment);
                self.closing = Some(Closing::new(sender, closing.how, closing.at, acked));
            } else if second && first_copy && self.tcp.second_fin_crosses(segment, sender) {
                self.closing = Some(Closing {
                    how: How::CrossedFins,
                    ..closing
                });
            }
            return;
        }
        // A response that ends with the connection is complete before the connection closes.
        self.end_streams(segment.timestamp, cx);
        self.close(
            Closing::new(sender, How::Fin, segment.timestamp, acknowledged(segment)),
            cx,
        );
    }

    /// Notes the first FIN or RST (or the replacing SYN) and tells the leg.
    pub(super) fn close(&mut self, closing: Closing, cx: &mut Context<'_>) {
        if self.closing.is_some() {
            return;
        }
        self.end_open_response(cx);
        self.closing = Some(closing);
        let Some(roles) = self.roles else {
            self.marks.clear(Marks::BUSY);
            return;
        };
        // A connect that failed was never open.
        let handshake = self.handshake(roles.client, closing.at, &cx.shared.config.thresholds);
        let failed = matches!(handshake, Handshake::Refused | Handshake::Unanswered);
        if closing.how == How::Reset && failed {
            self.marks.clear(Marks::BUSY);
            return;
        }
        self.tell_closing(roles, &closing, cx);
    }

    /// Tells the leg of the close.
    #[expect(clippy::inline_always, reason = "nearly all of them are told at one place")]
    #[inline(always)]
    pub(super) fn tell_closing(&mut self, roles: Roles, closing: &Closing, cx: &mut Context<'_>) {
        let Roles { client, leg, .. } = roles;
        let was_busy = self.marks.has(Marks::BUSY);
        self.marks.clear(Marks::BUSY);
        self.marks.set(Marks::TOLD);
        let kind = EventKind::Closing {
            connection: cx.connection,
            with_request: self.requests > u32::from(self.marks.has(Marks::UPGRADED)),
            was_busy,
            reset: closing.how == How::Reset,
            idle: self.idle_at(closing.at).into(),
            announced: self.marks.has(Marks::ANNOUNCED),
            prefix: self.last_prefix,
            port: cx.key.ports()[client.index()],
            asked: NonZeroU64::new(self.asked).filter(|_| self.requests == 1),
        };
        cx.emit(closing.at, leg, kind);
    }

    /// Idle time at `at`: from the end of the last complete response.
    pub(super) fn idle_at(&self, at: Timestamp) -> Option<Nanos> {
        self.response_end().map(|end| at.after(end))
    }

    /// Who closed it, in the client's and the server's terms.
    pub(super) fn closer(&self, client: Sender) -> Option<Closer> {
        let closing = self.closing?;
        let by_client = closing.by == client;
        Some(match (closing.how, by_client) {
            (How::Fin, true) => Closer::Client,
            (How::Fin, false) => Closer::Server,
            (How::CrossedFins, _) => Closer::Simultaneous,
            (How::Reset, true) => Closer::ResetByClient,
            (How::Reset, false) => Closer::ResetByServer,
            (How::Replaced, _) => Closer::Lost,
        })
    }

    /// Whether the SYN that replaced it ended the connection.
    pub(super) fn was_replaced(&self) -> bool {
        self.closing.is_some_and(|closing| closing.how == How::Replaced)
    }

    /// Both directions ended, and both ends know it.
    pub(super) fn is_over(&self) -> bool {
        let acknowledged = |end: Sender| {
            let fin = self.tcp.end(end).fin();
            let acked = self.tcp.end(end.peer()).acked();
            fin.zip(acked).is_some_and(|(fin, acked)| acked.after(fin) > 0)
        };
        self.streams[0].assembler.ended
            && self.streams[1].assembler.ended
            && acknowledged(Sender::Low)
            && acknowledged(Sender::High)
    }

    /// Forgets requests whose responses the capture cannot show.
    pub(super) fn drop_unseen(&mut self) {
        while self.pop_pending().is_some() {}
    }
}
