//! Which engine a frame belongs to.

use super::servers::{Server, Servers};
use crate::classify::Endpoint;
use crate::decode::{Address, Decoded, End, Packet, Sight, decode, decode_unusual, plain_ends};
use crate::frame::Frame;

/// Whose a frame is.
#[derive(Clone, Copy, Debug)]
pub enum Owner {
    /// The engine with this number.
    Engine(usize),
    /// A fragment: which connection it belongs to shows when its datagram is complete. All engines put it together, and
    /// one of them goes on with the segment.
    Everyone,
}

/// Which of `engines` engines a frame belongs to: the same for both directions of a connection, whatever carries it. Frames
/// without a segment belong to any. And the server that the frame is the first to show.
#[inline]
pub fn owner(frame: &Frame<'_>, engines: usize, servers: &mut Servers) -> (Owner, Option<Server>) {
    match Sight::plain(frame) {
        Some(segment) => {
            let [from, to] = segment.ends;
            let own = Owner::Engine(spread(ends(from, to), engines));
            (own, servers.shown(&segment))
        }
        None => unusual_owner(frame, engines, servers),
    }
}

#[cold]
fn unusual_owner(frame: &Frame<'_>, engines: usize, servers: &mut Servers) -> (Owner, Option<Server>) {
    let decoded = decode(frame)
        .map(Decoded::Packet)
        .or_else(|reason| decode_unusual(frame, reason));
    match decoded {
        Ok(Decoded::Packet(packet)) => {
            let own = Owner::Engine(share(&packet, engines));
            (own, servers.shown(&Sight::of(&packet)))
        }
        Ok(Decoded::Fragment(_)) => (Owner::Everyone, None),
        Err(_) => (Owner::Engine(0), None),
    }
}

/// Whether a frame may belong to a connection between two ends: what carries it, and a frame that is not plain, shows only
/// when it is decoded.
#[must_use]
pub fn may_belong(frame: &Frame<'_>, ends: [Endpoint; 2]) -> bool {
    let Some(found) = plain_ends(frame) else {
        return true;
    };
    let [one, other] = ends.map(|end| (Address::from(end.address), end.port));
    found == [one, other] || found == [other, one]
}

/// Which of `engines` engines a packet belongs to.
pub(super) fn share(packet: &Packet<'_>, engines: usize) -> usize {
    spread(ends(packet.source, packet.destination), engines)
}

/// The upper bits of a product depend on all bits of its factors.
#[inline]
fn spread(ends: u64, engines: usize) -> usize {
    ((u128::from(ends.wrapping_mul(0x9e37_79b9_7f4a_7c15)) * engines as u128) >> 64) as usize
}

/// Addresses and ports in one word, the same for both directions.
#[inline]
const fn ends(source: End, destination: End) -> u64 {
    let (source, source_port) = (source.0.high ^ source.0.low, source.1);
    let (destination, destination_port) = (destination.0.high ^ destination.0.low, destination.1);
    (source ^ destination) << 16
        ^ (source_port ^ destination_port) as u64
        ^ source.wrapping_add(destination) << 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{FramePlace, InterfaceId, LinkType};
    use crate::time::Timestamp;

    fn frame(link_type: LinkType, bytes: &[u8]) -> Frame<'_> {
        let wire_len = bytes.len() as u32;
        Frame {
            timestamp: Timestamp::default(),
            place: FramePlace::new(1, InterfaceId(0)),
            wire_len,
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
            let whose =
                |link_type, bytes: &[u8]| match owner(&frame(link_type, bytes), 4, &mut Servers::default()) {
                    (Owner::Engine(engine), None) => engine,
                    other => panic!("neither a fragment nor a start: {other:?}"),
                };
            let own = whose(LinkType::RAW, &there);
            assert_eq!(whose(LinkType::RAW, &back), own);
            assert_eq!(whose(LinkType::ETHERNET, &ethernet), own);
            assert_eq!(whose(LinkType::ETHERNET, &vlan), own);
            counts[own] += 1;
        }
        assert!(
            counts.iter().all(|count| (800..1_200).contains(count)),
            "{counts:?}"
        );
    }
}
