//! Looking ahead: the next few segments, where their connections are, and their first bytes, so that the processor fetches
//! from memory for several of them at a time instead of waiting for one after the other.

use prefetch_index::prefetch_index;

use super::analysis::Engine;
use super::quality::FlagCounts;
use crate::decode::{Flags, Plain, Segment, SegmentHead};
use crate::flow::{Glimpse, KeyHasher, KeyTag, Sender, ShortKey};
use crate::frame::Record;
use crate::time::Timestamp;

/// What a frame of the usual shape says before anything is known of its connection: any thread may find it.
///
/// Written in place by one thread and read by another one: a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Found {
    head: SegmentHead,
    pub(super) key: ShortKey,
    pub(super) tag: KeyTag,
    /// Where in the block's arena the captured payload lies ...
    payload_at: u32,
    /// ... and how much of it.
    payload_len: u16,
    pub(super) sender: Sender,
    /// Whether the frame is of the usual shape at all: of another one nothing else here is.
    is_usual: bool,
}

impl Found {
    /// Nothing.
    pub const NOTHING: Self = Self {
        head: SegmentHead::NOTHING,
        key: ShortKey::NONE,
        tag: KeyTag::NONE,
        payload_at: 0,
        payload_len: 0,
        sender: Sender::Low,
        is_usual: false,
    };

    /// Looks at a frame in the arena of its block.
    #[expect(clippy::inline_always, reason = "done for nearly every packet")]
    #[inline(always)]
    pub fn look(&mut self, record: &Record, arena: &[u8], hasher: &KeyHasher) {
        self.is_usual = false;
        let Some(frame) = record.whole_frame(arena) else {
            return;
        };
        let Some(plain) = Plain::of(&frame) else { return };
        (self.key, self.sender) = ShortKey::of(plain.ends_in_words());
        self.tag = hasher.tag(self.key);
        plain.write(&frame, &mut self.head);
        self.payload_at = record.offset + plain.payload_at;
        // In IPv4 it is shorter than 64 KiB.
        self.payload_len = (plain.payload_end - plain.payload_at) as u16;
        self.is_usual = true;
    }

    /// When the frame was captured.
    #[inline]
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        self.head.timestamp
    }

    /// Counts the segment's control bits, if the frame is of the usual shape.
    #[inline]
    pub fn count(&self, counts: &mut FlagCounts) {
        counts.count_if(self.is_usual, self.head.flags);
    }

    /// Whether the frame is of the usual shape.
    #[inline]
    #[must_use]
    pub fn is_usual(&self) -> bool {
        self.is_usual
    }

    /// Whether it is a SYN that answers none.
    #[inline]
    fn opens(&self) -> bool {
        self.head.flags.0 & Flags::SYN_ACK.0 == Flags::SYN.0
    }

    #[inline]
    pub(super) fn head(&self) -> &SegmentHead {
        &self.head
    }

    /// What was captured of the payload.
    #[inline]
    pub(super) fn payload<'a>(&self, arena: &'a [u8]) -> &'a [u8] {
        if self.head.payload_len == 0 {
            return &[];
        }
        let start = self.payload_at as usize;
        arena
            .get(start..start + usize::from(self.payload_len))
            .unwrap_or_default()
    }

    #[inline]
    pub(super) fn segment<'a>(&'a self, arena: &'a [u8]) -> Segment<'a> {
        Segment {
            head: &self.head,
            payload: self.payload(arena),
        }
    }
}

const _: () = assert!(size_of::<Found>() == 64, "each is on a line of its own");

/// Where the connections of the next few frames are, as it was then.
#[derive(Debug)]
pub struct Ahead {
    glimpses: [Glimpse; Self::MOST],
}

impl Default for Ahead {
    fn default() -> Self {
        Self {
            glimpses: [Glimpse::NOTHING; Self::MOST],
        }
    }
}

impl Ahead {
    /// How far to look: so many fetches a processor has under way at a time.
    pub const MOST: usize = 16;

    /// Each in the order of the frames.
    #[inline]
    pub fn glimpses(&self) -> impl Iterator<Item = Glimpse> {
        self.glimpses.iter().copied()
    }
}

impl Engine {
    /// Asks for the memory that the analysis of a segment will want, some time before it is [looked for](Self::look_ahead).
    #[inline]
    pub fn fetch(&self, found: &Found, arena: &[u8]) {
        // Of a frame that is not usual they mean nothing, and asking for them does no harm.
        self.table.fetch(found.tag);
        fetch_lines(arena, found.payload_at, found.payload_len);
    }

    /// Looks for the connections of the segments that come next, [`Ahead::MOST`] at most.
    #[inline]
    pub fn look_ahead(&self, found: &[Found], ahead: &mut Ahead) {
        for (found, glimpse) in found.iter().zip(&mut ahead.glimpses) {
            // Of a frame that is not usual it means nothing, and is not asked for.
            *glimpse = self.table.glimpse(found.tag, found.opens());
        }
    }
}

/// Asks for the first cache lines of what lies in the arena from a place on, if anything does: all of them, since it costs less
/// to ask for one too many than to guess wrong how many they are.
#[inline]
fn fetch_lines(arena: &[u8], at: u32, len: u16) {
    if len > 0 {
        for behind in [0, 64, 128, 192] {
            prefetch_index(arena, at as usize + behind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::decode;
    use crate::flow::{FlowKey, PathId};
    use crate::frame::{FramePlace, InterfaceId, LinkType};

    /// What is found for a frame is what decoding it says, wherever in the arena it lies; padding is no payload.
    #[test]
    fn what_is_found_is_what_decoding_says() {
        let mut bytes = vec![2; 12];
        bytes.extend([8, 0, 0x45, 0, 0, 45, 0, 7, 0x40, 0, 64, 6, 0, 0]);
        bytes.extend([10, 0, 0, 9, 10, 0, 0, 2, 0x1f, 0x90, 0x9c, 0x40]);
        bytes.extend([0, 0, 0, 5, 0, 0, 0, 6, 0x50, 0x18, 1, 0, 0, 0, 0, 0]);
        bytes.extend(b"HTTP/paddin");
        let arena = [&[0xff; 33][..], &bytes].concat();
        let mut record = Record {
            timestamp: Timestamp::from_nanos(77),
            place: FramePlace::new(9, InterfaceId(1)),
            offset: 33,
            captured_len: bytes.len() as u32,
            wire_len: bytes.len() as u32,
            link_type: LinkType::ETHERNET,
        };
        let hasher = KeyHasher::default();
        let mut found = Found::NOTHING;
        found.look(&record, &arena, &hasher);
        let packet = decode(&record.frame(&arena)).expect("TCP in IPv4");
        assert!(found.is_usual());
        assert_eq!(found.segment(&arena), packet.segment());
        assert_eq!(found.segment(&arena).payload, b"HTTP/");
        let (key, sender) = FlowKey::of(&packet, PathId(0));
        assert_eq!((FlowKey::from(found.key), found.sender), (key, sender));
        assert_eq!(found.timestamp(), record.timestamp);
        // Another frame in its place, which is not usual, leaves nothing of the one before.
        record.link_type = LinkType::RAW;
        found.look(&record, &arena, &hasher);
        assert!(!found.is_usual());
    }
}
