//! Which capture format bytes begin with, and what framing them came to.

use super::book::Book;
use super::pcap_file::PcapFile;
use super::pcapng::PcapNg;
use crate::frame::Record;

/// Why framing stopped.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// What follows is the start of something that is this many bytes long as far as can be told.
    Need(usize),
    /// The header of another capture begins here.
    NewCapture,
    /// The bytes here can't be what the format says.
    Damage(String),
}

/// What looking for sound packets came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// They go on here.
    Found(usize),
    /// Nothing before `at`; to judge what is there, so many bytes from it on are needed.
    Need { at: usize, bytes: usize },
    /// There is none, and no more bytes will come.
    Nothing,
}

/// Whether packets go on at some place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Candidate {
    Yes,
    No,
    /// So many bytes are needed to tell.
    Need(usize),
}

/// Asks of every place from `start` on whether packets go on there; a start of something takes `smallest` bytes.
pub(super) fn search(
    bytes: &[u8],
    start: usize,
    smallest: usize,
    is_complete: bool,
    judge: impl Fn(&[u8]) -> Candidate,
) -> Search {
    let mut at = start;
    while let Some(rest) = bytes.get(at..)
        && rest.len() >= smallest
    {
        match judge(rest) {
            Candidate::Yes => return Search::Found(at),
            Candidate::Need(bytes) if !is_complete => return Search::Need { at, bytes },
            Candidate::No | Candidate::Need(_) => at += 1,
        }
    }
    if is_complete {
        Search::Nothing
    } else {
        Search::Need { at, bytes: smallest }
    }
}

/// The framing of a capture, by format.
#[derive(Debug)]
pub(super) enum Format {
    Pcap(PcapFile),
    PcapNg(PcapNg),
}

/// What the start of some bytes says.
#[derive(Debug)]
pub(super) enum Start {
    /// A capture whose file header is this long.
    Capture(Format, usize),
    /// Too few bytes to tell; this many are needed.
    Need(usize),
    /// No capture; the reason, if it nearly is one.
    Unknown(Option<String>),
}

impl Format {
    /// Recognises a capture by its first bytes.
    pub(super) fn recognise(bytes: &[u8]) -> Start {
        let Some(magic) = bytes.first_chunk::<4>() else {
            return Start::Need(4);
        };
        if PcapNg::MAGIC == *magic {
            return match PcapNg::recognise(bytes) {
                Some(true) => Start::Capture(Self::PcapNg(PcapNg::default()), 0),
                Some(false) => Start::Unknown(Some(
                    "a pcapng section header without a byte-order magic".to_owned(),
                )),
                None => Start::Need(12),
            };
        }
        if !PcapFile::is_magic(*magic) {
            return Start::Unknown(None);
        }
        let Some(header) = bytes.first_chunk::<{ PcapFile::HEADER_BYTES }>() else {
            return Start::Need(PcapFile::HEADER_BYTES);
        };
        match PcapFile::from_header(header) {
            Ok(pcap) => Start::Capture(Self::Pcap(pcap), PcapFile::HEADER_BYTES),
            Err(reason) => Start::Unknown(Some(reason)),
        }
    }

    /// The name used in reports.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Pcap(_) => "pcap",
            Self::PcapNg(_) => "pcapng",
        }
    }

    /// Whether the header of another capture begins here, by more than its first four bytes: packets may hold those.
    #[inline]
    pub(super) fn begins_at(bytes: &[u8]) -> Candidate {
        // The first bytes of all magics.
        if !matches!(bytes.first(), Some(0x0a | 0x34 | 0x4d | 0xa1 | 0xd4)) {
            return Candidate::No;
        }
        match Self::recognise(bytes) {
            Start::Capture(Self::PcapNg(_), _) => Candidate::Yes,
            Start::Capture(Self::Pcap(_), _) if PcapFile::is_usual(bytes) => Candidate::Yes,
            Start::Capture(..) | Start::Unknown(_) => Candidate::No,
            Start::Need(bytes) => Candidate::Need(bytes),
        }
    }

    /// Looks for the place from `start` on where packets go on.
    pub(super) fn search(&mut self, bytes: &[u8], start: usize, is_complete: bool) -> Search {
        match self {
            Self::Pcap(pcap) => pcap.search(bytes, start, is_complete),
            Self::PcapNg(pcapng) => pcapng.search(bytes, start, is_complete),
        }
    }

    /// Whether the packet that ends at the damage `at` was none, but swallowed sound ones: where it began and where
    /// they begin.
    pub(super) fn swallowed(&self, bytes: &[u8], at: usize, records: &[Record]) -> Option<(usize, usize)> {
        match self {
            Self::Pcap(pcap) => pcap.swallowed(bytes, at, records.last()?),
            // Both lengths of a block agreed.
            Self::PcapNg(_) => None,
        }
    }

    /// Frames complete packets of `bytes` from `start` on; returns where it stopped and why.
    pub(super) fn frame(
        &mut self,
        bytes: &[u8],
        start: usize,
        records: &mut Vec<Record>,
        book: &mut Book,
    ) -> (usize, Stop) {
        match self {
            Self::Pcap(pcap) => pcap.frame(bytes, start, records, book),
            Self::PcapNg(pcapng) => pcapng.frame(bytes, start, records, book),
        }
    }
}
