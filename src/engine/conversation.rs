//! One connection while it lives: where flow, reassembly and http meet.

use super::beyond::Beyond;
use super::closing::Closing;
use super::context::Context;
use super::marks::Marks;
use super::pending::Pending;
use crate::aggregate::{EventKind, LegRef, PrefixRef};
use crate::classify::{History, Protocol, RoleEvidence, Signs};
use crate::decode::{Flags, Segment, SegmentHead};
use crate::flow::{Link, Sender, Sent, Tcp};
use crate::frame::FramePlace;
use crate::http::MessageStream;
use crate::reassembly::Assembler;
use crate::sequence::SeqNumber;
use crate::time::{OptionalTimestamp, Timestamp};
use crate::u48::U48;

/// One direction: bytes in order, and the messages in them.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) assembler: Assembler,
    pub(super) messages: MessageStream,
    /// Payload bytes on the wire, retransmissions left out.
    pub(super) bytes: u64,
}

/// The control bits that open or end something, and the one that nearly every segment has.
pub(super) const CONTROL: u8 = Flags::SYN.0 | Flags::FIN.0 | Flags::RST.0 | Flags::ACK.0;

/// Who is who.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roles {
    pub(super) client: Sender,
    pub(super) evidence: RoleEvidence,
    pub(super) leg: LegRef,
}

/// What becomes of a connection after a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    GoesOn,
    Over,
}

/// Says that there is a connection: nothing else has this place, so that an [`Option`] is told here.
#[derive(Debug)]
#[repr(u8)]
enum Alive {
    Yes = 1,
}

/// A living connection: small, for there may be a million. What every packet needs comes first, next to each other and to the
/// key.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Conversation {
    /// What few connections need.
    pub(super) beyond: Option<Box<Beyond>>,
    pub(super) last: FramePlace,
    /// Time of its last packet.
    pub(super) last_at: Timestamp,
    pub(super) history: History,
    pub(super) roles: Option<Roles>,
    /// Its last packets.
    pub(super) link: Link,
    pub(super) marks: Marks,
    _alive: Alive,
    pub(super) tcp: Tcp,
    pub(super) protocol: Protocol,
    /// The place of its first packet among all packets of the capture.
    pub(super) id: U48,
    pub(super) streams: [Stream; 2],
    /// The end of the last complete response; before there is one, the last payload.
    activity: OptionalTimestamp,
    /// The request that the next response answers.
    pub(super) pending: Option<Pending>,
    pub(super) requests: u32,
    pub(super) responses: u32,
    pub(super) signs: Signs,
    pub(super) last_prefix: PrefixRef,
    pub(super) first: FramePlace,
    pub(super) start: Timestamp,
    pub(super) closing: Option<Closing>,
    /// Hash of the first request's method and target; 0 if they were not seen.
    pub(super) asked: u64,
}

impl Conversation {
    /// A connection whose first packet is `segment`.
    #[inline]
    pub(super) fn new(id: u64, segment: &Segment<'_>) -> Self {
        let place = segment.place;
        Self {
            id: id.into(),
            first: place,
            last: place,
            start: segment.timestamp,
            last_at: segment.timestamp,
            link: Link::NONE,
            tcp: Tcp::default(),
            streams: [Stream::default(), Stream::default()],
            roles: None,
            marks: Marks::default(),
            signs: Signs::default(),
            protocol: Protocol::default(),
            history: History::default(),
            closing: None,
            pending: None,
            requests: 0,
            responses: 0,
            activity: OptionalTimestamp::default(),
            last_prefix: PrefixRef::default(),
            asked: 0,
            beyond: None,
            _alive: Alive::Yes,
        }
    }

    /// The end of the last complete response.
    #[inline]
    pub(super) fn response_end(&self) -> Option<Timestamp> {
        self.activity.get().filter(|_| self.marks.has(Marks::ANSWERED))
    }

    #[inline]
    pub(super) fn note_response_end(&mut self, at: Timestamp) {
        self.activity = at.into();
        self.marks.set(Marks::ANSWERED);
    }

    /// The last payload, as long as no response was complete.
    pub(super) fn last_payload(&self) -> Option<Timestamp> {
        self.activity.get().filter(|_| !self.marks.has(Marks::ANSWERED))
    }

