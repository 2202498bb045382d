//! Which packets of a capture are wanted: a time range, a filter, a count.

use super::filter::Filter;
use super::{Next, Source, SourceSummary};
use crate::frame::Block;
use crate::time::{Nanos, Timestamp};

/// A moment of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A point in time.
    At(Timestamp),
    /// Nanoseconds after the capture's first packet.
    After(Nanos),
}

impl Moment {
    fn resolve(self, first: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::After(span) => first.plus(span),
        }
    }
}

/// Which packets are wanted; all by default.
#[derive(Debug, Default)]
pub struct OpenOptions {
    /// End after so many packets that are in range and pass the filter.
    pub count: Option<u64>,
    /// Leave out packets captured before this moment.
    pub from: Option<Moment>,
    /// Leave out packets captured after this moment.
    pub to: Option<Moment>,
    /// Leave out packets that do not match.
    pub filter: Option<Filter>,
}

impl OpenOptions {
    /// Whether every packet is wanted.
    pub(super) fn is_everything(&self) -> bool {
        self.count.is_none() && self.from.is_none() && self.to.is_none() && self.filter.is_none()
    }
}

/// A source of which only some packets are handed on.
pub(super) struct Selection<S> {
    source: S,
    wanted: OpenOptions,
    /// The time of the capture's first packet, before any selection.
    first: Option<Timestamp>,
    /// Packets still wanted.
    left: u64,
}

impl<S: Source> Selection<S> {
    pub(super) fn new(source: S, wanted: OpenOptions) -> Self {
        let left = wanted.count.unwrap_or(u64::MAX);
        Self {
            source,
            wanted,
            first: None,
            left,
        }
    }

    /// Takes the unwanted records out of a block; its bytes stay where they are.
    fn select(&mut self, block: &mut Block) {
        let Some(first) = block.records.first().map(|record| record.timestamp) else {
            return;
        };
        let first = *self.first.get_or_insert(first);
        let from = self.wanted.from.map(|moment| moment.resolve(first));
        let to = self.wanted.to.map(|moment| moment.resolve(first));
        let Block { arena, records, .. } = block;
        if from.is_some() || to.is_some() {
            records.retain(|record| {
                from.is_none_or(|from| record.timestamp >= from) && to.is_none_or(|to| record.timestamp <= to)
            });
        }
        if let Some(filter) = &mut self.wanted.filter {
            records.retain(|record| filter.matches(&record.frame(arena)));
        }
        records.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        if self.wanted.count.is_some() {
            self.left -= records.len() as u64;
        }
    }
}

impl<S: Source> Source for Selection<S> {
    /// A block may come out empty of packets: interfaces must be announced, and whoever waits sees that time passes.
    fn next(&mut self, recycled: Block) -> Next {
        if self.left == 0 {
            return Next::End;
        }
        match self.source.next(recycled) {
            Next::Block(mut block) => {
                self.select(&mut block);
                Next::Block(block)
            }
            other => other,
        }
    }

    fn summaries(&self) -> Vec<SourceSummary> {
        let mut summaries = self.source.summaries();
        if let (Some(filter), Some(summary)) = (&self.wanted.filter, summaries.first_mut()) {
            summary.warnings.extend_from_slice(filter.warnings());
        }
        summaries
    }
}
