//! Tunnels in IP: which IP packet they carry, and in which virtual network.
//!
//! A network id that both directions name alike belongs to a connection's identity: the VNI of VXLAN and GENEVE, the GRE
//! key (of NVGRE the virtual subnet: the rest of its key is entropy of one direction), the ERSPAN and PPPoE session.
//! What has none (IP in IP, GRE without key), or one for each direction (TEIDs of GTP-U, call ids of PPTP, MPLS labels),
//! separates nothing: so the two halves of a connection of which a load balancer tunnels only one (direct server
//! return) stay together.

use super::cursor::Cursor;
use super::layers::{self, Layer};
use super::link::Ip;
use super::segment::SkipReason;

/// Protocol numbers of IP that may lead to another IP packet.
pub(super) const IP_IN_IP: u8 = 4;
pub(super) const UDP: u8 = 17;
pub(super) const IPV6: u8 = 41;
pub(super) const GRE: u8 = 47;
pub(super) const MPLS: u8 = 137;

const PORT_VXLAN: u16 = 4789;
/// Linux' default port for VXLAN, from before there was an assigned one; OTV's, with the same header.
const PORT_VXLAN_LINUX: u16 = 8472;
const PORT_GENEVE: u16 = 6081;
const PORT_GTP_U: u16 = 2152;

const ETHERTYPE_ERSPAN: u16 = 0x88be;
const ETHERTYPE_ERSPAN_3: u16 = 0x22eb;
const ETHERTYPE_BRIDGING: u16 = 0x6558;

/// Takes off what stands between an IP header with this protocol and the IP header inside.
pub(super) fn ip_inside(protocol: u8, at: &mut Cursor<'_>) -> Result<Ip, SkipReason> {
    let layer = match protocol {
        IP_IN_IP => Layer::Ip(Ip::V4),
        IPV6 => Layer::Ip(Ip::V6),
        GRE => gre(at)?,
        UDP => udp(at)?,
        MPLS => Layer::Type(0x8847),
        _ => return Err(SkipReason::NotTcp),
    };
    layers::to_ip(layer, at)
}

fn udp(at: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    let [_, _, p0, p1, ..] = *at.take::<8>()?;
    match u16::from_be_bytes([p0, p1]) {
        PORT_VXLAN | PORT_VXLAN_LINUX => vxlan(at),
        PORT_GENEVE => geneve(at),
        PORT_GTP_U => gtp_u(at),
        _ => Err(SkipReason::NotTcp),
    }
}

/// VXLAN (RFC 7348).
fn vxlan(at: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    const VALID_VNI: u8 = 0x08;
    let [flags, ..] = *at.take::<4>()?;
    if flags & VALID_VNI == 0 {
        return Err(SkipReason::NotTcp);
    }
    let id = vni(at)?;
    at.tunnel("vxlan", id);
    Ok(Layer::Ethernet)
}

/// 24 bits of network id and a reserved byte.
fn vni(at: &mut Cursor<'_>) -> Result<u32, SkipReason> {
    Ok(at.take_u32()? >> 8)
}

/// GENEVE (RFC 8926), its options left out.
fn geneve(at: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    const CONTROL: u8 = 0x80;
    let [first, flags, t0, t1] = *at.take::<4>()?;
    if first >> 6 != 0 || flags & CONTROL != 0 {
        return Err(SkipReason::NotTcp);
    }
    let id = vni(at)?;
    at.tunnel("geneve", id);
    at.skip(usize::from(first & 0x3f) * 4)?;
    Ok(Layer::Type(u16::from_be_bytes([t0, t1])))
}

