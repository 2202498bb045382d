//! Looking after the table: what lingers, what fell silent, what waits too long, and the end of the capture.

use super::analysis::Engine;
use super::context::Context;
use super::conversation::Conversation;
use super::delivery::GIVE_UP_AFTER;
use super::marks::Marks;
use super::names::End;
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
const SWEEP_PART: usize = 256;

/// Orders from here on come after every frame.
const LAST: u64 = 1 << 62;

/// An end known as a server.
#[derive(Clone, Copy, Debug)]
pub struct Server(End);

impl Engine {
    /// Bytes that have waited long enough are given up by the clock, too: the connection itself may be silent now.
    pub(super) fn look_after_stalled(&mut self) {
        let Self {
            now,
            table,
            names,
            quality,
            events,
            exchanges,
            config,
            stalled,
            ..
        } = self;
        while let Some((_, key)) = stalled.pop_front_if(|(since, _)| now.clock.since(*since) >= GIVE_UP_AFTER)
        {
            let Some(living) = table.find(&key).and_then(|place| table.at(place)) else {
                continue;
            };
            if living.stall.is_none() {
                continue;
            }
            let cx = &mut Context {
                key,
                now: *now,
                config,
                names,
                quality,
                events,
                exchanges,
            };
            living.drain(now.clock, cx);
            if living.stall.is_some() {
                // A hole that nobody has acknowledged: its sender will send it again.
                stalled.push_back((now.clock, key));
            }
        }
    }

    /// Looks after a part of the table: what lingers, fell silent or was never answered.
    pub(super) fn sweep(&mut self) {
        let crowded = self.table.len() > EXPIRE_ABOVE;
        let clock = self.now.clock;
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
            self.over(key, self.now.clock, true);
        }
    }

    pub(super) fn tell(&mut self, key: FlowKey, mut done: Conversation, at: Timestamp) {
        let (_, cx) = &mut self.at_work(key);
        done.drain_all(at, cx);
        done.end_open_response(cx);
        done.take_back_cut_response(cx);
        if done.settle_at_last(done.start, cx).is_none() {
            cx.quality.unattributed += 1;
        } else if let Some(closing) = done.closing.take_if(|_| !done.marks.has(Marks::TOLD)) {
            // Its leg hears of the close only now.
            done.close(closing, cx);
        }
        let facts = Box::new(done.facts(at, cx));
        done.finish_records(cx);
        let leg = done.leg().unwrap_or(LegRef::UNATTRIBUTED);
        cx.emit(
            facts.closed_at.unwrap_or(facts.end),
            leg,
            EventKind::Closed(facts),
        );
    }

    /// Ends the analysis of connections that know their roles; returns the servers known, for the other engines.
    pub fn finish_sure(&mut self) -> Vec<Server> {
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
            self.now.order = LAST + living.id;
            self.admit(key, &challenger);
        }
        let mut open = std::mem::take(&mut self.parked);
        while let Some(entry) = self.table.pop() {
            open.push(entry);
        }
        let (sure, unsure): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|(_, living)| living.roles.is_some());
        self.tell_all(sure, LAST);
        self.parked = unsure;
        self.names.servers().into_iter().map(Server).collect()
    }

    /// Ends the analysis of the others, now that all servers are known.
    pub fn finish_unsure(&mut self, servers: &[Server]) {
        self.names.learn_servers(servers.iter().map(|server| server.0));
        let unsure = std::mem::take(&mut self.parked);
        self.tell_all(unsure, 2 * LAST);
    }

    /// In order of first packet, which is the same for any number of engines.
    fn tell_all(&mut self, mut open: Vec<(FlowKey, Conversation)>, after: u64) {
        open.sort_unstable_by_key(|(_, living)| living.id);
        for (key, living) in open {
            self.now.order = after + living.id;
            self.tell(key, living, self.now.clock);
        }
    }
}
