//! Which engine a frame belongs to.

use crate::decode::{Address, Decoded, Segment, decode, decode_unusual};
use crate::frame::{Frame, LinkType};

/// Whose a frame is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// The engine with this number.
    Engine(usize),
    /// A fragment: which connection it belongs to shows when its datagram is complete. All engines put it together, and
    /// one of them goes on with the segment.
    Everyone,
}

/// Which of `engines` engines a frame belongs to: the same for both directions of a connection, whatever carries it.
/// Frames without a segment belong to the first.
#[inline]
#[must_use]
pub fn owner(frame: &Frame<'_>, engines: usize) -> Owner {
    match plain_ends(frame) {
        Some(ends) => Owner::Engine(spread(ends, engines)),
        None => unusual_owner(frame, engines),
    }
}

#[cold]
fn unusual_owner(frame: &Frame<'_>, engines: usize) -> Owner {
    let decoded = decode(frame)
        .map(Decoded::Segment)
        .or_else(|reason| decode_unusual(frame, reason));
    match decoded {
        Ok(Decoded::Segment(segment)) => Owner::Engine(share(&segment, engines)),
        Ok(Decoded::Fragment(_)) => Owner::Everyone,
        Err(_) => Owner::Engine(0),
    }
}

/// Which of `engines` engines a segment belongs to.
pub(super) fn share(segment: &Segment<'_>, engines: usize) -> usize {
    let ends = ends(
        segment.source.high ^ segment.source.low,
        segment.destination.high ^ segment.destination.low,
        segment.source_port,
        segment.destination_port,
    );
    spread(ends, engines)
}

/// The upper bits of a product depend on all bits of its factors.
#[inline]
fn spread(ends: u64, engines: usize) -> usize {
    ((u128::from(ends.wrapping_mul(0x9e37_79b9_7f4a_7c15)) * engines as u128) >> 64) as usize
}

/// Addresses and ports in one word, the same for both directions.
#[inline]
const fn ends(source: u64, destination: u64, source_port: u16, destination_port: u16) -> u64 {
    (source ^ destination) << 16
        ^ (source_port ^ destination_port) as u64
        ^ source.wrapping_add(destination) << 32
}

/// The ends of a plain TCP segment on Ethernet and IPv4 without options or fragments, read where they always are.
#[inline]
fn plain_ends(frame: &Frame<'_>) -> Option<u64> {
    let header = frame
        .bytes
        .first_chunk::<38>()
        .filter(|_| frame.link_type == LinkType::ETHERNET)?;
    let [
        ..,
        0x08,
        0x00,
        0x45,
        _,
        _,
        _,
        _,
        _,
        f0,
        f1,
        _,
        6,
        _,
        _,
        s0,
        s1,
        s2,
        s3,
        d0,
        d1,
        d2,
        d3,
        a0,
        a1,
        b0,
        b1,
    ] = *header
    else {
        return None;
    };
    if u16::from_be_bytes([f0, f1]) & 0x3fff != 0 {
        return None;
    }
    let address = |octets| Address::v4(octets).low;
    Some(ends(
        address([s0, s1, s2, s3]),
        address([d0, d1, d2, d3]),
        u16::from_be_bytes([a0, a1]),
        u16::from_be_bytes([b0, b1]),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::InterfaceId;
    use crate::time::Timestamp;

    fn frame(link_type: LinkType, bytes: &[u8]) -> Frame<'_> {
        let wire_len = bytes.len() as u32;
        Frame {
            timestamp: Timestamp::default(),
            number: 1,
            wire_len,
            interface: InterfaceId(0),
            link_type,
            bytes,
        }
    }

    fn packet(client: u8, port: u16, to_server: bool) -> Vec<u8> {
        let mut ip = vec![0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0];
        let (client, server) = ([10, 0, 0, client], [10, 0, 1, 1]);
        let (from, to) = if to_server {
            (client, server)
        } else {
            (server, client)
        };
        ip.extend(from.into_iter().chain(to));
        let ports = if to_server { [port, 8080] } else { [8080, port] };
        ip.extend(ports.into_iter().flat_map(u16::to_be_bytes));
        ip.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0, 1, 0, 0, 0, 0]);
        ip
    }

    #[test]
    fn both_directions_and_every_carrier_give_one_share_and_shares_are_even() {
        let mut counts = [0; 4];
        for port in 40_000..44_000 {
            let there = packet((port % 7) as u8, port, true);
            let back = packet((port % 7) as u8, port, false);
            let ethernet = [&[0; 12][..], &[8, 0], &there].concat();
            let vlan = [&[0; 12][..], &[0x81, 0, 0, 5, 8, 0], &back].concat();
            let own = owner(&frame(LinkType::RAW, &there), 4);
            assert_eq!(owner(&frame(LinkType::RAW, &back), 4), own);
            assert_eq!(owner(&frame(LinkType::ETHERNET, &ethernet), 4), own);
            assert_eq!(owner(&frame(LinkType::ETHERNET, &vlan), 4), own);
            let Owner::Engine(own) = own else {
                panic!("no fragment")
            };
            counts[own] += 1;
        }
        assert!(
            counts.iter().all(|count| (800..1_200).contains(count)),
            "{counts:?}"
        );
    }
}
