//! Which capture format bytes begin with, and what framing them came to.

use super::book::Book;
use super::pcap_file::PcapFile;
use super::pcapng::PcapNg;
use super::search::{Expected, Search};
use crate::frame::Record;

/// Why framing stopped.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// What follows is the start of something that is this many bytes long as far as can be told.
    Need(usize),
    /// To judge what follows, and whether what was framed before it stands, so many bytes are needed.
    Look(usize),
    /// The header of another capture begins here.
    NewCapture,
    /// Compressed data may begin here, perhaps of another capture; if not, this is damage.
    Compressed,
    /// The bytes here can't be what the format says.
    Damage(String),
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

    /// The same behind other captures, of which an account is kept.
    pub(super) fn behind(self, book: &Book) -> Self {
        match self {
            Self::Pcap(_) => self,
            Self::PcapNg(pcapng) => Self::PcapNg(pcapng.behind(book)),
        }
    }

    /// What is expected where packets go on after damage.
    pub(super) fn expected(&self) -> Expected<'_> {
        match self {
            Self::Pcap(pcap) => pcap.expected(),
            Self::PcapNg(pcapng) => pcapng.expected(),
        }
    }

    /// Whether the record at the start of `rest`, which the end of the data cuts, can be believed.
    pub(super) fn is_surely_cut(&self, rest: &[u8]) -> bool {
        match self {
            Self::Pcap(pcap) => pcap.is_surely_cut(rest),
            Self::PcapNg(pcapng) => pcapng.is_surely_cut(rest),
        }
    }

    /// Whether the packet that ends at the damage `at` was none, but swallowed sound ones: where it began and where
    /// they begin.
    pub(super) fn swallowed(
        &self,
        search: &Search<'_>,
        at: usize,
        records: &[Record],
    ) -> Option<(usize, usize)> {
        match self {
            Self::Pcap(pcap) => pcap.swallowed(search, at, records.last()?),
            // Both lengths of a block agreed.
            Self::PcapNg(_) => None,
        }
    }

    /// Where a pcap record begins, its header included, if it ends at this place.
    pub(super) fn start_of(&self, record: &Record, end: usize) -> Option<usize> {
        let Self::Pcap(pcap) = self else { return None };
        let body = record.offset as usize;
        let ends_there = body + record.captured_len as usize == end;
        body.checked_sub(pcap.header_bytes()).filter(|_| ends_there)
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
