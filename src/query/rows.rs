//! Connections and legs as rows.

use super::fields::Field;
use super::shown::Shown;
use super::term::{Fact, Row};
use super::words::{CLOSED, OPEN};
use crate::classify::{Class, CloseReason, Closer, ConnectionFacts, Handshake, History, Path, Seen};
use crate::diagnose::catalogue::CauseId;
use crate::diagnose::{ConnectionRecord, Leg, Snapshot};
use crate::time::{Nanos, SECOND, Timestamp};

/// A connection and what is known of it from elsewhere; its leg is asked by [`InLegs`](super::InLegs).
#[derive(Clone, Copy)]
pub struct ConnectionRow<'a> {
    /// What was seen of it.
    pub facts: &'a ConnectionFacts,
    /// Its class.
    pub class: Class,
    /// Why it ended, where that is known.
    pub cause: Option<CauseId>,
    /// Its number on its 4-tuple, where that is known.
    pub generation: Option<u32>,
    /// The name of its interface.
    pub interface: Option<&'a str>,
    /// From which idle time on a close is an idle timeout's.
    pub idle_close: Nanos,
}

impl<'a> ConnectionRow<'a> {
    /// A connection of a snapshot's list.
    #[must_use]
    pub fn listed(snapshot: &'a Snapshot, record: &'a ConnectionRecord) -> Self {
        Self {
            facts: &record.facts,
            class: record.class,
            cause: record.cause,
            generation: Some(record.generation),
            interface: snapshot.capture.interface_name(record.facts.interface),
            idle_close: snapshot.thresholds.idle_close,
        }
    }
}

/// Whether a connection is open, or over: closed, replaced, or never there.
pub fn state(seen: &impl Seen) -> &'static str {
    match seen.handshake() {
        Handshake::Refused | Handshake::Unanswered => CLOSED,
        _ if seen.closer().is_some() => CLOSED,
        _ => OPEN,
    }
}

fn number(n: impl Into<u64>) -> Fact<'static> {
    Fact::Number(n.into() as f64)
}

fn span(span: Nanos) -> Fact<'static> {
    Fact::Number(span as f64)
}

fn epoch(time: Timestamp) -> Fact<'static> {
    Fact::Number(time.nanos() as f64 / SECOND as f64)
}

impl Row for ConnectionRow<'_> {
    fn any(&self, field: Field, mut test: impl FnMut(Fact<'_>) -> bool) -> Option<bool> {
        let facts = self.facts;
        Some(match field {
            Field::Client => test(Fact::End(facts.client)),
            Field::Server => test(Fact::End(facts.server)),
            Field::Address => test(Fact::End(facts.client)) || test(Fact::End(facts.server)),
            Field::Port => test(number(facts.client.port)) || test(number(facts.server.port)),
            Field::Class => test(Fact::Word(self.class.as_str())),
            Field::Requests => test(number(facts.requests)),
            Field::Responses => test(number(facts.responses)),
            Field::Closer => facts
                .closer
                .is_some_and(|closer| test(Fact::Word(closer.as_str()))),
            Field::CloseReason => {
                let reason = CloseReason::of(facts, self.idle_close);
                reason.is_some_and(|reason| test(Fact::Word(reason.as_str())))
            }
            Field::Cause => self.cause.is_some_and(|cause| test(Fact::Word(cause.as_str()))),
            Field::Idle => facts.idle_before_close.get().is_some_and(|idle| test(span(idle))),
            Field::State => test(Fact::Word(state(facts))),
            Field::Status => facts.status != 0 && test(number(facts.status)),
            Field::Announced => test(Fact::Flag(facts.announced)),
            Field::Duration => test(span(facts.end.since(facts.start))),
            Field::Start => test(epoch(facts.start)),
            Field::End => test(epoch(facts.end)),
            Field::Bytes => test(number(
                facts.bytes_to_server.saturating_add(facts.bytes_to_client),
            )),
            Field::BytesToServer => test(number(facts.bytes_to_server)),
            Field::BytesToClient => test(number(facts.bytes_to_client)),
            Field::Retransmitted => test(number(facts.seldom().retransmitted)),
            Field::Gap => test(number(facts.seldom().gap_bytes)),
            Field::Interface => self.interface.is_some_and(|name| test(Fact::Text(name))),
            Field::Vlan => of_vlans(&facts.path(), test),
            Field::Tunnel => of_tunnel(&facts.path(), test),
            Field::ProxiedFor => facts
                .seldom()
                .proxied_for
                .is_some_and(|source| test(Fact::End(source))),
            Field::History => of_history(facts.history, test),
            Field::Role => test(Fact::Word(facts.role_evidence.as_str())),
            Field::Id => test(number(facts.id)),
            Field::Generation => return self.generation.map(|generation| test(number(generation))),
            Field::FirstFrame => test(number(facts.first_frame)),
            Field::LastFrame => test(number(facts.last_frame.1)),
            // Its leg is asked for them.
            Field::Verdict | Field::Prefix | Field::Host | Field::Reuse | Field::Avoidable => return None,
        })
    }
}

