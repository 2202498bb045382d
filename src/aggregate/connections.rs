//! Connections that are over: counted, and told from health checks.

use super::checks::Member;
use super::closes::CloseSample;
use super::collector::{Aggregate, leg_at, micros};
use super::event::{ConnectionRef, LegRef, PrefixRef, Reuse};
use super::figures::{ConnectionCounts, Counts};
use super::leg::LegState;
use super::naming::{Pair, Prefix, Side};
use super::pools::Pools;
use super::tracker::AtSyn;
use super::waiting::Waiting;
use crate::classify::{Class, Closer, ConnectionFacts, Handshake, classify, ending};

impl Aggregate {
    /// A connection is over, or open when the capture ends. Apart from what happens to those that live, which is told more
    /// often.
    #[inline(never)]
    pub(super) fn closed(
        &mut self,
        side: &mut Side,
        leg: LegRef,
        connection: ConnectionRef,
        facts: &ConnectionFacts,
    ) {
        let pair = side.pair(leg);
        let place = connection.0 as usize;
        self.count_closed(side, pair, place, facts);
        side.waiting.leave(place);
    }

    #[inline]
    fn count_closed(&mut self, side: &Side, pair: Pair, place: usize, facts: &ConnectionFacts) {
        let class = classify(facts, self.span.clock, &self.thresholds);
        let kind = ending(facts);
        let reference = pair.number;
        let (mut kept, mut listed) = (None, None);
        if self.list_at_most.is_some() || self.recent.is_some() {
            let sample = close_sample(&mut self.pools, side, pair, facts);
            kept = Some(sample);
            listed = self.list(facts, class, (reference, kind, sample));
        }
        self.end(facts, class);
        self.note_ports(reference, facts);
        let legs = self.legs.len();
        let Some(leg) = leg_at(&mut self.legs, &self.span, pair) else {
            return;
        };
        count_connection(leg, facts, class);
        if !facts.resumed {
            if let Some(opening) = facts.opening {
                leg.openings.note(opening);
            }
            if let Some(group) = leg.closes.add(kind, facts.requests) {
                let sample = kept.unwrap_or_else(|| close_sample(&mut self.pools, side, pair, facts));
                group.keep(legs, sample);
            }
        }
        if facts.closer.is_none() && facts.has_failed() {
            // It never opened: no close was told.
            leg.left(reference);
            self.open.down();
        }
        let waiting = side.waiting.get(place, leg.is_star());
        let Some((waiting, star_syn)) = waiting.or_else(|| no_request(facts, class)) else {
            return;
        };
        let first = waiting.first().filter(|_| class == Class::PerRequest);
        if let Some(first) = first {
            // The window may be over before it is known whether this was a health check.
            leg.first_in_window(first, waiting);
        }
        if class != Class::Check && (first.is_none() || facts.asked.is_none()) {
            leg.ordinary_first(reference, waiting, star_syn);
            return;
        }
        let order = self.order;
        let member = || Member {
            start: facts.start,
            waiting: waiting.over(order),
            star_syn,
            listed,
            ending: kind,
            frame: facts.last_frame,
        };
        let (thresholds, decision) = (&self.thresholds, &mut self.decision);
        let decided = if class == Class::Check {
            self.checks
                .add_without_request(reference.0, member(), thresholds, decision);
            true
        } else {
            // What was asked for must be known to recur.
            let key = (reference.0, facts.asked);
            let churn = |before: &Member| leg.no_check(reference, &before.waiting, before.star_syn);
            self.checks
                .add(key, (facts.start, member), churn, thresholds, decision)
        };
        if decided {
            self.decide(reference, facts);
        }
    }

    /// What a new member of a series, with these facts, decides for it and for those held before.
    #[inline(never)]
    fn decide(&mut self, reference: LegRef, facts: &ConnectionFacts) {
        // Its memory is used again.
        let decision = std::mem::take(&mut self.decision);
        for member in &decision.checks {
            self.was_check(reference, member);
        }
        for member in &decision.ordinary {
            self.no_check(reference, member);
        }
        for ((leg, _), member) in &decision.given_up {
            self.no_check(LegRef(*leg), member);
        }
        let is_own = |member: &Member| member.frame == facts.last_frame && member.start == facts.start;
        if (self.recent.is_some() || self.ended.is_some()) && decision.checks.iter().any(is_own) {
            self.last_was_check();
        }
        self.decision = decision;
    }

    fn no_check(&mut self, reference: LegRef, member: &Member) {
        // What changes nothing on a leg does not bring it to the present window either.
        if member.waiting.first().is_none() {
            return;
        }
        if let Some(leg) = self.leg(reference) {
            leg.no_check(reference, &member.waiting, member.star_syn);
        }
    }

