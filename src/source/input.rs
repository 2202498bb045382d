//! From a path to uncompressed bytes. Compression is recognised by magic bytes, never by a file's name, and anew where
//! a compressed piece ends: files that were compressed one by one are read one after another.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::compressed::{self, Compression, Hunt, Member, PROOF_BYTES, Place};
use super::error::{SourceError, is_stdin};
use super::format::{Format, Start};
use super::progress::Progress;
use super::raw::Raw;
use crate::limits::{COMPRESSED_PIECES, COMPRESSED_TRIES};

/// An opened input, of which uncompressed bytes are read.
pub(super) struct Input {
    state: State,
    /// A pipe or a device: its bytes come when they come, and can't be read twice.
    pub(super) is_stream: bool,
    /// Uncompressed bytes given so far.
    given: u64,
    /// Where pieces begin, those that were framed already aside.
    pieces: VecDeque<Piece>,
    /// The one that is read now.
    current: Piece,
    /// How often it may still be looked closely whether compressed bytes are a capture.
    pub(super) tries: u32,
}

/// A part of an input that is stored in one way: a gzip member, a zstd frame, or bytes as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Piece {
    /// Offset of its first byte among the uncompressed ones.
    pub(super) at: u64,
    /// Offset of its first byte in the input.
    pub(super) stored_at: u64,
    pub(super) compression: Option<Compression>,
}

impl Piece {
    /// Where an uncompressed byte is stored, or the piece that holds it and how far in that piece it is.
    pub(super) fn place(&self, offset: u64) -> (u64, u64) {
        let within = offset.saturating_sub(self.at);
        match self.compression {
            Some(_) => (self.stored_at, within),
            None => (self.stored_at + within, 0),
        }
    }
}

/// How the next bytes are read.
enum State {
    /// As they are.
    Plain(Raw),
    Compressed(Member<Raw>),
    /// A piece ended.
    Between(Raw),
    /// Not to be seen: a state was being replaced.
    Gone,
}

impl Input {
    /// Opens a file, or standard input for `-`.
    pub(super) fn open(path: &Path, progress: Arc<Progress>) -> Result<Self, SourceError> {
        if is_stdin(path) {
            return Self::from_reader(io::stdin(), true, progress)
                .map_err(|error| SourceError::from_io(path, error));
        }
        let file = File::open(path).map_err(|error| SourceError::from_io(path, error))?;
        let metadata = file
            .metadata()
            .map_err(|error| SourceError::from_io(path, error))?;
        if metadata.is_dir() {
            return Err(SourceError::from_io(path, io::ErrorKind::IsADirectory.into()));
        }
        Self::from_reader(file, !metadata.is_file(), progress)
            .map_err(|error| SourceError::from_io(path, error))
    }

