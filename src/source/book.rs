//! What one file's framing keeps account of: frame numbers, interfaces, and what the summary will say.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::compressed::Compression;
use super::input::Piece;
use super::{Damage, Joined, SourceSummary};
use crate::frame::{Interface, InterfaceId, LinkType};
use crate::lang::tr;
use crate::limits::{CAPTURES_TOLD, DAMAGE_TOLD, INTERFACES, LINK_TYPES, PLACES_TOLD};
use crate::tr;

/// Hands out interface ids that are unique across all sources.
#[derive(Debug, Default)]
pub(super) struct InterfaceIds(AtomicUsize);

impl InterfaceIds {
    fn next(&self) -> Option<InterfaceId> {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |id| {
                (id < INTERFACES).then_some(id + 1)
            })
            .ok()
            .and_then(|id| u16::try_from(id).ok())
            .map(InterfaceId)
    }
}

/// Something that happened many times, told once.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Repeated {
    count: u64,
    first_offset: u64,
    /// The packet it happened to, where there is one.
    first_number: u64,
}

impl Repeated {
    pub(super) fn add(&mut self, offset: u64) {
        self.add_packet(offset, 0);
    }

    pub(super) fn add_packet(&mut self, offset: u64, number: u64) {
        if self.count == 0 {
            (self.first_offset, self.first_number) = (offset, number);
        }
        self.count += 1;
    }
}

/// The account of one file.
#[derive(Debug)]
pub(super) struct Book {
    /// How messages call the file.
    pub(super) display_name: String,
    /// The summary as far as it is known.
    pub(super) summary: SourceSummary,
    /// Interfaces first used since they were last taken.
    pub(super) fresh: Vec<(InterfaceId, Interface)>,
    /// Offset in the uncompressed stream of the first byte being framed.
    pub(super) base: u64,
    /// No more bytes will come than there are.
    pub(super) is_complete: bool,
    /// Offset of a place that looks compressed, and is no compressed capture.
    pub(super) not_compressed: Option<u64>,
    /// Packets whose time can't be.
    pub(super) stray_times: Repeated,
    /// Places where time runs backwards, by more than queues of a network card explain, or jumps ahead by a year.
    pub(super) steps: Repeated,
    /// Blocks of a type that nobody has assigned.
    pub(super) unassigned: Repeated,
    /// Damaged places that are not told one by one.
    untold_places: u64,
    /// Bytes skipped there.
    untold_bytes: u64,
    /// Packets on an interface that the section does not describe.
    pub(super) undescribed: Repeated,
    /// Packets on an interface beyond the cap.
    pub(super) beyond_cap: Repeated,
    source: u16,
    ids: Arc<InterfaceIds>,
    /// Interfaces met so far: one described alike at the same place of a later section or file is the same.
    known: BTreeMap<(usize, u16, Option<String>), InterfaceId>,
    /// The piece in which the damage lies that is noted next, where that is known.
    pub(super) damaged_piece: Option<Piece>,
    /// Captures and damaged places of which it is known where they are stored.
    located_captures: usize,
    located_damage: usize,
    /// Captures in this input, those beyond the cap too.
    captures: u64,
    /// Packets before the latest of them.
    packets_before: u64,
}

impl Book {
    pub(super) fn new(source: u16, name: String, display_name: String, ids: Arc<InterfaceIds>) -> Self {
        Self {
            display_name,
            summary: SourceSummary {
                name,
                ..SourceSummary::default()
            },
            fresh: Vec::new(),
            base: 0,
            is_complete: false,
            not_compressed: None,
            stray_times: Repeated::default(),
            steps: Repeated::default(),
            unassigned: Repeated::default(),
            untold_places: 0,
            untold_bytes: 0,
            undescribed: Repeated::default(),
            beyond_cap: Repeated::default(),
            source,
            ids,
            known: BTreeMap::new(),
            damaged_piece: None,
            located_captures: 0,
            located_damage: 0,
            captures: 0,
            packets_before: 0,
        }
    }

    /// A capture's header, or a section's, was read at this offset.
    pub(super) fn begin_capture(&mut self, offset: u64, format: &'static str) {
        let packets = self.summary.packets;
        if let Some(latest) = self.summary.captures.last_mut() {
            if latest.at_byte == offset {
                return;
            }
            latest.packets += packets.saturating_sub(self.packets_before);
        }
        self.packets_before = packets;
        self.captures += 1;
        if self.summary.captures.len() < CAPTURES_TOLD {
            self.summary.captures.push(Joined {
                at_byte: offset,
                format,
                ..Joined::default()
            });
        }
    }

