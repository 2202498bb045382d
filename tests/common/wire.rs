//! One TCP packet as bytes, on any of the link types that the program reads.

use std::net::{IpAddr, SocketAddr};

pub const FIN: u8 = 0x01;
pub const SYN: u8 = 0x02;
pub const RST: u8 = 0x04;
pub const PSH: u8 = 0x08;
pub const ACK: u8 = 0x10;

/// A captured packet before it has a link layer.
#[derive(Clone, Debug)]
pub struct Packet {
    /// Nanoseconds since the epoch.
    pub time: i64,
    pub src: SocketAddr,
    pub dst: SocketAddr,
    pub ip_id: u16,
    pub ttl: u8,
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
    /// `TSval` and `TSecr`.
    pub timestamps: Option<(u32, u32)>,
    pub payload: Vec<u8>,
    pub vlan: Option<u16>,
    pub interface: u32,
    /// Captured IP bytes (a short snaplen), if not all.
    pub cut_to: Option<usize>,
    /// UDP instead of TCP.
    pub udp: bool,
}

/// Link types by the numbers of capture files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    Null,
    Ethernet,
    /// Every frame in this VLAN; two of them are `QinQ`.
    Vlan,
    QinQ,
    Raw,
    Sll,
    Sll2,
    Mpls,
    /// A pseudowire with control word.
    MplsEthernet,
    Pppoe,
    Ppp,
    PppSerial,
    PppWithDir,
    CiscoHdlc,
    /// LLC and SNAP on Ethernet.
    Snap,
    Wifi,
    Radiotap,
    /// By network id.
    Vxlan(u32),
    Geneve,
    GtpU,
    Gre,
    GreEthernet,
    Erspan,
    Erspan3,
    IpInIp,
    IpInIpv6,
}

impl Link {
    pub fn number(self) -> u32 {
        match self {
            Self::Null => 0,
            Self::Ppp => 9,
            Self::PppSerial => 50,
            Self::Raw => 101,
            Self::CiscoHdlc => 104,
            Self::Wifi => 105,
            Self::Sll => 113,
            Self::Radiotap => 127,
            Self::PppWithDir => 204,
            Self::Sll2 => 276,
            _ => 1,
        }
    }
}

/// A frame: what was captured of it, and how long it was on the wire.
#[derive(Clone, Debug)]
pub struct Frame {
    pub time: i64,
    pub interface: u32,
    pub bytes: Vec<u8>,
    pub wire_length: usize,
}

impl Packet {
    /// The packet as a frame of `link`.
    pub fn frame(&self, link: Link) -> Frame {
        let network = self.ip();
        let mut bytes =
            super::tunnels::before(link, self, network.len()).unwrap_or_else(|| self.link_header(link));
        let wire_length = bytes.len() + network.len();
        let kept = self.cut_to.unwrap_or(network.len()).min(network.len());
        bytes.extend_from_slice(&network[..kept]);
        Frame {
            time: self.time,
            interface: self.interface,
            wire_length,
            bytes,
        }
    }

    fn ether_type(&self) -> u16 {
        if self.src.is_ipv4() { 0x0800 } else { 0x86dd }
    }

    fn link_header(&self, link: Link) -> Vec<u8> {
        let ether_type = self.ether_type().to_be_bytes();
        let mut out = Vec::new();
        match link {
            Link::Ethernet | Link::Vlan | Link::QinQ => {
                out.extend_from_slice(&mac(self.dst.ip()));
                out.extend_from_slice(&mac(self.src.ip()));
                if link == Link::QinQ {
                    out.extend_from_slice(&[0x88, 0xa8, 0, 7]);
                }
                if link != Link::Ethernet {
                    out.extend_from_slice(&[0x81, 0x00, 0, 42]);
                }
                if let Some(vlan) = self.vlan {
                    out.extend_from_slice(&[0x81, 0x00]);
                    out.extend_from_slice(&vlan.to_be_bytes());
                }
                out.extend_from_slice(&ether_type);
            }
            Link::Null => {
                let family: u32 = if self.src.is_ipv4() { 2 } else { 24 };
                out.extend_from_slice(&family.to_le_bytes());
            }
            Link::Sll => {
                out.extend_from_slice(&[0, 0, 0, 1, 0, 6]);
                out.extend_from_slice(&mac(self.src.ip()));
                out.extend_from_slice(&[0, 0]);
                out.extend_from_slice(&ether_type);
            }
            Link::Sll2 => {
                out.extend_from_slice(&ether_type);
                out.extend_from_slice(&[0, 0]);
                out.extend_from_slice(&(self.interface + 1).to_be_bytes());
                out.extend_from_slice(&[0, 1, 0, 6]);
                out.extend_from_slice(&mac(self.src.ip()));
                out.extend_from_slice(&[0, 0]);
            }
            _ => {}
        }
        out
    }

