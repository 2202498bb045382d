//! An open connection as a row: it says what it is asked for without its facts being put together.

use std::net::IpAddr;

use super::analysis::Engine;
use super::conversation::Conversation;
use super::marks::Marks;
use super::view::Wanted;
use crate::classify::{
    CloseReason, Closer, Endpoint, Handshake, Path, Protocol, RoleEvidence, Seen, classify,
};
use crate::flow::{FlowKey, PathId, Sender};
use crate::query::{Fact, Field, Row, of_history, of_tunnel, of_vlans, state};
use crate::time::{Nanos, SECOND, Timestamp};

/// A connection in an engine's table.
pub(super) struct OpenRow<'a> {
    pub(super) engine: &'a Engine,
    pub(super) wanted: &'a Wanted,
    pub(super) key: &'a FlowKey,
    pub(super) living: &'a Conversation,
}

impl OpenRow<'_> {
    /// The client's address and the server, which are its leg.
    pub(super) fn leg(&self) -> (IpAddr, Endpoint) {
        let client = self.client();
        (self.end(client).address, self.end(client.peer()))
    }

    fn client(&self) -> Sender {
        let roles = self.living.roles.map(|roles| roles.client);
        roles.unwrap_or_else(|| Conversation::lower_port(self.key).peer())
    }

    fn end(&self, end: Sender) -> Endpoint {
        let (address, port) = self.key.end(end);
        Endpoint {
            address: address.into(),
            port,
        }
    }

    fn bytes(&self, end: Sender) -> u64 {
        self.living.streams[end.index()].bytes
    }

    fn path(&self) -> Path {
        self.engine.shared.names.path_of(self.key.path())
    }

    fn role(&self) -> RoleEvidence {
        self.living
            .roles
            .map_or(RoleEvidence::LowerPort, |roles| roles.evidence)
    }

    fn is_failed(&self) -> bool {
        matches!(self.handshake(), Handshake::Refused | Handshake::Unanswered)
    }
}

impl Seen for OpenRow<'_> {
    fn handshake(&self) -> Handshake {
        let thresholds = &self.engine.shared.config.thresholds;
        self.living
            .handshake(self.client(), self.engine.shared.now.clock, thresholds)
    }

    fn protocol(&self) -> Protocol {
        self.living.protocol
    }

    fn requests(&self) -> u32 {
        self.living.requests
    }

    fn is_obscured(&self) -> bool {
        self.living.marks.has(Marks::OBSCURED)
    }

    fn is_two_way(&self) -> bool {
        self.living.is_two_way()
    }

    fn closer(&self) -> Option<Closer> {
        let closer = self.living.closer(self.client())?;
        (!self.is_failed()).then_some(closer)
    }

    fn is_announced(&self) -> bool {
        self.living.marks.has(Marks::ANNOUNCED)
    }

    fn idle_before_close(&self) -> Option<Nanos> {
        let closing = self.living.closing?;
        let idle = self.living.idle_before(closing.at)?;
        (!self.is_failed()).then_some(idle)
    }

    fn last_response_end(&self) -> Option<Timestamp> {
        self.living.response_end()
    }

    fn bytes_to_server(&self) -> u64 {
        self.bytes(self.client())
    }
}

impl Row for OpenRow<'_> {
    fn any(&self, field: Field, mut test: impl FnMut(Fact<'_>) -> bool) -> Option<bool> {
        let living = self.living;
        let thresholds = &self.engine.shared.config.thresholds;
        let mut number = |n: u64| test(Fact::Number(n as f64));
        Some(match field {
            Field::Client => test(Fact::End(self.end(self.client()))),
            Field::Server => test(Fact::End(self.end(self.client().peer()))),
            Field::Address => {
                test(Fact::End(self.end(Sender::Low))) || test(Fact::End(self.end(Sender::High)))
            }
            Field::Port => self.key.ports().into_iter().any(|port| number(port.into())),
            Field::Class => {
                let class = classify(self, self.engine.shared.now.clock, thresholds);
                test(Fact::Word(class.as_str()))
            }
            Field::Requests => number(living.requests.into()),
            Field::Responses => number(living.responses.into()),
            Field::Closer => self
                .closer()
                .is_some_and(|closer| test(Fact::Word(closer.as_str()))),
            Field::CloseReason => CloseReason::of(self, thresholds.idle_close)
                .is_some_and(|reason| test(Fact::Word(reason.as_str()))),
            Field::Idle => {
                let idle = match living.closing {
                    Some(_) => self.idle_before_close(),
                    None => living.idle_now(self.engine.shared.now.clock),
                };
                idle.is_some_and(|idle| test(Fact::Number(idle as f64)))
            }
            Field::State => test(Fact::Word(state(self))),
            Field::Status => living.status() != 0 && number(living.status().into()),
            Field::Announced => test(Fact::Flag(self.is_announced())),
            Field::Duration => test(Fact::Number(living.last_at.since(living.start) as f64)),
            Field::Start => test(Fact::Number(living.start.nanos() as f64 / SECOND as f64)),
            Field::End => test(Fact::Number(living.last_at.nanos() as f64 / SECOND as f64)),
            Field::Bytes => number(self.bytes(Sender::Low) + self.bytes(Sender::High)),
            Field::BytesToServer => number(self.bytes(self.client())),
            Field::BytesToClient => number(self.bytes(self.client().peer())),
            Field::Retransmitted => {
                number(living.beyond.as_ref().map_or(0, |rare| rare.retransmitted.into()))
            }
            Field::Gap => number(living.beyond.as_ref().map_or(0, |rare| rare.gap_bytes)),
            Field::Interface => {
                let name = self.wanted.interface(living.first.interface());
                name.is_some_and(|name| test(Fact::Text(name)))
            }
            Field::Tunnel | Field::Vlan if self.key.path() == PathId(0) => false,
            Field::Vlan => of_vlans(&self.path(), test),
            Field::Tunnel => of_tunnel(&self.path(), test),
            Field::ProxiedFor => living.proxied_for().is_some_and(|source| test(Fact::End(source))),
            Field::History => of_history(living.history, test),
            Field::Role => test(Fact::Word(self.role().as_str())),
            Field::Id => number(living.id.get()),
            Field::FirstFrame => number(living.first.number()),
            Field::LastFrame => number(living.last.number()),
            // It has none as long as it is not over.
            Field::Cause => false,
            // How often its ports were used before is not kept; its leg is asked for the others.
            Field::Generation
            | Field::Verdict
            | Field::Prefix
            | Field::Host
            | Field::Reuse
            | Field::Avoidable => return None,
        })
    }
}
