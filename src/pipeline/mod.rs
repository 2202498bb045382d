//! Moves blocks from the source's thread to the analysis, in order, and back for reuse.
//!
//! In: a [`Source`]. Out: a [`Snapshot`] when it ends. May touch: threads and channels; it joins `source`, `engine`,
//! `aggregate` and `diagnose`. Never: packet contents.
//!
//! Reading, analysis and adding up are a thread each: the analysis never waits for a disk or a decompressor, a capture
//! ring never waits for the analysis, and what needs order across connections stands apart from what one connection
//! does, so that the analysis can be divided.

mod assemble;

use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::aggregate::{Aggregate, LegEvent};
use crate::diagnose::{ExchangeRecord, Snapshot};
use crate::engine::{Config, Engine};
use crate::frame::{Block, Interface};
use crate::source::{Next, Source};
use crate::time::Timestamp;

/// Blocks and batches under way between threads: enough to bridge a hiccup of either, few enough to stay in the cache.
const UNDER_WAY: usize = 4;

/// What the analysis found in one block.
#[derive(Default)]
struct Batch {
    events: Vec<LegEvent>,
    /// First packet of the capture, and packet time at the end of the block.
    span: Option<(Timestamp, Timestamp)>,
}

/// Reads `source` to its end and analyses it.
///
/// `on_exchange` gets every exchange as it completes, if the configuration asks for them.
pub fn analyse(
    mut source: Box<dyn Source>,
    config: Config,
    on_exchange: &mut dyn FnMut(&ExchangeRecord),
) -> Snapshot {
    let (full, blocks) = bounded(UNDER_WAY);
    let (empty, recycled) = bounded(UNDER_WAY);
    let (found, batches) = bounded(UNDER_WAY);
    let (used, fresh) = bounded(UNDER_WAY);
    let mut analysis = Analysis {
        engine: Engine::new(config.clone()),
        interfaces: Vec::new(),
    };
    let mut aggregate = Aggregate::new(config.thresholds.clone(), config.keep_connections);
    let sources = thread::scope(|scope| {
        let reader = scope.spawn(move || {
            read(source.as_mut(), &full, &recycled);
            // The receiver must learn of the end even while the summaries are made.
            drop(full);
            source.summaries()
        });
        let adder = scope.spawn(|| add_up(&mut aggregate, &batches, &used));
        analysis.run(&blocks, &empty, &found, &fresh, on_exchange);
        drop(found);
        // A thread that panicked has said so on its own; what the others have is reported all the same.
        let _ = adder.join();
        reader.join().unwrap_or_default()
    });
    assemble::snapshot(analysis, aggregate, config, sources)
}

/// The source's thread.
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

/// The thread that needs the order of events across connections.
fn add_up(aggregate: &mut Aggregate, batches: &Receiver<Batch>, used: &Sender<Batch>) {
    for mut batch in batches {
        if let Some((start, clock)) = batch.span {
            aggregate.begin(start);
            aggregate.apply(&mut batch.events);
            aggregate.advance(clock);
        }
        let _ = used.try_send(batch);
    }
    aggregate.settle();
}

/// The thread that looks into the packets.
struct Analysis {
    engine: Engine,
    interfaces: Vec<Interface>,
}

impl Analysis {
    fn run(
        &mut self,
        blocks: &Receiver<Block>,
        empty: &Sender<Block>,
        found: &Sender<Batch>,
        fresh: &Receiver<Batch>,
        on_exchange: &mut dyn FnMut(&ExchangeRecord),
    ) {
        let mut exchanges = Vec::new();
        let mut hand_on = |engine: &mut Engine| {
            let mut batch = fresh.try_recv().unwrap_or_default();
            engine.take(&mut batch.events, &mut exchanges);
            batch.span = engine.start().map(|start| (start, engine.clock()));
            exchanges.iter().for_each(&mut *on_exchange);
            // Without a receiver there is nobody left to tell.
            let _ = found.send(batch);
        };
        for mut block in blocks {
            self.interfaces
                .extend(block.interfaces.drain(..).map(|(_, interface)| interface));
            for frame in block.frames() {
                self.engine.frame(&frame);
            }
            block.clear();
            // A full channel means that enough blocks are under way: this one's memory is let go.
            let _ = empty.try_send(block);
            hand_on(&mut self.engine);
        }
        self.engine.finish();
        hand_on(&mut self.engine);
    }
}
