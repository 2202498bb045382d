//! Link layer: finds the IP packet, collects VLAN tags. What most captures have is here, the rest in `layers` and `links`.

use etherparse::{Ethernet2HeaderSlice, LinuxSllHeaderSlice, LinuxSllProtocolType, SingleVlanHeaderSlice};

use super::segment::SkipReason;
use crate::classify::Path;
use crate::frame::LinkType;

/// Which IP the link layer says it carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ip {
    V4,
    V6,
    /// The link layer does not say: the packet's version nibble does.
    ByVersion,
}

pub(super) struct Link<'a> {
    pub(super) ip: Ip,
    pub(super) path: Path,
    pub(super) if_index: u32,
    pub(super) payload: &'a [u8],
}

pub(super) const ETHERTYPE_IPV4: u16 = 0x0800;
pub(super) const ETHERTYPE_IPV6: u16 = 0x86dd;
/// 802.1Q, 802.1ad (service tag) and the pre-standard 0x9100 of QinQ.
pub(super) const ETHERTYPE_VLAN: [u16; 3] = [0x8100, 0x88a8, 0x9100];
/// Tags beyond this are no VLAN stacking that exists.
pub(super) const MAX_TAGS: usize = 4;
const SLL2_HEADER_LEN: usize = 20;

#[inline]
pub(super) fn decode(link_type: LinkType, bytes: &[u8]) -> Result<Link<'_>, SkipReason> {
    match link_type {
        LinkType::ETHERNET => {
            let header = Ethernet2HeaderSlice::from_slice(bytes).map_err(|_| SkipReason::Truncated)?;
            ether_payload(header.ether_type().0, &bytes[header.slice().len()..], 0)
        }
        LinkType::LINUX_SLL => sll(bytes),
        LinkType::LINUX_SLL2 => sll2(bytes),
        LinkType::NULL | LinkType::LOOP => loopback(bytes),
        LinkType::RAW | LinkType::RAW_BSD | LinkType::RAW_OPENBSD => Ok(raw(Ip::ByVersion, bytes)),
        LinkType::IPV4 => Ok(raw(Ip::V4, bytes)),
        LinkType::IPV6 => Ok(raw(Ip::V6, bytes)),
        LinkType(_) => Err(SkipReason::UnsupportedLink),
    }
}

fn raw(ip: Ip, payload: &[u8]) -> Link<'_> {
    Link {
        ip,
        path: Path::default(),
        if_index: 0,
        payload,
    }
}

#[inline]
fn ether_payload(mut ether_type: u16, mut payload: &[u8], if_index: u32) -> Result<Link<'_>, SkipReason> {
    let mut path = Path::default();
    let mut tags = 0;
    loop {
        let ip = match ether_type {
            ETHERTYPE_IPV4 => Ip::V4,
            ETHERTYPE_IPV6 => Ip::V6,
            tag if ETHERTYPE_VLAN.contains(&tag) && tags < MAX_TAGS => {
                let header = SingleVlanHeaderSlice::from_slice(payload).map_err(|_| SkipReason::Truncated)?;
                // Id 0 carries a priority only (802.1Q section 9.6) and names no VLAN.
                let id = header.vlan_identifier().value();
                if let Some(slot) = path.vlans.iter_mut().find(|slot| **slot == 0) {
                    *slot = id;
                }
                ether_type = header.ether_type().0;
                payload = &payload[header.slice().len()..];
                tags += 1;
                continue;
            }
            _ => return Err(SkipReason::NotIp),
        };
        return Ok(Link {
            ip,
            path,
            if_index,
            payload,
        });
    }
}

fn sll(bytes: &[u8]) -> Result<Link<'_>, SkipReason> {
    const HEADER_LEN: usize = 16;
    const PROTOCOL: usize = 14;
    let rest = bytes.get(HEADER_LEN..).ok_or(SkipReason::Truncated)?;
    let protocol = match LinuxSllHeaderSlice::from_slice(bytes).map(|header| header.protocol_type()) {
        Ok(LinuxSllProtocolType::EtherType(ether_type)) => ether_type.0,
        // Interfaces without a MAC address (tun, ipip): the field holds an Ethertype all the same.
        _ => u16::from_be_bytes([bytes[PROTOCOL], bytes[PROTOCOL + 1]]),
    };
    ether_payload(protocol, rest, 0)
}

/// LINKTYPE_LINUX_SLL2: protocol, 2 reserved, interface index (4), ARPHRD (2), packet type, address length, address (8).
fn sll2(bytes: &[u8]) -> Result<Link<'_>, SkipReason> {
    let (header, rest) = bytes
        .split_at_checked(SLL2_HEADER_LEN)
        .ok_or(SkipReason::Truncated)?;
    let protocol = u16::from_be_bytes([header[0], header[1]]);
    let if_index = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
    ether_payload(protocol, rest, if_index)
}

/// BSD loopback: the address family in the byte order of the capturing host (NULL) or in network order (LOOP).
fn loopback(bytes: &[u8]) -> Result<Link<'_>, SkipReason> {
    let (family, rest) = bytes.split_first_chunk::<4>().ok_or(SkipReason::Truncated)?;
    let family = u32::from_le_bytes(*family).min(u32::from_be_bytes(*family));
    match family {
        2 => Ok(raw(Ip::V4, rest)),
        // AF_INET6 of Linux, NetBSD/OpenBSD, FreeBSD and macOS.
        10 | 24 | 28 | 30 => Ok(raw(Ip::V6, rest)),
        _ => Err(SkipReason::NotIp),
    }
}
