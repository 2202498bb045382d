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

/// What the connections of an engine share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) names: Names,
    pub(super) quality: Quality,
    pub(super) told: Told,
    pub(super) records: Records,
    /// The present frame's place, and the clock.
    pub(super) now: Now,
}

impl Shared {
    pub(super) fn new(config: Config) -> Self {
        Self {
            names: Names::new(&config.client_groups),
            config,
            quality: Quality::default(),
            told: Told::default(),
            records: Records::default(),
            now: Now {
                order: 0,
                tie: 0,
                clock: Timestamp::MIN,
            },
        }
    }
}

/// Everything a conversation may use and fill.
pub(super) struct Context<'a> {
    /// The connection's key.
    pub(super) key: &'a FlowKey,
    /// Its number while it lives.
    pub(super) connection: ConnectionRef,
    pub(super) shared: &'a mut Shared,
}

impl Context<'_> {
    #[inline]
    pub(super) fn emit(&mut self, timestamp: Timestamp, leg: LegRef, kind: EventKind) {
        let event = self.shared.now.event(timestamp, leg, kind);
        self.shared.told.events.push(event);
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
        let Shared { told, now, .. } = &mut *self.shared;
        if let Some(last) = told.events.last_mut()
            && let EventKind::Response {
                status,
                announced,
                first_byte,
            } = last.kind
            && last.place() == (now.order, now.tie)
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
