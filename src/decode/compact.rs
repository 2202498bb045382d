//! Segments of the most usual packets, decoded once and small enough to be handed on: one cache line each.
//!
//! TCP on IPv4 without options on Ethernet is read where it always lies; everything else is `None` here and left to
//! [`decode`](super::decode), which is the oracle of the tests: where this says something, that says the same.

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
const CONTROL_BITS: u8 = 0x3f;
/// Bytes of the TCP header that are kept: ports, numbers, offset, control bits, window.
const TCP_TAKEN: usize = 16;

/// A decoded segment without its payload, which stays where it was captured. Header fields stay in network byte order: most
/// are copied several at a time.
#[derive(Clone, Copy, Debug)]
pub struct Compact {
    timestamp: Timestamp,
    number: u32,
    /// Source and destination.
    addresses: [[u8; 4]; 2],
    /// The TCP header up to the window.
    tcp: [u8; TCP_TAKEN],
    ts_value: [u8; 4],
    payload_len: u16,
    /// Where the captured payload lies among the bytes that the packet lies in, and how much was captured.
    payload_at: u32,
    captured: u16,
    ip_id: [u8; 2],
    interface: InterfaceId,
    ttl: u8,
    has_timestamp: bool,
}

impl Compact {
    /// The segment in a frame, if it is as plain as most are; the frame's bytes begin at `at` of a block's arena.
    #[inline]
    #[must_use]
    pub fn of(frame: &Frame<'_>, at: u32) -> Option<Self> {
        let bytes = frame.bytes;
        let headers = bytes.first_chunk::<HEADERS>()?;
        let ip = headers.get(IP_AT..)?.first_chunk::<IPV4_LEN>()?;
        let tcp = headers.get(TCP_AT..)?.first_chunk::<TCP_TAKEN>()?;
        let plain = frame.link_type == LinkType::ETHERNET
            && headers[12..14] == [8, 0]
            && ip[0] == 0x45
            && ip[9] == 6
            && u16::from_be_bytes([ip[6], ip[7]]) & FRAGMENTED == 0;
        let total_len = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
        let tcp_len = usize::from(tcp[12] >> 4) * 4;
        if !plain || tcp_len < TCP_LEN || total_len < IPV4_LEN + tcp_len {
            return None;
        }
        let (ts_value, has_timestamp) = timestamp_value(bytes.get(HEADERS..TCP_AT + tcp_len)?)?;
        let payload_len = total_len - IPV4_LEN - tcp_len;
        let payload_at = TCP_AT + tcp_len;
        let (addresses, _) = ip.last_chunk::<8>()?.as_chunks::<4>();
        Some(Self {
            timestamp: frame.timestamp,
            number: u32::try_from(frame.number).ok()?,
            addresses: *addresses.first_chunk::<2>()?,
            tcp: *tcp,
            ts_value,
            payload_len: payload_len as u16,
            payload_at: at.checked_add(payload_at as u32)?,
            // What lies beyond the IP length is link-layer padding.
            captured: (bytes.len() - payload_at).min(payload_len) as u16,
            ip_id: [ip[4], ip[5]],
            interface: frame.interface,
            ttl: ip[8],
            has_timestamp,
        })
    }

    /// Addresses and ports: source, destination.
    #[inline]
    #[must_use]
    pub fn ends(&self) -> [(Address, u16); 2] {
        let [source, destination] = self.addresses;
        [
            (Address::v4(source), self.tcp_word(0)),
            (Address::v4(destination), self.tcp_word(2)),
        ]
    }

    #[inline]
    fn tcp_word(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.tcp[at], self.tcp[at + 1]])
    }

    #[inline]
    fn tcp_long(&self, at: usize) -> u32 {
        u32::from_be_bytes([self.tcp[at], self.tcp[at + 1], self.tcp[at + 2], self.tcp[at + 3]])
    }

    /// When it was captured.
    #[inline]
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// A byte of each of the payload's first cache lines: looking at those of several packets before they are needed
    /// lets the processor fetch them together.
    #[inline]
    #[must_use]
    pub fn touch(&self, arena: &[u8]) -> u8 {
        const LINE: usize = 64;
        let start = self.payload_at as usize;
        let lines = usize::from(self.captured).div_ceil(LINE).min(4);
        (0..lines).fold(0, |sum, line| {
            sum ^ arena.get(start + line * LINE).copied().unwrap_or_default()
        })
    }

    /// The segment; `arena` is what the packet it was decoded from lies in.
    #[inline]
    #[must_use]
    pub fn segment<'a>(&self, arena: &'a [u8]) -> Segment<'a> {
        let start = self.payload_at as usize;
        let payload = arena.get(start..start + usize::from(self.captured));
        let [(source, source_port), (destination, destination_port)] = self.ends();
        Segment {
            timestamp: self.timestamp,
            number: u64::from(self.number),
            interface: self.interface,
            if_index: 0,
            path: Path::default(),
            source,
            destination,
            source_port,
            destination_port,
            sequence: self.tcp_long(4),
            acknowledgment: self.tcp_long(8),
            flags: Flags(self.tcp[13] & CONTROL_BITS),
            window: self.tcp_word(14),
            ip_id: Some(u16::from_be_bytes(self.ip_id)),
            ttl: self.ttl,
            ts_value: self.has_timestamp.then(|| u32::from_be_bytes(self.ts_value)),
            payload_len: self.payload_len.into(),
            payload: payload.unwrap_or_default(),
        }
    }
}

/// TSval, and whether there is one, in the two layouts that nearly all segments have (RFC 7323 appendix A, and Linux' SYN:
/// MSS, SACK permitted, Timestamps); `None` is another layout.
#[inline]
fn timestamp_value(options: &[u8]) -> Option<([u8; 4], bool)> {
    const ALIGNED: [u8; 4] = [1, 1, 8, 10];
    let Some((first, rest)) = options.split_first_chunk::<4>() else {
        return options.is_empty().then_some(([0; 4], false));
    };
    if *first == ALIGNED {
        return Some((*rest.first_chunk()?, true));
    }
    match (first, rest) {
        ([2, 4, ..], [4, 2, 8, 10, a, b, c, d, ..]) => Some(([*a, *b, *c, *d], true)),
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
        Compact::of(&frame, 0).map(|compact| compact.segment(bytes))
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
