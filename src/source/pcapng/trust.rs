//! What is believed of a damaged section: which times, which lengths, and what is a block.

use super::{
    ByteOrder, Description, ENHANCED_PACKET, INTERFACE_DESCRIPTION, INTERFACE_STATISTICS, NUMBERED,
    OBSOLETE_PACKET, PcapNg, SECTION_HEADER, SIMPLE_PACKET, SMALLEST_BLOCK, enhanced, obsolete,
    section_order,
};
use crate::limits::{RECORD_BYTES, SEARCH_BLOCK_BYTES};
use crate::source::book::Book;
use crate::source::format::Stop;
use crate::source::pcap_file::corrected;
use crate::source::search::{Dialect, Expected, Link, YEAR, are_near, is_of_era, may_follow};
use crate::time::{Nanos, SECOND, Timestamp};

/// How far time may run backwards without a word: queues of a network card and several interfaces do that.
const BACKWARDS: Nanos = 10 * SECOND;
/// The most that options add to a packet.
const OPTION_BYTES: usize = 128 << 10;
/// What they add usually.
const USUAL_OPTION_BYTES: usize = 256;
/// Blocks looked at for the time of the next packet.
const LOOKED_AT: usize = 4;
/// Interfaces of a section that a search believes in, where their descriptions may be lost.
const INTERFACES: usize = 1_024;

/// The section in which blocks are looked for.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::source) struct Section<'a> {
    order: ByteOrder,
    /// Its interfaces as far as they are known.
    interfaces: &'a [Description],
}

/// Types that the draft assigns, those of vendors and of local use.
pub(super) fn is_assigned(kind: u32) -> bool {
    matches!(kind, 1..=0x10 | 0x101..=0x102 | 0x201..=0x2ff)
        || kind >= 0x8000_0000
        || NUMBERED.contains(&kind)
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
            | SECTION_HEADER
    ) || NUMBERED.contains(&kind)
}

fn is_length(length: usize) -> bool {
    (SMALLEST_BLOCK..=RECORD_BYTES).contains(&length) && length.is_multiple_of(4)
}

impl<'a> Section<'a> {
    /// A block at the start of `bytes`: a usual type, twice the same length, and a body that goes with them.
    #[inline]
    pub(in crate::source) fn link(
        &self,
        bytes: &[u8],
        before: Option<Timestamp>,
        is_first: bool,
    ) -> Link<'a> {
        let Some(kind) = self.order.u32_at(bytes, 0) else {
            return Link::Need(SMALLEST_BLOCK);
        };
        if !is_usual(kind) {
            return Link::Nothing;
        }
        if bytes.len() < SMALLEST_BLOCK {
            return Link::Need(SMALLEST_BLOCK);
        }
        let section = if kind == SECTION_HEADER {
            section_order(bytes).map(|order| Section {
                order,
                interfaces: &[],
            })
        } else {
            Some(*self)
        };
        section.map_or(Link::Nothing, |section| {
            section.block(kind, bytes, before, is_first)
        })
    }

    fn block(self, kind: u32, bytes: &[u8], before: Option<Timestamp>, is_first: bool) -> Link<'a> {
        let length = self.order.u32_at(bytes, 4).unwrap_or_default() as usize;
        if !is_length(length) || length > SEARCH_BLOCK_BYTES {
            return Link::Nothing;
        }
        let Some(block) = bytes.get(..length) else {
            return Link::Need(length);
        };
        if self.order.u32_at(block, length - 4) != Some(length as u32) {
            return Link::Nothing;
        }
        let body = block.get(8..length - 4).unwrap_or_default();
        self.behind(kind, body, before, is_first)
            .map_or(Link::Nothing, |expected| Link::Record(length, expected))
    }

    /// What is expected behind a block of this body, if it is sound.
    fn behind(
        self,
        kind: u32,
        body: &[u8],
        before: Option<Timestamp>,
        is_first: bool,
    ) -> Option<Expected<'a>> {
        let dialect = Dialect::PcapNg(self);
        let other = Expected {
            dialect,
            time: before,
        };
        let packet = match kind {
            ENHANCED_PACKET => enhanced(self.order, body)?,
            OBSOLETE_PACKET => obsolete(self.order, body)?,
            INTERFACE_DESCRIPTION => return (body.len() >= 8 && body.get(2..4)? == [0; 2]).then_some(other),
            SIMPLE_PACKET | INTERFACE_STATISTICS => return (body.len() >= 4).then_some(other),
            _ => return Some(other),
        };
        let is_sound =
            packet.interface < INTERFACES && packet.wire_len > 0 && packet.captured_len <= packet.wire_len;
        let time = self
            .interfaces
            .get(packet.interface)
            .zip(packet.ticks)
            .map(|(interface, ticks)| interface.time(ticks));
        let is_expected = match (before, time) {
            (Some(before), Some(time)) => may_follow(before, time) || (is_first && is_of_era(time)),
            // Clocks that nobody set are usual where no packet is known yet.
            (None, _) | (_, None) => true,
        };
        let time = time.or(before);
        (is_sound && is_expected).then_some(Expected { dialect, time })
    }
}

