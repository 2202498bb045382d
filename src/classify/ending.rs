//! How a connection ended, as far as it shows by itself; what other connections show of the cause is `diagnose`'s.

use super::facts::{Closer, ConnectionFacts, Handshake, Protocol};
use super::signs::Signs;
use crate::time::{MILLISECOND, Nanos, SECOND};

/// A FIN that follows the response this soon followed from it.
pub const AT_ONCE: Nanos = 50 * MILLISECOND;
/// A SYN-ACK this long after the first SYN comes late: no round trip takes that long.
const LATE: Nanos = SECOND;

/// The kinds of endings, in the order in which they are looked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ending {
    /// Still open, or nothing of its end was captured.
    Open,
    /// The SYN was answered by RST.
    Refused,
    /// The SYN was never answered.
    Unanswered,
    /// A late SYN-ACK was answered by RST.
    GaveUpConnecting,
    /// No request, or none that counts: a probe.
    NoRequest,
    /// After 101 or CONNECT.
    Upgraded,
    /// HTTP/1.0 request with `Connection: close`.
    Request10Close,
    /// HTTP/1.0 request without a Connection token that keeps it.
    Request10,
    /// HTTP/1.0 request whose fields were not captured.
    Request10Cut,
    /// HTTP/1.1 request with `Connection: close`.
    Request11Close,
    /// HTTP/1.0 request with keep-alive, ended by its response.
    KeepAlive10,
    /// HTTP/1.0 response to an HTTP/1.1 request.
    Response10,
    /// An announcing response that began before its request was complete.
    EarlyClose,
    /// An announcing response with a status after which Tomcat closes.
    StatusClose,
    /// Any other announcing response.
    ResponseClose,
    /// A response that ends with the connection.
    Undelimited,
    /// The server closed on a request, the first one.
    LostFresh,
    /// The server closed on a request after it had answered others.
    LostReused,
    /// The client closed while a request was outstanding.
    GaveUp,
    /// The client closed after a response that came before its request was complete.
    EarlyResponse,
    /// The client closed at once after a response that it may not have read to its end.
    NotRead,
    /// The client closed after bytes that it had not asked for.
    Stray,
    /// The client closed, and nothing announced it.
    ClientSilent,
    /// The server closed, and nothing announced it.
    ServerSilent,
    /// The server sent RST right after a response.
    ServerReset,
    /// The capture does not show enough.
    Unknown,
}

impl Ending {
    /// Every kind, in order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Open,
        Self::Refused,
        Self::Unanswered,
        Self::GaveUpConnecting,
        Self::NoRequest,
        Self::Upgraded,
        Self::Request10Close,
        Self::Request10,
        Self::Request10Cut,
        Self::Request11Close,
        Self::KeepAlive10,
        Self::Response10,
        Self::EarlyClose,
        Self::StatusClose,
        Self::ResponseClose,
        Self::Undelimited,
        Self::LostFresh,
        Self::LostReused,
        Self::GaveUp,
        Self::EarlyResponse,
        Self::NotRead,
        Self::Stray,
        Self::ClientSilent,
        Self::ServerSilent,
        Self::ServerReset,
        Self::Unknown,
    ];

    /// How many kinds there are.
    pub const COUNT: usize = Self::Unknown as usize + 1;

    /// Whether a connection that existed was closed.
    #[must_use]
    pub const fn is_close(self) -> bool {
        !matches!(
            self,
            Self::Open | Self::Refused | Self::Unanswered | Self::GaveUpConnecting
        )
    }
}

/// How a connection ended: the first kind that fits (request, response, unanswered, status, closer).
#[inline]
#[must_use]
pub fn ending(facts: &ConnectionFacts) -> Ending {
    match facts.handshake {
        Handshake::Refused => return Ending::Refused,
        Handshake::Unanswered => return Ending::Unanswered,
        _ => {}
    }
    let Some(closer) = facts.closer else {
        return Ending::Open;
    };
    if facts.upgraded {
        return Ending::Upgraded;
    }
    if facts.requests == 0 && facts.handshake == Handshake::InProgress && closer == Closer::ResetByClient {
        let late = facts.end.since(facts.start) >= LATE;
        return if late {
            Ending::GaveUpConnecting
        } else {
            Ending::NoRequest
        };
    }
    if matches!(facts.protocol, Protocol::Http2 | Protocol::Other) {
        return Ending::Unknown;
    }
    if facts.requests == 0 {
        return if facts.bytes_to_server == 0 {
            Ending::NoRequest
        } else {
            Ending::Unknown
        };
    }
    if facts.signs.has(Signs::STRAY) && is_stray(facts, closer) {
        return Ending::Stray;
    }
    asked(facts)
        .or_else(|| answered(facts))
        .unwrap_or_else(|| silent(facts, closer))
}

