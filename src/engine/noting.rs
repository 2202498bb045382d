//! What is noted of each packet: what the engine made of it, seen from what it counts.

use super::analysis::Engine;
use super::context::STEPS;
use super::conversation::Conversation;
use super::notebook::{Notebook, Noting};
use super::records::Heads;
use crate::classify::Endpoint;
use crate::decode::{Flags, Segment};
use crate::diagnose::{PacketNotes, Sending};
use crate::flow::{FlowKey, Known, Sender};

/// How things stood before a packet.
struct Before {
    /// The connection that lived under its key, and its counters.
    living: Option<(u64, Counters)>,
    duplicates: u64,
    late: u64,
    stray_resets: u64,
}

/// What a connection counts of its packets.
#[derive(Clone, Copy)]
struct Counters {
    repeated: u32,
    out_of_order: u32,
    probes: u16,
    is_closing: bool,
    /// Who sent a SYN that is neither the connection's nor yet another one's.
    challenged_by: Option<Sender>,
}

impl Counters {
    fn of(living: &Conversation) -> Self {
        let beyond = living.beyond.as_deref();
        Self {
            repeated: beyond.map_or(0, |it| it.retransmitted + u32::from(it.syn_retransmitted)),
            out_of_order: beyond.map_or(0, |it| it.out_of_order),
            probes: beyond.map_or(0, |it| it.keepalive_probes),
            is_closing: living.closing.is_some(),
            challenged_by: living.challenger().map(|challenger| challenger.sender),
        }
    }

    /// What a packet was, by what it was counted as.
    fn sending(&self, before: &Self, segment: &Segment<'_>) -> Sending {
        let reset = segment.flags.contains(Flags::RST);
        if self.repeated > before.repeated {
            Sending::Retransmission
        } else if self.out_of_order > before.out_of_order {
            Sending::OutOfOrder
        } else if self.probes > before.probes {
            Sending::KeepaliveProbe
        } else if reset && !self.is_closing {
            Sending::Ignored
        } else {
            Sending::New
        }
    }
}

impl Engine {
    /// Takes notes from now on; what was noted before is forgotten. `None`: no more.
    pub fn take_notes(&mut self, noting: Option<Noting>) {
        if self.noting() != noting {
            self.notebook = noting.map(|noting| Box::new(Notebook::new(noting)));
            self.shared.records.heads = noting.map(|_| Heads::default());
        }
    }

    /// What is noted.
    #[must_use]
    pub fn noting(&self) -> Option<Noting> {
        self.notebook.as_ref().map(|notebook| notebook.noting())
    }

    /// How many notes were taken.
    #[must_use]
    pub fn notes_taken(&self) -> u64 {
        self.notebook.as_ref().map_or(0, |notebook| notebook.taken)
    }

    /// The notes of the connection with this id and client.
    #[must_use]
    pub fn notes(&mut self, id: u64, client: Endpoint) -> Option<PacketNotes> {
        self.note_heads();
        self.notebook.as_ref()?.read(id, client)
    }

    /// Takes in a segment and notes what became of it.
    #[cold]
    pub(super) fn noted_segment(
        &mut self,
        known: Known,
        key: &FlowKey,
        segment: &Segment<'_>,
        sender: Sender,
    ) {
        let living = match known {
            Known::Living(place) => self.table.get(place),
            Known::Dead(_) | Known::Nothing => None,
        };
        let before = Before {
            living: living.map(|living| (living.id.get(), Counters::of(living))),
            duplicates: self.shared.quality.duplicates,
            late: self.shared.quality.late,
            stray_resets: self.shared.quality.stray_resets,
        };
        self.take_in(known, key, segment, sender);
        // Mostly the connection is where it was.
        let is_there = |place: &usize| self.table.entry(*place).is_some_and(|(other, _)| other == key);
        let now = match known {
            Known::Living(place) if is_there(&place) => known,
            _ => self.table.look(key),
        };
        self.note(&before, (now, *key), segment, sender);
        self.note_heads();
        if let Known::Living(place) = now
            && segment.payload_len > 0
        {
            self.note_begun(place);
        }
    }

    /// Notes which ends have begun a head that is not complete.
    fn note_begun(&mut self, place: usize) {
        let living = self.table.get(place);
        if let Some((living, notebook)) = living.zip(self.notebook.as_mut()) {
            let in_head = [0, 1].map(|end| living.streams[end].messages.in_head());
            notebook.note_begun(living.id.get(), in_head);
        }
    }

    fn note(
        &mut self,
        before: &Before,
        (known, key): (Known, FlowKey),
        segment: &Segment<'_>,
        sender: Sender,
    ) {
        let order = self.shared.now.order / STEPS;
        let (id, after, candidate) = match known {
            Known::Living(place) => {
                let Some(living) = self.table.get(place) else {
                    return;
                };
                let syn = segment.flags.contains(Flags::SYN) && !segment.flags.contains(Flags::ACK);
                let candidate = living.challenger().filter(|challenger| {
                    syn && challenger.sender == sender && challenger.isn.0 == segment.sequence
                });
                let candidate = candidate.map(|challenger| challenger.order);
                (living.id.get(), Some(Counters::of(living)), candidate)
            }
            Known::Dead(dead) => (dead.id.get(), None, None),
            Known::Nothing => return,
        };
        let control = segment.flags.contains(Flags::RST) || segment.flags.contains(Flags::FIN);
        let packet = (segment, sender);
        let counted = if self.shared.quality.duplicates > before.duplicates {
            Some(Sending::Duplicate)
        } else if self.shared.quality.late > before.late {
            Some(Sending::Late)
        } else if self.shared.quality.stray_resets > before.stray_resets {
            Some(Sending::Ignored)
        } else {
            None
        };
        let Some(notebook) = &mut self.notebook else {
            return;
        };
        if let Some(sending) = counted {
            return notebook.packet(id, key, packet, (sending, false));
        }
        if let Some(candidate) = candidate {
            let again = if candidate == order {
                Sending::New
            } else {
                Sending::Retransmission
            };
            notebook.packet(candidate, key, packet, (again, false));
            return notebook.packet(id, key, packet, (Sending::Ignored, false));
        }
        let (id, sending, closes) = match before.living {
            Some((old, counters)) if old == id => {
                let sending = after.map_or(Sending::New, |after| after.sending(&counters, segment));
                let closing = after.is_none_or(|after| after.is_closing);
                (id, sending, control && closing && !counters.is_closing)
            }
            // The sender of another SYN ends the old connection by an RST and goes on with the new one.
            Some((old, counters)) if control && counters.challenged_by == Some(sender) => {
                (old, Sending::New, !counters.is_closing)
            }
            _ => (
                id,
                Sending::New,
                control && after.is_none_or(|after| after.is_closing),
            ),
        };
        notebook.packet(id, key, packet, (sending, closes));
    }

    /// Puts the heads that were read to the packets in which they began.
    fn note_heads(&mut self) {
        let (Some(notebook), Some(heads)) = (&mut self.notebook, &mut self.shared.records.heads) else {
            return;
        };
        heads.drain(|head, line| notebook.head(head, line));
    }
}
