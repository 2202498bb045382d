//! What copies of a packet have in common, in a few bytes: the same packet captured twice looks the same but for the time,
//! the interface, and what routers change.

use super::segment::IpId;
use crate::frame::InterfaceId;

/// What of a packet tells it from others on its connection, besides numbers, flags and length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Print {
    /// TSval; without an identification its complement.
    stamp: u32,
    /// IPv4 identification; 0 if it tells nothing.
    id: u16,
    /// Where it was captured: two places hardly ever share it.
    place: u16,
}

/// What a print is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Features {
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

impl Print {
    /// Of no packet.
    pub const NOTHING: Self = Self {
        stamp: 0,
        id: 0,
        place: 0,
    };

    #[inline]
    pub(crate) const fn of(features: &Features) -> Self {
        let Features {
            ip_id, ts_value, ttl, ..
        } = *features;
        let elsewhere = features.if_index.wrapping_mul(0x9e37_79b1) >> 16;
        let (id, stamp) = match ip_id {
            Some(id) => (id, ts_value),
            None => (0, !ts_value),
        };
        Self {
            stamp,
            id,
            place: (ttl as u16) << 8 ^ features.interface.0 ^ elsewhere as u16,
        }
    }

    /// Whether it is of a packet that looks the same, but perhaps for where it was captured.
    #[inline]
    #[must_use]
    pub const fn looks_like(self, other: Self) -> bool {
        self.stamp == other.stamp && self.id == other.id
    }

    /// Whether it was captured at the same place.
    #[inline]
    #[must_use]
    pub const fn is_at_place_of(self, other: Self) -> bool {
        self.place == other.place
    }

    /// Whether it has an IP-ID that tells it from others.
    #[inline]
    #[must_use]
    pub const fn has_id(self) -> bool {
        self.id != 0
    }
}
