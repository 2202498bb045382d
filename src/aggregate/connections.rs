//! Connections that are over: counted, and told from health checks.

use super::checks::{Added, Decision, Member, SeriesKey};
use super::closes::CloseSample;
use super::collector::{Aggregate, micros};
use super::event::{LegRef, PrefixRef, Reuse};
use super::leg::LegState;
use super::naming::{Pair, Prefix};
use super::tracker::{AtSyn, Order};
use crate::classify::{Class, Closer, ConnectionFacts, Handshake, classify, ending};
use crate::u48::U48;

/// A connection that has not yet shown whether its handshake was paid for by a request that counts. One for each open
/// connection: small.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Waiting {
    /// When its SYN came, and how many connections of the leg had been closed by then ...
    syn: U48,
    closes: U48,
    /// ... of them by an idle timeout ...
    idle_closes: u32,
    /// ... and in which window. [`NOBODY`](Self::NOBODY): no connection waits here.
    syn_window: i32,
    /// The window of its first request.
    first_window: i32,
    /// When its first request came; 0: not yet.
    first: U48,
    /// When its first FIN or RST came; 0: not yet.
    closing: U48,
    prefix: PrefixRef,
}

impl Waiting {
    const NOBODY: i32 = i32::MIN;

    /// The place of a connection that does not wait.
    const EMPTY: Self = Self {
        syn: U48::ZERO,
        closes: U48::ZERO,
        idle_closes: 0,
        syn_window: Self::NOBODY,
        first_window: 0,
        first: U48::ZERO,
        closing: U48::ZERO,
        prefix: PrefixRef(0),
    };

    /// Whether there is such a connection.
    pub(super) fn waits(&self) -> bool {
        self.syn_window != Self::NOBODY
    }

    /// A connection whose SYN comes now.
    pub(super) fn at_syn(leg: &LegState, order: Order) -> Self {
        let syn = leg.whole.at_syn(order);
        Self {
            syn: order.into(),
            closes: syn.closes.into(),
            idle_closes: u32::try_from(syn.idle_closes).unwrap_or(u32::MAX),
            syn_window: leg.window as i32,
            ..Self::default()
        }
    }

    pub(super) fn close(&mut self, order: Order) {
        self.closing = order.into();
    }

    fn has_first(&self) -> bool {
        self.first.get() != 0
    }

    /// What its SYN found on the leg.
    fn found(&self) -> AtSyn {
        AtSyn {
            order: self.syn.get(),
            closes: self.closes.get(),
            idle_closes: self.idle_closes.into(),
        }
    }

    /// What it found in the window of its first request, which is the leg's present one: a SYN of an earlier window
    /// finds nothing closed in this one.
    fn found_in_window(&self, leg: &LegState) -> AtSyn {
        if self.syn_window != self.first_window {
            return AtSyn::default();
        }
        let before = leg.before_window;
        AtSyn {
            order: self.syn.get(),
            closes: self.closes.get().saturating_sub(before.closes),
            idle_closes: u64::from(self.idle_closes).saturating_sub(before.idle_closes),
        }
    }
}

impl Aggregate {
    /// `star_syn` is what the SYN found in its client's pool, on a `*` leg.
    #[inline]
    pub(super) fn wait(&mut self, place: usize, waiting: Waiting, star_syn: Option<AtSyn>) {
        if place >= self.waiting.len() {
            self.waiting.resize(place + 1, Waiting::EMPTY);
        }
        self.waiting[place] = waiting;
        if let Some(syn) = star_syn {
            if place >= self.star_syns.len() {
                self.star_syns.resize(place + 1, AtSyn::default());
            }
            self.star_syns[place] = syn;
        }
    }

    pub(super) fn take_waiting(&mut self, place: usize) -> Option<(Waiting, AtSyn)> {
        let waiting = self.waiting.get_mut(place).filter(|waiting| waiting.waits())?;
        let star_syn = self.star_syns.get(place).copied().unwrap_or_default();
        let taken = *waiting;
        waiting.syn_window = Waiting::NOBODY;
        Some((taken, star_syn))
    }

    /// The first request may still be a health check's; the second tells that it was not.
    pub(super) fn wait_for_second(
        &mut self,
        pair: Pair,
        place: usize,
        (reuse, index): (Reuse, u32),
        (order, window): (Order, i64),
        prefix: PrefixRef,
    ) {
        if reuse == Reuse::First {
            if let Some(leg) = self.leg_of(pair)
                && let Some(client) = leg.star_client(pair.number.0)
            {
                client.firsts += 1;
            }
            if let Some(waiting) = self.waiting.get_mut(place) {
                waiting.first = order.into();
                waiting.first_window = window as i32;
                waiting.prefix = prefix;
            }
        } else if index == 2
            && let Some((waiting, star_syn)) = self.take_waiting(place)
        {
            self.ordinary_first(pair.number, &waiting, star_syn);
        }
    }

    fn ordinary_first(&mut self, reference: LegRef, waiting: &Waiting, star_syn: AtSyn) {
        if !waiting.has_first() {
            return;
        }
        let Some(leg) = self.leg(reference) else {
            return;
        };
        let first = waiting.first.get();
        leg.whole.first(first, waiting.found());
        if i64::from(waiting.first_window) == leg.window {
            let found = waiting.found_in_window(leg);
            leg.present.first(first, found);
        }
        if let Some(client) = leg.star_client(reference.0) {
            client.tracker.first(first, star_syn);
        }
    }

