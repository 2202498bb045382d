//! One file of a merge: closed, or open with a block from which packets are taken.

use std::path::{Path, PathBuf};

use super::error::SourceError;
use super::file::{CaptureFile, Shared};
use super::merge::Due;
use super::{Next, Source, SourceSummary};
use crate::frame::{Block, Interface, InterfaceId, Record};
use crate::limits::{BLOCK_BYTES, MERGED_BLOCK_BYTES};
use crate::time::Timestamp;
use crate::tr;

/// One file of a merge.
pub(super) struct Lane {
    path: PathBuf,
    file: Option<CaptureFile>,
    pub(super) is_stream: bool,
    /// The summary while the file is closed.
    summary: SourceSummary,
    pub(super) block: Block,
    /// The next record of the block.
    pub(super) at: usize,
    /// The running maximum of packet times up to the next record.
    pub(super) clock: Timestamp,
}

impl Lane {
    /// Opens a file for a look at its first packet's time.
    pub(super) fn look_at(
        path: &Path,
        index: usize,
        shared: &Shared,
    ) -> Result<(Self, Option<Timestamp>), SourceError> {
        let source = index as u16;
        let mut lane = Self {
            path: path.to_owned(),
            file: None,
            is_stream: CaptureFile::is_stream(path),
            summary: SourceSummary::default(),
            block: Block::default(),
            at: 0,
            clock: Timestamp::MIN,
        };
        if lane.is_stream {
            lane.file = Some(CaptureFile::open(path, source, shared)?);
            return Ok((lane, None));
        }
        let mut file = CaptureFile::open(path, source, &Shared::default())?.hasty();
        let first = match file.next(Block::default()) {
            Next::Block(block) => block.records.first().map(|record| record.timestamp),
            Next::Idle { .. } | Next::End => None,
        };
        lane.summary = file.summary();
        if first.is_some() {
            lane.summary = SourceSummary {
                packets: 0,
                warnings: Vec::new(),
                truncated_at_byte: None,
                skipped_bytes: 0,
                damaged_places: 0,
                ..lane.summary
            };
        }
        Ok((lane, first))
    }

    /// Opens the file for good; that it opened before is no promise.
    pub(super) fn open_again(&mut self, index: usize, lanes: usize, shared: &Shared) {
        match CaptureFile::open(&self.path, index as u16, shared) {
            Ok(file) => {
                let arena_bytes = (BLOCK_BYTES / lanes.max(1)).max(MERGED_BLOCK_BYTES);
                self.file = Some(file.with_arena(arena_bytes));
            }
            Err(error) => {
                self.summary.warnings.push(tr!(
                    "{error}; it was sound at the start, and nothing of it was read",
                    error
                ));
                self.summary.truncated_at_byte = Some(0);
            }
        }
    }

    /// Reads the next block. At the end the file is closed and the block comes back.
    pub(super) fn read(
        &mut self,
        recycled: Block,
        unannounced: &mut Vec<(InterfaceId, Interface)>,
    ) -> Option<Block> {
        self.at = 0;
        let Some(file) = &mut self.file else {
            return Some(recycled);
        };
        match file.next(recycled) {
            Next::Block(mut block) => {
                unannounced.append(&mut block.interfaces);
                self.block = block;
                None
            }
            Next::Idle { .. } | Next::End => {
                self.summary = file.summary();
                self.file = None;
                Some(Block::default())
            }
        }
    }

    /// When the next packet is due.
    pub(super) fn next_time(&mut self) -> Option<Timestamp> {
        let record = self.block.records.get(self.at)?;
        self.clock = self.clock.max(record.timestamp);
        Some(self.clock)
    }

    /// How many packets of the block are due before `bound`; at least the one this lane was chosen for.
    pub(super) fn run(&self, index: usize, bound: Option<Due>) -> usize {
        let rest = self.block.records.get(self.at..).unwrap_or_default();
        let Some(bound) = bound else { return rest.len() };
        let mut clock = self.clock;
        let run = rest.iter().take_while(|record| {
            clock = clock.max(record.timestamp);
            (clock, index) < bound
        });
        run.count().max(1)
    }

    /// Copies so many packets into another block.
    pub(super) fn copy(&mut self, count: usize, out: &mut Block) {
        if out.records.is_empty() {
            out.arena.clear();
        }
        for record in self.block.records.iter().skip(self.at).take(count) {
            self.clock = self.clock.max(record.timestamp);
            let bytes = record.frame(&self.block.arena).bytes;
            let offset = out.arena.len() as u32;
            out.arena.extend_from_slice(bytes);
            out.records.push(Record { offset, ..*record });
        }
        self.at += count;
    }

    /// Gives away the block with the packets not yet copied.
    pub(super) fn hand_on(&mut self) -> Block {
        let mut block = std::mem::take(&mut self.block);
        block.records.drain(..self.at);
        self.at = 0;
        self.clock = block
            .records
            .iter()
            .map(|record| record.timestamp)
            .fold(self.clock, Timestamp::max);
        block
    }

    /// Whether the block has no packet left.
    pub(super) fn is_used_up(&self) -> bool {
        self.at >= self.block.records.len()
    }

    /// Whether the file is open.
    pub(super) fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// The summary as far as the file was read.
    pub(super) fn summary(&self) -> SourceSummary {
        self.file
            .as_ref()
            .map_or_else(|| self.summary.clone(), CaptureFile::summary)
    }
}