    /// Looks at the first bytes of a reader and puts a decompressor before it if they ask for one.
    pub(super) fn from_reader<R: Read + Send + 'static>(
        reader: R,
        is_stream: bool,
        progress: Arc<Progress>,
    ) -> io::Result<Self> {
        let mut raw = Raw::new(Box::new(reader), progress);
        let compression = Compression::recognise(raw.peek(Compression::MAGIC_BYTES)?);
        let mut input = Self {
            state: State::Gone,
            is_stream,
            given: 0,
            pieces: VecDeque::new(),
            current: Piece::default(),
            tries: COMPRESSED_TRIES,
        };
        input.begin(raw, compression)?;
        Ok(input)
    }

    /// `gzip` or `zstd`, if what is read now is compressed.
    pub(super) fn compression(&self) -> Option<Compression> {
        match &self.state {
            State::Compressed(Member::Gzip(_)) => Some(Compression::Gzip),
            State::Compressed(Member::Zstd(_)) => Some(Compression::Zstd),
            State::Plain(_) | State::Between(_) | State::Gone => None,
        }
    }

    /// The piece that holds this uncompressed byte.
    pub(super) fn piece(&self, at: u64) -> Option<Piece> {
        if at >= self.current.at {
            return Some(self.current);
        }
        let behind = self.pieces.partition_point(|piece| piece.at <= at);
        self.pieces.get(behind.saturating_sub(1)).copied()
    }

    /// What lies before this uncompressed byte will not be asked for again.
    pub(super) fn forget_before(&mut self, at: u64) {
        while self.pieces.get(1).is_some_and(|next| next.at <= at) {
            self.pieces.pop_front();
        }
    }

    /// Gives back bytes that were read last and are not compressed, but are compressed data.
    pub(super) fn decompress(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let State::Plain(raw) | State::Between(raw) = &mut self.state {
            raw.give_back(bytes);
            self.given = self.given.saturating_sub(bytes.len() as u64);
            self.next_piece()?;
        }
        Ok(())
    }

    /// After a decompressor failed: looks for where another capture begins, from behind the beginning of what was damaged;
    /// `None` if there is none, or the input itself can't be read.
    pub(super) fn resume(&mut self) -> Option<Piece> {
        let (mut raw, from) = match std::mem::replace(&mut self.state, State::Gone) {
            State::Compressed(member) => {
                let from = self.current.stored_at + 1;
                (member.into_inner(), from)
            }
            State::Between(raw) => {
                let from = raw.offset();
                (raw, from)
            }
            State::Plain(_) | State::Gone => return None,
        };
        if raw.has_failed() {
            return None;
        }
        raw.go_back(from);
        self.find_capture(&mut raw).ok()??;
        self.state = State::Between(raw);
        self.next_piece().ok()?;
        Some(self.current)
    }

    /// Takes bytes until a capture begins, compressed or not.
    fn find_capture(&mut self, raw: &mut Raw) -> io::Result<Option<()>> {
        loop {
            let bytes = raw.peek(2 * PROOF_BYTES)?;
            let count = bytes.len();
            let is_complete = count < 2 * PROOF_BYTES;
            let to = if is_complete { count } else { count - PROOF_BYTES };
            let hunt = Hunt {
                bytes,
                is_complete,
                amid_packets: false,
            };
            let compressed = match compressed::find(hunt, 0, to, &mut self.tries) {
                Place::At(at) => Some(at),
                Place::Need(_) | Place::None => None,
            };
            let plain = find_plain(bytes, compressed.unwrap_or(to));
            if let Some(at) = plain.or(compressed) {
                io::BufRead::consume(raw, at);
                return Ok(Some(()));
            }
            if is_complete {
                return Ok(None);
            }
            io::BufRead::consume(raw, to);
        }
    }

    /// Begins with whatever stands behind a piece.
    fn next_piece(&mut self) -> io::Result<()> {
        let (State::Plain(mut raw) | State::Between(mut raw)) =
            std::mem::replace(&mut self.state, State::Gone)
        else {
            return Ok(());
        };
        // What tape archives fill blocks with.
        while let [0, ..] = raw.peek(Compression::MAGIC_BYTES)? {
            let bytes = raw.peek(1)?;
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            io::BufRead::consume(&mut raw, zeros);
        }
        let start = raw.peek(12)?;
        let compression = Compression::recognise(start);
        let is_capture = !matches!(Format::recognise(start), Start::Unknown(_));
        if compression.is_none() && !is_capture && !start.is_empty() {
            self.state = State::Between(raw);
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "what follows is neither compressed nor a capture",
            ));
        }
        self.begin(raw, compression)
    }

    fn begin(&mut self, raw: Raw, compression: Option<Compression>) -> io::Result<()> {
        let piece = Piece {
            at: self.given,
            stored_at: raw.offset(),
            compression,
        };
        if self.pieces.back().is_some_and(|last| last.at == piece.at) {
            self.pieces.pop_back();
        }
        self.current = piece;
        // Beyond the cap a place is told by an earlier piece.
        if self.pieces.len() < COMPRESSED_PIECES {
            self.pieces.push_back(piece);
        }
        self.state = match compression {
            Some(compression) => State::Compressed(Member::new(compression, raw)?),
            None => State::Plain(raw),
        };
        Ok(())
    }
}

/// Where a capture begins that is not compressed, before `to`, amid compressed data: its header is long enough not to come
/// about by chance.
fn find_plain(bytes: &[u8], to: usize) -> Option<usize> {
    (0..to.min(bytes.len())).find(|at| {
        let rest = bytes.get(*at..).unwrap_or_default();
        matches!(rest.first(), Some(0x0a | 0x34 | 0x4d | 0xa1 | 0xd4)) && compressed::is_capture(rest)
    })
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = match &mut self.state {
                State::Plain(raw) => raw.read(into)?,
                State::Compressed(member) => member.read(into)?,
                State::Between(_) => {
                    self.next_piece()?;
                    continue;
                }
                State::Gone => 0,
            };
            self.given += read as u64;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            match std::mem::replace(&mut self.state, State::Gone) {
                State::Compressed(member) => self.state = State::Between(member.into_inner()),
                ended => {
                    self.state = ended;
                    return Ok(0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn pieces_beyond_the_cap_are_told_by_the_last_known() {
        let member = gzip(&[7; 10]);
        let all = member.repeat(COMPRESSED_PIECES + 50);
        let mut input = Input::from_reader(io::Cursor::new(all), false, Arc::default()).unwrap();
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len(), 10 * (COMPRESSED_PIECES + 50));
        assert_eq!(input.pieces.len(), COMPRESSED_PIECES);
        let stored = |at| input.piece(at).map(|piece| piece.stored_at);
        assert_eq!(stored(25), Some(2 * member.len() as u64));
        let last = (COMPRESSED_PIECES - 1) * member.len();
        assert_eq!(stored(bytes.len() as u64 - 1), Some(last as u64));
        input.forget_before(30);
        assert_eq!(input.pieces.front().map(|piece| piece.at), Some(30));
    }

    #[test]
    fn what_looks_like_a_capture_too_often_is_looked_at_no_more() {
        let header = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0";
        let no_capture = gzip(b"no capture, but compressed data");
        let bytes = [&no_capture.repeat(3)[..], &gzip(header)].concat();
        let hunt = Hunt {
            bytes: &bytes,
            is_complete: true,
            amid_packets: false,
        };
        let place = 3 * no_capture.len();
        // What is found costs nothing.
        for (mut tries, expected, left) in [(4, Place::At(place), 1), (3, Place::None, 0)] {
            assert_eq!(compressed::find(hunt, 0, bytes.len(), &mut tries), expected);
            assert_eq!(tries, left);
        }
    }
}
