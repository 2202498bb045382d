//! What a conversation is given besides the segment: options, names, and where its events go.

use std::net::IpAddr;

use super::names::Names;
use super::quality::Quality;
use crate::aggregate::{EventKind, LegEvent, LegRef};
use crate::diagnose::ExchangeRecord;
use crate::flow::FlowKey;
use crate::thresholds::Thresholds;
use crate::time::Timestamp;

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
    /// Whether exchanges are recorded one by one.
    pub keep_exchanges: bool,
}

/// Where the capture is: the place of the present frame among all frames, and the running maximum of packet time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) order: u64,
    pub(super) clock: Timestamp,
}

impl Now {
    pub(super) fn event(self, timestamp: Timestamp, leg: LegRef, kind: EventKind) -> LegEvent {
        LegEvent {
            order: self.order,
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
    pub(super) key: FlowKey,
    /// The present frame's place, and the clock.
    pub(super) now: Now,
    pub(super) config: &'a Config,
    pub(super) names: &'a mut Names,
    pub(super) quality: &'a mut Quality,
    pub(super) events: &'a mut Vec<LegEvent>,
    pub(super) exchanges: &'a mut Vec<ExchangeRecord>,
}

impl Context<'_> {
    #[inline]
    pub(super) fn emit(&mut self, timestamp: Timestamp, leg: LegRef, kind: EventKind) {
        self.events.push(self.now.event(timestamp, leg, kind));
    }
}
