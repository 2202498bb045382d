//! Heads that the snaplen cut: what their start lines still say.

use super::event::{Event, GapEffect, RequestContext, Side};
use super::fields::Tokens;
use super::head::{Extent, Framing, Method, RequestHead, ResponseHead, UNREAD_STATUS, version};
use super::recognise::could_start;
use crate::classify::Version;

/// What a segment that was cut turns out to be.
#[derive(Clone, Copy, Debug)]
pub enum Cut<'a> {
    /// The bytes cut off belong to a body, whose framing may hold.
    Framed(GapEffect),
    /// It begins a message, and the start line (or its beginning) was captured.
    Head(Event<'a>),
    /// It goes on with a message whose end cannot be told.
    Body,
    /// It may begin a message or go on with one: not enough was captured to tell.
    Unread,
}

/// Whether `bytes`, all that was captured of a segment, are too few to tell that no message begins here.
pub(super) fn could_begin(side: Side, bytes: &[u8]) -> bool {
    bytes.is_empty() || could_start(side, bytes)
}

/// The start line at the beginning of `head`, as far as it goes; `None` if that is not far enough.
pub(super) fn start_line(side: Side, context: RequestContext, head: &[u8]) -> Option<Event<'_>> {
    match side {
        Side::Request => request_line(head).map(Event::Request),
        Side::Response => status_line(context, head).map(Event::Response),
    }
}

/// `GET /a?b HTTP/1.1`, cut anywhere after the method (RFC 9112 section 3).
fn request_line(head: &[u8]) -> Option<RequestHead<'_>> {
    let mut words = head.split(|b| *b == b' ');
    let (method, target) = (words.next()?, words.next()?);
    let rest = words.next();
    let version = rest.map_or(Version::Unread, version_of);
    Some(RequestHead {
        method: Method::of(method),
        method_name: method,
        target,
        host: None,
        version,
        announced: false,
        tokens: Tokens::NONE,
        framing: Framing::Unknown,
        extent: match rest {
            None => Extent::PartOfStartLine,
            Some(_) => Extent::StartLine,
        },
        bytes: &[],
    })
}

/// `HTTP/1.1 200`, whatever follows (RFC 9112 section 4).
fn status_line(context: RequestContext, head: &[u8]) -> Option<ResponseHead> {
    let version = version_of(head.get(..8).filter(|start| start.starts_with(b"HTTP/1."))?);
    let digits = match head.get(8..) {
        Some([b' ', a @ b'1'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9', ..]) => Some([a, b, c]),
        _ => None,
    };
    let status = digits.map_or(UNREAD_STATUS, |digits| {
        digits
            .iter()
            .fold(0, |n, digit| n * 10 + u16::from(**digit - b'0'))
    });
    let framing = match (status, context) {
        (101, _) | (200..=299, RequestContext::Known(Method::Connect)) => Framing::Tunnel,
        (100..=199 | 204 | 304, _) | (_, RequestContext::Known(Method::Head)) => Framing::None,
        _ => Framing::Unknown,
    };
    Some(ResponseHead {
        tokens: Tokens::NONE,
        status,
        version,
        announced: false,
        framing,
        extent: match digits {
            None => Extent::PartOfStartLine,
            Some(_) => Extent::StartLine,
        },
    })
}

fn version_of(word: &[u8]) -> Version {
    match word.strip_prefix(b"HTTP/1.") {
        Some([b'0', ..]) => version(0),
        Some([b'1', ..]) => version(1),
        _ => Version::Unread,
    }
}

impl RequestHead<'_> {
    /// Whether the target is captured as far as its first path segment goes.
    #[must_use]
    pub fn names_prefix(&self) -> bool {
        let goes_on = || {
            self.target
                .iter()
                .skip(1)
                .any(|b| matches!(b, b'/' | b'?' | b'#' | b';'))
        };
        match self.extent {
            Extent::Whole | Extent::StartLine => true,
            Extent::PartOfStartLine => self.target.starts_with(b"/") && goes_on(),
            Extent::Nothing => false,
        }
    }

    /// A request of which nothing could be read.
    #[must_use]
    pub const fn unread() -> Self {
        RequestHead {
            method: Method::Other,
            method_name: &[],
            target: &[],
            host: None,
            version: Version::Unread,
            announced: false,
            tokens: Tokens::NONE,
            framing: Framing::Unknown,
            extent: Extent::Nothing,
            bytes: &[],
        }
    }
}

impl ResponseHead {
    /// A response of which nothing could be read.
    #[must_use]
    pub const fn unread() -> Self {
        Self {
            tokens: Tokens::NONE,
            status: UNREAD_STATUS,
            version: Version::Unread,
            announced: false,
            framing: Framing::Unknown,
            extent: Extent::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> Option<(String, String, Version, Extent)> {
        let head = request_line(text.as_bytes())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Some((
            text(head.method_name),
            text(head.target),
            head.version,
            head.extent,
        ))
    }

    #[test]
    fn a_request_line_cut_at_every_byte() {
        let line = "GET /app/small?n=200 HTTP/1.1";
        for end in 0..=line.len() {
            let want = match end {
                0..4 => None,
                4..=20 => Some((&line[4..end], Version::Unread, Extent::PartOfStartLine)),
                21..29 => Some(("/app/small?n=200", Version::Unread, Extent::StartLine)),
                _ => Some(("/app/small?n=200", Version::Http11, Extent::StartLine)),
            };
            let want = want.map(|(target, version, extent)| ("GET".into(), target.into(), version, extent));
            assert_eq!(request(&line[..end]), want, "{end}");
        }
    }

    #[test]
    fn a_status_line_cut_at_every_byte() {
        let line = "HTTP/1.0 404 Not Found\r\nContent-Le";
        for end in 0..=line.len() {
            let head = status_line(RequestContext::Unknown, &line.as_bytes()[..end]);
            let want = match end {
                0..8 => None,
                8..12 => Some((UNREAD_STATUS, Version::Http10)),
                _ => Some((404, Version::Http10)),
            };
            assert_eq!(head.map(|head| (head.status, head.version)), want, "{end}");
        }
    }

    #[test]
    fn a_status_without_body_is_framed_even_without_fields() {
        let framing = |text: &str, context| status_line(context, text.as_bytes()).map(|head| head.framing);
        let other = RequestContext::Known(Method::Other);
        assert_eq!(framing("HTTP/1.1 304 ", other), Some(Framing::None));
        assert_eq!(
            framing("HTTP/1.1 200 ", RequestContext::Known(Method::Head)),
            Some(Framing::None)
        );
        assert_eq!(framing("HTTP/1.1 101 ", other), Some(Framing::Tunnel));
        assert_eq!(framing("HTTP/1.1 200 ", other), Some(Framing::Unknown));
        assert_eq!(framing("HTTP/1.1 2x0 ", other), Some(Framing::Unknown));
    }
}
