//! What happens on a leg while its connections live, added up event by event.

use super::collector::{Aggregate, leg_at};
use super::event::{ConnectionRef, EventKind, LegEvent, PrefixRef, Reuse};
use super::naming::{Pair, Side};
use crate::classify::Version;
use crate::time::{OptionalNanos, Timestamp};

/// Where an event counts.
#[derive(Clone, Copy)]
pub(super) struct At {
    pair: Pair,
    /// Packet time of the event.
    time: Timestamp,
}

impl At {
    /// Where an event of a pair counts.
    #[inline]
    pub(super) fn new(pair: Pair, event: &LegEvent) -> Self {
        Self {
            pair,
            time: event.timestamp,
        }
    }
}

impl Aggregate {
    /// Anything that is not told from its kind right away.
    #[inline]
    pub(super) fn on_leg(&mut self, side: &mut Side, at: At, kind: &EventKind) {
        let pair = at.pair;
        match *kind {
            EventKind::ExchangeEnd {
                response,
                prefix,
                became_idle,
            } => self.on_exchange_end(side, at, None, (response, prefix, became_idle)),
            EventKind::SynAfterAll { connection } => self.on_syn_after_all(side, at, connection),
            EventKind::Busy => {
                self.busy.up();
                self.pools.became_busy(pair.pool);
                if let Some(leg) = leg_at(&mut self.legs, &self.span, pair) {
                    leg.became_busy(pair.number);
                }
            }
            EventKind::Response {
                status,
                announced,
                first_byte,
            } => {
                if let Some(leg) = leg_at(&mut self.legs, &self.span, pair) {
                    leg.response(status, announced, first_byte);
                }
            }
            EventKind::ResponseCut { status } => {
                if let Some(leg) = leg_at(&mut self.legs, &self.span, pair) {
                    leg.take_back_response(status);
                }
            }
            EventKind::Upgraded { .. } => self.on_upgraded(side, at, kind),
            EventKind::Loss { hidden } => {
                if let Some(leg) = leg_at(&mut self.legs, &self.span, pair) {
                    leg.counts.hidden_requests += hidden;
                    self.last_loss = Some(at.time);
                }
            }
            _ => {}
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
        side: &Side,
        at: At,
        head: Option<(u16, bool, OptionalNanos)>,
        (response, prefix, became_idle): (OptionalNanos, PrefixRef, bool),
    ) {
        let Some(leg) = leg_at(&mut self.legs, &self.span, at.pair) else {
            return;
        };
        if let Some((status, announced, first_byte)) = head {
            leg.response(status, announced, first_byte);
        }
        leg.exchange_end(response, side.prefix(prefix));
        if became_idle {
            leg.became_idle(at.pair.number);
            self.busy.down();
        }
        self.pools.response_ended(at.pair.pool, at.time, became_idle);
    }

    #[inline]
    pub(super) fn on_opened(&mut self, side: &mut Side, at: At, connection: ConnectionRef, syn: bool) {
        let Some(leg) = leg_at(&mut self.legs, &self.span, at.pair) else {
            return;
        };
        let order = self.order;
        leg.opened(!syn);
        let star_syn = leg.star_client(at.pair.number.0).map(|client| {
            client.opened(!syn);
            client.tracker.at_syn(order)
        });
        self.open.up();
        if syn {
            self.pools.syn(at.pair.pool, at.time);
            let place = connection.0 as usize;
            side.waiting.begin(place, leg, order, star_syn);
        }
    }

    fn on_syn_after_all(&mut self, side: &mut Side, at: At, connection: ConnectionRef) {
        let Some(leg) = leg_at(&mut self.legs, &self.span, at.pair) else {
            return;
        };
        let order = self.order;
        leg.not_midstream_after_all();
        let star_syn = leg.star_client(at.pair.number.0).map(|client| {
            client.tracker.spell.not_midstream_after_all();
            client.tracker.at_syn(order)
        });
        let place = connection.0 as usize;
        side.waiting.begin(place, leg, order, star_syn);
    }

    #[inline]
    pub(super) fn on_established(&mut self, at: At, connect: OptionalNanos) {
        if let Some(leg) = leg_at(&mut self.legs, &self.span, at.pair) {
            leg.handshake(self.span.second(), connect);
            self.timeline.present.handshakes += 1;
        }
    }

    #[inline]
    pub(super) fn on_request(&mut self, side: &mut Side, at: At, kind: &EventKind) {
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
        let unknown = reuse == Reuse::MidstreamFirst && self.counts_as_unknown(at.time);
        let Some(leg) = leg_at(&mut self.legs, &self.span, at.pair) else {
            return;
        };
        let requests = &mut leg.counts.requests;
        requests.total += 1;
        requests.http10 += u64::from(version == Version::Http10);
        requests.http11 += u64::from(version == Version::Http11);
        requests.estimated |= estimated;
        requests.announced_close += u64::from(announced);
        let (lately, row) = (leg.seconds.at(self.span.second()), &mut self.timeline.present);
        lately.requests += 1;
        row.requests += 1;
        if reuse == Reuse::First {
            requests.first += 1;
        } else {
            requests.unknown_first += u64::from(unknown);
            lately.reused += 1;
            row.reused += 1;
        }
        let prefix = side.prefix(prefix);
        leg.prefixes.request(prefix, reuse);
        if became_busy {
            leg.became_busy(at.pair.number);
            self.busy.up();
            self.pools.became_busy(at.pair.pool);
        }
        if index > 2 && !unknown {
            return;
        }
        let place = connection.0 as usize;
        if unknown {
            side.waiting.put_fresh(place);
        }
        // The first request may still be a health check's; the second tells that it was not.
        if reuse == Reuse::First {
            if let Some(client) = leg.star_client(at.pair.number.0) {
                client.firsts += 1;
            }
            if let Some(waiting) = side.waiting.get_mut(place) {
                waiting.ask(self.order, leg.window, prefix.number);
            }
        } else if index == 2 {
            if let Some((waiting, star_syn)) = side.waiting.get(place, leg.is_star()) {
                leg.ordinary_first(at.pair.number, waiting, star_syn);
            }
            side.waiting.leave(place);
        }
    }

    /// Whether the first request seen on a midstream connection came near the capture's start or a loss.
    fn counts_as_unknown(&self, at: Timestamp) -> bool {
        let within = self.thresholds.unknown_first_within;
        let near = |moment: Timestamp| at.since(moment).saturating_abs() <= within;
        near(self.span.start) || self.last_loss.is_some_and(near)
    }

    fn on_upgraded(&mut self, side: &mut Side, at: At, kind: &EventKind) {
        let EventKind::Upgraded {
            connection,
            reuse,
            prefix,
            was_busy,
        } = *kind
        else {
            return;
        };
        let prefix = side.prefix(prefix);
        let place = connection.0 as usize;
        // Of the connections that were there before the capture, those whose first request counts as unknown wait.
        let unknown = side.waiting.waits_at(place);
        let Some(leg) = leg_at(&mut self.legs, &self.span, at.pair) else {
            return;
        };
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
        if was_busy {
            leg.became_idle(at.pair.number);
            self.busy.down();
            self.pools.became_idle(at.pair.pool);
        }
        if reuse != Reuse::Reused {
            side.waiting.leave(place);
        }
    }

    #[inline]
    pub(super) fn on_closing(&mut self, side: &mut Side, at: At, kind: &EventKind) {
        let EventKind::Closing {
            connection,
            with_request,
            was_busy,
            reset,
            idle,
            announced,
            prefix,
            port,
            asked,
        } = *kind
        else {
            return;
        };
        // What is asked for at the connection's end, which comes soon.
        if let Some(ports) = self.ports.0.get(at.pair.number.0 as usize) {
            ports.fetch(port, &self.ports.1);
        }
        if asked.is_some() {
            self.checks.fetch((at.pair.number.0, asked));
        }
        let Some(leg) = leg_at(&mut self.legs, &self.span, at.pair) else {
            return;
        };
        leg.left(at.pair.number);
        self.open.down();
        if with_request {
            let idle_close = self.thresholds.idle_close;
            let idle = !announced && idle.get().is_some_and(|idle| idle >= idle_close);
            leg.closed_with_request(at.pair.number, idle);
            let prefix = side.prefix(prefix);
            leg.prefixes.closed(prefix, was_busy);
        }
        if was_busy {
            leg.became_idle(at.pair.number);
            self.busy.down();
            self.pools.became_idle(at.pair.pool);
        }
        let row = &mut self.timeline.present;
        if reset {
            row.resets += 1;
        } else {
            row.closes += 1;
        }
        let place = connection.0 as usize;
        if let Some(waiting) = side.waiting.get_mut(place) {
            waiting.close(self.order);
        }
    }
}
