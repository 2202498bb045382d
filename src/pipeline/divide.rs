//! The source's thread: reads blocks, and divides their frames among the engines.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender};

use crate::engine::{self, Ahead, Engine, Found, KeyHasher, Owner};
use crate::frame::{Block, Interface};
use crate::source::{Next, Source, SourceSummary};
use crate::time::{Nanos, Timestamp};

/// An engine that this many blocks wait for is behind.
const BEHIND: usize = 1;

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
    /// The frames of each engine.
    parts: Vec<Vec<Own>>,
    /// What those of each engine say, if the source's thread had the time to look; else nothing.
    found: Vec<Vec<Found>>,
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
            found,
            first,
            clock,
        } = &*self.divided;
        let Some(earliest) = block.records.first() else {
            // Silence counts as soon as there was a packet.
            if engine.start().is_some() {
                engine.advance(*clock);
            }
            return;
        };
        let part = parts.get(self.engine).map_or(&[][..], Vec::as_slice);
        let found = found.get(self.engine).map_or(&[][..], Vec::as_slice);
        engine.begin(earliest.timestamp);
        let mut shown = Shown {
            block,
            first: *first,
            next: 0,
            ahead: Ahead::default(),
        };
        if found.is_empty() {
            shown.look_and_show(part, engine);
        } else {
            shown.show(part, found, engine);
        }
        shown.pass(engine);
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

/// Showing an engine its part of a block.
struct Shown<'a> {
    block: &'a Block,
    /// The place of the first record among all frames of the capture.
    first: u64,
    /// The record after the last one that the engine knows the time of.
    next: usize,
    ahead: Ahead,
}

impl Shown<'_> {
    /// Frames that nobody has looked at.
    fn look_and_show(&mut self, part: &[Own], engine: &mut Engine) {
        let Block { records, arena, .. } = self.block;
        let hasher = engine.hasher();
        let mut found = [Found::NOTHING; Ahead::MOST];
        for some in part.chunks(Ahead::MOST) {
            for (own, found) in some.iter().zip(&mut found) {
                found.look(&records[own.place as usize], arena, &hasher);
                engine.fetch(found, arena);
            }
            self.show_some(some, &found, engine);
        }
    }

    /// Frames that were looked at.
    fn show(&mut self, part: &[Own], found: &[Found], engine: &mut Engine) {
        let arena = &self.block.arena;
        let mut coming = found.chunks(Ahead::MOST);
        let mut fetch = |engine: &Engine| {
            for found in coming.next().into_iter().flatten() {
                engine.fetch(found, arena);
            }
        };
        fetch(engine);
        for (some, found) in part.chunks(Ahead::MOST).zip(found.chunks(Ahead::MOST)) {
            fetch(engine);
            self.show_some(some, found, engine);
        }
    }

    /// The next few frames.
    fn show_some(&mut self, some: &[Own], found: &[Found], engine: &mut Engine) {
        let Block { records, arena, .. } = self.block;
        engine.look_ahead(found, &mut self.ahead);
        for ((own, found), glimpse) in some.iter().zip(found).zip(self.ahead.glimpses()) {
            let place = own.place as usize;
            let order = self.first + place as u64;
            if own.behind == Own::LONG || engine.minds_time(self.first + self.next as u64, order) {
                for (record, order) in records[self.next..=place]
                    .iter()
                    .zip(self.first + self.next as u64..)
                {
                    engine.pass(order, record.timestamp);
                }
            } else {
                engine.advance(records[place].timestamp.plus(Nanos::from(own.behind)));
            }
            self.next = place + 1;
            if found.is_usual() {
                engine.found(order, found, glimpse, arena);
            } else {
                engine.frame(order, &records[place].frame(arena));
            }
        }
    }

    /// The time of the frames after its last one.
    fn pass(&self, engine: &mut Engine) {
        let Block { records, .. } = self.block;
        let next = self.first + self.next as u64;
        if engine.minds_time(next, self.first + records.len() as u64) {
            for (record, order) in records[self.next..].iter().zip(next..) {
                engine.pass(order, record.timestamp);
            }
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
    hasher: KeyHasher,
    frames: u64,
    clock: Timestamp,
}

impl Reading {
    /// `hasher` is the engines'.
    pub(super) fn new(source: Box<dyn Source>, interfaces: Interfaces, hasher: KeyHasher) -> Self {
        Self {
            source,
            interfaces,
            hasher,
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
        self.look(&mut divided, engines);
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

    /// Looks at the frames of engines that are behind, so that they need not.
    fn look(&self, divided: &mut Divided, engines: &[Sender<Share>]) {
        let Divided {
            block, parts, found, ..
        } = divided;
        found.resize_with(engines.len(), Vec::new);
        for ((part, found), engine) in parts.iter().zip(found).zip(engines) {
            let is_behind = engine.len() >= BEHIND;
            found.resize(if is_behind { part.len() } else { 0 }, Found::NOTHING);
            for (own, found) in part.iter().zip(found) {
                found.look(&block.records[own.place as usize], &block.arena, &self.hasher);
            }
        }
    }
}
