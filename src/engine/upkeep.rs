//! Looking after the table: what lingers, what fell silent, what waits too long, and the end of the capture.

use super::analysis::Engine;
use super::context::Context;
use super::delivery::GIVE_UP_AFTER;
use super::marks::Marks;
use crate::flow::{FlowKey, Sender};
use crate::limits::EXPIRE_ABOVE;
use crate::time::{Nanos, SECOND};

/// Silent connections leave the table after this, if it is large. Memory management: no figure depends on it.
const SILENT: Nanos = 7_200 * SECOND;
/// Both FINs were seen and bytes before them are missing: they will not come any more.
const LINGER: Nanos = 10 * SECOND;
/// A SYN that was not answered for this long is sent no more (131 s is the longest schedule of Linux).
const GIVEN_UP: Nanos = 180 * SECOND;
const SWEEP_PART: usize = 256;

impl Engine {
    /// Bytes that have waited long enough are given up by the clock, too: the connection itself may be silent now.
    pub(super) fn look_after_stalled(&mut self) {
        let Self {
            table,
            names,
            quality,
            events,
            exchanges,
            config,
            stalled,
            clock,
            ..
        } = self;
        while let Some((_, key)) = stalled.pop_front_if(|(since, _)| clock.since(*since) >= GIVE_UP_AFTER) {
            let Some(living) = table.find(&key).and_then(|place| table.at(place)) else {
                continue;
            };
            if living.stall.is_none() {
                continue;
            }
            let cx = &mut Context {
                key,
                config,
                names,
                quality,
                events,
                exchanges,
            };
            living.drain(*clock, cx);
            if living.stall.is_some() {
                // A hole that nobody has acknowledged: its sender will send it again.
                stalled.push_back((*clock, key));
            }
        }
    }

    /// Looks after a part of the table: what lingers, fell silent or was never answered.
    pub(super) fn sweep(&mut self) {
        let crowded = self.table.len() > EXPIRE_ABOVE;
        let clock = self.clock;
        let done: Vec<(FlowKey, bool)> = self
            .table
            .next_in_turn(SWEEP_PART)
            .filter_map(|(key, living)| {
                let silent = clock.since(living.last);
                let both_fins = living.tcp.end(Sender::Low).fin().is_some()
                    && living.tcp.end(Sender::High).fin().is_some();
                let unanswered = living.marks.has(Marks::OPENED)
                    && living
                        .roles
                        .is_some_and(|roles| !living.tcp.end(roles.client.peer()).any())
                    && !living.streams.iter().any(|stream| stream.bytes > 0);
                let over = (both_fins && silent > LINGER) || (unanswered && silent > GIVEN_UP);
                let expired = crowded && silent > SILENT;
                (over || expired).then_some((*key, !over))
            })
            .collect();
        for (key, expired) in done {
            self.quality.expired += u64::from(expired);
            self.over(key, clock, expired);
        }
    }

    /// Makes room in a full table: the most silent of a few leaves.
    pub(super) fn evict(&mut self) {
        let victim = self
            .table
            .next_in_turn(8)
            .min_by_key(|(_, living)| living.last)
            .map(|(key, _)| *key);
        if let Some(key) = victim {
            self.quality.evicted_connections += 1;
            self.over(key, self.clock, true);
        }
    }

    /// Ends the analysis: everything still open is told as such, in order of first packet.
    pub fn finish(&mut self) {
        let waiting: Vec<FlowKey> = self
            .table
            .iter()
            .filter(|(_, living)| living.challenger.is_some())
            .map(|(key, _)| *key)
            .collect();
        for key in waiting {
            let Some(living) = self.table.find(&key).and_then(|place| self.table.at(place)) else {
                continue;
            };
            let Some(challenger) = living.challenger.take() else {
                continue;
            };
            self.admit(key, &challenger);
        }
        let mut open = std::mem::take(&mut self.parked);
        while let Some(entry) = self.table.pop() {
            open.push(entry);
        }
        open.sort_unstable_by_key(|(_, living)| living.id);
        // Those that know their roles first: they tell who the servers are.
        let (sure, unsure): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|(_, living)| living.roles.is_some());
        for (key, living) in sure.into_iter().chain(unsure) {
            self.tell(key, living, self.clock);
        }
    }
}
