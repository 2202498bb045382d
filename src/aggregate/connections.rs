//! Connections that are over: counted, and told from health checks.

use super::checks::{Decision, Member, SeriesKey};
use super::closes::CloseSample;
use super::collector::{Aggregate, ListedConnection, micros};
use super::event::{LegRef, PrefixRef, Reuse};
use super::leg::LegState;
use super::tracker::{AtSyn, Order};
use crate::classify::{Class, Closer, ConnectionFacts, Ending, Handshake, classify, ending};
use crate::limits::WAITING_FIRSTS;

/// A connection that has not yet shown whether its handshake was paid for by a request that counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    syn: AtSyn,
    window_syn: AtSyn,
    star_syn: AtSyn,
    syn_window: i64,
    /// When its first request came, and in which window.
    first: Option<(Order, i64)>,
    /// When its first FIN or RST came.
    pub(super) closing: Option<Order>,
    prefix: PrefixRef,
}

impl Aggregate {
    pub(super) fn wait(
        &mut self,
        connection: u64,
        (syn, window_syn, syn_window): (AtSyn, AtSyn, i64),
        star_syn: AtSyn,
    ) {
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
    pub(super) fn wait_for_second(
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

    pub(super) fn closed(&mut self, reference: LegRef, facts: &ConnectionFacts) {
        let now = self.span.map_or(facts.end, |span| span.clock);
        let class = classify(facts, now, &self.thresholds);
        let waiting = self.waiting.swap_remove(&facts.id);
        let order = self.order;
        let (kind, sample) = (ending(facts), self.sample(reference, facts));
        let listed = self.list(facts, class, (reference, kind, sample));
        let legs = self.legs.len();
        self.note_ports(reference, facts);
        let Some((leg, _)) = self.leg(reference) else {
            return;
        };
        count_connection(leg, facts, class);
        if !facts.resumed {
            leg.closes.add(kind, sample, legs);
        }
        let ended =
            facts.closer.is_some() || matches!(facts.handshake, Handshake::Refused | Handshake::Unanswered);
        if facts.closer.is_none() && ended {
            // It never opened: no close was told.
            leg.whole.left();
            leg.present.left();
            if let Some(client) = leg.star_client(reference.0) {
                client.tracker.left();
            }
            self.open.down();
            self.timeline.open_changed(now, self.open.now);
        }
        let Some(waiting) = waiting.or(no_request(facts, class)) else {
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
            ending: kind,
            frame: facts.last_frame,
        };
        if class == Class::PerRequest && member.window == leg.window {
            // The window may be over before it is known whether this was a health check.
            if let Some(first) = member.first {
                leg.present.first(first, member.window_syn);
            }
        }
        // Its memory is used again: this is done for every connection of a churning leg.
        let mut decision = std::mem::take(&mut self.decision);
        match class {
            Class::Check => {
                self.checks
                    .add_without_request(reference.0, member, &self.thresholds, &mut decision);
                self.decide(reference, &decision);
            }
            // What was asked for must be known to recur.
            Class::PerRequest if waiting.first.is_some() && facts.first_request_line.is_some() => {
                let key = (reference.0, Some(facts.first_target));
                let target = facts.first_request_line.as_deref();
                self.checks
                    .add(key, target, member, &self.thresholds, &mut decision);
                self.decide(reference, &decision);
            }
            _ => self.ordinary_first(reference, &waiting),
        }
        self.decision = decision;
    }

    /// What a new member of a series decides, for it and for those held before.
    fn decide(&mut self, reference: LegRef, decision: &Decision) {
        for member in &decision.checks {
            self.was_check(reference, member);
        }
        for member in &decision.ordinary {
            self.was_ordinary(reference, member);
        }
        for ((leg, _), member) in &decision.given_up {
            self.was_ordinary(LegRef(*leg), member);
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
        leg.closes.remove(member.ending, member.frame);
        leg.prefixes.take_out(member.prefix, host, Reuse::First);
        leg.whole.was_check(member.close);
        leg.present.was_check(member.close);
        if let Some(client) = leg.star_client(reference.0) {
            client.firsts = client.firsts.saturating_sub(1);
            client.tracker.was_check(member.close);
        }
    }

    fn note_ports(&mut self, reference: LegRef, facts: &ConnectionFacts) {
        let Some(start) = self.span.map(|span| span.start) else {
            return;
        };
        let (ports, pages) = &mut self.ports;
        let place = reference.0 as usize;
        if self.places.len() > place {
            if ports.len() <= place {
                ports.resize_with(place + 1, Default::default);
            }
            ports[place].note(facts, start, pages);
        }
    }

    fn sample(&mut self, reference: LegRef, facts: &ConnectionFacts) -> CloseSample {
        let span = facts.last_response_end.zip(facts.closed_at);
        let between = span.and_then(|(from, until)| self.pools.ended_between(reference.0, from, until));
        CloseSample::new(facts, between)
    }

    fn list(
        &mut self,
        facts: &ConnectionFacts,
        class: Class,
        (leg, ending, sample): (LegRef, Ending, CloseSample),
    ) -> Option<usize> {
        let limit = self.list_at_most?;
        if self.listed.len() >= limit {
            self.omitted += 1;
            return None;
        }
        self.listed.push(ListedConnection {
            facts: facts.clone(),
            class,
            leg: self.place_of(leg.0),
            ending,
            sample,
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
    // Where the SYN-ACK or a whole direction was not captured, requests or acknowledgments show that it is open.
    let in_progress = facts.handshake == Handshake::InProgress
        && facts.closer.is_none()
        && facts.two_way
        && facts.requests == 0;
    connections.in_progress += u64::from(in_progress);
    connections.open_at_end += u64::from(facts.closer.is_none() && !failed && !in_progress);
    if let Some(tls) = &facts.tls {
        counts.tls.count(tls);
    }
    connections.heads_cut += u64::from(facts.heads_cut);
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