/// GTP-U (3GPP TS 29.281 section 5): user data (G-PDU), extension headers left out.
fn gtp_u(at: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    const VERSION_1: u8 = 0x30;
    const ANY_OPTIONAL: u8 = 0x07;
    const EXTENSION: u8 = 0x04;
    const G_PDU: u8 = 255;
    const MAX_EXTENSIONS: usize = 16;
    let [flags, message, ..] = *at.take::<8>()?;
    if flags & 0xf0 != VERSION_1 || message != G_PDU {
        return Err(SkipReason::NotTcp);
    }
    if flags & ANY_OPTIONAL == 0 {
        return Ok(Layer::Ip(Ip::ByVersion));
    }
    let [_, _, _, mut next] = *at.take::<4>()?;
    let mut seen = 0;
    while flags & EXTENSION != 0 && next != 0 {
        let [words] = *at.peek::<1>(0).ok_or(SkipReason::Truncated)?;
        seen += 1;
        if words == 0 || seen > MAX_EXTENSIONS {
            return Err(SkipReason::Malformed);
        }
        at.skip(usize::from(words) * 4 - 1)?;
        [next] = *at.take::<1>()?;
    }
    Ok(Layer::Ip(Ip::ByVersion))
}

/// GRE (RFC 2784, key and sequence RFC 2890); version 1 is PPTP's (RFC 2637).
fn gre(at: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    const CHECKSUM: u16 = 0x8000;
    const ROUTING: u16 = 0x4000;
    const KEY: u16 = 0x2000;
    const SEQUENCE: u16 = 0x1000;
    const ACKNOWLEDGMENT: u16 = 0x0080;
    let flags = at.take_u16()?;
    let ether_type = at.take_u16()?;
    let version = flags & 7;
    if version > 1 || flags & ROUTING != 0 {
        return Err(SkipReason::NotTcp);
    }
    if flags & CHECKSUM != 0 {
        at.skip(4)?;
    }
    if flags & KEY != 0 {
        let key = at.take_u32()?;
        match (version, ether_type) {
            (0, ETHERTYPE_BRIDGING) => bridged(key, at),
            (0, _) => at.tunnel("gre", key),
            _ => {}
        }
    }
    if flags & SEQUENCE != 0 {
        at.skip(4)?;
    }
    if version == 1 && flags & ACKNOWLEDGMENT != 0 {
        at.skip(4)?;
    }
    match ether_type {
        ETHERTYPE_ERSPAN if flags & SEQUENCE == 0 => Ok(Layer::Ethernet),
        ETHERTYPE_ERSPAN | ETHERTYPE_ERSPAN_3 => erspan(at),
        _ => Ok(Layer::Type(ether_type)),
    }
}

/// NVGRE (RFC 7637) is GRE with a 24-bit virtual subnet in the key, of which the values below 0x1000 are reserved, and
/// a flow id that the two directions need not share.
fn bridged(key: u32, at: &mut Cursor<'_>) {
    const FIRST_SUBNET: u32 = 0x1000;
    match key >> 8 {
        subnet @ FIRST_SUBNET.. => at.tunnel("nvgre", subnet),
        _ => at.tunnel("gre", key),
    }
}

/// ERSPAN II and III (draft-foschiano-erspan): a mirrored frame and the session that mirrors it.
fn erspan(at: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    const FRAME_IS_IP: u8 = 2;
    const PLATFORM_HEADER: u8 = 1;
    let [version, _, s0, s1] = *at.take::<4>()?;
    at.tunnel("erspan", u32::from(u16::from_be_bytes([s0, s1]) & 0x03ff));
    match version >> 4 {
        1 => at.skip(4).map(|()| Layer::Ethernet),
        2 => {
            let [.., kind, last] = *at.take::<8>()?;
            if last & PLATFORM_HEADER != 0 {
                at.skip(8)?;
            }
            match (kind >> 2) & 0x1f {
                0 => Ok(Layer::Ethernet),
                FRAME_IS_IP => Ok(Layer::Ip(Ip::ByVersion)),
                _ => Err(SkipReason::NotIp),
            }
        }
        _ => Err(SkipReason::NotTcp),
    }
}
