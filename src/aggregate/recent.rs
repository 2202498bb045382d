//! Connections that are over, one by one, for who looks at them while the capture runs.

use super::collector::Aggregate;
use super::event::{LegRef, PrefixRef};
use crate::classify::{Class, ConnectionFacts, classify};

/// A connection that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct RecentConnection {
    /// What was seen of it.
    pub facts: ConnectionFacts,
    /// Its class; of a series of health checks those before the fifth still have the class that they look like.
    pub class: Class,
}

impl Aggregate {
    /// Keeps connections that are over for [`take_recent`](Self::take_recent) from now on.
    pub fn keep_recent(&mut self) {
        self.recent.get_or_insert_default();
    }

    /// Takes the connections that were over since the last call.
    #[must_use]
    pub fn take_recent(&mut self) -> Vec<RecentConnection> {
        self.recent.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(super) fn closed(
        &mut self,
        reference: LegRef,
        place: usize,
        facts: &ConnectionFacts,
        prefix: PrefixRef,
    ) {
        let is_check = self.count_closed(reference, place, facts, prefix);
        if let Some(recent) = &mut self.recent {
            let now = self.span.map_or(facts.end, |span| span.clock);
            let class = if is_check {
                Class::Check
            } else {
                classify(facts, now, &self.thresholds)
            };
            recent.push(RecentConnection {
                facts: facts.clone(),
                class,
            });
        }
    }
}
