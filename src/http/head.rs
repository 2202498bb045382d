//! Request and response heads, and the framing that follows from them (RFC 9112 section 6.3).

use std::mem::MaybeUninit;

use super::familiar::Familiar;
use super::fields::{ContentLength, Fields, Tokens, TransferEncoding};
use super::quick;
use crate::classify::Version;
use crate::limits::HEADER_FIELDS;

/// What follows a head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    /// No body.
    None,
    /// A body of this many bytes.
    Sized(u64),
    /// The chunked coding.
    Chunked,
    /// A body until the connection closes.
    UntilClose,
    /// No more HTTP.
    Tunnel,
    /// Contradictory or unusable fields: the length cannot be known.
    Unknown,
}

/// The methods that change the framing of the response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// The response has no body.
    Head,
    /// A 2xx response opens a tunnel.
    Connect,
    /// HTTP/0.9: the response need not have a head.
    Simple,
    /// Any other method.
    Other,
}

impl Method {
    /// By its name.
    pub(super) fn of(name: &[u8]) -> Self {
        match name {
            b"HEAD" => Self::Head,
            b"CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }
}

/// How much of a head was captured.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Extent {
    /// Nothing that could be read: that there was a head follows from who sent what after whom.
    Nothing,
    /// Less than the start line: the target may go on, version or status may be unknown.
    PartOfStartLine,
    /// The start line; what the fields say is not known.
    StartLine,
    /// All of it.
    Whole,
}

/// Stands for a status that was cut off or encrypted; none of RFC 9110 section 15 (100 to 599).
pub const UNREAD_STATUS: u16 = 0;

/// A request head.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// What the method means for the response.
    pub method: Method,
    /// The method as sent.
    pub method_name: &'a [u8],
    /// The request target as sent.
    pub target: &'a [u8],
    /// The Host field.
    pub host: Option<&'a [u8]>,
    /// The version it was sent in.
    pub version: Version,
    /// It carried `Connection: close`, or was HTTP/1.0 without `keep-alive`, or HTTP/0.9.
    pub announced: bool,
    /// What it says of the connection.
    pub tokens: Tokens,
    /// What follows.
    pub framing: Framing,
    /// How much of it was captured.
    pub extent: Extent,
    /// Its bytes, for fields that are seldom looked at (see [`fields`](super::fields())); empty where they are not at hand.
    pub bytes: &'a [u8],
}

/// A response head; interim ones (1xx) included.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead {
    /// The status code, or [`UNREAD_STATUS`].
    pub status: u16,
    /// The version it was sent in.
    pub version: Version,
    /// It carried `Connection: close`, or was HTTP/1.0 without `keep-alive`.
    pub announced: bool,
    /// What it says of the connection.
    pub tokens: Tokens,
    /// What follows, by the method of the request it answers.
    pub framing: Framing,
    /// How much of it was captured.
    pub extent: Extent,
}

impl ResponseHead {
    /// The status of a response that shows none (HTTP/0.9, header fields that could not be decoded).
    pub const NO_STATUS: u16 = 0;

    /// Interim responses do not answer the request; 101 does, by changing the protocol (RFC 9110 section 15.2).
    #[must_use]
    pub const fn is_interim(&self) -> bool {
        self.status >= 100 && self.status < 200 && self.status != 101
    }
}

/// Outcome of looking at bytes that should begin a head.
pub(super) enum Parsed<T> {
    /// A head of this many bytes.
    Complete(T, usize),
    /// More bytes are needed.
    Partial,
    /// No head.
    Invalid,
}

type FieldSlots<'h, 'a> = &'h mut [MaybeUninit<httparse::Header<'a>>; HEADER_FIELDS];

fn collect<'a>(headers: &[httparse::Header<'a>]) -> Fields<'a> {
    let mut fields = Fields::default();
    for header in headers {
        fields.note(header.name.as_bytes(), header.value);
    }
    fields
}

pub(super) const fn version(minor: u8) -> Version {
    if minor == 0 {
        Version::Http10
    } else {
        Version::Http11
    }
}

const fn announced(version: Version, fields: &Fields<'_>) -> bool {
    let tokens = fields.tokens;
    tokens.has(Tokens::CLOSE) || (matches!(version, Version::Http10) && !tokens.has(Tokens::KEEP_ALIVE))
}

