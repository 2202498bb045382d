//! The class of a connection: exactly one, by DESIGN's table.

use super::facts::{Closer, ConnectionFacts, Handshake, Protocol};
use crate::thresholds::Thresholds;
use crate::time::Timestamp;

/// What a connection was used for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Class {
    /// Two or more requests.
    Persistent,
    /// One request, then closed at once or as announced.
    PerRequest,
    /// One request, then kept open.
    Unreused,
    /// A health check.
    Check,
    /// Refused or never answered.
    Failed,
    /// Upgraded (101, CONNECT).
    Tunnel,
    /// TLS records.
    Tls,
    /// HTTP/2.
    Multiplexed,
    /// Payload that is none of these.
    Other,
    /// The capture does not show enough.
    Undetermined,
}

impl Class {
    /// Every class, in the order of reports.
    pub const ALL: [Self; 10] = [
        Self::Persistent,
        Self::PerRequest,
        Self::Unreused,
        Self::Check,
        Self::Failed,
        Self::Tunnel,
        Self::Tls,
        Self::Multiplexed,
        Self::Other,
        Self::Undetermined,
    ];

    /// The slug used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Persistent => "persistent",
            Self::PerRequest => "per_request",
            Self::Unreused => "unreused",
            Self::Check => "check",
            Self::Failed => "failed",
            Self::Tunnel => "tunnel",
            Self::Tls => "tls",
            Self::Multiplexed => "multiplexed",
            Self::Other => "other",
            Self::Undetermined => "undetermined",
        }
    }
}

/// The class of a connection, `now` being the end of the capture (or the present, live).
///
/// A `per_request` connection may turn out to be one of a series of health checks: only `aggregate` can tell.
#[must_use]
pub fn classify(facts: &ConnectionFacts, now: Timestamp, thresholds: &Thresholds) -> Class {
    match facts.handshake {
        Handshake::Refused | Handshake::Unanswered => return Class::Failed,
        _ => {}
    }
    match facts.protocol {
        Protocol::Tunnel => return Class::Tunnel,
        Protocol::Tls => return Class::Tls,
        Protocol::Http2 => return Class::Multiplexed,
        Protocol::Other => return Class::Other,
        Protocol::None | Protocol::Http1 => {}
    }
    match facts.requests {
        0 => without_request(facts),
        1 => with_one_request(facts, now, thresholds),
        _ => Class::Persistent,
    }
}

/// No request and closed by either side is a check: a connect that sends nothing, a half-open probe (SYN, SYN-ACK, RST).
fn without_request(facts: &ConnectionFacts) -> Class {
    let opened = matches!(facts.handshake, Handshake::Established | Handshake::InProgress);
    if opened && facts.two_way && facts.closer.is_some() && facts.bytes_to_server == 0 {
        Class::Check
    } else {
        Class::Undetermined
    }
}

fn with_one_request(facts: &ConnectionFacts, now: Timestamp, thresholds: &Thresholds) -> Class {
    if facts.obscured || facts.handshake == Handshake::Midstream || !facts.two_way {
        return Class::Undetermined;
    }
    match (facts.closer, facts.idle_before_close) {
        // When it was closed was not captured, only that another took its place.
        (Some(Closer::Lost), _) if !facts.announced => Class::Undetermined,
        (Some(_), idle) => {
            let at_once = idle.is_none_or(|idle| idle <= thresholds.per_request_close);
            if at_once || facts.announced {
                Class::PerRequest
            } else {
                Class::Unreused
            }
        }
        (None, _) => match facts.last_response_end {
            Some(end) if now.since(end) >= thresholds.unreused_open => Class::Unreused,
            _ => Class::Undetermined,
        },
    }
}
