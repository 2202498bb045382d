//! What a segment means for its connection, as an observer between the ends can tell.
//!
//! Read before editing: RFC 9293 sections 3.3.2 (states), 3.5 (opening, simultaneous open, half-open connections),
//! 3.6 (closing), 3.10.7 (segments arriving); RFC 1122 section 4.2.3.6 (keepalive probes); RFC 5961 (challenge ACK).

use super::key::Sender;
use crate::decode::{Flags, Segment, SegmentHead};
use crate::sequence::SeqNumber;
use crate::time::{MICROSECOND, Nanos};

/// A segment below the highest sequence number that comes this soon after it was overtaken on the way, later it was
/// sent again (Wireshark's `tcp.analysis.out_of_order` draws the line at 3 ms, too).
const OVERTAKEN_WITHIN: Nanos = 3_000 * MICROSECOND;

/// Which kind of sending a segment was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    /// New payload, or no payload.
    New,
    /// Sent before.
    Again,
    /// Overtaken on the way.
    OutOfOrder,
    /// A keepalive probe: at most one byte, just before what was sent last.
    KeepaliveProbe,
}

/// One end's side of a connection. Packed: two of them are kept for each of a million connections.
#[derive(Clone, Copy, Debug, Default)]
#[repr(Rust, packed)]
pub struct TcpEnd {
    /// Initial sequence number, if `SYN` is set in `seen`.
    pub(super) isn: SeqNumber,
    /// Just after the highest sequence number sent.
    pub(super) top: SeqNumber,
    /// The highest acknowledgment number sent.
    pub(super) acked: SeqNumber,
    /// Sequence number of its FIN.
    pub(super) fin: SeqNumber,
    /// When `top` moved last: low bits of microseconds.
    pub(super) top_at: u32,
    pub(super) seen: u8,
}

/// Bits of [`TcpEnd::seen`].
pub(super) mod seen {
    pub(in super::super) const ANY: u8 = 1;
    pub(in super::super) const SYN: u8 = 2;
    pub(in super::super) const ACK: u8 = 4;
    pub(in super::super) const FIN: u8 = 8;
    pub(in super::super) const PAYLOAD: u8 = 16;
    pub(in super::super) const ZERO_WINDOW: u8 = 32;
    pub(in super::super) const RST: u8 = 64;
    /// A segment that is neither SYN nor RST: it proves that the peer answered.
    pub(in super::super) const PROOF: u8 = 128;
}

impl TcpEnd {
    const fn has(&self, bit: u8) -> bool {
        self.seen & bit != 0
    }

    /// Whether anything was captured from this end.
    #[must_use]
    pub const fn any(&self) -> bool {
        self.has(seen::ANY)
    }

    /// Its SYN (or SYN-ACK) number, if captured.
    #[must_use]
    pub fn isn(&self) -> Option<SeqNumber> {
        self.has(seen::SYN).then_some(self.isn)
    }

    /// Its FIN's number, if captured.
    #[must_use]
    pub fn fin(&self) -> Option<SeqNumber> {
        self.has(seen::FIN).then_some(self.fin)
    }

    /// The highest acknowledgment number it sent, if any.
    #[must_use]
    pub fn acked(&self) -> Option<SeqNumber> {
        self.has(seen::ACK).then_some(self.acked)
    }

    /// Just after the highest number it sent.
    #[must_use]
    pub fn top(&self) -> SeqNumber {
        self.top
    }

    /// Whether it sent payload.
    #[must_use]
    pub const fn payload(&self) -> bool {
        self.has(seen::PAYLOAD)
    }

    /// Whether it sent RST.
    #[must_use]
    pub const fn reset(&self) -> bool {
        self.has(seen::RST)
    }

    /// Whether it sent a segment that shows that the peer had answered.
    #[must_use]
    pub const fn proves_peer(&self) -> bool {
        self.has(seen::PROOF)
    }
}

