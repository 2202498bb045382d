//! The engine: frames in, leg events out.

use super::context::{Config, Context, Now};
use std::collections::VecDeque;

use super::closing::{Closing, How};
use super::conversation::{Conversation, Fate};
use super::defrag::Defrag;
use super::marks::Marks;
use super::names::Names;
use super::opening::{Challenger, Generation};
use super::quality::Quality;
use crate::aggregate::LegEvent;
use crate::decode::{Flags, Segment, decode};
use crate::diagnose::ExchangeRecord;
use crate::flow::{FlowKey, FlowTable, PathId, Sender, Tombstone};
use crate::frame::Frame;
use crate::limits::{CONNECTIONS, PARKED, TOMBSTONES};
use crate::sequence::SeqNumber;
use crate::time::Timestamp;

/// Every so many segments the table is looked after, a part at a time.
const SWEEP_EVERY: u64 = 1_024;

/// The analysis of one thread's share of the connections.
#[derive(Debug)]
pub struct Engine {
    pub(super) config: Config,
    pub(super) table: FlowTable<Conversation>,
    pub(super) names: Names,
    pub(super) quality: Quality,
    pub(super) events: Vec<LegEvent>,
    pub(super) exchanges: Vec<ExchangeRecord>,
    /// Connections that ended without showing who is who.
    pub(super) parked: Vec<(FlowKey, Conversation)>,
    /// Connections with bytes that wait for others, and since when.
    pub(super) stalled: VecDeque<(Timestamp, FlowKey)>,
    pub(super) now: Now,
    pub(super) defrag: Defrag,
    /// Its number among how many engines.
    pub(super) place: (usize, usize),
    /// Counters of what all engines see and the first one tells.
    pub(super) aside: Quality,
    start: Option<Timestamp>,
}

