//! The most usual packets: TCP on IPv4 without options on Ethernet is read where it always lies.
//!
//! Everything else is `None` here and left to [`decode`](super::decode), which is the oracle of the tests: where this says
//! something, that says the same.

use super::print::{Features, Print};
use super::segment::{Address, End, Flags, Packet, SegmentHead};
use crate::classify::Path;
use crate::frame::{Frame, LinkType};

/// Ethernet, IPv4 and TCP headers without options.
const HEADERS: usize = 54;
const IPV4_LEN: usize = 20;
/// Where the IPv4 header begins.
const IP_AT: usize = 14;
/// Where the TCP header begins.
const TCP_AT: usize = IP_AT + IPV4_LEN;
/// More fragments, the fragment's offset, and behind the TTL the protocol.
const FRAGMENTED_OR_PROTOCOL: u32 = 0x3fff_00ff;
const CONTROL_BITS: u8 = 0x3f;

/// The headers of a plain packet, each field where it always lies.
struct Headers<'a>(&'a [u8; HEADERS]);

impl<'a> Headers<'a> {
    #[inline]
    fn of(frame: &Frame<'a>) -> Option<Self> {
        let headers = Self(frame.bytes.first_chunk()?);
        let is_plain = frame.link_type == LinkType::ETHERNET
            // Ethernet's type, and the IP version and header length in front of the type of service.
            && headers.long(12) & 0xffff_ff00 == 0x0800_4500
            // Fragmentation, TTL, and protocol.
            && headers.long(IP_AT + 6) & FRAGMENTED_OR_PROTOCOL == 6;
        is_plain.then_some(headers)
    }

    #[inline]
    fn word(&self, at: usize) -> u16 {
        u16::from_be_bytes(self.bytes(at))
    }

    #[inline]
    fn long(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.bytes(at))
    }

    /// Some bytes, which lie before the end.
    #[expect(clippy::inline_always, reason = "one load, if where is known")]
    #[inline(always)]
    fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        let from = self.0.get(at..).and_then(<[u8]>::first_chunk);
        *from.unwrap_or(&[0; N])
    }

    /// Addresses and ports: source, destination.
    #[inline]
    fn ends(&self) -> [End; 2] {
        [
            (Address::v4(self.bytes(IP_AT + 12)), self.word(TCP_AT)),
            (Address::v4(self.bytes(IP_AT + 16)), self.word(TCP_AT + 2)),
        ]
    }
}

/// The ends of a connection whose packet is of the usual shape; what lies behind the ports was not looked at.
#[inline]
#[must_use]
pub fn plain_ends(frame: &Frame<'_>) -> Option<[End; 2]> {
    Headers::of(frame).map(|headers| headers.ends())
}

/// What of a segment is told by itself: who its ends are, and what it says of their roles.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// Source and destination.
    pub ends: [End; 2],
    /// Control bits.
    pub flags: Flags,
    /// What was captured of the payload.
    pub payload: &'a [u8],
}

impl<'a> Sight<'a> {
    /// Of a packet.
    #[must_use]
    pub fn of(packet: &Packet<'a>) -> Self {
        Self {
            ends: [packet.source, packet.destination],
            flags: packet.flags,
            payload: packet.payload,
        }
    }

    /// Of the segment in a frame of the usual shape; TCP options are not looked at.
    #[inline]
    #[must_use]
    pub fn plain(frame: &Frame<'a>) -> Option<Self> {
        let headers = Headers::of(frame)?;
        let wire_end = IP_AT + usize::from(headers.word(IP_AT + 2));
        let payload_at = TCP_AT + usize::from(headers.0[TCP_AT + 12] >> 4) * 4;
        if payload_at < HEADERS || payload_at > wire_end {
            return None;
        }
        let captured = frame.bytes.get(payload_at..frame.bytes.len().min(wire_end));
        Some(Self {
            ends: headers.ends(),
            flags: Flags(headers.0[TCP_AT + 13] & CONTROL_BITS),
            payload: captured.unwrap_or_default(),
        })
    }
}

/// A packet that is as plain as most are.
pub struct Plain<'a> {
    headers: Headers<'a>,
    ts_value: u32,
    /// Payload bytes on the wire.
    payload_len: u32,
    /// Where in the frame the payload begins ...
    pub payload_at: u32,
    /// ... and where what was captured of it ends.
    pub payload_end: u32,
}

impl<'a> Plain<'a> {
    /// The packet in a frame, if it is plain.
    #[expect(clippy::inline_always, reason = "done for nearly every packet")]
    #[inline(always)]
    #[must_use]
    pub fn of(frame: &Frame<'a>) -> Option<Self> {
        let headers = Headers::of(frame)?;
        let wire_end = IP_AT + usize::from(headers.word(IP_AT + 2));
        let payload_at = TCP_AT + usize::from(headers.0[TCP_AT + 12] >> 4) * 4;
        // What lies beyond the IP length is link-layer padding.
        let payload_end = frame.bytes.len().min(wire_end);
        if payload_at > payload_end {
            return None;
        }
        let ts_value = timestamp_value(frame.bytes.get(HEADERS..payload_at)?)?;
        Some(Self {
            headers,
            ts_value,
            payload_len: (wire_end - payload_at) as u32,
            payload_at: payload_at as u32,
            payload_end: payload_end as u32,
        })
    }

    /// Address and port of the sender and of the receiver.
    #[inline]
    #[must_use]
    pub fn ends(&self) -> [End; 2] {
        self.headers.ends()
    }

    /// Both addresses, and both ports, as they follow each other on the wire: the source's above.
    #[expect(clippy::inline_always, reason = "done for nearly every packet")]
    #[inline(always)]
    #[must_use]
    pub fn ends_in_words(&self) -> [u64; 2] {
        let headers = &self.headers;
        let addresses = u64::from_be_bytes(headers.bytes(IP_AT + 12));
        [addresses, headers.long(TCP_AT).into()]
    }

