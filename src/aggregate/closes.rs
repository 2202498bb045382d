//! How the connections of a leg ended: counted by kind, with samples of each kind to tell limits and coincidences from.

use super::event::PrefixRef;
use super::pools::Between;
use crate::classify::{Closer, ConnectionFacts, Ending, Handshake, Protocol, Signs};
use crate::frame::InterfaceId;
use crate::limits::CLOSE_SAMPLES;
use crate::time::{Nanos, Timestamp};

/// One connection at its end.
#[derive(Clone, Copy, PartialEq, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent observations, one bit each"
)]
pub struct CloseSample {
    /// Its first packet.
    pub start: Timestamp,
    /// First FIN or RST; its last packet where there was none.
    pub end: Timestamp,
    /// End of the last complete response to `end`.
    pub idle: Option<Nanos>,
    /// First byte of the first request without a complete response to `end`.
    pub waited: Option<Nanos>,
    /// End of the last complete response to the first unanswered request.
    pub idle_before_request: Option<Nanos>,
    /// Its requests.
    pub requests: u32,
    /// Responses of other connections of the same client that ended after its own last one and before `end`.
    pub others: Option<u32>,
    /// Responses of the client that had ended by then, its own included.
    pub before: u64,
    /// The latest of them to `end`.
    pub since_other: Option<Nanos>,
    /// Host and prefix of its last request.
    pub prefix: PrefixRef,
    /// Status of its last response.
    pub status: u16,
    /// Its SYN was captured: age and count are whole.
    pub whole: bool,
    /// What its fields say is not known.
    pub unread: bool,
    /// Its SYN was sent again.
    pub syn_repeated: bool,
    /// The first two times that it was, in milliseconds after the first.
    pub syn_again: [Option<u16>; 2],
    /// An RST came before any FIN.
    pub by_reset: bool,
    /// Who closed first was the client.
    pub by_client: bool,
    /// Signs.
    pub signs: Signs,
    /// Interface and frame number of its last packet.
    pub frame: (InterfaceId, u64),
}

impl CloseSample {
    pub(super) fn new(facts: &ConnectionFacts, prefix: PrefixRef, between: Option<Between>) -> Self {
        let end = facts.closed_at.get().unwrap_or(facts.end);
        let since = |moment: Option<Timestamp>| moment.map(|moment| end.since(moment).max(0));
        Self {
            start: facts.start,
            end,
            idle: facts.idle_before_close.get(),
            waited: since(facts.unanswered_since.get()),
            idle_before_request: facts
                .unanswered_since
                .get()
                .zip(facts.last_response_end.get())
                .map(|(asked, answered)| asked.since(answered).max(0)),
            requests: facts.requests,
            others: between.map(|between| between.responses),
            before: between.map_or(0, |between| between.before),
            since_other: since(between.and_then(|between| between.latest)),
            prefix,
            status: facts.status,
            whole: facts.handshake != Handshake::Midstream,
            unread: facts.heads_cut || facts.protocol == Protocol::Tls,
            syn_repeated: facts.seldom().syn_retransmitted > 0,
            syn_again: facts.seldom().syn_again,
            by_reset: matches!(facts.closer, Some(Closer::ResetByClient | Closer::ResetByServer)),
            by_client: matches!(facts.closer, Some(Closer::Client | Closer::ResetByClient)),
            signs: facts.signs,
            frame: facts.last_frame,
        }
    }

    /// From its first packet to its end.
    #[must_use]
    pub fn age(&self) -> Nanos {
        self.end.since(self.start).max(0)
    }
}

/// The connections of one kind of ending: all counted, some kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CloseGroup {
    /// How many ended so.
    pub connections: u64,
    /// Their requests.
    pub requests: u64,
    /// Every `stride`-th of them, in order of their last packets.
    pub samples: Vec<CloseSample>,
    stride: u64,
    skipped: u64,
}

/// Samples for which room is made as they come.
const FEW: usize = 64;

impl CloseGroup {
    /// Whether a sample of this one is wanted.
    #[inline]
    fn add(&mut self, requests: u32) -> bool {
        self.connections += 1;
        self.requests += u64::from(requests);
        let skips = self.skipped > 0;
        self.skipped -= u64::from(skips);
        !skips
    }

