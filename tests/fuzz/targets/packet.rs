//! Decoding a packet of every link type: the general decoder, the fast path against it, and what a datagram holds.

use flowcheck::decode::{Decoded, Packet, decode, decode_datagram, decode_unusual, plain, plain_ends};
use flowcheck::frame::{Frame, FramePlace, InterfaceId, LinkType};
use flowcheck::time::Timestamp;

use super::{Bytes, material};

/// Link types that are read, and one that is not.
pub(super) const LINKS: [LinkType; 20] = [
    LinkType::ETHERNET,
    LinkType::NULL,
    LinkType::PPP,
    LinkType::RAW_BSD,
    LinkType::RAW_OPENBSD,
    LinkType::PPP_SERIAL,
    LinkType::PPP_ETHER,
    LinkType::RAW,
    LinkType::C_HDLC,
    LinkType::IEEE802_11,
    LinkType::LOOP,
    LinkType::LINUX_SLL,
    LinkType::PRISM_HEADER,
    LinkType::IEEE802_11_RADIO,
    LinkType::IEEE802_11_RADIO_AVS,
    LinkType::PPP_WITH_DIR,
    LinkType::IPV4,
    LinkType::IPV6,
    LinkType::LINUX_SLL2,
    LinkType(147),
];

pub(super) fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let link_type = LINKS[usize::from(bytes.u8()) % LINKS.len()];
    let beyond = u32::from(bytes.u8());
    let frame = Frame {
        timestamp: Timestamp::default(),
        place: FramePlace::new(1, InterfaceId::default()),
        wire_len: (bytes.0.len() as u32).saturating_add(beyond * beyond * beyond),
        link_type,
        bytes: bytes.0,
    };
    let general = decode(&frame);
    if let Some(fast) = plain(&frame) {
        let general = general
            .as_ref()
            .expect("what the fast path reads, the general one reads");
        assert_eq!(format!("{fast:?}"), format!("{general:?}"));
        assert_eq!(plain_ends(&frame), Some([fast.source, fast.destination]));
    }
    match general {
        Ok(packet) => hold(&frame, &packet),
        Err(reason) => look_at(&frame, decode_unusual(&frame, reason).ok(), 0),
    }
}

fn look_at(frame: &Frame<'_>, found: Option<Decoded<'_>>, depth: u32) {
    match found {
        Some(Decoded::Packet(packet)) => hold(frame, &packet),
        Some(Decoded::Fragment(fragment)) => {
            assert!(fragment.bytes.len() <= frame.bytes.len());
            // What its bytes would be, were they the whole datagram.
            let datagram = flowcheck::decode::Datagram {
                id: fragment.id,
                protocol: fragment.protocol,
                ip_id: fragment.ip_id,
                ttl: fragment.ttl,
                if_index: fragment.if_index,
                bytes: fragment.bytes,
                wire_len: fragment.wire_len,
            };
            if depth < 4 {
                look_at(frame, decode_datagram(frame, &datagram).ok(), depth + 1);
            }
        }
        None => {}
    }
}

fn hold(frame: &Frame<'_>, packet: &Packet<'_>) {
    let segment = packet.segment();
    assert!(
        segment.payload.len() <= segment.payload_len as usize,
        "no more captured than was sent"
    );
    assert!(segment.payload.len() <= frame.bytes.len());
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let index = |link: LinkType| LINKS.iter().position(|known| *known == link).unwrap_or(0) as u8;
    let packets = material::packets(8).into_iter();
    packets
        .map(|(link, bytes)| [&[index(link), 0][..], &bytes[..bytes.len().min(300)]].concat())
        .collect()
}