impl PcapNg {
    /// What is expected where blocks go on.
    pub(in crate::source) fn expected(&self) -> Expected<'_> {
        let section = Section {
            order: self.order,
            interfaces: &self.interfaces,
        };
        Expected {
            dialect: Dialect::PcapNg(section),
            time: self.before(),
        }
    }

    /// Whether the block at the start of `rest`, which the end of the data cuts, can be believed: it is as long as its
    /// packet and a few options take.
    pub(in crate::source) fn is_surely_cut(&self, rest: &[u8]) -> bool {
        let field = |offset| self.order.u32_at(rest, offset).map(|value| value as usize);
        let (Some(kind), Some(length), Some(captured), Some(wire)) =
            (field(0), field(4), field(20), field(24))
        else {
            return true;
        };
        let packet_bytes = captured.saturating_add(32);
        kind == ENHANCED_PACKET as usize
            && captured <= wire
            && (packet_bytes..=packet_bytes.saturating_add(USUAL_OPTION_BYTES)).contains(&length)
    }

    /// Judges an unusual time by the packet that follows; returns the time to use. `place` is offset and number.
    #[inline(never)]
    pub(super) fn doubt(
        &self,
        time: Timestamp,
        rest: &[u8],
        place: (u64, u64),
        book: &mut Book,
    ) -> Result<Timestamp, Stop> {
        let (offset, number) = place;
        let mut believed = time;
        let is_near = self
            .before()
            .map_or(is_of_era(time), |latest| are_near(latest, time));
        if !is_near {
            let next = self.next_time(rest, book.is_complete)?;
            believed = corrected(time, self.before(), next);
        }
        if believed != time {
            book.stray_times.add_packet(offset, number);
        } else if let Some(latest) = self.before()
            && !(-BACKWARDS..=YEAR).contains(&time.since(latest))
        {
            book.steps.add_packet(offset, number);
        }
        Ok(believed)
    }

    /// The time of the next packet behind the block at the start of `rest`, if it has one and is near.
    fn next_time(&self, rest: &[u8], is_complete: bool) -> Result<Option<Timestamp>, Stop> {
        let mut at = self.order.u32_at(rest, 4).unwrap_or_default() as usize;
        for _ in 0..LOOKED_AT {
            let bytes = rest.get(at..).unwrap_or_default();
            if bytes.len() < 32 && !is_complete {
                return Err(Stop::Look(at + 32));
            }
            let (Some(kind), Some(length)) = (self.order.u32_at(bytes, 0), self.order.u32_at(bytes, 4))
            else {
                break;
            };
            let body = bytes.get(8..).unwrap_or_default();
            let (interface, ticks) = match kind {
                ENHANCED_PACKET => (self.order.u32_at(body, 0), ticks(self.order, body)),
                OBSOLETE_PACKET => (self.order.u16_at(body, 0).map(u32::from), ticks(self.order, body)),
                _ if is_assigned(kind) && is_length(length as usize) => (None, None),
                _ => break,
            };
            if let (Some(interface), Some(ticks)) = (interface, ticks) {
                let interface = self.interfaces.get(interface as usize);
                return Ok(interface.map(|interface| interface.time(ticks)));
            }
            at = at.saturating_add(length as usize);
            if at > rest.len() {
                // Not worth waiting for.
                break;
            }
        }
        Ok(None)
    }
}

/// The ticks of a packet block, as far as there are any.
fn ticks(order: ByteOrder, body: &[u8]) -> Option<u64> {
    let (high, low) = (order.u32_at(body, 4)?, order.u32_at(body, 8)?);
    Some(u64::from(high) << 32 | u64::from(low))
}
