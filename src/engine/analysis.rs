//! The engine: frames in, leg events out.

use super::ahead::Found;
use super::context::{Config, Context, STEPS, Shared};
use std::collections::VecDeque;

use super::conversation::Conversation;
use super::defrag::Defrag;
use super::ending::Ending;
use super::notebook::Notebook;
use super::quality::{FlagCounts, Quality};
use crate::aggregate::{ConnectionRef, Told};
use crate::decode::{Flags, decode};
use crate::diagnose::ExchangeRecord;
use crate::flow::{FlowKey, FlowTable, Glimpse, KeyHasher, Trail};
use crate::frame::Frame;
use crate::limits::TOMBSTONES;
use crate::time::Timestamp;

/// Every so many segments the table is looked after, a part at a time.
const SWEEP_EVERY: u64 = 1_024;

/// The analysis of one thread's share of the connections.
#[derive(Debug)]
pub struct Engine {
    pub(super) shared: Shared,
    pub(super) table: FlowTable<Conversation>,
    pub(super) trail: Trail,
    /// Notes of packets, if somebody wants them.
    pub(super) notebook: Option<Box<Notebook>>,
    /// Connections that ended without showing who is who.
    pub(super) parked: Vec<(FlowKey, Conversation)>,
    /// Connections with bytes that wait for others, and since when.
    pub(super) stalled: VecDeque<(Timestamp, FlowKey)>,
    pub(super) defrag: Defrag,
    pub(super) ending: Ending,
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
        Self {
            shared: Shared::new(config),
            table: FlowTable::new(TOMBSTONES, KeyHasher::default()),
            trail: Trail::default(),
            notebook: None,
            parked: Vec::new(),
            stalled: VecDeque::new(),
            defrag: Defrag::default(),
            ending: Ending::default(),
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

    /// The same engine, which knows keys by this hasher. To be said before the first frame.
    #[must_use]
    pub fn with_hasher(self, hasher: KeyHasher) -> Self {
        Self {
            table: FlowTable::new(TOMBSTONES, hasher),
            ..self
        }
    }

    /// What it knows keys by.
    #[must_use]
    pub fn hasher(&self) -> KeyHasher {
        self.table.hasher()
    }

    /// The table, and what a conversation is given besides the segment.
    #[inline]
    pub(super) fn at_work<'a>(
        &'a mut self,
        place: usize,
        key: &'a FlowKey,
    ) -> (&'a mut FlowTable<Conversation>, Context<'a>) {
        let context = Context {
            key,
            connection: ConnectionRef(place as u32),
            shared: &mut self.shared,
        };
        (&mut self.table, context)
    }

    /// What the capture is worth so far.
    #[must_use]
    pub fn quality(&self) -> &Quality {
        &self.shared.quality
    }

    /// Looks for copies of packets that the trail was too short for.
    #[must_use]
    pub fn trail_overrun(&self) -> u64 {
        self.trail.overrun
    }

    /// Time of the first packet.
    #[must_use]
    pub fn start(&self) -> Option<Timestamp> {
        self.start
    }

    /// Packet time: the running maximum.
    #[must_use]
    pub fn clock(&self) -> Timestamp {
        self.shared.now.clock
    }

    /// Tombstones dropped before their time.
    #[must_use]
    pub fn tombstones_dropped(&self) -> u64 {
        self.table.dropped_early()
    }

    /// What happened since the last call; the caller's vectors are emptied and filled.
    pub fn take(&mut self, told: &mut Told, exchanges: &mut Vec<ExchangeRecord>) {
        told.clear();
        exchanges.clear();
        std::mem::swap(&mut self.shared.told, told);
        std::mem::swap(&mut self.shared.records.exchanges, exchanges);
    }

    /// Takes in one frame, the capture's `order`-th (from 1), when packet time has reached it.
    pub fn frame(&mut self, order: u64, frame: &Frame<'_>) {
        self.count(1, u64::from(frame.wire_len));
        self.counted_frame(order, frame);
    }

    /// So many frames will be taken in, of so many bytes on the wire.
    #[inline]
    pub fn count(&mut self, frames: usize, bytes: u64) {
        self.shared.quality.packets += frames as u64;
        self.shared.quality.bytes += bytes;
    }

    /// Segments with these control bits will be taken in by [`found`](Self::found).
    pub fn count_flags(&mut self, counts: &FlagCounts) {
        self.shared.quality.flags.merge(counts);
    }

    /// As [`frame`](Self::frame), of a frame that was [counted](Self::count) before.
    pub fn counted_frame(&mut self, order: u64, frame: &Frame<'_>) {
        self.shared.now = self.shared.now.at_frame(order);
        match decode(frame) {
            Ok(packet) => self.packet(&packet),
            Err(reason) => self.unusual(frame, reason),
        }
    }

    /// Takes in a segment that was looked at already, the capture's `order`-th frame, when packet time has reached it. The
    /// frame was [counted](Self::count) before, and so were its [control bits](Self::count_flags).
    #[expect(
        clippy::inline_always,
        reason = "the way of nearly every segment has no calls"
    )]
    #[inline(always)]
    pub fn found(&mut self, order: u64, found: &Found, glimpse: Glimpse, arena: &[u8]) {
        self.shared.now = self.shared.now.at_frame(order);
        if self.notebook.is_none()
            && let Some(place) = self.table.seen(glimpse, found.key, found.tag)
        {
            self.on_living(place, found.head(), || found.payload(arena), found.sender);
        } else {
            self.found_elsewhere(found, glimpse, arena);
        }
    }

    /// A segment whose connection does not live, or was not seen to, or whose packets are noted.
    #[inline(never)]
    fn found_elsewhere(&mut self, found: &Found, glimpse: Glimpse, arena: &[u8]) {
        let known = self.table.look_at(glimpse, found.key, found.tag);
        self.known_segment(known, &found.key.into(), &found.segment(arena), found.sender);
    }

    #[inline]
    pub(super) fn count_segment(&mut self, flags: Flags) {
        self.shared.quality.flags.count(flags);
    }

    /// The capture's first packet came at `start`, unless an earlier call told.
    #[inline]
    pub fn begin(&mut self, start: Timestamp) {
        self.start.get_or_insert(start);
    }

    /// Packet time reached `clock`, and nothing was to be done meanwhile.
    #[inline]
    pub fn advance(&mut self, clock: Timestamp) {
        self.shared.now.clock = self.shared.now.clock.max(clock);
    }

    /// Whether anything is to be done by the clock at one of the frames from `first` to `last`.
    #[inline]
    #[must_use]
    pub fn minds_time(&self, first: u64, last: u64) -> bool {
        !self.stalled.is_empty() || last / SWEEP_EVERY * SWEEP_EVERY >= first
    }

    /// Time moves on to a frame, its own or another engine's, perhaps the capture's first.
    #[inline]
    pub fn pass(&mut self, order: u64, timestamp: Timestamp) {
        self.begin(timestamp);
        self.go_on(order, timestamp);
    }

    /// Time moves on to a frame of a capture that has [begun](Self::begin).
    #[inline]
    pub fn go_on(&mut self, order: u64, timestamp: Timestamp) {
        self.advance(timestamp);
        // What the clock does comes before what the frame does, whichever engine has it.
        if !self.stalled.is_empty() {
            self.shared.now.order = order * STEPS;
            self.look_after_stalled();
        }
        if order.is_multiple_of(SWEEP_EVERY) {
            self.shared.now.order = order * STEPS + 1;
            self.sweep();
        }
    }
}
