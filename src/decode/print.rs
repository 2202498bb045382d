//! What copies of a packet have in common, in a few bytes: the same packet captured twice looks the same but for the time,
//! the interface, and what routers change.

use super::segment::{Flags, IpId};
use crate::frame::InterfaceId;

/// The print of a packet. Packed: one is handed on with each packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(Rust, packed(4))]
pub struct Print {
    /// Numbers, flags, length, IP-ID and TSval in all but the lowest [`PLACE_BITS`](Self::PLACE_BITS), and in these where it was
    /// captured, so that two places hardly ever share them.
    pub word: u64,
    /// Whether it has an IP-ID that tells it from others.
    pub has_id: bool,
}

/// What a print is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Features {
    pub(crate) sequence: u32,
    pub(crate) acknowledgment: u32,
    pub(crate) flags: Flags,
    pub(crate) payload_len: u32,
    /// IPv4 identification.
    pub(crate) ip_id: IpId,
    /// TSval of the timestamps option (RFC 7323); 0 without it.
    pub(crate) ts_value: u32,
    /// TTL or hop limit.
    pub(crate) ttl: u8,
    pub(crate) interface: InterfaceId,
    /// Interface index inside a cooked (SLL2) capture, else 0.
    pub(crate) if_index: u32,
}

/// By what numbers are mixed, and lengths.
const ODD: [u64; 2] = [0xd6e8_feb8_6659_fd93, 0xa076_1d64_78bd_642f];

impl Print {
    /// So many bits say where a packet was captured.
    pub const PLACE_BITS: u32 = 16;

    #[inline]
    pub(crate) fn of(features: &Features) -> Self {
        let Features { ip_id, .. } = *features;
        let id = ip_id.unwrap_or(0);
        let numbers = u64::from(features.sequence) << 32 | u64::from(features.acknowledgment);
        let small = u64::from(features.flags.0) << 1 | u64::from(ip_id.is_some());
        // Prints are compared, and nothing else: few bits must be mixed.
        let rest = u64::from(features.payload_len) | small << 32;
        let mixed = numbers.wrapping_mul(ODD[0]) ^ rest.wrapping_mul(ODD[1]);
        let stamps = u64::from(features.ts_value) << 32 | u64::from(id) << 16;
        let place = u16::from(features.ttl) << 8 ^ features.interface.0;
        let elsewhere = features.if_index.wrapping_mul(0x9e37_79b1) >> 16;
        let upper = (mixed ^ stamps) >> Self::PLACE_BITS << Self::PLACE_BITS;
        Self {
            word: upper | u64::from(place ^ elsewhere as u16),
            has_id: id != 0,
        }
    }

    /// Whether two words are of packets that look the same, but perhaps for where they were captured.
    #[inline]
    #[must_use]
    pub const fn look_alike(one: u64, other: u64) -> bool {
        (one ^ other) >> Self::PLACE_BITS == 0
    }
}
