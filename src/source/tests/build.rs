//! Builds capture files byte by byte.

use std::io::Write;

/// Byte order of what is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endian {
    Little,
    Big,
}

pub(super) const BOTH: [Endian; 2] = [Endian::Little, Endian::Big];

impl Endian {
    pub(super) fn u16(self, value: u16) -> [u8; 2] {
        if self == Self::Little {
            value.to_le_bytes()
        } else {
            value.to_be_bytes()
        }
    }

    pub(super) fn u32(self, value: u32) -> [u8; 4] {
        if self == Self::Little {
            value.to_le_bytes()
        } else {
            value.to_be_bytes()
        }
    }

    pub(super) fn u64(self, value: u64) -> [u8; 8] {
        if self == Self::Little {
            value.to_le_bytes()
        } else {
            value.to_be_bytes()
        }
    }
}

pub(super) const MICRO: u32 = 0xa1b2_c3d4;
pub(super) const NANO: u32 = 0xa1b2_3c4d;
pub(super) const MODIFIED: u32 = 0xa1b2_cd34;

/// A pcap file under construction.
#[derive(Clone)]
pub(super) struct Pcap {
    pub(super) bytes: Vec<u8>,
    endian: Endian,
    magic: u32,
}

impl Pcap {
    pub(super) fn new(endian: Endian, magic: u32, network: u32) -> Self {
        let mut bytes = Vec::new();
        bytes.extend(endian.u32(magic));
        bytes.extend(endian.u16(2));
        bytes.extend(endian.u16(4));
        bytes.extend([0; 8]);
        bytes.extend(endian.u32(65_535));
        bytes.extend(endian.u32(network));
        Self { bytes, endian, magic }
    }

    pub(super) fn ethernet() -> Self {
        Self::new(Endian::Little, MICRO, 1)
    }

    pub(super) fn record(mut self, seconds: u32, fraction: u32, wire_len: u32, packet: &[u8]) -> Self {
        for value in [seconds, fraction, packet.len() as u32, wire_len] {
            self.bytes.extend(self.endian.u32(value));
        }
        if self.magic == MODIFIED {
            self.bytes.extend([9; 8]);
        }
        self.bytes.extend(packet);
        self
    }

    /// A record of a size of its own for each number, so that order and content can be told.
    pub(super) fn packet(self, seconds: u32, fraction: u32) -> Self {
        let packet = vec![seconds as u8; 20 + (seconds % 7) as usize];
        let wire_len = packet.len() as u32;
        self.record(seconds, fraction, wire_len, &packet)
    }
}

/// A pcapng file under construction.
#[derive(Clone)]
pub(super) struct PcapNg {
    pub(super) bytes: Vec<u8>,
    endian: Endian,
}

impl PcapNg {
    pub(super) fn new(endian: Endian) -> Self {
        Self {
            bytes: Vec::new(),
            endian,
        }
        .section(endian)
    }

    pub(super) fn section(mut self, endian: Endian) -> Self {
        self.endian = endian;
        let mut body = Vec::new();
        body.extend(endian.u32(0x1a2b_3c4d));
        body.extend(endian.u16(1));
        body.extend(endian.u16(0));
        body.extend([0xff; 8]);
        self.block(0x0a0d_0d0a, &body)
    }

    pub(super) fn block(mut self, kind: u32, body: &[u8]) -> Self {
        let padded = body.len().next_multiple_of(4);
        let length = self.endian.u32(12 + padded as u32);
        self.bytes.extend(self.endian.u32(kind));
        self.bytes.extend(length);
        self.bytes.extend(body);
        self.bytes.extend(vec![0; padded - body.len()]);
        self.bytes.extend(length);
        self
    }

    pub(super) fn interface(self, link_type: u16, snaplen: u32, options: &[(u16, &[u8])]) -> Self {
        let mut body = Vec::new();
        body.extend(self.endian.u16(link_type));
        body.extend([0; 2]);
        body.extend(self.endian.u32(snaplen));
        body.extend(self.options(options));
        self.block(1, &body)
    }

    fn options(&self, options: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (code, value) in options {
            bytes.extend(self.endian.u16(*code));
            bytes.extend(self.endian.u16(value.len() as u16));
            bytes.extend(*value);
            bytes.extend(vec![0; value.len().next_multiple_of(4) - value.len()]);
        }
        if !options.is_empty() {
            bytes.extend([0; 4]);
        }
        bytes
    }

    fn stamped(&self, head: &[u8], ticks: u64, wire_len: u32, packet: &[u8]) -> Vec<u8> {
        let mut body = head.to_vec();
        for value in [(ticks >> 32) as u32, ticks as u32, packet.len() as u32, wire_len] {
            body.extend(self.endian.u32(value));
        }
        body.extend(packet);
        body
    }

    pub(super) fn enhanced(self, interface: u32, ticks: u64, wire_len: u32, packet: &[u8]) -> Self {
        let mut body = self.stamped(&self.endian.u32(interface), ticks, wire_len, packet);
        body.resize(body.len().next_multiple_of(4), 0);
        // epb_flags, as tcpdump -Q and Wireshark write it.
        body.extend(self.options(&[(2, &[1, 0, 0, 0])]));
        self.block(6, &body)
    }

    pub(super) fn obsolete(self, interface: u16, ticks: u64, packet: &[u8]) -> Self {
        let head = [self.endian.u16(interface), self.endian.u16(3)].concat();
        let body = self.stamped(&head, ticks, packet.len() as u32, packet);
        self.block(2, &body)
    }

    pub(super) fn simple(self, wire_len: u32, packet: &[u8]) -> Self {
        let body = [&self.endian.u32(wire_len)[..], packet].concat();
        self.block(3, &body)
    }

    pub(super) fn statistics(self, interface: u32, interface_dropped: u64, kernel_dropped: u64) -> Self {
        let mut body = self.endian.u32(interface).to_vec();
        body.extend([0; 8]);
        let (dropped, kernel) = (
            self.endian.u64(interface_dropped),
            self.endian.u64(kernel_dropped),
        );
        body.extend(self.options(&[(4, &[7; 8]), (5, &dropped), (7, &kernel)]));
        self.block(5, &body)
    }
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    // As zstd(1) does.
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
