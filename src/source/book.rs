//! What one file's framing keeps account of: frame numbers, interfaces, and what the summary will say.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::SourceSummary;
use crate::frame::{Interface, InterfaceId, LinkType};
use crate::lang::tr;
use crate::limits::{INTERFACES, LINK_TYPES, PLACES_TOLD};
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
            stray_times: Repeated::default(),
            steps: Repeated::default(),
            unassigned: Repeated::default(),
            untold_places: 0,
            untold_bytes: 0,
            undescribed: Repeated::default(),
            beyond_cap: Repeated::default(),
            source,
            ids,
        }
    }

    /// The id for an interface on which a packet was just met; `None` beyond the cap.
    pub(super) fn assign(&mut self, name: Option<String>, link_type: LinkType) -> Option<InterfaceId> {
        let id = self.ids.next()?;
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
        assert_eq!(book.assign(None, LinkType::ETHERNET), Some(InterfaceId(65_534)));
        assert_eq!(book.assign(None, LinkType::ETHERNET), None);
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
}