/// A head of any shape; out of line, for heads of the usual shape are read elsewhere.
#[inline(never)]
pub(super) fn parse_request(bytes: &[u8]) -> Parsed<RequestHead<'_>> {
    match quick_request(bytes, None) {
        Some((head, length)) => Parsed::Complete(head, length),
        None => parse_any_request(bytes),
    }
}

/// A whole request head of the usual shape, and its length.
#[expect(
    clippy::inline_always,
    reason = "a head is a large value: it is built once, where it is used"
)]
#[inline(always)]
pub(super) fn quick_request<'a>(
    bytes: &'a [u8],
    familiar: Option<&mut Familiar>,
) -> Option<(RequestHead<'a>, usize)> {
    let found = quick::request(bytes, familiar)?;
    let head = RequestHead {
        bytes: bytes.get(..found.length)?,
        ..request_head(found.method, found.target, found.minor, &found.fields)
    };
    Some((head, found.length))
}

#[expect(
    clippy::inline_always,
    reason = "a head is a large value: it is built once, where it is used"
)]
#[inline(always)]
fn request_head<'a>(name: &'a [u8], target: &'a [u8], minor: u8, fields: &Fields<'a>) -> RequestHead<'a> {
    let version = version(minor);
    RequestHead {
        method: Method::of(name),
        method_name: name,
        target,
        host: fields.host,
        version,
        announced: announced(version, fields),
        tokens: fields.tokens,
        framing: request_framing(fields),
        extent: Extent::Whole,
        bytes: &[],
    }
}

/// Any request head that httparse accepts.
pub(super) fn parse_any_request(bytes: &[u8]) -> Parsed<RequestHead<'_>> {
    let mut slots = [const { MaybeUninit::uninit() }; HEADER_FIELDS];
    let slots: FieldSlots<'_, '_> = &mut slots;
    let mut request = httparse::Request::new(&mut []);
    let length = match request.parse_with_uninit_headers(bytes, slots) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Parsed::Partial,
        Err(_) => return Parsed::Invalid,
    };
    let (Some(method_name), Some(target), Some(minor)) = (request.method, request.path, request.version)
    else {
        return Parsed::Invalid;
    };
    let fields = collect(request.headers);
    let head = RequestHead {
        bytes: bytes.get(..length).unwrap_or_default(),
        ..request_head(method_name.as_bytes(), target.as_bytes(), minor, &fields)
    };
    Parsed::Complete(head, length)
}

/// A head of any shape; out of line, for heads of the usual shape are read elsewhere.
#[inline(never)]
pub(super) fn parse_response(bytes: &[u8], answers: Option<Method>) -> Parsed<ResponseHead> {
    match quick_response(bytes, answers, None) {
        Some((head, length)) => Parsed::Complete(head, length),
        None => parse_any_response(bytes, answers),
    }
}

/// A whole response head of the usual shape, and its length.
#[expect(
    clippy::inline_always,
    reason = "a head is a large value: it is built once, where it is used"
)]
#[inline(always)]
pub(super) fn quick_response(
    bytes: &[u8],
    answers: Option<Method>,
    familiar: Option<&mut Familiar>,
) -> Option<(ResponseHead, usize)> {
    let found = quick::response(bytes, familiar)?;
    let head = response_head(found.status, found.minor, answers, &found.fields);
    Some((head, found.length))
}

#[expect(
    clippy::inline_always,
    reason = "a head is a large value: it is built once, where it is used"
)]
#[inline(always)]
fn response_head(status: u16, minor: u8, answers: Option<Method>, fields: &Fields<'_>) -> ResponseHead {
    let version = version(minor);
    ResponseHead {
        status,
        version,
        announced: announced(version, fields),
        tokens: fields.tokens,
        framing: response_framing(status, answers, fields),
        extent: Extent::Whole,
    }
}

/// Any response head that httparse accepts.
pub(super) fn parse_any_response(bytes: &[u8], answers: Option<Method>) -> Parsed<ResponseHead> {
    let mut slots = [const { MaybeUninit::uninit() }; HEADER_FIELDS];
    let slots: FieldSlots<'_, '_> = &mut slots;
    let mut response = httparse::Response::new(&mut []);
    let mut config = httparse::ParserConfig::default();
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true);
    let length = match config.parse_response_with_uninit_headers(&mut response, bytes, slots) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Parsed::Partial,
        Err(_) => return Parsed::Invalid,
    };
    let (Some(status), Some(minor)) = (response.code, response.version) else {
        return Parsed::Invalid;
    };
    let fields = collect(response.headers);
    Parsed::Complete(response_head(status, minor, answers, &fields), length)
}

