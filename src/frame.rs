//! Captured packets on their way from a source to the analysis.
//!
//! A [`Block`] owns one arena of bytes and the records framed in it, so that a million packets cost a handful of
//! allocations and blocks can be recycled between threads. A [`Frame`] borrows one packet from its block.

use crate::time::Timestamp;

/// The link-layer type of an interface, numbered as in the LINKTYPE registry of tcpdump.org (pcap and pcapng files).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback: 4 bytes of address family in the capturing host's byte order.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// PPP, in HDLC-like framing (RFC 1662) or without.
    pub const PPP: Self = Self(9);
    /// Raw IP as some BSDs number it (DLT 12).
    pub const RAW_BSD: Self = Self(12);
    /// Raw IP as OpenBSD numbers it (DLT 14).
    pub const RAW_OPENBSD: Self = Self(14);
    /// PPP in HDLC-like framing, or Cisco HDLC.
    pub const PPP_SERIAL: Self = Self(50);
    /// PPP over Ethernet (RFC 2516), from its session header on.
    pub const PPP_ETHER: Self = Self(51);
    /// Raw IP; version by first nibble.
    pub const RAW: Self = Self(101);
    /// Cisco HDLC.
    pub const C_HDLC: Self = Self(104);
    /// IEEE 802.11.
    pub const IEEE802_11: Self = Self(105);
    /// OpenBSD loopback: as NULL, in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux "cooked" capture, version 1.
    pub const LINUX_SLL: Self = Self(113);
    /// IEEE 802.11 behind a Prism header.
    pub const PRISM_HEADER: Self = Self(119);
    /// IEEE 802.11 behind a radiotap header.
    pub const IEEE802_11_RADIO: Self = Self(127);
    /// IEEE 802.11 behind an AVS header.
    pub const IEEE802_11_RADIO_AVS: Self = Self(163);
    /// PPP behind a byte that tells the direction.
    pub const PPP_WITH_DIR: Self = Self(204);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Linux "cooked" capture, version 2 (carries the interface index).
    pub const LINUX_SLL2: Self = Self(276);

    /// Types with a name of their own, as libpcap names them.
    const NAMES: [(Self, &str); 19] = [
        (Self::NULL, "NULL"),
        (Self::ETHERNET, "EN10MB"),
        (Self::RAW, "RAW"),
        (Self::RAW_BSD, "RAW"),
        (Self::RAW_OPENBSD, "RAW"),
        (Self::PPP, "PPP"),
        (Self::PPP_SERIAL, "PPP_SERIAL"),
        (Self::PPP_ETHER, "PPP_ETHER"),
        (Self::C_HDLC, "C_HDLC"),
        (Self::IEEE802_11, "IEEE802_11"),
        (Self::PRISM_HEADER, "PRISM_HEADER"),
        (Self::IEEE802_11_RADIO, "IEEE802_11_RADIO"),
        (Self::IEEE802_11_RADIO_AVS, "IEEE802_11_RADIO_AVS"),
        (Self::PPP_WITH_DIR, "PPP_WITH_DIR"),
        (Self::LOOP, "LOOP"),
        (Self::LINUX_SLL, "LINUX_SLL"),
        (Self::IPV4, "IPV4"),
        (Self::IPV6, "IPV6"),
        (Self::LINUX_SLL2, "LINUX_SLL2"),
    ];

    /// The name that libpcap gives this type (`EN10MB`, `LINUX_SLL2` ...), or `LINKTYPE_n`.
    #[must_use]
    pub fn name(self) -> String {
        let known = Self::NAMES.iter().find(|(link, _)| *link == self);
        known.map_or_else(|| format!("LINKTYPE_{}", self.0), |(_, name)| (*name).to_owned())
    }

    /// The type with this name, as [`name`](Self::name) writes it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let known = Self::NAMES.iter().find(|(_, known)| *known == name);
        let number = || name.strip_prefix("LINKTYPE_")?.parse().ok().map(Self);
        known.map(|(link, _)| *link).or_else(number)
    }
}

/// Which interface of which source a packet was captured on: an index into the interfaces of all sources.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct InterfaceId(pub u16);

