//! What is believed of a damaged section: which times, which lengths, and where blocks go on.

use super::{
    ByteOrder, Description, ENHANCED_PACKET, INTERFACE_DESCRIPTION, INTERFACE_STATISTICS, NUMBERED,
    OBSOLETE_PACKET, Packet, PcapNg, SIMPLE_PACKET, SMALLEST_BLOCK, enhanced, obsolete, section_order,
};
use crate::limits::RECORD_BYTES;
use crate::source::book::Book;
use crate::source::format::{Candidate, Format, Search, Stop, search};
use crate::time::{Nanos, SECOND, Timestamp};

/// Time between packets that needs no explanation.
const DAY: Nanos = 86_400 * SECOND;
const YEAR: Nanos = 366 * DAY;
/// How far time may run backwards without a word.
const BACKWARDS: Nanos = 10 * SECOND;
/// A first packet before 2000 or after 2069 is believed only if the second one agrees.
const ERA: std::ops::Range<i64> = 946_684_800 * SECOND..3_155_760_000 * SECOND;
/// The longest block that a search believes in, and the most that options add to a packet.
const SEARCHED_BYTES: usize = 1 << 20;
const OPTION_BYTES: usize = 128 << 10;
/// Blocks looked at for the time of the next packet.
const LOOKED_AT: usize = 4;
/// Interfaces guessed in a section that lost blocks.
const GUESSED: usize = 64;

/// Types that the draft assigns, those of vendors and of local use.
pub(super) fn is_assigned(kind: u32) -> bool {
    matches!(kind, 1..=0x10 | 0x101..=0x102 | 0x201..=0x2ff)
        || kind >= 0x8000_0000
        || NUMBERED.contains(&kind)
}

#[inline]
pub(super) fn are_near(a: Timestamp, b: Timestamp) -> bool {
    a.since(b).unsigned_abs() <= DAY.unsigned_abs()
}

fn is_plausible(time: Timestamp) -> bool {
    ERA.contains(&time.nanos())
}

/// Whether a block that is not there as a whole claims far more bytes than its packet and any options take.
pub(super) fn is_liar(order: ByteOrder, kind: u32, rest: &[u8], length: usize) -> bool {
    matches!(kind, ENHANCED_PACKET | OBSOLETE_PACKET)
        && order
            .u32_at(rest, 20)
            .is_some_and(|captured| length > (captured as usize).saturating_add(OPTION_BYTES))
}

/// Types that a search believes in: the usual ones.
fn is_usual(kind: u32) -> bool {
    matches!(
        kind,
        INTERFACE_DESCRIPTION
            | OBSOLETE_PACKET
            | SIMPLE_PACKET
            | 4
            | INTERFACE_STATISTICS
            | ENHANCED_PACKET
            | 10
    ) || NUMBERED.contains(&kind)
}

fn is_length(length: usize) -> bool {
    (SMALLEST_BLOCK..=RECORD_BYTES).contains(&length) && length.is_multiple_of(4)
}

impl PcapNg {
    /// Judges an unusual time by the packet that follows; returns the time to use. `place` is offset and number.
    #[inline(never)]
    pub(super) fn doubt(
        &self,
        time: Timestamp,
        rest: &[u8],
        place: (u64, u64),
        book: &mut Book,
    ) -> Result<Option<Timestamp>, Stop> {
        let (offset, number) = place;
        let expected = |other: Timestamp| match self.latest {
            Some(latest) => are_near(latest, other),
            None => is_plausible(other),
        };
        let leap = self.latest.map_or(0, |latest| time.since(latest));
        if !expected(time) {
            let next = self.next_time(rest, book.is_complete)?;
            let is_alone = next.map_or(leap.unsigned_abs() > YEAR.unsigned_abs(), |next| {
                expected(next) && !are_near(next, time)
            });
            if is_alone {
                book.stray_times.add_packet(offset, number);
                return Ok(self.latest.or(next));
            }
        }
        if leap < -BACKWARDS || leap > YEAR {
            book.steps.add_packet(offset, number);
        }
        Ok(Some(time))
    }

