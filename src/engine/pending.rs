//! Requests that wait for their responses.

use std::collections::VecDeque;

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

/// Requests in order; nearly always none or one.
#[derive(Debug, Default)]
pub(super) struct PendingQueue {
    front: Option<Pending>,
    rest: Option<Box<VecDeque<Pending>>>,
}

impl PendingQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.front.is_none()
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.front.is_some()) + self.rest.as_ref().map_or(0, |rest| rest.len())
    }

    pub(super) fn front(&self) -> Option<&Pending> {
        self.front.as_ref()
    }

    pub(super) fn front_mut(&mut self) -> Option<&mut Pending> {
        self.front.as_mut()
    }

    pub(super) fn back_mut(&mut self) -> Option<&mut Pending> {
        match self.rest.as_mut().and_then(|rest| rest.back_mut()) {
            Some(last) => Some(last),
            None => self.front.as_mut(),
        }
    }

    pub(super) fn push(&mut self, pending: Pending) {
        if self.front.is_none() {
            self.front = Some(pending);
        } else {
            self.rest.get_or_insert_default().push_back(pending);
        }
    }

    pub(super) fn pop(&mut self) -> Option<Pending> {
        let next = self.rest.as_mut().and_then(|rest| rest.pop_front());
        if self.rest.as_ref().is_some_and(|rest| rest.is_empty()) {
            self.rest = None;
        }
        std::mem::replace(&mut self.front, next)
    }
}
