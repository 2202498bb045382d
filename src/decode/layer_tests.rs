//! One segment in every link layer and tunnel: ports, payload and lengths must come out the same.

use super::tests::{TCP, ethernet, frame, ipv4, run, with_body};
use super::*;
use crate::classify::{Path, Tunnel};
use crate::frame::LinkType;

const BODY: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

fn inner() -> Vec<u8> {
    let tcp = with_body(BODY);
    ipv4(20 + tcp.len() as u16, &tcp)
}

fn inner6() -> Vec<u8> {
    ipv6(6, &with_body(BODY))
}

fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u16).to_be_bytes();
    let mut packet = vec![0x60, 0, 0, 0, length[0], length[1], next, 64];
    packet.extend_from_slice(&[0xfd; 16]);
    packet.extend_from_slice(&[0xfe; 16]);
    packet.extend_from_slice(payload);
    packet
}

fn carrier(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = ipv4(20 + payload.len() as u16, payload);
    packet[9] = protocol;
    packet[12..20].copy_from_slice(&[192, 168, 0, 1, 192, 168, 0, 2]);
    packet
}

fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let length = (8 + payload.len() as u16).to_be_bytes();
    let port = port.to_be_bytes();
    let header = [0xc0, 0, port[0], port[1], length[0], length[1], 0, 0];
    carrier(17, &[&header[..], payload].concat())
}

fn gre(header: &[u8], payload: &[u8]) -> Vec<u8> {
    carrier(47, &[header, payload].concat())
}

fn tagged(vlan: u16, packet: &[u8]) -> Vec<u8> {
    let vlan = vlan.to_be_bytes();
    ethernet(0x8100, &[&[vlan[0], vlan[1], 0x08, 0x00][..], packet].concat())
}

fn on_ethernet(packet: &[u8]) -> Vec<u8> {
    ethernet(0x0800, packet)
}

/// Decodes whole, with padding behind, and cut at every byte; gives the path.
#[track_caller]
fn carried(link: LinkType, frame: &[u8]) -> Path {
    let whole = run(link, frame, frame.len()).unwrap();
    let head = frame.len() - BODY.len();
    assert_eq!((whole.source.1, whole.destination.1), (40_000, 8080));
    assert_eq!((whole.payload, whole.payload_len as usize), (BODY, BODY.len()));
    let padded = [frame, &[0xee; 9]].concat();
    let padded = run(link, &padded, padded.len()).expect("a segment");
    assert_eq!((padded.payload, padded.payload_len as usize), (BODY, BODY.len()));
    for cut in 0..frame.len() {
        match run(link, &frame[..cut], frame.len()) {
            Ok(packet) => {
                assert_eq!(packet.payload_len as usize, BODY.len(), "cut at {cut}");
                assert_eq!(packet.payload, &BODY[..cut.saturating_sub(head)], "cut at {cut}");
                assert_eq!(packet.path, whole.path, "cut at {cut}");
            }
            Err(reason) => assert!(cut < head, "cut at {cut} of {head}: {reason:?}"),
        }
    }
    whole.path
}

fn tunnel(kind: &'static str, id: u32) -> Path {
    Path {
        tunnel: Some(Tunnel { kind, id }),
        ..Path::default()
    }
}

