//! The class of a connection: exactly one, by DESIGN's table.

use super::facts::{Closer, ConnectionFacts, Handshake, Protocol};
use crate::thresholds::Thresholds;
use crate::time::{Nanos, Timestamp};

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

/// What a class is told from. A connection's facts hold it; an engine says it of one in its table without putting those
/// together.
pub trait Seen {
    /// How far its opening got.
    fn handshake(&self) -> Handshake;
    /// What its payload is.
    fn protocol(&self) -> Protocol;
    /// Complete request heads.
    fn requests(&self) -> u32;
    /// What the class needs is hidden.
    fn is_obscured(&self) -> bool;
    /// Both directions were captured, or nothing shows that one is missing.
    fn is_two_way(&self) -> bool;
    /// Who closed it.
    fn closer(&self) -> Option<Closer>;
    /// The close was announced.
    fn is_announced(&self) -> bool;
    /// From its last response to its close.
    fn idle_before_close(&self) -> Option<Nanos>;
    /// The end of its last response.
    fn last_response_end(&self) -> Option<Timestamp>;
    /// Payload bytes to the server.
    fn bytes_to_server(&self) -> u64;
}

impl Seen for ConnectionFacts {
    fn handshake(&self) -> Handshake {
        self.handshake
    }

    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn requests(&self) -> u32 {
        self.requests
    }

    fn is_obscured(&self) -> bool {
        self.obscured
    }

    fn is_two_way(&self) -> bool {
        self.two_way
    }

    fn closer(&self) -> Option<Closer> {
        self.closer
    }

    fn is_announced(&self) -> bool {
        self.announced
    }

    fn idle_before_close(&self) -> Option<Nanos> {
        self.idle_before_close.get()
    }

    fn last_response_end(&self) -> Option<Timestamp> {
        self.last_response_end.get()
    }

    fn bytes_to_server(&self) -> u64 {
        self.bytes_to_server
    }
}

/// The class of a connection, `now` being the end of the capture (or the present, live).
///
/// A `per_request` connection may turn out to be one of a series of health checks: only `aggregate` can tell.
#[must_use]
pub fn classify(facts: &impl Seen, now: Timestamp, thresholds: &Thresholds) -> Class {
    match facts.handshake() {
        Handshake::Refused | Handshake::Unanswered => return Class::Failed,
        _ => {}
    }
    let protocol = facts.protocol();
    if !matches!(protocol, Protocol::None | Protocol::Http1) {
        return of_protocol(protocol);
    }
    match facts.requests() {
        0 => without_request(facts),
        1 => with_one_request(facts, now, thresholds),
        _ => Class::Persistent,
    }
}

/// Of what is not HTTP/1.x, or not any more.
const fn of_protocol(protocol: Protocol) -> Class {
    match protocol {
        Protocol::Tunnel => Class::Tunnel,
        Protocol::Tls => Class::Tls,
        Protocol::Http2 => Class::Multiplexed,
        Protocol::None | Protocol::Http1 | Protocol::Other => Class::Other,
    }
}

/// No request and closed by either side is a check: a connect that sends nothing, a half-open probe (SYN, SYN-ACK, RST).
fn without_request(facts: &impl Seen) -> Class {
    let opened = matches!(facts.handshake(), Handshake::Established | Handshake::InProgress);
    if opened && facts.is_two_way() && facts.closer().is_some() && facts.bytes_to_server() == 0 {
        Class::Check
    } else {
        Class::Undetermined
    }
}

fn with_one_request(facts: &impl Seen, now: Timestamp, thresholds: &Thresholds) -> Class {
    if facts.is_obscured() || facts.handshake() == Handshake::Midstream || !facts.is_two_way() {
        return Class::Undetermined;
    }
    match (facts.closer(), facts.idle_before_close()) {
        // When it was closed was not captured, only that another took its place.
        (Some(Closer::Lost), _) if !facts.is_announced() => Class::Undetermined,
        (Some(_), idle) => {
            let at_once = idle.is_none_or(|idle| idle <= thresholds.per_request_close);
            if at_once || facts.is_announced() {
                Class::PerRequest
            } else {
                Class::Unreused
            }
        }
        (None, _) => match facts.last_response_end() {
            Some(end) if now.since(end) >= thresholds.unreused_open => Class::Unreused,
            _ => Class::Undetermined,
        },
    }
}
