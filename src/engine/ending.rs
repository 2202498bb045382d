//! The end of the capture: what is open then is told part by part, so that a million connections need no more memory.

use super::analysis::Engine;
use super::conversation::Conversation;
use super::names::End;
use crate::flow::FlowKey;

/// Orders from here on come after every frame.
const LAST: u64 = 1 << 62;

/// Connections whose first packet lies within so many frames are told at a time.
const PART: u64 = 1 << 16;

/// An end known as a server.
#[derive(Clone, Copy, Debug)]
pub struct Server(End);

/// A connection that is open at the end.
#[derive(Debug)]
enum Open {
    /// At this place of the table.
    Living(u32),
    /// Parked at this place.
    Parked(u32),
}

/// What is left to be told, in order of first packet, which is the same for any number of engines.
#[derive(Debug, Default)]
pub(super) struct Ending {
    /// From the latest to the earliest.
    rest: Vec<(u64, Open)>,
    parked: Vec<Option<(FlowKey, Conversation)>>,
    told_up_to: u64,
}

impl Engine {
    /// Begins the end: connections that know their roles are told by [`tell_part`](Self::tell_part).
    pub fn finish_sure(&mut self) {
        let mut waiting: Vec<(u64, FlowKey)> = self
            .table
            .iter()
            .filter(|(_, living)| living.challenger.is_some())
            .map(|(key, living)| (living.id, *key))
            .collect();
        waiting.sort_unstable_by_key(|(id, _)| *id);
        for (_, key) in waiting {
            let Some(living) = self.table.find(&key).and_then(|place| self.table.at(place)) else {
                continue;
            };
            let Some(challenger) = living.challenger.take() else {
                continue;
            };
            self.now.order = LAST + living.id;
            self.admit(key, &challenger);
        }
        self.prepare(|living| living.roles.is_some());
    }

    /// The servers known, for the other engines.
    #[must_use]
    pub fn servers(&self) -> Vec<Server> {
        self.names.servers().into_iter().map(Server).collect()
    }

    /// Goes on with the other connections, now that all servers are known.
    pub fn finish_unsure(&mut self, servers: &[Server]) {
        self.names.learn_servers(servers.iter().map(|server| server.0));
        self.prepare(|_| true);
    }

    fn prepare(&mut self, wanted: impl Fn(&Conversation) -> bool) {
        let mut rest = Vec::new();
        for place in self.table.places().collect::<Vec<_>>() {
            if let Some(living) = self.table.at(place).filter(|living| wanted(living)) {
                rest.push((living.id, Open::Living(place as u32)));
            }
        }
        self.ending.told_up_to = 0;
        let mut parked: Vec<Option<_>> = std::mem::take(&mut self.parked).into_iter().map(Some).collect();
        parked.extend(std::mem::take(&mut self.ending.parked));
        for (place, entry) in parked.iter().enumerate() {
            if let Some((_, living)) = entry.as_ref().filter(|(_, living)| wanted(living)) {
                rest.push((living.id, Open::Parked(place as u32)));
            }
        }
        self.ending.parked = parked;
        rest.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
        self.ending.rest = rest;
    }

    /// Tells the next part; returns whether there may be more. Parts are the same for all engines, which all have seen
    /// the capture's `frames` frames.
    pub fn tell_part(&mut self, frames: u64, unsure: bool) -> bool {
        let up_to = self.ending.told_up_to + PART;
        self.ending.told_up_to = up_to;
        while let Some((id, open)) = self.ending.rest.pop_if(|(id, _)| *id <= up_to) {
            self.now.order = if unsure { 2 * LAST + id } else { LAST + id };
            let clock = self.now.clock;
            match open {
                Open::Living(place) => {
                    let place = place as usize;
                    if let Some((key, living)) = self.table.take(place) {
                        self.tell(place, key, living, clock);
                    }
                }
                Open::Parked(place) => {
                    let entry = self.ending.parked.get_mut(place as usize).and_then(Option::take);
                    if let Some((key, living)) = entry {
                        // Its number in the table may be another's by now; it has told nothing under it yet.
                        let number = self.table.beyond();
                        self.tell(number, key, living, clock);
                    }
                }
            }
        }
        up_to < frames
    }
}
