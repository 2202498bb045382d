//! What may come in front of a stream's first message, or instead of it: a PROXY protocol header, the HTTP/2 preface.

use std::net::SocketAddr;

use super::event::Side;
use super::proxy::{self, Header};

/// What a client that speaks HTTP/2 sends first (RFC 9113 section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Every prelude is decided within this many bytes.
pub(super) const PRELUDE_BYTES: usize = 128;

/// What the first bytes of a stream are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Prelude {
    /// More bytes are needed.
    Partial,
    /// A PROXY protocol header of `length` bytes; its end may be beyond the bytes given.
    Proxy {
        source: Option<SocketAddr>,
        length: usize,
    },
    /// HTTP/2, whose frames begin after `length` bytes.
    Http2 { length: usize },
    /// Neither.
    Absent,
}

/// Looks at the first bytes of a stream.
pub(super) fn read(side: Side, bytes: &[u8]) -> Prelude {
    if side == Side::Response {
        return settings(bytes);
    }
    if bytes.starts_with(PREFACE) {
        return Prelude::Http2 {
            length: PREFACE.len(),
        };
    }
    if PREFACE.starts_with(bytes) {
        return Prelude::Partial;
    }
    match proxy::read(bytes) {
        Header::Partial => Prelude::Partial,
        Header::Complete { source, length } => Prelude::Proxy { source, length },
        Header::Absent => Prelude::Absent,
    }
}

/// A server may send its SETTINGS frame before it has seen the client's preface.
fn settings(bytes: &[u8]) -> Prelude {
    let start = &bytes[..bytes.len().min(9)];
    let plausible = start.iter().enumerate().all(|(place, byte)| match place {
        2 => byte % 6 == 0,
        3 => *byte == 4,
        _ => *byte == 0,
    });
    match (plausible, start.len()) {
        (false, _) => Prelude::Absent,
        (true, 9) => Prelude::Http2 { length: 0 },
        (true, _) => Prelude::Partial,
    }
}

/// Whether a client's stream surely begins here with something in front of its messages.
#[must_use]
pub fn begins_connection(data: &[u8]) -> bool {
    data.starts_with(PREFACE) || proxy::begins(data)
}