    fn note_damage(&mut self, offset: u64, bytes: Option<u64>, what: &str) {
        let piece = self.damaged_piece.take();
        let mut is_told = self.summary.damage.len() < DAMAGE_TOLD;
        if let Some(latest) = self.summary.captures.last_mut() {
            latest.damaged_places += 1;
            is_told &= latest.damaged_places <= PLACES_TOLD;
        }
        if !is_told {
            return;
        }
        let mut damage = Damage {
            at_byte: offset,
            bytes,
            what: what.trim_end_matches(',').to_owned(),
            ..Damage::default()
        };
        if let Some(piece) = piece {
            (damage.stored_at_byte, damage.within_piece) = piece.place(offset);
        }
        self.summary.damage.push(damage);
        if piece.is_some() {
            self.located_damage = self.summary.damage.len();
        }
    }

    /// Fills in where what was noted lately is stored.
    pub(super) fn locate(&mut self, piece: impl Fn(u64) -> Option<Piece>) {
        let captures = self.summary.captures.iter_mut().skip(self.located_captures);
        for capture in captures {
            let piece = piece(capture.at_byte).unwrap_or_default();
            capture.stored_at_byte = piece.place(capture.at_byte).0;
            capture.compression = piece.compression.map(Compression::name);
        }
        for damage in self.summary.damage.iter_mut().skip(self.located_damage) {
            let piece = piece(damage.at_byte).unwrap_or_default();
            (damage.stored_at_byte, damage.within_piece) = piece.place(damage.at_byte);
        }
        self.located_captures = self.summary.captures.len();
        self.located_damage = self.summary.damage.len();
    }

    /// The id for an interface on which a packet was just met, the one at `index` of its section; `None` beyond the cap.
    pub(super) fn assign(
        &mut self,
        index: usize,
        name: Option<String>,
        link_type: LinkType,
    ) -> Option<InterfaceId> {
        let key = (index, link_type.0, name);
        if let Some(known) = self.known.get(&key) {
            return Some(*known);
        }
        let id = self.ids.next()?;
        let name = key.2.clone();
        self.known.insert(key, id);
        self.fresh.push((
            id,
            Interface {
                source: self.source,
                name,
                link_type,
            },
        ));
        Some(id)
    }

    /// Notes what an interface of this file is declared to be.
    pub(super) fn declare(&mut self, link_type: LinkType, snaplen: u32) {
        let known = &mut self.summary.link_types;
        if known.len() < LINK_TYPES && !known.contains(&link_type) {
            known.push(link_type);
        }
        self.summary.snaplen = self.summary.snaplen.max(snaplen);
    }

    /// `byte 123`, or `byte 123 of the uncompressed stream`.
    pub(super) fn place(&self, offset: u64) -> String {
        match self.summary.compression {
            None => tr!("byte {offset}", offset),
            Some(kind) => tr!("byte {offset} of the uncompressed stream ({kind})", offset, kind),
        }
    }

    /// Notes where reading stopped for good, and why.
    pub(super) fn stop(&mut self, offset: u64, what: &str) {
        self.note_damage(offset, None, what);
        let (name, place, packets) = (&self.display_name, self.place(offset), self.summary.packets);
        self.summary.truncated_at_byte = Some(offset);
        let warning = tr!(
            "{name}: {what} at {place}; the {packets} packets before it were read, nothing after it",
            name,
            what,
            place,
            packets
        );
        self.summary.warnings.push(warning);
    }

    /// Notes bytes that are no packets, and that packets go on after them.
    pub(super) fn skip(&mut self, from: u64, to: u64, what: &str) {
        let bytes = to.saturating_sub(from);
        self.summary.skipped_bytes += bytes;
        self.summary.damaged_places += 1;
        self.note_damage(from, Some(bytes), what);
        if self.summary.damaged_places > PLACES_TOLD {
            self.untold_places += 1;
            self.untold_bytes += bytes;
            return;
        }
        let (name, place) = (&self.display_name, self.place(from));
        let warning = tr!(
            "{name}: {what} at {place}; {bytes} bytes were skipped, reading resumed at byte {to}",
            name,
            what,
            place,
            bytes,
            to
        );
        self.summary.warnings.push(warning);
    }

    /// Notes that from `from` on no byte up to the end, `to`, is a packet.
    pub(super) fn skip_rest(&mut self, from: u64, to: u64, what: &str) {
        let bytes = to.saturating_sub(from);
        self.summary.skipped_bytes += bytes;
        self.summary.damaged_places += 1;
        self.stop(from, what);
        if let Some(warning) = self.summary.warnings.last_mut() {
            let told = tr!(" ({bytes} bytes were skipped)", bytes);
            warning.push_str(&told);
        }
    }

