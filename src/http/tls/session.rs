//! Both directions of a TLS connection: the handshake, and which records carry application data after it.

use super::hello::{ClientHello, ServerHello, message_length};
use super::record::{Content, HEADER_BYTES, Header, Part, Records};
use crate::http::Side;
use crate::limits::HELLO_BYTES;

/// An encrypted record too short for a request line (`GET / HTTP/1.1`, two line ends, type and tag): alerts, key updates and
/// empty fragments.
const TOO_SHORT_FOR_REQUEST: u32 = 34;
/// TLS 1.3: an alert, its type and its tag.
const ALERT: u32 = 2 + 1 + 16;
/// TLS 1.3: a Finished message by SHA-256 or SHA-384, its header, type and tag.
const FINISHED: [u32; 2] = [4 + 32 + 17, 4 + 48 + 17];
/// Certificate, CertificateVerify and Finished are the longest last flight of a client.
const CLIENT_FLIGHT: u8 = 3;

/// What a segment carries beside handshake and alerts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Application {
    /// Application data.
    pub any: bool,
    /// Enough of it to begin a request.
    pub begins: bool,
    /// From the server: the first after the handshake, which may be a session ticket with the response to come.
    pub may_be_ticket: bool,
}

/// One direction.
#[derive(Debug, Default)]
struct Direction {
    records: Records,
    /// A hello that is not complete.
    hello: Option<Vec<u8>>,
    /// Records of the handshake in clear.
    handshakes: u8,
    /// The record under way carries application data.
    data: bool,
}

/// A TLS connection as far as it can be read.
#[derive(Debug, Default)]
pub struct TlsSession {
    client: Direction,
    server: Direction,
    session_id: Vec<u8>,
    server_name: Option<Box<str>>,
    tls13: Option<bool>,
    resumed: Option<bool>,
    /// Encrypted records of the client's last flight (TLS 1.3).
    flight: u8,
    /// The client's Finished was sent (TLS 1.3).
    finished: bool,
    /// The server sent application data after it.
    served: bool,
}

impl TlsSession {
    /// A connection whose beginning was not captured: records are looked for at the beginning of segments.
    #[must_use]
    pub fn midstream() -> Self {
        let mut session = Self::default();
        session.client.records.lose();
        session.server.records.lose();
        session
    }

    /// Whether the records of either direction cannot be told at the moment.
    #[must_use]
    pub const fn is_lost(&self) -> bool {
        self.client.records.is_lost() || self.server.records.is_lost()
    }

    /// Whether the handshake was resumed or full, if that could be seen.
    #[must_use]
    pub const fn resumed(&self) -> Option<bool> {
        self.resumed
    }

