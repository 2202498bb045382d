//! Finding frames in a stream whose framing is lost, or whose beginning was not captured.

use super::frame::{HEADER, HEADERS, Header, PADDED, WITH_PRIORITY};
use crate::http::Side;

/// Frames looked at in a row; more make it no surer.
const CHAIN: usize = 8;

/// The header of the frame at `at`, if all of it is there.
fn header(data: &[u8], at: usize) -> Option<Header> {
    let bytes = data.get(at..)?.first_chunk::<HEADER>()?;
    Some(Header::read(*bytes))
}

/// How many headers of frames follow each other from `at` on: `None` if one of them is none.
fn chain(side: Side, data: &[u8], mut at: usize) -> Option<usize> {
    for count in 0..CHAIN {
        let Some(header) = header(data, at) else {
            return Some(count);
        };
        if !header.is_likely(side) {
            return None;
        }
        at += HEADER + header.length as usize;
    }
    Some(CHAIN)
}

/// Where frames begin in a segment of a connection that is known to carry them: at its beginning, where most are
/// written, or where two follow each other.
pub(super) fn find(side: Side, data: &[u8]) -> Option<usize> {
    let begins = |at: usize| {
        let wanted = if at == 0 { 1 } else { 2 };
        chain(side, data, at).is_some_and(|count| count >= wanted)
    };
    (0..data.len().saturating_sub(HEADER - 1)).find(|at| begins(*at))
}

/// Whether `data` surely begins with frames that `side` sends: among them a head that says so without what came before.
#[must_use]
pub fn begins_frames(side: Side, data: &[u8]) -> bool {
    if chain(side, data, 0).is_none_or(|count| count == 0) {
        return false;
    }
    let mut at = 0;
    for _ in 0..CHAIN {
        let Some(header) = header(data, at) else {
            return false;
        };
        if header.kind == HEADERS && names_side(side, header, data.get(at + HEADER..).unwrap_or_default()) {
            return true;
        }
        at += HEADER + header.length as usize;
    }
    false
}

/// Whether a field block begins with a pseudo-header field of the static table that only `side` sends (RFC 7541
/// appendix A: 1 to 7 are a request's, 8 to 14 a status).
fn names_side(side: Side, header: Header, payload: &[u8]) -> bool {
    let skipped = usize::from(header.has(PADDED)) + 5 * usize::from(header.has(WITH_PRIORITY));
    let Some(first) = payload.get(skipped) else {
        return false;
    };
    let index = match first {
        0x80.. => first & 0x7f,
        0x40..=0x7f => first & 0x3f,
        0x20..=0x3f => return false,
        _ => first & 0x0f,
    };
    match side {
        Side::Request => (1..=7).contains(&index),
        Side::Response => (8..=14).contains(&index),
    }
}
