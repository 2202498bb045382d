//! Tests of the whole room, on bytes built here.

mod build;
mod damage;
mod errors;
mod joined;
mod lies;
mod merge;
mod mutations;
mod pcap_file;
mod pcapng;
mod search;
mod selection;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::file::CaptureFile;
use super::input::Input;
use super::{Next, Source, SourceError, SourceSummary};
use crate::frame::{Block, Interface};

/// A packet as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) number: u64,
    pub(super) nanos: i64,
    pub(super) wire_len: u32,
    pub(super) interface: u16,
    pub(super) link_type: u16,
    pub(super) bytes: Vec<u8>,
}

/// Everything a source gave.
#[derive(Debug)]
pub(super) struct Drained {
    pub(super) seen: Vec<Seen>,
    pub(super) interfaces: Vec<Interface>,
    pub(super) summaries: Vec<SourceSummary>,
}

impl Drained {
    pub(super) fn summary(&self) -> &SourceSummary {
        self.summaries.first().unwrap()
    }

    pub(super) fn nanos(&self) -> Vec<i64> {
        self.seen.iter().map(|packet| packet.nanos).collect()
    }

    pub(super) fn numbers(&self) -> Vec<u64> {
        self.seen.iter().map(|packet| packet.number).collect()
    }
}

/// Reads a source to its end, recycling one block, and holds what every source promises.
pub(super) fn drain(mut source: impl Source) -> Drained {
    let (mut seen, mut interfaces) = (Vec::new(), Vec::new());
    let mut block = Block::default();
    loop {
        match source.next(block) {
            Next::Block(full) => {
                for (id, interface) in &full.interfaces {
                    assert_eq!(usize::from(id.0), interfaces.len(), "ids count up");
                    interfaces.push(interface.clone());
                }
                for frame in full.frames() {
                    let interface = interfaces
                        .get(usize::from(frame.place.interface().0))
                        .expect("announced in time");
                    assert_eq!(interface.link_type, frame.link_type);
                    seen.push(Seen {
                        number: frame.place.number(),
                        nanos: frame.timestamp.nanos(),
                        wire_len: frame.wire_len,
                        interface: frame.place.interface().0,
                        link_type: frame.link_type.0,
                        bytes: frame.bytes.to_vec(),
                    });
                }
                block = full;
            }
            Next::Idle { .. } => block = Block::default(),
            Next::End => break,
        }
    }
    assert!(
        matches!(source.next(Block::default()), Next::End),
        "the end is final"
    );
    Drained {
        seen,
        interfaces,
        summaries: source.summaries(),
    }
}

/// A reader that gives at most so many bytes at once.
struct Trickle(io::Cursor<Vec<u8>>, usize);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.1);
        self.0.read(&mut buffer[..most])
    }
}

/// Opens bytes as a file that is read in pieces of `piece` bytes.
pub(super) fn open_bytes(bytes: &[u8], piece: usize, is_stream: bool) -> Result<CaptureFile, SourceError> {
    let reader = Trickle(io::Cursor::new(bytes.to_vec()), piece);
    let input = Input::from_reader(reader, is_stream, Arc::default()).unwrap();
    CaptureFile::from_input(input, Path::new("test.pcap"), 0, Arc::default())
}

/// Reads bytes as a regular file.
pub(super) fn read(bytes: &[u8]) -> Drained {
    drain(open_bytes(bytes, usize::MAX, false).unwrap())
}

/// A directory of capture files that goes with the test.
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let unique = format!(
            "flowcheck-test-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(unique);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(super) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
