//! Several files as one capture, merged by time.
//!
//! Within a file packets keep their order, its clock being the running maximum of their times; between files the one
//! whose next packet is earliest goes first, and the one named first among equals. A file stays closed until the time
//! of its first packet has come, so that thousands of rotated files need one descriptor and one arena.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::path::{Path, PathBuf};

use super::error::SourceError;
use super::file::{CaptureFile, Shared};
use super::{Next, Source, SourceSummary};
use crate::frame::{Block, Interface, InterfaceId, Record};
use crate::limits::{BLOCK_BYTES, MERGED_BLOCK_BYTES, SPARE_BLOCKS};
use crate::time::Timestamp;

/// A whole rest of a block with at least so many packets is handed on uncopied.
const WORTH_HANDING_ON: usize = 256;

/// When a lane's next packet is due; lanes are ordered by it, and by the order of the arguments.
type Due = (Timestamp, usize);

/// Files merged by time.
pub(super) struct Merge {
    /// One for each file, in the order given.
    lanes: Vec<Lane>,
    /// Files whose time has not come, by their first packet's time.
    waiting: VecDeque<Due>,
    /// Open files that have a packet.
    open: BinaryHeap<Reverse<Due>>,
    /// Interfaces that no block has announced yet.
    unannounced: Vec<(InterfaceId, Interface)>,
    spare: Vec<Block>,
    /// The lane whose block was handed on; it is read on only when asked for more, as a stream may keep us waiting.
    used_up: Option<usize>,
    shared: Shared,
}

struct Lane {
    path: PathBuf,
    file: Option<CaptureFile>,
    is_stream: bool,
    /// The summary while the file is closed.
    summary: SourceSummary,
    block: Block,
    /// The next record of the block.
    at: usize,
    /// The running maximum of packet times up to the next record.
    clock: Timestamp,
}

impl Merge {
    /// Opens every file, looks at its first packet, and closes it again unless it is a stream.
    pub(super) fn open(paths: &[PathBuf], shared: Shared) -> Result<Self, SourceError> {
        let mut merge = Self {
            lanes: Vec::with_capacity(paths.len()),
            waiting: VecDeque::new(),
            open: BinaryHeap::new(),
            unannounced: Vec::new(),
            spare: Vec::new(),
            used_up: None,
            shared,
        };
        let mut streams = Vec::new();
        for (index, path) in paths.iter().enumerate() {
            let (lane, first) = Lane::look_at(path, index, &merge.shared)?;
            match first {
                _ if lane.file.is_some() => streams.push(index),
                Some(first) => merge.waiting.push_back((first, index)),
                None => {}
            }
            merge.lanes.push(lane);
        }
        merge.waiting.make_contiguous().sort_unstable();
        // Last, because their first packet may be long in coming, and an error in a file should not wait for it.
        for index in streams {
            merge.advance(index);
        }
        Ok(merge)
    }

    /// Opens the files whose first packet is due before every packet of the open ones.
    fn admit(&mut self) {
        while let Some(&due) = self.waiting.front() {
            if self.open.peek().is_some_and(|Reverse(open)| *open < due) {
                return;
            }
            self.waiting.pop_front();
            let lanes = self.open.len() + 1;
            if let Some(lane) = self.lanes.get_mut(due.1) {
                lane.open_again(due.1, lanes, &self.shared);
            }
            self.advance(due.1);
        }
    }

    /// Sees to it that a lane with packets left stands in the heap, reading on if its block is used up.
    fn advance(&mut self, index: usize) {
        let Some(lane) = self.lanes.get_mut(index) else {
            return;
        };
        if lane.at >= lane.block.records.len() {
            let used = std::mem::take(&mut lane.block);
            let recycled = if used.arena.is_empty() {
                self.spare.pop().unwrap_or_default()
            } else {
                used
            };
            if let Some(unused) = lane.read(recycled, &mut self.unannounced) {
                self.keep(unused);
                return;
            }
        }
        if let Some(time) = lane.next_time() {
            self.open.push(Reverse((time, index)));
        }
    }

