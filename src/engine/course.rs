//! The usual course of a connection: its SYN, the answer, the confirmation, and the segments that end it, each in a way of
//! its own, with what [`any_segment`](Conversation::any_segment) would make of it.

use super::analysis::Engine;
use super::closing::{Closing, How};
use super::context::{Context, STEPS};
use super::conversation::{Conversation, Fate, OPENING, Roles};
use super::marks::Marks;
use crate::aggregate::{ConnectionRef, EventKind, LegRef};
use crate::classify::{History, RoleEvidence};
use crate::decode::{Flags, Segment};
use crate::flow::{FlowKey, Link, Sender, Tcp};
use crate::reassembly::Assembler;
use crate::sequence::SeqNumber;

impl Engine {
    /// A SYN without data opens a connection that was not known before.
    pub(super) fn open_by_syn(&mut self, key: &FlowKey, segment: &Segment<'_>, sender: Sender) {
        let id = self.now.order / STEPS;
        let mut link = Link::NONE;
        self.trail.note(&mut link, segment, sender);
        let (client, server) = (key.end(sender), key.end(sender.peer()));
        let leg = self.names.leg(client, server, self.now, &mut self.told);
        let make = || Conversation::opened(id, segment, sender, (link, leg));
        let place = self.table.insert_made(*key, make);
        let opened = EventKind::Opened {
            connection: ConnectionRef(place as u32),
            syn: true,
        };
        let event = self.now.event(segment.timestamp, leg, opened);
        self.told.events.push(event);
    }
}

impl Conversation {
    /// A connection that `segment`, a SYN without data, opens.
    #[expect(clippy::inline_always, reason = "a large value is made in place")]
    #[inline(always)]
    fn opened(id: u64, segment: &Segment<'_>, sender: Sender, (link, leg): (Link, LegRef)) -> Self {
        let mut opened = Self::new(id, segment);
        opened.link = link;
        opened.tcp = Tcp::opened(segment, sender);
        opened.streams[sender.index()].assembler = Assembler::beginning(SeqNumber(segment.sequence).plus(1));
        opened.roles = Some(Roles {
            client: sender,
            evidence: RoleEvidence::Syn,
            leg,
        });
        opened.marks.set(Marks::OPENED);
        opened.history = History::OPENED;
        opened
    }

    /// Takes in a segment that may open or end something.
    #[inline(never)]
    pub(super) fn control(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) -> Fate {
        const SYN_ACK: u8 = Flags::SYN_ACK.0;
        const ACK: u8 = Flags::ACK.0;
        if segment.payload_len > 0 || self.beyond.is_some() {
            return self.any_segment(segment, sender, cx);
        }
        match segment.flags.0 & OPENING {
            SYN_ACK => self.answer(segment, sender, cx),
            ACK if self.marks.0 & (Marks::OPENED | Marks::ESTABLISHED) == Marks::OPENED => {
                self.confirmation(segment, sender, cx)
            }
            ACK => self.end(segment, sender, cx),
            _ => self.any_segment(segment, sender, cx),
        }
    }

    /// The answer to the SYN.
    #[inline(never)]
    fn answer(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) -> Fate {
        let to_client = self.is_client(sender.peer()) && self.marks.has(Marks::OPENED);
        if !to_client || !self.tcp.answers(segment, sender) {
            return self.any_segment(segment, sender, cx);
        }
        self.note_latest(segment);
        self.synchronise(segment, sender);
        self.history.note(b'H', false);
        Fate::GoesOn
    }

    /// The confirmation that the answer has come: the connection is open.
    #[inline(never)]
    fn confirmation(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) -> Fate {
        let Some(roles) = self.roles.filter(|roles| roles.client == sender) else {
            return self.any_segment(segment, sender, cx);
        };
        if !self.is_placed() || self.closing.is_some() || !self.tcp.confirms(segment, sender) {
            return self.any_segment(segment, sender, cx);
        }
        self.note_latest(segment);
        self.history.note(b'A', true);
        self.establish(segment.timestamp, roles.leg, cx);
        self.marks.set(Marks::STEADY);
        Fate::GoesOn
    }

    /// A FIN behind the last byte of its sender, or an acknowledgment after a FIN.
    #[inline(never)]
    fn end(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) -> Fate {
        let fin = segment.flags.contains(Flags::FIN);
        // Where it did not come in order, more may depend on it.
        let ended =
            |end: Sender| self.tcp.end(end).fin().is_none() || self.streams[end.index()].assembler.ended;
        let all_in_order = ended(Sender::Low) && ended(Sender::High);
        let next = self.streams[sender.index()].assembler.next();
        let is_next = next == Some(SeqNumber(segment.sequence));
        let Some(roles) = self.roles.filter(|_| self.is_placed() && all_in_order) else {
            return self.any_segment(segment, sender, cx);
        };
        let usual = if fin { is_next } else { self.tcp.any_fin() };
        if !usual || !self.tcp.goes_on(segment, sender) {
            return self.any_segment(segment, sender, cx);
        }
        self.note_latest(segment);
        let by_client = roles.client == sender;
        if !fin {
            self.history.note(b'A', by_client);
        } else {
            self.history.note(b'F', by_client);
            let first = self.closing.is_none();
            if !first {
                self.fin(segment, sender, cx);
            }
            let assembler = &mut self.streams[sender.index()].assembler;
            assembler.ended = true;
            assembler.skip_to(SeqNumber(segment.sequence).plus(1));
            if !by_client {
                self.server_stream_ended(segment.timestamp, cx);
            }
            if first {
                let acked = Some(SeqNumber(segment.acknowledgment));
                self.close(Closing::new(sender, How::Fin, segment.timestamp, acked), cx);
            }
            self.marks.clear(Marks::STEADY);
        }
        if self.is_over() { Fate::Over } else { Fate::GoesOn }
    }
}
