//! How one connection follows another on the same key: opened, replaced, over.

use super::analysis::Engine;
use super::closing::{Closing, How};
use super::context::STEPS;
use super::conversation::{CONTROL, Conversation};
use super::marks::Marks;
use super::opening::Challenger;
use crate::decode::{Flags, Segment};
use crate::flow::{FlowKey, Sender, Tombstone};
use crate::limits::{CONNECTIONS, PARKED};
use crate::time::Timestamp;

impl Engine {
    /// The challenger's SYN starts a new generation; returns its place.
    pub(super) fn admit(&mut self, key: &FlowKey, challenger: &Challenger) -> usize {
        if let Some(place) = self.table.find(key) {
            self.replace(place, key, challenger.at);
        }
        let head = challenger.head();
        let mut opened = Conversation::new(challenger.order, &head.alone());
        self.trail
            .note(&mut opened.link, &head.alone(), challenger.sender);
        let place = self.table.insert(*key, opened);
        let (table, cx) = &mut self.at_work(place, key);
        if let Some(opened) = table.at(place) {
            opened.begin_as(challenger, cx);
        }
        place
    }

    /// Begins a connection, of whose key nothing is known, or which follows another one, perhaps resuming under its id.
    pub(super) fn open(
        &mut self,
        (is_unknown, resumes): (bool, Option<u64>),
        key: &FlowKey,
        segment: &Segment<'_>,
        sender: Sender,
    ) {
        if self.table.len() >= CONNECTIONS {
            self.evict();
        }
        let is_plain_syn = segment.flags.0 & CONTROL == Flags::SYN.0 && segment.payload_len == 0;
        if is_plain_syn && resumes.is_none() {
            self.open_by_syn(is_unknown, key, segment, sender);
        } else {
            self.open_any((is_unknown, resumes), key, segment, sender);
        }
    }

    /// The same by any segment.
    #[inline(never)]
    pub(super) fn open_any(
        &mut self,
        (is_unknown, resumes): (bool, Option<u64>),
        key: &FlowKey,
        segment: &Segment<'_>,
        sender: Sender,
    ) {
        // A frame opens one connection at most: its place is the id, the same for any number of engines.
        let id = resumes.unwrap_or(self.shared.now.order / STEPS);
        let place = self
            .table
            .insert_made(*key, is_unknown, || Conversation::new(id, segment));
        if let Some(opened) = self.table.at(place) {
            if resumes.is_some() {
                opened.marks.set(Marks::RESUMED);
            }
            self.trail.note(&mut opened.link, segment, sender);
        }
        self.deliver(place, key, segment, sender);
    }

    /// Ends the living generation, since a SYN takes over its key.
    pub(super) fn replace(&mut self, place: usize, key: &FlowKey, at: Timestamp) {
        let (table, cx) = &mut self.at_work(place, key);
        let Some(living) = table.at(place) else { return };
        let by = living.roles.map_or(Sender::Low, |roles| roles.client);
        let before = living.held();
        living.drain_all(at, cx);
        cx.shared.quality.held = (cx.shared.quality.held + living.held()).saturating_sub(before);
        let client = living.tcp.end(by);
        let answered = living.tcp.end(by.peer()).any() || client.payload() || client.proves_peer();
        if living.marks.has(Marks::OPENED) && !answered {
            living.marks.set(Marks::ABANDONED);
        } else {
            living.close(Closing::new(by, How::Replaced, at, None), cx);
        }
        self.over(place, key, at, false);
    }

    /// Takes a connection out of the table and tells what it was.
    pub(super) fn over(&mut self, place: usize, key: &FlowKey, at: Timestamp, expired: bool) {
        let Some(living) = self.table.at(place) else {
            return;
        };
        let opener = living.roles.map_or(Sender::Low, |roles| roles.client);
        let isn = living.tcp.end(opener).isn();
        let tombstone = Tombstone {
            id: living.id,
            left_at: at,
            has_isn: isn.is_some(),
            isn: isn.unwrap_or_default(),
            expired,
            link: living.link,
        };
        self.shared.quality.held = self.shared.quality.held.saturating_sub(living.held());
        if living.roles.is_none() && self.parked.len() < PARKED {
            let Some(mut done) = self.table.remove(place, tombstone) else {
                return;
            };
            let (_, cx) = &mut self.at_work(place, key);
            done.drain_all(at, cx);
            self.parked.push((*key, done));
            return;
        }
        let (table, cx) = &mut self.at_work(place, key);
        if let Some(living) = table.at(place) {
            living.tell(at, cx);
        }
        table.bury(place, tombstone);
    }
}