/// What a connection's VLANs say to a test.
pub fn of_vlans(path: &Path, mut test: impl FnMut(Fact<'_>) -> bool) -> bool {
    let shown = match path.vlans {
        [0, 0] => return false,
        [outer, 0] => Shown::of(format_args!("{outer}")),
        [outer, inner] => Shown::of(format_args!("{outer}.{inner}")),
    };
    test(Fact::Text(shown.as_str()))
}

/// What its innermost tunnel says.
pub fn of_tunnel(path: &Path, mut test: impl FnMut(Fact<'_>) -> bool) -> bool {
    path.tunnel.is_some_and(|tunnel| {
        let shown = Shown::of(format_args!("{}:{}", tunnel.kind, tunnel.id));
        test(Fact::Text(shown.as_str()))
    })
}

/// What its history says.
pub fn of_history(history: History, mut test: impl FnMut(Fact<'_>) -> bool) -> bool {
    test(Fact::Text(history.text(&mut [0; History::MAX as usize])))
}

impl Row for Leg {
    fn any(&self, field: Field, mut test: impl FnMut(Fact<'_>) -> bool) -> Option<bool> {
        let counts = &self.figures.counts;
        let (client, server) = (self.name.client, self.name.server);
        Some(match field {
            Field::Client => client.is_some_and(|client| test(Fact::Address(client))),
            Field::Server => server.is_some_and(|server| test(Fact::End(server))),
            Field::Address => {
                client.is_some_and(|client| test(Fact::Address(client)))
                    || server.is_some_and(|server| test(Fact::End(server)))
            }
            Field::Port => server.is_some_and(|server| test(number(server.port))),
            Field::Class => Class::ALL
                .iter()
                .any(|class| counts.classes.get(*class) > 0 && test(Fact::Word(class.as_str()))),
            Field::Requests => test(number(counts.requests.total)),
            Field::Responses => test(number(counts.responses.total)),
            Field::Closer => Closer::ALL
                .iter()
                .any(|closer| counts.closes.of(*closer) > 0 && test(Fact::Word(closer.as_str()))),
            Field::Cause => {
                let ids = |cause: &crate::diagnose::Cause| [&[cause.id][..], &cause.or].concat();
                let mut ids = self.causes.iter().flat_map(ids);
                ids.any(|id| test(Fact::Word(id.as_str())))
            }
            Field::Retransmitted => test(number(counts.retransmitted_segments)),
            Field::Gap => test(number(counts.gap_bytes)),
            Field::Verdict => test(Fact::Word(self.verdict.status.as_str())),
            Field::Prefix => {
                let mut prefixes = self.by_prefix.iter().filter_map(|part| part.prefix.as_deref());
                prefixes.any(|prefix| test(Fact::Text(prefix)))
            }
            Field::Host => {
                let mut hosts = self.by_prefix.iter().filter_map(|part| part.host.as_deref());
                hosts.any(|host| test(Fact::Text(host)))
            }
            Field::Reuse => self
                .figures
                .reuse_ratio()
                .is_some_and(|(value, ..)| test(Fact::Number(value))),
            Field::Avoidable => self.figures.avoidable.is_some_and(|n| test(number(n))),
            _ => return None,
        })
    }
}