/// The control bits that open or end a connection but for FIN, and the one that nearly every segment has.
pub(super) const OPENING: u8 = Flags::SYN.0 | Flags::RST.0 | Flags::ACK.0;

/// Low bits of the capture time in microseconds.
#[inline]
pub(super) fn microseconds(head: &SegmentHead) -> u32 {
    (head.timestamp.nanos() / MICROSECOND) as u32
}

/// The bit that says that there is no window.
#[inline]
pub(super) fn zero_window(head: &SegmentHead) -> u8 {
    if head.window == 0 { seen::ZERO_WINDOW } else { 0 }
}

/// Both ends of a connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp {
    pub(super) ends: [TcpEnd; 2],
}

impl Tcp {
    /// One end.
    #[inline]
    #[must_use]
    pub fn end(&self, which: Sender) -> &TcpEnd {
        &self.ends[which.index()]
    }

    /// Whether a FIN was captured.
    #[inline]
    #[must_use]
    pub const fn any_fin(&self) -> bool {
        (self.ends[0].seen | self.ends[1].seen) & seen::FIN != 0
    }

    /// Whether a segment brings what none of its sender brought before, so that it is no copy of one.
    #[inline]
    #[must_use]
    pub fn is_news(&self, head: &SegmentHead, sender: Sender) -> bool {
        let flags = head.flags;
        let this = &self.ends[sender.index()];
        if flags.0 & (Flags::SYN.0 | Flags::RST.0) != 0 {
            return self.is_first_answer(head, sender);
        }
        let fin = u32::from(flags.contains(Flags::FIN));
        let end = SeqNumber(head.sequence).plus(head.payload_len + fin);
        let acknowledges =
            flags.contains(Flags::ACK) && (!this.has(seen::ACK) || this.acknowledges_more(head));
        acknowledges || (this.has(seen::ANY) && end.after(this.top) > 0)
    }

    /// Whether a segment answers the peer's SYN, and is the first of its sender.
    #[inline]
    fn is_first_answer(&self, head: &SegmentHead, sender: Sender) -> bool {
        let answered = self.ends[sender.peer().index()].isn().map(|isn| isn.plus(1));
        head.flags == Flags::SYN_ACK
            && !self.ends[sender.index()].any()
            && answered == Some(SeqNumber(head.acknowledgment))
    }

    /// Takes note of a segment and says what kind of sending it was.
    #[inline]
    pub fn observe(&mut self, segment: &Segment<'_>, sender: Sender) -> Sent {
        let end = &mut self.ends[sender.index()];
        let fin = segment.flags.contains(Flags::FIN);
        if segment.flags.0 & OPENING == Flags::ACK.0
            && end.goes_on(SeqNumber(segment.sequence))
            && !(fin && end.has(seen::FIN))
        {
            end.go_on(segment);
            if fin {
                end.finish(segment);
            }
            return Sent::New;
        }
        self.observe_any(segment, sender)
    }

    /// Takes note of a FIN without data behind what its sender sent before, by flags that also acknowledge; returns whether
    /// it is the first one there.
    #[inline]
    pub fn finishes(&mut self, segment: &Segment<'_>, sender: Sender) -> bool {
        let end = &mut self.ends[sender.index()];
        if end.has(seen::FIN) || !end.acknowledges_behind(segment) {
            return false;
        }
        end.finish(segment);
        true
    }

    /// Takes note of an acknowledgment without data behind what its sender sent before; returns whether it is one.
    #[inline]
    pub fn acknowledges(&mut self, segment: &Segment<'_>, sender: Sender) -> bool {
        self.ends[sender.index()].acknowledges_behind(segment)
    }

    /// Looks whether a segment continues what its sender sent before, and neither opens nor ends anything.
    #[inline]
    #[must_use]
    pub fn next<'a>(&'a mut self, head: &'a SegmentHead, sender: Sender) -> Option<Next<'a>> {
        const CONTROL: u8 = Flags::SYN.0 | Flags::FIN.0 | Flags::RST.0 | Flags::ACK.0;
        let end = &mut self.ends[sender.index()];
        let goes_on = head.flags.0 & CONTROL == Flags::ACK.0 && end.goes_on(SeqNumber(head.sequence));
        goes_on.then_some(Next { end, head })
    }

