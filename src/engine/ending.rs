//! The end of the capture: what is open then is told part by part, so that a million connections need no more memory.

use super::analysis::Engine;
use super::conversation::Conversation;
use super::servers::Server;
use crate::flow::FlowKey;

/// Orders from here on come after every frame.
const LAST: u64 = 1 << 62;

/// Connections whose first packet lies within so many frames are told at a time.
const PART: u64 = 1 << 13;

/// A connection that is open at the end: its place in the table, or (with the upper bit) among those parked.
#[derive(Clone, Copy, Debug)]
struct Open(u32);

impl Open {
    const PARKED: u32 = 1 << 31;
}

/// What is left to be told, in order of first packet, which is the same for any number of engines.
#[derive(Debug, Default)]
pub(super) struct Ending {
    /// From the latest to the earliest.
    rest: Vec<Open>,
    parked: Vec<Option<(FlowKey, Conversation)>>,
}

/// What engines have to know of each other before they tell what is left.
#[derive(Clone, Debug, Default)]
pub struct Left {
    /// The servers known.
    servers: Vec<Server>,
    /// Parts of the capture in which connections begin that are left, in order.
    parts: Vec<u64>,
}

impl Left {
    /// Adds what another engine has.
    pub fn merge(&mut self, other: Self) {
        self.servers.extend(other.servers);
        self.parts.extend(other.parts);
        self.parts.sort_unstable();
        self.parts.dedup();
    }

    /// The parts in which some engine has something left.
    #[must_use]
    pub fn parts(&self) -> &[u64] {
        &self.parts
    }
}

impl Engine {
    /// Begins the end: what waits for a connection that is not over yet is no more to wait.
    pub fn finish(&mut self) {
        let mut waiting: Vec<(u64, FlowKey)> = self
            .table
            .iter()
            .filter(|(_, living)| living.challenger().is_some())
            .map(|(key, living)| (living.id.get(), *key))
            .collect();
        waiting.sort_unstable_by_key(|(id, _)| *id);
        for (_, key) in waiting {
            let Some(living) = self.table.find(&key).and_then(|place| self.table.at(place)) else {
                continue;
            };
            let Some(challenger) = living.take_challenger() else {
                continue;
            };
            (self.shared.now.order, self.shared.now.tie) = (LAST + living.id.get(), 0);
            self.admit(&key, &challenger);
        }
    }

    /// What is left of the connections that know their roles, to be told by [`tell_part`](Self::tell_part); or, when those
    /// are told, of the others, and which servers are known by then.
    pub fn left(&mut self, unsure: bool) -> Left {
        self.prepare(|living| unsure || living.roles.is_some());
        let mut left = Left::default();
        if unsure {
            let servers = self.shared.names.servers();
            left.servers.extend(servers.into_iter().map(Server));
        }
        for open in self.ending.rest.iter().rev() {
            let part = self.id_of(*open) / PART;
            if left.parts.last() != Some(&part) {
                left.parts.push(part);
            }
        }
        left
    }

    /// What all engines have left, and the servers that they know.
    pub fn learn_left(&mut self, all: &Left) {
        self.shared
            .names
            .learn_servers(all.servers.iter().map(|server| server.0));
    }

    fn prepare(&mut self, wanted: impl Fn(&Conversation) -> bool) {
        self.ending.parked.retain(Option::is_some);
        let parked = std::mem::take(&mut self.parked);
        self.ending.parked.extend(parked.into_iter().map(Some));
        let parked = self.ending.parked.iter().flatten().map(|(_, living)| living);
        let parked = parked.zip(0..).filter(|(living, _)| wanted(living));
        let mut rest: Vec<Open> = parked.map(|(_, place)| Open(place | Open::PARKED)).collect();
        let living = self.table.places().filter(|(_, living)| wanted(living));
        rest.extend(living.map(|(place, _)| Open(place as u32)));
        rest.sort_unstable_by_key(|open| std::cmp::Reverse(self.id_of(*open)));
        self.ending.rest = rest;
    }

    fn id_of(&self, open: Open) -> u64 {
        let living = if open.0 & Open::PARKED == 0 {
            self.table.get(open.0 as usize)
        } else {
            let place = open.0 & !Open::PARKED;
            let parked = self.ending.parked.get(place as usize);
            parked.and_then(|entry| entry.as_ref().map(|(_, living)| living))
        };
        living.map_or(0, |living| living.id.get())
    }

    /// Tells what is left up to the end of a part.
    pub fn tell_part(&mut self, part: u64, unsure: bool) {
        while let Some(open) = self.ending.rest.last().copied() {
            let id = self.id_of(open);
            if id / PART > part {
                break;
            }
            self.ending.rest.pop();
            self.shared.now.order = if unsure { 2 * LAST + id } else { LAST + id };
            self.shared.now.tie = 0;
            let clock = self.shared.now.clock;
            let place = (open.0 & !Open::PARKED) as usize;
            let (number, entry) = if open.0 & Open::PARKED == 0 {
                (place, self.table.take(place))
            } else {
                // Its number in the table may be another's by now; it has told nothing under it yet.
                let entry = self.ending.parked.get_mut(place).and_then(Option::take);
                (self.table.beyond(), entry)
            };
            if let Some((key, mut living)) = entry {
                living.tell(clock, &mut self.at_work(number, &key).1);
            }
        }
    }
}
