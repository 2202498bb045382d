//! Everything the report needs of one connection, small and of fixed size.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU64;

use super::history::History;
use super::seldom::Seldom;
use super::signs::Signs;
use crate::frame::InterfaceId;
use crate::time::{OptionalNanos, OptionalTimestamp, Timestamp};

/// One end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Endpoint {
    /// Its address.
    pub address: IpAddr,
    /// Its TCP port.
    pub port: u16,
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::net::SocketAddr::new(self.address, self.port).fmt(f)
    }
}

/// A tunnel that carried the connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tunnel {
    /// The encapsulation's slug (`vxlan` ...).
    pub kind: &'static str,
    /// Its virtual network id.
    pub id: u32,
}

/// What surrounds the IP packets of a connection and belongs to its identity.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Path {
    /// The VLAN ids, outermost first; 0 where there is none.
    pub vlans: [u16; 2],
    /// The innermost tunnel.
    pub tunnel: Option<Tunnel>,
}

/// How it was decided which end is the client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RoleEvidence {
    /// Its SYN was captured.
    Syn,
    /// The server's SYN-ACK was captured.
    SynAck,
    /// An HTTP start line was seen.
    StartLine,
    /// The server's port was named by the user (`--server-port` or the filter).
    NamedPort,
    /// The endpoint was already known as a server in this capture.
    KnownServer,
    /// Nothing better than the lower port.
    LowerPort,
}

impl RoleEvidence {
    /// Every kind, the surest first.
    pub const ALL: [Self; 6] = [
        Self::Syn,
        Self::SynAck,
        Self::StartLine,
        Self::NamedPort,
        Self::KnownServer,
        Self::LowerPort,
    ];

    /// The slug used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syn => "syn",
            Self::SynAck => "syn_ack",
            Self::StartLine => "start_line",
            Self::NamedPort => "named_port",
            Self::KnownServer => "known_server",
            Self::LowerPort => "lower_port",
        }
    }
}

/// Who ended a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Closer {
    /// The client sent the first FIN.
    Client,
    /// The server sent the first FIN.
    Server,
    /// Both sent a FIN and the second does not acknowledge the first.
    Simultaneous,
    /// The client sent RST before any FIN.
    ResetByClient,
    /// The server sent RST before any FIN.
    ResetByServer,
    /// No close was captured, but another SYN took over its 4-tuple.
    Lost,
}

impl Closer {
    /// Everyone.
    pub const ALL: [Self; 6] = [
        Self::Client,
        Self::Server,
        Self::Simultaneous,
        Self::ResetByClient,
        Self::ResetByServer,
        Self::Lost,
    ];

    /// The slug used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Simultaneous => "simultaneous",
            Self::ResetByClient => "reset_by_client",
            Self::ResetByServer => "reset_by_server",
            Self::Lost => "lost",
        }
    }
}

/// How far the opening of a connection got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Handshake {
    /// First seen without its SYN.
    Midstream,
    /// SYN seen, outcome unknown: the capture ends, or shows one direction only.
    InProgress,
    /// SYN, SYN-ACK and the client's ACK or data were captured.
    Established,
    /// The SYN was answered by RST.
    Refused,
    /// The SYN was never answered.
    Unanswered,
}

/// What the payload turned out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Protocol {
    /// No payload seen.
    #[default]
    None,
    /// HTTP/1.x.
    Http1,
    /// HTTP/1.x until an upgrade or CONNECT; tunnel after it.
    Tunnel,
    /// TLS records.
    Tls,
    /// The HTTP/2 connection preface.
    Http2,
    /// Payload that is none of these.
    Other,
}

/// The versions of HTTP.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Version {
    /// HTTP/0.9: a request line alone.
    Http09,
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
    /// HTTP/2
    Http2,
    /// Not visible: the start line was cut off or encrypted.
    Unread,
}

impl Version {
    /// Its number; empty where it is not visible.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http09 => "0.9",
            Self::Http10 => "1.0",
            Self::Http11 => "1.1",
            Self::Http2 => "2",
            Self::Unread => "",
        }
    }
}

