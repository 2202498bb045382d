//! Connections that are over, one by one, for who looks at them while the capture runs.

use super::closes::CloseSample;
use super::collector::{Aggregate, ListedConnection};
use super::event::LegRef;
use crate::classify::{Class, ConnectionFacts, Ending};

/// A connection that is over, or open when the capture ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// What was seen of it.
    pub facts: ConnectionFacts,
    /// Its class. Of a series of health checks those before the fifth have the class that they look like.
    pub class: Class,
}

impl Aggregate {
    /// Keeps connections that are over for [`drain_ended`](Self::drain_ended) from now on.
    pub fn keep_ended(&mut self) {
        self.ended.get_or_insert_default();
    }

    /// Takes the connections that were over since the last call, in their order.
    pub fn drain_ended(&mut self) -> impl Iterator<Item = Ended> {
        self.ended.iter_mut().flat_map(|ended| ended.drain(..))
    }

    /// Keeps a connection that is over for who takes it at once.
    pub(super) fn end(&mut self, facts: &ConnectionFacts, class: Class) {
        if let Some(ended) = &mut self.ended {
            let facts = facts.clone();
            ended.push(Ended { facts, class });
        }
    }

    /// Keeps connections that are over for [`take_recent`](Self::take_recent) from now on.
    pub fn keep_recent(&mut self) {
        self.recent.get_or_insert_default();
    }

    /// Takes the connections that were over since the last call; of a series of health checks those before the fifth have
    /// the class that they look like.
    #[must_use]
    pub fn take_recent(&mut self) -> Vec<ListedConnection> {
        self.recent.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Keeps a connection for those who want them one by one; returns its place in the list.
    pub(super) fn list(
        &mut self,
        facts: &ConnectionFacts,
        class: Class,
        (leg, ending, sample): (LegRef, Ending, CloseSample),
    ) -> Option<usize> {
        let leg = self.place_of(leg.0);
        let connection = || ListedConnection {
            facts: facts.clone(),
            class,
            leg,
            ending,
            sample,
        };
        if let Some(recent) = &mut self.recent {
            recent.push(connection());
        }
        let limit = self.list_at_most?;
        if self.listed.len() >= limit {
            self.omitted += 1;
            return None;
        }
        self.listed.push(connection());
        Some(self.listed.len() - 1)
    }

    /// The last one turned out to be one of a series of health checks.
    pub(super) fn last_was_check(&mut self) {
        if let Some(last) = self.recent.as_mut().and_then(|recent| recent.last_mut()) {
            last.class = Class::Check;
        }
        if let Some(last) = self.ended.as_mut().and_then(|ended| ended.last_mut()) {
            last.class = Class::Check;
        }
    }
}
