//! What stands before an IP packet on the rarer links and in tunnels, and IP packets in fragments.

use std::net::Ipv4Addr;

use super::wire::{Frame, Link, Packet, checksum};

const UNDERLAY: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 168, 7, 1), Ipv4Addr::new(192, 168, 7, 2)];

/// The bytes before an IP packet of `length` bytes; None for links that [`super::wire`] knows itself.
pub fn before(link: Link, packet: &Packet, length: usize) -> Option<Vec<u8>> {
    // Of each pair one way, so that what differs by direction does differ.
    let up = packet.src < packet.dst;
    let way = u8::from(up);
    let v4 = packet.src.is_ipv4();
    let kind: [u8; 2] = if v4 { [0x08, 0x00] } else { [0x86, 0xdd] };
    let ppp: [u8; 2] = if v4 { [0x00, 0x21] } else { [0x00, 0x57] };
    let snap = [&[0xaa, 0xaa, 3, 0, 0, 0][..], &kind].concat();
    let ethernet = |kind: [u8; 2]| [&[2, 0, 0, 0, 0, way, 2, 0, 0, 0, 0, 1 - way][..], &kind].concat();
    let mac = ethernet(kind);
    let qos = [&[0x88, 1 + way, 0, 0][..], &[2; 18], &[0x10, 0, 0, 0]].concat();
    Some(match link {
        Link::Mpls => [
            &ethernet([0x88, 0x47])[..],
            &[0, way, 0, 64, 0, 2, 1 + way * 16, 64],
        ]
        .concat(),
        Link::MplsEthernet => [&ethernet([0x88, 0x47])[..], &[0, way, 1, 64, 0, 0, 0, 0], &mac].concat(),
        Link::Pppoe => {
            let length = (length as u16 + 2).to_be_bytes();
            [
                &ethernet([0x88, 0x64])[..],
                &[0x11, 0, 0, 9, length[0], length[1]],
                &ppp,
            ]
            .concat()
        }
        Link::Ppp => ppp.to_vec(),
        Link::PppSerial => [&[0xff, 0x03][..], &ppp].concat(),
        Link::PppWithDir => [&[way, 0xff, 0x03][..], &ppp].concat(),
        Link::CiscoHdlc => [&[0x0f, 0][..], &kind].concat(),
        Link::Snap => [&ethernet((length as u16 + 8).min(1500).to_be_bytes())[..], &snap].concat(),
        Link::Wifi => [qos, snap].concat(),
        Link::Radiotap => [vec![0, 0, 9, 0, 2, 0, 0, 0, 0], qos, snap].concat(),
        Link::Vxlan(vni) => {
            let vni = (vni << 8).to_be_bytes();
            udp(up, 4789, &[&[8, 0, 0, 0][..], &vni, &mac].concat(), length)
        }
        Link::Geneve => {
            let header = [1, 0, 0x65, 0x58, 0, 0, 77, 0, 1, 2, 3, 0];
            udp(up, 6081, &[&header[..], &mac].concat(), length)
        }
        Link::GtpU => {
            // Echoes of the directions' own TEIDs.
            let total = (length as u16 + 8).to_be_bytes();
            let header = [
                0x34,
                255,
                total[0],
                total[1],
                0,
                0,
                1,
                way,
                0,
                0,
                0,
                0x85,
                1,
                way << 4,
                9,
                0,
            ];
            udp(up, 2152, &header, length)
        }
        Link::Gre => outer(up, 47, &[&[0x20, 0][..], &kind, &[0, 0, 0, 5]].concat(), length),
        Link::GreEthernet => outer(up, 47, &[&[0, 0, 0x65, 0x58][..], &mac].concat(), length),
        Link::Erspan => {
            let header = [0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0x64, 0, 12, 0, 0, 0, 0];
            outer(up, 47, &[&header[..], &mac].concat(), length)
        }
        Link::Erspan3 => {
            let header = [
                0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 0x64, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0,
            ];
            outer(up, 47, &[&header[..], &mac].concat(), length)
        }
        Link::IpInIp => outer(up, if v4 { 4 } else { 41 }, &[], length),
        Link::IpInIpv6 => {
            let total = (length as u16).to_be_bytes();
            let mut header = ethernet([0x86, 0xdd]);
            header.extend_from_slice(&[0x60, 0, 0, 0, total[0], total[1], if v4 { 4 } else { 41 }, 64]);
            header.extend_from_slice(&[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, way]);
            header.extend_from_slice(&[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 - way]);
            header
        }
        _ => return None,
    })
}

/// Ethernet and IPv4 around `header` and `length` bytes behind it.
fn outer(up: bool, protocol: u8, header: &[u8], length: usize) -> Vec<u8> {
    let total = u16::try_from(20 + header.len() + length)
        .expect("fits an IPv4 packet")
        .to_be_bytes();
    let (src, dst) = if up { (0, 1) } else { (1, 0) };
    let mut ip = vec![0x45, 0, total[0], total[1], 0, 0, 0x40, 0, 64, protocol, 0, 0];
    ip.extend_from_slice(&UNDERLAY[src].octets());
    ip.extend_from_slice(&UNDERLAY[dst].octets());
    let sum = checksum(&[&ip]);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    [&[2, 0, 0, 0, 1, 1, 2, 0, 0, 0, 1, 2, 0x08, 0x00][..], &ip, header].concat()
}

fn udp(up: bool, port: u16, header: &[u8], length: usize) -> Vec<u8> {
    let [p0, p1] = port.to_be_bytes();
    let total = u16::try_from(8 + header.len() + length)
        .expect("fits a datagram")
        .to_be_bytes();
    let udp = [&[0xc0, 0x01, p0, p1, total[0], total[1], 0, 0][..], header].concat();
    outer(up, 17, &udp, length)
}

/// An IPv4 packet on Ethernet as fragments of at most `size` bytes (a multiple of 8).
pub fn fragments(frame: &Frame, size: usize) -> Vec<Frame> {
    const HEADERS: usize = 34;
    let (headers, payload) = frame.bytes.split_at(HEADERS);
    let count = payload.len().div_ceil(size);
    let parts = payload.chunks(size).enumerate().map(|(index, part)| {
        let mut bytes = headers.to_vec();
        let total = (20 + part.len()) as u16;
        let offset = (index * size / 8) as u16 | if index + 1 < count { 0x2000 } else { 0 };
        bytes[16..18].copy_from_slice(&total.to_be_bytes());
        bytes[20..22].copy_from_slice(&offset.to_be_bytes());
        bytes[24..26].fill(0);
        let sum = checksum(&[&bytes[14..34]]);
        bytes[24..26].copy_from_slice(&sum.to_be_bytes());
        bytes.extend_from_slice(part);
        Frame {
            wire_length: bytes.len(),
            bytes,
            ..frame.clone()
        }
    });
    parts.collect()
}
