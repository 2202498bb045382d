//! One connection while it lives: where flow, reassembly and http meet.

use super::beyond::Beyond;
use super::closing::Closing;
use super::context::Context;
use super::marks::Marks;
use super::opening::Challenger;
use super::pending::PendingQueue;
use super::turns::Turns;
use crate::aggregate::{EventKind, LegRef, PrefixRef};
use crate::classify::{History, Protocol, RoleEvidence, Signs};
use crate::decode::{Flags, Segment};
use crate::flow::{Recent, Sender, Sent, Tcp};
use crate::frame::InterfaceId;
use crate::http::MessageStream;
use crate::reassembly::Assembler;
use crate::sequence::SeqNumber;
use crate::time::{Nanos, Timestamp};

/// One direction: bytes in order, and the messages in them.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) assembler: Assembler,
    pub(super) messages: MessageStream,
    /// Payload bytes on the wire, retransmissions left out.
    pub(super) bytes: u64,
    /// Its FIN was reached in order.
    pub(super) ended: bool,
}

/// Who is who.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roles {
    pub(super) client: Sender,
    pub(super) evidence: RoleEvidence,
    pub(super) leg: LegRef,
}

/// Bytes that wait for others: since when, and how many packets passed meanwhile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stall {
    pub(super) since: Timestamp,
    pub(super) packets: u32,
    /// The engine looks after it when time has passed.
    pub(super) watched: bool,
    /// Bytes kept, as the engine has them in its account.
    pub(super) kept: usize,
}

/// What becomes of a connection after a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    GoesOn,
    Over,
}

/// A living connection.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) id: u64,
    pub(super) start: Timestamp,
    pub(super) last: Timestamp,
    pub(super) first_frame: u64,
    pub(super) last_frame: u64,
    pub(super) generation: u32,
    pub(super) interface: InterfaceId,
    pub(super) last_interface: InterfaceId,
    pub(super) recent: Recent,
    pub(super) tcp: Tcp,
    pub(super) streams: [Stream; 2],
    pub(super) roles: Option<Roles>,
    pub(super) marks: Marks,
    /// Status of the last final response.
    pub(super) status: u16,
    pub(super) signs: Signs,
    pub(super) protocol: Protocol,
    pub(super) history: History,
    pub(super) closing: Option<Closing>,
    pub(super) connect: Option<Nanos>,
    pub(super) pending: PendingQueue,
    pub(super) requests: u32,
    pub(super) responses: u32,
    pub(super) first_request: Option<Timestamp>,
    /// First byte of a request whose head is not complete.
    pub(super) begun: Option<Timestamp>,
    pub(super) last_response_end: Option<Timestamp>,
    pub(super) last_payload: Option<Timestamp>,
    pub(super) last_prefix: PrefixRef,
    pub(super) first_target: u64,
    pub(super) first_line: Option<Box<str>>,
    pub(super) syn_retransmitted: u16,
    pub(super) keepalive_probes: u16,
    pub(super) retransmitted: u32,
    pub(super) out_of_order: u32,
    pub(super) gap_bytes: u64,
    pub(super) stall: Option<Box<Stall>>,
    pub(super) turns: Option<Box<Turns>>,
    pub(super) challenger: Option<Box<Challenger>>,
    pub(super) beyond: Option<Box<Beyond>>,
}

impl Conversation {
    /// A connection whose first packet is `segment`.
    pub(super) fn new(id: u64, generation: u32, segment: &Segment<'_>) -> Self {
        Self {
            id,
            start: segment.timestamp,
            last: segment.timestamp,
            first_frame: segment.number,
            last_frame: segment.number,
            generation,
            interface: segment.interface,
            last_interface: segment.interface,
            recent: Recent::default(),
            tcp: Tcp::default(),
            streams: [Stream::default(), Stream::default()],
            roles: None,
            marks: Marks::default(),
            status: 0,
            signs: Signs::default(),
            protocol: Protocol::default(),
            history: History::default(),
            closing: None,
            connect: None,
            pending: PendingQueue::default(),
            requests: 0,
            responses: 0,
            first_request: None,
            begun: None,
            last_response_end: None,
            last_payload: None,
            last_prefix: PrefixRef::default(),
            first_target: 0,
            first_line: None,
            syn_retransmitted: 0,
            keepalive_probes: 0,
            retransmitted: 0,
            out_of_order: 0,
            gap_bytes: 0,
            stall: None,
            turns: None,
            challenger: None,
            beyond: None,
        }
    }

    pub(super) fn stream(&mut self, of: Sender) -> &mut Stream {
        &mut self.streams[of.index()]
    }

    /// Its leg, once the roles are sure.
    pub(super) fn leg(&self) -> Option<LegRef> {
        self.roles.map(|roles| roles.leg)
    }

    pub(super) fn is_client(&self, end: Sender) -> bool {
        self.roles.is_some_and(|roles| roles.client == end)
    }

