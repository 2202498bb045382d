use std::net::IpAddr;

use super::*;
use crate::frame::{FramePlace, InterfaceId, LinkType};
use crate::time::Timestamp;

pub(super) const TCP: [u8; 20] = [
    0x9c, 0x40, 0x1f, 0x90, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 0x01, 0xf5, 0, 0, 0, 0,
];

pub(super) fn ipv4(total: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![
        0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
    ];
    packet[2..4].copy_from_slice(&total.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}

pub(super) fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; 12];
    packet.extend_from_slice(&ether_type.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}

pub(super) fn frame(link: LinkType, bytes: &[u8], wire: usize) -> Frame<'_> {
    Frame {
        timestamp: Timestamp::default(),
        place: FramePlace::new(1, InterfaceId::default()),
        wire_len: wire as u32,
        link_type: link,
        bytes,
    }
}

/// As the engine does: what the fast path gives up is looked at again.
pub(super) fn run(link: LinkType, bytes: &[u8], wire: usize) -> Result<Packet<'_>, SkipReason> {
    let frame = frame(link, bytes, wire);
    decode(&frame).or_else(|reason| match decode_unusual(&frame, reason)? {
        Decoded::Packet(packet) => Ok(packet),
        Decoded::Fragment(_) => Err(SkipReason::Fragment),
    })
}

pub(super) fn with_body(body: &[u8]) -> Vec<u8> {
    [&TCP[..], body].concat()
}

/// The print of [`TCP`] in [`ipv4`] with a TSval, and an interface index around it.
fn print(ts_value: u32, if_index: u32) -> Print {
    Print::of(&Features {
        ip_id: Some(0x1234),
        ts_value,
        ttl: 64,
        interface: InterfaceId::default(),
        if_index,
    })
}

#[test]
fn plain_segment() {
    let packet = ethernet(0x0800, &ipv4(45, &with_body(b"hello")));
    let segment = run(LinkType::ETHERNET, &packet, packet.len()).expect("a segment");
    assert_eq!((segment.source.1, segment.destination.1), (40_000, 8080));
    assert_eq!((segment.sequence, segment.acknowledgment), (1, 2));
    assert_eq!(segment.flags, Flags(0x18));
    assert_eq!(segment.payload, b"hello");
    assert_eq!(
        IpAddr::from(segment.source.0),
        "10.0.0.1".parse::<IpAddr>().unwrap()
    );
}

#[test]
fn ethernet_padding_is_no_payload() {
    let mut packet = ethernet(0x0800, &ipv4(40, &TCP));
    packet.extend_from_slice(&[0; 6]);
    let segment = run(LinkType::ETHERNET, &packet, packet.len()).expect("a segment");
    assert_eq!((segment.payload.len(), segment.payload_len), (0, 0));
}

#[test]
fn offloaded_total_length_zero_uses_the_wire_length() {
    let packet = ethernet(0x0800, &ipv4(0, &with_body(&[b'x'; 3000])));
    let segment = run(LinkType::ETHERNET, &packet, packet.len()).expect("a segment");
    assert_eq!(segment.payload_len, 3000);
    let segment = run(LinkType::ETHERNET, &packet[..80], packet.len()).expect("a segment");
    assert_eq!((segment.payload.len(), segment.payload_len), (26, 3000));
}

#[test]
fn short_snaplen_keeps_the_length_on_the_wire() {
    let packet = ethernet(0x0800, &ipv4(1040, &with_body(&[b'x'; 1000])));
    let segment = run(LinkType::ETHERNET, &packet[..60], packet.len()).expect("a segment");
    assert_eq!((segment.payload.len(), segment.payload_len), (6, 1000));
}

#[test]
fn options_cut_by_the_snaplen_lose_no_packet() {
    let mut tcp = TCP.to_vec();
    tcp[12] = 0x80;
    tcp.extend_from_slice(&[1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0]);
    tcp.extend_from_slice(b"GET / HTTP/1.1");
    let packet = ethernet(0x0800, &ipv4(66, &tcp));
    let whole = run(LinkType::ETHERNET, &packet, packet.len()).expect("a segment");
    assert_eq!(whole.print, print(7, 0));
    let cut = run(LinkType::ETHERNET, &packet[..54], packet.len()).expect("a segment");
    assert_eq!(
        (cut.payload_len, cut.payload.len(), cut.print),
        (14, 0, print(0, 0))
    );
}