    /// Returns whether it is known to be one of a series of health checks, if connections are kept that are over.
    pub(super) fn closed(&mut self, pair: Pair, place: usize, facts: &ConnectionFacts, prefix: PrefixRef) {
        let now = self.span.map_or(facts.end, |span| span.clock);
        let class = classify(facts, now, &self.thresholds);
        let waiting = self.take_waiting(place);
        let order = self.order;
        let kind = ending(facts);
        let legs = self.legs.len();
        let reference = pair.number;
        let wanted = self.leg_of(pair).is_some_and(|leg| leg.closes.wants(kind));
        let wanted = wanted || self.list_at_most.is_some() || self.recent.is_some();
        let sample = wanted.then(|| self.sample(pair, facts, prefix));
        let listed = sample.and_then(|sample| self.list(facts, class, (reference, kind, sample)));
        self.end(facts, class);
        self.note_ports(reference, facts);
        let Some(leg) = self.leg_of(pair) else {
            return;
        };
        count_connection(leg, facts, class);
        if !facts.resumed {
            if let Some(opening) = facts.opening {
                leg.openings.note(opening);
            }
            leg.closes.add(kind, facts.requests, sample, legs);
        }
        let ended =
            facts.closer.is_some() || matches!(facts.handshake, Handshake::Refused | Handshake::Unanswered);
        if facts.closer.is_none() && ended {
            // It never opened: no close was told.
            leg.left(reference);
            self.open.down();
            self.timeline.open_changed(now, self.open.now);
        }
        let Some((waiting, star_syn)) = waiting.or_else(|| no_request(facts, class)) else {
            return;
        };
        let Some(leg) = self.leg_of(pair) else {
            return;
        };
        let asked = waiting.has_first() && facts.asked.is_some();
        if class == Class::PerRequest && waiting.has_first() && i64::from(waiting.first_window) == leg.window
        {
            // The window may be over before it is known whether this was a health check.
            let found = waiting.found_in_window(leg);
            leg.present.first(waiting.first.get(), found);
        }
        let window = leg.window;
        if class != Class::Check && !(class == Class::PerRequest && asked) {
            self.ordinary_first(reference, &waiting, star_syn);
            return;
        }
        let closing = waiting.closing.get();
        let member = Member {
            start: facts.start,
            close: if closing == 0 { order } else { closing },
            window: if waiting.has_first() {
                waiting.first_window.into()
            } else {
                window
            },
            waiting,
            star_syn,
            listed,
            ending: kind,
            frame: facts.last_frame,
        };
        if class == Class::Check {
            self.checks
                .add_without_request(reference.0, member, &self.thresholds, &mut self.decision);
        } else {
            // What was asked for must be known to recur.
            let key = (reference.0, facts.asked);
            match self.checks.add(key, member, &self.thresholds, &mut self.decision) {
                Added::Held => return,
                Added::Churn(waiting, star_syn) => return self.ordinary_first(reference, &waiting, star_syn),
                Added::Decided => {}
            }
        }
        // Its memory is used again.
        let decision = std::mem::take(&mut self.decision);
        self.decide(reference, &decision);
        let is_own = |member: &Member| member.frame == facts.last_frame && member.start == facts.start;
        if (self.recent.is_some() || self.ended.is_some()) && decision.checks.iter().any(is_own) {
            self.last_was_check();
        }
        self.decision = decision;
    }

    /// What a new member of a series decides, for it and for those held before.
    fn decide(&mut self, reference: LegRef, decision: &Decision) {
        for member in &decision.checks {
            self.was_check(reference, member);
        }
        for member in &decision.ordinary {
            self.ordinary_first(reference, &member.waiting, member.star_syn);
        }
        for ((leg, _), member) in &decision.given_up {
            self.ordinary_first(LegRef(*leg), &member.waiting, member.star_syn);
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
        leg.prefixes.take_out(prefix, Reuse::First);
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
        if self.pairs.len() > place {
            if ports.len() <= place {
                ports.resize_with(place + 1, Default::default);
            }
            ports[place].note(facts, start, pages, &mut self.waits);
        }
    }

    fn sample(&mut self, pair: Pair, facts: &ConnectionFacts, prefix: PrefixRef) -> CloseSample {
        let span = facts.last_response_end.zip(facts.closed_at);
        let between = span.and_then(|(from, until)| self.pools.ended_between(pair.pool, from, until));
        CloseSample::new(facts, prefix, between)
    }

    /// The capture is over: series that did not become checks are ordinary connections, and so are those still open.
    pub fn settle(&mut self) {
        let ordinary: Vec<(SeriesKey, Member)> = self.checks.settle();
        for ((reference, _), member) in ordinary {
            self.ordinary_first(LegRef(reference), &member.waiting, member.star_syn);
        }
    }
}

/// A check without request was not waiting for one, if its SYN was not captured.
fn no_request(facts: &ConnectionFacts, class: Class) -> Option<(Waiting, AtSyn)> {
    (class == Class::Check && facts.requests == 0).then(Default::default)
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
        counts.requests.lost += u64::from(facts.unanswered.saturating_sub(facts.cancelled));
    }
    if let Some(closer) = facts.closer {
        counts.closes.count(closer);
        if let Some(idle) = facts.idle_before_close {
            counts.idle_before_close_us.add(micros(idle));
        }
    }
    counts.syn_retransmitted += u64::from(facts.syn_retransmitted);
    if facts.requests > 0 {
        counts.requests_per_connection.add(u64::from(facts.requests));
    }
    counts.retransmitted_segments += u64::from(facts.retransmitted);
    counts.out_of_order_segments += u64::from(facts.out_of_order);
    counts.tcp_keepalive_probes += u64::from(facts.keepalive_probes);
    counts.gap_bytes += facts.gap_bytes;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_small() {
        assert!(size_of::<Waiting>() <= 44, "{}", size_of::<Waiting>());
    }
}
