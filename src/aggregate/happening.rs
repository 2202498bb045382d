//! What happens on a leg while its connections live, added up event by event.

use super::collector::Aggregate;
use super::connections::Waiting;
use super::event::{ConnectionRef, EventKind, LegEvent, PrefixRef, Reuse};
use super::leg::Span;
use super::naming::Pair;
use crate::classify::Version;
use crate::time::{OptionalNanos, Timestamp};

/// Where an event counts.
#[derive(Clone, Copy)]
pub(super) struct At {
    engine: usize,
    pair: Pair,
    /// Packet time of the event, and the running maximum.
    time: Timestamp,
    clock: Timestamp,
}

impl Aggregate {
    /// Where an event of a pair counts.
    #[inline]
    pub(super) fn at(&self, engine: usize, pair: Pair, event: &LegEvent) -> At {
        At {
            engine,
            pair,
            time: event.timestamp,
            clock: self.span.map_or(event.clock, |span| span.clock),
        }
    }

    /// Anything but what has a way of its own: requests, and responses that are answered and over at once.
    #[inline]
    pub(super) fn on_leg(&mut self, at: At, kind: &EventKind) {
        let pair = at.pair;
        match *kind {
            EventKind::Response {
                status,
                announced,
                first_byte,
            } => {
                if let Some(leg) = self.leg_of(pair) {
                    leg.response(status, announced, first_byte);
                }
            }
            EventKind::ExchangeEnd {
                response,
                prefix,
                became_idle,
            } => self.on_exchange_end(at, None, (response, prefix, became_idle)),
            EventKind::Opened { connection, syn } => self.on_opened(at, connection, syn),
            EventKind::SynAfterAll { connection } => self.on_syn_after_all(at, connection),
            EventKind::Established { connect } => self.on_established(at, connect),
            EventKind::Busy => {
                self.busy.up();
                self.pools.became_busy(pair.pool);
                if let Some(leg) = self.leg_of(pair) {
                    leg.became_busy(pair.number);
                }
            }
            EventKind::ResponseCut { status } => {
                if let Some(leg) = self.leg_of(pair) {
                    leg.take_back_response(status);
                }
            }
            EventKind::Upgraded { .. } => self.on_upgraded(at, kind),
            EventKind::Loss { hidden } => {
                if let Some(leg) = self.leg_of(pair) {
                    leg.counts.hidden_requests += hidden;
                    self.last_loss = Some(at.time);
                }
            }
            EventKind::Closing { .. } => self.on_closing(at, kind),
            EventKind::Request { .. } | EventKind::Answered { .. } => {}
            EventKind::Leg(_) | EventKind::Prefix(_) | EventKind::Closed { .. } => {}
        }
    }

