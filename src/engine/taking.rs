//! A segment on its way to its connection: the living one, one that is over, or a new one.

use std::hint::cold_path;

use super::analysis::Engine;
use super::context::{Context, STEPS};
use super::conversation::{Conversation, Fate};
use super::opening::Generation;
use crate::aggregate::ConnectionRef;
use crate::decode::{Flags, Packet, Segment, SegmentHead};
use crate::flow::{FlowKey, Known, PathId, Sender, Tombstone};
use crate::limits::{HELD_BYTES, STALLED};
use crate::sequence::SeqNumber;

impl Engine {
    #[inline(never)]
    pub(super) fn packet(&mut self, packet: &Packet<'_>) {
        let path = self.shared.names.path(packet.path).unwrap_or_else(|| {
            self.shared.quality.unnamed += 1;
            PathId::default()
        });
        let (key, sender) = FlowKey::of(packet, path);
        let known = self.table.look(&key);
        self.count_segment(packet.flags);
        self.known_segment(known, &key, &packet.segment(), sender);
    }

    /// Takes in a segment that was counted.
    #[inline]
    pub(super) fn known_segment(
        &mut self,
        known: Known,
        key: &FlowKey,
        segment: &Segment<'_>,
        sender: Sender,
    ) {
        if self.notebook.is_some() {
            cold_path();
            self.noted_segment(known, key, segment, sender);
        } else {
            self.take_in(known, key, segment, sender);
        }
    }

    /// Takes in one segment.
    #[inline(never)]
    pub(super) fn take_in(&mut self, known: Known, key: &FlowKey, segment: &Segment<'_>, sender: Sender) {
        match known {
            Known::Living(place) => self.on_living_apart(place, segment, sender),
            Known::Dead(dead) => self.on_dead(key, &dead, segment, sender),
            Known::Nothing => self.on_unknown(key, segment, sender),
        }
    }

    #[inline(never)]
    pub(super) fn on_living_apart(&mut self, place: usize, segment: &Segment<'_>, sender: Sender) {
        self.on_living(place, segment.head, || segment.payload, sender);
    }

