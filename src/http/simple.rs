//! HTTP/0.9: a request line without version, answered by bytes until the connection closes (RFC 1945 section 4.1).
//!
//! Load balancers still probe with it (`GET /` and a line end is the default of F5's HTTP monitor).

use super::fields::Tokens;
use super::head::{Extent, Framing, Method, RequestHead, ResponseHead};
use crate::classify::Version;

/// The request at the beginning of `bytes` and its length, if it is one.
pub(super) fn request(bytes: &[u8]) -> Option<(RequestHead<'_>, usize)> {
    let rest = bytes.strip_prefix(b"GET ")?;
    let end = memchr::memchr(b'\n', rest)?;
    let target = rest.get(..end)?.trim_ascii_end();
    let printable = target.iter().all(|byte| (0x21..=0x7e).contains(byte));
    if !target.starts_with(b"/") || !printable {
        return None;
    }
    let head = RequestHead {
        extent: Extent::Whole,
        method: Method::Simple,
        method_name: b"GET",
        target,
        host: None,
        version: Version::Http09,
        announced: true,
        tokens: Tokens::NONE,
        framing: Framing::None,
        bytes: &[],
    };
    Some((head, b"GET ".len() + end + 1))
}

/// Whether `bytes` may become one when their line end has come.
pub(super) fn may_become(bytes: &[u8]) -> bool {
    let rest = bytes.strip_prefix(b"GET /");
    rest.is_some_and(|rest| {
        rest.trim_ascii_end()
            .iter()
            .all(|byte| (0x21..=0x7e).contains(byte))
    })
}

/// The answer: it has no head.
pub(super) const RESPONSE: ResponseHead = ResponseHead {
    extent: Extent::Whole,
    status: ResponseHead::NO_STATUS,
    version: Version::Http09,
    announced: true,
    tokens: Tokens::NONE,
    framing: Framing::UntilClose,
};
