//! Leg events in, figures out.

use std::net::IpAddr;

use foldhash::fast::RandomState;
use indexmap::{IndexMap, IndexSet};

use super::checks::{Checks, Decision, Member, SeriesKey};
use super::event::{EventKind, LegEvent, LegRef, PrefixRef, Reuse};
use super::leg::{LegState, Span};
use super::prefixes::HostRef;
use super::timeline::TimelineBuilder;
use super::tracker::{AtSyn, Order, SecondPeak};
use crate::classify::{Class, Closer, ConnectionFacts, Endpoint, Handshake, Version, classify};
use crate::limits::{CLIENTS_PER_SERVER, LEGS, WAITING_FIRSTS, WINDOWS};
use crate::thresholds::Thresholds;
use crate::time::{MICROSECOND, Nanos, Timestamp};

/// A connection that has not yet shown whether its handshake was paid for by a request that counts.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    syn: AtSyn,
    window_syn: AtSyn,
    star_syn: AtSyn,
    syn_window: i64,
    /// When its first request came, and in which window.
    first: Option<(Order, i64)>,
    /// When its first FIN or RST came.
    closing: Option<Order>,
    prefix: PrefixRef,
}

/// The texts of a prefix.
#[derive(Clone, Debug)]
pub(super) struct PrefixName {
    pub(super) host: Option<Box<str>>,
    pub(super) host_ref: HostRef,
    pub(super) path: Box<str>,
}

/// A connection of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedConnection {
    /// What was seen of it.
    pub facts: ConnectionFacts,
    /// Its class.
    pub class: Class,
}

/// Adds up what happens on all legs.
#[derive(Debug)]
pub struct Aggregate {
    thresholds: Thresholds,
    pub(super) legs: Vec<LegState>,
    /// The engine's numbers of legs, translated.
    places: Vec<usize>,
    /// Clients of each server, and the place of its `*` leg.
    servers: IndexMap<Option<Endpoint>, (usize, Option<usize>), RandomState>,
    pub(super) prefixes: Vec<PrefixName>,
    hosts: IndexSet<Option<Box<str>>, RandomState>,
    waiting: IndexMap<u64, Waiting, RandomState>,
    pub(super) checks: Checks,
    pub(super) timeline: TimelineBuilder,
    span: Option<Span>,
    order: Order,
    last_loss: Option<Timestamp>,
    pub(super) busy: Gauge,
    pub(super) open: Gauge,
    pub(super) peak: SecondPeak,
    listed: Vec<ListedConnection>,
    list_at_most: Option<usize>,
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
    fn up(&mut self) {
        self.now += 1;
        self.peak = self.peak.max(self.now);
    }

    fn down(&mut self) {
        self.now = self.now.saturating_sub(1);
    }
}

fn micros(span: Nanos) -> u64 {
    (span / MICROSECOND).max(0).cast_unsigned()
}

