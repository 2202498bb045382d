//! Compressed data by its first bytes, and whether it is a capture.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::format::{Format, Start};
use super::pcap_file::PcapFile;
use crate::limits::{RECORD_BYTES, SEARCH_CAPTURE_BYTES, SNIFF_BYTES};

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    pub(super) const MAGIC_BYTES: usize = 4;

    /// RFC 1952 section 2.3.1 for gzip; RFC 8878 section 3.1 for zstd frames and skippable frames.
    pub(super) fn recognise(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The name used in reports.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// One gzip member or one zstd frame being decompressed.
pub(super) enum Member<R: BufRead> {
    Gzip(Box<GzDecoder<R>>),
    Zstd(zstd::Decoder<'static, R>),
}

impl<R: BufRead> Member<R> {
    pub(super) fn new(compression: Compression, reader: R) -> io::Result<Self> {
        Ok(match compression {
            Compression::Gzip => Self::Gzip(Box::new(GzDecoder::new(reader))),
            Compression::Zstd => Self::Zstd(zstd::Decoder::with_buffer(reader)?.single_frame()),
        })
    }

    /// Its reader, behind the member if all of it was read.
    pub(super) fn into_inner(self) -> R {
        match self {
            Self::Gzip(decoder) => decoder.into_inner(),
            Self::Zstd(decoder) => decoder.finish(),
        }
    }
}

impl<R: BufRead> Read for Member<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.read(into),
            Self::Zstd(decoder) => decoder.read(into),
        }
    }
}

/// Bytes from which it can be told whether a compressed capture begins with them: more than the largest packet, which may
/// carry one.
pub(super) const PROOF_BYTES: usize = SEARCH_CAPTURE_BYTES;

/// The first place in `from..to` where a compressed capture begins, and how many bytes from there are needed to tell.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    At(usize),
    /// Of this place it can't be told yet.
    Need(usize),
    None,
}

/// Where compressed captures are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hunt<'a> {
    pub(super) bytes: &'a [u8],
    /// No more bytes will come.
    pub(super) is_complete: bool,
    /// Packets may lie there, which may carry a compressed capture: it must be larger than any packet, or something else has to
    /// begin right behind it, which in a packet does not.
    pub(super) amid_packets: bool,
}

/// Looks for a compressed capture that begins in `from..to`; `tries` is how often it may still be looked closely in vain.
pub(super) fn find(hunt: Hunt<'_>, from: usize, to: usize, tries: &mut u32) -> Place {
    let Hunt {
        bytes,
        is_complete,
        amid_packets,
    } = hunt;
    for at in from..to.min(bytes.len()) {
        let rest = bytes.get(at..).unwrap_or_default();
        if !matches!(rest, [0x1f, 0x8b, ..] | [0x28, 0xb5, ..] | [_, 0x2a, 0x4d, ..]) {
            continue;
        }
        let Some(compression) = Compression::recognise(rest) else {
            continue;
        };
        if rest.len() < PROOF_BYTES && !is_complete {
            return Place::Need(at);
        }
        if *tries == 0 {
            return Place::None;
        }
        match prove(compression, rest) {
            Proof::Large | Proof::Whole { followed: true } => return Place::At(at),
            Proof::Whole { followed: false } | Proof::Cut if !amid_packets => return Place::At(at),
            Proof::Whole { .. } | Proof::Cut | Proof::No => *tries -= 1,
        }
    }
    Place::None
}

/// What compressed bytes turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// No capture.
    No,
    /// A capture begins, and is cut or damaged soon.
    Cut,
    /// A capture begins, and takes more bytes than a packet could have.
    Large,
    /// A capture, in a member that ends; whether compressed data or a capture begins right behind it.
    Whole { followed: bool },
}

/// Decompresses the members that hold a capture's first bytes.
fn prove(compression: Compression, bytes: &[u8]) -> Proof {
    let window = bytes.get(..PROOF_BYTES);
    let mut rest = window.unwrap_or(bytes);
    let mut start = Vec::with_capacity(SNIFF_BYTES);
    let mut piece = [0; SNIFF_BYTES];
    let mut total = 0;
    let mut next = Some(compression);
    while let Some(compression) = next {
        let Ok(mut member) = Member::new(compression, rest) else {
            return Proof::No;
        };
        loop {
            match member.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => {
                    total += read;
                    if start.len() < SNIFF_BYTES {
                        start.extend_from_slice(piece.get(..read).unwrap_or_default());
                        if !may_be_capture(&start) {
                            return Proof::No;
                        }
                    }
                    if total >= RECORD_BYTES {
                        return Proof::Large;
                    }
                }
                Err(_) if !is_told(&start) => return Proof::No,
                // The end of what is looked at, not of the member.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && window.is_some() => {
                    return Proof::Large;
                }
                Err(_) => return Proof::Cut,
            }
        }
        rest = member.into_inner();
        next = Compression::recognise(rest);
        if is_told(&start) {
            let followed = next.is_some() || matches!(Format::recognise(rest), Start::Capture(..));
            return Proof::Whole { followed };
        }
    }
    Proof::No
}

/// Whether there are bytes enough to tell a capture.
fn is_told(start: &[u8]) -> bool {
    matches!(Format::recognise(start), Start::Capture(..))
}

/// Whether bytes are what every known writer begins a capture with, and all that tells it is there.
pub(super) fn is_capture(start: &[u8]) -> bool {
    is_told(start) && may_be_capture(start)
}

/// Whether bytes are what every known writer begins a capture with, as far as there are any.
fn may_be_capture(start: &[u8]) -> bool {
    match Format::recognise(start) {
        Start::Capture(Format::Pcap(_), _) => PcapFile::is_usual(start),
        Start::Capture(Format::PcapNg(_), _) | Start::Need(_) => true,
        Start::Unknown(_) => false,
    }
}