    #[inline(never)]
    pub(super) fn observe_any(&mut self, segment: &Segment<'_>, sender: Sender) -> Sent {
        let start = SeqNumber(segment.sequence);
        let flags = segment.flags;
        let syn = flags.contains(Flags::SYN);
        let first_byte = if syn { start.plus(1) } else { start };
        let fin_at = first_byte.plus(segment.payload_len);
        let fin = flags.contains(Flags::FIN);
        let end = fin_at.plus(u32::from(fin));
        let peer_waits = self.ends[sender.peer().index()].has(seen::ZERO_WINDOW);
        let this = &mut self.ends[sender.index()];
        let now = microseconds(segment);

        if flags.contains(Flags::RST) {
            this.seen |= seen::ANY | seen::RST;
            return Sent::New;
        }
        let sent = this.kind(segment, start, end, now, peer_waits);
        if flags.contains(Flags::ACK) {
            let acknowledged = SeqNumber(segment.acknowledgment);
            this.acked = if this.has(seen::ACK) {
                this.acked.later(acknowledged)
            } else {
                acknowledged
            };
            this.seen |= seen::ACK;
            if !syn {
                this.seen |= seen::PROOF;
            }
        }
        if syn {
            this.isn = start;
            this.seen |= seen::SYN;
        }
        if sent == Sent::KeepaliveProbe {
            return sent;
        }
        if !this.has(seen::ANY) || end.after(this.top) > 0 {
            this.top = end;
            this.top_at = now;
        }
        this.seen |= seen::ANY;
        if segment.payload_len > 0 {
            this.seen |= seen::PAYLOAD;
        }
        if fin && !this.has(seen::FIN) {
            this.fin = fin_at;
            this.seen |= seen::FIN;
        }
        this.seen = this.seen & !seen::ZERO_WINDOW | zero_window(segment);
        sent
    }

    /// Whether the FINs crossed: the one that came second does not acknowledge the first.
    #[must_use]
    pub fn second_fin_crosses(&self, second: &Segment<'_>, sender: Sender) -> bool {
        let first = self.end(sender.peer());
        first
            .fin()
            .is_some_and(|fin| SeqNumber(second.acknowledgment).after(fin) <= 0)
    }
}

/// A segment that continues what its sender sent before: an acknowledgment, with payload or without.
#[derive(Debug)]
pub struct Next<'a> {
    end: &'a mut TcpEnd,
    head: &'a SegmentHead,
}

impl Next<'_> {
    /// As [`Tcp::is_news`].
    #[inline]
    #[must_use]
    pub fn is_news(&self) -> bool {
        self.head.payload_len > 0 || self.end.acknowledges_more(self.head)
    }

    /// Takes note of it.
    #[inline]
    pub fn observe(self) {
        self.end.go_on(self.head);
    }
}

impl TcpEnd {
    #[inline]
    fn acknowledges_more(&self, head: &SegmentHead) -> bool {
        SeqNumber(head.acknowledgment).after(self.acked) > 0
    }

    /// Whether a segment from `start` on continues what was sent so far.
    #[inline]
    fn goes_on(&self, start: SeqNumber) -> bool {
        const SPOKE: u8 = seen::ANY | seen::ACK;
        start == { self.top } && self.seen & SPOKE == SPOKE
    }

    /// Takes note of such a segment, whose only control bits are ACK, PSH and URG, but for its FIN.
    #[inline]
    fn go_on(&mut self, head: &SegmentHead) {
        self.acked = self.acked.later(SeqNumber(head.acknowledgment));
        let mut seen = self.seen & !seen::ZERO_WINDOW | seen::PROOF | zero_window(head);
        if head.payload_len > 0 {
            self.top = self.top.plus(head.payload_len);
            self.top_at = microseconds(head);
            seen |= seen::PAYLOAD;
        }
        self.seen = seen;
    }