#[test]
fn mpls_with_ip_and_with_pseudowires() {
    let labels = [0, 0x01, 0x00, 64, 0, 0x02, 0x01, 64];
    for inner in [inner(), inner6()] {
        let frame = ethernet(0x8847, &[&labels[..], &inner].concat());
        assert_eq!(carried(LinkType::ETHERNET, &frame), Path::default());
    }
    let pseudowire = [&labels[4..], &on_ethernet(&inner())].concat();
    assert_eq!(
        run(LinkType::ETHERNET, &ethernet(0x8848, &pseudowire), 200)
            .unwrap()
            .payload,
        BODY
    );
    let control = [&labels[4..], &[0, 0, 0, 7], &tagged(9, &inner())].concat();
    let segment = ethernet(0x8847, &control);
    let packet = run(LinkType::ETHERNET, &segment, segment.len()).unwrap();
    assert_eq!((packet.payload, packet.path.vlans), (BODY, [9, 0]));
    // A MAC address may begin as an IPv4 packet does.
    let mut odd = on_ethernet(&inner());
    odd[0] = 0x45;
    let odd = ethernet(0x8847, &[&labels[4..], &odd].concat());
    assert_eq!(
        run(LinkType::ETHERNET, &odd, odd.len())
            .expect("a segment")
            .payload,
        BODY
    );
}

#[test]
fn pppoe_and_ppp() {
    let ppp = [&[0x00, 0x21][..], &inner()].concat();
    let session = [&[0x11, 0, 0x12, 0x34, 0, 60][..], &ppp].concat();
    assert_eq!(
        carried(LinkType::ETHERNET, &ethernet(0x8864, &session)),
        tunnel("pppoe", 0x1234)
    );
    assert_eq!(carried(LinkType::PPP_ETHER, &session), tunnel("pppoe", 0x1234));
    let framed = [&[0xff, 0x03][..], &ppp].concat();
    for link in [LinkType::PPP, LinkType::PPP_SERIAL] {
        assert_eq!(carried(link, &ppp), Path::default());
        assert_eq!(carried(link, &framed), Path::default());
    }
    carried(LinkType::PPP_WITH_DIR, &[&[1][..], &framed].concat());
    carried(LinkType::PPP, &[&[0x21][..], &inner()].concat());
    carried(LinkType::PPP, &[&[0x00, 0x57][..], &inner6()].concat());
    let labelled = [&[0x02, 0x81, 0, 0x01, 0x01, 64][..], &inner()].concat();
    carried(LinkType::PPP, &labelled);
    let lcp = [0xc0, 0x21, 1, 1, 0, 4];
    assert_eq!(run(LinkType::PPP, &lcp, 6).unwrap_err(), SkipReason::NotIp);
}

#[test]
fn cisco_hdlc() {
    for (kind, packet) in [([0x08, 0x00], inner()), ([0x86, 0xdd], inner6())] {
        let frame = [&[0x0f, 0][..], &kind, &packet].concat();
        carried(LinkType::C_HDLC, &frame);
        carried(LinkType::PPP_SERIAL, &frame);
    }
    let keepalive = [0x8f, 0, 0x80, 0x35, 0, 0, 0, 2];
    assert_eq!(
        run(LinkType::C_HDLC, &keepalive, 8).unwrap_err(),
        SkipReason::NotIp
    );
}

#[test]
fn llc_and_snap_on_ethernet_and_in_cooked_captures() {
    let snap = [&[0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x00][..], &inner()].concat();
    carried(LinkType::ETHERNET, &ethernet(snap.len() as u16, &snap));
    let cooked = [&[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0, 4][..], &snap].concat();
    carried(LinkType::LINUX_SLL, &cooked);
    let spanning_tree = ethernet(38, &[0x42, 0x42, 0x03, 0, 0, 0, 0, 0]);
    assert_eq!(
        run(LinkType::ETHERNET, &spanning_tree, 60).unwrap_err(),
        SkipReason::NotIp
    );
}

fn wifi(control: u8, flags: u8, more: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; 24];
    frame[..2].copy_from_slice(&[control, flags]);
    frame.extend_from_slice(more);
    frame
}

fn snap() -> Vec<u8> {
    [&[0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x00][..], &inner()].concat()
}