    fn was_check(&mut self, reference: LegRef, member: &Member) {
        let prefix = Prefix {
            number: member.waiting.prefix,
            host: self.host_of(member.waiting.prefix),
        };
        if let Some(record) = member.listed.and_then(|place| self.listed.get_mut(place)) {
            record.class = Class::Check;
        }
        let Some(leg) = self.leg(reference) else {
            return;
        };
        let close = member.waiting.closing().unwrap_or_default();
        let counts = leg.counts_of(member.waiting.first_window().unwrap_or(leg.window));
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
        leg.prefixes.take_out(prefix, Reuse::First);
        leg.whole.spell.was_check(close);
        leg.present.was_check(close);
        if let Some(client) = leg.star_client(reference.0) {
            client.firsts = client.firsts.saturating_sub(1);
            client.tracker.spell.was_check(close);
        }
    }

    #[inline]
    fn note_ports(&mut self, reference: LegRef, facts: &ConnectionFacts) {
        let (ports, pages) = &mut self.ports;
        if let Some(ports) = ports.get_mut(reference.0 as usize) {
            ports.note(facts, self.span.start, pages, &mut self.waits);
        }
    }

    /// The capture is over: series that did not become checks are ordinary connections, and so are those still open.
    pub fn settle(&mut self) {
        let mut checks = std::mem::take(&mut self.checks);
        checks.settle(|reference, member| self.no_check(LegRef(reference), member));
        self.checks = checks;
    }
}

#[inline(never)]
fn close_sample(pools: &mut Pools, side: &Side, pair: Pair, facts: &ConnectionFacts) -> CloseSample {
    let prefix = side.prefix(PrefixRef(facts.last_prefix)).number;
    let span = facts.last_response_end.get().zip(facts.closed_at.get());
    let between = span.and_then(|(from, until)| pools.ended_between(pair.pool, from, until));
    CloseSample::new(facts, prefix, between)
}

/// A check without request was not waiting for one, if its SYN was not captured.
fn no_request(facts: &ConnectionFacts, class: Class) -> Option<(&'static Waiting, AtSyn)> {
    let none = (&Waiting::FRESH, AtSyn::default());
    (class == Class::Check && facts.requests == 0).then_some(none)
}

#[inline]
fn count_connection(leg: &mut LegState, facts: &ConnectionFacts, class: Class) {
    let counts = &mut leg.counts;
    let connections = &mut counts.connections;
    if !facts.resumed {
        connections.total += 1;
        if facts.handshake == Handshake::Established {
            connections.established += 1;
            connections.opened += 1;
        } else {
            count_opening(connections, facts.handshake);
        }
        connections.zero_request += u64::from(facts.requests == 0 && !facts.has_failed());
        *counts.classes.get_mut(class) += 1;
    }
    match facts.closer {
        Some(closer) => {
            counts.closes.count(closer);
            if let Some(idle) = facts.idle_before_close.get() {
                counts.idle_before_close_us.add(micros(idle));
            }
        }
        None => count_open(connections, facts),
    }
    if facts.requests > 0 {
        counts.requests_per_connection.add(u64::from(facts.requests));
    }
    if !facts.is_plain() {
        count_seldom(counts, facts);
    }
}

/// How a connection was opened that was not seen to be established.
#[inline(never)]
fn count_opening(connections: &mut ConnectionCounts, handshake: Handshake) {
    match handshake {
        Handshake::Midstream => connections.midstream += 1,
        Handshake::InProgress => {}
        Handshake::Established => connections.established += 1,
        Handshake::Refused => connections.refused += 1,
        Handshake::Unanswered => connections.unanswered += 1,
    }
    connections.opened += u64::from(handshake != Handshake::Midstream);
}

/// Of a connection without a close.
fn count_open(connections: &mut ConnectionCounts, facts: &ConnectionFacts) {
    // Where the SYN-ACK or a whole direction was not captured, requests or acknowledgments show that it is open.
    let in_progress = facts.handshake == Handshake::InProgress && facts.two_way && facts.requests == 0;
    connections.in_progress += u64::from(in_progress);
    connections.open_at_end += u64::from(!facts.has_failed() && !in_progress);
}

/// What most connections have nothing of.
#[inline(never)]
fn count_seldom(counts: &mut Counts, facts: &ConnectionFacts) {
    let seldom = facts.seldom();
    if let Some(tls) = &seldom.tls {
        counts.tls.count(tls);
    }
    counts.connections.heads_cut += u64::from(facts.heads_cut);
    counts.connections.one_way += u64::from(!facts.two_way);
    counts.requests.unanswered += u64::from(facts.unanswered);
    if matches!(facts.closer, Some(Closer::Server | Closer::ResetByServer)) {
        counts.requests.lost += u64::from(facts.unanswered.saturating_sub(seldom.cancelled));
    }
    counts.syn_retransmitted += u64::from(seldom.syn_retransmitted);
    counts.retransmitted_segments += u64::from(seldom.retransmitted);
    counts.out_of_order_segments += u64::from(seldom.out_of_order);
    counts.tcp_keepalive_probes += u64::from(seldom.keepalive_probes);
    counts.gap_bytes += seldom.gap_bytes;
}
