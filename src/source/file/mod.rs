//! One input, of one capture or several one after another: read into a block's arena in large pieces and framed there, in
//! place.

mod damage;

use std::path::Path;
use std::sync::Arc;

use super::arena::{grow, make_room};
use super::book::{Book, InterfaceIds};
use super::compressed::{Compression, PROOF_BYTES, Place};
use super::error::{SourceError, display_name, is_stdin};
use super::format::{Format, Start, Stop};
use super::input::{Input, Piece};
use super::looks_like::not_a_capture;
use super::progress::Progress;
use super::raw::read_some;
use super::{Next, Source, SourceSummary};
use crate::frame::{Block, Record};
use crate::lang::tr;
use crate::limits::{BLOCK_BYTES, BLOCK_READY_BYTES, SEARCH_AHEAD_BYTES, SNIFF_BYTES};

/// An unframed rest up to this size is copied into the next block whatever was framed before it.
const SMALL_REST_BYTES: usize = 64 << 10;

/// Room in a block beyond what is read into it at first.
const MORE_BYTES: usize = 4 << 10;

/// The bytes of a record's header that must be there to judge it, of any format.
const LARGEST_HEADER: usize = 24;

/// A capture file that was recognised and is being read.
pub(super) struct CaptureFile {
    input: Input,
    format: Format,
    book: Book,
    /// Bytes read that belong to no block yet.
    tail: Vec<u8>,
    arena_bytes: usize,
    /// Hand packets on as soon as there are any.
    eager: bool,
    /// What is being skipped.
    skipping: Option<Skipping>,
    /// Why the input, or what is compressed in it, ended before its end.
    failure: Option<String>,
    /// The header of another capture comes next.
    begins: bool,
    ended: bool,
}

/// Damage whose end has not been found yet.
struct Skipping {
    /// Offset in the uncompressed stream.
    from: u64,
    what: String,
    /// The piece that holds it.
    piece: Option<Piece>,
    /// The data ended inside a record that may be sound.
    is_cut: bool,
}

/// What filling a block goes on with.
enum Step {
    /// Framing or searching, from the place that was reached.
    GoOn,
    /// Reading, so that there are this many bytes from the place that was reached; what was framed may be handed on.
    Read(usize),
    /// The same, but what was framed last may turn out to be no packet.
    Look(usize),
    /// Reading anew what there is from the place that was reached, as compressed data.
    Decompress,
    End,
}

/// What is shared by the files that are read as one capture.
#[derive(Clone, Default)]
pub(super) struct Shared {
    pub(super) ids: Arc<InterfaceIds>,
    pub(super) progress: Arc<Progress>,
}

impl CaptureFile {
    /// Opens a file, or standard input for `-`, as the source of this index, and recognises its format.
    pub(super) fn open(path: &Path, source: u16, shared: &Shared) -> Result<Self, SourceError> {
        let input = Input::open(path, Arc::clone(&shared.progress))?;
        Self::from_input(input, path, source, Arc::clone(&shared.ids))
    }

