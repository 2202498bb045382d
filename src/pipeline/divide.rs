//! The source's thread: reads blocks, and divides their frames among the engines.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender};

use crate::engine::{self, Ahead, Engine, Owner};
use crate::frame::{Block, Interface};
use crate::source::{Next, Source, SourceSummary};
use crate::time::{Nanos, Timestamp};

/// One frame of an engine.
#[derive(Clone, Copy)]
struct Own {
    /// Its place in the block.
    place: u32,
    /// By how many nanoseconds it is older than the latest frame up to it.
    behind: u32,
}

impl Own {
    /// Older by this or more.
    const LONG: u32 = u32::MAX;
}

/// A block, and which of its frames are whose. Its memory is used again.
#[derive(Default)]
pub(super) struct Divided {
    block: Block,
    /// The frames of each engine; nothing if a single one has them all.
    parts: Vec<Vec<Own>>,
    /// The place of the first record among all frames of the capture, from 1.
    first: u64,
    /// The running maximum of packet time at its end. A single engine has it of the frames, and is told of silence alone.
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
        let Some(earliest) = records.first() else {
            // Silence counts as soon as there was a packet.
            if engine.start().is_some() {
                engine.advance(*clock);
            }
            return;
        };
        engine.begin(earliest.timestamp);
        let Some(part) = parts.get(self.engine) else {
            engine.advance(*clock);
            return show_all(block, *first, engine);
        };
        let mut next = 0;
        let mut ahead = Ahead::default();
        for some in part.chunks(Ahead::MOST) {
            let frames = some.iter().map(|own| records[own.place as usize].frame(arena));
            engine.look_ahead(frames, &mut ahead);
            for (own, found) in some.iter().zip(ahead.found()) {
                let place = own.place as usize;
                let record = &records[place];
                let order = first + place as u64;
                if own.behind == Own::LONG || engine.minds_time(first + next as u64, order) {
                    for (record, order) in records[next..=place].iter().zip(first + next as u64..) {
                        engine.pass(order, record.timestamp);
                    }
                } else {
                    engine.advance(record.timestamp.plus(Nanos::from(own.behind)));
                }
                next = place + 1;
                match found {
                    Some(found) => engine.found(order, found),
                    None => engine.frame(order, &record.frame(arena)),
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

/// Shows the only engine all frames of a block, whose first is the capture's `first`-th.
fn show_all(Block { records, arena, .. }: &Block, first: u64, engine: &mut Engine) {
    let mut ahead = Ahead::default();
    let mut order = first;
    for some in records.chunks(Ahead::MOST) {
        engine.look_ahead(some.iter().map(|record| record.frame(arena)), &mut ahead);
        for (record, found) in some.iter().zip(ahead.found()) {
            engine.pass(order, record.timestamp);
            match found {
                Some(found) => engine.found(order, found),
                None => engine.frame(order, &record.frame(arena)),
            }
            order += 1;
        }
    }
}

/// What is known when everything was read.
#[derive(Default)]
pub(super) struct Read {
    pub(super) sources: Vec<SourceSummary>,
    pub(super) interfaces: Vec<Interface>,
}

/// The interfaces known so far, by their ids: those of a packet before the packet is analysed.
#[derive(Clone, Default)]
pub(super) struct Interfaces(Arc<Mutex<Vec<Interface>>>);

impl Interfaces {
    pub(super) fn look(&self) -> MutexGuard<'_, Vec<Interface>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reading on its way.
pub(super) struct Reading {
    source: Box<dyn Source>,
    interfaces: Interfaces,
    frames: u64,
    clock: Timestamp,
}

impl Reading {
    pub(super) fn new(source: Box<dyn Source>, interfaces: Interfaces) -> Self {
        Self {
            source,
            interfaces,
            frames: 0,
            clock: Timestamp::MIN,
        }
    }

    /// Reads to the end, or until no engine is left.
    pub(super) fn run(mut self, engines: &[Sender<Share>], used: &Receiver<Divided>) -> Read {
        while self.step(engines, used) {}
        self.end()
    }

    /// Reads a block and hands it on; whether there may be another one, and somebody to analyse it.
    pub(super) fn step(&mut self, engines: &[Sender<Share>], used: &Receiver<Divided>) -> bool {
        let mut memory = used.try_recv().unwrap_or_default();
        memory.block.clear();
        match self.source.next(std::mem::take(&mut memory.block)) {
            Next::Block(block) => {
                memory.block = block;
                self.hand_on(memory, engines)
            }
            Next::Idle { until } => {
                self.clock = self.clock.max(until.unwrap_or(Timestamp::MIN));
                memory.block.clear();
                self.hand_on(memory, engines)
            }
            Next::End => false,
        }
    }

    /// What is known when no more is read.
    pub(super) fn end(self) -> Read {
        Read {
            sources: self.source.summaries(),
            interfaces: self.interfaces.look().clone(),
        }
    }

    fn hand_on(&mut self, mut divided: Divided, engines: &[Sender<Share>]) -> bool {
        if !divided.block.interfaces.is_empty() {
            let fresh = divided.block.interfaces.drain(..);
            self.interfaces
                .look()
                .extend(fresh.map(|(_, interface)| interface));
        }
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
        if engines == 1 {
            *clock = self.clock;
            return;
        }
        parts.resize_with(engines, Vec::new);
        for part in parts.iter_mut() {
            part.clear();
        }
        for (place, record) in (0..).zip(&block.records) {
            self.clock = self.clock.max(record.timestamp);
            let behind = u32::try_from(self.clock.since(record.timestamp)).unwrap_or(Own::LONG);
            let own = Own { place, behind };
            match engine::owner(&record.frame(&block.arena), engines) {
                Owner::Engine(engine) => parts[engine].push(own),
                Owner::Everyone => parts.iter_mut().for_each(|part| part.push(own)),
            }
        }
        *clock = self.clock;
    }
}
