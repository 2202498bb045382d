//! Looking ahead: the next few segments, where their connections are, and their first bytes, so that the processor fetches
//! from memory for several of them at a time instead of waiting for one after the other.

use super::analysis::Engine;
use crate::decode::{Segment, plain};
use crate::flow::{FlowKey, Glimpse, KeyHash, PathId, Sender};
use crate::frame::Frame;

/// A segment of the usual shape, and what was found for it.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    pub(super) segment: Segment<'a>,
    pub(super) key: FlowKey,
    pub(super) sender: Sender,
    hash: KeyHash,
    /// Where its connection is, as it was then.
    pub(super) glimpse: Glimpse,
    pub(super) wire_len: u32,
}

/// What was found for the next few frames, one for each; nothing if the frame is unusual.
#[derive(Debug, Default)]
pub struct Ahead<'a> {
    found: Vec<Option<Found<'a>>>,
}

impl<'a> Ahead<'a> {
    /// How far to look: so many fetches a processor has under way at a time.
    pub const MOST: usize = 16;

    /// What was found, in order.
    pub fn found(&self) -> impl Iterator<Item = Option<&Found<'a>>> {
        self.found.iter().map(Option::as_ref)
    }
}

impl Engine {
    /// Decodes the frames that come next, and looks for their connections.
    ///
    /// In two rounds over all of them: what the index knows is asked for in the first and looked at in the second.
    #[inline]
    pub fn look_ahead<'a>(&mut self, frames: impl Iterator<Item = Frame<'a>>, ahead: &mut Ahead<'a>) {
        ahead.found.clear();
        let mut touched = 0;
        for frame in frames {
            let Some(packet) = plain(&frame) else {
                ahead.found.push(None);
                continue;
            };
            let (key, sender) = FlowKey::of(&packet, PathId(0));
            let hash = self.table.fetch(&key);
            touched ^= touch(packet.segment.payload);
            ahead.found.push(Some(Found {
                segment: packet.segment,
                key,
                sender,
                hash,
                glimpse: Glimpse::default(),
                wire_len: frame.wire_len,
            }));
        }
        std::hint::black_box(touched);
        for found in ahead.found.iter_mut().flatten() {
            found.glimpse = self.table.glimpse(&found.key, found.hash);
        }
    }
}

/// A byte of each of the payload's first cache lines: looking at those of several packets before they are needed lets the
/// processor fetch them together.
#[inline]
fn touch(payload: &[u8]) -> u8 {
    const LINE: usize = 64;
    let first = payload.iter().step_by(LINE).take(4);
    first.fold(0, |sum, byte| sum ^ byte)
}
