//! Link layers beside plain Ethernet with IP in it: LLC/SNAP, VLAN, MPLS, PPPoE, PPP. Out of line: few captures have them.

use super::cursor::Cursor;
use super::link::{ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_VLAN, Ip, Link, MAX_TAGS};
use super::segment::SkipReason;

/// What the next header is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Layer {
    Ethernet,
    /// What this Ethertype names; up to 1500 it is a length, and LLC follows.
    Type(u16),
    /// PPP (RFC 1661), with address and control before the protocol (RFC 1662) or without.
    Ppp,
    Ip(Ip),
}

const ETHERTYPE_MPLS: [u16; 2] = [0x8847, 0x8848];
const ETHERTYPE_PPPOE_SESSION: u16 = 0x8864;
const ETHERTYPE_BRIDGING: u16 = 0x6558;
const ETHERTYPE_PPP: u16 = 0x880b;
/// From here on the field is an Ethertype (IEEE 802.3 section 3.2.6).
const FIRST_ETHERTYPE: u16 = 0x0600;
/// More headers than any network stacks below one IP packet.
const MAX_LAYERS: usize = 16;
/// More labels than any router pushes.
const MAX_LABELS: usize = 16;

/// Takes headers off up to the next IP header.
pub(super) fn to_ip(mut layer: Layer, at: &mut Cursor<'_>) -> Result<Ip, SkipReason> {
    for _ in 0..MAX_LAYERS {
        layer = match layer {
            Layer::Ip(ip) => return Ok(ip),
            Layer::Ethernet => {
                at.skip(12)?;
                at.tags = 0;
                Layer::Type(at.take_u16()?)
            }
            Layer::Type(ether_type) => by_type(ether_type, at)?,
            Layer::Ppp => ppp(at)?,
        };
    }
    Err(SkipReason::NotIp)
}

/// The same as a link, for a frame's outermost layers.
pub(super) fn link(layer: Layer, mut at: Cursor<'_>) -> Result<Link<'_>, SkipReason> {
    let ip = to_ip(layer, &mut at)?;
    Ok(Link {
        ip,
        path: at.path,
        if_index: at.if_index,
        payload: at.bytes,
    })
}

fn by_type(ether_type: u16, at: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    Ok(match ether_type {
        ETHERTYPE_IPV4 => Layer::Ip(Ip::V4),
        ETHERTYPE_IPV6 => Layer::Ip(Ip::V6),
        ETHERTYPE_BRIDGING => Layer::Ethernet,
        ETHERTYPE_PPP => Layer::Ppp,
        ETHERTYPE_PPPOE_SESSION => pppoe(at)?,
        length if length < FIRST_ETHERTYPE => llc(at)?,
        tag if ETHERTYPE_VLAN.contains(&tag) && at.tags < MAX_TAGS => {
            let id = at.take_u16()? & 0x0fff;
            at.tag(id);
            Layer::Type(at.take_u16()?)
        }
        label if ETHERTYPE_MPLS.contains(&label) => mpls(at)?,
        _ => return Err(SkipReason::NotIp),
    })
}

/// LLC (IEEE 802.2) with SNAP, whose protocol is an Ethertype under the organisation codes of RFC 1042 and 802.1H.
pub(super) fn llc(at: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    match at.take::<3>()? {
        [0xaa, 0xaa, 0x03] => {}
        _ => return Err(SkipReason::NotIp),
    }
    match at.take::<3>()? {
        [0, 0, 0 | 0xf8] => Ok(Layer::Type(at.take_u16()?)),
        _ => Err(SkipReason::NotIp),
    }
}

/// PPP in Ethernet (RFC 2516). Both directions carry one session id.
pub(super) fn pppoe(at: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    const VERSION_1_TYPE_1: u8 = 0x11;
    let [version, code, s0, s1, _, _] = *at.take::<6>()?;
    if version != VERSION_1_TYPE_1 || code != 0 {
        return Err(SkipReason::NotIp);
    }
    at.tunnel("pppoe", u32::from(u16::from_be_bytes([s0, s1])));
    Ok(Layer::Ppp)
}

fn ppp(at: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    if at.peek(0) == Some(&[0xff, 0x03]) {
        at.skip(2)?;
    }
    // An odd first byte is a protocol compressed to one (RFC 1661 section 6.5).
    let [first] = *at.take::<1>()?;
    let protocol = if first & 1 == 1 {
        u16::from(first)
    } else {
        u16::from_be_bytes([first, at.take::<1>()?[0]])
    };
    Ok(match protocol {
        0x0021 => Layer::Ip(Ip::V4),
        0x0057 => Layer::Ip(Ip::V6),
        0x0281 | 0x0283 => Layer::Type(ETHERTYPE_MPLS[0]),
        _ => return Err(SkipReason::NotIp),
    })
}

/// A label stack (RFC 3032). What it carries is not said: IP shows its version, a pseudowire (RFC 4448) begins with a
/// control word whose first half byte is 0, or at once with the Ethernet frame. Labels belong to one direction, so they
/// are no part of a connection's identity.
fn mpls(at: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    const CONTROL_WORD: usize = 4;
    let mut labels = 0;
    while at.take_u32()? & 0x100 == 0 {
        labels += 1;
        if labels == MAX_LABELS {
            return Err(SkipReason::Malformed);
        }
    }
    let version = at.bytes.first().ok_or(SkipReason::Truncated)? >> 4;
    let without = is_ethernet(at, 0);
    Ok(match version {
        4 | 6 if !without => Layer::Ip(Ip::ByVersion),
        0 if is_ethernet(at, CONTROL_WORD) => {
            at.skip(CONTROL_WORD)?;
            Layer::Ethernet
        }
        _ if without => Layer::Ethernet,
        _ => return Err(SkipReason::NotIp),
    })
}

/// Whether an Ethernet frame with IP in it begins at `start`.
fn is_ethernet(at: &Cursor<'_>, start: usize) -> bool {
    const TYPE_AT: usize = 12;
    let mut place = start + TYPE_AT;
    for _ in 0..=MAX_TAGS {
        let Some([high, low]) = at.peek(place) else {
            return false;
        };
        let version = at.peek::<1>(place + 2).map(|byte| byte[0] >> 4);
        match u16::from_be_bytes([*high, *low]) {
            ETHERTYPE_IPV4 => return version == Some(4),
            ETHERTYPE_IPV6 => return version == Some(6),
            tag if ETHERTYPE_VLAN.contains(&tag) => place += 4,
            _ => return false,
        }
    }
    false
}
