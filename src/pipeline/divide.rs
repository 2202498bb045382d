//! The source's thread: reads blocks and divides their frames among the engines.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use crate::engine::{self, Owner};
use crate::frame::{Block, Frame, Interface};
use crate::source::{Next, Source, SourceSummary};
use crate::time::Timestamp;

/// A block that all engines look at, each for its own connections.
struct Divided {
    block: Block,
    /// The engine that each record belongs to; empty if there is but one.
    owners: Vec<u8>,
    /// The place of the first record among all frames of the capture, from 1.
    first: u64,
}

/// The owner of frames that all engines look at.
const EVERYONE: u8 = u8::MAX;

fn number(owner: Owner) -> u8 {
    match owner {
        Owner::Engine(engine) => engine as u8,
        Owner::Everyone => EVERYONE,
    }
}

/// One engine's view of a block.
pub(super) struct Share {
    divided: Arc<Divided>,
    engine: u8,
}

impl Share {
    /// Every frame in order, with its place in the capture: this engine's own, and only the time of the others'.
    #[inline]
    pub(super) fn frames(&self, mut look: impl FnMut(u64, Timestamp, Option<Frame<'_>>)) {
        let Divided { block, owners, first } = &*self.divided;
        for (place, record) in block.records.iter().enumerate() {
            let mine = owners
                .get(place)
                .is_none_or(|owner| *owner == self.engine || *owner == EVERYONE);
            look(
                first + place as u64,
                record.timestamp,
                mine.then(|| record.frame(&block.arena)),
            );
        }
    }

    /// The block, emptied, if this was the last view of it.
    pub(super) fn into_block(self) -> Option<Block> {
        let mut block = Arc::into_inner(self.divided)?.block;
        block.clear();
        Some(block)
    }
}

/// What is known when everything was read.
#[derive(Default)]
pub(super) struct Read {
    pub(super) sources: Vec<SourceSummary>,
    pub(super) interfaces: Vec<Interface>,
}

/// Reading on its way.
pub(super) struct Reading {
    source: Box<dyn Source>,
    interfaces: Vec<Interface>,
    frames: u64,
}

impl Reading {
    pub(super) fn new(source: Box<dyn Source>) -> Self {
        Self {
            source,
            interfaces: Vec::new(),
            frames: 0,
        }
    }

    /// Reads to the end, or until no engine is left.
    pub(super) fn run(mut self, engines: &[Sender<Share>], recycled: &Receiver<Block>) -> Read {
        loop {
            match self.source.next(recycled.try_recv().unwrap_or_default()) {
                Next::Block(block) => {
                    if !self.hand_on(block, engines) {
                        break;
                    }
                }
                Next::Idle => {}
                Next::End => break,
            }
        }
        Read {
            sources: self.source.summaries(),
            interfaces: self.interfaces,
        }
    }

    fn hand_on(&mut self, mut block: Block, engines: &[Sender<Share>]) -> bool {
        self.interfaces
            .extend(block.interfaces.drain(..).map(|(_, interface)| interface));
        let first = self.frames + 1;
        self.frames += block.records.len() as u64;
        let owners = match engines.len() {
            0 | 1 => Vec::new(),
            several => block
                .frames()
                .map(|frame| number(engine::owner(&frame, several)))
                .collect(),
        };
        let divided = Arc::new(Divided { block, owners, first });
        let tell = |(engine, sender): (usize, &Sender<Share>)| {
            sender
                .send(Share {
                    divided: Arc::clone(&divided),
                    engine: engine as u8,
                })
                .is_ok()
        };
        // All must be told, also when one of them is gone.
        engines
            .iter()
            .enumerate()
            .map(tell)
            .fold(false, |any, told| any | told)
    }
}