    fn ip(&self) -> Vec<u8> {
        let (protocol, inner) = if self.udp {
            (17, self.udp())
        } else {
            (6, self.tcp())
        };
        let mut out = Vec::with_capacity(40 + inner.len());
        match (self.src.ip(), self.dst.ip()) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                let length = u16::try_from(20 + inner.len()).expect("fits an IPv4 packet");
                out.extend_from_slice(&[0x45, 0]);
                out.extend_from_slice(&length.to_be_bytes());
                out.extend_from_slice(&self.ip_id.to_be_bytes());
                out.extend_from_slice(&[0x40, 0, self.ttl, protocol, 0, 0]);
                out.extend_from_slice(&src.octets());
                out.extend_from_slice(&dst.octets());
                let sum = checksum(&[&out]);
                out[10..12].copy_from_slice(&sum.to_be_bytes());
            }
            (IpAddr::V6(src), IpAddr::V6(dst)) => {
                let length = u16::try_from(inner.len()).expect("fits an IPv6 packet");
                out.extend_from_slice(&[0x60, 0, 0, 0]);
                out.extend_from_slice(&length.to_be_bytes());
                out.extend_from_slice(&[protocol, self.ttl]);
                out.extend_from_slice(&src.octets());
                out.extend_from_slice(&dst.octets());
            }
            _ => panic!("a connection has one IP version"),
        }
        out.extend_from_slice(&inner);
        out
    }

    /// Eight bytes and no checksum, which is allowed.
    fn udp(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&self.src.port().to_be_bytes());
        out.extend_from_slice(&self.dst.port().to_be_bytes());
        out.extend_from_slice(&[0, 8, 0, 0]);
        out
    }

    fn tcp(&self) -> Vec<u8> {
        let mut options = Vec::new();
        if self.flags & SYN != 0 {
            options.extend_from_slice(&[2, 4, 0x05, 0xb4]);
        }
        if let Some((value, echo)) = self.timestamps {
            options.extend_from_slice(&[1, 1, 8, 10]);
            options.extend_from_slice(&value.to_be_bytes());
            options.extend_from_slice(&echo.to_be_bytes());
        }
        let words = u8::try_from(5 + options.len() / 4).expect("few options");
        let mut out = Vec::with_capacity(60 + self.payload.len());
        out.extend_from_slice(&self.src.port().to_be_bytes());
        out.extend_from_slice(&self.dst.port().to_be_bytes());
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(&self.ack.to_be_bytes());
        out.extend_from_slice(&[words << 4, self.flags, 0xff, 0xff, 0, 0, 0, 0]);
        out.extend_from_slice(&options);
        out.extend_from_slice(&self.payload);
        let length = u32::try_from(out.len()).expect("fits a packet").to_be_bytes();
        let sum = match (self.src.ip(), self.dst.ip()) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                checksum(&[&src.octets(), &dst.octets(), &[0, 6], &length[2..], &out])
            }
            (IpAddr::V6(src), IpAddr::V6(dst)) => {
                checksum(&[&src.octets(), &dst.octets(), &length, &[0, 0, 0, 6], &out])
            }
            _ => panic!("a connection has one IP version"),
        };
        out[16..18].copy_from_slice(&sum.to_be_bytes());
        out
    }
}

/// The Internet checksum (RFC 1071); every part but the last has an even length.
pub fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0u32;
    for part in parts {
        for pair in part.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

fn mac(address: IpAddr) -> [u8; 6] {
    let tail = match address {
        IpAddr::V4(v4) => v4.octets(),
        IpAddr::V6(v6) => [v6.octets()[12], v6.octets()[13], v6.octets()[14], v6.octets()[15]],
    };
    [2, 0, tail[0], tail[1], tail[2], tail[3]]
}
