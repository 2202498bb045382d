//! Servers, as frames by themselves show them: what engines that see a part of the frames each have to know of the others'.

use foldhash::fast::RandomState;
use indexmap::IndexSet;

use super::analysis::Engine;
use super::names::End;
use crate::decode::{Flags, Packet, Sight};
use crate::http::tls::begins_client_hello;
use crate::http::{Side, begins_connection, begins_frames, begins_message};
use crate::limits::CLIENT_SERVER_PAIRS;

/// Servers remembered where they are found without looking for them.
const LATEST: usize = 16;

/// Where among them.
#[inline]
const fn place(end: End) -> usize {
    (end.0.low ^ end.0.low >> 32 ^ end.1 as u64) as usize % LATEST
}

/// An end known as a server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Server(pub(super) End);

/// Who sends a payload that begins as only one of them begins: who asks, or who answers.
pub(super) fn speaker(payload: &[u8]) -> Option<Side> {
    let asks = |payload| begins_message(Side::Request, payload) || begins_connection(payload);
    if asks(payload) {
        Some(Side::Request)
    } else if begins_message(Side::Response, payload) {
        Some(Side::Response)
    } else if begins_client_hello(payload) || begins_frames(Side::Request, payload) {
        Some(Side::Request)
    } else if begins_frames(Side::Response, payload) {
        Some(Side::Response)
    } else {
        None
    }
}

/// The servers that the frames so far have shown, by the rules that settle the roles of a connection.
#[derive(Debug, Default)]
pub struct Servers {
    known: IndexSet<End, RandomState>,
    /// Those met lately, by a few bits of address and port: nearly always the one that is asked for.
    latest: [Option<End>; LATEST],
}

impl Servers {
    /// The server that a segment shows, if it and its client have not been met as servers before.
    #[inline]
    pub(super) fn shown(&mut self, segment: &Sight<'_>) -> Option<Server> {
        let syn = segment.flags.contains(Flags::SYN);
        if !syn && segment.payload.is_empty() {
            return None;
        }
        let [source, destination] = segment.ends;
        if self.is_latest(destination) || self.is_latest(source) {
            return None;
        }
        self.shown_first(segment)
    }

    #[inline]
    fn is_latest(&self, end: End) -> bool {
        self.latest[place(end)] == Some(end)
    }

    /// The same, where neither end was met lately.
    #[inline(never)]
    fn shown_first(&mut self, segment: &Sight<'_>) -> Option<Server> {
        let [source, destination] = segment.ends;
        for end in [destination, source] {
            if self.known.contains(&end) {
                self.latest[place(end)] = Some(end);
                return None;
            }
        }
        if self.known.len() >= CLIENT_SERVER_PAIRS {
            return None;
        }
        let server = Server::of(segment)?;
        self.known.insert(server.0);
        Some(server)
    }
}

impl Server {
    /// The end that a segment shows to be a server's.
    fn of(segment: &Sight<'_>) -> Option<Self> {
        let [source, destination] = segment.ends;
        let asks = if segment.flags.contains(Flags::SYN) {
            !segment.flags.contains(Flags::ACK)
        } else {
            speaker(segment.payload)? == Side::Request
        };
        Some(Self(if asks { destination } else { source }))
    }
}

impl Engine {
    /// Another engine's frame has shown a server.
    #[cold]
    pub fn learn(&mut self, server: Server) {
        self.shared.names.learn_server(server.0);
    }

    /// A segment of another engine's, of a datagram that every engine puts together.
    pub(super) fn learn_of(&mut self, packet: &Packet<'_>) {
        if let Some(server) = Server::of(&Sight::of(packet)) {
            self.learn(server);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Address;

    fn shown(servers: &mut Servers, flags: u8, payload: &[u8]) -> Option<u16> {
        let end = |port| (Address::v4([10, 0, 0, 1]), port);
        let segment = Sight {
            ends: [end(40_000), end(8080)],
            flags: Flags(flags),
            payload,
        };
        servers.shown(&segment).map(|server| server.0.1)
    }

    #[test]
    fn a_segment_shows_the_server_that_its_connection_would_have() {
        for (flags, payload, server) in [
            (0x02, &b""[..], Some(8080)),
            (0x12, b"", Some(40_000)),
            (0x10, b"", None),
            (0x18, b"GET / HTTP/1.1\r\n", Some(8080)),
            (0x18, b"HTTP/1.1 200 OK\r\n", Some(40_000)),
            (0x18, b"PROXY TCP4 10.0.0.9", Some(8080)),
            (0x18, &[22, 3, 1, 0, 9, 1, 0, 0, 5], Some(8080)),
            (0x18, &[23, 3, 3, 0, 9, 1, 0, 0, 5], None),
            (0x18, b"anything", None),
        ] {
            assert_eq!(
                shown(&mut Servers::default(), flags, payload),
                server,
                "{flags:#x} {payload:?}"
            );
        }
    }

    #[test]
    fn each_server_is_shown_once() {
        let mut servers = Servers::default();
        assert_eq!(shown(&mut servers, 0x02, b""), Some(8080));
        assert_eq!(shown(&mut servers, 0x02, b""), None);
        // What a connection carries later does not exchange its ends.
        assert_eq!(shown(&mut servers, 0x18, b"HTTP/1.1 200 OK\r\n"), None);
    }
}
