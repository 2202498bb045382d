//! Looking after the table: what lingers, what fell silent, what waits too long.

use super::analysis::Engine;
use super::context::{Context, Shared};
use super::conversation::{Conversation, Stream};
use super::delivery::GIVE_UP_AFTER;
use super::facts::Known;
use super::marks::Marks;
use crate::aggregate::{EventKind, LegRef};
use crate::flow::{FlowKey, Sender};
use crate::limits::EXPIRE_ABOVE;
use crate::time::{Nanos, SECOND, Timestamp};

/// Silent connections leave the table after this, if it is large. Memory management: no figure depends on it.
const SILENT: Nanos = 7_200 * SECOND;
/// Both FINs were seen and bytes before them are missing: they will not come any more.
const LINGER: Nanos = 10 * SECOND;
/// A SYN that was not answered for this long is sent no more (131 s is the longest schedule of Linux).
const GIVEN_UP: Nanos = 180 * SECOND;
const _: () = assert!(LINGER <= GIVEN_UP && LINGER <= SILENT, "nothing leaves before");
const SWEEP_PART: usize = 256;

impl Engine {
    /// Bytes that have waited long enough are given up by the clock, too: the connection itself may be silent now.
    pub(super) fn look_after_stalled(&mut self) {
        let clock = self.shared.now.clock;
        let is_due = |since: Timestamp| clock.since(since) >= GIVE_UP_AFTER;
        let mut due = Vec::new();
        while let Some((_, key)) = self.stalled.pop_front_if(|(since, _)| is_due(*since)) {
            let Some(place) = self.table.find(&key) else {
                continue;
            };
            if let Some(living) = self.table.get(place) {
                due.push((living.id.get(), place, key));
            }
        }
        // In an order that is the same for any number of engines.
        due.sort_unstable_by_key(|(id, ..)| *id);
        for (id, place, key) in due {
            self.shared.now.tie = id as u32;
            let (table, cx) = &mut self.at_work(place, &key);
            let Some(living) = table.at(place).filter(|living| living.stall().is_some()) else {
                continue;
            };
            let before = living.held();
            living.drain(clock, cx);
            cx.shared.quality.held = (cx.shared.quality.held + living.held()).saturating_sub(before);
            if living.stall().is_some() {
                // A hole that nobody has acknowledged: its sender will send it again.
                self.stalled.push_back((clock, key));
            }
        }
    }

    /// Looks after a part of the table: what lingers, fell silent or was never answered.
    pub(super) fn sweep(&mut self) {
        let crowded = self.table.len() > EXPIRE_ABOVE;
        let clock = self.shared.now.clock;
        let lingering = clock.plus(-LINGER);
        let mut done: Vec<(u64, FlowKey, bool)> = self
            .table
            .next_in_turn(SWEEP_PART)
            .filter_map(|(key, living)| {
                if living.last_at >= lingering {
                    return None;
                }
                let silent = clock.since(living.last_at);
                let both_fins = living.tcp.end(Sender::Low).fin().is_some()
                    && living.tcp.end(Sender::High).fin().is_some();
                let unanswered = living.marks.has(Marks::OPENED)
                    && living
                        .roles
                        .is_some_and(|roles| !living.tcp.end(roles.client.peer()).any())
                    && !living.streams.iter().any(|stream| stream.bytes > 0);
                let over = (both_fins && silent > LINGER) || (unanswered && silent > GIVEN_UP);
                let expired = crowded && silent > SILENT;
                (over || expired).then_some((living.id.get(), *key, !over))
            })
            .collect();
        done.sort_unstable_by_key(|(id, ..)| *id);
        for (id, key, expired) in done {
            self.shared.now.tie = id as u32;
            self.shared.quality.expired += u64::from(expired);
            if let Some(place) = self.table.find(&key) {
                self.over(place, &key, clock, expired);
            }
        }
    }

    /// Makes room in a full table: the most silent of a few leaves.
    pub(super) fn evict(&mut self) {
        let victim = self
            .table
            .next_in_turn(8)
            .min_by_key(|(_, living)| living.last_at)
            .map(|(key, _)| *key);
        if let Some(key) = victim
            && let Some(place) = self.table.find(&key)
        {
            self.shared.quality.evicted_connections += 1;
            self.over(place, &key, self.shared.now.clock, true);
        }
    }
}

impl Conversation {
    /// Tells what it was: it is over, or the capture's end finds it open.
    pub(super) fn tell(&mut self, at: Timestamp, cx: &mut Context<'_>) {
        let usual = if self.is_complete() {
            self.usual_end()
        } else {
            self.complete(at, cx);
            None
        };
        let Shared {
            config, names, told, ..
        } = &mut *cx.shared;
        let known = Known {
            key: cx.key,
            names,
            thresholds: &config.thresholds,
        };
        let facts = told.facts.room();
        if let Some(usual) = usual {
            self.write_usual_facts(facts, usual, known);
            debug_assert_eq!(*facts, self.facts(at, known), "what is usual");
        } else {
            *facts = self.facts(at, known);
        }
        if self.pending.is_some() || self.beyond.is_some() {
            self.finish_records(cx);
        }
        let leg = self.leg().unwrap_or(LegRef::UNATTRIBUTED);
        let connection = cx.connection;
        // Of a close that is told the time is in its facts; nobody reads the event's.
        let closed_at = self.closing.map_or(self.last_at, |closing| closing.at);
        cx.emit(closed_at, leg, EventKind::Closed { connection });
    }

    /// Whether all was told of it but its end: both directions have ended, and nothing is open.
    #[inline]
    pub(super) fn is_complete(&self) -> bool {
        let ended = |stream: &Stream| stream.assembler.ended && !stream.assembler.has_early();
        let [one, other] = &self.streams;
        let is_plain = self.beyond.is_none() && self.pending.is_none();
        is_plain && self.roles.is_some() && self.marks.has(Marks::TOLD) && ended(one) && ended(other)
    }

    /// Gives up what is open, and tells of what was not sure before.
    #[inline(never)]
    fn complete(&mut self, at: Timestamp, cx: &mut Context<'_>) {
        self.drain_all(at, cx);
        self.end_open_response(cx);
        self.take_back_cut_response(cx);
        if self.settle_at_last(self.start, cx).is_none() {
            cx.shared.quality.unattributed += 1;
        } else if let Some(closing) = self.closing.take_if(|_| !self.marks.has(Marks::TOLD)) {
            // Its leg hears of the close only now.
            self.close(closing, cx);
        }
    }
}