#[test]
fn vlan_qinq_and_priority_tags() {
    let inner = ipv4(40, &TCP);
    let tagged = [&[0x00, 0x64, 0x08, 0x00][..], &inner].concat();
    let packet = ethernet(0x8100, &tagged);
    assert_eq!(
        run(LinkType::ETHERNET, &packet, packet.len()).unwrap().path.vlans,
        [100, 0]
    );
    let double = [&[0x00, 0xc8, 0x81, 0x00][..], &tagged].concat();
    let packet = ethernet(0x88a8, &double);
    assert_eq!(
        run(LinkType::ETHERNET, &packet, packet.len()).unwrap().path.vlans,
        [200, 100]
    );
    let priority = [&[0xe0, 0x00, 0x08, 0x00][..], &inner].concat();
    let packet = ethernet(0x8100, &priority);
    assert_eq!(
        run(LinkType::ETHERNET, &packet, packet.len()).unwrap().path.vlans,
        [0, 0]
    );
}

#[test]
fn cooked_loopback_and_raw_links() {
    let ip = ipv4(40, &TCP);
    let sll = [&[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0][..], &ip].concat();
    assert!(run(LinkType::LINUX_SLL, &sll, sll.len()).is_ok());
    let mut sll2 = vec![0; 20];
    sll2[..2].copy_from_slice(&[8, 0]);
    sll2[7] = 3;
    sll2.extend_from_slice(&ip);
    let segment = run(LinkType::LINUX_SLL2, &sll2, sll2.len()).expect("a segment");
    assert_eq!(segment.print, print(0, 3));
    for family in [[2, 0, 0, 0], [0, 0, 0, 2]] {
        let null = [&family[..], &ip].concat();
        assert!(run(LinkType::NULL, &null, null.len()).is_ok());
    }
    assert!(run(LinkType::RAW, &ip, ip.len()).is_ok());
    assert!(run(LinkType::IPV4, &ip, ip.len()).is_ok());
    assert_eq!(
        run(LinkType::IPV6, &ip, ip.len()).unwrap_err(),
        SkipReason::Malformed
    );
    assert_eq!(
        run(LinkType(147), &ip, ip.len()).unwrap_err(),
        SkipReason::UnsupportedLink
    );
}

#[test]
fn ipv6_with_extension_headers() {
    let mut packet = vec![0x60, 0, 0, 0, 0, 28, 0, 64];
    packet.extend_from_slice(&[0xfd; 16]);
    packet.extend_from_slice(&[0xfe; 16]);
    packet.extend_from_slice(&[6, 0, 1, 4, 0, 0, 0, 0]);
    packet.extend_from_slice(&TCP);
    let packet = run(LinkType::RAW, &packet, packet.len()).unwrap();
    assert_eq!((packet.destination.1, packet.payload_len), (8080, 0));
}

#[test]
fn what_is_left_out_has_a_reason() {
    let mut udp = ipv4(40, &TCP);
    udp[9] = 17;
    let mut fragment = ipv4(40, &TCP);
    fragment[6] = 0x20;
    let cases = [
        (ethernet(0x0806, &[0; 28]), SkipReason::NotIp),
        (ethernet(0x0800, &udp), SkipReason::NotTcp),
        (ethernet(0x0800, &fragment), SkipReason::Fragment),
        (ethernet(0x0800, &ipv4(40, &TCP[..12])), SkipReason::Truncated),
        (ethernet(0x0800, &ipv4(30, &TCP)), SkipReason::Malformed),
    ];
    for (packet, reason) in cases {
        assert_eq!(
            run(LinkType::ETHERNET, &packet, packet.len()).unwrap_err(),
            reason
        );
    }
}

proptest::proptest! {
    #[test]
    fn random_bytes_never_panic(link in 0_u16..300, bytes in proptest::collection::vec(0_u8.., 0..200), wire in 0_u32..70_000) {
        let _ = run(LinkType(link), &bytes, wire as usize);
        let _ = run(LinkType::ETHERNET, &ethernet(0x0800, &bytes), wire as usize);
        let _ = run(LinkType::ETHERNET, &ethernet(0x86dd, &bytes), wire as usize);
    }
}