    /// A response's last byte, and its head if that came at once with it.
    #[expect(
        clippy::inline_always,
        reason = "whether there is a head is known where it is called"
    )]
    #[inline(always)]
    pub(super) fn on_exchange_end(
        &mut self,
        at: At,
        head: Option<(u16, bool, OptionalNanos)>,
        (response, prefix, became_idle): (OptionalNanos, PrefixRef, bool),
    ) {
        let prefix = self.numbers.prefix(at.engine, prefix);
        let Some(leg) = self.leg_of(at.pair) else { return };
        if let Some((status, announced, first_byte)) = head {
            leg.response(status, announced, first_byte);
        }
        leg.exchange_end(response, prefix);
        if became_idle {
            leg.became_idle(at.pair.number);
            self.busy.down();
        }
        self.pools.response_ended(at.pair.pool, at.time, became_idle);
    }

    #[inline]
    fn idle_if(&mut self, at: At, became_idle: bool) {
        if became_idle {
            self.busy.down();
            self.pools.became_idle(at.pair.pool);
            if let Some(leg) = self.leg_of(at.pair) {
                leg.became_idle(at.pair.number);
            }
        }
    }

    fn on_opened(&mut self, at: At, connection: ConnectionRef, syn: bool) {
        let order = self.order;
        let Some(leg) = self.leg_of(at.pair) else { return };
        leg.whole.opened(!syn);
        leg.present.opened(!syn);
        let waiting = Waiting::at_syn(leg, order);
        let star_syn = leg.star_client(at.pair.number.0).map(|client| {
            client.tracker.opened(!syn);
            client.tracker.at_syn(order)
        });
        self.open.up();
        self.timeline.open_changed(at.clock, self.open.now);
        if syn {
            self.pools.syn(at.pair.pool, at.time);
            self.wait(self.numbers.place(at.engine, connection.0), waiting, star_syn);
        }
    }

    fn on_syn_after_all(&mut self, at: At, connection: ConnectionRef) {
        let order = self.order;
        let Some(leg) = self.leg_of(at.pair) else { return };
        leg.whole.not_midstream_after_all();
        leg.present.not_midstream_after_all();
        let waiting = Waiting::at_syn(leg, order);
        let star_syn = leg.star_client(at.pair.number.0).map(|client| {
            client.tracker.not_midstream_after_all();
            client.tracker.at_syn(order)
        });
        self.wait(self.numbers.place(at.engine, connection.0), waiting, star_syn);
    }

    fn on_established(&mut self, at: At, connect: OptionalNanos) {
        let Some(second) = self.span.as_ref().map(Span::second) else {
            return;
        };
        let Some(leg) = self.leg_of(at.pair) else { return };
        leg.handshake(second, connect);
        self.peak.count(second);
        self.timeline.row(at.clock).handshakes += 1;
    }

    #[inline]
    pub(super) fn on_request(&mut self, at: At, kind: &EventKind) {
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
        let prefix = self.numbers.prefix(at.engine, prefix);
        let unknown = reuse == Reuse::MidstreamFirst && self.counts_as_unknown(at.time);
        let second = self.span.as_ref().map_or(0, Span::second);
        let Some(leg) = self.leg_of(at.pair) else { return };
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
        leg.prefixes.request(prefix, reuse);
        let window = leg.window;
        if became_busy {
            leg.became_busy(at.pair.number);
            self.busy.up();
            self.pools.became_busy(at.pair.pool);
        }
        let row = self.timeline.row(at.clock);
        row.requests += 1;
        row.reused += u64::from(reuse != Reuse::First);
        if index > 2 && !unknown {
            return;
        }
        let place = self.numbers.place(at.engine, connection.0);
        if unknown {
            self.wait(place, Waiting::default(), None);
        }
        self.wait_for_second(
            at.pair,
            place,
            (reuse, index),
            (self.order, window),
            prefix.number,
        );
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
        let prefix = self.numbers.prefix(at.engine, prefix);
        let place = self.numbers.place(at.engine, connection.0);
        // Of the connections that were there before the capture, those whose first request counts as unknown wait.
        let unknown = self.waiting.get(place).is_some_and(Waiting::waits);
        let Some(leg) = self.leg_of(at.pair) else { return };
        let requests = &mut leg.counts.requests;
        requests.upgraded += 1;
        match reuse {
            Reuse::First => requests.first = requests.first.saturating_sub(1),
            Reuse::MidstreamFirst if unknown => {
                requests.unknown_first = requests.unknown_first.saturating_sub(1);
            }
            Reuse::MidstreamFirst | Reuse::Reused => {}
        }
        leg.prefixes.take_out(prefix, reuse);
        leg.prefixes.ended(prefix);
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
        if let Some(ports) = self.ports.0.get(at.pair.number.0 as usize) {
            ports.fetch(port);
        }
        let prefix = self.numbers.prefix(at.engine, prefix);
        let idle_close = self.thresholds.idle_close;
        let Some(leg) = self.leg_of(at.pair) else { return };
        let idle = !announced && idle.get().is_some_and(|idle| idle >= idle_close);
        leg.left(at.pair.number);
        if with_request {
            leg.closed_with_request(at.pair.number, idle);
            leg.prefixes.closed(prefix, was_busy);
        }
        if was_busy {
            leg.became_idle(at.pair.number);
            self.busy.down();
            self.pools.became_idle(at.pair.pool);
        }
        self.open.down();
        let row = self.timeline.open_changed(at.clock, self.open.now);
        row.closes += u64::from(!reset);
        row.resets += u64::from(reset);
        let (place, order) = (self.numbers.place(at.engine, connection.0), self.order);
        if let Some(waiting) = self.waiting.get_mut(place) {
            waiting.close(order);
        }
    }
}
