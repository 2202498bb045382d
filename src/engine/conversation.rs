//! One connection while it lives: where flow, reassembly and http meet.

use super::context::Context;
use super::exchange::PendingQueue;
use super::opening::Challenger;
use crate::aggregate::{EventKind, LegRef, PrefixRef};
use crate::classify::{Closer, History, Protocol, RoleEvidence};
use crate::decode::{Flags, Segment};
use crate::flow::{Recent, Sender, Sent, Tcp};
use crate::frame::InterfaceId;
use crate::http::MessageStream;
use crate::reassembly::Assembler;
use crate::sequence::SeqNumber;
use crate::time::{Nanos, Timestamp};

/// A word of named bits.
macro_rules! bits {
    ($(#[$outer:meta])* $vis:vis struct $name:ident { $($(#[$inner:meta])* $bit:ident = $n:expr,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
        $vis struct $name(u16);

        impl $name {
            $($(#[$inner])* pub(super) const $bit: u16 = 1 << $n;)*

            #[inline]
            pub(super) const fn has(self, bit: u16) -> bool {
                self.0 & bit != 0
            }

            #[inline]
            pub(super) fn set(&mut self, bit: u16) {
                self.0 |= bit;
            }

            #[inline]
            pub(super) fn clear(&mut self, bit: u16) {
                self.0 &= !bit;
            }
        }
    };
}

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

/// The first FIN or RST.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    pub(super) by: Sender,
    pub(super) how: How,
    pub(super) at: Timestamp,
    /// What its sender had received of the other direction.
    pub(super) acked: Option<SeqNumber>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum How {
    Fin,
    CrossedFins,
    Reset,
    Replaced,
}

/// Bytes that wait for others: since when, and how many packets passed meanwhile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stall {
    pub(super) since: Timestamp,
    pub(super) packets: u32,
}

fn acknowledged(segment: &Segment<'_>) -> Option<SeqNumber> {
    segment.flags.contains(Flags::ACK).then_some(SeqNumber(segment.acknowledgment))
}

/// What becomes of a connection after a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    GoesOn,
    Over,
}

bits! {
    /// Single facts, one bit each.
    pub(super) struct Marks {
        /// SYN captured.
        OPENED = 0,
        /// SYN, SYN-ACK and the client's ACK or data captured.
        ESTABLISHED = 1,
        /// The SYN was answered by RST.
        REFUSED = 2,
        /// A request's first byte was seen and its response is not complete.
        BUSY = 3,
        /// The last request or response announced the close.
        ANNOUNCED = 4,
        /// The capture hides something that the class needs.
        OBSCURED = 5,
        /// It resumed after it had left the table.
        RESUMED = 6,
        /// A request was upgraded.
        UPGRADED = 7,
    }
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
    pub(super) challenger: Option<Box<Challenger>>,
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
            challenger: None,
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
            }
            Sent::Again => {}
            Sent::OutOfOrder => self.out_of_order = self.out_of_order.saturating_add(1),
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
        if segment.payload_len > 0 && !flags.contains(Flags::SYN) {
            self.payload(segment, sender, cx);
        } else if self.stall.is_some() {
            self.drain(segment.timestamp, cx);
        }
        if flags.contains(Flags::FIN) {
            self.fin(segment, sender, cx);
        }
        self.end_streams(segment.timestamp, cx);
        if self.is_over() { Fate::Over } else { Fate::GoesOn }
    }

    /// Both directions ended, and both ends know it.
    fn is_over(&self) -> bool {
        let acknowledged = |end: Sender| {
            let fin = self.tcp.end(end).fin();
            let acked = self.tcp.end(end.peer()).acked();
            fin.zip(acked).is_some_and(|(fin, acked)| acked.after(fin) > 0)
        };
        self.streams[0].ended && self.streams[1].ended && acknowledged(Sender::Low) && acknowledged(Sender::High)
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

    /// Whether an RST is this connection's: one that answers the SYN must acknowledge it (RFC 9293 section 3.5.2), and
    /// while the SYN is open an RST by its own sender answers something older (a challenge ACK).
    fn reset_counts(&self, segment: &Segment<'_>, sender: Sender) -> bool {
        let peer = self.tcp.end(sender.peer());
        let this = self.tcp.end(sender);
        match (this.isn(), peer.isn()) {
            (None, Some(isn)) if !this.any() => {
                segment.flags.contains(Flags::ACK) && SeqNumber(segment.acknowledgment) == isn.plus(1)
            }
            (Some(isn), None) if !peer.any() && !this.proves_peer() => {
                let sequence = SeqNumber(segment.sequence);
                sequence == isn.plus(1) || sequence == isn
            }
            _ => true,
        }
    }

    fn reset(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) -> Fate {
        let peer = self.tcp.end(sender.peer());
        let answered = self.tcp.end(sender).isn().is_some() || self.tcp.end(sender).payload();
        if self.marks.has(Marks::OPENED)
            && !answered
            && !peer.proves_peer()
            && !peer.payload()
            && !self.is_client(sender)
        {
            self.marks.set(Marks::REFUSED);
        }
        self.drain_all(segment.timestamp, cx);
        self.close(
            Closing { by: sender, how: How::Reset, at: segment.timestamp, acked: acknowledged(segment) },
            cx,
        );
        Fate::Over
    }

    fn fin(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) {
        if let Some(closing) = self.closing {
            let second = closing.by != sender && closing.how == How::Fin;
            // A retransmitted FIN may acknowledge what the first one did not: the first copy counts.
            let first_copy = self.tcp.end(sender).fin()
                == Some(SeqNumber(segment.sequence).plus(segment.payload_len))
                && !self.streams[sender.index()].ended;
            if second && first_copy && self.tcp.second_fin_crosses(segment, sender) {
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
            Closing { by: sender, how: How::Fin, at: segment.timestamp, acked: acknowledged(segment) },
            cx,
        );
    }

    /// Notes the first FIN or RST (or the replacing SYN) and tells the leg.
    pub(super) fn close(&mut self, closing: Closing, cx: &mut Context<'_>) {
        if self.closing.is_some() {
            return;
        }
        self.closing = Some(closing);
        let was_busy = self.marks.has(Marks::BUSY);
        self.marks.clear(Marks::BUSY);
        let Some(leg) = self.leg() else { return };
        if self.marks.has(Marks::REFUSED) {
            return;
        }
        let kind = EventKind::Closing {
            connection: self.id,
            with_request: self.requests > u32::from(self.marks.has(Marks::UPGRADED)),
            was_busy,
            reset: closing.how == How::Reset,
            idle: self.idle_at(closing.at),
            announced: self.marks.has(Marks::ANNOUNCED),
            prefix: self.last_prefix,
        };
        cx.emit(closing.at, leg, kind);
    }

    /// Idle time at `at`: from the end of the last complete response.
    pub(super) fn idle_at(&self, at: Timestamp) -> Option<Nanos> {
        self.last_response_end.map(|end| at.since(end).max(0))
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

    /// Forgets requests whose responses the capture cannot show.
    pub(super) fn drop_unseen(&mut self) {
        while self.pending.pop().is_some() {}
    }
}
