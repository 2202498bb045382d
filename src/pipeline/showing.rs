//! Shows an engine the frames of a block that are its own, looking ahead.

use crate::engine::{Ahead, Engine, FlagCounts, Found, KeyHasher, Server};
use crate::frame::{Block, Record};
use crate::time::Nanos;

/// One frame of an engine among several.
#[derive(Clone, Copy)]
pub(super) struct Own {
    /// Its place in the block.
    pub(super) place: u32,
    /// By how many nanoseconds it is older than the latest frame up to it.
    pub(super) behind: u32,
}

impl Own {
    /// Older by this or more.
    pub(super) const LONG: u32 = u32::MAX;
}

/// What the frames say that come next: looked at already, or a few frames before they come.
struct Coming<'a> {
    arena: &'a [u8],
    /// Of all frames; nothing if nobody has looked.
    found: &'a [Found],
    /// How many of them have been asked for.
    fetched: usize,
    hasher: KeyHasher,
    /// Of the next few frames, and of the few behind them, by turns.
    looked: [Few; 2],
    /// Which of them are next.
    turn: usize,
    /// The control bits of what was looked at here.
    flags: FlagCounts,
}

/// What a few frames say.
struct Few {
    found: [Found; Ahead::MOST],
    len: usize,
}

impl Few {
    const NONE: Self = Self {
        found: [Found::NOTHING; Ahead::MOST],
        len: 0,
    };

    fn found(&self) -> &[Found] {
        self.found.get(..self.len).unwrap_or_default()
    }
}

impl<'a> Coming<'a> {
    /// Before the first few frames, which are these.
    fn new<'r>(
        arena: &'a [u8],
        found: &'a [Found],
        records: impl Iterator<Item = &'r Record>,
        engine: &Engine,
    ) -> Self {
        let mut coming = Self {
            arena,
            found,
            fetched: 0,
            hasher: engine.hasher(),
            looked: [Few::NONE; 2],
            turn: 0,
            flags: FlagCounts::default(),
        };
        if found.is_empty() {
            coming.look(0, records, engine);
        } else {
            coming.fetch(engine);
        }
        coming
    }

    /// Asks for what the analysis of the next few will want.
    fn fetch(&mut self, engine: &Engine) {
        let rest = self.found.get(self.fetched..).unwrap_or_default();
        for found in rest.iter().take(Ahead::MOST) {
            engine.fetch(found, self.arena);
        }
        self.fetched += Ahead::MOST;
    }

    /// The same, of a few that nobody has looked at.
    #[inline]
    fn look<'r>(&mut self, turn: usize, records: impl Iterator<Item = &'r Record>, engine: &Engine) {
        let few = &mut self.looked[turn];
        few.len = 0;
        for (record, found) in records.zip(&mut few.found) {
            found.look(record, self.arena, &self.hasher);
            found.count(&mut self.flags);
            engine.fetch(found, self.arena);
            few.len += 1;
        }
    }

    /// What the next few frames say, and their connections, while those behind them, which are these, are asked for.
    #[inline]
    fn next<'r>(
        &mut self,
        behind: impl Iterator<Item = &'r Record>,
        ahead: &mut Ahead,
        engine: &Engine,
    ) -> &[Found] {
        if self.found.is_empty() {
            let now = self.turn;
            self.turn = 1 - now;
            self.look(self.turn, behind, engine);
            let found = self.looked[now].found();
            engine.look_ahead(found, ahead);
            return found;
        }
        let begin = self.fetched - Ahead::MOST;
        self.fetch(engine);
        let rest = self.found.get(begin..).unwrap_or_default();
        let found = rest.chunks(Ahead::MOST).next().unwrap_or_default();
        engine.look_ahead(found, ahead);
        found
    }
}

/// Shows the only engine, which has begun, all frames of a block, whose first is the capture's `first`-th, of so many bytes on
/// the wire.
pub(super) fn show_all(block: &Block, (first, bytes): (u64, u64), found: &[Found], engine: &mut Engine) {
    let Block { records, arena, .. } = block;
    engine.count(records.len(), bytes);
    let mut few = records.chunks(Ahead::MOST);
    let mut coming = Coming::new(arena, found, few.next().unwrap_or_default().iter(), engine);
    let mut ahead = Ahead::default();
    let mut order = first;
    loop {
        let found = coming.next(few.next().unwrap_or_default().iter(), &mut ahead, engine);
        if found.is_empty() {
            break;
        }
        for (found, glimpse) in found.iter().zip(ahead.glimpses()) {
            if found.is_usual() {
                engine.go_on(order, found.timestamp());
                engine.found(order, found, glimpse, arena);
            } else if let Some(record) = records.get((order - first) as usize) {
                engine.go_on(order, record.timestamp);
                engine.counted_frame(order, &record.frame(arena));
            }
            order += 1;
        }
    }
    engine.count_flags(&coming.flags);
}

/// Servers shown by the frames of a block, by the places of these.
struct Shown<'a>(&'a [(u64, Server)]);

impl Shown<'_> {
    /// Tells an engine of those before its next frame, the capture's `order`-th.
    #[inline]
    fn tell(&mut self, order: u64, engine: &mut Engine) {
        while let [(place, server), rest @ ..] = self.0
            && *place < order
        {
            engine.learn(*server);
            self.0 = rest;
        }
    }
}

/// Shows an engine, which has begun, its part of a block, whose first frame is the capture's `first`-th, the time of the
/// others' frames where that matters to it, and the servers that they show.
pub(super) fn show_part<'b>(
    block: &'b Block,
    first: u64,
    part: &'b [Own],
    found: &[Found],
    servers: &[(u64, Server)],
    engine: &mut Engine,
) {
    let Block { records, arena, .. } = block;
    let mut shown = Shown(servers);
    let own = part.iter().map(|own| &records[own.place as usize]);
    engine.count(part.len(), own.map(wire_bytes).sum());
    let few = |few: Option<&'b [Own]>| {
        few.unwrap_or_default()
            .iter()
            .map(|own| &records[own.place as usize])
    };
    let mut behind = part.chunks(Ahead::MOST);
    let mut coming = Coming::new(arena, found, few(behind.next()), engine);
    let mut ahead = Ahead::default();
    // The record after the last one that the engine knows the time of.
    let mut next = 0;
    for some in part.chunks(Ahead::MOST) {
        let found = coming.next(few(behind.next()), &mut ahead, engine);
        for ((own, found), glimpse) in some.iter().zip(found).zip(ahead.glimpses()) {
            let place = own.place as usize;
            let record = &records[place];
            let order = first + place as u64;
            if own.behind == Own::LONG || engine.minds_time(first + next as u64, order) {
                for (record, order) in records[next..=place].iter().zip(first + next as u64..) {
                    shown.tell(order, engine);
                    engine.go_on(order, record.timestamp);
                }
            } else {
                shown.tell(order, engine);
                engine.advance(record.timestamp.plus(Nanos::from(own.behind)));
            }
            next = place + 1;
            if found.is_usual() {
                engine.found(order, found, glimpse, arena);
            } else {
                engine.counted_frame(order, &record.frame(arena));
            }
        }
    }
    engine.count_flags(&coming.flags);
    if engine.minds_time(first + next as u64, first + records.len() as u64) {
        for (record, order) in records[next..].iter().zip(first + next as u64..) {
            shown.tell(order, engine);
            engine.go_on(order, record.timestamp);
        }
    }
    shown.tell(u64::MAX, engine);
}

pub(super) fn wire_bytes(record: &Record) -> u64 {
    u64::from(record.wire_len)
}