impl Aggregate {
    /// Nothing yet; `list_at_most` connections are kept for the list.
    #[must_use]
    pub fn new(thresholds: Thresholds, list_at_most: Option<usize>) -> Self {
        Self {
            thresholds,
            legs: Vec::new(),
            places: Vec::new(),
            servers: IndexMap::default(),
            prefixes: Vec::new(),
            hosts: IndexSet::default(),
            waiting: IndexMap::default(),
            checks: Checks::default(),
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

    /// Takes in events in frame order.
    pub fn apply(&mut self, events: &mut Vec<LegEvent>) {
        for event in events.drain(..) {
            self.order += 1;
            self.advance(event.timestamp);
            match event.kind {
                EventKind::Leg { client, server } => self.name_leg(event.leg, client, server),
                EventKind::Prefix { prefix, host, path } => self.name_prefix(prefix, host, path),
                EventKind::Closed(facts) => self.closed(event.leg, *facts),
                kind => self.on_leg(event.leg, event.timestamp, &kind),
            }
        }
    }

    fn name_leg(&mut self, reference: LegRef, client: Option<IpAddr>, server: Option<Endpoint>) {
        let number = reference.0 as usize;
        if self.places.len() <= number {
            self.places.resize(number + 1, usize::MAX);
        }
        let full = self.legs.len() >= LEGS;
        let server = if full && !self.servers.contains_key(&server) {
            None
        } else {
            server
        };
        let (clients, star) = self.servers.entry(server).or_default();
        let own = client.is_some() && server.is_some() && *clients < CLIENTS_PER_SERVER && !full;
        let window = self.span.map_or(0, |span| span.window_index);
        let place = if own {
            *clients += 1;
            self.legs.push(LegState::new(client, server, window));
            self.legs.len() - 1
        } else {
            if server.is_none() {
                self.legs_unnamed += 1;
            } else {
                self.clients_unnamed += 1;
            }
            *star.get_or_insert_with(|| {
                self.legs.push(LegState::new(None, server, window));
                self.legs.len() - 1
            })
        };
        self.places[number] = place;
    }

    fn name_prefix(&mut self, prefix: PrefixRef, host: Option<Box<str>>, path: Box<str>) {
        let host_ref = self.hosts.insert_full(host.clone()).0 as HostRef;
        let number = prefix.0 as usize;
        if number == self.prefixes.len() {
            self.prefixes.push(PrefixName { host, host_ref, path });
        }
    }

    fn host_of(&self, prefix: PrefixRef) -> HostRef {
        self.prefixes
            .get(prefix.0 as usize)
            .map_or(0, |name| name.host_ref)
    }

    pub(super) fn place_of(&self, reference: u32) -> Option<usize> {
        self.places.get(reference as usize).copied()
    }

    pub(super) fn host_name(&self, host: HostRef) -> Option<String> {
        self.hosts.get_index(host as usize)?.as_deref().map(str::to_owned)
    }

    /// The leg's accumulator, in the present window.
    #[inline]
    fn leg(&mut self, reference: LegRef) -> Option<(&mut LegState, Span)> {
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
    fn on_leg(&mut self, reference: LegRef, at: Timestamp, kind: &EventKind) {
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
            } => {
                let requests = &mut leg.counts.requests;
                requests.total += 1;
                match version {
                    Version::Http10 => requests.http10 += 1,
                    Version::Http11 => requests.http11 += 1,
                }
                requests.announced_close += u64::from(*announced);
                let near = |moment: Timestamp| at.since(moment).abs() <= unknown_within;
                match reuse {
                    Reuse::First => requests.first += 1,
                    Reuse::MidstreamFirst if near(span.start) || last_loss.is_some_and(near) => {
                        requests.unknown_first += 1;
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
                self.wait_for_second(reference, *connection, *reuse, *index, (order, window), *prefix);
            }
            EventKind::Response {
                status,
                announced,
                first_byte,
            } => {
                let responses = &mut leg.counts.responses;
                responses.total += 1;
                *responses.by_status.entry(*status).or_default() += 1;
                responses.announced_close += u64::from(*announced);
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
                leg.counts.requests.upgraded += 1;
                if *reuse == Reuse::First {
                    leg.counts.requests.first = leg.counts.requests.first.saturating_sub(1);
                }
                leg.prefixes.take_out(*prefix, host, *reuse);
                leg.prefixes.ended(*prefix, host);
                if *was_busy {
                    self.became_idle(reference);
                }
                if *reuse == Reuse::First {
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
        if let Some((leg, _)) = self.leg(reference) {
            leg.whole.became_idle();
            leg.present.became_idle();
            if let Some(client) = leg.star_client(reference.0) {
                client.tracker.became_idle();
            }
        }
    }

    fn wait(&mut self, connection: u64, (syn, window_syn, syn_window): (AtSyn, AtSyn, i64), star_syn: AtSyn) {
        if self.waiting.len() >= WAITING_FIRSTS {
            self.waiting.swap_remove_index(0);
        }
        let waiting = Waiting {
            syn,
            window_syn,
            star_syn,
            syn_window,
            first: None,
            closing: None,
            prefix: PrefixRef::default(),
        };
        self.waiting.insert(connection, waiting);
    }

    /// The first request may still be a health check's; the second tells that it was not.
    fn wait_for_second(
        &mut self,
        reference: LegRef,
        connection: u64,
        reuse: Reuse,
        index: u32,
        at: (Order, i64),
        prefix: PrefixRef,
    ) {
        if reuse == Reuse::First {
            if let Some((leg, _)) = self.leg(reference)
                && let Some(client) = leg.star_client(reference.0)
            {
                client.firsts += 1;
            }
            if let Some(waiting) = self.waiting.get_mut(&connection) {
                waiting.first = Some(at);
                waiting.prefix = prefix;
            }
        } else if index == 2
            && let Some(waiting) = self.waiting.swap_remove(&connection)
        {
            self.ordinary_first(reference, &waiting);
        }
    }

    fn ordinary_first(&mut self, reference: LegRef, waiting: &Waiting) {
        let Some((order, window)) = waiting.first else {
            return;
        };
        let Some((leg, _)) = self.leg(reference) else {
            return;
        };
        leg.whole.first(order, waiting.syn);
        if window == leg.window {
            // A SYN of an earlier window finds nothing closed in this one.
            let syn = if waiting.syn_window == window {
                waiting.window_syn
            } else {
                AtSyn::default()
            };
            leg.present.first(order, syn);
        }
        if let Some(client) = leg.star_client(reference.0) {
            client.tracker.first(order, waiting.star_syn);
        }
    }

    fn closed(&mut self, reference: LegRef, facts: ConnectionFacts) {
        let now = self.span.map_or(facts.end, |span| span.clock);
        let class = classify(&facts, now, &self.thresholds);
        let waiting = self.waiting.swap_remove(&facts.id);
        let order = self.order;
        let listed = self.list(&facts, class);
        let Some((leg, _)) = self.leg(reference) else {
            return;
        };
        count_connection(leg, &facts, class);
        let ended =
            facts.closer.is_some() || matches!(facts.handshake, Handshake::Refused | Handshake::Unanswered);
        if facts.closer.is_none() && ended {
            // It never opened: no close was told.
            leg.whole.left();
            leg.present.left();
            self.open.down();
        }
        let Some(waiting) = waiting.or(no_request(&facts, class)) else {
            return;
        };
        let Some((leg, _)) = self.leg(reference) else {
            return;
        };
        let window = waiting.first.map_or(leg.window, |(_, window)| window);
        let member = Member {
            start: facts.start,
            first: waiting.first.map(|(order, _)| order),
            close: waiting.closing.unwrap_or(order),
            syn: waiting.syn,
            star_syn: waiting.star_syn,
            window_syn: if waiting.syn_window == window {
                waiting.window_syn
            } else {
                AtSyn::default()
            },
            window,
            prefix: waiting.prefix,
            listed,
        };
        if class == Class::PerRequest && member.window == leg.window {
            // The window may be over before it is known whether this was a health check.
            if let Some(first) = member.first {
                leg.present.first(first, member.window_syn);
            }
        }
        let decision = match class {
            Class::Check => self
                .checks
                .add_without_request(reference.0, member, &self.thresholds),
            Class::PerRequest if waiting.first.is_some() => {
                let key = (reference.0, Some(facts.first_target));
                self.checks
                    .add(key, facts.first_request_line.as_deref(), member, &self.thresholds)
            }
            _ => {
                self.ordinary_first(reference, &waiting);
                return;
            }
        };
        self.decide(reference, &decision);
    }

    /// What a new member of a series decides, for it and for those held before.
    fn decide(&mut self, reference: LegRef, decision: &Decision) {
        for member in &decision.checks {
            self.was_check(reference, member);
        }
        for member in &decision.ordinary {
            self.was_ordinary(reference, member);
        }
    }

    fn was_ordinary(&mut self, reference: LegRef, member: &Member) {
        let waiting = Waiting {
            syn: member.syn,
            window_syn: member.window_syn,
            star_syn: member.star_syn,
            syn_window: member.window,
            closing: None,
            first: member.first.map(|order| (order, member.window)),
            prefix: member.prefix,
        };
        self.ordinary_first(reference, &waiting);
    }

    fn was_check(&mut self, reference: LegRef, member: &Member) {
        let host = self.host_of(member.prefix);
        if let Some(record) = member.listed.and_then(|place| self.listed.get_mut(place)) {
            record.class = Class::Check;
        }
        let Some((leg, _)) = self.leg(reference) else {
            return;
        };
        let counts = leg.counts_of(member.window);
        counts.requests.checks += 1;
        counts.requests.first = counts.requests.first.saturating_sub(1);
        // Classes are counted at the close, in the window of the close.
        let classes = if leg.counts.classes.get(Class::PerRequest) > 0 {
            &mut leg.counts
        } else {
            leg.counts_of(-1)
        };
        let per_request = classes.classes.get_mut(Class::PerRequest);
        *per_request = per_request.saturating_sub(1);
        *classes.classes.get_mut(Class::Check) += 1;
        leg.prefixes.take_out(member.prefix, host, Reuse::First);
        leg.whole.was_check(member.close);
        leg.present.was_check(member.close);
        if let Some(client) = leg.star_client(reference.0) {
            client.firsts = client.firsts.saturating_sub(1);
            client.tracker.was_check(member.close);
        }
    }

    fn list(&mut self, facts: &ConnectionFacts, class: Class) -> Option<usize> {
        let limit = self.list_at_most?;
        if self.listed.len() >= limit {
            self.omitted += 1;
            return None;
        }
        self.listed.push(ListedConnection {
            facts: facts.clone(),
            class,
        });
        Some(self.listed.len() - 1)
    }

    /// The capture is over: series that did not become checks are ordinary connections, and so are those still open.
    pub fn settle(&mut self) {
        let ordinary: Vec<(SeriesKey, Member)> = self.checks.settle();
        for ((reference, _), member) in ordinary {
            self.was_ordinary(LegRef(reference), &member);
        }
    }
}

/// A check without request was not waiting for one, if its SYN was not captured.
fn no_request(facts: &ConnectionFacts, class: Class) -> Option<Waiting> {
    (class == Class::Check && facts.requests == 0).then_some(Waiting {
        syn: AtSyn::default(),
        window_syn: AtSyn::default(),
        star_syn: AtSyn::default(),
        syn_window: 0,
        first: None,
        closing: None,
        prefix: PrefixRef::default(),
    })
}

fn count_connection(leg: &mut LegState, facts: &ConnectionFacts, class: Class) {
    let counts = &mut leg.counts;
    let connections = &mut counts.connections;
    if !facts.resumed {
        connections.total += 1;
        match facts.handshake {
            Handshake::Midstream => connections.midstream += 1,
            Handshake::InProgress => {}
            Handshake::Established => connections.established += 1,
            Handshake::Refused => connections.refused += 1,
            Handshake::Unanswered => connections.unanswered += 1,
        }
        connections.opened += u64::from(facts.handshake != Handshake::Midstream);
        let failed = matches!(facts.handshake, Handshake::Refused | Handshake::Unanswered);
        connections.zero_request += u64::from(facts.requests == 0 && !failed);
        *counts.classes.get_mut(class) += 1;
    }
    let failed = matches!(facts.handshake, Handshake::Refused | Handshake::Unanswered);
    let in_progress = facts.handshake == Handshake::InProgress && facts.closer.is_none();
    connections.in_progress += u64::from(in_progress && facts.two_way && facts.requests == 0);
    connections.open_at_end += u64::from(facts.closer.is_none() && !failed && !in_progress);
    connections.one_way += u64::from(!facts.two_way);
    counts.requests.unanswered += u64::from(facts.unanswered);
    if matches!(facts.closer, Some(Closer::Server | Closer::ResetByServer)) {
        counts.requests.lost += u64::from(facts.unanswered);
    }
    if let Some(closer) = facts.closer {
        counts.closes.count(closer);
        if let Some(idle) = facts.idle_before_close {
            counts.idle_before_close_us.add(micros(idle));
        }
    }
    counts.syn_retransmitted += u64::from(facts.syn_retransmitted);
    if let Some(connect) = facts.connect {
        counts.connect_time_us.add(micros(connect));
    }
    if facts.requests > 0 {
        counts.requests_per_connection.add(u64::from(facts.requests));
    }
    counts.retransmitted_segments += u64::from(facts.retransmitted);
    counts.out_of_order_segments += u64::from(facts.out_of_order);
    counts.tcp_keepalive_probes += u64::from(facts.keepalive_probes);
    counts.gap_bytes += facts.gap_bytes;
}
