//! Leg events in, figures out.

use foldhash::fast::RandomState;
use indexmap::{IndexMap, IndexSet};

use super::checks::{Checks, Decision};
use super::closes::CloseSample;
use super::connections::Waiting;
use super::event::{EventKind, LegRef, Reuse};
use super::kernel::Ports;
use super::leg::{LegState, Span};
use super::naming::{Numbers, PrefixName};
use super::pools::Pools;
use super::timeline::TimelineBuilder;
use super::tracker::{AtSyn, Order, SecondPeak};
use crate::classify::{Class, ConnectionFacts, Ending, Endpoint, Version};
use crate::limits::WINDOWS;
use crate::thresholds::Thresholds;
use crate::time::{MICROSECOND, Nanos, Timestamp};

/// A connection of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedConnection {
    /// What was seen of it.
    pub facts: ConnectionFacts,
    /// Its class.
    pub class: Class,
    /// The place of its leg.
    pub leg: Option<usize>,
    /// How it ended.
    pub ending: Ending,
    /// The same as a sample.
    pub sample: CloseSample,
}

/// Adds up what happens on all legs.
#[derive(Debug)]
pub struct Aggregate {
    pub(super) thresholds: Thresholds,
    pub(super) legs: Vec<LegState>,
    /// The engines' numbers of legs and prefixes, translated.
    pub(super) numbers: Numbers,
    pub(super) pools: Pools,
    /// The ports of each pair of client and server, and how many pages they take.
    pub(super) ports: (Vec<Ports>, usize),
    /// The leg that each pair of client and server counts in.
    pub(super) places: Vec<usize>,
    /// Clients of each server, and the place of its `*` leg.
    pub(super) servers: IndexMap<Option<Endpoint>, (usize, Option<usize>), RandomState>,
    pub(super) prefixes: Vec<PrefixName>,
    pub(super) hosts: IndexSet<Option<Box<str>>, RandomState>,
    pub(super) waiting: IndexMap<u64, Waiting, RandomState>,
    pub(super) checks: Checks,
    pub(super) decision: Decision,
    pub(super) timeline: TimelineBuilder,
    pub(super) span: Option<Span>,
    pub(super) order: Order,
    last_loss: Option<Timestamp>,
    pub(super) busy: Gauge,
    pub(super) open: Gauge,
    pub(super) peak: SecondPeak,
    pub(super) listed: Vec<ListedConnection>,
    pub(super) list_at_most: Option<usize>,
    pub(super) omitted: u64,
    pub(super) clients_unnamed: u64,
    pub(super) legs_unnamed: u64,
}

/// A number that goes up and down, and its peak.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gauge {
    pub(super) now: u64,
    pub(super) peak: u64,
}

impl Gauge {
    pub(super) fn up(&mut self) {
        self.now += 1;
        self.peak = self.peak.max(self.now);
    }

    pub(super) fn down(&mut self) {
        self.now = self.now.saturating_sub(1);
    }
}

pub(super) fn micros(span: Nanos) -> u64 {
    (span / MICROSECOND).max(0).cast_unsigned()
}

impl Aggregate {
    /// Nothing yet; `list_at_most` connections are kept for the list.
    #[must_use]
    pub fn new(thresholds: Thresholds, list_at_most: Option<usize>) -> Self {
        Self {
            thresholds,
            legs: Vec::new(),
            numbers: Numbers::default(),
            pools: Pools::default(),
            ports: Default::default(),
            places: Vec::new(),
            servers: IndexMap::default(),
            prefixes: Vec::new(),
            hosts: IndexSet::default(),
            waiting: IndexMap::default(),
            checks: Checks::default(),
            decision: Decision::default(),
            timeline: TimelineBuilder::default(),
            span: None,
            order: 0,
            last_loss: None,
            busy: Gauge::default(),
            open: Gauge::default(),
            peak: SecondPeak::default(),
            listed: Vec::new(),
            list_at_most,
            omitted: 0,
            clients_unnamed: 0,
            legs_unnamed: 0,
        }
    }

