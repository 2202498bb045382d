//! SYN and SYN-ACK: roles, generations, challenges (RFC 9293 sections 3.5 and 3.6.1, RFC 5961 section 4).

use super::context::Context;
use super::conversation::Conversation;
use super::marks::Marks;
use crate::aggregate::EventKind;
use crate::classify::RoleEvidence;
use crate::decode::{Features, Flags, Likeness, Print, Segment, SegmentHead};
use crate::flow::Sender;
use crate::frame::FramePlace;
use crate::sequence::SeqNumber;
use crate::time::{MILLISECOND, Timestamp};

/// A SYN with another ISN on a living connection: what comes next decides whether it starts a new generation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Challenger {
    pub(super) sender: Sender,
    pub(super) isn: SeqNumber,
    pub(super) at: Timestamp,
    /// The SYN's place among all frames: the id of what it opens.
    pub(super) order: u64,
    pub(super) place: FramePlace,
    pub(super) last: Timestamp,
    pub(super) retransmitted: u16,
}

/// What a segment means for the generation of its connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Generation {
    /// It belongs to the living one.
    Same,
    /// It starts a new one.
    New,
    /// It confirms the challenger, which starts a new one; the segment belongs to that.
    Challenger,
    /// It ends the living one (an RST by the challenger's sender), and the challenger starts a new one.
    ChallengerAfter,
    /// It was a SYN that is remembered as challenger; nothing else to do.
    Remembered,
}

impl Conversation {
    /// Decides to which generation a segment belongs, which [is news](crate::flow::Tcp::is_news) or not.
    #[expect(clippy::inline_always, reason = "nearly every segment is decided by two bits")]
    #[inline(always)]
    pub(super) fn generation(
        &mut self,
        order: u64,
        is_news: bool,
        head: &SegmentHead,
        sender: Sender,
    ) -> Generation {
        // A SYN that is news is the first answer to this connection's.
        if (is_news || !head.flags.contains(Flags::SYN)) && self.challenger().is_none() {
            return Generation::Same;
        }
        self.generation_of(order, head, sender)
    }

    #[inline(never)]
    fn generation_of(&mut self, order: u64, head: &SegmentHead, sender: Sender) -> Generation {
        let flags = head.flags;
        if flags.contains(Flags::SYN) && !flags.contains(Flags::ACK) {
            return self.on_syn(order, head, sender);
        }
        match self.challenger() {
            None => self.on_foreign_syn_ack(head, sender),
            Some(challenger) => {
                let challenger = *challenger;
                self.on_answer(head, sender, &challenger)
            }
        }
    }

    fn on_syn(&mut self, order: u64, head: &SegmentHead, sender: Sender) -> Generation {
        let isn = SeqNumber(head.sequence);
        let this = self.tcp.end(sender);
        let peer = self.tcp.end(sender.peer());
        if this.isn() == Some(isn) {
            return Generation::Same;
        }
        if this.isn().is_none() && !this.any() {
            // Simultaneous open, or a SYN that was captured after its SYN-ACK.
            let answers = peer.acked().is_none_or(|acked| acked == isn.plus(1));
            if peer.isn().is_some() && answers && self.requests == 0 {
                return Generation::Same;
            }
        }
        let embryonic = self.marks.has(Marks::OPENED)
            && !self.marks.has(Marks::ESTABLISHED)
            && !this.payload()
            && !peer.payload()
            && !peer.any();
        if self.closing.is_some() || embryonic {
            return Generation::New;
        }
        match self.beyond_mut().challenger.as_deref_mut() {
            Some(challenger) if challenger.sender == sender && challenger.isn == isn => {
                challenger.retransmitted = challenger.retransmitted.saturating_add(1);
                challenger.last = head.timestamp;
            }
            _ => {
                self.beyond_mut().challenger = Some(Box::new(Challenger {
                    sender,
                    isn,
                    at: head.timestamp,
                    order,
                    place: head.place,
                    last: head.timestamp,
                    retransmitted: 0,
                }));
            }
        }
        Generation::Remembered
    }

