//! Bytes of capture files: pcap with nanoseconds, and pcapng (draft-ietf-opsawg-pcapng).

use std::path::Path;

#[cfg(feature = "live")]
use super::SourceSummary;
use crate::frame::{Frame, Interface};
use crate::time::SECOND;

/// pcap with nanoseconds, in the byte order in which it is written.
const PCAP_NANOSECONDS: u32 = 0xa1b2_3c4d;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
const INTERFACE_DESCRIPTION: u32 = 1;
#[cfg(feature = "live")]
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
#[cfg(feature = "live")]
const ISB_IFDROP: u16 = 5;
#[cfg(feature = "live")]
const ISB_OSDROP: u16 = 7;
/// Ticks of 10^-9 s.
const NANOSECONDS: u8 = 9;

/// The format of a recording.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    /// One link type, no interface names, no drop counts.
    Pcap,
    /// All of them.
    Pcapng,
}

/// Packets that the kernel and the interface dropped.
#[cfg(feature = "live")]
#[derive(Clone, Copy, Default)]
pub(super) struct Drops {
    pub(super) kernel: u64,
    pub(super) interface: u64,
}

#[cfg(feature = "live")]
impl Drops {
    pub(super) fn of(summary: &SourceSummary) -> Self {
        Self {
            kernel: summary.kernel_dropped.unwrap_or(0),
            interface: summary.interface_dropped.unwrap_or(0),
        }
    }

    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            kernel: self.kernel.saturating_sub(earlier.kernel),
            interface: self.interface.saturating_sub(earlier.interface),
        }
    }
}

impl Format {
    /// By a file's name: pcap if it ends in `.pcap`.
    pub(super) fn of(path: &Path) -> Self {
        let is_pcap = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("pcap"));
        if is_pcap { Self::Pcap } else { Self::Pcapng }
    }

    /// What a file begins with.
    pub(super) fn header(self, interfaces: &[Interface], snaplen: u32) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Pcap => {
                put32(&mut out, PCAP_NANOSECONDS);
                put16(&mut out, 2);
                put16(&mut out, 4);
                // Time zone and accuracy are always zero.
                out.extend([0; 8]);
                put32(&mut out, snaplen);
                let link_type = interfaces.first().map_or(1, |interface| interface.link_type.0);
                put32(&mut out, link_type.into());
            }
            Self::Pcapng => {
                block(&mut out, SECTION_HEADER, |body| {
                    put32(body, BYTE_ORDER_MAGIC);
                    put16(body, 1);
                    put16(body, 0);
                    // The section's length is not known.
                    body.extend([0xff; 8]);
                });
                for interface in interfaces {
                    self.interface(&mut out, interface, snaplen);
                }
            }
        }
        out
    }

    /// Appends the description of an interface, which has the next number.
    pub(super) fn interface(self, out: &mut Vec<u8>, interface: &Interface, snaplen: u32) {
        if self == Self::Pcap {
            return;
        }
        block(out, INTERFACE_DESCRIPTION, |body| {
            put16(body, interface.link_type.0);
            put16(body, 0);
            put32(body, snaplen);
            if let Some(name) = &interface.name {
                option(body, IF_NAME, name.as_bytes());
            }
            option(body, IF_TSRESOL, &[NANOSECONDS]);
            option(body, 0, &[]);
        });
    }

    /// Appends a packet.
    pub(super) fn packet(self, out: &mut Vec<u8>, frame: &Frame<'_>) {
        let nanos = frame.timestamp.nanos().max(0).cast_unsigned();
        let captured = frame.bytes.len() as u32;
        match self {
            Self::Pcap => {
                let second = SECOND.cast_unsigned();
                put32(out, (nanos / second) as u32);
                put32(out, (nanos % second) as u32);
                put32(out, captured);
                put32(out, frame.wire_len);
                out.extend_from_slice(frame.bytes);
            }
            Self::Pcapng => block(out, ENHANCED_PACKET, |body| {
                put32(body, frame.place.interface().0.into());
                put32(body, (nanos >> 32) as u32);
                put32(body, nanos as u32);
                put32(body, captured);
                put32(body, frame.wire_len);
                body.extend_from_slice(frame.bytes);
                pad(body, frame.bytes.len());
            }),
        }
    }

    /// Appends what the kernel counted while the file was written, at its end.
    #[cfg(feature = "live")]
    pub(super) fn statistics(self, out: &mut Vec<u8>, interface: u32, at_nanos: u64, drops: Drops) {
        if self == Self::Pcap {
            return;
        }
        block(out, INTERFACE_STATISTICS, |body| {
            put32(body, interface);
            put32(body, (at_nanos >> 32) as u32);
            put32(body, at_nanos as u32);
            option(body, ISB_IFDROP, &drops.interface.to_le_bytes());
            option(body, ISB_OSDROP, &drops.kernel.to_le_bytes());
            option(body, 0, &[]);
        });
    }
}

fn put16(out: &mut Vec<u8>, value: u16) {
    out.extend(value.to_le_bytes());
}

fn put32(out: &mut Vec<u8>, value: u32) {
    out.extend(value.to_le_bytes());
}

fn pad(out: &mut Vec<u8>, len: usize) {
    out.resize(out.len() + len.next_multiple_of(4) - len, 0);
}

fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    put16(out, code);
    put16(out, value.len() as u16);
    out.extend_from_slice(value);
    pad(out, value.len());
}

/// A pcapng block: its length stands at both ends.
fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    put32(out, kind);
    put32(out, 0);
    body(out);
    let len = (out.len() - start + 4) as u32;
    put32(out, len);
    if let Some(place) = out.get_mut(start + 4..start + 8) {
        place.copy_from_slice(&len.to_le_bytes());
    }
}