    /// Keeps a sample; `legs` share the room.
    #[inline(never)]
    pub(super) fn keep(&mut self, legs: usize, sample: CloseSample) {
        let at_most = (CLOSE_SAMPLES / legs.max(1)).clamp(64, CLOSE_SAMPLES / 32);
        if self.samples.len() == FEW {
            // There will be many: not copied to a larger room again and again.
            self.samples.reserve_exact(at_most.saturating_sub(FEW));
        }
        if self.samples.len() >= at_most {
            let mut place = 0;
            self.samples.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.stride = self.stride.max(1) * 2;
        }
        self.samples.push(sample);
        self.skipped = self.stride.saturating_sub(1);
    }

    /// One of them turned out to be a health check.
    fn remove(&mut self, frame: (InterfaceId, u64)) {
        self.connections = self.connections.saturating_sub(1);
        self.requests = self.requests.saturating_sub(1);
        if let Some(place) = self.samples.iter().rposition(|sample| sample.frame == frame) {
            self.samples.remove(place);
        }
    }
}

/// The endings of one leg.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Closes {
    groups: [Option<Box<CloseGroup>>; Ending::COUNT],
}

impl Closes {
    /// Adds a connection; the group that it belongs to if that wants a sample of it.
    #[inline]
    pub(super) fn add(&mut self, ending: Ending, requests: u32) -> Option<&mut CloseGroup> {
        let group = self.groups[ending as usize].get_or_insert_default();
        group.add(requests).then_some(&mut **group)
    }

    pub(super) fn remove(&mut self, ending: Ending, frame: (InterfaceId, u64)) {
        if let Some(group) = self.groups[ending as usize].as_deref_mut() {
            group.remove(frame);
        }
    }

    /// The connections that ended so.
    #[must_use]
    pub fn of(&self, ending: Ending) -> Option<&CloseGroup> {
        self.groups[ending as usize].as_deref()
    }

    /// How many ended so.
    #[must_use]
    pub fn count(&self, ending: Ending) -> u64 {
        self.of(ending).map_or(0, |group| group.connections)
    }

    /// Samples of all kinds, each with how many connections it stands for.
    pub fn samples(&self) -> impl Iterator<Item = (Ending, &CloseSample, f64)> {
        self.groups().flat_map(|(ending, group)| {
            let weight = group.connections as f64 / group.samples.len().max(1) as f64;
            group.samples.iter().map(move |sample| (ending, sample, weight))
        })
    }

    /// The kinds that there are.
    pub fn groups(&self) -> impl Iterator<Item = (Ending, &CloseGroup)> {
        let kinds = Ending::ALL.iter().zip(&self.groups);
        kinds.filter_map(|(ending, group)| Some((*ending, group.as_deref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(number: u64) -> CloseSample {
        CloseSample {
            start: Timestamp::default(),
            end: Timestamp::default(),
            idle: None,
            waited: None,
            idle_before_request: None,
            requests: 2,
            others: None,
            before: 0,
            since_other: None,
            prefix: PrefixRef::UNREAD,
            status: 200,
            whole: true,
            unread: false,
            syn_repeated: false,
            syn_again: [None; 2],
            by_reset: false,
            by_client: true,
            signs: Signs::default(),
            frame: (InterfaceId(0), number),
        }
    }

    #[test]
    fn a_full_group_keeps_an_even_part_and_counts_all() {
        let mut group = CloseGroup::default();
        for number in 0..1_000 {
            if group.add(2) {
                group.keep(CLOSE_SAMPLES / 100, sample(number));
            }
        }
        assert_eq!((group.connections, group.requests), (1_000, 2_000));
        let kept: Vec<u64> = group.samples.iter().map(|sample| sample.frame.1).collect();
        assert!((50..=100).contains(&kept.len()));
        let step = kept[1] - kept[0];
        assert!(kept.windows(2).all(|pair| pair[1] - pair[0] == step), "{kept:?}");
    }

    #[test]
    fn a_check_is_taken_out() {
        let mut closes = Closes::default();
        for number in [7, 8] {
            let group = closes.add(Ending::Request10Close, 2);
            group.expect("a close has a group").keep(1, sample(number));
        }
        closes.remove(Ending::Request10Close, (InterfaceId(0), 7));
        assert_eq!(closes.count(Ending::Request10Close), 1);
        assert_eq!(
            closes.samples().next().map(|(_, sample, _)| sample.frame.1),
            Some(8)
        );
    }
}
