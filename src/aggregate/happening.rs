//! What happens on a leg while its connections live, added up event by event.

use super::collector::{Aggregate, leg_at};
use super::connections::Waiting;
use super::event::{ConnectionRef, EventKind, LegEvent, LegRef, PrefixRef, Reuse};
use super::leg::{LegState, Span};
use super::prefixes::HostRef;
use crate::classify::Version;
use crate::time::{OptionalNanos, Timestamp};

/// Where an event counts.
#[derive(Clone, Copy)]
struct At {
    engine: usize,
    leg: LegRef,
    /// Packet time of the event, and the running maximum.
    time: Timestamp,
    clock: Timestamp,
}

impl Aggregate {
    #[inline]
    pub(super) fn on_leg(&mut self, engine: usize, reference: LegRef, event: &LegEvent) {
        let at = At {
            engine,
            leg: reference,
            time: event.timestamp,
            clock: self.span.map_or(event.clock, |span| span.clock),
        };
        match &event.kind {
            EventKind::Request { .. } => self.on_request(at, &event.kind),
            EventKind::Answered {
                status,
                announced,
                first_byte,
                response,
                prefix,
                became_idle,
            } => {
                let head = Some((*status, *announced, *first_byte));
                self.on_exchange_end(at, head, (*response, *prefix, *became_idle));
            }
            EventKind::Response {
                status,
                announced,
                first_byte,
            } => {
                let Some(leg) = self.leg_now(reference) else {
                    return;
                };
                leg.response(*status, *announced, *first_byte);
            }
            EventKind::ExchangeEnd {
                response,
                prefix,
                became_idle,
            } => {
                self.on_exchange_end(at, None, (*response, *prefix, *became_idle));
            }
            EventKind::Opened { connection, syn } => self.on_opened(at, *connection, *syn),
            EventKind::SynAfterAll { connection } => self.on_syn_after_all(at, *connection),
            EventKind::Established { connect } => self.on_established(at, *connect),
            EventKind::Busy => {
                self.busy.up();
                self.pools.became_busy(reference.0);
                if let Some(leg) = self.leg_now(reference) {
                    leg.became_busy(reference);
                }
            }
            EventKind::ResponseCut { status } => {
                if let Some(leg) = self.leg_now(reference) {
                    leg.take_back_response(*status);
                }
            }
            EventKind::Upgraded { .. } => self.on_upgraded(at, &event.kind),
            EventKind::Loss { hidden } => {
                if let Some(leg) = self.leg_now(reference) {
                    leg.counts.hidden_requests += hidden;
                    self.last_loss = Some(at.time);
                }
            }
            EventKind::Closing { .. } => self.on_closing(at, &event.kind),
            EventKind::Leg(_) | EventKind::Prefix(_) | EventKind::Closed { .. } => {}
        }
    }

    #[inline]
    fn leg_now(&mut self, reference: LegRef) -> Option<&mut LegState> {
        leg_at(&mut self.legs, &self.places, reference, self.span.as_ref()?)
    }

    #[inline]
    fn named(&self, engine: usize, prefix: PrefixRef) -> (PrefixRef, HostRef) {
        let prefix = self.numbers.prefix(engine, prefix);
        (prefix, self.host_of(prefix))
    }

    /// A response's last byte, and its head if that is told only now.
    #[inline]
    fn on_exchange_end(
        &mut self,
        at: At,
        head: Option<(u16, bool, OptionalNanos)>,
        (response, prefix, became_idle): (OptionalNanos, PrefixRef, bool),
    ) {
        let named = self.named(at.engine, prefix);
        let Some(leg) = self.leg_now(at.leg) else { return };
        if let Some((status, announced, first_byte)) = head {
            leg.response(status, announced, first_byte);
        }
        leg.exchange_end(response, named);
        if became_idle {
            leg.became_idle(at.leg);
            self.busy.down();
        }
        self.pools.response_ended(at.leg.0, at.time, became_idle);
    }

    #[inline]
    fn idle_if(&mut self, at: At, became_idle: bool) {
        if became_idle {
            self.busy.down();
            self.pools.became_idle(at.leg.0);
            if let Some(leg) = self.leg_now(at.leg) {
                leg.became_idle(at.leg);
            }
        }
    }

    fn on_opened(&mut self, at: At, connection: ConnectionRef, syn: bool) {
        let order = self.order;
        let Some(leg) = self.leg_now(at.leg) else { return };
        leg.whole.opened(!syn);
        leg.present.opened(!syn);
        let waiting = Waiting::at_syn(leg, order);
        let star_syn = leg.star_client(at.leg.0).map(|client| {
            client.tracker.opened(!syn);
            client.tracker.at_syn(order)
        });
        self.open.up();
        self.timeline.open_changed(at.clock, self.open.now);
        if syn {
            self.pools.syn(at.leg.0, at.time);
            self.wait(self.place_of_connection(at.engine, connection), waiting, star_syn);
        }
    }

    fn on_syn_after_all(&mut self, at: At, connection: ConnectionRef) {
        let order = self.order;
        let Some(leg) = self.leg_now(at.leg) else { return };
        leg.whole.not_midstream_after_all();
        leg.present.not_midstream_after_all();
        let waiting = Waiting::at_syn(leg, order);
        let star_syn = leg.star_client(at.leg.0).map(|client| {
            client.tracker.not_midstream_after_all();
            client.tracker.at_syn(order)
        });
        self.wait(self.place_of_connection(at.engine, connection), waiting, star_syn);
    }

