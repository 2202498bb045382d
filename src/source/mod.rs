//! Where packets come from.
//!
//! In: capture files, standard input, network interfaces, and a BPF filter.
//! Out: [`Block`]s of framed packets in analysis order, and at the end one [`SourceSummary`] per source; files of packets.
//! May touch: the file system, decompression crates, prefetch-index, the `pcap` crate (filters and live capture only), a clock in `live`.
//! Never: looks into a packet beyond what framing and filtering need.

mod arena;
mod book;
mod byte_order;
mod compressed;
mod error;
mod export;
mod file;
pub mod filter;
mod format;
mod input;
mod lane;
#[cfg(feature = "live")]
pub mod live;
mod looks_like;
mod merge;
mod open;
mod pcap_file;
mod pcapng;
mod progress;
mod raw;
mod search;
mod selection;
#[cfg(test)]
mod tests;
mod written;

pub use error::SourceError;
pub use export::{Export, Exported};
pub use open::{Capture, open};
pub use progress::Progress;
pub use selection::{Moment, OpenOptions};

use crate::frame::{Block, LinkType};
use crate::time::Timestamp;

/// What a source hands over when asked for more.
#[derive(Debug)]
pub enum Next {
    /// Some packets, or none where all of them were left out by a filter.
    Block(Block),
    /// Nothing at the moment (a quiet interface); ask again.
    Idle {
        /// No packet older than this will come any more, where a clock tells.
        until: Option<Timestamp>,
    },
    /// There will be no more packets.
    End,
}

/// Something that yields packets in analysis order.
pub trait Source: Send {
    /// The next packets. `recycled` is an empty block whose memory may be used again.
    ///
    /// Trouble in mid-capture (a cut file, a read error) is no error here: what was readable is handed on, and the
    /// summary says what is missing.
    fn next(&mut self, recycled: Block) -> Next;

    /// Whether packets need not be waited for, as those of files: what has been read can wait meanwhile.
    fn is_prompt(&self) -> bool {
        false
    }

    /// What is known about each source so far, in the order given by the user.
    fn summaries(&self) -> Vec<SourceSummary>;
}

/// What a source turned out to be, for the report's `capture.sources`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SourceSummary {
    /// The file's or interface's name as the user gave it.
    pub name: String,
    /// `pcap`, `pcapng` or `live`.
    pub format: &'static str,
    /// `gzip` or `zstd`, if it was compressed.
    pub compression: Option<&'static str>,
    /// Link types of its interfaces, each once, in order of appearance.
    pub link_types: Vec<LinkType>,
    /// The largest snapshot length declared, 0 if unlimited.
    pub snaplen: u32,
    /// Packets read from it, before any filter.
    pub packets: u64,
    /// Offset of the byte from which nothing more could be read as a capture (in the uncompressed stream), if it was cut.
    pub truncated_at_byte: Option<u64>,
    /// Places where bytes are no packets, other than a last packet cut short.
    pub damaged_places: u64,
    /// Bytes skipped there.
    pub skipped_bytes: u64,
    /// What the user must know: file, byte offset, what is wrong, what was done.
    pub warnings: Vec<String>,
    /// The captures in it, if several follow each other.
    pub captures: Vec<Joined>,
    /// The first damaged places, one by one.
    pub damage: Vec<Damage>,
    /// Packets that the kernel dropped, where the capture says so.
    pub kernel_dropped: Option<u64>,
    /// Packets that the interface dropped, where the capture says so.
    pub interface_dropped: Option<u64>,
}

/// One of several captures that follow each other in one input.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Joined {
    /// Offset of its first byte, in the uncompressed stream.
    pub at_byte: u64,
    /// Offset in the input as it is stored: of its first byte, or of the compressed piece in which it begins.
    pub stored_at_byte: u64,
    /// `pcap` or `pcapng`.
    pub format: &'static str,
    /// `gzip` or `zstd`, if it is compressed.
    pub compression: Option<&'static str>,
    /// Packets read from it; frame numbers go on from those before it.
    pub packets: u64,
    /// Places where bytes are no packets; unlike in the summary, a last packet cut short counts, too.
    pub damaged_places: u64,
}

/// A place where bytes are no packets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Damage {
    /// Offset of the first of these bytes, in the uncompressed stream.
    pub at_byte: u64,
    /// Offset in the input as it is stored: of this byte, or of the compressed piece that holds it.
    pub stored_at_byte: u64,
    /// How far into that piece the place is, uncompressed; 0 if it is not compressed.
    pub within_piece: u64,
    /// How many uncompressed bytes were skipped; `None` if nothing after them was read.
    pub bytes: Option<u64>,
    /// What is wrong.
    pub what: String,
}