    /// The time of the next packet behind the block at the start of `rest`, if it has one and is near.
    fn next_time(&self, rest: &[u8], is_complete: bool) -> Result<Option<Timestamp>, Stop> {
        let mut at = self.order.u32_at(rest, 4).unwrap_or_default() as usize;
        for _ in 0..LOOKED_AT {
            let bytes = rest.get(at..).unwrap_or_default();
            if bytes.len() < 32 && !is_complete {
                return Err(Stop::Need(at + 32));
            }
            let (Some(kind), Some(length)) = (self.order.u32_at(bytes, 0), self.order.u32_at(bytes, 4))
            else {
                break;
            };
            let body = bytes.get(8..).unwrap_or_default();
            let packet = match kind {
                ENHANCED_PACKET => enhanced(self.order, body),
                OBSOLETE_PACKET => obsolete(self.order, body),
                _ if !is_assigned(kind) => break,
                _ => None,
            };
            if let Some(packet) = packet {
                let interface = self.interfaces.get(packet.interface);
                return Ok(interface
                    .zip(packet.ticks)
                    .map(|(interface, ticks)| interface.time(ticks)));
            }
            if !is_length(length as usize) {
                break;
            }
            at = at.saturating_add(length as usize);
            if at > rest.len() {
                // Not worth waiting for.
                break;
            }
        }
        Ok(None)
    }

    /// Describes the interface of a packet whose description may be among what was lost.
    pub(super) fn guess(&mut self, packet: &Packet, offset: u64, book: &mut Book) {
        while self.interfaces.len() <= packet.interface.min(GUESSED) {
            let ticks = packet.ticks.unwrap_or_default();
            let description = Description::stand_in(self.interfaces.last(), ticks, is_plausible);
            book.declare(description.link_type, 0);
            book.guessed.add(offset);
            self.interfaces.push(description);
        }
    }

    /// Looks for the place from `start` on where blocks go on.
    pub(in crate::source) fn search(&mut self, bytes: &[u8], start: usize, is_complete: bool) -> Search {
        let found = search(bytes, start, SMALLEST_BLOCK, is_complete, |rest| {
            self.candidate(rest, is_complete)
        });
        self.has_lost |= matches!(found, Search::Found(_));
        found
    }

    #[inline]
    fn candidate(&self, rest: &[u8], is_complete: bool) -> Candidate {
        let (Some(kind), Some(length)) = (self.order.u32_at(rest, 0), self.order.u32_at(rest, 4)) else {
            return Candidate::No;
        };
        let length = length as usize;
        if !is_usual(kind) {
            return Format::begins_at(rest);
        }
        if !is_length(length) || length > SEARCHED_BYTES {
            return Candidate::No;
        }
        let Some(block) = rest.get(..length) else {
            return Candidate::Need(length);
        };
        if self.order.u32_at(block, length - 4) != Some(length as u32) || !self.is_sound(kind, block) {
            return Candidate::No;
        }
        self.goes_on(rest.get(length..).unwrap_or_default(), length, is_complete)
    }

    /// Whether a packet fits its block.
    fn is_sound(&self, kind: u32, block: &[u8]) -> bool {
        let body = block.get(8..block.len() - 4).unwrap_or_default();
        match kind {
            ENHANCED_PACKET => enhanced(self.order, body),
            OBSOLETE_PACKET => obsolete(self.order, body),
            INTERFACE_DESCRIPTION => return body.len() >= 8 && body.get(2..4) == Some(&[0; 2]),
            _ => return true,
        }
        .is_some_and(|packet| packet.captured_len as usize + packet.at <= body.len())
    }

    /// Whether a block, a capture or the end of the data follows.
    fn goes_on(&self, rest: &[u8], length: usize, is_complete: bool) -> Candidate {
        let (Some(kind), Some(next)) = (self.order.u32_at(rest, 0), self.order.u32_at(rest, 4)) else {
            return if is_complete {
                Candidate::Yes
            } else {
                Candidate::Need(length + 8)
            };
        };
        let is_block = is_assigned(kind) && is_length(next as usize);
        let is_section = rest.starts_with(&Self::MAGIC);
        if is_block || is_section || Format::begins_at(rest) == Candidate::Yes {
            Candidate::Yes
        } else {
            Candidate::No
        }
    }
}

/// The byte order by the magic, or where that is damaged by the lengths.
pub(super) fn order_of_section(rest: &[u8]) -> Option<ByteOrder> {
    section_order(rest).or_else(|| {
        [ByteOrder::Little, ByteOrder::Big].into_iter().find(|order| {
            let length = order.u32_at(rest, 4).unwrap_or_default();
            is_length(length as usize)
                && order.u32_at(rest, (length as usize).saturating_sub(4)) == Some(length)
        })
    })
}
