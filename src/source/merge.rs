//! Several files as one capture, merged by time.
//!
//! Within a file packets keep their order, its clock being the running maximum of their times; between files the one
//! whose next packet is earliest goes first, and the one named first among equals. A file stays closed until the time
//! of its first packet has come, so that thousands of rotated files need one descriptor and one arena.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::path::PathBuf;

use super::error::SourceError;
use super::file::Shared;
use super::lane::Lane;
use super::{Next, Source, SourceSummary};
use crate::frame::{Block, Interface, InterfaceId};
use crate::limits::{BLOCK_BYTES, SPARE_BLOCKS};
use crate::time::Timestamp;

/// A whole rest of a block with at least so many packets is handed on uncopied.
const WORTH_HANDING_ON: usize = 256;

/// When a lane's next packet is due; lanes are ordered by it, and by the order of the arguments.
pub(super) type Due = (Timestamp, usize);

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
                _ if lane.is_open() => streams.push(index),
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
        if lane.is_used_up() {
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
        self.lanes.iter().map(Lane::summary).collect()
    }
}