#[test]
fn wifi_data_frames() {
    let plain = wifi(0x08, 0x01, &snap());
    let qos = wifi(0x88, 0x02, &[&[0, 0][..], &snap()].concat());
    let ordered = wifi(0x88, 0x81, &[&[0, 0, 0, 0, 0, 0][..], &snap()].concat());
    let relayed = wifi(0x08, 0x03, &[&[0; 6][..], &snap()].concat());
    for frame in [&plain, &qos, &ordered, &relayed] {
        carried(LinkType::IEEE802_11, frame);
        let radiotap = [&[0, 0, 9, 0, 2, 0, 0, 0, 0x10][..], frame].concat();
        carried(LinkType::IEEE802_11_RADIO, &radiotap);
        let avs = [&[0x80, 0x21, 0x10, 0x01, 0, 0, 0, 64][..], &[0; 56], frame].concat();
        carried(LinkType::IEEE802_11_RADIO_AVS, &avs);
        let prism = [&[0x44, 0, 0, 0, 144, 0, 0, 0][..], &[0; 136], frame].concat();
        carried(LinkType::PRISM_HEADER, &prism);
    }
    // TSFT before the flags, and two bytes of padding behind a header of 26.
    let mut padded = vec![0, 0, 17, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20];
    padded.extend_from_slice(&wifi(0x88, 0x01, &[&[0; 4][..], &snap()].concat()));
    carried(LinkType::IEEE802_11_RADIO, &padded);
}

#[test]
fn wifi_frames_without_readable_data_have_a_reason() {
    let aggregate = |length: u8| [&[0x80, 0][..], &[0; 13], &[length], &snap()].concat();
    let several = wifi(0x88, 1, &[aggregate(60), aggregate(60)].concat());
    let cases = [
        (wifi(0x08, 0x41, &snap()), SkipReason::Encrypted),
        (wifi(0x08, 0x05, &snap()), SkipReason::Fragment),
        (wifi(0x80, 0, &[0; 40]), SkipReason::NotIp),
        (wifi(0x48, 1, &[]), SkipReason::NotIp),
        (wifi(0xd4, 0, &[]), SkipReason::NotIp),
        (several, SkipReason::UnsupportedLink),
    ];
    for (frame, reason) in cases {
        assert_eq!(
            run(LinkType::IEEE802_11, &frame, frame.len()).unwrap_err(),
            reason
        );
    }
    let alone = wifi(0x88, 1, &aggregate(snap().len() as u8));
    assert_eq!(
        run(LinkType::IEEE802_11, &alone, alone.len())
            .expect("a segment")
            .payload,
        BODY
    );
}

fn vxlan(vni: u32, frame: &[u8]) -> Vec<u8> {
    let vni = (vni << 8).to_be_bytes();
    udp(4789, &[&[0x08, 0, 0, 0][..], &vni, frame].concat())
}

#[test]
fn vxlan_and_geneve_tell_their_network() {
    let frame = on_ethernet(&vxlan(100, &on_ethernet(&inner())));
    assert_eq!(carried(LinkType::ETHERNET, &frame), tunnel("vxlan", 100));
    let mut linux = frame.clone();
    linux[14 + 20 + 2..14 + 20 + 4].copy_from_slice(&8472_u16.to_be_bytes());
    assert_eq!(carried(LinkType::ETHERNET, &linux), tunnel("vxlan", 100));
    let option = [2, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 2, 0x80, 1, 9, 9, 9, 9];
    let geneve = udp(6081, &[&option[..], &on_ethernet(&inner())].concat());
    assert_eq!(carried(LinkType::RAW, &geneve), tunnel("geneve", 7));
    let with_ip = udp(6081, &[&[0, 0, 0x86, 0xdd, 0, 0, 8, 0][..], &inner6()].concat());
    assert_eq!(carried(LinkType::RAW, &with_ip), tunnel("geneve", 8));
    // Another protocol that happens to use the port.
    let other = udp(4789, &[0; 40]);
    assert_eq!(
        run(LinkType::RAW, &other, other.len()).unwrap_err(),
        SkipReason::NotTcp
    );
}