/// Where a packet was captured, in one word: its number in its source (Wireshark's `frame.number`, from 1) below 2^48, and
/// the interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FramePlace(u64);

impl FramePlace {
    const INTERFACE_BITS: u32 = u16::BITS;

    /// Of a packet's number and interface.
    #[inline]
    #[must_use]
    pub const fn new(number: u64, InterfaceId(interface): InterfaceId) -> Self {
        Self(number << Self::INTERFACE_BITS | interface as u64)
    }

    /// The packet's number.
    #[inline]
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0 >> Self::INTERFACE_BITS
    }

    /// The interface.
    #[inline]
    #[must_use]
    pub const fn interface(self) -> InterfaceId {
        InterfaceId(self.0 as u16)
    }

    /// Of the next packet, captured on the same interface.
    #[inline]
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1 << Self::INTERFACE_BITS))
    }
}

/// What is known of a capturing interface.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interface {
    /// Index of the source (file or device) in the order given.
    pub source: u16,
    /// The interface's name where the capture holds it.
    pub name: Option<String>,
    /// Its link-layer type.
    pub link_type: LinkType,
}

/// Where one packet lies in its block.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Capture time.
    pub timestamp: Timestamp,
    /// Its number in its source, and the interface it was captured on.
    pub place: FramePlace,
    /// Where the packet's bytes begin in the arena.
    pub offset: u32,
    /// How many bytes were captured.
    pub captured_len: u32,
    /// How long the packet was on the wire.
    pub wire_len: u32,
    /// The interface's link type.
    pub link_type: LinkType,
}

impl Record {
    /// The packet in the arena of its block.
    #[inline]
    #[must_use]
    pub fn frame<'a>(&self, arena: &'a [u8]) -> Frame<'a> {
        self.whole_frame(arena).unwrap_or_else(|| self.of_bytes(&[]))
    }

    /// The same, if the arena holds all of it.
    #[inline]
    #[must_use]
    pub fn whole_frame<'a>(&self, arena: &'a [u8]) -> Option<Frame<'a>> {
        let start = self.offset as usize;
        let end = start.checked_add(self.captured_len as usize)?;
        arena.get(start..end).map(|bytes| self.of_bytes(bytes))
    }

    #[inline]
    const fn of_bytes<'a>(&self, bytes: &'a [u8]) -> Frame<'a> {
        Frame {
            timestamp: self.timestamp,
            place: self.place,
            wire_len: self.wire_len,
            link_type: self.link_type,
            bytes,
        }
    }
}

/// An arena of captured bytes and the packets framed in it, in capture order.
#[derive(Debug, Default)]
pub struct Block {
    /// The bytes, packet headers of the file format included; what no record names is left over from earlier use.
    pub arena: Vec<u8>,
    /// The packets, in the order in which they are to be analysed.
    pub records: Vec<Record>,
    /// Interfaces that became known with this block, with the ids they were given: each is announced once, in the
    /// block of its first packet or in an earlier one, and ids count up from 0.
    pub interfaces: Vec<(InterfaceId, Interface)>,
}

impl Block {
    /// Empties the block and keeps its memory. The arena keeps its length too, so that a reader can fill it without
    /// zeroing it first; who appends to it must truncate it.
    pub fn clear(&mut self) {
        self.records.clear();
        self.interfaces.clear();
    }

    /// The packets of this block, in order.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        self.records.iter().map(|record| record.frame(&self.arena))
    }
}

/// One captured packet.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Capture time.
    pub timestamp: Timestamp,
    /// Its number in its source, and the interface it was captured on.
    pub place: FramePlace,
    /// How long the packet was on the wire; `bytes` may be shorter.
    pub wire_len: u32,
    /// The interface's link type.
    pub link_type: LinkType,
    /// What was captured of it.
    pub bytes: &'a [u8],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_says_number_and_interface() {
        let place = FramePlace::new((1 << 48) - 2, InterfaceId(u16::MAX));
        assert_eq!(
            (place.number(), place.interface()),
            ((1 << 48) - 2, InterfaceId(u16::MAX))
        );
        let next = place.next();
        assert_eq!(
            (next.number(), next.interface()),
            ((1 << 48) - 1, InterfaceId(u16::MAX))
        );
    }
}
