//! Moves blocks from the source's thread to the analysis, in order, and back for reuse.
//!
//! In: a [`Source`]. Out: a [`Snapshot`] when it ends. May touch: threads and channels; it joins `source`, `engine`,
//! `aggregate` and `diagnose`. Never: packet contents.
//!
//! Reading and analysis are two threads from the start: the analysis never waits for a disk or a decompressor, and a
//! capture ring never waits for the analysis.

mod assemble;

use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::aggregate::Aggregate;
use crate::diagnose::{ExchangeRecord, Snapshot};
use crate::engine::{Config, Engine};
use crate::frame::{Block, Interface};
use crate::source::{Next, Source};

/// Blocks under way between the threads: enough to bridge a hiccup of either, few enough to stay in the cache.
const BLOCKS: usize = 4;

/// Reads `source` to its end and analyses it.
///
/// `on_exchange` gets every exchange as it completes, if the configuration asks for them.
pub fn analyse(
    mut source: Box<dyn Source>,
    config: Config,
    on_exchange: &mut dyn FnMut(&ExchangeRecord),
) -> Snapshot {
    let (full, blocks) = bounded(BLOCKS);
    let (empty, recycled) = bounded(BLOCKS);
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            read(source.as_mut(), &full, &recycled);
            // The receiver must learn of the end even while the summaries are made.
            drop(full);
            source.summaries()
        });
        let done = Analysis::new(config).run(&blocks, &empty, on_exchange);
        // A reader that panicked has said so on its own; what it had handed over is reported all the same.
        let sources = reader.join().unwrap_or_default();
        assemble::snapshot(done, sources)
    })
}

fn read(source: &mut dyn Source, full: &Sender<Block>, recycled: &Receiver<Block>) {
    loop {
        match source.next(recycled.try_recv().unwrap_or_default()) {
            Next::Block(block) => {
                if full.send(block).is_err() {
                    return;
                }
            }
            Next::Idle => {}
            Next::End => return,
        }
    }
}

/// The analysis of one capture.
struct Analysis {
    engine: Engine,
    aggregate: Aggregate,
    interfaces: Vec<Interface>,
    config: Config,
}

impl Analysis {
    fn new(config: Config) -> Self {
        Self {
            engine: Engine::new(config.clone()),
            aggregate: Aggregate::new(config.thresholds.clone(), config.keep_connections),
            interfaces: Vec::new(),
            config,
        }
    }

    fn run(
        mut self,
        blocks: &Receiver<Block>,
        empty: &Sender<Block>,
        on_exchange: &mut dyn FnMut(&ExchangeRecord),
    ) -> Self {
        let (mut events, mut exchanges) = (Vec::new(), Vec::new());
        for mut block in blocks {
            self.interfaces
                .extend(block.interfaces.drain(..).map(|(_, interface)| interface));
            for frame in block.frames() {
                self.engine.frame(&frame);
            }
            block.clear();
            // A full channel means that enough blocks are under way: this one's memory is let go.
            let _ = empty.try_send(block);
            self.hand_on(&mut events, &mut exchanges, on_exchange);
        }
        self.engine.finish();
        self.hand_on(&mut events, &mut exchanges, on_exchange);
        self.aggregate.settle();
        self
    }

    fn hand_on(
        &mut self,
        events: &mut Vec<crate::aggregate::LegEvent>,
        exchanges: &mut Vec<ExchangeRecord>,
        on_exchange: &mut dyn FnMut(&ExchangeRecord),
    ) {
        self.engine.take(events, exchanges);
        if let (Some(start), clock) = (self.engine.start(), self.engine.clock()) {
            self.aggregate.begin(start);
            self.aggregate.apply(events);
            self.aggregate.advance(clock);
        }
        exchanges.iter().for_each(on_exchange);
    }
}
