//! What connections are mostly asked for, in a fraction of their facts' memory.
//!
//! Who types a filter waits for a hundred thousand of them; the facts of these are 45 MB, which come from memory anew each
//! time.

use crate::classify::{Class, Closer, Endpoint};
use crate::diagnose::catalogue::CauseId;
use crate::diagnose::{Capture, ConnectionRecord, LegName};
use crate::frame::InterfaceId;
use crate::query::{ConnectionRow, Fact, Field, Row};

/// A connection in a few words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Brief {
    /// The place of its leg among the names.
    pub(super) leg: u32,
    requests: u32,
    port: u16,
    class: Class,
    closer: Option<Closer>,
    cause: Option<CauseId>,
    interface: InterfaceId,
    /// No tunnel carried it, and no PROXY header stood in front.
    is_plain: bool,
}

impl Brief {
    pub(super) fn of(record: &ConnectionRecord, leg: u32) -> Self {
        let seldom = record.facts.seldom();
        Self {
            leg,
            requests: record.facts.requests,
            port: record.facts.client.port,
            class: record.class,
            closer: record.facts.closer,
            cause: record.cause,
            interface: record.facts.interface,
            is_plain: seldom.tunnel.is_none() && seldom.proxied_for.is_none(),
        }
    }

    pub(super) const fn cause(&self) -> Option<CauseId> {
        self.cause
    }
}

/// It as a row, which looks at its facts only if it has to.
pub(super) struct BriefRow<'a, F> {
    pub(super) brief: &'a Brief,
    pub(super) leg: &'a LegName,
    pub(super) capture: &'a Capture,
    pub(super) facts: F,
}

impl<'a, F: Fn() -> ConnectionRow<'a>> Row for BriefRow<'a, F> {
    fn any(&self, field: Field, mut test: impl FnMut(Fact<'_>) -> bool) -> Option<bool> {
        let brief = self.brief;
        let client = self.leg.client.map(|address| Endpoint {
            address,
            port: brief.port,
        });
        let mut end = |end: Option<Endpoint>| end.is_some_and(|end| test(Fact::End(end)));
        Some(match field {
            Field::Client => end(client),
            Field::Server => end(self.leg.server),
            Field::Address => end(client) || end(self.leg.server),
            Field::Port => {
                let ports = [Some(brief.port), self.leg.server.map(|server| server.port)];
                ports
                    .iter()
                    .flatten()
                    .any(|port| test(Fact::Number((*port).into())))
            }
            Field::Class => test(Fact::Word(brief.class.as_str())),
            Field::Requests => test(Fact::Number(brief.requests.into())),
            Field::Closer => brief
                .closer
                .is_some_and(|closer| test(Fact::Word(closer.as_str()))),
            Field::Cause => brief.cause.is_some_and(|cause| test(Fact::Word(cause.as_str()))),
            Field::Interface => {
                let name = self.capture.interface_name(brief.interface);
                name.is_some_and(|name| test(Fact::Text(name)))
            }
            Field::Tunnel | Field::ProxiedFor if brief.is_plain => false,
            field if field.is_of_legs() => return None,
            field => return (self.facts)().any(field, test),
        })
    }
}
