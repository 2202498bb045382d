//! The three segments by which nearly every connection opens, each taken note of in a way of its own: what
//! [`Tcp::observe`] would make of it.

use super::key::Sender;
use super::tcp::{OPENING, Tcp, TcpEnd, microseconds, seen, zero_window};
use crate::decode::{Flags, Segment};
use crate::sequence::SeqNumber;

/// The control bits that open or end a connection, and the one that nearly every segment has.
const CONTROL: u8 = OPENING | Flags::FIN.0;

impl Tcp {
    /// Takes note of the SYN without data that opens the connection.
    #[inline]
    pub fn open(&mut self, segment: &Segment<'_>, sender: Sender) {
        self.ends[sender.index()] = TcpEnd {
            seen: seen::ANY | seen::SYN | zero_window(segment),
            ..TcpEnd::opened(segment)
        };
    }

    /// Takes note of a SYN-ACK without data that answers the peer's SYN and is the first segment of its sender; returns
    /// whether it is.
    #[inline]
    pub fn answers(&mut self, segment: &Segment<'_>, sender: Sender) -> bool {
        if !self.is_answer(segment, sender) {
            return false;
        }
        self.ends[sender.index()] = TcpEnd {
            acked: SeqNumber(segment.acknowledgment),
            seen: seen::ANY | seen::SYN | seen::ACK | zero_window(segment),
            ..TcpEnd::opened(segment)
        };
        true
    }

    /// Whether a segment is such a SYN-ACK, and the peer has not ended yet what it opened.
    #[inline]
    #[must_use]
    pub fn is_answer(&self, segment: &Segment<'_>, sender: Sender) -> bool {
        let peer = &self.ends[sender.peer().index()];
        segment.flags.0 & CONTROL == Flags::SYN_ACK.0
            && segment.payload_len == 0
            && self.ends[sender.index()].seen == 0
            && peer.seen & (seen::SYN | seen::FIN) == seen::SYN
            && { peer.isn }.plus(1) == SeqNumber(segment.acknowledgment)
    }

    /// Takes note of the segment without data by which who sent the SYN confirms that it was answered; returns whether it
    /// is that.
    #[inline]
    pub fn confirms(&mut self, segment: &Segment<'_>, sender: Sender) -> bool {
        let [this, peer] = [sender, sender.peer()].map(|end| self.end(end));
        let acknowledged = SeqNumber(segment.acknowledgment);
        if segment.flags.0 & CONTROL != Flags::ACK.0
            || segment.payload_len != 0
            || this.seen & !seen::ZERO_WINDOW != seen::ANY | seen::SYN
            || { this.top } != SeqNumber(segment.sequence)
            || peer.seen & (seen::SYN | seen::FIN) != seen::SYN
            || acknowledged.after(peer.isn) <= 0
        {
            return false;
        }
        let this = &mut self.ends[sender.index()];
        this.acked = acknowledged;
        this.seen = seen::ANY | seen::SYN | seen::ACK | seen::PROOF | zero_window(segment);
        true
    }
}

impl TcpEnd {
    /// What sends a SYN without data.
    #[inline]
    fn opened(segment: &Segment<'_>) -> Self {
        let isn = SeqNumber(segment.sequence);
        Self {
            isn,
            top: isn.plus(1),
            top_at: microseconds(segment),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tcp::{Sent, tests::segments};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn connections_open_in_a_shorter_way(segments in segments()) {
            let mut tcp = Tcp::default();
            for (head, sender) in &segments {
                let (segment, sender) = (head.alone(), *sender);
                let mut short = tcp;
                let taken = if format!("{tcp:?}") == format!("{:?}", Tcp::default())
                    && segment.flags == Flags::SYN
                    && segment.payload_len == 0
                {
                    short.open(&segment, sender);
                    true
                } else {
                    short.answers(&segment, sender) || short.confirms(&segment, sender)
                };
                let is_news = tcp.is_news(&segment, sender);
                prop_assert!(!taken || is_news || segment.flags == Flags::SYN);
                let sent = tcp.observe_any(&segment, sender);
                if taken {
                    prop_assert_eq!(sent, Sent::New);
                    prop_assert_eq!(format!("{short:?}"), format!("{tcp:?}"));
                }
            }
        }
    }
}
