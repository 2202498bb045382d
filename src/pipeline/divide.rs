//! The source's thread: reads blocks, decodes what is plain, and divides their frames among the engines.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use crate::decode::Compact;
use crate::engine::{self, Ahead, Engine, Owner};
use crate::frame::{Block, Interface};
use crate::source::{Next, Source, SourceSummary};
use crate::time::{Nanos, Timestamp};

/// One frame of an engine.
struct Own {
    /// Its place in the block.
    place: u32,
    /// By how many nanoseconds it is older than the latest frame up to it.
    behind: u32,
    /// `None` if the engine has to look at the frame itself.
    compact: Option<Compact>,
}

/// An engine's frames of a block.
#[derive(Default)]
struct Part {
    own: Vec<Own>,
    /// Frames decoded already, and their bytes on the wire.
    packets: u64,
    bytes: u64,
}

/// A block, and which of its frames are whose. Its memory is used again.
#[derive(Default)]
pub(super) struct Divided {
    block: Block,
    parts: Vec<Part>,
    /// The place of the first record among all frames of the capture, from 1.
    first: u64,
    /// The running maximum of packet time at its end.
    clock: Timestamp,
}

/// One engine's view of a block.
pub(super) struct Share {
    divided: Arc<Divided>,
    engine: usize,
}

impl Share {
    /// Shows the engine its frames in order, and the time of the others' where that matters to it.
    pub(super) fn show(&self, engine: &mut Engine) {
        let Divided {
            block,
            parts,
            first,
            clock,
        } = &*self.divided;
        let Block { records, arena, .. } = block;
        let Some(part) = parts.get(self.engine) else {
            return;
        };
        let Some(earliest) = records.first() else {
            // Silence counts as soon as there was a packet.
            if engine.start().is_some() {
                engine.advance(*clock);
            }
            return;
        };
        engine.begin(earliest.timestamp);
        engine.count(part.packets, part.bytes);
        let mut next = 0;
        let mut ahead = Ahead::default();
        for some in part.own.chunks(Ahead::MOST) {
            engine.look_ahead(some.iter().map(|own| own.compact.as_ref()), arena, &mut ahead);
            for (own, found) in some.iter().zip(ahead.found()) {
                let place = own.place as usize;
                let order = first + place as u64;
                if own.compact.is_none() || engine.minds_time(first + next as u64, order) {
                    let between = records.get(next..place).unwrap_or_default();
                    for (record, order) in between.iter().zip(first + next as u64..) {
                        engine.pass(order, record.timestamp);
                    }
                }
                next = place + 1;
                if let Some(compact) = &own.compact {
                    let clock = compact.timestamp().plus(Nanos::from(own.behind));
                    engine.compact(order, clock, compact.segment(arena), found);
                } else if let Some(record) = records.get(place) {
                    engine.frame(order, &record.frame(arena));
                }
            }
        }
        if engine.minds_time(first + next as u64, first + records.len() as u64) {
            for (record, order) in records[next..].iter().zip(first + next as u64..) {
                engine.pass(order, record.timestamp);
            }
        }
        engine.advance(*clock);
    }

    /// How many frames of the capture have been read with this block.
    pub(super) fn frames(&self) -> u64 {
        self.divided.first + self.divided.block.records.len() as u64 - 1
    }

    /// The memory, if this was the last view of it.
    pub(super) fn into_memory(self) -> Option<Divided> {
        Arc::into_inner(self.divided)
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
    clock: Timestamp,
}

impl Reading {
    pub(super) fn new(source: Box<dyn Source>) -> Self {
        Self {
            source,
            interfaces: Vec::new(),
            frames: 0,
            clock: Timestamp::MIN,
        }
    }

    /// Reads to the end, or until no engine is left.
    pub(super) fn run(mut self, engines: &[Sender<Share>], used: &Receiver<Divided>) -> Read {
        loop {
            let mut memory = used.try_recv().unwrap_or_default();
            memory.block.clear();
            match self.source.next(std::mem::take(&mut memory.block)) {
                Next::Block(block) => {
                    memory.block = block;
                    if !self.hand_on(memory, engines) {
                        break;
                    }
                }
                Next::Idle { until } => {
                    self.clock = self.clock.max(until.unwrap_or(Timestamp::MIN));
                    memory.block.clear();
                    if !self.hand_on(memory, engines) {
                        break;
                    }
                }
                Next::End => break,
            }
        }
        Read {
            sources: self.source.summaries(),
            interfaces: self.interfaces,
        }
    }

    fn hand_on(&mut self, mut divided: Divided, engines: &[Sender<Share>]) -> bool {
        self.interfaces
            .extend(divided.block.interfaces.drain(..).map(|(_, interface)| interface));
        divided.first = self.frames + 1;
        self.frames += divided.block.records.len() as u64;
        self.divide(&mut divided, engines.len());
        let divided = Arc::new(divided);
        let tell = |(engine, sender): (usize, &Sender<Share>)| {
            sender
                .send(Share {
                    divided: Arc::clone(&divided),
                    engine,
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

    fn divide(&mut self, divided: &mut Divided, engines: usize) {
        let Divided {
            block, parts, clock, ..
        } = divided;
        parts.resize_with(engines, Part::default);
        for part in parts.iter_mut() {
            part.own.clear();
            (part.packets, part.bytes) = (0, 0);
        }
        for (place, record) in block.records.iter().enumerate() {
            self.clock = self.clock.max(record.timestamp);
            let (place, behind) = (place as u32, self.clock.since(record.timestamp));
            let (engine, compact) = match engine::owner(&record.frame(&block.arena), record.offset, engines) {
                Owner::Plain(engine, compact) => (engine, u32::try_from(behind).is_ok().then_some(compact)),
                Owner::Engine(engine) => (engine, None),
                Owner::Everyone => {
                    for part in parts.iter_mut() {
                        part.own.push(Own {
                            place,
                            behind: 0,
                            compact: None,
                        });
                    }
                    continue;
                }
            };
            if let Some(part) = parts.get_mut(engine) {
                if compact.is_some() {
                    part.packets += 1;
                    part.bytes += u64::from(record.wire_len);
                }
                part.own.push(Own {
                    place,
                    behind: behind as u32,
                    compact,
                });
            }
        }
        *clock = self.clock;
    }
}
