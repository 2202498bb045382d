//! Segments of the most usual packets, decoded once and small enough to be handed on: one cache line each.
//!
//! TCP on IPv4 without options on Ethernet is read where it always lies; everything else is `None` here and left to
//! [`decode`](super::decode), which is the oracle of the tests: where this says something, that says the same.

use std::num::NonZeroU8;

use super::segment::{Address, Flags, Segment};
use crate::classify::Path;
use crate::frame::{Frame, InterfaceId, LinkType};
use crate::time::Timestamp;

/// Ethernet, IPv4 and TCP headers without options.
const HEADERS: usize = 54;
const IPV4_LEN: usize = 20;
const TCP_LEN: usize = 20;
/// Where the IPv4 header begins.
const IP_AT: usize = 14;
/// Where the TCP header begins.
const TCP_AT: usize = IP_AT + IPV4_LEN;
/// More fragments, and the fragment's offset.
const FRAGMENTED: u16 = 0x3fff;
/// The bit of `flags` that tells that `ts_value` is one.
const HAS_TIMESTAMP: u8 = 0x40;
const CONTROL_BITS: u8 = 0x3f;
/// A bit of `flags` that is always set, so that there being no segment needs no room.
const ALWAYS: NonZeroU8 = NonZeroU8::MIN.saturating_add(0x7f);

/// A decoded segment without its payload, which stays where it was captured.
#[derive(Clone, Copy, Debug)]
pub struct Compact {
    timestamp: Timestamp,
    number: u32,
    source: u32,
    destination: u32,
    sequence: u32,
    acknowledgment: u32,
    ts_value: u32,
    payload_len: u32,
    /// Where the captured payload lies in the packet, and how much was captured.
    payload_at: u32,
    captured: u32,
    source_port: u16,
    destination_port: u16,
    window: u16,
    ip_id: u16,
    interface: InterfaceId,
    ttl: u8,
    flags: NonZeroU8,
}

impl Compact {
    /// The segment in a frame, if it is as plain as most are.
    #[inline]
    #[must_use]
    pub fn of(frame: &Frame<'_>) -> Option<Self> {
        let bytes = frame.bytes;
        let headers = bytes.first_chunk::<HEADERS>()?;
        let word = |at: usize| u16::from_be_bytes([headers[at], headers[at + 1]]);
        let long =
            |at: usize| u32::from_be_bytes([headers[at], headers[at + 1], headers[at + 2], headers[at + 3]]);
        let plain = frame.link_type == LinkType::ETHERNET
            && word(12) == 0x0800
            && headers[IP_AT] == 0x45
            && headers[IP_AT + 9] == 6
            && word(IP_AT + 6) & FRAGMENTED == 0;
        let total_len = usize::from(word(IP_AT + 2));
        let tcp_len = usize::from(headers[TCP_AT + 12] >> 4) * 4;
        if !plain || tcp_len < TCP_LEN || total_len < IPV4_LEN + tcp_len {
            return None;
        }
        let options = bytes.get(HEADERS..TCP_AT + tcp_len)?;
        let ts_value = timestamp_value(options)?;
        let payload_len = total_len - IPV4_LEN - tcp_len;
        let payload_at = TCP_AT + tcp_len;
        Some(Self {
            timestamp: frame.timestamp,
            number: u32::try_from(frame.number).ok()?,
            source: long(IP_AT + 12),
            destination: long(IP_AT + 16),
            sequence: long(TCP_AT + 4),
            acknowledgment: long(TCP_AT + 8),
            ts_value: ts_value.unwrap_or_default(),
            payload_len: payload_len as u32,
            payload_at: payload_at as u32,
            // What lies beyond the IP length is link-layer padding.
            captured: (bytes.len() - payload_at).min(payload_len) as u32,
            source_port: word(TCP_AT),
            destination_port: word(TCP_AT + 2),
            window: word(TCP_AT + 14),
            ip_id: word(IP_AT + 4),
            interface: frame.interface,
            ttl: headers[IP_AT + 8],
            flags: ALWAYS
                | headers[TCP_AT + 13] & CONTROL_BITS
                | HAS_TIMESTAMP * u8::from(ts_value.is_some()),
        })
    }

    /// Addresses and ports: source, destination.
    #[inline]
    #[must_use]
    pub fn ends(&self) -> [(Address, u16); 2] {
        [
            (address(self.source), self.source_port),
            (address(self.destination), self.destination_port),
        ]
    }

    /// The segment; `packet` finds the bytes of the packet it was decoded from, if they are needed.
    #[inline]
    #[must_use]
    pub fn segment<'a>(&self, packet: impl FnOnce() -> &'a [u8]) -> Segment<'a> {
        let start = self.payload_at as usize;
        let payload = if self.captured == 0 {
            None
        } else {
            packet().get(start..start + self.captured as usize)
        };
        Segment {
            timestamp: self.timestamp,
            number: u64::from(self.number),
            interface: self.interface,
            if_index: 0,
            path: Path::default(),
            source: address(self.source),
            destination: address(self.destination),
            source_port: self.source_port,
            destination_port: self.destination_port,
            sequence: self.sequence,
            acknowledgment: self.acknowledgment,
            flags: Flags(self.flags.get() & CONTROL_BITS),
            window: self.window,
            ip_id: Some(self.ip_id),
            ttl: self.ttl,
            ts_value: (self.flags.get() & HAS_TIMESTAMP != 0).then_some(self.ts_value),
            payload_len: self.payload_len,
            payload: payload.unwrap_or_default(),
        }
    }
}

#[inline]
fn address(bits: u32) -> Address {
    Address::v4(bits.to_be_bytes())
}

/// TSval in the two layouts that nearly all segments have (RFC 7323 appendix A, and Linux' SYN: MSS, SACK permitted,
/// Timestamps); the outer `None` is another layout.
#[inline]
fn timestamp_value(options: &[u8]) -> Option<Option<u32>> {
    match *options {
        [] => Some(None),
        [1, 1, 8, 10, a, b, c, d, ..] | [2, 4, _, _, 4, 2, 8, 10, a, b, c, d, ..] => {
            Some(Some(u32::from_be_bytes([a, b, c, d])))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::decode;
    use proptest::prelude::*;

    fn packet(options: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![2; 12];
        bytes.extend([8, 0, 0x45, 0]);
        let tcp_len = TCP_LEN + options.len();
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
            number: 9,
            wire_len: bytes.len() as u32,
            interface: InterfaceId(3),
            link_type: LinkType::ETHERNET,
            bytes,
        }
    }

    fn compact(bytes: &[u8]) -> Option<Segment<'_>> {
        let frame = frame(bytes);
        Compact::of(&frame).map(|compact| compact.segment(|| frame.bytes))
    }

    #[test]
    fn usual_layouts_take_this_way_in_one_cache_line() {
        for options in &layouts()[..3] {
            assert!(compact(&packet(options, b"GET / HTTP/1.1\r\n\r\n")).is_some());
        }
        // With its place in a block and its age beside it.
        assert!(size_of::<Option<Compact>>() + 8 <= 64);
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
            if let Some(segment) = compact(&bytes) {
                prop_assert_eq!(Ok(segment), decode(&frame(&bytes)));
            }
        }
    }
}
