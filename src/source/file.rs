//! One capture file or stream: read into a block's arena in large pieces and framed there, in place.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::book::{Book, InterfaceIds};
use super::error::{SourceError, display_name, is_stdin};
use super::format::{Format, Search, Start, Stop};
use super::input::{Input, read_some};
use super::looks_like::not_a_capture;
use super::progress::Progress;
use super::{Next, Source, SourceSummary};
use crate::frame::{Block, Record};
use crate::limits::{BLOCK_BYTES, BLOCK_READY_BYTES, SNIFF_BYTES};

/// An unframed rest up to this size is copied into the next block whatever was framed before it.
const SMALL_REST_BYTES: usize = 64 << 10;

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
}

/// What filling a block goes on with.
enum Step {
    /// Framing, at this place.
    Frame(usize),
    /// Reading, so that there are this many bytes from the first place on.
    Read(usize, usize),
    /// Nothing.
    End(usize),
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
        make_room(arena, self.arena_bytes.max(self.tail.len()));
        let mut filled = self.tail.len();
        if let Some(start) = arena.get_mut(..filled) {
            start.copy_from_slice(&self.tail);
        }
        let mut at = 0;
        while !self.ended {
            let bytes = arena.get(..filled).unwrap_or_default();
            let need = match self.step(bytes, at, &mut block.records) {
                Step::Frame(next) => {
                    at = next;
                    continue;
                }
                Step::Read(next, need) => {
                    at = next;
                    need
                }
                Step::End(next) => {
                    at = next;
                    break;
                }
            };
            let is_ready = self.eager || filled >= BLOCK_READY_BYTES.min(self.arena_bytes);
            // A rest larger than what was framed would be copied too often.
            let rest_is_small = filled - at <= at.max(SMALL_REST_BYTES);
            if is_ready && rest_is_small && !block.records.is_empty() {
                break;
            }
            if block.records.is_empty() && at > 0 && filled - at <= at {
                // What was skipped need not be kept.
                arena.copy_within(at..filled, 0);
                self.book.base += at as u64;
                (at, filled) = (0, filled - at);
            }
            grow(arena, at.saturating_add(need).max(filled + 1));
            match read_some(&mut self.reader, arena.get_mut(filled..).unwrap_or_default()) {
                Ok(0) => self.book.is_complete = true,
                Ok(read) => filled += read,
                Err(error) => self.failed(&error),
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

    /// Frames what can be framed from `at` on, or looks for where packets go on, and says what is to be done next.
    fn step(&mut self, bytes: &[u8], at: usize, records: &mut Vec<Record>) -> Step {
        let is_complete = self.book.is_complete;
        let (at, stop) = if self.skipping.is_none() {
            self.format.frame(bytes, at, records, &mut self.book)
        } else {
            match self.format.search(bytes, at, is_complete) {
                Search::Found(found) => {
                    self.resume(found);
                    return Step::Frame(found);
                }
                Search::Need { at, bytes } => return Step::Read(at, bytes),
                Search::Nothing => {
                    self.end(bytes.len());
                    return Step::End(bytes.len());
                }
            }
        };
        let left = bytes.len() - at;
        match stop {
            Stop::Need(need) if !is_complete => Step::Read(at, need),
            Stop::Need(_) if left == 0 => {
                self.end(at);
                Step::End(at)
            }
            Stop::Need(need) => {
                // What was cut short may be a length that lies, with sound packets behind it.
                let cut = || format!("cut short: {left} bytes are left where {need} or more are needed");
                self.damaged(at, self.failure.clone().unwrap_or_else(cut));
                Step::Frame(at + 1)
            }
            Stop::NewCapture => Step::Frame(self.begin_again(bytes, at)),
            Stop::Damage(what) => {
                if let Some((from, to)) = self.format.swallowed(bytes, at, records) {
                    records.pop();
                    self.book.summary.packets -= 1;
                    let what = format!("packet {}'s length lies", self.book.summary.packets + 1);
                    self.damaged(from, what);
                    self.resume(to);
                    return Step::Frame(to);
                }
                self.damaged(at, what);
                Step::Frame(at + 1)
            }
        }
    }

    /// Starts on the capture whose header is at `at`; returns where its packets begin.
    fn begin_again(&mut self, bytes: &[u8], at: usize) -> usize {
        let Start::Capture(format, header_bytes) = Format::recognise(bytes.get(at..).unwrap_or_default())
        else {
            self.damaged(at, "a capture header that can't be read".to_owned());
            return at + 1;
        };
        self.format = format;
        self.declare();
        at + header_bytes
    }

    /// The bytes at `at` are no packet: the next sound one is looked for.
    fn damaged(&mut self, at: usize, what: String) {
        let from = self.book.base + at as u64;
        self.skipping = Some(Skipping { from, what });
    }

    /// Packets go on at `at`.
    fn resume(&mut self, at: usize) {
        if let Some(Skipping { from, what }) = self.skipping.take() {
            self.book.skip(from, self.book.base + at as u64, &what);
        }
    }

    /// The input has ended at `at`, and everything was looked at.
    fn end(&mut self, at: usize) {
        self.ended = true;
        let offset = self.book.base + at as u64;
        if let Some(Skipping { from, what }) = self.skipping.take() {
            self.book.stop(from, &what);
        } else if let Some(what) = self.failure.take() {
            self.book.stop(offset, &what);
        }
    }

    /// Reading failed: what was read before is still looked at.
    fn failed(&mut self, error: &io::Error) {
        self.book.is_complete = true;
        self.failure = Some(match (self.book.summary.compression, error.kind()) {
            (Some(kind), io::ErrorKind::UnexpectedEof) => format!("the {kind} data is cut short"),
            (Some(kind), _) => format!("the {kind} data is damaged ({error})"),
            (None, _) => format!("cannot read on ({error})"),
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

/// Makes an arena `bytes` long, reusing its memory unless it is far too large.
fn make_room(arena: &mut Vec<u8>, bytes: usize) {
    if arena.capacity() < bytes || arena.capacity() / 2 > bytes.max(BLOCK_BYTES) {
        *arena = vec![0; bytes];
    } else if arena.len() < bytes {
        arena.resize(bytes, 0);
    }
}

/// Makes an arena at least `bytes` long and keeps what is in it.
fn grow(arena: &mut Vec<u8>, bytes: usize) {
    if arena.len() < bytes {
        arena.resize(bytes.next_power_of_two(), 0);
    }
}