    /// The capture's first packet came at `start`.
    pub fn begin(&mut self, start: Timestamp) {
        let thresholds = &self.thresholds;
        self.span.get_or_insert_with(|| Span {
            start,
            clock: start,
            window_index: 0,
            window_end: start.plus(thresholds.window),
            window: thresholds.window,
            min_window_requests: thresholds.min_part_requests,
        });
        self.timeline.begin(start);
    }

    /// Packet time moves on, event or not. Time never runs backwards here.
    pub fn advance(&mut self, now: Timestamp) {
        if let Some(span) = &mut self.span {
            span.advance(now);
        }
    }

    pub(super) fn span(&self) -> Option<Span> {
        self.span
    }

    /// The connections listed so far.
    #[must_use]
    pub fn take_listed(&mut self) -> Vec<ListedConnection> {
        std::mem::take(&mut self.listed)
    }

    /// The leg's accumulator, in the present window.
    #[inline]
    pub(super) fn leg(&mut self, reference: LegRef) -> Option<(&mut LegState, Span)> {
        let span = self.span?;
        let place = *self.places.get(reference.0 as usize)?;
        let legs = self.legs.len();
        let leg = self.legs.get_mut(place)?;
        if span.window_index > leg.window {
            leg.roll(&span, (WINDOWS / legs).max(16));
        }
        Some((leg, span))
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each kind of event, a few lines each"
    )]
    pub(super) fn on_leg(&mut self, reference: LegRef, at: Timestamp, kind: &EventKind) {
        let order = self.order;
        let host = match kind {
            EventKind::Request { prefix, .. }
            | EventKind::ExchangeEnd { prefix, .. }
            | EventKind::Upgraded { prefix, .. }
            | EventKind::Closing { prefix, .. } => self.host_of(*prefix),
            _ => 0,
        };
        let idle_close = self.thresholds.idle_close;
        let unknown_within = self.thresholds.unknown_first_within;
        let last_loss = self.last_loss;
        // Of the connections that were there before the capture, those whose first request counts as unknown wait.
        let unknown =
            matches!(kind, EventKind::Upgraded { connection, .. } if self.waiting.contains_key(connection));
        let Some((leg, span)) = self.leg(reference) else {
            return;
        };
        let now = span.clock;
        match kind {
            EventKind::Opened { connection, syn } => {
                leg.whole.opened(!syn);
                leg.present.opened(!syn);
                let syn_state = (leg.whole.at_syn(order), leg.present.at_syn(order), leg.window);
                let star_syn = leg.star_client(reference.0).map(|client| {
                    client.tracker.opened(!syn);
                    client.tracker.at_syn(order)
                });
                self.open.up();
                self.timeline.open_changed(now, self.open.now);
                if *syn {
                    self.pools.syn(reference.0, at);
                    self.wait(*connection, syn_state, star_syn.unwrap_or_default());
                }
            }
            EventKind::SynAfterAll { connection } => {
                leg.whole.not_midstream_after_all();
                leg.present.not_midstream_after_all();
                let syn_state = (leg.whole.at_syn(order), leg.present.at_syn(order), leg.window);
                let star_syn = leg.star_client(reference.0).map(|client| {
                    client.tracker.not_midstream_after_all();
                    client.tracker.at_syn(order)
                });
                self.wait(*connection, syn_state, star_syn.unwrap_or_default());
            }
            EventKind::Established => {
                let second = span.second();
                leg.handshake(second);
                self.peak.count(second);
                self.timeline.row(now).handshakes += 1;
            }
            EventKind::Busy => self.became_busy(reference),
            EventKind::Request {
                connection,
                reuse,
                index,
                version,
                announced,
                prefix,
                became_busy,
                estimated,
            } => {
                let requests = &mut leg.counts.requests;
                requests.total += 1;
                match version {
                    Version::Http10 => requests.http10 += 1,
                    Version::Http11 => requests.http11 += 1,
                    Version::Http09 | Version::Http2 | Version::Unread => {}
                }
                requests.estimated |= *estimated;
                requests.announced_close += u64::from(*announced);
                let mut unknown = false;
                let near = |moment: Timestamp| at.since(moment).saturating_abs() <= unknown_within;
                match reuse {
                    Reuse::First => requests.first += 1,
                    Reuse::MidstreamFirst if near(span.start) || last_loss.is_some_and(near) => {
                        requests.unknown_first += 1;
                        unknown = true;
                    }
                    Reuse::MidstreamFirst | Reuse::Reused => {}
                }
                leg.prefixes.request(*prefix, host, *reuse);
                let window = leg.window;
                let row = self.timeline.row(now);
                row.requests += 1;
                row.reused += u64::from(*reuse != Reuse::First);
                if *became_busy {
                    self.became_busy(reference);
                }
                if unknown {
                    self.wait(*connection, Default::default(), AtSyn::default());
                }
                self.wait_for_second(reference, *connection, *reuse, *index, (order, window), *prefix);
            }
            EventKind::Response {
                status,
                announced,
                first_byte,
            } => {
                let responses = &mut leg.counts.responses;
                responses.total += 1;
                if *status != 0 {
                    *responses.by_status.entry(*status).or_default() += 1;
                }
                responses.announced_close += u64::from(*announced);
                leg.load.note(*announced, leg.whole.busy);
                if let Some(first_byte) = first_byte {
                    leg.counts.first_byte_us.add(micros(*first_byte));
                }
            }
            EventKind::ResponseCut { status } => leg.take_back_response(*status),
            EventKind::ExchangeEnd {
                response,
                prefix,
                became_idle,
            } => {
                if let Some(response) = response {
                    leg.counts.response_us.add(micros(*response));
                    leg.prefixes.ended(*prefix, host);
                }
                self.pools.response_ended(reference.0, at);
                if *became_idle {
                    self.became_idle(reference);
                }
            }
            EventKind::Upgraded {
                connection,
                reuse,
                prefix,
                was_busy,
            } => {
                let requests = &mut leg.counts.requests;
                requests.upgraded += 1;
                match reuse {
                    Reuse::First => requests.first = requests.first.saturating_sub(1),
                    Reuse::MidstreamFirst if unknown => {
                        requests.unknown_first = requests.unknown_first.saturating_sub(1);
                    }
                    Reuse::MidstreamFirst | Reuse::Reused => {}
                }
                leg.prefixes.take_out(*prefix, host, *reuse);
                leg.prefixes.ended(*prefix, host);
                if *was_busy {
                    self.became_idle(reference);
                }
                if *reuse != Reuse::Reused {
                    self.waiting.swap_remove(connection);
                }
            }
            EventKind::Loss { hidden } => {
                leg.counts.hidden_requests += hidden;
                self.last_loss = Some(at);
            }
            EventKind::Closing {
                connection,
                with_request,
                was_busy,
                reset,
                idle,
                announced,
                prefix,
            } => {
                let idle = !announced && idle.is_some_and(|idle| idle >= idle_close);
                leg.whole.left();
                leg.present.left();
                if *with_request {
                    leg.whole.closed_with_request(idle);
                    leg.present.closed_with_request(idle);
                    leg.prefixes.closed(*prefix, host, *was_busy);
                }
                if let Some(client) = leg.star_client(reference.0) {
                    client.tracker.left();
                    if *with_request {
                        client.tracker.closed_with_request(idle);
                    }
                }
                self.open.down();
                self.timeline.open_changed(now, self.open.now);
                let row = self.timeline.row(now);
                row.closes += u64::from(!reset);
                row.resets += u64::from(*reset);
                if let Some(waiting) = self.waiting.get_mut(connection) {
                    waiting.closing = Some(order);
                }
                if *was_busy {
                    self.became_idle(reference);
                }
            }
            EventKind::Leg { .. } | EventKind::Prefix { .. } | EventKind::Closed(_) => {}
        }
    }

    fn became_busy(&mut self, reference: LegRef) {
        self.busy.up();
        self.pools.became_busy(reference.0);
        if let Some((leg, _)) = self.leg(reference) {
            leg.whole.became_busy();
            leg.present.became_busy();
            if let Some(client) = leg.star_client(reference.0) {
                client.tracker.became_busy();
            }
        }
    }

    fn became_idle(&mut self, reference: LegRef) {
        self.busy.down();
        self.pools.became_idle(reference.0);
        if let Some((leg, _)) = self.leg(reference) {
            leg.whole.became_idle();
            leg.present.became_idle();
            if let Some(client) = leg.star_client(reference.0) {
                client.tracker.became_idle();
            }
        }
    }
}
