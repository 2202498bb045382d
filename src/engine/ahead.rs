//! Looking ahead: where the connections of the next few segments are, and their first bytes, so that the processor fetches
//! from memory for several of them at a time instead of waiting for one after the other.

use super::analysis::Engine;
use crate::decode::Compact;
use crate::flow::{FlowKey, PathId, Sender};

/// What was found for one segment.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    pub(super) key: FlowKey,
    pub(super) sender: Sender,
    /// Where its connection lives, if it is known by then.
    pub(super) place: usize,
}

/// What was found for the next few frames, one for each.
#[derive(Debug, Default)]
pub struct Ahead {
    found: Vec<Found>,
    touched: u8,
}

impl Ahead {
    /// How far to look: so many fetches a processor has under way at a time.
    pub const MOST: usize = 8;

    const NOTHING: Found = Found {
        key: FlowKey::NONE,
        sender: Sender::Low,
        place: usize::MAX,
    };

    /// What was found, in order.
    pub fn found(&self) -> impl Iterator<Item = &Found> {
        self.found.iter()
    }
}

impl Engine {
    /// Looks for the connections of the frames that come next; `None` is one that is not decoded yet.
    #[inline]
    pub fn look_ahead<'a>(
        &mut self,
        frames: impl Iterator<Item = Option<&'a Compact>>,
        arena: &[u8],
        ahead: &mut Ahead,
    ) {
        ahead.found.clear();
        for frame in frames {
            let Some(compact) = frame else {
                ahead.found.push(Ahead::NOTHING);
                continue;
            };
            let [from, to] = compact.ends();
            let (key, sender) = FlowKey::between(from, to, PathId(0));
            // Packets of a connection often come together.
            let place = match ahead.found.last() {
                Some(last) if last.key == key => last.place,
                _ => self.table.find(&key).unwrap_or(usize::MAX),
            };
            ahead.touched ^= compact.touch(arena);
            ahead.found.push(Found { key, sender, place });
        }
        std::hint::black_box(ahead.touched);
    }
}