impl Engine {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let names = Names::new(&config.client_groups);
        Self {
            config,
            table: FlowTable::new(TOMBSTONES),
            names,
            quality: Quality::default(),
            events: Vec::new(),
            exchanges: Vec::new(),
            parked: Vec::new(),
            stalled: VecDeque::new(),
            now: Now {
                order: 0,
                clock: Timestamp::MIN,
            },
            defrag: Defrag::default(),
            place: (0, 1),
            aside: Quality::default(),
            start: None,
        }
    }

    /// The same engine as number `index` of `of`, each with its own share of the connections.
    #[must_use]
    pub fn one_of(self, index: usize, of: usize) -> Self {
        Self {
            place: (index, of),
            ..self
        }
    }

    /// The table, and what a conversation is given besides the segment.
    #[inline]
    pub(super) fn at_work(&mut self, key: FlowKey) -> (&mut FlowTable<Conversation>, Context<'_>) {
        let context = Context {
            key,
            now: self.now,
            config: &self.config,
            names: &mut self.names,
            quality: &mut self.quality,
            events: &mut self.events,
            exchanges: &mut self.exchanges,
        };
        (&mut self.table, context)
    }

    /// What the capture is worth so far.
    #[must_use]
    pub fn quality(&self) -> &Quality {
        &self.quality
    }

    /// Time of the first packet.
    #[must_use]
    pub fn start(&self) -> Option<Timestamp> {
        self.start
    }

    /// Packet time: the running maximum.
    #[must_use]
    pub fn clock(&self) -> Timestamp {
        self.now.clock
    }

    /// Tombstones dropped before their time.
    #[must_use]
    pub fn tombstones_dropped(&self) -> u64 {
        self.table.dropped_early()
    }

    /// What happened since the last call; the caller's vectors are emptied and filled.
    pub fn take(&mut self, events: &mut Vec<LegEvent>, exchanges: &mut Vec<ExchangeRecord>) {
        events.clear();
        exchanges.clear();
        std::mem::swap(&mut self.events, events);
        std::mem::swap(&mut self.exchanges, exchanges);
    }

    /// Takes in one frame, the capture's `order`-th (from 1).
    #[inline]
    pub fn frame(&mut self, order: u64, frame: &Frame<'_>) {
        self.pass(order, frame.timestamp);
        self.now.order = order * 2 + 1;
        self.quality.packets += 1;
        self.quality.bytes += u64::from(frame.wire_len);
        match decode(frame) {
            Ok(segment) => self.segment(&segment),
            Err(reason) => self.unusual(frame, reason),
        }
    }

    /// A frame of another engine's connections: time moves on, the same for all.
    #[inline]
    pub fn pass(&mut self, order: u64, timestamp: Timestamp) {
        self.now.clock = self.now.clock.max(timestamp);
        self.start.get_or_insert(timestamp);
        // What the clock does comes before what the frame does, whichever engine has it.
        if !self.stalled.is_empty() {
            self.now.order = order * 2;
            self.look_after_stalled();
        }
        if order.is_multiple_of(SWEEP_EVERY) {
            self.now.order = order * 2;
            self.sweep();
        }
    }

    #[inline]
    pub(super) fn segment(&mut self, segment: &Segment<'_>) {
        self.quality.segments += 1;
        self.quality.flags.count(segment.flags);
        let path = self.names.path(segment.path).unwrap_or_else(|| {
            self.quality.unnamed += 1;
            PathId::default()
        });
        let (key, sender) = FlowKey::of(segment, path);
        match self.table.find(&key) {
            Some(place) => self.on_living(place, key, segment, sender),
            None => self.on_unknown(key, segment, sender),
        }
    }

    #[inline]
    fn on_living(&mut self, place: usize, key: FlowKey, segment: &Segment<'_>, sender: Sender) {
        let Some(living) = self.table.at(place) else {
            return;
        };
        if living.recent.is_duplicate(segment, sender) {
            self.quality.duplicates += 1;
            return;
        }
        let generation = living.generation(self.now.order / 2, segment, sender);
        match generation {
            Generation::Same => self.deliver(place, key, segment, sender),
            Generation::Remembered => {}
            Generation::New => {
                let number = self.replace(key, segment.timestamp) + 1;
                self.open(key, number, segment, sender);
            }
            Generation::Challenger | Generation::ChallengerAfter => {
                let Some(challenger) = living.challenger.take() else {
                    return;
                };
                if generation == Generation::ChallengerAfter {
                    self.deliver(place, key, segment, sender);
                }
                self.admit(key, &challenger);
                if generation == Generation::Challenger
                    && let Some(place) = self.table.find(&key)
                {
                    self.deliver(place, key, segment, sender);
                }
            }
        }
    }

    /// The challenger's SYN starts a new generation.
    pub(super) fn admit(&mut self, key: FlowKey, challenger: &Challenger) {
        let before = match self.table.tombstone(&key) {
            Some(tombstone) if self.table.find(&key).is_none() => tombstone.generation,
            _ => self.replace(key, challenger.at),
        };
        let syn = challenger.segment(&key);
        let (table, cx) = &mut self.at_work(key);
        let opened = Conversation::from_challenger(before + 1, challenger, &syn, cx);
        table.insert(key, opened);
    }

    #[inline]
    fn deliver(&mut self, place: usize, key: FlowKey, segment: &Segment<'_>, sender: Sender) {
        let (table, cx) = &mut self.at_work(key);
        let Some(living) = table.at(place) else { return };
        let fate = living.segment(segment, sender, cx);
        let stall = living.stall.as_mut().filter(|stall| !stall.watched);
        let stalled = stall.map(|stall| {
            stall.watched = true;
            stall.since
        });
        if let Some(since) = stalled {
            self.stalled.push_back((since, key));
        }
        if fate == Fate::Over {
            self.over(key, segment.timestamp, false);
        }
    }

    /// No living connection has this key: a new one, or a late segment of one that is over.
    fn on_unknown(&mut self, key: FlowKey, segment: &Segment<'_>, sender: Sender) {
        let flags = segment.flags;
        let syn = flags.contains(Flags::SYN);
        let tombstone = self.table.tombstone(&key);
        if self.table.is_late_copy(&key, segment, sender) {
            self.quality.duplicates += 1;
            return;
        }
        let mut generation = 1;
        if let Some(dead) = tombstone {
            let same_syn = dead.isn.is_some_and(|isn| {
                let answered = flags
                    .contains(Flags::ACK)
                    .then_some(SeqNumber(segment.acknowledgment));
                isn == SeqNumber(segment.sequence) || answered == Some(isn.plus(1))
            });
            let late = if syn { same_syn } else { segment.payload_len == 0 };
            if !dead.expired && (late || (!syn && dead.covers(segment.timestamp))) {
                self.quality.late += 1;
                return;
            }
            generation = dead.generation + u32::from(!dead.expired || syn);
        }
        if flags.contains(Flags::RST) {
            self.quality.stray_resets += 1;
            return;
        }
        let resumes = tombstone.filter(|dead| dead.expired && !syn).map(|dead| dead.id);
        self.open_as(resumes, key, generation, segment, sender);
    }

    fn open(&mut self, key: FlowKey, generation: u32, segment: &Segment<'_>, sender: Sender) {
        self.open_as(None, key, generation, segment, sender);
    }

    fn open_as(
        &mut self,
        resumes: Option<u64>,
        key: FlowKey,
        generation: u32,
        segment: &Segment<'_>,
        sender: Sender,
    ) {
        if self.table.len() >= CONNECTIONS {
            self.evict();
        }
        // A frame opens one connection at most: its place is the id, the same for any number of engines.
        let id = resumes.unwrap_or(self.now.order / 2);
        let mut opened = Conversation::new(id, generation, segment);
        if resumes.is_some() {
            opened.marks.set(Marks::RESUMED);
        }
        opened.recent.is_duplicate(segment, sender);
        let place = self.table.insert(key, opened);
        self.deliver(place, key, segment, sender);
    }

    /// Ends the living generation, since a SYN takes over its key; returns its number.
    fn replace(&mut self, key: FlowKey, at: Timestamp) -> u32 {
        let (table, cx) = &mut self.at_work(key);
        let Some(living) = table.find(&key).and_then(|place| table.at(place)) else {
            return 0;
        };
        let generation = living.generation;
        let by = living.roles.map_or(Sender::Low, |roles| roles.client);
        living.drain_all(at, cx);
        let client = living.tcp.end(by);
        let answered = living.tcp.end(by.peer()).any() || client.payload() || client.proves_peer();
        if living.marks.has(Marks::OPENED) && !answered {
            living.marks.set(Marks::ABANDONED);
        } else {
            living.close(
                Closing {
                    by,
                    how: How::Replaced,
                    at,
                    acked: None,
                },
                cx,
            );
        }
        self.over(key, at, false);
        generation
    }

    /// Takes a connection out of the table and tells what it was.
    pub(super) fn over(&mut self, key: FlowKey, at: Timestamp, expired: bool) {
        let Some(mut done) = self.table.remove(&key) else {
            return;
        };
        let opener = done.roles.map_or(Sender::Low, |roles| roles.client);
        let isn = done.tcp.end(opener).isn();
        self.table.bury(
            key,
            Tombstone::new(done.id, done.generation, at, isn, expired).with_recent(done.recent),
        );
        if done.roles.is_none() && self.parked.len() < PARKED {
            let (_, cx) = &mut self.at_work(key);
            done.drain_all(at, cx);
            self.parked.push((key, done));
            return;
        }
        self.tell(key, done, at);
    }
}
