//! Leg events in, figures out.

use std::cell::OnceCell;

use foldhash::fast::RandomState;
use indexmap::{IndexMap, IndexSet};

use super::checks::{Checks, Decision};
use super::closes::CloseSample;
use super::event::{LegRef, SampledExchange};
use super::kernel::Ports;
use super::leg::LegState;
use super::naming::{Numbers, Pair, PrefixName, Side};
use super::pairing::TierFigures;
use super::pools::Pools;
use super::port_pages::PortPages;
use super::recent::Ended;
use super::span::Span;
use super::timeline::{TimelineBuilder, TimelineRow};
use super::tracker::{Order, SecondPeak};
use super::waits::Waits;
use crate::classify::{Class, ConnectionFacts, Ending, Endpoint};
use crate::limits::WINDOWS;
use crate::thresholds::Thresholds;
use crate::time::{MICROSECOND, Nanos, Timestamp};

/// A connection that is over, or still open when the capture ends.
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
    pub(super) numbers: Numbers,
    /// Of each engine.
    pub(super) sides: Vec<Side>,
    pub(super) pools: Pools,
    /// Exchanges for the pairing of legs, with our numbers of legs.
    pub(super) samples: Vec<SampledExchange>,
    /// Legs that belong together, as the samples say; nothing until somebody asks.
    pub(super) paired: OnceCell<Vec<TierFigures>>,
    /// The ports of each pair of client and server, and the pages that they take.
    pub(super) ports: (Vec<Ports>, PortPages),
    /// TIME-WAIT of each host over time.
    pub(super) waits: Waits,
    /// Pairs of client and server by their number.
    pub(super) pairs: Vec<Pair>,
    /// Clients of each server, and the place of its `*` leg.
    pub(super) servers: IndexMap<Option<Endpoint>, (usize, Option<usize>), RandomState>,
    pub(super) prefixes: Vec<PrefixName>,
    pub(super) hosts: IndexSet<Option<Box<str>>, RandomState>,
    pub(super) checks: Checks,
    pub(super) decision: Decision,
    pub(super) timeline: TimelineBuilder,
    /// Whether the capture began, and its span if it did.
    begun: bool,
    pub(super) span: Span,
    pub(super) order: Order,
    pub(super) last_loss: Option<Timestamp>,
    pub(super) busy: Gauge,
    pub(super) open: Gauge,
    pub(super) peak: SecondPeak,
    pub(super) listed: Vec<ListedConnection>,
    pub(super) list_at_most: Option<usize>,
    /// What was closed since it was last taken, if somebody wants it.
    pub(super) recent: Option<Vec<ListedConnection>>,
    /// The same without what causes are told by, for a feed.
    pub(super) ended: Option<Vec<Ended>>,
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
    #[inline]
    pub(super) fn up(&mut self) {
        self.now += 1;
        self.peak = self.peak.max(self.now);
    }

    #[inline]
    pub(super) fn down(&mut self) {
        self.now = self.now.saturating_sub(1);
    }
}

pub(super) fn micros(span: Nanos) -> u64 {
    span.max(0).cast_unsigned() / MICROSECOND.cast_unsigned()
}

impl Aggregate {
    /// Nothing yet; `list_at_most` connections are kept for the list.
    #[must_use]
    pub fn new(thresholds: Thresholds, list_at_most: Option<usize>) -> Self {
        Self {
            begun: false,
            span: Span::new(Timestamp::MIN, thresholds.window, thresholds.min_part_requests),
            thresholds,
            legs: Vec::new(),
            numbers: Numbers::default(),
            sides: Vec::new(),
            pools: Pools::default(),
            samples: Vec::new(),
            paired: OnceCell::new(),
            ports: Default::default(),
            waits: Waits::default(),
            pairs: Vec::new(),
            servers: IndexMap::default(),
            prefixes: Vec::new(),
            hosts: IndexSet::default(),
            checks: Checks::default(),
            decision: Decision::default(),
            timeline: TimelineBuilder::default(),
            order: 0,
            last_loss: None,
            busy: Gauge::default(),
            open: Gauge::default(),
            peak: SecondPeak::default(),
            listed: Vec::new(),
            list_at_most,
            recent: None,
            ended: None,
            omitted: 0,
            clients_unnamed: 0,
            legs_unnamed: 0,
        }
    }

    /// The capture's first packet came at `start`.
    pub fn begin(&mut self, start: Timestamp) {
        if self.begun {
            return;
        }
        self.begun = true;
        let thresholds = &self.thresholds;
        self.span = Span::new(start, thresholds.window, thresholds.min_part_requests);
        self.timeline.begin(start);
    }

    /// Packet time moves on, event or not. Time never runs backwards here, and nothing happened before the beginning.
    #[inline]
    pub fn advance(&mut self, now: Timestamp) {
        if !self.span.advance(now) {
            self.pass_second(now);
        }
    }

    /// The present second or window is over, if the capture began.
    #[cold]
    #[inline(never)]
    fn pass_second(&mut self, now: Timestamp) {
        if !self.begun {
            return;
        }
        let (second, handshakes) = (self.span.second(), self.timeline.present.handshakes);
        self.peak.count(second, handshakes);
        self.timeline.pass(self.span.clock, self.open.now);
        self.span.move_on(now);
    }

    pub(super) fn span(&self) -> Option<Span> {
        self.begun.then_some(self.span)
    }

    /// The connections listed so far.
    #[must_use]
    pub fn listed(&self) -> &[ListedConnection] {
        &self.listed
    }

    /// What was counted so far, as one row of the timeline.
    #[must_use]
    pub fn tally(&self) -> TimelineRow {
        self.timeline.sum(self.open.now)
    }

    /// Takes the connections listed so far.
    #[must_use]
    pub fn take_listed(&mut self) -> Vec<ListedConnection> {
        std::mem::take(&mut self.listed)
    }

    /// The accumulator of the leg that the pair with our number counts in, in the present window.
    pub(super) fn leg(&mut self, number: LegRef) -> Option<&mut LegState> {
        let pair = *self.pairs.get(number.0 as usize)?;
        leg_at(&mut self.legs, &self.span, pair)
    }
}

/// The accumulator among `legs` that a pair counts in, in the present window.
#[inline]
pub(super) fn leg_at<'a>(legs: &'a mut [LegState], span: &Span, pair: Pair) -> Option<&'a mut LegState> {
    let many = legs.len();
    let leg = legs.get_mut(pair.leg as usize)?;
    if span.window_index > leg.window {
        leg.roll(span, (WINDOWS / many).max(16));
    }
    Some(leg)
}