    fn keep(&mut self, block: Block) {
        if self.spare.len() < SPARE_BLOCKS {
            self.spare.push(block);
        }
    }

    /// When the earliest packet that is not of the lane just taken from the heap is due.
    fn bound(&self) -> Option<Due> {
        let open = self.open.peek().map(|Reverse(due)| *due);
        [open, self.waiting.front().copied()].into_iter().flatten().min()
    }
}

impl Source for Merge {
    fn next(&mut self, recycled: Block) -> Next {
        let mut out = recycled;
        out.clear();
        if let Some(index) = self.used_up.take() {
            self.advance(index);
        }
        loop {
            self.admit();
            let Some(Reverse(due)) = self.open.pop() else {
                break;
            };
            let (_, index) = due;
            let bound = self.bound();
            let Some(lane) = self.lanes.get_mut(index) else {
                break;
            };
            let run = lane.run(index, bound);
            let is_rest = lane.at + run == lane.block.records.len();
            if is_rest && out.records.is_empty() {
                let used = std::mem::replace(&mut out, lane.hand_on());
                self.keep(used);
                self.used_up = Some(index);
                break;
            }
            if is_rest && run >= WORTH_HANDING_ON {
                self.open.push(Reverse(due));
                break;
            }
            lane.copy(run, &mut out);
            if is_rest && lane.is_stream {
                self.used_up = Some(index);
                break;
            }
            self.advance(index);
            if out.arena.len() >= BLOCK_BYTES {
                break;
            }
        }
        if out.records.is_empty() {
            return Next::End;
        }
        out.interfaces.append(&mut self.unannounced);
        Next::Block(out)
    }

    fn summaries(&self) -> Vec<SourceSummary> {
        self.lanes
            .iter()
            .map(|lane| {
                lane.file
                    .as_ref()
                    .map_or_else(|| lane.summary.clone(), CaptureFile::summary)
            })
            .collect()
    }
}

impl Lane {
    /// Opens a file for a look at its first packet's time.
    fn look_at(path: &Path, index: usize, shared: &Shared) -> Result<(Self, Option<Timestamp>), SourceError> {
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
            Next::Idle | Next::End => None,
        };
        lane.summary = file.summary();
        if first.is_some() {
            lane.summary.packets = 0;
            lane.summary.warnings.clear();
            lane.summary.truncated_at_byte = None;
        }
        Ok((lane, first))
    }

    /// Opens the file for good; that it opened before is no promise.
    fn open_again(&mut self, index: usize, lanes: usize, shared: &Shared) {
        match CaptureFile::open(&self.path, index as u16, shared) {
            Ok(file) => {
                let arena_bytes = (BLOCK_BYTES / lanes.max(1)).max(MERGED_BLOCK_BYTES);
                self.file = Some(file.with_arena(arena_bytes));
            }
            Err(error) => {
                self.summary.warnings.push(format!(
                    "{error}; it was sound at the start, and nothing of it was read"
                ));
                self.summary.truncated_at_byte = Some(0);
            }
        }
    }

    /// Reads the next block. At the end the file is closed and the block comes back.
    fn read(&mut self, recycled: Block, unannounced: &mut Vec<(InterfaceId, Interface)>) -> Option<Block> {
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
            Next::Idle | Next::End => {
                self.summary = file.summary();
                self.file = None;
                Some(Block::default())
            }
        }
    }

    /// When the next packet is due.
    fn next_time(&mut self) -> Option<Timestamp> {
        let record = self.block.records.get(self.at)?;
        self.clock = self.clock.max(record.timestamp);
        Some(self.clock)
    }

    /// How many packets of the block are due before `bound`; at least the one this lane was chosen for.
    fn run(&self, index: usize, bound: Option<Due>) -> usize {
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
    fn copy(&mut self, count: usize, out: &mut Block) {
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
    fn hand_on(&mut self) -> Block {
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
}