    /// Writes the segment's head, a large value, where it is kept.
    #[expect(clippy::inline_always, reason = "done for nearly every packet")]
    #[inline(always)]
    pub fn write(&self, frame: &Frame<'_>, head: &mut SegmentHead) {
        let headers = &self.headers;
        head.timestamp = frame.timestamp;
        head.place = frame.place;
        let like = &mut head.likeness;
        like.window = headers.word(TCP_AT + 14);
        // Next to each other there and here.
        let numbers = u64::from_be_bytes(headers.bytes(TCP_AT + 4));
        like.acknowledgment = numbers as u32;
        like.sequence = (numbers >> 32) as u32;
        like.flags = Flags(headers.0[TCP_AT + 13] & CONTROL_BITS);
        like.payload_len = self.payload_len;
        like.print = Print::of(&Features {
            ip_id: Some(headers.word(IP_AT + 4)),
            ts_value: self.ts_value,
            ttl: headers.0[IP_AT + 8],
            interface: frame.place.interface(),
            if_index: 0,
        });
    }
}

/// The whole packet in a frame, if it is plain.
#[must_use]
pub fn plain<'a>(frame: &Frame<'a>) -> Option<Packet<'a>> {
    let found = Plain::of(frame)?;
    let mut head = SegmentHead::NOTHING;
    found.write(frame, &mut head);
    let [source, destination] = found.ends();
    Some(Packet {
        head,
        payload: frame
            .bytes
            .get(found.payload_at as usize..found.payload_end as usize)?,
        path: Path::default(),
        source,
        destination,
    })
}

/// TSval, 0 without options, in the two layouts that nearly all segments have (RFC 7323 appendix A, and Linux' SYN: MSS, SACK
/// permitted, Timestamps); `None` is another layout.
#[inline]
fn timestamp_value(options: &[u8]) -> Option<u32> {
    const ALIGNED: [u8; 4] = [1, 1, 8, 10];
    let Some((first, rest)) = options.split_first_chunk::<4>() else {
        return options.is_empty().then_some(0);
    };
    if *first == ALIGNED {
        return Some(u32::from_be_bytes(*rest.first_chunk()?));
    }
    match (first, rest) {
        // An option that the header's end cuts is none: TSecr has to be there, too.
        ([2, 4, ..], [4, 2, 8, 10, a, b, c, d, _, _, _, _, ..]) => Some(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::decode;
    use crate::frame::{FramePlace, InterfaceId};
    use crate::time::Timestamp;
    use proptest::prelude::*;

    fn packet(options: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![2; 12];
        bytes.extend([8, 0, 0x45, 0]);
        let tcp_len = 20 + options.len();
        bytes.extend(((IPV4_LEN + tcp_len + payload.len()) as u16).to_be_bytes());
        bytes.extend([0x12, 0x34, 0x40, 0, 63, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        bytes.extend([0x9c, 0x40, 0x1f, 0x90, 1, 2, 3, 4, 5, 6, 7, 8]);
        bytes.extend([((tcp_len / 4) as u8) << 4, 0x18, 1, 0xf6, 0, 0, 0, 0]);
        bytes.extend(options);
        bytes.extend(payload);
        bytes
    }

    fn layouts() -> Vec<Vec<u8>> {
        vec![
            vec![],
            vec![1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9],
            vec![2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0, 1, 3, 3, 7],
            vec![2, 4, 5, 0xb4],
            vec![8, 10, 0, 0, 0, 7, 0, 0, 0, 9, 0, 0],
        ]
    }

    fn frame(bytes: &[u8]) -> Frame<'_> {
        Frame {
            timestamp: Timestamp::from_nanos(5),
            place: FramePlace::new(9, InterfaceId(3)),
            wire_len: bytes.len() as u32,
            link_type: LinkType::ETHERNET,
            bytes,
        }
    }

    #[test]
    fn usual_layouts_take_this_way() {
        for options in &layouts()[..3] {
            let bytes = packet(options, b"GET / HTTP/1.1\r\n\r\n");
            let found = plain(&frame(&bytes)).expect("a usual layout");
            assert_eq!(b"GET / HTTP/1.1\r\n\r\n", found.payload);
            assert_eq!(
                plain_ends(&frame(&bytes)),
                Some([found.source, found.destination])
            );
        }
    }

    #[test]
    fn an_option_that_the_header_cuts_is_left_to_the_general_decoder() {
        let bytes = packet(&[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 7], b"");
        assert!(plain(&frame(&bytes)).is_none());
        assert!(decode(&frame(&bytes)).is_ok());
    }

    proptest! {
        /// Cut, padded or with changed bytes: what is said here is what the general decoder says.
        #[test]
        fn says_what_the_general_decoder_says(
            layout in 0_usize..5,
            payload in proptest::collection::vec(any::<u8>(), 0..40),
            padding in 0_usize..8,
            cut in 0_usize..120,
            changes in proptest::collection::vec((0_usize..90, any::<u8>()), 0..4),
        ) {
            let mut bytes = packet(&layouts()[layout], &payload);
            bytes.extend(vec![0; padding]);
            for (at, value) in changes {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            bytes.truncate(bytes.len().max(cut) - cut / 4);
            if let Some(packet) = plain(&frame(&bytes)) {
                prop_assert_eq!(Ok(packet), decode(&frame(&bytes)));
            }
            if let (Some(sight), Ok(packet)) = (Sight::plain(&frame(&bytes)), decode(&frame(&bytes))) {
                prop_assert_eq!(format!("{sight:?}"), format!("{:?}", Sight::of(&packet)));
            }
        }
    }
}