    /// Recognises the format of an opened input.
    pub(super) fn from_input(
        mut input: Input,
        path: &Path,
        source: u16,
        ids: Arc<InterfaceIds>,
    ) -> Result<Self, SourceError> {
        let compression = input.compression().map(Compression::name);
        let mut book = Book::new(source, path.display().to_string(), display_name(path), ids);
        book.summary.compression = compression;
        let mut start = vec![0; SNIFF_BYTES];
        let (mut filled, mut skipped) = (0, 0);
        let (format, header_bytes) = loop {
            let bytes = start.get(..filled).unwrap_or_default();
            match Format::recognise(bytes) {
                Start::Capture(format, header_bytes) => break (format, header_bytes),
                Start::Unknown(reason) => return Err(not_a_capture(&book, bytes, reason, None)),
                Start::Need(_) => {}
            }
            let result = read_some(&mut input, start.get_mut(filled..).unwrap_or_default());
            let bytes = start.get(..filled).unwrap_or_default();
            match result {
                Ok(0) => return Err(not_a_capture(&book, bytes, None, None)),
                Ok(read) => filled += read,
                // Of damaged compressed data nothing can be said; what follows is read all the same.
                Err(error) if input.compression().is_some() => {
                    let what = damage::failure(input.compression(), &error);
                    book.damaged_piece = input.piece(skipped);
                    if input.resume().is_some() {
                        let next = skipped + filled as u64;
                        book.skip(skipped, next, &what);
                        (filled, skipped) = (0, next);
                        continue;
                    }
                    return Err(not_a_capture(&book, bytes, None, Some(&error)));
                }
                Err(error) => return Err(SourceError::from_io(path, error)),
            }
        };
        start.truncate(filled);
        start.drain(..header_bytes);
        book.base = skipped + header_bytes as u64;
        let arena_bytes = BLOCK_BYTES;
        let mut file = Self {
            eager: input.is_stream,
            input,
            format,
            book,
            tail: start,
            arena_bytes,
            skipping: None,
            failure: None,
            begins: false,
            ended: false,
        };
        file.declare(skipped);
        file.book.locate(|offset| file.input.piece(offset));
        Ok(file)
    }

    /// Whether a path is a pipe or a device, which can be opened only once.
    pub(super) fn is_stream(path: &Path) -> bool {
        is_stdin(path)
            || path
                .metadata()
                .is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
    }

    /// The same file, to be read in pieces of about so many bytes.
    pub(super) fn with_arena(self, bytes: usize) -> Self {
        Self {
            arena_bytes: bytes,
            ..self
        }
    }

    /// The same file, for a look at its first packets.
    pub(super) fn hasty(self) -> Self {
        Self {
            arena_bytes: SNIFF_BYTES,
            eager: true,
            ..self
        }
    }

    /// The account of this file.
    pub(super) fn summary(&self) -> SourceSummary {
        self.book.summary()
    }

    /// A capture's header was read at this offset.
    fn declare(&mut self, offset: u64) {
        self.book.begin_capture(offset, self.format.name());
        if self.book.summary.format.is_empty() {
            self.book.summary.format = self.format.name();
        }
        if let Format::Pcap(pcap) = &self.format {
            pcap.declare(&mut self.book);
        }
    }

    /// Fills a block; the block has no records only at the end.
    fn fill(&mut self, block: &mut Block) {
        let arena = &mut block.arena;
        make_room(arena, self.arena_bytes.max(self.tail.len()) + MORE_BYTES);
        let mut filled = self.tail.len();
        if let Some(start) = arena.get_mut(..filled) {
            start.copy_from_slice(&self.tail);
        }
        let mut at = 0;
        self.input.forget_before(self.book.base);
        while !self.ended {
            let bytes = arena.get(..filled).unwrap_or_default();
            let (next, step) = self.step(bytes, at, &mut block.records);
            self.book.locate(|offset| self.input.piece(offset));
            at = next;
            let (need, may_hand_on) = match step {
                Step::GoOn => continue,
                Step::Read(need) => (need, self.skipping.is_some() || self.is_judged(filled - at)),
                // Where there is much damage, a block is handed on when it is full.
                Step::Look(need) => (need, at >= self.arena_bytes),
                Step::Decompress => {
                    let stored = arena.get(at..filled).unwrap_or_default();
                    (self.book.is_complete, self.begins) = (false, true);
                    if let Err(error) = self.input.decompress(stored) {
                        self.failed(&error);
                    }
                    filled = at;
                    continue;
                }
                Step::End => break,
            };
            let is_ready = self.eager || filled >= BLOCK_READY_BYTES.min(self.arena_bytes);
            // A rest larger than what was framed would be copied too often.
            let rest_is_small = filled - at <= at.max(SMALL_REST_BYTES);
            if is_ready && may_hand_on && rest_is_small && !block.records.is_empty() {
                break;
            }
            if block.records.is_empty() && at > 0 && filled - at <= at {
                // What was skipped need not be kept.
                arena.copy_within(at..filled, 0);
                self.book.base += at as u64;
                (at, filled) = (0, filled - at);
            }
            let wanted = at.saturating_add(need).max(filled + 1);
            grow(arena, wanted);
            // A full block that lacks the next header takes in a little more, and stays as large as it is.
            let end = arena.len().min(self.arena_bytes.max(wanted + MORE_BYTES));
            while filled < wanted && !self.book.is_complete {
                match read_some(&mut self.input, arena.get_mut(filled..end).unwrap_or_default()) {
                    Ok(0) => self.book.is_complete = true,
                    Ok(read) => filled += read,
                    Err(error) => self.failed(&error),
                }
            }
        }
        self.tail.clear();
        if !self.ended {
            self.tail
                .extend_from_slice(arena.get(at..filled).unwrap_or_default());
        }
        self.book.base += at as u64;
        block.interfaces.append(&mut self.book.fresh);
    }

