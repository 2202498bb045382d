//! `-w`: what is analysed, into files.
//!
//! Each block is written in one piece of whole packets. Where that fails the file is cut back to its last whole packet, it is
//! told, and the analysis goes on. libpcap's own writer would not tell: it never looks whether a write succeeded.

mod name;
#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;

pub use name::{Dated, RecordOptions};

use super::super::{Next, Source, SourceSummary};
use super::error::LiveError;
use super::watch::Watch;
use crate::frame::{Block, Interface};
use crate::source::written::{Drops, Format};
use crate::time::{SECOND, Timestamp};
use crate::tr;

/// A file that is being written.
struct Open {
    file: File,
    path: PathBuf,
    start: Timestamp,
    /// Bytes of whole packets.
    len: u64,
    packets: u64,
    /// What had been dropped before, by interface.
    drops: Vec<Drops>,
}

/// A source whose packets are recorded on their way.
pub struct Recording<S> {
    source: S,
    watch: Arc<Watch>,
    interfaces: Vec<Interface>,
    options: RecordOptions,
    format: Format,
    open: Option<Open>,
    /// The file's number by size within its time.
    number: u64,
    /// Files begun.
    begun: u64,
    latest: Timestamp,
    is_over: bool,
    bytes: Vec<u8>,
}

impl<S: Source> Recording<S> {
    /// Creates the first file, begun at `now`.
    ///
    /// # Errors
    /// It can't be created, or its format can't hold these interfaces.
    pub fn begin(
        source: S,
        watch: Arc<Watch>,
        options: RecordOptions,
        now: Timestamp,
    ) -> Result<Self, LiveError> {
        let format = options.format();
        let interfaces = watch.known().interfaces;
        let mut link_types = interfaces.iter().map(|interface| interface.link_type);
        let first = link_types.next();
        if format == Format::Pcap && link_types.any(|other| Some(other) != first) {
            return Err(LiveError::MixedPcap {
                path: options.path.display().to_string(),
            });
        }
        let mut recording = Self {
            source,
            watch,
            interfaces,
            format,
            options,
            open: None,
            number: 0,
            begun: 0,
            latest: now,
            is_over: false,
            bytes: Vec::new(),
        };
        let path = recording.options.name(now, 0);
        recording.create(now).map_err(|error| LiveError::Record {
            path: path.display().to_string(),
            user: recording.options.user.clone(),
            error,
        })?;
        Ok(recording)
    }

    fn create(&mut self, start: Timestamp) -> io::Result<()> {
        let path = self.options.name(start, self.number);
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)?;
        let header = self.format.header(&self.interfaces, self.options.snaplen);
        file.write_all(&header)?;
        self.begun += 1;
        self.open = Some(Open {
            file,
            path,
            start,
            len: header.len() as u64,
            packets: 0,
            drops: self.source.summaries().iter().map(Drops::of).collect(),
        });
        Ok(())
    }

    /// Writes the packets of a block, to several files where it is time for another one. Leaves out of the block what
    /// comes after the last file.
    fn record(&mut self, block: &mut Block) {
        let mut done = 0;
        while done < block.records.len() && self.open.is_some() {
            let mut packets = 0;
            let mut turn = false;
            self.bytes.clear();
            for record in block.records.iter().skip(done) {
                turn = self.is_full(record.timestamp);
                if turn {
                    break;
                }
                self.format.packet(&mut self.bytes, &record.frame(&block.arena));
                self.latest = self.latest.max(record.timestamp);
                packets += 1;
            }
            self.write(packets as u64);
            done += packets;
            if turn {
                let at = block
                    .records
                    .get(done)
                    .map_or(self.latest, |record| record.timestamp);
                if !self.next_file(at) {
                    block.records.truncate(done);
                    self.is_over = true;
                }
            }
        }
    }

    /// Whether a packet of this time belongs into another file.
    fn is_full(&self, time: Timestamp) -> bool {
        let Some(open) = &self.open else { return false };
        let packets = open.packets > 0 || !self.bytes.is_empty();
        let len = open.len + self.bytes.len() as u64;
        packets && self.options.bytes.is_some_and(|bytes| len >= bytes) || self.is_late(open, time)
    }

    fn is_late(&self, open: &Open, time: Timestamp) -> bool {
        let age = time.since(open.start) / SECOND;
        self.options
            .seconds
            .is_some_and(|seconds| age >= i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    /// Ends the file and begins the next; returns whether there is one.
    fn next_file(&mut self, time: Timestamp) -> bool {
        let Some(open) = &self.open else { return true };
        let late = self.is_late(open, time);
        let (start, by_size) = (open.start, self.options.bytes.is_some());
        if late && !by_size && self.options.files.is_some_and(|files| self.begun >= files) {
            return false;
        }
        self.end_file();
        self.number = if late { 0 } else { self.number + 1 };
        if let Some(files) = self.options.files.filter(|_| self.options.seconds.is_none()) {
            self.number %= files.max(1);
        }
        if let Err(error) = self.create(if late { time } else { start }) {
            self.give_up(&self.options.name(time, self.number), 0, &error);
        }
        true
    }

    /// Writes what was put together, so many packets.
    fn write(&mut self, packets: u64) {
        let Some(open) = &mut self.open else { return };
        match open.file.write_all(&self.bytes) {
            Ok(()) => {
                open.len += self.bytes.len() as u64;
                open.packets += packets;
            }
            Err(error) => {
                // A device has no length.
                let _ = open.file.set_len(open.len);
                let (path, packets) = (open.path.clone(), open.packets);
                self.open = None;
                self.give_up(&path, packets, &error);
            }
        }
    }

    fn give_up(&self, path: &std::path::Path, packets: u64, error: &io::Error) {
        self.watch.note(tr!(
            "-w {path}: cannot write: {error}; it holds {packets} whole packets and no more are recorded, the analysis goes on",
            path = path.display(),
            error,
            packets
        ));
    }

    /// Writes what was dropped while the file was open.
    fn end_file(&mut self) {
        self.bytes.clear();
        let summaries = self.source.summaries();
        if let Some(open) = &self.open {
            for (interface, (now, before)) in (0..).zip(summaries.iter().map(Drops::of).zip(&open.drops)) {
                let at = self.latest.nanos().max(0).cast_unsigned();
                self.format
                    .statistics(&mut self.bytes, interface, at, now.since(*before));
            }
        }
        self.write(0);
        self.open = None;
    }
}

impl<S: Source> Source for Recording<S> {
    fn next(&mut self, recycled: Block) -> Next {
        if self.is_over {
            self.end_file();
            return Next::End;
        }
        match self.source.next(recycled) {
            Next::Block(mut block) => {
                self.record(&mut block);
                Next::Block(block)
            }
            Next::End => {
                self.end_file();
                Next::End
            }
            idle @ Next::Idle { .. } => idle,
        }
    }

    fn summaries(&self) -> Vec<SourceSummary> {
        self.source.summaries()
    }
}
