//! What a conversation is given besides the segment: options, names, and where its events go.

use std::net::IpAddr;

use super::names::Names;
use super::quality::Quality;
use super::records::Records;
use crate::aggregate::{ConnectionRef, EventKind, LegEvent, LegRef, PrefixRef, Told};
use crate::flow::FlowKey;
use crate::thresholds::Thresholds;
use crate::time::{OptionalNanos, Timestamp};

/// What the analysis is asked to do.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Thresholds of classes and verdicts.
    pub thresholds: Thresholds,
    /// Ports that are servers' (`--server-port`, or named in the filter).
    pub server_ports: Vec<u16>,
    /// Addresses that are one client (`--client-group`).
    pub client_groups: Vec<Vec<IpAddr>>,
    /// How many connections to list.
    pub keep_connections: Option<usize>,
    /// Whether connections are told one by one when they end.
    pub tell_connections: bool,
    /// Whether exchanges are recorded one by one.
    pub keep_exchanges: bool,
}

/// Where the capture is: the place of the present frame among all frames, and the running maximum of packet time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) order: u64,
    /// Of what the clock brings about for several connections at one frame: which of them.
    pub(super) tie: u32,
    pub(super) clock: Timestamp,
}

/// Steps of the order at each frame: bytes given up by the clock, the sweep, and last what the frame itself tells.
pub(super) const STEPS: u64 = 4;

impl Now {
    /// At the capture's `order`-th frame.
    #[inline]
    pub(super) fn at_frame(self, order: u64) -> Self {
        Self {
            order: order * STEPS + STEPS - 1,
            tie: 0,
            ..self
        }
    }

    pub(super) fn event(self, timestamp: Timestamp, leg: LegRef, kind: EventKind) -> LegEvent {
        LegEvent {
            order: self.order,
            tie: self.tie,
            timestamp,
            clock: self.clock,
            leg,
            kind,
        }
    }
}

/// Everything a conversation may use and fill.
pub(super) struct Context<'a> {
    /// The connection's key.
    pub(super) key: &'a FlowKey,
    /// Its number while it lives.
    pub(super) connection: ConnectionRef,
    /// The present frame's place, and the clock.
    pub(super) now: Now,
    pub(super) config: &'a Config,
    pub(super) names: &'a mut Names,
    pub(super) quality: &'a mut Quality,
    pub(super) told: &'a mut Told,
    pub(super) records: &'a mut Records,
}

impl Context<'_> {
    #[inline]
    pub(super) fn emit(&mut self, timestamp: Timestamp, leg: LegRef, kind: EventKind) {
        self.told.events.push(self.now.event(timestamp, leg, kind));
    }

    /// The end of a response; where its head has just been told, both are one event.
    #[inline]
    pub(super) fn emit_exchange_end(
        &mut self,
        at: Timestamp,
        leg: LegRef,
        response: OptionalNanos,
        prefix: PrefixRef,
        became_idle: bool,
    ) {
        if let Some(last) = self.told.events.last_mut()
            && let EventKind::Response {
                status,
                announced,
                first_byte,
            } = last.kind
            && last.place() == (self.now.order, self.now.tie)
            && (last.timestamp, last.leg) == (at, leg)
        {
            last.kind = EventKind::Answered {
                status,
                announced,
                first_byte,
                response,
                prefix,
                became_idle,
            };
            return;
        }
        let kind = EventKind::ExchangeEnd {
            response,
            prefix,
            became_idle,
        };
        self.emit(at, leg, kind);
    }
}
