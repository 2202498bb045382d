//! Which cause a connection's end has, once the leg's limits and habits are known.

use std::collections::BTreeSet;

use super::bursts::Burst;
use super::limits::Window;
use crate::aggregate::{CloseSample, PrefixRef};
use crate::classify::{AT_ONCE, Ending};
use crate::diagnose::catalogue::CauseId;
use crate::time::{SECOND, Timestamp};

/// Unexplained idle before a request that was lost: longer than any common idle timeout of a server that says nothing.
const FORGOTTEN_AFTER: i64 = 10 * SECOND;

/// What is known of a leg.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// HTTP/1.1 requests with close: N2, N4 or N6.
    pub(super) asked: CauseId,
    /// Prefixes whose requests ask for the close while others do not (N5).
    pub(super) careless: BTreeSet<u32>,
    /// The count at which the server announces the close.
    pub(super) server_count: Option<u32>,
    /// Announcing responses at no count.
    pub(super) response: CauseId,
    /// Statuses whose responses the client does not read (P6, P7).
    pub(super) unread: Vec<(u16, CauseId)>,
    /// Moments at which the server stopped.
    pub(super) stops: Vec<Burst>,
    /// Idle times after which the server closes.
    pub(super) server_idle: Option<Window>,
    /// What is known of the client's pool.
    pub(super) client: ClientRules,
}

/// What is known of the closes of a client that announces nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct ClientRules {
    /// Moments at which a worker left.
    pub(super) exits: Vec<Burst>,
    /// Idle times at which the client closes.
    pub(super) idle: Option<Window>,
    /// The count at which it closes.
    pub(super) count: Option<u32>,
    /// The ages at which it closes.
    pub(super) age: Option<Window>,
    /// The last SYN of the pool: what closes later costs nothing.
    pub(super) last_syn: Option<Timestamp>,
    /// Idle connections that the pool keeps.
    pub(super) size: Option<u32>,
    /// Whether connections of one request and fewer others than that are not kept at all.
    pub(super) some_unkept: bool,
    /// What closes the others: P1, P2, P12 or P14.
    pub(super) rest: Option<CauseId>,
}

impl Rules {
    pub(super) fn cause(&self, ending: Ending, close: &CloseSample) -> Option<CauseId> {
        use CauseId as C;
        Some(match ending {
            Ending::Open | Ending::Unknown | Ending::NoRequest => return None,
            Ending::Refused => C::X1,
            Ending::Unanswered => C::X3,
            Ending::GaveUpConnecting => C::X8,
            Ending::Upgraded => C::P16,
            Ending::Request10Close | Ending::Request10Cut if self.is_careless(close.prefix) => C::N5,
            Ending::Request11Close if self.is_careless(close.prefix) => C::N5,
            Ending::Request10Close | Ending::Request10Cut => C::N1,
            Ending::Request10 => C::N3,
            Ending::Request11Close => self.asked,
            Ending::KeepAlive10 => C::N8,
            Ending::Response10 => C::N9,
            Ending::EarlyClose => C::T7,
            Ending::StatusClose => C::T4,
            Ending::ResponseClose => match self.server_count {
                Some(count) if close.requests == count || !close.whole && close.requests < count => C::T2,
                _ => self.response,
            },
            Ending::Undelimited => C::T6,
            Ending::LostFresh => C::R3,
            Ending::LostReused => self.lost(close),
            Ending::GaveUp => C::P9,
            Ending::EarlyResponse => C::P8,
            Ending::NotRead => match self.unread.iter().find(|(status, _)| *status == close.status) {
                Some((_, id)) => *id,
                None if close.idle.is_none() => C::P9,
                None => return self.client.cause(close),
            },
            Ending::Stray => C::P11,
            Ending::ClientSilent => return self.client.cause(close),
            Ending::ServerSilent => return self.server(close),
            Ending::ServerReset => C::T11,
        })
    }

    fn is_careless(&self, prefix: PrefixRef) -> bool {
        self.careless.contains(&prefix.0)
    }

    fn server(&self, close: &CloseSample) -> Option<CauseId> {
        if self.stops.iter().any(|stop| stop.holds(close.end)) {
            return Some(CauseId::T9);
        }
        let idle = close.idle?;
        self.server_idle
            .filter(|window| window.holds(idle))
            .map(|_| CauseId::T3)
    }

    /// A request on a connection that had answered before.
    fn lost(&self, close: &CloseSample) -> CauseId {
        let idle = close.idle_before_request.unwrap_or(0);
        let timed_out = self
            .server_idle
            .is_some_and(|window| window.holds(idle) || window.holds(idle + SECOND / 100));
        if close.by_reset && idle >= FORGOTTEN_AFTER && !timed_out {
            CauseId::R2
        } else {
            CauseId::R1
        }
    }
}

impl ClientRules {
    pub(super) fn cause(&self, close: &CloseSample) -> Option<CauseId> {
        if self.exits.iter().any(|exit| exit.holds(close.end)) {
            return Some(CauseId::P10);
        }
        let idle = close.idle?;
        if self.idle.is_some_and(|window| window.holds(idle)) {
            return Some(CauseId::P4);
        }
        if self.last_syn.is_none_or(|syn| close.end > syn) {
            return None;
        }
        let at_once = idle <= AT_ONCE;
        if at_once && close.whole && self.age.is_some_and(|window| window.holds(close.age())) {
            return Some(CauseId::P5);
        }
        if at_once && close.whole && self.count == Some(close.requests) {
            return Some(CauseId::P3);
        }
        let others = close.others?;
        let unkept = self.some_unkept && close.requests == 1 && self.size.is_some_and(|size| others < size);
        if unkept { Some(CauseId::P1) } else { self.rest }
    }
}