    /// Whether the header behind the last record was seen, so that no damage can be found there that began before it.
    /// A pipe that says no more is not waited for.
    fn is_judged(&self, left: usize) -> bool {
        left >= LARGEST_HEADER || (self.eager && left == 0)
    }

    /// Frames what can be framed from `at` on, or looks for where packets go on; returns the place reached.
    fn step(&mut self, bytes: &[u8], at: usize, records: &mut Vec<Record>) -> (usize, Step) {
        if self.begins {
            return self.begin(bytes, at);
        }
        if self.skipping.is_some() {
            return self.search(bytes, at);
        }
        let (at, stop) = self.format.frame(bytes, at, records, &mut self.book);
        let (left, is_complete) = (bytes.len() - at, self.book.is_complete);
        match stop {
            Stop::Need(need) if !is_complete => (at, Step::Read(need)),
            Stop::Look(need) if !is_complete => (at, Step::Look(need)),
            Stop::Need(need) | Stop::Look(need) => self.cut(bytes, at, need),
            Stop::NewCapture => {
                self.begins = true;
                (at, Step::GoOn)
            }
            Stop::Compressed if !is_complete && left < PROOF_BYTES => (at, Step::Look(PROOF_BYTES)),
            Stop::Compressed => match self.hunt(bytes, false, (at, at + 1)) {
                Place::At(_) => (at, Step::Decompress),
                Place::Need(_) | Place::None => {
                    // Then it is what it would be anyway.
                    self.book.not_compressed = Some(self.book.base + at as u64);
                    (at, Step::GoOn)
                }
            },
            Stop::Damage(_) if !is_complete && left < SEARCH_AHEAD_BYTES => {
                (at, Step::Look(SEARCH_AHEAD_BYTES))
            }
            Stop::Damage(what) => (self.damaged(bytes, at, what, records), Step::GoOn),
        }
    }

    /// Starts on the capture whose header is at `at`; returns where its packets begin.
    fn begin(&mut self, bytes: &[u8], at: usize) -> (usize, Step) {
        match Format::recognise(bytes.get(at..).unwrap_or_default()) {
            Start::Need(need) if !self.book.is_complete => return (at, Step::Read(need)),
            Start::Capture(format, header_bytes) => {
                self.begins = false;
                self.format = format.behind(&self.book);
                self.declare(self.book.base + at as u64);
                return (at + header_bytes, Step::GoOn);
            }
            Start::Need(_) | Start::Unknown(_) => {}
        }
        self.begins = false;
        self.skip_from(at, tr("a capture header that can't be read").to_owned());
        (at, Step::GoOn)
    }
}

impl Source for CaptureFile {
    fn next(&mut self, mut block: Block) -> Next {
        block.clear();
        self.fill(&mut block);
        if block.records.is_empty() {
            Next::End
        } else {
            Next::Block(block)
        }
    }

    fn summaries(&self) -> Vec<SourceSummary> {
        vec![self.summary()]
    }
}
