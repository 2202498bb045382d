//! Everything the report needs of one connection, small and of fixed size.

use std::net::IpAddr;

use super::signs::Signs;
use crate::frame::InterfaceId;
use crate::time::{Nanos, Timestamp};

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

/// What a TLS handshake showed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TlsFacts {
    /// Whether it resumed a session; `None` if the capture does not show it.
    pub resumed: Option<bool>,
    /// The name in server_name (RFC 6066 section 3), as sent.
    pub server_name: Option<Box<str>>,
}

/// The order of first events on a connection in Zeek's letters: S SYN, h SYN-ACK, A bare ACK, D data, F FIN, R RST,
/// T retransmission, G gap; upper case by the client, lower case by the server. Each letter is kept once, at most 12.
/// Source: Zeek's `conn.log` field `history`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct History {
    /// Five bits a letter, the first one lowest.
    order: u64,
    /// A bit for each letter that was noted.
    noted: u16,
}

impl History {
    const LETTERS: [u8; 8] = *b"SHADFRTG";
    const MAX: u32 = 12;

    /// Notes `letter` (upper case) as sent by the client or the server, once.
    #[inline]
    pub fn note(&mut self, letter: u8, by_client: bool) {
        let index = match letter {
            b'S' => 0,
            b'H' => 1,
            b'A' => 2,
            b'D' => 3,
            b'F' => 4,
            b'R' => 5,
            b'T' => 6,
            _ => 7,
        };
        let letter = index << 1 | u16::from(!by_client);
        if self.noted & 1 << letter != 0 {
            return;
        }
        let place = self.noted.count_ones();
        if place < Self::MAX {
            self.noted |= 1 << letter;
            self.order |= u64::from(letter + 1) << (5 * place);
        }
    }

    /// Whether `letter` (upper case) was noted as sent by the client or the server.
    #[must_use]
    pub fn has(&self, letter: u8, by_client: bool) -> bool {
        let place = Self::LETTERS.iter().position(|known| *known == letter);
        place.is_some_and(|index| self.noted & 1 << (index << 1 | usize::from(!by_client)) != 0)
    }

    /// The same history with the roles exchanged.
    #[must_use]
    pub fn swapped(self) -> Self {
        let mut order = 0;
        for slot in 0..Self::MAX {
            let code = self.order >> (5 * slot) & 31;
            if code != 0 {
                order |= (((code - 1) ^ 1) + 1) << (5 * slot);
            }
        }
        // Neighbouring bits are the two sides of a letter.
        let noted = (self.noted & 0x5555) << 1 | (self.noted & 0xaaaa) >> 1;
        Self { order, noted }
    }
}

impl std::fmt::Display for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut rest = self.order;
        while rest != 0 {
            let code = (rest & 31) - 1;
            let letter = char::from(Self::LETTERS[(code >> 1) as usize & 7]);
            if code & 1 == 1 {
                write!(f, "{}", letter.to_ascii_lowercase())?;
            } else {
                write!(f, "{letter}")?;
            }
            rest >>= 5;
        }
        Ok(())
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
    /// 1 for the first connection seen on its 4-tuple, 2 for the next ...
    pub generation: u32,
    /// Who opened it.
    pub client: Endpoint,
    /// Who accepted it.
    pub server: Endpoint,
    /// How that was decided.
    pub role_evidence: RoleEvidence,
    /// VLANs and tunnel.
    pub path: Path,
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
    /// How far its opening got.
    pub handshake: Handshake,
    /// It had been counted before, left the table silent, and resumed: only its new figures are here.
    pub resumed: bool,
    /// A request of it was answered by 101 or CONNECT 2xx.
    pub upgraded: bool,
    /// The SYN's retransmissions.
    pub syn_retransmitted: u32,
    /// First SYN to the ACK that completes the handshake.
    pub connect: Option<Nanos>,
    /// The client named by a PROXY protocol header in front.
    pub proxied_for: Option<Endpoint>,
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
    pub closed_at: Option<Timestamp>,
    /// End of the last complete response to the first FIN or RST.
    pub idle_before_close: Option<Nanos>,
    /// End of the last complete response.
    pub last_response_end: Option<Timestamp>,
    /// First byte of the first request.
    pub first_request: Option<Timestamp>,
    /// First byte of the first request without a response.
    pub unanswered_since: Option<Timestamp>,
    /// Time of the last payload in either direction.
    pub last_payload: Option<Timestamp>,
    /// The number of its last request's Host and prefix.
    pub last_prefix: u32,
    /// Signs of why it ended.
    pub signs: Signs,
    /// Status of the last final response; 0 if it showed none.
    pub status: u16,
    /// Both directions were captured (or nothing shows that one is missing).
    pub two_way: bool,
    /// A gap where framing was lost, or a capture edge, hides what the class needs.
    pub obscured: bool,
    /// A head was cut by the snaplen: announced closes, Host and lengths are not known.
    pub heads_cut: bool,
    /// TCP payload bytes on the wire to the server.
    pub bytes_to_server: u64,
    /// TCP payload bytes on the wire to the client.
    pub bytes_to_client: u64,
    /// Bytes that the capture does not hold although the receiver got them.
    pub gap_bytes: u64,
    /// Segments sent again.
    pub retransmitted: u32,
    /// Segments that arrived out of order.
    pub out_of_order: u32,
    /// TCP keepalive probes (RFC 1122 section 4.2.3.6).
    pub keepalive_probes: u32,
    /// Hash of method and target of its first request; equal requests have equal hashes.
    pub first_target: u64,
    /// Method and target of the first request, cut at a cap, for naming a health check.
    pub first_request_line: Option<Box<str>>,
    /// Its TLS handshake, if it is TLS.
    pub tls: Option<Box<TlsFacts>>,
    /// What happened, in Zeek's letters.
    pub history: History,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_keeps_each_letter_once_in_order() {
        let mut h = History::default();
        for (letter, client) in [
            (b'S', true),
            (b'H', false),
            (b'A', true),
            (b'D', true),
            (b'D', false),
            (b'A', true),
        ] {
            h.note(letter, client);
        }
        assert_eq!(h.to_string(), "ShADd");
        assert_eq!(h.swapped().to_string(), "sHadD");
    }
}
