//! IP packets that hold no TCP segment right behind their header: tunnels, a few of them in each other, and fragments.

use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice};

use super::cursor::Cursor;
use super::fragment::{Datagram, DatagramId, Fragment};
use super::link::{Ip, Link};
use super::network::Network;
use super::segment::{Address, SkipReason};
use super::tunnel;

const TCP: u8 = 6;
/// Tunnels in tunnels; a service mesh in an overlay behind a mirror port makes four.
const MAX_TUNNELS: usize = 8;
const MAX_EXTENSIONS: usize = 16;

/// What a packet holds in the end.
pub(super) enum Found<'a> {
    Tcp(Link<'a>, Network<'a>),
    Fragment(Fragment<'a>),
}

/// An IP header.
struct Header {
    source: Address,
    destination: Address,
    ip_id: Option<u16>,
    ttl: u8,
    /// Of the payload, extension headers taken off.
    protocol: u8,
    fragment: Option<Part>,
}

/// Which part of a datagram a fragment is.
struct Part {
    id: u32,
    offset: usize,
    more: bool,
}

/// Looks into the IP packet behind a link layer.
pub(super) fn look<'a>(link: &Link<'a>, wire_len: usize) -> Result<Found<'a>, SkipReason> {
    let mut at = Cursor {
        path: link.path,
        if_index: link.if_index,
        ..Cursor::new(link.payload, wire_len)
    };
    let header = open(link.ip, &mut at)?;
    descend(header, at)
}

/// Looks into a datagram put together from fragments.
pub(super) fn look_into<'a>(datagram: &Datagram<'a>) -> Result<Found<'a>, SkipReason> {
    let mut at = Cursor {
        path: datagram.id.path,
        if_index: datagram.if_index,
        ..Cursor::new(datagram.bytes, datagram.wire_len)
    };
    let mut header = Header {
        source: datagram.id.source,
        destination: datagram.id.destination,
        ip_id: datagram.ip_id,
        ttl: datagram.ttl,
        protocol: datagram.protocol,
        fragment: None,
    };
    if header.ip_id.is_none() {
        extensions(&mut header, &mut at)?;
    }
    descend(header, at)
}

fn descend(mut header: Header, mut at: Cursor<'_>) -> Result<Found<'_>, SkipReason> {
    for _ in 0..=MAX_TUNNELS {
        if let Some(part) = &header.fragment {
            return Ok(Found::Fragment(fragment(&header, part, &at)));
        }
        if header.protocol == TCP {
            return Ok(found(&header, &at));
        }
        let ip = tunnel::ip_inside(header.protocol, &mut at)?;
        header = open(ip, &mut at)?;
    }
    Err(SkipReason::NotTcp)
}

fn found<'a>(header: &Header, at: &Cursor<'a>) -> Found<'a> {
    let link = Link {
        ip: Ip::ByVersion,
        path: at.path,
        if_index: at.if_index,
        payload: at.bytes,
    };
    let network = Network {
        source: header.source,
        destination: header.destination,
        ip_id: header.ip_id,
        ttl: header.ttl,
        payload_len: at.wire_len,
        payload: at.bytes,
    };
    Found::Tcp(link, network)
}

fn fragment<'a>(header: &Header, part: &Part, at: &Cursor<'a>) -> Fragment<'a> {
    // RFC 791 tells datagrams apart by protocol too, RFC 8200 does not.
    let protocol = if header.ip_id.is_some() {
        header.protocol
    } else {
        0
    };
    Fragment {
        id: DatagramId {
            source: header.source,
            destination: header.destination,
            path: at.path,
            id: part.id,
            protocol,
        },
        offset: part.offset,
        more: part.more,
        protocol: header.protocol,
        ip_id: header.ip_id,
        ttl: header.ttl,
        if_index: at.if_index,
        bytes: at.bytes,
        wire_len: at.wire_len,
    }
}

/// Takes an IP header off.
fn open(ip: Ip, at: &mut Cursor<'_>) -> Result<Header, SkipReason> {
    let version = at.bytes.first().ok_or(SkipReason::Truncated)? >> 4;
    match (ip, version) {
        (Ip::V4 | Ip::ByVersion, 4) => v4(at),
        (Ip::V6 | Ip::ByVersion, 6) => v6(at),
        (Ip::ByVersion, _) => Err(SkipReason::NotIp),
        _ => Err(SkipReason::Malformed),
    }
}

fn v4(at: &mut Cursor<'_>) -> Result<Header, SkipReason> {
    let header = Ipv4HeaderSlice::from_slice(at.bytes).map_err(|_| super::network::v4_error(at.bytes))?;
    let header_len = header.slice().len();
    let payload_len = match usize::from(header.total_len()) {
        0 => at.wire_len.checked_sub(header_len),
        total => total.checked_sub(header_len),
    };
    at.skip(header_len)?;
    at.declare(payload_len.ok_or(SkipReason::Malformed)?);
    let fragment = header.is_fragmenting_payload().then(|| Part {
        id: u32::from(header.identification()),
        offset: usize::from(header.fragments_offset().value()) * 8,
        more: header.more_fragments(),
    });
    Ok(Header {
        source: Address::v4(header.source()),
        destination: Address::v4(header.destination()),
        ip_id: Some(header.identification()),
        ttl: header.ttl(),
        protocol: header.protocol().0,
        fragment,
    })
}

fn v6(at: &mut Cursor<'_>) -> Result<Header, SkipReason> {
    let packet = Ipv6HeaderSlice::from_slice(at.bytes).map_err(|_| SkipReason::Truncated)?;
    let header_len = packet.slice().len();
    let payload_len = match usize::from(packet.payload_length()) {
        0 => at.wire_len.saturating_sub(header_len),
        declared => declared,
    };
    at.skip(header_len)?;
    at.declare(payload_len);
    let mut header = Header {
        source: Address::v6(packet.source()),
        destination: Address::v6(packet.destination()),
        ip_id: None,
        ttl: packet.hop_limit(),
        protocol: packet.next_header().0,
        fragment: None,
    };
    extensions(&mut header, at)?;
    Ok(header)
}

/// Takes extension headers off (RFC 8200 section 4), up to that of a fragment.
fn extensions(header: &mut Header, at: &mut Cursor<'_>) -> Result<(), SkipReason> {
    const HOP_BY_HOP: u8 = 0;
    const ROUTING: u8 = 43;
    const FRAGMENT: u8 = 44;
    const AUTHENTICATION: u8 = 51;
    const DESTINATION: u8 = 60;
    const MOBILITY: u8 = 135;
    for _ in 0..MAX_EXTENSIONS {
        let [next, length] = match header.protocol {
            HOP_BY_HOP | ROUTING | FRAGMENT | AUTHENTICATION | DESTINATION | MOBILITY => {
                *at.peek(0).ok_or(SkipReason::Truncated)?
            }
            _ => return Ok(()),
        };
        let length = usize::from(length);
        match header.protocol {
            FRAGMENT => {
                let [_, _, o0, o1, id @ ..] = *at.take::<8>()?;
                let field = u16::from_be_bytes([o0, o1]);
                let part = Part {
                    id: u32::from_be_bytes(id),
                    offset: usize::from(field & !7),
                    more: field & 1 == 1,
                };
                header.protocol = next;
                if part.more || part.offset > 0 {
                    header.fragment = Some(part);
                    return Ok(());
                }
                continue;
            }
            AUTHENTICATION => at.skip((length + 2) * 4)?,
            _ => at.skip((length + 1) * 8)?,
        }
        header.protocol = next;
    }
    Err(SkipReason::Malformed)
}
