//! The heads that nearly every message has, read line by line without looking at what does not matter.
//!
//! Anything unusual (a folded line, an unknown version, a byte that does not belong) is left to httparse,
//! which also is the oracle of the tests: where this says something, httparse says the same or refuses the head for a
//! field that does not matter here.

use super::fields::Fields;
use crate::limits::HEADER_FIELDS;

/// The parts of a request head.
pub(super) struct QuickRequest<'a> {
    pub(super) method: &'a [u8],
    pub(super) target: &'a [u8],
    pub(super) minor: u8,
    pub(super) fields: Fields<'a>,
    pub(super) length: usize,
}

/// The parts of a response head.
pub(super) struct QuickResponse<'a> {
    pub(super) status: u16,
    pub(super) minor: u8,
    pub(super) fields: Fields<'a>,
    pub(super) length: usize,
}

/// A request head at the beginning of `bytes`, if it is complete and plain.
#[inline]
pub(super) fn request(bytes: &[u8]) -> Option<QuickRequest<'_>> {
    const VERSION: usize = b" HTTP/1.1\r".len();
    let end = memchr::memchr(b'\n', bytes)?;
    let (line, version) = bytes[..end].split_at_checked(end.checked_sub(VERSION)?)?;
    let minor = minor_version(version.strip_prefix(b" HTTP/1.")?.strip_suffix(b"\r")?)?;
    let space = line.iter().position(|b| !b.is_ascii_uppercase())?;
    let (method, target) = (&line[..space], line[space..].strip_prefix(b" ")?);
    let printable = target
        .iter()
        .all(|b| (0x21..=0x7e).contains(b) && !matches!(b, b'"' | b'<' | b'>'));
    if method.is_empty() || target.is_empty() || !printable {
        return None;
    }
    let (fields, length) = fields(bytes, end + 1)?;
    Some(QuickRequest {
        method,
        target,
        minor,
        fields,
        length,
    })
}

/// A response head at the beginning of `bytes`, if it is complete and plain.
#[inline]
pub(super) fn response(bytes: &[u8]) -> Option<QuickResponse<'_>> {
    let end = memchr::memchr(b'\n', bytes)?;
    let line = bytes[..end].strip_suffix(b"\r")?.strip_prefix(b"HTTP/1.")?;
    let (minor, rest) = line.split_at_checked(1)?;
    let minor = minor_version(minor)?;
    let [b' ', a, b, c, reason @ ..] = rest else {
        return None;
    };
    let plain = reason.is_empty() || reason[0] == b' ' && reason.iter().all(|b| (0x20..=0x7e).contains(b));
    if !plain || ![a, b, c].iter().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let digit = |digit: &u8| u16::from(digit - b'0');
    let status = digit(a) * 100 + digit(b) * 10 + digit(c);
    let (fields, length) = fields(bytes, end + 1)?;
    Some(QuickResponse {
        status,
        minor,
        fields,
        length,
    })
}

fn minor_version(digit: &[u8]) -> Option<u8> {
    match digit {
        b"0" => Some(0),
        b"1" => Some(1),
        _ => None,
    }
}

/// The field lines from `start` to the empty line, and where the head ends.
#[inline]
fn fields(bytes: &[u8], start: usize) -> Option<(Fields<'_>, usize)> {
    let mut fields = Fields::default();
    let mut rest = bytes.get(start..)?;
    for _ in 0..=HEADER_FIELDS {
        let (line, after) = rest.split_at(memchr::memchr(b'\n', rest)?);
        rest = &after[1..];
        // The names that matter begin with one of these, in either case; a folded line begins with white space.
        match line {
            [] | [b'\r'] => return Some((fields, bytes.len() - rest.len())),
            [b'c' | b'C', ..] => {
                named(line, b"connection", |value| fields.connection(value));
                named(line, b"content-length", |value| fields.content_length(value));
            }
            [b'h' | b'H', ..] => named(line, b"host", |value| fields.host(value)),
            [b't' | b'T', ..] => named(line, b"transfer-encoding", |value| {
                fields.transfer_encoding(value);
            }),
            [b'u' | b'U', ..] => named(line, b"upgrade", |value| fields.upgrade(value)),
            [b'x' | b'X', ..] => named(line, b"x-accel-redirect", |_| fields.accel = true),
            [b' ' | b'\t' | b':', ..] => return None,
            _ => {}
        }
    }
    None
}

/// Hands on the line's value if its field has this (lower case) name.
#[inline]
fn named<'a, const N: usize>(line: &'a [u8], name: &[u8; N], note: impl FnOnce(&'a [u8])) {
    if let Some((found, [b':', value @ ..])) = line.split_first_chunk::<N>()
        // All names are letters and hyphens, which this bit leaves apart from everything else.
        && found.iter().zip(name).fold(0, |differ, (a, b)| differ | (a | 0x20) ^ b) == 0
    {
        note(value.trim_ascii());
    }
}