    /// Of a living connection; the payload is asked for where it matters.
    #[expect(
        clippy::inline_always,
        reason = "the way of nearly every segment has no calls"
    )]
    #[inline(always)]
    pub(super) fn on_living<'a>(
        &mut self,
        place: usize,
        head: &'a SegmentHead,
        payload: impl FnOnce() -> &'a [u8],
        sender: Sender,
    ) {
        let Some((key, living)) = self.table.living(place) else {
            cold_path();
            return;
        };
        let goes_on = if living.is_ordinary()
            && let Some(next) = living.tcp.next(head, sender)
        {
            if next.is_news() {
                self.trail.note(&mut living.link, head, sender);
            } else if self.trail.is_duplicate(&mut living.link, head, sender) {
                cold_path();
                self.shared.quality.duplicates += 1;
                return;
            }
            next.observe();
            living.note_latest(head);
            if head.payload_len == 0 {
                living.note_sent(b'A', sender);
                return;
            }
            living.note_sent(b'D', sender);
            true
        } else {
            let is_news = living.tcp.is_news(head, sender);
            if is_news {
                self.trail.note(&mut living.link, head, sender);
            } else if self.trail.is_duplicate(&mut living.link, head, sender) {
                cold_path();
                self.shared.quality.duplicates += 1;
                return;
            }
            let generation = living.generation(self.shared.now.order / STEPS, is_news, head, sender);
            if generation != Generation::Same {
                cold_path();
                let key = *key;
                let segment = Segment {
                    head,
                    payload: payload(),
                };
                return self.on_another(generation, place, &key, &segment, sender);
            }
            false
        };
        let segment = &Segment {
            head,
            payload: payload(),
        };
        // What `at_work` gives, while the connection stays at hand.
        let cx = &mut Context {
            key,
            connection: ConnectionRef(place as u32),
            shared: &mut self.shared,
        };
        let delivered = living.take_segment(goes_on, segment, sender, cx);
        if !delivered.is_all() {
            let key = *key;
            self.after(&delivered, place, &key, segment);
        }
    }

    /// A segment of another connection than the one that lives under its key.
    #[cold]
    #[inline(never)]
    fn on_another(
        &mut self,
        generation: Generation,
        place: usize,
        key: &FlowKey,
        segment: &Segment<'_>,
        sender: Sender,
    ) {
        if generation == Generation::Remembered {
            return;
        }
        if generation == Generation::New {
            self.replace(place, key, segment.timestamp);
            return self.open((false, None), key, segment, sender);
        }
        let living = self.table.at(place);
        let Some(challenger) = living.and_then(Conversation::take_challenger) else {
            return;
        };
        if generation == Generation::ChallengerAfter {
            self.deliver(place, key, segment, sender);
        }
        let place = self.admit(key, &challenger);
        if generation == Generation::Challenger {
            self.deliver(place, key, segment, sender);
        }
    }

    /// Hands a segment to its connection.
    #[inline(never)]
    pub(super) fn deliver(&mut self, place: usize, key: &FlowKey, segment: &Segment<'_>, sender: Sender) {
        let (table, cx) = &mut self.at_work(place, key);
        let Some(living) = table.at(place) else { return };
        let delivered = living.take_segment(false, segment, sender, cx);
        self.after(&delivered, place, key, segment);
    }

    /// What becomes of a connection that was handed a segment.
    #[inline]
    fn after(&mut self, delivered: &Delivered, place: usize, key: &FlowKey, segment: &Segment<'_>) {
        if delivered.waits {
            cold_path();
            self.watch(place, key);
        }
        if delivered.fate == Fate::Over {
            self.over(place, key, segment.timestamp, false);
        }
        if delivered.too_much {
            cold_path();
            self.let_go_of_held(place, key);
        }
    }

    /// Bytes wait for others: as many connections as may be are looked after when time has passed.
    #[cold]
    fn watch(&mut self, place: usize, key: &FlowKey) {
        if self.stalled.len() >= STALLED {
            return;
        }
        if let Some(stall) = self.table.at(place).and_then(Conversation::stall_mut) {
            stall.watched = true;
            // By the clock, so that no connection is kept waiting by another one whose time runs behind.
            self.stalled.push_back((self.shared.now.clock, *key));
        }
    }

    /// A connection with this key is over: a late segment of it, or a new connection.
    #[inline(never)]
    fn on_dead(&mut self, key: &FlowKey, dead: &Tombstone, segment: &Segment<'_>, sender: Sender) {
        if self.table.is_late_copy(key, &mut self.trail, segment, sender) {
            self.shared.quality.duplicates += 1;
            return;
        }
        let flags = segment.flags;
        let syn = flags.contains(Flags::SYN);
        let answered = flags
            .contains(Flags::ACK)
            .then_some(SeqNumber(segment.acknowledgment));
        let same_syn =
            dead.has_isn && (dead.isn == SeqNumber(segment.sequence) || answered == Some(dead.isn.plus(1)));
        let late = if syn { same_syn } else { segment.payload_len == 0 };
        if !dead.expired && (late || (!syn && dead.covers(segment.timestamp))) {
            self.shared.quality.late += 1;
            return;
        }
        if flags.contains(Flags::RST) {
            self.shared.quality.stray_resets += 1;
            return;
        }
        let resumes = (dead.expired && !syn).then_some(dead.id.get());
        self.open((false, resumes), key, segment, sender);
    }

    /// No connection with this key is known.
    #[inline(never)]
    fn on_unknown(&mut self, key: &FlowKey, segment: &Segment<'_>, sender: Sender) {
        if segment.flags.contains(Flags::RST) {
            self.shared.quality.stray_resets += 1;
            return;
        }
        self.open((true, None), key, segment, sender);
    }
}

/// What a segment did to its connection.
struct Delivered {
    fate: Fate,
    /// Bytes of it wait for others, and nobody looks after them yet.
    waits: bool,
    /// It keeps more than before, and all together too much.
    too_much: bool,
}

impl Delivered {
    /// Whether nothing is to be done about it.
    #[inline]
    fn is_all(&self) -> bool {
        self.fate == Fate::GoesOn && !self.waits && !self.too_much
    }
}

impl Conversation {
    /// Takes in a segment, of which all but the payload was taken in if it `goes_on`, and sees to what waits.
    #[expect(
        clippy::inline_always,
        reason = "the way of nearly every segment has no calls"
    )]
    #[inline(always)]
    fn take_segment(
        &mut self,
        goes_on: bool,
        segment: &Segment<'_>,
        sender: Sender,
        cx: &mut Context<'_>,
    ) -> Delivered {
        let before = self.held();
        // Without payload, and while nothing waits, nothing can be added to it.
        let stays_empty = before == 0 && segment.payload_len == 0 && self.beyond.is_none();
        let fate = if goes_on {
            self.payload_here(segment, sender, cx);
            Fate::GoesOn
        } else {
            self.segment(segment, sender, cx)
        };
        if stays_empty {
            return Delivered {
                fate,
                waits: false,
                too_much: false,
            };
        }
        let held = self.held();
        if held != before {
            cold_path();
            cx.shared.quality.held = (cx.shared.quality.held + held).saturating_sub(before);
        }
        Delivered {
            fate,
            waits: self.stall().is_some_and(|stall| !stall.watched),
            too_much: held > before && cx.shared.quality.held > HELD_BYTES,
        }
    }
}
