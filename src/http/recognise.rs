//! Telling messages from other bytes by how they begin.

use super::event::Side;
use crate::classify::Protocol;

/// A start line is decided within this many bytes.
pub(super) const START_LINE: usize = 32;
/// The longest method in the IANA registry has 17 characters (UPDATEREDIRECTREF).
const LONGEST_METHOD: usize = 24;

/// Whether `head` may be the beginning of a message (it may be short).
pub(super) fn could_start(side: Side, head: &[u8]) -> bool {
    match side {
        Side::Response => {
            let n = head.len().min(7);
            head[..n] == b"HTTP/1."[..n]
        }
        Side::Request => {
            let token = head.iter().take_while(|b| is_method_byte(**b)).count();
            let whole = token == head.len() || head[token] == b' ';
            whole && token > 0 && token <= LONGEST_METHOD && !head.starts_with(b"PRI * HTTP/2")
        }
    }
}

const fn is_method_byte(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte == b'-' || byte == b'_'
}

/// Whether a message surely begins here: a known method and a space, or a status line.
#[must_use]
pub fn begins_message(side: Side, data: &[u8]) -> bool {
    const METHODS: [&[u8]; 16] = [
        b"GET ",
        b"POST ",
        b"PUT ",
        b"HEAD ",
        b"DELETE ",
        b"OPTIONS ",
        b"PATCH ",
        b"CONNECT ",
        b"TRACE ",
        b"PROPFIND ",
        b"PROPPATCH ",
        b"MKCOL ",
        b"COPY ",
        b"MOVE ",
        b"LOCK ",
        b"UNLOCK ",
    ];
    match side {
        Side::Response => data.starts_with(b"HTTP/1."),
        Side::Request => METHODS.iter().any(|method| data.starts_with(method)),
    }
}

/// The protocol that a first payload which is not HTTP/1.x belongs to.
pub(super) fn protocol_of(data: &[u8]) -> Protocol {
    match data {
        // A TLS record: content type 20 to 23, legacy version 3.x (RFC 8446 section 5.1).
        [20..=23] | [20..=23, 3] | [20..=23, 3, 0..=4, ..] => Protocol::Tls,
        _ if data.starts_with(b"PRI * HTTP/2") => Protocol::Http2,
        _ => Protocol::Other,
    }
}

/// How many bytes of `data` belong to the head that `partial` begins, if its empty line is in them.
pub(super) fn end_of_head(partial: &[u8], data: &[u8]) -> Option<usize> {
    let tail = &partial[partial.len().saturating_sub(3)..];
    memchr::memchr_iter(b'\n', data).find_map(|at| {
        let before = |back: usize| {
            if back <= at {
                Some(data[at - back])
            } else {
                tail.len().checked_sub(back - at).map(|i| tail[i])
            }
        };
        let ends = before(1) == Some(b'\n') || (before(1) == Some(b'\r') && before(2) == Some(b'\n'));
        ends.then_some(at + 1)
    })
}
