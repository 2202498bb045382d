//! One capture file or stream: read into a block's arena in large pieces and framed there, in place.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::arena::{grow, make_room};
use super::book::{Book, InterfaceIds};
use super::error::{SourceError, display_name, is_stdin};
use super::format::{Format, Start, Stop};
use super::input::{Input, read_some};
use super::looks_like::not_a_capture;
use super::progress::Progress;
use super::search::{Found, Search};
use super::{Next, Source, SourceSummary};
use crate::frame::{Block, Record};
use crate::lang::tr;
use crate::limits::{BLOCK_BYTES, BLOCK_READY_BYTES, SEARCH_AHEAD_BYTES, SNIFF_BYTES};
use crate::tr;

/// An unframed rest up to this size is copied into the next block whatever was framed before it.
const SMALL_REST_BYTES: usize = 64 << 10;

/// Room in a block beyond what is read into it at first.
const MORE_BYTES: usize = 4 << 10;

/// The bytes of a record's header that must be there to judge it, of any format.
const LARGEST_HEADER: usize = 24;

/// A capture file that was recognised and is being read.
pub(super) struct CaptureFile {
    reader: Box<dyn Read + Send>,
    format: Format,
    book: Book,
    /// Bytes read that belong to no block yet.
    tail: Vec<u8>,
    arena_bytes: usize,
    /// Hand packets on as soon as there are any.
    eager: bool,
    /// What is being skipped.
    skipping: Option<Skipping>,
    /// Why the input ended before its end.
    failure: Option<String>,
    ended: bool,
}

