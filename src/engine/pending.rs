//! Requests that wait for their responses.

use super::conversation::Conversation;
use crate::aggregate::{PrefixRef, Reuse, SampledExchange};
use crate::diagnose::ExchangeRecord;
use crate::http::Method;
use crate::time::Timestamp;

/// A request that waits for its response, or for its end.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) method: Method,
    pub(super) reuse: Reuse,
    /// The status of its final response, once that has begun.
    pub(super) status: Status,
    pub(super) prefix: PrefixRef,
    pub(super) began: Timestamp,
    /// Its last byte so far.
    pub(super) last_byte: Timestamp,
    pub(super) kept: Option<Box<Kept>>,
}

/// What few exchanges are asked to remember.
#[derive(Debug)]
pub(super) struct Kept {
    /// For `--requests`.
    pub(super) record: Option<ExchangeRecord>,
    /// For the pairing of legs.
    pub(super) sample: Option<SampledExchange>,
}

impl Pending {
    pub(super) fn record_mut(&mut self) -> Option<&mut ExchangeRecord> {
        self.kept.as_mut()?.record.as_mut()
    }
}

/// A status that may not be known yet, in the room of one (0 is a status that could not be read).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Status(u16);

impl Status {
    pub(super) const NONE: Self = Self(u16::MAX);

    pub(super) const fn of(status: u16) -> Self {
        Self(status)
    }

    pub(super) fn get(self) -> Option<u16> {
        (self != Self::NONE).then_some(self.0)
    }

    pub(super) fn is_some(self) -> bool {
        self != Self::NONE
    }

    pub(super) fn is_none(self) -> bool {
        self == Self::NONE
    }

    pub(super) fn take(&mut self) -> Option<u16> {
        std::mem::replace(self, Self::NONE).get()
    }
}

/// Requests in order: nearly always none or one. Those behind the first are in [`Beyond`](super::beyond::Beyond).
impl Conversation {
    pub(super) fn pending_len(&self) -> usize {
        let rest = self.beyond.as_ref().and_then(|beyond| beyond.pipelined.as_ref());
        usize::from(self.pending.is_some()) + rest.map_or(0, |rest| rest.len())
    }

    /// The request that came last.
    #[inline]
    pub(super) fn last_pending(&mut self) -> Option<&mut Pending> {
        let rest = self.beyond.as_mut().and_then(|beyond| beyond.pipelined.as_mut());
        match rest.and_then(|rest| rest.back_mut()) {
            Some(last) => Some(last),
            None => self.pending.as_mut(),
        }
    }

    #[expect(clippy::inline_always, reason = "a request is built where it is kept")]
    #[inline(always)]
    pub(super) fn push_pending(&mut self, pending: Pending) {
        if self.pending.is_none() {
            self.pending = Some(pending);
        } else {
            self.push_pipelined(pending);
        }
    }

    #[cold]
    #[inline(never)]
    fn push_pipelined(&mut self, pending: Pending) {
        let rest = &mut self.beyond_mut().pipelined;
        rest.get_or_insert_default().push_back(pending);
    }

    /// The request that is answered first waits no more.
    #[expect(clippy::inline_always, reason = "hardly ever more than two comparisons")]
    #[inline(always)]
    pub(super) fn pop_pending(&mut self) -> Option<Pending> {
        let first = self.pending.take();
        if self
            .beyond
            .as_ref()
            .is_some_and(|beyond| beyond.pipelined.is_some())
        {
            self.pending = self.next_pipelined();
        }
        first
    }

    #[cold]
    #[inline(never)]
    fn next_pipelined(&mut self) -> Option<Pending> {
        let beyond = self.beyond.as_deref_mut()?;
        let rest = beyond.pipelined.as_mut()?;
        let next = rest.pop_front();
        if rest.is_empty() {
            beyond.pipelined = None;
        }
        next
    }
}
