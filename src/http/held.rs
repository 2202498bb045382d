//! What a stream keeps of a head that is not complete, so that somebody may count it and let go of it.

use super::body::Phase;
use super::stream::MessageStream;

/// What an empty partial head takes.
const HELD_BASE: usize = 48;

impl MessageStream {
    /// Whether no part of a head is kept.
    #[inline]
    #[must_use]
    pub fn holds_nothing(&self) -> bool {
        self.partial.is_none()
    }

    /// Bytes kept of a head that is not complete.
    #[must_use]
    pub fn held(&self) -> usize {
        self.partial
            .as_deref()
            .map_or(0, |partial| HELD_BASE + partial.capacity())
    }

    /// Lets go of what is kept; returns whether framing is lost by that.
    pub fn let_go(&mut self) -> bool {
        self.partial = None;
        let lost = matches!(self.body.phase, Phase::Head | Phase::Prelude);
        if lost {
            self.body.start(Phase::Resync, 0);
        }
        lost
    }
}
