//! Where a file is damaged: what is skipped, where packets go on, and what is said of it.

use std::io;

use super::super::compressed::{self, Compression, Hunt, PROOF_BYTES, Place};
use super::super::search::{Found, Search};
use super::{CaptureFile, Skipping, Step};
use crate::frame::Record;
use crate::tr;

impl CaptureFile {
    /// Looks for a compressed capture that begins between two places; only in what is not compressed itself.
    pub(super) fn hunt(&mut self, bytes: &[u8], amid_packets: bool, (from, to): (usize, usize)) -> Place {
        if self.input.compression().is_some() {
            return Place::None;
        }
        let hunt = Hunt {
            bytes,
            is_complete: self.book.is_complete,
            amid_packets,
        };
        compressed::find(hunt, from, to, &mut self.input.tries)
    }

    /// Looks for where packets go on, from `at`.
    pub(super) fn search(&mut self, bytes: &[u8], at: usize) -> (usize, Step) {
        let search = Search {
            bytes,
            is_complete: self.book.is_complete,
            is_strict: self.skipping.as_ref().is_some_and(|skipping| skipping.is_cut),
            expected: self.format.expected(),
        };
        let found = search.from(at);
        let to = match found {
            Found::At(to) | Found::Need { at: to, .. } => to,
            Found::Nothing => bytes.len(),
        };
        match self.hunt(bytes, true, (at, to)) {
            Place::At(at) => {
                self.resume(at);
                return (at, Step::Decompress);
            }
            Place::Need(at) => return (at, Step::Read(PROOF_BYTES)),
            Place::None => {}
        }
        match found {
            Found::At(found) => {
                self.resume(found);
                (found, Step::GoOn)
            }
            Found::Need { at, bytes } => (at, Step::Read(bytes)),
            Found::Nothing => (bytes.len(), self.end(bytes.len())),
        }
    }

    /// The data ends behind `at`, where `need` bytes would be needed. That may be a length that lies, with sound packets
    /// behind it.
    pub(super) fn cut(&mut self, bytes: &[u8], at: usize, need: usize) -> (usize, Step) {
        let rest = bytes.get(at..).unwrap_or_default();
        let left = rest.len();
        if left == 0 {
            return (at, self.end(at));
        }
        let cut = tr!(
            "cut short: {left} bytes are left where {need} or more are needed",
            left,
            need
        );
        self.skipping = Some(Skipping {
            from: self.book.base + at as u64,
            what: self.failure.clone().unwrap_or(cut),
            piece: self.input.piece(self.book.base + at as u64),
            is_cut: true,
        });
        // A small capture may stand behind a file that was cut: it ends with the data.
        let search = Search {
            bytes: rest,
            is_complete: true,
            is_strict: true,
            expected: self.format.expected(),
        };
        if self.format.is_surely_cut(rest) && !search.capture_to_the_end(1..left) {
            return (bytes.len(), self.end(bytes.len()));
        }
        (at + 1, Step::GoOn)
    }

    /// The record framed last is none.
    fn take_back(&mut self, records: &mut Vec<Record>) {
        if records.pop().is_some() {
            self.book.summary.packets -= 1;
        }
    }

    /// The bytes at `at` are no packet; returns where to go on.
    pub(super) fn damaged(
        &mut self,
        bytes: &[u8],
        at: usize,
        what: String,
        records: &mut Vec<Record>,
    ) -> usize {
        let search = Search {
            bytes,
            is_complete: self.book.is_complete,
            is_strict: false,
            expected: self.format.expected(),
        };
        let Some((from, to)) = self.format.swallowed(&search, at, records) else {
            return self.swallowed_compressed(bytes, at, what, records);
        };
        let number = self.book.summary.packets;
        self.take_back(records);
        self.skip_from(from, tr!("packet {number}'s length lies", number));
        self.resume(to);
        to
    }

    /// The same where a file that was cut may have been followed by a compressed one, which its last record took in.
    fn swallowed_compressed(
        &mut self,
        bytes: &[u8],
        at: usize,
        what: String,
        records: &mut Vec<Record>,
    ) -> usize {
        let last = records.last().and_then(|last| self.format.start_of(last, at));
        if let Some(start) = last
            && let Place::At(found) = self.hunt(bytes, true, (start + 1, at))
        {
            let number = self.book.summary.packets;
            self.take_back(records);
            self.skip_from(start, tr!("packet {number} is cut short", number));
            return found;
        }
        self.skip_from(at, what);
        at + 1
    }

    /// From `at` on bytes are skipped.
    pub(super) fn skip_from(&mut self, at: usize, what: String) {
        self.skipping = Some(Skipping {
            from: self.book.base + at as u64,
            what,
            piece: self.input.piece(self.book.base + at as u64),
            is_cut: false,
        });
    }

    /// Packets go on at `at`.
    pub(super) fn resume(&mut self, at: usize) {
        if let Some(Skipping {
            from, what, piece, ..
        }) = self.skipping.take()
        {
            self.book.damaged_piece = piece;
            self.book.skip(from, self.book.base + at as u64, &what);
        }
    }

    /// What was read has ended at `at`, and everything was looked at; returns whether another capture follows.
    pub(super) fn end(&mut self, at: usize) -> Step {
        let offset = self.book.base + at as u64;
        let failure = self.failure.take();
        let known = self.skipping.as_ref().and_then(|skipping| skipping.piece);
        self.book.damaged_piece = known.or_else(|| self.input.piece(offset.saturating_sub(1)));
        if let Some(failure) = &failure
            && let Some(piece) = self.input.resume()
        {
            let (from, what) = match self.skipping.take() {
                Some(Skipping { from, what, .. }) if what != *failure => (
                    from,
                    tr!(
                        "{what}, then {failure}",
                        what = what.trim_end_matches(','),
                        failure
                    ),
                ),
                Some(Skipping { from, what, .. }) => (from, what),
                None => (offset, failure.clone()),
            };
            let next = piece.stored_at;
            self.book.skip(
                from,
                offset,
                &tr!(
                    "{what}; the next capture, stored at byte {next}, is read on,",
                    what,
                    next
                ),
            );
            self.book.is_complete = false;
            self.begins = true;
            return Step::GoOn;
        }
        self.ended = true;
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
        Step::End
    }

    /// Reading failed: what was read before is still looked at.
    pub(super) fn failed(&mut self, error: &io::Error) {
        self.book.is_complete = true;
        self.failure = Some(failure(self.input.compression(), error));
    }
}

/// What is wrong where reading failed.
pub(super) fn failure(compression: Option<Compression>, error: &io::Error) -> String {
    match (compression.map(Compression::name), error.kind()) {
        (Some(kind), io::ErrorKind::UnexpectedEof) => tr!("the {kind} data is cut short", kind),
        (Some(kind), _) => tr!("the {kind} data is damaged ({error})", kind, error),
        (None, io::ErrorKind::InvalidData) => error.to_string(),
        (None, _) => tr!("cannot read on ({error})", error),
    }
}
