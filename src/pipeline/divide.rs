//! The source's thread: reads blocks, and divides their frames among the engines.

use std::iter::repeat_n;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender};

use super::showing::{Own, show_all, show_part, wire_bytes};
use crate::engine::{self, Ahead, Engine, FlagCounts, Found, KeyHasher, Owner, Server, Servers};
use crate::frame::{Block, Interface, Record};
use crate::source::{Next, Source, SourceSummary};
use crate::time::Timestamp;

/// An engine that this many blocks wait for is behind.
const BEHIND: usize = 1;

/// A block, and which of its frames are whose. Its memory is used again.
#[derive(Default)]
pub(super) struct Divided {
    block: Block,
    /// The frames of each engine; nothing if a single one has them all.
    parts: Vec<Vec<Own>>,
    /// What those of each engine say, if the source's thread had the time to look.
    looks: Vec<Look>,
    /// Servers first shown by frames of the block, by the places of those among all frames: an engine of several sees its own
    /// frames only.
    servers: Vec<(u64, Server)>,
    /// The place of the first record among all frames of the capture, from 1.
    first: u64,
    /// Bytes on the wire of all frames, if a single engine has them: it need not look at their records.
    bytes: u64,
    /// The running maximum of packet time at its end. A single engine has it of the frames, and is told of silence alone.
    clock: Timestamp,
}

/// What an engine's frames say.
#[derive(Default)]
struct Look {
    /// Memory, kept from block to block.
    found: Vec<Found>,
    /// Of so many frames: all, or none.
    frames: usize,
    /// Their segments' control bits.
    flags: FlagCounts,
}

impl Look {
    fn found(&self) -> &[Found] {
        self.found.get(..self.frames).unwrap_or_default()
    }

    /// What so many frames say is to be written, and counted.
    fn make(&mut self, frames: usize) -> (&mut [Found], &mut FlagCounts) {
        if self.found.len() < frames {
            self.found.resize(frames, Found::NOTHING);
        }
        self.frames = frames;
        self.flags.clear();
        let found = self.found.get_mut(..frames).unwrap_or_default();
        (found, &mut self.flags)
    }
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
            looks,
            servers,
            first,
            bytes,
            clock,
        } = &*self.divided;
        let Some(earliest) = block.records.first() else {
            // Silence counts as soon as there was a packet.
            if engine.start().is_some() {
                engine.advance(*clock);
            }
            return;
        };
        engine.begin(earliest.timestamp);
        let look = looks.get(self.engine);
        if let Some(look) = look {
            engine.count_flags(&look.flags);
        }
        let found = look.map(Look::found).unwrap_or_default();
        if let Some(part) = parts.get(self.engine) {
            show_part(block, *first, part, found, servers, engine);
            engine.advance(*clock);
        } else {
            engine.advance(*clock);
            show_all(block, (*first, *bytes), found, engine);
        }
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
    servers: Servers,
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
            servers: Servers::default(),
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
        // The last engine gets the block itself: the engine that is done with it last can use its memory again, however early.
        let shared = repeat_n(Arc::new(divided), engines.len());
        let tell = |((engine, sender), divided): ((usize, &Sender<Share>), _)| {
            sender.send(Share { divided, engine }).is_ok()
        };
        // All must be told, also when one of them is gone.
        engines
            .iter()
            .enumerate()
            .zip(shared)
            .map(tell)
            .fold(false, |any, told| any | told)
    }

    fn divide(&mut self, divided: &mut Divided, engines: usize) {
        let Divided {
            block,
            parts,
            servers,
            first,
            bytes,
            clock,
            ..
        } = divided;
        servers.clear();
        if engines == 1 {
            *bytes = block.records.iter().map(wire_bytes).sum();
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
            let (owner, server) = engine::owner(&record.frame(&block.arena), engines, &mut self.servers);
            match owner {
                Owner::Engine(engine) => parts[engine].push(own),
                Owner::Everyone => parts.iter_mut().for_each(|part| part.push(own)),
            }
            servers.extend(server.map(|server| (*first + u64::from(place), server)));
        }
        *clock = self.clock;
    }

    /// Looks at the frames of engines that are behind, so that they need not.
    fn look(&self, divided: &mut Divided, engines: &[Sender<Share>]) {
        let Divided {
            block, parts, looks, ..
        } = divided;
        let Block { records, arena, .. } = block;
        looks.resize_with(engines.len(), Look::default);
        for (place, (look, engine)) in looks.iter_mut().zip(engines).enumerate() {
            let part = parts.get(place);
            let frames = part.map_or(records.len(), Vec::len);
            let is_behind = engine.len() >= BEHIND;
            let (found, flags) = look.make(if is_behind { frames } else { 0 });
            match part {
                None => look_at(records, arena, &self.hasher, (found, flags)),
                Some(part) => {
                    for (own, found) in part.iter().zip(found) {
                        found.look(&records[own.place as usize], arena, &self.hasher);
                        found.count(flags);
                    }
                }
            }
        }
    }
}

/// Looks at all frames of a block.
///
/// The engine's processor had the memory of what they say last, and each line of it must come back before it can be written. A
/// few are found in memory at hand and then copied at once, so that many lines are on their way at a time.
fn look_at(
    records: &[Record],
    arena: &[u8],
    hasher: &KeyHasher,
    (found, flags): (&mut [Found], &mut FlagCounts),
) {
    let mut at_hand = [Found::NOTHING; Ahead::MOST];
    for (records, found) in records.chunks(Ahead::MOST).zip(found.chunks_mut(Ahead::MOST)) {
        for (record, found) in records.iter().zip(&mut at_hand) {
            found.look(record, arena, hasher);
            found.count(flags);
        }
        if let Some(at_hand) = at_hand.get(..found.len()) {
            found.copy_from_slice(at_hand);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::hint::spin_loop;
    use std::thread;

    use crossbeam_channel::{TryRecvError, bounded};

    use super::*;

    /// So many blocks without packets.
    struct Blocks(u32);

    impl Source for Blocks {
        fn next(&mut self, recycled: Block) -> Next {
            if self.0 == 0 {
                return Next::End;
            }
            self.0 -= 1;
            Next::Block(recycled)
        }

        fn summaries(&self) -> Vec<SourceSummary> {
            Vec::new()
        }
    }

    /// However early the engine is done with a block, its memory is the engine's to give back.
    #[test]
    fn no_memory_is_lost_to_an_engine_that_is_quick() {
        let (sender, shares) = bounded(1);
        let (_used, none) = bounded(1);
        let reading = Reading::new(
            Box::new(Blocks(20_000)),
            Interfaces::default(),
            KeyHasher::default(),
        );
        let lost = thread::scope(|scope| {
            scope.spawn(move || reading.run(&[sender], &none));
            let mut lost = 0;
            loop {
                match shares.try_recv() {
                    Ok(share) => lost += u32::from(share.into_memory().is_none()),
                    Err(TryRecvError::Empty) => spin_loop(),
                    Err(TryRecvError::Disconnected) => break lost,
                }
            }
        });
        assert_eq!(lost, 0);
    }
}