/// RFC 9112 section 6.3, rules 3 to 7 as far as they concern requests.
fn request_framing(fields: &Fields<'_>) -> Framing {
    match (fields.transfer_encoding, fields.content_length) {
        (TransferEncoding::Chunked, _) => Framing::Chunked,
        (TransferEncoding::Other, _) | (_, ContentLength::Invalid) => Framing::Unknown,
        (_, ContentLength::Is(0) | ContentLength::Absent) => Framing::None,
        (_, ContentLength::Is(length)) => Framing::Sized(length),
    }
}

/// RFC 9112 section 6.3, in the order of its rules; `answers` is the method of the request, if it was seen.
fn response_framing(status: u16, answers: Option<Method>, fields: &Fields<'_>) -> Framing {
    match (status, answers) {
        // Nearly every response.
        (200, None | Some(Method::Other | Method::Simple)) => {}
        (101, _) | (200..=299, Some(Method::Connect)) => return Framing::Tunnel,
        (100..=199 | 204 | 304, _) | (_, Some(Method::Head)) => return Framing::None,
        _ => {}
    }
    match (fields.transfer_encoding, fields.content_length) {
        (TransferEncoding::Chunked, _) => Framing::Chunked,
        (TransferEncoding::Other, _) => Framing::UntilClose,
        (_, ContentLength::Invalid) => Framing::Unknown,
        (_, ContentLength::Is(0)) => Framing::None,
        (_, ContentLength::Is(length)) => Framing::Sized(length),
        (_, ContentLength::Absent) => Framing::UntilClose,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row a rule of RFC 9112 section 6.3.
    #[test]
    fn response_framing_rule_by_rule() {
        let rows: &[(&str, Option<Method>, Framing)] = &[
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
                Some(Method::Head),
                Framing::None,
            ),
            (
                "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
                None,
                Framing::None,
            ),
            (
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
                None,
                Framing::None,
            ),
            ("HTTP/1.1 100 Continue\r\n\r\n", None, Framing::None),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", None, Framing::Tunnel),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
                Some(Method::Connect),
                Framing::Tunnel,
            ),
            (
                "HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\n",
                Some(Method::Connect),
                Framing::Sized(5),
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
                None,
                Framing::Chunked,
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                None,
                Framing::UntilClose,
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
                None,
                Framing::Unknown,
            ),
            (
                "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n",
                None,
                Framing::Sized(5),
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                None,
                Framing::None,
            ),
            ("HTTP/1.0 200 OK\r\n\r\n", None, Framing::UntilClose),
        ];
        for (text, answers, want) in rows {
            let Parsed::Complete(head, length) = parse_response(text.as_bytes(), *answers) else {
                panic!("{text}")
            };
            assert_eq!((head.framing, length), (*want, text.len()), "{text}");
        }
    }

    #[test]
    fn persistence_as_declared() {
        let rows = [
            ("GET / HTTP/1.1\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", true),
            ("GET / HTTP/1.0\r\n\r\n", true),
            ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", false),
            (
                "GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
                false,
            ),
        ];
        for (text, want) in rows {
            let Parsed::Complete(head, _) = parse_request(text.as_bytes()) else {
                panic!("{text}")
            };
            assert_eq!(head.announced, want, "{text}");
        }
    }

    #[test]
    fn request_framing_of_bodies() {
        let framing = |fields: &str| {
            let text = format!("POST /x HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
            let Parsed::Complete(head, _) = parse_request(text.as_bytes()) else {
                panic!("{text}")
            };
            assert_eq!((head.host, head.target), (Some(&b"h"[..]), &b"/x"[..]));
            head.framing
        };
        assert_eq!(framing(""), Framing::None);
        assert_eq!(framing("Content-Length: 7\r\n"), Framing::Sized(7));
        assert_eq!(framing("Transfer-Encoding: chunked\r\n"), Framing::Chunked);
        assert_eq!(framing("Transfer-Encoding: gzip\r\n"), Framing::Unknown);
    }
}