    /// Takes in one segment that is no duplicate and opens no new generation.
    #[inline]
    pub(super) fn segment(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) -> Fate {
        let flags = segment.flags;
        if flags.contains(Flags::RST) && !self.reset_counts(segment, sender) {
            self.note_challenged(sender);
            return Fate::GoesOn;
        }
        self.last = self.last.max(segment.timestamp);
        self.last_frame = segment.number;
        self.last_interface = segment.interface;
        let repeated_syn = flags.contains(Flags::SYN) && self.tcp.end(sender).isn().is_some();
        let sent = self.tcp.observe(segment, sender);
        if flags.contains(Flags::SYN) || self.roles.is_none() {
            self.opening(segment, sender, repeated_syn, cx);
        }
        self.note_history(segment, sender, sent);
        match sent {
            Sent::New => {}
            Sent::Again if segment.payload_len > 0 || flags.contains(Flags::FIN) => {
                self.retransmitted = self.retransmitted.saturating_add(1);
                self.note_repeated(segment, sender);
            }
            Sent::Again => {}
            Sent::OutOfOrder => self.out_of_order = self.out_of_order.saturating_add(1),
            // A single byte that an ACK of its sender overtook, or that was lost before the capture, looks like a probe.
            Sent::KeepaliveProbe if self.lacks(segment, sender) => {}
            Sent::KeepaliveProbe => {
                self.keepalive_probes = self.keepalive_probes.saturating_add(1);
                return Fate::GoesOn;
            }
        }
        if flags.contains(Flags::RST) {
            return self.reset(segment, sender, cx);
        }
        self.synchronise(segment, sender);
        self.complete_handshake(segment, sender, cx);
        if segment.payload_len > 0 {
            self.payload(segment, sender, cx);
        } else if self.stall.is_some() {
            self.drain(segment.timestamp, cx);
        }
        if flags.contains(Flags::FIN) {
            self.fin(segment, sender, cx);
        }
        if !self.tcp.any_fin() {
            return Fate::GoesOn;
        }
        self.end_streams(segment.timestamp, cx);
        if self.is_over() { Fate::Over } else { Fate::GoesOn }
    }

    fn note_history(&mut self, segment: &Segment<'_>, sender: Sender, sent: Sent) {
        let by_client = self.roles.is_none_or(|roles| roles.client == sender);
        let flags = segment.flags;
        let letter = if flags.contains(Flags::RST) {
            b'R'
        } else if flags.contains(Flags::SYN_ACK) {
            b'H'
        } else if flags.contains(Flags::SYN) {
            b'S'
        } else if sent == Sent::Again {
            b'T'
        } else if segment.payload_len > 0 {
            b'D'
        } else if flags.contains(Flags::FIN) {
            b'F'
        } else {
            b'A'
        };
        self.history.note(letter, by_client);
        if flags.contains(Flags::FIN) {
            self.history.note(b'F', by_client);
        }
    }

    /// Whether the payload has not been delivered yet.
    fn lacks(&self, segment: &Segment<'_>, sender: Sender) -> bool {
        let end = SeqNumber(segment.sequence).plus(segment.payload_len);
        let next = self.streams[sender.index()].assembler.next();
        segment.payload_len > 0 && next.is_some_and(|next| end.after(next) > 0)
    }

    /// Where each direction's bytes begin, as soon as a segment of either end tells.
    #[inline]
    fn synchronise(&mut self, segment: &Segment<'_>, sender: Sender) {
        let flags = segment.flags;
        let start = SeqNumber(segment.sequence).plus(u32::from(flags.contains(Flags::SYN)));
        let this = &mut self.streams[sender.index()];
        if this.assembler.next().is_none() {
            this.assembler.synchronise(start);
            if !flags.contains(Flags::SYN) {
                this.messages = MessageStream::midstream();
            }
        }
        let peer = &mut self.streams[sender.peer().index()];
        if peer.assembler.next().is_none() && flags.contains(Flags::ACK) {
            peer.assembler.synchronise(SeqNumber(segment.acknowledgment));
            if !flags.contains(Flags::SYN) {
                peer.messages = MessageStream::midstream();
            }
        }
    }

    /// SYN, SYN-ACK, and now the client's ACK or data.
    #[inline]
    fn complete_handshake(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) {
        if self.marks.has(Marks::ESTABLISHED)
            || !self.marks.has(Marks::OPENED)
            || segment.flags.contains(Flags::SYN)
        {
            return;
        }
        let Some(roles) = self.roles.filter(|roles| roles.client == sender) else {
            return;
        };
        let Some(server_isn) = self.tcp.end(sender.peer()).isn() else {
            return;
        };
        if segment.flags.contains(Flags::ACK) && SeqNumber(segment.acknowledgment).after(server_isn) > 0 {
            self.marks.set(Marks::ESTABLISHED);
            self.connect = Some(segment.timestamp.since(self.start).max(0));
            cx.emit(segment.timestamp, roles.leg, EventKind::Established);
        }
    }
}