/// One connection, as far as it was captured.
#[derive(Clone, PartialEq, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent observations, one bit each"
)]
pub struct ConnectionFacts {
    /// The place of its first packet among all packets of the capture, from 1.
    pub id: u64,
    /// Who opened it.
    pub client: Endpoint,
    /// Who accepted it.
    pub server: Endpoint,
    /// How that was decided.
    pub role_evidence: RoleEvidence,
    /// The VLAN ids, outermost first; 0 where there is none.
    pub vlans: [u16; 2],
    /// Interface of its first packet.
    pub interface: InterfaceId,
    /// Time of its first packet.
    pub start: Timestamp,
    /// Time of its last packet.
    pub end: Timestamp,
    /// Frame number of its first packet, in the source of `interface`.
    pub first_frame: u64,
    /// Interface and frame number of its last packet.
    pub last_frame: (InterfaceId, u64),
    /// What it is known by wherever it is captured: a hash of the initial sequence numbers of both ends (of a connect that
    /// failed the client's); `None` if they were not captured.
    pub opening: Option<NonZeroU64>,
    /// How far its opening got.
    pub handshake: Handshake,
    /// It had been counted before, left the table silent, and resumed: only its new figures are here.
    pub resumed: bool,
    /// A request of it was answered by 101 or CONNECT 2xx.
    pub upgraded: bool,
    /// What its payload is.
    pub protocol: Protocol,
    /// Complete request heads.
    pub requests: u32,
    /// Final responses (heads) that answered a request, or whose request was not captured.
    pub responses: u32,
    /// Requests without a response.
    pub unanswered: u32,
    /// Whether the last request or response announced the close.
    pub announced: bool,
    /// Who closed it, `None` while open.
    pub closer: Option<Closer>,
    /// First FIN or RST.
    pub closed_at: OptionalTimestamp,
    /// End of the last complete response to the first FIN or RST.
    pub idle_before_close: OptionalNanos,
    /// End of the last complete response.
    pub last_response_end: OptionalTimestamp,
    /// First byte of the first request without a response.
    pub unanswered_since: OptionalTimestamp,
    /// The number of its last request's Host and prefix, as the engine has it.
    pub last_prefix: u32,
    /// Signs of why it ended.
    pub signs: Signs,
    /// Status of the last final response; 0 if it showed none.
    pub status: u16,
    /// Both directions were captured (or nothing shows that one is missing).
    pub two_way: bool,
    /// A gap where framing was lost, or a capture edge, hides what the class needs.
    pub obscured: bool,
    /// A head was cut by the snaplen, or refers to HTTP/2 fields that the capture lacks: its fields are not known.
    pub heads_cut: bool,
    /// TCP payload bytes on the wire to the server.
    pub bytes_to_server: u64,
    /// TCP payload bytes on the wire to the client.
    pub bytes_to_client: u64,
    /// Hash of method and target of its first request, if they were seen; equal requests have equal hashes.
    pub asked: Option<NonZeroU64>,
    /// What happened, in Zeek's letters.
    pub history: History,
    /// What few connections have, if there is any of it.
    pub seldom: Option<Box<Seldom>>,
}

impl ConnectionFacts {
    /// Nothing of a connection.
    pub const BLANK: Self = {
        let nobody = Endpoint {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            port: 0,
        };
        Self {
            id: 0,
            client: nobody,
            server: nobody,
            role_evidence: RoleEvidence::LowerPort,
            vlans: [0; 2],
            interface: InterfaceId(0),
            start: Timestamp::MIN,
            end: Timestamp::MIN,
            first_frame: 0,
            last_frame: (InterfaceId(0), 0),
            opening: None,
            handshake: Handshake::Midstream,
            resumed: false,
            upgraded: false,
            protocol: Protocol::None,
            requests: 0,
            responses: 0,
            unanswered: 0,
            announced: false,
            closer: None,
            closed_at: OptionalTimestamp::NONE,
            idle_before_close: OptionalNanos::NONE,
            last_response_end: OptionalTimestamp::NONE,
            unanswered_since: OptionalTimestamp::NONE,
            last_prefix: 0,
            signs: Signs::NONE,
            status: 0,
            two_way: false,
            obscured: false,
            heads_cut: false,
            bytes_to_server: 0,
            bytes_to_client: 0,
            asked: None,
            history: History::NONE,
            seldom: None,
        }
    };

    /// Whether it never opened: the SYN was refused or not answered.
    #[inline]
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        matches!(self.handshake, Handshake::Refused | Handshake::Unanswered)
    }

    /// VLANs and tunnel.
    #[must_use]
    pub fn path(&self) -> Path {
        Path {
            vlans: self.vlans,
            tunnel: self.seldom().tunnel,
        }
    }

    /// What few connections have: of most nothing.
    #[inline]
    #[must_use]
    pub fn seldom(&self) -> &Seldom {
        static NONE: Seldom = Seldom::NONE;
        self.seldom.as_deref().unwrap_or(&NONE)
    }

    /// The same, to change.
    pub fn seldom_mut(&mut self) -> &mut Seldom {
        self.seldom.get_or_insert_with(|| Box::new(Seldom::NONE))
    }

    /// Whether nothing was sent again, lost, missing or left unanswered: it counts as a connection and no more.
    #[inline]
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        self.unanswered == 0 && self.two_way && !self.heads_cut && self.seldom.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// They are written by one processor and read by another, once for each connection.
    #[test]
    fn what_is_told_of_a_connection_is_small() {
        assert!(
            size_of::<ConnectionFacts>() <= 208,
            "{}",
            size_of::<ConnectionFacts>()
        );
    }
}
