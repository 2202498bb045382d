//! A decoded TCP segment, and whose it is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Deref;

use super::print::Print;
use crate::classify::Path;
use crate::frame::{FramePlace, InterfaceId};
use crate::time::Timestamp;

/// Why a frame was left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SkipReason {
    /// Not IPv4 or IPv6.
    NotIp,
    /// IP without TCP.
    NotTcp,
    /// A fragment of an IP packet.
    Fragment,
    /// Cut before the end of the fixed TCP header.
    Truncated,
    /// A link type that is not decoded.
    UnsupportedLink,
    /// Header fields that contradict each other.
    Malformed,
    /// Encrypted below IP (802.11).
    Encrypted,
}

/// An IP address as two words, so that keys stay packed: IPv4 as `::ffff:a.b.c.d`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Address {
    /// The upper 64 bits; 0 for IPv4.
    pub high: u64,
    /// The lower 64 bits.
    pub low: u64,
}

impl Address {
    const V4_PREFIX: u64 = 0xffff_0000_0000;

    /// From an IPv4 address in network byte order.
    #[must_use]
    pub fn v4(octets: [u8; 4]) -> Self {
        Self {
            high: 0,
            low: Self::V4_PREFIX | u64::from(u32::from_be_bytes(octets)),
        }
    }

    /// The IPv4 address, if it is one.
    #[inline]
    #[must_use]
    pub const fn as_v4(self) -> Option<u32> {
        if self.high == 0 && self.low >> 32 == Self::V4_PREFIX >> 32 {
            Some(self.low as u32)
        } else {
            None
        }
    }

    /// From an IPv6 address in network byte order.
    #[must_use]
    pub fn v6(octets: [u8; 16]) -> Self {
        let bits = u128::from_be_bytes(octets);
        Self {
            high: (bits >> 64) as u64,
            low: bits as u64,
        }
    }
}

impl From<Address> for IpAddr {
    fn from(address: Address) -> Self {
        match address.as_v4() {
            Some(bits) => Self::V4(Ipv4Addr::from_bits(bits)),
            None => Self::V6(Ipv6Addr::from_bits(
                u128::from(address.high) << 64 | u128::from(address.low),
            )),
        }
    }
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self::v4(v4.octets()),
            IpAddr::V6(v6) => Self::v6(v6.octets()),
        }
    }
}

/// TCP's control bits (RFC 9293 section 3.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flags(pub u8);

impl Flags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronise sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// Push.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgment number is valid.
    pub const ACK: Self = Self(0x10);
    /// Urgent pointer is valid.
    pub const URG: Self = Self(0x20);
    /// SYN and ACK, the answer to a SYN.
    pub const SYN_ACK: Self = Self(0x12);

    /// Whether all of `other`'s bits are set.
    #[inline]
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The IPv4 identification field; IPv6 has none outside of fragments.
pub type IpId = Option<u16>;

/// Address and port of one end.
pub type End = (Address, u16);

/// What a TCP segment's connection sees of it, but for its payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentHead {
    /// Capture time.
    pub timestamp: Timestamp,
    /// Frame number in its source, and capturing interface.
    pub place: FramePlace,
    /// What copies of it have, too.
    pub likeness: Likeness,
}

/// What of a segment its copies have, too, together: it is remembered for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Likeness {
    /// Acknowledgment number; meaningful with ACK.
    pub acknowledgment: u32,
    /// Sequence number of the first byte (or of SYN).
    pub sequence: u32,
    /// Control bits.
    pub flags: Flags,
    /// Receive window, unscaled.
    pub window: u16,
    /// Payload bytes on the wire; fewer may have been captured (snaplen).
    pub payload_len: u32,
    /// What else copies have in common.
    pub print: Print,
}

impl Likeness {
    /// No segment's.
    pub const NOTHING: Self = Self {
        sequence: 0,
        acknowledgment: 0,
        flags: Flags(0),
        window: 0,
        payload_len: 0,
        print: Print::NOTHING,
    };
}

impl Deref for SegmentHead {
    type Target = Likeness;

    #[inline]
    fn deref(&self) -> &Likeness {
        &self.likeness
    }
}

impl SegmentHead {
    /// No segment's.
    pub const NOTHING: Self = Self {
        timestamp: Timestamp::MIN,
        place: FramePlace::new(0, InterfaceId(0)),
        likeness: Likeness::NOTHING,
    };

    /// The segment of which nothing was captured behind this.
    #[must_use]
    pub const fn alone(&self) -> Segment<'_> {
        Segment {
            head: self,
            payload: &[],
        }
    }
}

/// A TCP segment as its connection sees it. It borrows, so that it is handed on in three words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segment<'a> {
    /// All but the payload.
    pub head: &'a SegmentHead,
    /// What was captured of the payload, padding excluded.
    pub payload: &'a [u8],
}

impl Deref for Segment<'_> {
    type Target = SegmentHead;

    #[inline]
    fn deref(&self) -> &SegmentHead {
        self.head
    }
}

/// A segment, and whose it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet<'a> {
    /// The segment but for its payload.
    pub head: SegmentHead,
    /// What was captured of the payload, padding excluded.
    pub payload: &'a [u8],
    /// VLANs and tunnel.
    pub path: Path,
    /// The sender.
    pub source: End,
    /// The receiver.
    pub destination: End,
}

impl Packet<'_> {
    /// The segment.
    #[inline]
    #[must_use]
    pub const fn segment(&self) -> Segment<'_> {
        Segment {
            head: &self.head,
            payload: self.payload,
        }
    }
}

impl Deref for Packet<'_> {
    type Target = SegmentHead;

    #[inline]
    fn deref(&self) -> &SegmentHead {
        &self.head
    }
}