/// Whether the client closed after the bytes that it had not asked for, if there were any.
fn is_stray(facts: &ConnectionFacts, closer: Closer) -> bool {
    let by_client = matches!(
        closer,
        Closer::Client | Closer::Simultaneous | Closer::ResetByClient
    );
    by_client && facts.unanswered == 0 && !facts.obscured
}

/// What the last request says.
#[inline]
fn asked(facts: &ConnectionFacts) -> Option<Ending> {
    let signs = facts.signs;
    let old = signs.has(Signs::REQUEST_10);
    if signs.has(Signs::REQUEST_CLOSE) {
        return Some(if old {
            Ending::Request10Close
        } else {
            Ending::Request11Close
        });
    }
    if !old || signs.has(Signs::REQUEST_KEEP_ALIVE) {
        return None;
    }
    Some(if signs.has(Signs::REQUEST_CUT) {
        Ending::Request10Cut
    } else {
        Ending::Request10
    })
}

/// What the last response says.
fn answered(facts: &ConnectionFacts) -> Option<Ending> {
    let signs = facts.signs;
    if facts.responses == 0 || facts.unanswered > 0 {
        return None;
    }
    if signs.has(Signs::RESPONSE_CLOSE | Signs::RESPONSE_UNDELIMITED) && signs.has(Signs::REQUEST_10) {
        return Some(Ending::KeepAlive10);
    }
    if signs.has(Signs::RESPONSE_10) && facts.requests == 1 {
        return Some(Ending::Response10);
    }
    if signs.has(Signs::RESPONSE_CLOSE) {
        return Some(match facts.status {
            400.. if signs.has(Signs::RESPONSE_EARLY) => Ending::EarlyClose,
            400 | 408 | 411 | 413 | 414 | 500 | 501 | 503 => Ending::StatusClose,
            _ => Ending::ResponseClose,
        });
    }
    signs
        .has(Signs::RESPONSE_UNDELIMITED)
        .then_some(Ending::Undelimited)
}

/// Nothing announced it.
fn silent(facts: &ConnectionFacts, closer: Closer) -> Ending {
    if closer == Closer::Lost || facts.obscured || !facts.two_way {
        return Ending::Unknown;
    }
    let by_server = matches!(closer, Closer::Server | Closer::ResetByServer);
    let signs = facts.signs;
    if !by_server && signs.has(Signs::PIPELINED) {
        // Proxies do not pipeline: this client has rules of its own.
        return Ending::Unknown;
    }
    if facts.unanswered > 0 {
        return match closer {
            Closer::Server | Closer::ResetByServer | Closer::Simultaneous if facts.responses > 0 => {
                Ending::LostReused
            }
            _ if by_server => Ending::LostFresh,
            _ if signs.has(Signs::CUT_OFF) && facts.status >= 300 => Ending::NotRead,
            // Inside TLS the last records may be a farewell (GOAWAY of HTTP/2).
            _ if facts.protocol == Protocol::Tls && !waited(facts) => Ending::Unknown,
            _ => Ending::GaveUp,
        };
    }
    let unread = facts.heads_cut || facts.protocol == Protocol::Tls;
    let at_once = facts.idle_before_close.get().is_some_and(|idle| idle <= AT_ONCE);
    if at_once && closer == Closer::ResetByClient && signs.has(Signs::REQUEST_REPEATED) {
        // A late answer to a request that had been given up meets a socket that is gone.
        return Ending::GaveUp;
    }
    match (by_server, at_once) {
        // What the heads say would come first.
        (_, true) if unread => Ending::Unknown,
        (true, true) if closer == Closer::ResetByServer => Ending::ServerReset,
        (true, _) => Ending::ServerSilent,
        (false, true) if signs.has(Signs::RESPONSE_EARLY) => Ending::EarlyResponse,
        (false, true) if signs.has(Signs::RESPONSE_ACCEL) || may_be_unread(facts.status) => Ending::NotRead,
        (false, _) => Ending::ClientSilent,
    }
}

/// Whether the client waited for an answer before it closed.
fn waited(facts: &ConnectionFacts) -> bool {
    let span = facts.unanswered_since.get().zip(facts.closed_at.get());
    span.is_some_and(|(asked, closed)| closed.since(asked) >= SECOND / 2)
}

/// A status whose body nginx may not want: 304 has none.
const fn may_be_unread(status: u16) -> bool {
    status >= 300 && status != 304
}
