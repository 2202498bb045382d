//! Capture files: pcap in both byte orders and both precisions, pcapng, and their compressed forms.

use std::io::Write as _;

use super::wire::{Frame, Link, Packet};

/// How a pcap file is written.
#[derive(Clone, Copy, Debug)]
pub struct Pcap {
    pub big_endian: bool,
    pub nanoseconds: bool,
}

pub const PLAIN: Pcap = Pcap {
    big_endian: false,
    nanoseconds: false,
};

struct Out {
    bytes: Vec<u8>,
    big_endian: bool,
}

impl Out {
    fn u16(&mut self, value: u16) {
        self.bytes.extend_from_slice(&if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
    }

    fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
    }

    fn len(&mut self, value: usize) {
        self.u32(u32::try_from(value).expect("fits 32 bits"));
    }
}

pub fn frames(packets: &[Packet], link: Link) -> Vec<Frame> {
    packets.iter().map(|packet| packet.frame(link)).collect()
}

/// A classic pcap file.
pub fn pcap(frames: &[Frame], link: Link, how: Pcap) -> Vec<u8> {
    let mut out = Out {
        bytes: Vec::new(),
        big_endian: how.big_endian,
    };
    out.u32(if how.nanoseconds { 0xa1b2_3c4d } else { 0xa1b2_c3d4 });
    out.u16(2);
    out.u16(4);
    out.u32(0);
    out.u32(0);
    out.u32(262_144);
    out.u32(link.number());
    for frame in frames {
        let fraction = u32::try_from(frame.time.rem_euclid(1_000_000_000)).expect("below a second");
        out.u32(u32::try_from(frame.time / 1_000_000_000).expect("a time before 2106"));
        out.u32(if how.nanoseconds {
            fraction
        } else {
            fraction / 1000
        });
        out.len(frame.bytes.len());
        out.len(frame.wire_length);
        out.bytes.extend_from_slice(&frame.bytes);
    }
    out.bytes
}

/// A pcapng file: one section, an interface block for each interface in use (nanosecond resolution, or the default
/// microseconds), enhanced packet blocks, and an unknown block that a reader has to skip.
pub fn pcapng(frames: &[Frame], link: Link, how: Pcap) -> Vec<u8> {
    let mut out = Out {
        bytes: Vec::new(),
        big_endian: how.big_endian,
    };
    out.u32(0x0a0d_0d0a);
    out.u32(28);
    out.u32(0x1a2b_3c4d);
    out.u16(1);
    out.u16(0);
    out.u32(u32::MAX);
    out.u32(u32::MAX);
    out.u32(28);
    let interfaces = frames.iter().map(|frame| frame.interface).max().unwrap_or(0) + 1;
    for _ in 0..interfaces {
        let length = if how.nanoseconds { 32 } else { 20 };
        out.u32(1);
        out.u32(length);
        out.u16(link.number() as u16);
        out.u16(0);
        out.u32(262_144);
        if how.nanoseconds {
            out.u16(9);
            out.u16(1);
            out.bytes.extend_from_slice(&[9, 0, 0, 0]);
            out.u32(0);
        }
        out.u32(length);
    }
    out.u32(0x0000_0bad);
    out.u32(16);
    out.u32(0xdead_beef);
    out.u32(16);
    for frame in frames {
        let ticks = frame.time as u64 / if how.nanoseconds { 1 } else { 1000 };
        let padding = frame.bytes.len().next_multiple_of(4) - frame.bytes.len();
        let length = 32 + frame.bytes.len() + padding;
        out.u32(6);
        out.len(length);
        out.u32(frame.interface);
        out.u32((ticks >> 32) as u32);
        out.u32(ticks as u32);
        out.len(frame.bytes.len());
        out.len(frame.wire_length);
        out.bytes.extend_from_slice(&frame.bytes);
        out.bytes.extend_from_slice(&[0; 4][..padding]);
        out.len(length);
    }
    out.bytes
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("memory can be written")
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory can be written")
}