#[test]
fn inner_vlans_stand_for_those_around_the_tunnel() {
    let outer = tagged(5, &vxlan(1, &on_ethernet(&inner())));
    assert_eq!(carried(LinkType::ETHERNET, &outer).vlans, [5, 0]);
    let both = tagged(5, &vxlan(1, &tagged(77, &inner())));
    assert_eq!(carried(LinkType::ETHERNET, &both).vlans, [77, 0]);
}

#[test]
fn gre_with_every_option() {
    let none = Path::default();
    let cases: [(&[u8], Vec<u8>, Path); 8] = [
        (&[0, 0, 0x08, 0x00], inner(), none),
        (&[0, 0, 0x86, 0xdd], inner6(), none),
        (&[0, 0, 0x65, 0x58], on_ethernet(&inner()), none),
        (&[0x80, 0, 0x08, 0x00, 1, 2, 0, 0], inner(), none),
        (&[0x20, 0, 0x08, 0x00, 0, 0, 0, 42], inner(), tunnel("gre", 42)),
        (
            &[0xb0, 0, 0x65, 0x58, 1, 2, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1],
            on_ethernet(&inner()),
            tunnel("gre", 9),
        ),
        // NVGRE: the last byte is the flow, which differs by direction.
        (
            &[0x20, 0, 0x65, 0x58, 0x00, 0x13, 0x88, 0xab],
            on_ethernet(&inner()),
            tunnel("nvgre", 5000),
        ),
        // PPTP.
        (
            &[
                0x30, 0x81, 0x88, 0x0b, 0, 60, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0x03, 0x00, 0x21,
            ],
            inner(),
            none,
        ),
    ];
    for (header, payload, path) in cases {
        assert_eq!(carried(LinkType::RAW, &gre(header, &payload)), path, "{header:?}");
    }
}