    #[inline]
    pub(super) fn note_payload(&mut self, at: Timestamp) {
        if !self.marks.has(Marks::ANSWERED) {
            self.activity = at.into();
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
        // One comparison: there is no third end.
        self.roles.map_or(2, |roles| roles.client.index()) == end.index()
    }

    /// Takes in one segment that is no duplicate and opens no new generation.
    #[expect(
        clippy::inline_always,
        reason = "the way of nearly every segment has no calls"
    )]
    #[inline(always)]
    pub(super) fn segment(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) -> Fate {
        let flags = segment.flags;
        if self.marks.has(Marks::STEADY) && flags.0 & CONTROL == Flags::ACK.0 && self.stall().is_none() {
            self.steady(segment, sender, cx);
            return Fate::GoesOn;
        }
        self.control(segment, sender, cx)
    }

    /// Whether nothing is under way but bytes in order.
    #[inline]
    pub(super) fn is_ordinary(&self) -> bool {
        self.marks.has(Marks::STEADY) && self.beyond.as_deref().is_none_or(Beyond::is_calm)
    }

    /// Notes what one end sent.
    #[inline]
    pub(super) fn note_sent(&mut self, letter: u8, sender: Sender) {
        self.history.note(letter, self.is_client(sender));
    }

    /// Notes when and where its latest packet was captured.
    #[inline]
    pub(super) fn note_latest(&mut self, head: &SegmentHead) {
        self.last_at = self.last_at.max(head.timestamp);
        self.last = head.place;
    }

    /// Neither begin nor end: an acknowledgment, with payload or without.
    #[inline(never)]
    fn steady(&mut self, segment: &Segment<'_>, sender: Sender, cx: &mut Context<'_>) {
        let sent = self.tcp.observe(segment, sender);
        self.note_latest(segment);
        if sent == Sent::New {
            if segment.payload_len > 0 {
                self.note_sent(b'D', sender);
                self.payload(segment, sender, cx);
            } else {
                self.note_sent(b'A', sender);
            }
        } else {
            self.repeated(segment, sender, sent, cx);
        }
    }

    /// A steady segment that was sent before or came out of order.
    fn repeated(&mut self, segment: &Segment<'_>, sender: Sender, sent: Sent, cx: &mut Context<'_>) {
        self.note_history(segment, sender, sent);
        let goes_on = self.count_repeated(segment, sender, sent);
        if goes_on && segment.payload_len > 0 {
            self.payload(segment, sender, cx);
        }
    }

    /// A segment of any kind.
    #[inline(never)]
    pub(super) fn any_segment(
        &mut self,
        segment: &Segment<'_>,
        sender: Sender,
        cx: &mut Context<'_>,
    ) -> Fate {
        let flags = segment.flags;
        self.marks.clear(Marks::ENDING);
        if flags.contains(Flags::RST) && !self.reset_counts(segment, sender) {
            self.note_challenged(sender);
            return Fate::GoesOn;
        }
        self.note_latest(segment);
        let repeated_syn = flags.contains(Flags::SYN) && self.tcp.end(sender).isn().is_some();
        let sent = self.tcp.observe(segment, sender);
        if flags.contains(Flags::SYN) || self.roles.is_none() {
            self.opening(segment, sender, repeated_syn, cx);
        }
        self.note_history(segment, sender, sent);
        if !self.count_repeated(segment, sender, sent) {
            return Fate::GoesOn;
        }
        if flags.contains(Flags::RST) {
            return self.reset(segment, sender, cx);
        }
        if !self.is_placed() {
            self.synchronise(segment, sender);
        }
        self.complete_handshake(segment, sender, cx);
        if segment.payload_len > 0 {
            self.payload(segment, sender, cx);
        } else if self.stall().is_some() {
            self.drain(segment.timestamp, cx);
        }
        if flags.contains(Flags::FIN) {
            self.fin(segment, sender, cx);
        }
        if !self.tcp.any_fin() {
            if self.is_steady() {
                self.marks.set(Marks::STEADY);
            } else {
                // A SYN captured after its SYN-ACK begins the handshake after all.
                self.marks.clear(Marks::STEADY);
            }
            return Fate::GoesOn;
        }
        self.marks.clear(Marks::STEADY);
        if !self.streams.iter().all(|stream| stream.assembler.ended) {
            self.end_streams(segment.timestamp, cx);
        }
        if self.is_over() { Fate::Over } else { Fate::GoesOn }
    }

    /// Counts a segment that is not new; returns whether there may be anything to deliver in it.
    #[inline]
    fn count_repeated(&mut self, segment: &Segment<'_>, sender: Sender, sent: Sent) -> bool {
        sent == Sent::New || self.count_not_new(segment, sender, sent)
    }

    #[cold]
    fn count_not_new(&mut self, segment: &Segment<'_>, sender: Sender, sent: Sent) -> bool {
        match sent {
            Sent::New => {}
            Sent::Again if segment.payload_len > 0 || segment.flags.contains(Flags::FIN) => {
                let beyond = self.beyond_mut();
                beyond.retransmitted = beyond.retransmitted.saturating_add(1);
                self.note_repeated(segment, sender);
            }
            Sent::Again => {}
            Sent::OutOfOrder => {
                let beyond = self.beyond_mut();
                beyond.out_of_order = beyond.out_of_order.saturating_add(1);
            }
            // A single byte that an ACK of its sender overtook, or that was lost before the capture, looks like a probe.
            Sent::KeepaliveProbe if self.lacks(segment, sender) => {}
            Sent::KeepaliveProbe => {
                let beyond = self.beyond_mut();
                beyond.keepalive_probes = beyond.keepalive_probes.saturating_add(1);
                return false;
            }
        }
        true
    }

    /// Whether nothing is left to be settled until a FIN or RST comes.
    fn is_steady(&self) -> bool {
        let opened = self.marks.has(Marks::ESTABLISHED) || !self.marks.has(Marks::OPENED);
        opened && self.roles.is_some() && self.closing.is_none() && self.is_placed()
    }

    /// Whether it is known where each direction's bytes begin.
    #[inline]
    pub(super) fn is_placed(&self) -> bool {
        let placed = |stream: &Stream| stream.assembler.next().is_some();
        self.streams.iter().all(placed)
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
    pub(super) fn synchronise(&mut self, segment: &Segment<'_>, sender: Sender) {
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
            self.establish(segment.timestamp, roles.leg, cx);
        }
    }

    /// The handshake is complete.
    #[inline]
    pub(super) fn establish(&mut self, at: Timestamp, leg: LegRef, cx: &mut Context<'_>) {
        self.marks.set(Marks::ESTABLISHED);
        let connect = Some(at.since(self.start).max(0)).into();
        cx.emit(at, leg, EventKind::Established { connect });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With its key, its entry in the index and what `aggregate` keeps of it, an open connection takes less than 400
    /// bytes.
    #[test]
    fn a_connection_is_small() {
        assert!(
            size_of::<Option<Conversation>>() <= 288,
            "{}",
            size_of::<Conversation>()
        );
        assert_eq!(size_of::<Stream>(), 48);
        assert_eq!(size_of::<Option<Pending>>(), 32);
    }
}