    /// A SYN-ACK with another number than the one this connection was opened with: its SYN was not captured.
    fn on_foreign_syn_ack(&self, head: &SegmentHead, sender: Sender) -> Generation {
        if !head.flags.contains(Flags::SYN_ACK) {
            return Generation::Same;
        }
        let own = self
            .tcp
            .end(sender)
            .isn()
            .is_none_or(|isn| isn == SeqNumber(head.sequence));
        let peer = self.tcp.end(sender.peer());
        let acknowledged = SeqNumber(head.acknowledgment);
        // Data on the SYN may be acknowledged with it (RFC 7413).
        let answers = peer.isn().is_none_or(|isn| {
            acknowledged.after(isn) > 0
                && (acknowledged == isn.plus(1) || acknowledged.after(peer.top()) <= 0)
        });
        let fresh = !self.tcp.end(sender).payload() && self.closing.is_none();
        if answers && (own || fresh) {
            Generation::Same
        } else {
            Generation::New
        }
    }

    fn on_answer(&mut self, head: &SegmentHead, sender: Sender, challenger: &Challenger) -> Generation {
        let flags = head.flags;
        let acknowledges =
            flags.contains(Flags::ACK) && SeqNumber(head.acknowledgment) == challenger.isn.plus(1);
        if sender == challenger.sender {
            if flags.contains(Flags::RST) {
                return Generation::ChallengerAfter;
            }
            // The sender goes on with the old connection.
            self.take_challenger();
            return Generation::Same;
        }
        if acknowledges && (flags.contains(Flags::SYN) || flags.contains(Flags::RST)) {
            return Generation::Challenger;
        }
        Generation::Same
    }

    /// Takes note of SYN and SYN-ACK, and of the roles they (or a named port, or a start line) settle.
    pub(super) fn opening(
        &mut self,
        segment: &Segment<'_>,
        sender: Sender,
        repeated_syn: bool,
        cx: &mut Context<'_>,
    ) {
        let flags = segment.flags;
        let at = segment.timestamp;
        if flags.contains(Flags::SYN_ACK) {
            self.settle(sender.peer(), RoleEvidence::SynAck, at, cx);
        } else if flags.contains(Flags::SYN) {
            self.on_first_or_repeated_syn(sender, at, repeated_syn, cx);
        } else if let Some(server) = Self::named_server(cx) {
            self.settle(server.peer(), RoleEvidence::NamedPort, at, cx);
        } else if segment.payload_len > 0 {
            let cut = (segment.payload.len() as u32) < segment.payload_len;
            self.infer_roles(segment.payload, cut, sender, at, cx);
        }
    }

    fn on_first_or_repeated_syn(
        &mut self,
        sender: Sender,
        at: Timestamp,
        repeated: bool,
        cx: &mut Context<'_>,
    ) {
        if repeated {
            if self.is_client(sender) {
                let after = u16::try_from(at.since(self.start) / MILLISECOND).ok();
                let beyond = self.beyond_mut();
                if let Some(again) = beyond.syn_again.get_mut(usize::from(beyond.syn_retransmitted)) {
                    *again = after;
                }
                beyond.syn_retransmitted = beyond.syn_retransmitted.saturating_add(1);
            }
            return;
        }
        match self.roles {
            None => {
                self.marks.set(Marks::OPENED);
                self.settle(sender, RoleEvidence::Syn, at, cx);
            }
            Some(roles) if roles.client == sender && !self.marks.has(Marks::OPENED) => {
                self.marks.set(Marks::OPENED);
                cx.emit(
                    at,
                    roles.leg,
                    EventKind::SynAfterAll {
                        connection: cx.connection,
                    },
                );
            }
            Some(_) => {}
        }
    }

    /// Begins with the challenger's SYN, as far as it was remembered.
    pub(super) fn begin_as(&mut self, challenger: &Challenger, cx: &mut Context<'_>) {
        self.segment(&challenger.head().alone(), challenger.sender, cx);
        if challenger.retransmitted > 0 {
            self.beyond_mut().syn_retransmitted = challenger.retransmitted;
        }
        self.last_at = self.last_at.max(challenger.last);
    }
}

impl Challenger {
    /// The SYN itself, as far as it was remembered.
    pub(super) fn head(&self) -> SegmentHead {
        let features = Features {
            ip_id: None,
            ts_value: 0,
            ttl: 0,
            interface: self.place.interface(),
            if_index: 0,
        };
        SegmentHead {
            timestamp: self.at,
            place: self.place,
            likeness: Likeness {
                sequence: self.isn.0,
                acknowledgment: 0,
                flags: Flags::SYN,
                window: u16::MAX,
                payload_len: 0,
                print: Print::of(&features),
            },
        }
    }
}
