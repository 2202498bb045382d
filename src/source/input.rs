//! From a path to uncompressed bytes. Compression is recognised by magic bytes, never by a file's name.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;

use super::error::{SourceError, is_stdin};
use super::progress::{Counted, Progress};
use crate::limits::{COMPRESSED_BYTES, SNIFF_BYTES};

/// An opened input.
pub(super) struct Input {
    /// Its bytes, uncompressed.
    pub(super) reader: Box<dyn Read + Send>,
    /// `gzip` or `zstd`.
    pub(super) compression: Option<&'static str>,
    /// A pipe or a device: its bytes come when they come, and can't be read twice.
    pub(super) is_stream: bool,
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
        let mut raw = Counted::new(reader, progress);
        let mut start = vec![0; SNIFF_BYTES];
        let mut filled = 0;
        while filled < MAGIC_BYTES {
            match read_some(&mut raw, start.get_mut(filled..).unwrap_or_default())? {
                0 => break,
                read => filled += read,
            }
        }
        start.truncate(filled);
        let compression = compression(&start);
        let whole = Cursor::new(start).chain(raw);
        let reader: Box<dyn Read + Send> = match compression {
            Some("gzip") => Box::new(MultiGzDecoder::new(BufReader::with_capacity(
                COMPRESSED_BYTES,
                whole,
            ))),
            Some(_) => Box::new(zstd::Decoder::with_buffer(BufReader::with_capacity(
                COMPRESSED_BYTES,
                whole,
            ))?),
            None => Box::new(whole),
        };
        Ok(Self {
            reader,
            compression,
            is_stream,
        })
    }
}

const MAGIC_BYTES: usize = 4;

/// RFC 1952 section 2.3.1 for gzip; RFC 8878 section 3.1 for zstd frames and skippable frames.
fn compression(start: &[u8]) -> Option<&'static str> {
    match start {
        [0x1f, 0x8b, 8, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some("zstd"),
        _ => None,
    }
}

/// One `read`, repeated only if a signal interrupted it.
pub(super) fn read_some(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
