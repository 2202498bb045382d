//! What one file's framing keeps account of: frame numbers, interfaces, and what the summary will say.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::SourceSummary;
use crate::frame::{Interface, InterfaceId, LinkType};
use crate::limits::INTERFACES;

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
}

impl Repeated {
    pub(super) fn add(&mut self, offset: u64) {
        if self.count == 0 {
            self.first_offset = offset;
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
        if !self.summary.link_types.contains(&link_type) {
            self.summary.link_types.push(link_type);
        }
        self.summary.snaplen = self.summary.snaplen.max(snaplen);
    }

    /// `byte 123`, or `byte 123 of the uncompressed stream`.
    pub(super) fn place(&self, offset: u64) -> String {
        match self.summary.compression {
            None => format!("byte {offset}"),
            Some(kind) => format!("byte {offset} of the uncompressed stream ({kind})"),
        }
    }

    /// Notes where reading stopped for good, and why.
    pub(super) fn stop(&mut self, offset: u64, what: &str) {
        let (name, place, packets) = (&self.display_name, self.place(offset), self.summary.packets);
        self.summary.truncated_at_byte = Some(offset);
        let warning =
            format!("{name}: {what} at {place}; the {packets} packets before it were read, nothing after it");
        self.summary.warnings.push(warning);
    }

    /// The summary with what is told once.
    pub(super) fn summary(&self) -> SourceSummary {
        let mut summary = self.summary.clone();
        let mut tell = |repeated: Repeated, why: &str| {
            if repeated.count > 0 {
                summary.warnings.push(format!(
                    "{}: {} packets left out, the first at {}: {why}",
                    self.display_name,
                    repeated.count,
                    self.place(repeated.first_offset)
                ));
            }
        };
        tell(
            self.undescribed,
            "they name an interface that their pcapng section does not describe",
        );
        tell(
            self.beyond_cap,
            &format!("their interface is beyond the first {INTERFACES} of all files"),
        );
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
        let expected =
            "a: 2 packets left out, the first at byte 24: their interface is beyond the first 65535";
        assert!(
            matches!(warnings.as_slice(), [one] if one.starts_with(expected)),
            "{warnings:?}"
        );
    }
}