    /// Takes note of a segment without data that continues what was sent so far; returns whether it does.
    #[inline]
    fn acknowledges_behind(&mut self, segment: &Segment<'_>) -> bool {
        if segment.payload_len > 0 || !self.goes_on(SeqNumber(segment.sequence)) {
            return false;
        }
        self.acked = self.acked.later(SeqNumber(segment.acknowledgment));
        self.seen = self.seen & !seen::ZERO_WINDOW | seen::PROOF | zero_window(segment);
        true
    }

    /// Takes note of the FIN behind what was sent so far.
    #[inline]
    fn finish(&mut self, segment: &Segment<'_>) {
        self.fin = self.top;
        self.top = self.top.plus(1);
        self.top_at = microseconds(segment);
        self.seen |= seen::FIN;
    }

    #[inline]
    fn kind(
        &self,
        segment: &Segment<'_>,
        start: SeqNumber,
        end: SeqNumber,
        now: u32,
        peer_waits: bool,
    ) -> Sent {
        if !self.has(seen::ANY) {
            return Sent::New;
        }
        let plain = !segment.flags.contains(Flags::SYN) && !segment.flags.contains(Flags::FIN);
        if plain && segment.payload_len <= 1 && start.plus(1) == { self.top } && !self.has(seen::FIN) {
            // The same shape with a closed window opposite is a zero-window probe (RFC 9293 section 3.8.6.1). One byte of
            // old data may be sent along (RFC 1122 section 4.2.3.6), whatever it is.
            return if peer_waits {
                Sent::New
            } else {
                Sent::KeepaliveProbe
            };
        }
        if start == end || start.after(self.top) >= 0 {
            return Sent::New;
        }
        let since_top = Nanos::from(now.wrapping_sub(self.top_at).cast_signed()) * MICROSECOND;
        if end.after(self.top) < 0 && since_top < OVERTAKEN_WITHIN {
            Sent::OutOfOrder
        } else {
            Sent::Again
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::decode::{Likeness, SegmentHead};
    use crate::time::Timestamp;
    use proptest::prelude::*;

    /// Numbers close to each other, the usual control bits and others, payload or none.
    pub(in super::super) fn segments() -> impl Strategy<Value = Vec<(SegmentHead, Sender)>> {
        let flags = prop_oneof![
            Just(0x10_u8),
            Just(0x11),
            Just(0x18),
            Just(0x12),
            Just(0x02),
            0_u8..64
        ];
        let one = (
            flags,
            0_u32..6,
            0_u32..6,
            0_u32..3,
            0_i64..8,
            0_u16..2,
            any::<bool>(),
        );
        let one = one.prop_map(
            |(flags, sequence, acknowledgment, payload_len, at, window, low)| {
                let head = SegmentHead {
                    timestamp: Timestamp::from_nanos(at * 1_000 * MICROSECOND),
                    likeness: Likeness {
                        sequence,
                        acknowledgment,
                        flags: Flags(flags),
                        window,
                        payload_len,
                        ..Likeness::NOTHING
                    },
                    ..SegmentHead::NOTHING
                };
                (head, if low { Sender::Low } else { Sender::High })
            },
        );
        proptest::collection::vec(one, 1..24)
    }

    proptest! {
        /// What continues is taken note of in a shorter way, with the same outcome.
        #[test]
        fn the_short_way_leads_where_the_long_one_does(segments in segments()) {
            let (mut short, mut long) = (Tcp::default(), Tcp::default());
            for (head, sender) in &segments {
                let (segment, sender) = (head.alone(), *sender);
                let is_news = short.is_news(&segment, sender);
                if let Some(next) = short.next(&segment, sender) {
                    prop_assert_eq!(next.is_news(), is_news);
                }
                prop_assert_eq!(short.observe(&segment, sender), long.observe_any(&segment, sender));
                prop_assert_eq!(format!("{short:?}"), format!("{long:?}"));
            }
        }
    }
}