/// Damage whose end has not been found yet.
struct Skipping {
    /// Offset in the uncompressed stream.
    from: u64,
    what: String,
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
        input: Input,
        path: &Path,
        source: u16,
        ids: Arc<InterfaceIds>,
    ) -> Result<Self, SourceError> {
        let Input {
            mut reader,
            compression,
            is_stream,
        } = input;
        let mut book = Book::new(source, path.display().to_string(), display_name(path), ids);
        book.summary.compression = compression;
        let mut start = vec![0; SNIFF_BYTES];
        let mut filled = 0;
        let (format, header_bytes) = loop {
            let bytes = start.get(..filled).unwrap_or_default();
            match Format::recognise(bytes) {
                Start::Capture(format, header_bytes) => break (format, header_bytes),
                Start::Unknown(reason) => return Err(not_a_capture(&book, bytes, reason, None)),
                Start::Need(_) => {}
            }
            let result = read_some(&mut reader, start.get_mut(filled..).unwrap_or_default());
            let bytes = start.get(..filled).unwrap_or_default();
            match result {
                Ok(0) => return Err(not_a_capture(&book, bytes, None, None)),
                Ok(read) => filled += read,
                Err(error) if compression.is_some() => {
                    return Err(not_a_capture(&book, bytes, None, Some(&error)));
                }
                Err(error) => return Err(SourceError::from_io(path, error)),
            }
        };
        start.truncate(filled);
        start.drain(..header_bytes);
        book.base = header_bytes as u64;
        let arena_bytes = BLOCK_BYTES;
        let mut file = Self {
            reader,
            format,
            book,
            tail: start,
            arena_bytes,
            eager: is_stream,
            skipping: None,
            failure: None,
            ended: false,
        };
        file.declare();
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

    fn declare(&mut self) {
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
        while !self.ended {
            let bytes = arena.get(..filled).unwrap_or_default();
            let (next, step) = self.step(bytes, at, &mut block.records);
            at = next;
            let (need, may_hand_on) = match step {
                Step::GoOn => continue,
                Step::Read(need) => (need, self.skipping.is_some() || self.is_judged(filled - at)),
                // Where there is much damage, a block is handed on when it is full.
                Step::Look(need) => (need, at >= self.arena_bytes),
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
                match read_some(&mut self.reader, arena.get_mut(filled..end).unwrap_or_default()) {
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
        if self.skipping.is_some() {
            return self.search(bytes, at);
        }
        let (at, stop) = self.format.frame(bytes, at, records, &mut self.book);
        let (left, is_complete) = (bytes.len() - at, self.book.is_complete);
        match stop {
            Stop::Need(need) if !is_complete => (at, Step::Read(need)),
            Stop::Look(need) if !is_complete => (at, Step::Look(need)),
            Stop::Need(need) | Stop::Look(need) => self.cut(bytes, at, need),
            Stop::NewCapture => (self.begin_again(bytes, at), Step::GoOn),
            Stop::Damage(_) if !is_complete && left < SEARCH_AHEAD_BYTES => {
                (at, Step::Look(SEARCH_AHEAD_BYTES))
            }
            Stop::Damage(what) => (self.damaged(bytes, at, what, records), Step::GoOn),
        }
    }

    /// Looks for where packets go on, from `at`.
    fn search(&mut self, bytes: &[u8], at: usize) -> (usize, Step) {
        let search = Search {
            bytes,
            is_complete: self.book.is_complete,
            is_strict: self.skipping.as_ref().is_some_and(|skipping| skipping.is_cut),
            expected: self.format.expected(),
        };
        match search.from(at) {
            Found::At(found) => {
                self.resume(found);
                (found, Step::GoOn)
            }
            Found::Need { at, bytes } => (at, Step::Read(bytes)),
            Found::Nothing => {
                self.end(bytes.len());
                (bytes.len(), Step::End)
            }
        }
    }

    /// The data ends behind `at`, where `need` bytes would be needed. That may be a length that lies, with sound packets
    /// behind it.
    fn cut(&mut self, bytes: &[u8], at: usize, need: usize) -> (usize, Step) {
        let rest = bytes.get(at..).unwrap_or_default();
        let left = rest.len();
        if left > 0 {
            let cut = tr!(
                "cut short: {left} bytes are left where {need} or more are needed",
                left,
                need
            );
            self.skipping = Some(Skipping {
                from: self.book.base + at as u64,
                what: self.failure.clone().unwrap_or(cut),
                is_cut: true,
            });
        }
        if left == 0 || self.format.is_surely_cut(rest) {
            self.end(bytes.len());
            return (bytes.len(), Step::End);
        }
        (at + 1, Step::GoOn)
    }

    /// Starts on the capture whose header is at `at`; returns where its packets begin.
    fn begin_again(&mut self, bytes: &[u8], at: usize) -> usize {
        let Start::Capture(format, header_bytes) = Format::recognise(bytes.get(at..).unwrap_or_default())
        else {
            self.skip_from(at, tr("a capture header that can't be read").to_owned());
            return at + 1;
        };
        self.format = format;
        self.declare();
        at + header_bytes
    }

    /// The bytes at `at` are no packet; returns where to go on.
    fn damaged(&mut self, bytes: &[u8], at: usize, what: String, records: &mut Vec<Record>) -> usize {
        let search = Search {
            bytes,
            is_complete: self.book.is_complete,
            is_strict: false,
            expected: self.format.expected(),
        };
        let Some((from, to)) = self.format.swallowed(&search, at, records) else {
            self.skip_from(at, what);
            return at + 1;
        };
        records.pop();
        let number = self.book.summary.packets;
        self.book.summary.packets -= 1;
        self.skip_from(from, tr!("packet {number}'s length lies", number));
        self.resume(to);
        to
    }

    /// From `at` on bytes are skipped.
    fn skip_from(&mut self, at: usize, what: String) {
        self.skipping = Some(Skipping {
            from: self.book.base + at as u64,
            what,
            is_cut: false,
        });
    }

    /// Packets go on at `at`.
    fn resume(&mut self, at: usize) {
        if let Some(Skipping { from, what, .. }) = self.skipping.take() {
            self.book.skip(from, self.book.base + at as u64, &what);
        }
    }

    /// The input has ended at `at`, and everything was looked at.
    fn end(&mut self, at: usize) {
        self.ended = true;
        let offset = self.book.base + at as u64;
        let failure = self.failure.take();
        match self.skipping.take() {
            Some(skipping) if skipping.is_cut => {
                self.book
                    .stop(skipping.from, failure.as_deref().unwrap_or(&skipping.what));
            }
            Some(Skipping { from, what, .. }) => {
                let then = failure
                    .map(|failure| tr!(", then {failure},", failure))
                    .unwrap_or_default();
                self.book.skip_rest(from, offset, &format!("{what}{then}"));
            }
            None => {
                if let Some(failure) = failure {
                    self.book.stop(offset, &failure);
                }
            }
        }
    }

    /// Reading failed: what was read before is still looked at.
    fn failed(&mut self, error: &io::Error) {
        self.book.is_complete = true;
        self.failure = Some(match (self.book.summary.compression, error.kind()) {
            (Some(kind), io::ErrorKind::UnexpectedEof) => tr!("the {kind} data is cut short", kind),
            (Some(kind), _) => tr!("the {kind} data is damaged ({error})", kind, error),
            (None, _) => tr!("cannot read on ({error})", error),
        });
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