    /// The summary with what is told once.
    pub(super) fn summary(&self) -> SourceSummary {
        let mut summary = self.summary.clone();
        let packets = summary.packets.saturating_sub(self.packets_before);
        match summary.captures.as_mut_slice() {
            // Of one capture the summary says all.
            [] | [_] => summary.captures.clear(),
            [.., latest] => latest.packets += packets,
        }
        let untold = self.captures.saturating_sub(CAPTURES_TOLD as u64);
        if untold > 0 {
            let name = &self.display_name;
            let warning = tr!(
                "{name}: {untold} more captures follow in it, listed with the last of {most}",
                name,
                untold,
                most = CAPTURES_TOLD
            );
            summary.warnings.push(warning);
        }
        if self.untold_places > 0 {
            let (name, more, bytes) = (&self.display_name, self.untold_places, self.untold_bytes);
            let warning = tr!(
                "{name}: {more} more damaged places, {bytes} bytes were skipped there",
                name,
                more,
                bytes
            );
            summary.warnings.push(warning);
        }
        let beyond = tr!(
            "packets left out: their interface is beyond the first {most} of all files",
            most = INTERFACES
        );
        let told = [
            (
                self.undescribed,
                "packets left out: they name an interface that their pcapng section does not describe",
            ),
            (self.beyond_cap, &beyond),
            (
                self.unassigned,
                "blocks left out: their type is assigned to nothing",
            ),
            (
                self.stray_times,
                "packets whose time can't be (over a day from the packets before and after them, or a fraction of \
                 one second and more): they got the time of the packet before them, or the second's end",
            ),
            (
                self.steps,
                "places where time runs backwards by more than 10 s, or ahead by more than a year: packets keep \
                 their order, and the report's clock never goes back",
            ),
        ];
        for (repeated, what) in told.into_iter().filter(|(repeated, _)| repeated.count > 0) {
            let first = match repeated.first_number {
                0 => self.place(repeated.first_offset),
                number => tr!(
                    "packet {number} at {place}",
                    number,
                    place = self.place(repeated.first_offset)
                ),
            };
            let (name, count) = (&self.display_name, repeated.count);
            let warning = tr!(
                "{name}: {count} {what}; the first: {first}",
                name,
                count,
                what = tr(what),
                first
            );
            summary.warnings.push(warning);
        }
        summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_beyond_the_cap_are_refused() {
        let ids = Arc::new(InterfaceIds(AtomicUsize::new(INTERFACES - 1)));
        let mut book = Book::new(0, "a".to_owned(), "a".to_owned(), ids);
        assert_eq!(
            book.assign(0, None, LinkType::ETHERNET),
            Some(InterfaceId(65_534))
        );
        assert_eq!(book.assign(1, None, LinkType::ETHERNET), None);
        assert_eq!(book.fresh.len(), 1);
        book.beyond_cap.add(24);
        book.beyond_cap.add(80);
        let warnings = book.summary().warnings;
        let expected = "a: 2 packets left out: their interface is beyond the first 65535 of all files; the first: byte 24";
        assert!(
            matches!(warnings.as_slice(), [one] if one.starts_with(expected)),
            "{warnings:?}"
        );
    }

    fn book() -> Book {
        Book::new(0, "a".to_owned(), "a".to_owned(), Arc::default())
    }

    #[test]
    fn captures_beyond_the_cap_are_counted() {
        let mut book = book();
        for number in 0..CAPTURES_TOLD as u64 + 5 {
            book.begin_capture(number * 100, "pcap");
            book.summary.packets += 2;
        }
        let summary = book.summary();
        assert_eq!(summary.captures.len(), CAPTURES_TOLD);
        assert_eq!(summary.captures.last().map(|last| last.packets), Some(12));
        let all: u64 = summary.captures.iter().map(|capture| capture.packets).sum();
        assert_eq!(all, summary.packets);
        assert!(
            matches!(summary.warnings.as_slice(), [one] if one.contains("5 more captures follow")),
            "{:?}",
            summary.warnings
        );
    }

    #[test]
    fn damage_beyond_the_cap_is_counted() {
        let mut book = book();
        for number in 0..DAMAGE_TOLD as u64 {
            book.begin_capture(number * 1_000, "pcap");
            for place in 0..PLACES_TOLD + 3 {
                book.skip(number * 1_000 + place, number * 1_000 + place + 1, "damage");
            }
        }
        let summary = book.summary();
        assert_eq!(summary.damage.len(), DAMAGE_TOLD);
        assert!(
            summary
                .captures
                .iter()
                .all(|capture| capture.damaged_places == PLACES_TOLD + 3)
        );
        assert_eq!(summary.damaged_places, DAMAGE_TOLD as u64 * (PLACES_TOLD + 3));
        assert_eq!(summary.damage[PLACES_TOLD as usize].at_byte, 1_000);
    }
}