    /// The server name that the client asked for in clear.
    #[must_use]
    pub fn server_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    /// Whether a record was ever read: otherwise what looked like TLS was not.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.client.records.spoken || self.server.records.spoken
    }

    /// Bytes kept of hellos.
    #[must_use]
    pub fn held(&self) -> usize {
        let hellos =
            [&self.client, &self.server].map(|direction| direction.hello.as_ref().map_or(0, Vec::capacity));
        hellos[0]
            + hellos[1]
            + self.session_id.capacity()
            + self.server_name.as_ref().map_or(0, |name| name.len())
    }

    /// Lets go of hellos that are not complete.
    pub fn let_go(&mut self) {
        self.client.hello = None;
        self.server.hello = None;
        self.session_id = Vec::new();
    }

    fn direction(&mut self, side: Side) -> &mut Direction {
        match side {
            Side::Request => &mut self.client,
            Side::Response => &mut self.server,
        }
    }

    /// A segment: its captured bytes, and the number of those that the snaplen cut off.
    pub fn segment(&mut self, side: Side, bytes: &[u8], missing: u32) -> Application {
        let mut found = Application::default();
        let mut rest = bytes;
        self.direction(side).records.begin(bytes, missing);
        let lost = self.direction(side).records.is_lost();
        if self.direction(side).data && self.direction(side).records.under_way().is_some() {
            found.any = true;
        }
        while let Some(part) = self.direction(side).records.next(&mut rest) {
            match part {
                Part::Record(header) => self.record(side, header, &mut found),
                Part::Body(Content::Handshake, body) => self.hello_bytes(side, body),
                Part::Body(..) => {}
                Part::Lost => break,
            }
        }
        if missing > 0 {
            self.cut(side, missing, &mut found);
        } else if lost {
            self.unreadable(side, bytes.len() as u32, &mut found);
        }
        found
    }

    /// Bytes of packets that were not captured.
    pub fn gap(&mut self, side: Side, len: u32) -> Application {
        let mut found = Application::default();
        self.cut(side, len, &mut found);
        if side == Side::Request && self.tls13() && !self.finished && found.any {
            // The Finished may have been among them.
            self.finished = true;
        }
        found
    }

    fn cut(&mut self, side: Side, missing: u32, found: &mut Application) {
        if let Some(header) = self.direction(side).records.cut_header(missing) {
            self.record(side, header, found);
            return;
        }
        if self.direction(side).records.under_way() == Some(Content::Handshake) {
            self.end_hello(side);
        }
        let behind = self.direction(side).records.skip(missing);
        if behind > 0 {
            self.unreadable(side, behind, found);
        }
    }

    /// Bytes whose records cannot be told: after the handshake they are taken for application data.
    fn unreadable(&mut self, side: Side, len: u32, found: &mut Application) {
        if side == Side::Request && self.server.handshakes > 0 && !self.handshake_is_over() {
            // What is hidden behind the last record in clear is the client's Finished.
            self.finished = true;
            return;
        }
        let length = len.saturating_sub(HEADER_BYTES as u32);
        if self.handshake_is_over() && length > ALERT {
            found.any = true;
            found.begins |= length >= TOO_SHORT_FOR_REQUEST;
            self.served |= side == Side::Response;
        }
    }

    fn handshake_is_over(&self) -> bool {
        let encrypted = self.client.data || self.server.data;
        encrypted || self.finished || self.client.handshakes == 0
    }

    fn record(&mut self, side: Side, header: Header, found: &mut Application) {
        let client_sent = self.client.handshakes;
        let direction = self.direction(side);
        direction.data = false;
        match header.content {
            Content::Handshake => {
                direction.handshakes = direction.handshakes.saturating_add(1);
                if direction.hello.is_none() && self.wants_hello(side) {
                    self.direction(side).hello = Some(Vec::new());
                }
            }
            // An abbreviated handshake of TLS 1.2: the server is done before the client has sent more than its hello.
            Content::ChangeCipherSpec if side == Side::Response && client_sent > 0 && !self.tls13() => {
                self.resumed.get_or_insert(client_sent == 1);
            }
            // Its header was cut: the Finished is behind it.
            Content::ChangeCipherSpec if side == Side::Request && header.length > 1 => self.finished = true,
            Content::ApplicationData if self.carries_data(side, header.length) => {
                found.may_be_ticket |= side == Side::Response && self.finished && !self.served;
                self.served |= side == Side::Response;
                self.direction(side).data = true;
                found.any = true;
                found.begins |= header.length >= TOO_SHORT_FOR_REQUEST;
            }
            _ => {}
        }
    }

    fn wants_hello(&self, side: Side) -> bool {
        match side {
            Side::Request => self.client.handshakes == 1,
            Side::Response => self.server.handshakes <= 2 && self.tls13.is_none(),
        }
    }

    /// TLS 1.3 by its ServerHello; without that by the client, which in TLS 1.2 sends more in clear than its hello.
    fn tls13(&self) -> bool {
        self.tls13
            .unwrap_or(self.client.handshakes == 1 && self.client.records.spoken)
    }

    /// Whether an encrypted record (content type 23) carries application data.
    fn carries_data(&mut self, side: Side, length: u32) -> bool {
        let midstream = self.client.handshakes == 0;
        if midstream {
            self.finished = true;
        }
        if midstream || !self.tls13() {
            return true;
        }
        match side {
            // Early data (RFC 8446 section 4.2.10) comes before the server's hello.
            Side::Request if self.server.handshakes == 0 => length > ALERT + 2,
            Side::Request if !self.finished => {
                self.flight += 1;
                self.finished = FINISHED.contains(&length) || self.flight >= CLIENT_FLIGHT;
                false
            }
            Side::Response if !self.finished && self.flight == 0 => false,
            Side::Request => length != ALERT,
            Side::Response => {
                self.finished = true;
                length != ALERT
            }
        }
    }

    fn hello_bytes(&mut self, side: Side, body: &[u8]) {
        let Some(hello) = self.direction(side).hello.as_mut() else {
            return;
        };
        hello.extend_from_slice(&body[..body.len().min(HELLO_BYTES - hello.len())]);
        let whole = message_length(hello).is_some_and(|length| hello.len() >= length);
        // A hello may go on in another record.
        if whole || hello.len() >= HELLO_BYTES {
            self.end_hello(side);
        }
    }

    /// Reads what there is of a hello.
    fn end_hello(&mut self, side: Side) {
        let Some(hello) = self.direction(side).hello.take() else {
            return;
        };
        match side {
            Side::Request => {
                if let Some(hello) = ClientHello::parse(&hello) {
                    self.session_id = hello.session_id;
                    self.server_name = hello.server_name;
                }
            }
            Side::Response => {
                let Some(hello) = ServerHello::parse(&hello).filter(|hello| !hello.retry) else {
                    return;
                };
                self.tls13 = Some(hello.tls13);
                if hello.tls13 {
                    self.resumed = Some(hello.pre_shared_key);
                } else if !hello.session_id.is_empty() && hello.session_id == self.session_id {
                    self.resumed = Some(true);
                }
            }
        }
    }
}
