//! Ethernet, IPv4 and TCP as bytes, in a classic pcap of microseconds.

use std::io::{self, Write};

use super::Written;

pub(super) const FIN: u8 = 0x01;
pub(super) const SYN: u8 = 0x02;
pub(super) const PSH: u8 = 0x08;
pub(super) const ACK: u8 = 0x10;

/// 2026-11-22 08:00:00 UTC, in seconds of the epoch.
const START: u64 = 1_795_334_400;

/// A segment as its sender writes it.
pub(super) struct Segment<'a> {
    pub(super) macs: ([u8; 6], [u8; 6]),
    pub(super) addresses: ([u8; 4], [u8; 4]),
    pub(super) ports: (u16, u16),
    pub(super) id: u16,
    pub(super) sequence: u32,
    pub(super) acknowledgment: u32,
    pub(super) flags: u8,
    pub(super) window: u16,
    /// TSval and TSecr (RFC 7323).
    pub(super) timestamps: (u32, u32),
    pub(super) payload: &'a [u8],
}

/// The capture being written, and its clock.
pub(super) struct Capture<W: Write> {
    out: W,
    frame: Vec<u8>,
    now: u64,
    pub(super) written: Written,
}

impl<W: Write> Capture<W> {
    pub(super) fn new(mut out: W) -> io::Result<Self> {
        let header: [u32; 6] = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, 1];
        for word in header {
            out.write_all(&word.to_le_bytes())?;
        }
        Ok(Self {
            out,
            frame: Vec::with_capacity(2048),
            now: 0,
            written: Written {
                bytes: 24,
                ..Written::default()
            },
        })
    }

    /// Microseconds since the capture began.
    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// Sets the clock to `time`, or leaves it where it is later.
    pub(super) fn advance(&mut self, time: u64) {
        self.now = self.now.max(time);
    }

    /// Writes a segment; the next one comes at least a microsecond later.
    pub(super) fn segment(&mut self, segment: &Segment) -> io::Result<()> {
        self.now += 1;
        self.frame.clear();
        lay_out(&mut self.frame, segment);
        let length = self.frame.len() as u32;
        let time = (START + self.now / 1_000_000, self.now % 1_000_000);
        for word in [time.0 as u32, time.1 as u32, length, length] {
            self.out.write_all(&word.to_le_bytes())?;
        }
        self.out.write_all(&self.frame)?;
        self.written.packets += 1;
        self.written.bytes += 16 + u64::from(length);
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<Written> {
        self.out.flush()?;
        Ok(self.written)
    }
}

fn lay_out(frame: &mut Vec<u8>, segment: &Segment) {
    let options = options(segment);
    let tcp_length = 20 + options.len() + segment.payload.len();
    frame.extend_from_slice(&segment.macs.1);
    frame.extend_from_slice(&segment.macs.0);
    frame.extend_from_slice(&[0x08, 0x00]);

    let ip = frame.len();
    frame.extend_from_slice(&[0x45, 0]);
    frame.extend_from_slice(&((20 + tcp_length) as u16).to_be_bytes());
    frame.extend_from_slice(&segment.id.to_be_bytes());
    frame.extend_from_slice(&[0x40, 0, 64, 6, 0, 0]);
    frame.extend_from_slice(&segment.addresses.0);
    frame.extend_from_slice(&segment.addresses.1);
    let sum = checksum(0, &frame[ip..]);
    frame[ip + 10..ip + 12].copy_from_slice(&sum.to_be_bytes());

    let tcp = frame.len();
    frame.extend_from_slice(&segment.ports.0.to_be_bytes());
    frame.extend_from_slice(&segment.ports.1.to_be_bytes());
    frame.extend_from_slice(&segment.sequence.to_be_bytes());
    frame.extend_from_slice(&segment.acknowledgment.to_be_bytes());
    frame.extend_from_slice(&[((20 + options.len()) as u8 / 4) << 4, segment.flags]);
    frame.extend_from_slice(&segment.window.to_be_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(&options);
    frame.extend_from_slice(segment.payload);
    let pseudo = sum_words(&frame[ip + 12..ip + 20]) + 6 + tcp_length as u64;
    let sum = checksum(pseudo, &frame[tcp..]);
    frame[tcp + 16..tcp + 18].copy_from_slice(&sum.to_be_bytes());
}

/// Linux's order: on a SYN MSS, SACK permitted, timestamps, window scale; after it timestamps alone.
fn options(segment: &Segment) -> Vec<u8> {
    let mut options = Vec::with_capacity(20);
    let syn = segment.flags & SYN != 0;
    options.extend_from_slice(if syn {
        &[2, 4, 0x05, 0xb4, 4, 2, 8, 10]
    } else {
        &[1, 1, 8, 10]
    });
    options.extend_from_slice(&segment.timestamps.0.to_be_bytes());
    options.extend_from_slice(&segment.timestamps.1.to_be_bytes());
    if syn {
        options.extend_from_slice(&[1, 3, 3, 10]);
    }
    options
}

fn sum_words(bytes: &[u8]) -> u64 {
    let (words, last) = bytes.as_chunks::<2>();
    let sum: u64 = words
        .iter()
        .map(|word| u64::from(u16::from_be_bytes(*word)))
        .sum();
    sum + last.first().map_or(0, |&byte| u64::from(byte) << 8)
}

/// RFC 1071.
fn checksum(start: u64, bytes: &[u8]) -> u16 {
    let mut sum = start + sum_words(bytes);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