    fn on_established(&mut self, at: At, connect: OptionalNanos) {
        let Some(second) = self.span.as_ref().map(Span::second) else {
            return;
        };
        let Some(leg) = self.leg_now(at.leg) else { return };
        leg.handshake(second, connect);
        self.peak.count(second);
        self.timeline.row(at.clock).handshakes += 1;
    }

    #[inline]
    fn on_request(&mut self, at: At, kind: &EventKind) {
        let EventKind::Request {
            connection,
            reuse,
            index,
            version,
            announced,
            prefix,
            became_busy,
            estimated,
            ..
        } = *kind
        else {
            return;
        };
        let (prefix, host) = self.named(at.engine, prefix);
        let unknown = reuse == Reuse::MidstreamFirst && self.counts_as_unknown(at.time);
        let second = self.span.as_ref().map_or(0, Span::second);
        let Some(leg) = self.leg_now(at.leg) else { return };
        let requests = &mut leg.counts.requests;
        requests.total += 1;
        match version {
            Version::Http10 => requests.http10 += 1,
            Version::Http11 => requests.http11 += 1,
            Version::Http09 | Version::Http2 | Version::Unread => {}
        }
        requests.estimated |= estimated;
        requests.announced_close += u64::from(announced);
        requests.first += u64::from(reuse == Reuse::First);
        requests.unknown_first += u64::from(unknown);
        let lately = leg.seconds.at(second);
        lately.requests += 1;
        lately.reused += u32::from(reuse != Reuse::First);
        leg.prefixes.request(prefix, host, reuse);
        let window = leg.window;
        if became_busy {
            leg.became_busy(at.leg);
            self.busy.up();
            self.pools.became_busy(at.leg.0);
        }
        let row = self.timeline.row(at.clock);
        row.requests += 1;
        row.reused += u64::from(reuse != Reuse::First);
        if index > 2 && !unknown {
            return;
        }
        let place = self.place_of_connection(at.engine, connection);
        if unknown {
            self.wait(place, Waiting::default(), None);
        }
        self.wait_for_second(at.leg, place, (reuse, index), (self.order, window), prefix);
    }

    /// Whether the first request seen on a midstream connection came near the capture's start or a loss.
    fn counts_as_unknown(&self, at: Timestamp) -> bool {
        let within = self.thresholds.unknown_first_within;
        let near = |moment: Timestamp| at.since(moment).saturating_abs() <= within;
        self.span.is_some_and(|span| near(span.start)) || self.last_loss.is_some_and(near)
    }

    fn on_upgraded(&mut self, at: At, kind: &EventKind) {
        let EventKind::Upgraded {
            connection,
            reuse,
            prefix,
            was_busy,
        } = *kind
        else {
            return;
        };
        let (prefix, host) = self.named(at.engine, prefix);
        let place = self.place_of_connection(at.engine, connection);
        // Of the connections that were there before the capture, those whose first request counts as unknown wait.
        let unknown = self.waiting.get(place).is_some_and(Waiting::waits);
        let Some(leg) = self.leg_now(at.leg) else { return };
        let requests = &mut leg.counts.requests;
        requests.upgraded += 1;
        match reuse {
            Reuse::First => requests.first = requests.first.saturating_sub(1),
            Reuse::MidstreamFirst if unknown => {
                requests.unknown_first = requests.unknown_first.saturating_sub(1);
            }
            Reuse::MidstreamFirst | Reuse::Reused => {}
        }
        leg.prefixes.take_out(prefix, host, reuse);
        leg.prefixes.ended(prefix, host);
        self.idle_if(at, was_busy);
        if reuse != Reuse::Reused {
            self.take_waiting(place);
        }
    }

    fn on_closing(&mut self, at: At, kind: &EventKind) {
        let EventKind::Closing {
            connection,
            with_request,
            was_busy,
            reset,
            idle,
            announced,
            prefix,
            port,
        } = *kind
        else {
            return;
        };
        if let Some(ports) = self.ports.0.get(at.leg.0 as usize) {
            ports.fetch(port);
        }
        let (prefix, host) = self.named(at.engine, prefix);
        let idle_close = self.thresholds.idle_close;
        let Some(leg) = self.leg_now(at.leg) else { return };
        let idle = !announced && idle.get().is_some_and(|idle| idle >= idle_close);
        leg.left(at.leg);
        if with_request {
            leg.closed_with_request(at.leg, idle);
            leg.prefixes.closed(prefix, host, was_busy);
        }
        if was_busy {
            leg.became_idle(at.leg);
            self.busy.down();
            self.pools.became_idle(at.leg.0);
        }
        self.open.down();
        let row = self.timeline.open_changed(at.clock, self.open.now);
        row.closes += u64::from(!reset);
        row.resets += u64::from(reset);
        let (place, order) = (self.place_of_connection(at.engine, connection), self.order);
        if let Some(waiting) = self.waiting.get_mut(place) {
            waiting.close(order);
        }
    }
}