#[test]
fn erspan_of_each_type() {
    let mirrored = on_ethernet(&inner());
    let first = gre(&[0, 0, 0x88, 0xbe], &mirrored);
    assert_eq!(carried(LinkType::RAW, &first), Path::default());
    let second = [
        0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0x64, 0x00, 0x0c, 0, 0, 0, 0,
    ];
    assert_eq!(
        carried(LinkType::RAW, &gre(&second, &mirrored)),
        tunnel("erspan", 12)
    );
    let third = [
        0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 0x64, 0x00, 0x0d, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    assert_eq!(
        carried(LinkType::RAW, &gre(&third, &mirrored)),
        tunnel("erspan", 13)
    );
    let mut platform = third.to_vec();
    platform[19] = 1;
    platform.extend_from_slice(&[0x10, 0, 0, 0, 0, 0, 0, 0]);
    carried(LinkType::RAW, &gre(&platform, &mirrored));
}

#[test]
fn ip_in_ip() {
    for packet in [
        carrier(4, &inner()),
        carrier(41, &inner6()),
        ipv6(4, &inner()),
        ipv6(41, &inner6()),
        ipv6(60, &[&[41, 0, 1, 4, 0, 0, 0, 0][..], &inner6()].concat()),
    ] {
        assert_eq!(carried(LinkType::RAW, &packet), Path::default());
    }
}

#[test]
fn gtp_u_with_and_without_extension_headers() {
    let plain = udp(2152, &[&[0x30, 255, 0, 58, 0, 0, 0, 9][..], &inner()].concat());
    assert_eq!(carried(LinkType::RAW, &plain), Path::default());
    let sequence = [0x32, 255, 0, 62, 0, 0, 0, 9, 0, 1, 0, 0];
    carried(LinkType::RAW, &udp(2152, &[&sequence[..], &inner()].concat()));
    // The PDU session container of 5G.
    let session = [0x34, 255, 0, 66, 0, 0, 0, 9, 0, 0, 0, 0x85, 1, 0, 9, 0];
    carried(LinkType::RAW, &udp(2152, &[&session[..], &inner6()].concat()));
    let echo = udp(2152, &[0x32, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(
        run(LinkType::RAW, &echo, echo.len()).unwrap_err(),
        SkipReason::NotTcp
    );
}

#[test]
fn tunnels_in_tunnels_are_followed_a_few_levels() {
    let pod = on_ethernet(&vxlan(7, &on_ethernet(&carrier(4, &inner()))));
    let mirrored = gre(
        &[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0, 3, 0, 0, 0, 0],
        &pod,
    );
    assert_eq!(
        carried(LinkType::ETHERNET, &on_ethernet(&mirrored)),
        tunnel("vxlan", 7)
    );
    let nest = |levels: usize| (0..levels).fold(inner(), |packet, _| carrier(4, &packet));
    carried(LinkType::RAW, &nest(8));
    let deep = nest(9);
    assert_eq!(
        run(LinkType::RAW, &deep, deep.len()).unwrap_err(),
        SkipReason::NotTcp
    );
    let tags = (0..1000).fold(inner(), |packet, _| [&[0, 1, 0x81, 0x00][..], &packet].concat());
    let tags = ethernet(0x8100, &tags);
    assert_eq!(
        run(LinkType::ETHERNET, &tags, tags.len()).unwrap_err(),
        SkipReason::NotIp
    );
}

#[test]
fn offloaded_packets_in_tunnels_take_their_length_from_around() {
    let body = vec![b'x'; 3000];
    let packet = ipv4(0, &with_body(&body));
    let frame = on_ethernet(&vxlan(1, &on_ethernet(&packet)));
    let segment = run(LinkType::ETHERNET, &frame, frame.len()).expect("a segment");
    assert_eq!((segment.payload.len(), segment.payload_len), (3000, 3000));
    let segment = run(LinkType::ETHERNET, &frame[..200], frame.len()).expect("a segment");
    assert_eq!(segment.payload_len, 3000);
}

#[test]
fn a_fragment_is_told_with_its_place() {
    let mut packet = carrier(6, &TCP);
    packet[6..8].copy_from_slice(&[0x20, 0x05]);
    let frame = frame(LinkType::RAW, &packet, packet.len());
    let reason = decode(&frame).unwrap_err();
    let Ok(Decoded::Fragment(found)) = decode_unusual(&frame, reason) else {
        panic!("a fragment");
    };
    assert_eq!(
        (
            found.offset,
            found.more,
            found.id.id,
            found.protocol,
            found.wire_len
        ),
        (40, true, 0x1234, 6, 20)
    );
    assert_eq!(found.bytes, TCP);
}

proptest::proptest! {
    #[test]
    fn random_bytes_in_tunnels_never_panic(
        link in proptest::sample::select(vec![9_u16, 50, 51, 104, 105, 119, 127, 163, 204]),
        which in 0_usize..14,
        bytes in proptest::collection::vec(0_u8.., 0..160),
        wire in 0_u32..70_000,
    ) {
        let _ = run(LinkType(link), &bytes, wire as usize);
        let packet = match which {
            0 => vxlan(1, &bytes),
            1 => udp(6081, &bytes),
            2 => udp(2152, &bytes),
            3 => gre(&[], &bytes),
            4 => gre(&[0x10, 0, 0x88, 0xbe], &bytes),
            5 => gre(&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20], &bytes),
            6 => carrier(4, &bytes),
            7 => carrier(41, &bytes),
            8 => carrier(137, &bytes),
            9 => ipv6(44, &bytes),
            10 => ipv6(0, &bytes),
            11 => udp(2152, &[&[0x37, 255, 0, 0][..], &bytes].concat()),
            12 => vxlan(2, &ethernet(0x8847, &bytes)),
            _ => vxlan(2, &ethernet(0x8864, &bytes)),
        };
        let _ = run(LinkType::RAW, &packet, wire as usize);
        let _ = run(LinkType::IEEE802_11, &wifi(bytes.first().copied().unwrap_or(8), 1, &bytes), wire as usize);
    }
}
