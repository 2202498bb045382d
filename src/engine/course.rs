//! The usual course of a connection: its SYN, the answer, the confirmation, and the segments that end it, each in a way of
//! its own, with what [`any_segment`](Conversation::any_segment) would make of it.

use super::analysis::Engine;
use super::closing::{Closing, How};
use super::context::{Context, STEPS};
use super::conversation::{CONTROL, Conversation, Fate, Roles};
use super::marks::Marks;
use crate::aggregate::{ConnectionRef, EventKind, LegRef};
use crate::classify::{History, RoleEvidence};
use crate::decode::{Flags, Segment};
use crate::flow::{FlowKey, Link, Sender};
use crate::sequence::SeqNumber;

impl Engine {
    /// A SYN without data opens a connection that was not known before, nor perhaps another one with its key.
    pub(super) fn open_by_syn(
        &mut self,
        is_unknown: bool,
        key: &FlowKey,
        segment: &Segment<'_>,
        sender: Sender,
    ) {
        let id = self.shared.now.order / STEPS;
        let mut link = Link::NONE;
        self.trail.note(&mut link, segment, sender);
        let (client, server) = (key.end(sender), key.end(sender.peer()));
        let leg = self
            .shared
            .names
            .leg(client, server, self.shared.now, &mut self.shared.told);
        let place = self
            .table
            .insert_made(*key, is_unknown, || Conversation::new(id, segment));
        if let Some(opened) = self.table.at(place) {
            opened.link = link;
            opened.begin_with_syn(segment, sender, leg);
        }
        let opened = EventKind::Opened {
            connection: ConnectionRef(place as u32),
            syn: true,
        };
        let event = self.shared.now.event(segment.timestamp, leg, opened);
        self.shared.told.events.push(event);
    }
}

impl Conversation {
    /// Takes in the SYN without data that opens it, but for what is told of it.
    #[inline]
    fn begin_with_syn(&mut self, segment: &Segment<'_>, sender: Sender, leg: LegRef) {
        self.tcp.open(segment, sender);
        let first_byte = SeqNumber(segment.sequence).plus(1);
        self.streams[sender.index()].assembler.synchronise(first_byte);
        self.roles = Some(Roles {
            client: sender,
            evidence: RoleEvidence::Syn,
            leg,
        });
        self.marks.set(Marks::OPENED);
        self.history = History::OPENED;
    }

    /// Takes in a segment that may open or end something.
    // Half of the segments of a short connection are of this kind.
    #[inline(always)]
    pub(super) fn control(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) -> Fate {
        const SYN_ACK: u8 = Flags::SYN_ACK.0;
        const ACK: u8 = Flags::ACK.0;
        const FIN: u8 = Flags::FIN.0 | Flags::ACK.0;
        if segment.payload_len > 0 || self.beyond.is_some() {
            return self.any_segment(segment, sender, cx);
        }
        match segment.flags.0 & CONTROL {
            SYN_ACK => self.answer(segment, sender, cx),
            ACK if self.marks.0 & (Marks::OPENED | Marks::ESTABLISHED) == Marks::OPENED => {
                self.confirmation(segment, sender, cx)
            }
            ACK if self.marks.has(Marks::ENDING) => self.last_acknowledgment(segment, sender, cx),
            FIN if self.marks.has(Marks::STEADY) => self.first_fin(segment, sender, cx),
            FIN if self.marks.has(Marks::ENDING) => self.second_fin(segment, sender, cx),
            _ => self.any_segment(segment, sender, cx),
        }
    }

    /// The answer to the SYN.
    #[inline(never)]
    fn answer(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) -> Fate {
        let to_client = self.is_client(sender.peer()) && self.marks.has(Marks::OPENED);
        let is_placed = self.streams[sender.peer().index()].assembler.next().is_some();
        if !to_client || !is_placed || !self.tcp.answers(segment, sender) {
            return self.any_segment(segment, sender, cx);
        }
        self.note_latest(segment);
        let first_byte = SeqNumber(segment.sequence).plus(1);
        self.streams[sender.index()].assembler.synchronise(first_byte);
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

    /// The first FIN, on a steady connection.
    #[inline(never)]
    fn first_fin(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) -> Fate {
        let Some(roles) = self.roles.filter(|_| self.ends_in_order(segment, sender)) else {
            return self.any_segment(segment, sender, cx);
        };
        // What is to be told of before the connection closes.
        self.end_stream(segment, sender, cx);
        self.marks.clear(Marks::STEADY);
        self.marks.set(Marks::ENDING);
        let acked = Some(SeqNumber(segment.acknowledgment));
        let closing = Closing::new(sender, How::Fin, segment.timestamp, acked);
        self.closing = Some(closing);
        self.tell_closing(roles, &closing, cx);
        Fate::GoesOn
    }

    /// The FIN of the other end.
    #[inline(never)]
    fn second_fin(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) -> Fate {
        let own = SeqNumber(segment.sequence);
        let was_acked = self
            .closing
            .and_then(|closing| closing.acked())
            .is_none_or(|acked| acked.after(own) > 0);
        if was_acked || self.tcp.second_fin_crosses(segment, sender) || !self.ends_in_order(segment, sender) {
            return self.any_segment(segment, sender, cx);
        }
        self.end_stream(segment, sender, cx);
        // Nearly always it is yet to be acknowledged.
        let acked = self.tcp.end(sender.peer()).acked();
        if acked.is_some_and(|acked| acked.after(own) > 0) && self.is_over() {
            return Fate::Over;
        }
        Fate::GoesOn
    }

    /// An acknowledgment after a FIN, often the last segment.
    #[inline(never)]
    fn last_acknowledgment(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) -> Fate {
        if !self.tcp.acknowledges(segment, sender) {
            return self.any_segment(segment, sender, cx);
        }
        self.note_latest(segment);
        self.history.note(b'A', self.is_client(sender));
        if self.is_over() { Fate::Over } else { Fate::GoesOn }
    }

    /// Takes note of a FIN behind the last byte of its sender; returns whether it is one.
    #[inline]
    fn ends_in_order(&mut self, segment: &Segment<'_>, sender: Sender) -> bool {
        let next = self.streams[sender.index()].assembler.next();
        next == Some(SeqNumber(segment.sequence)) && self.tcp.finishes(segment, sender)
    }

    /// Such a FIN ends its direction.
    #[inline]
    fn end_stream(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) {
        self.note_latest(segment);
        let by_client = self.is_client(sender);
        self.history.note(b'F', by_client);
        let assembler = &mut self.streams[sender.index()].assembler;
        assembler.ended = true;
        assembler.skip_to(SeqNumber(segment.sequence).plus(1));
        if !by_client {
            self.server_stream_ended(segment.timestamp, cx);
        }
    }
}
