//! The heads that nearly every message has, read line by line without looking at what does not matter.
//!
//! Anything unusual (a folded line, an unknown version, a byte that does not belong) is left to httparse,
//! which also is the oracle of the tests: where this says something, httparse says the same or refuses the head for a
//! field that does not matter here.

use super::fields::Fields;
use super::lines::Lines;
use super::target;
use super::words::is_name;
use crate::limits::HEADER_FIELDS;

/// The lines of a head behind its first one, the empty line included.
const LINES: usize = HEADER_FIELDS + 1;

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
#[inline(always)]
pub(super) fn request(bytes: &[u8]) -> Option<QuickRequest<'_>> {
    const VERSION: usize = b" HTTP/1.1\r".len();
    let mut lines = Lines::of(bytes);
    let (line, version) = {
        let line = lines.next_line()?;
        line.split_at_checked(line.len().checked_sub(VERSION)?)?
    };
    let minor = minor_version(version.strip_prefix(b" HTTP/1.")?.strip_suffix(b"\r")?)?;
    let space = if line.starts_with(b"GET ") {
        3
    } else {
        line.iter().position(|b| !b.is_ascii_uppercase())?
    };
    let (method, target) = (&line[..space], line[space..].strip_prefix(b" ")?);
    if method.is_empty() || target.is_empty() || !target::is_plain(target) {
        return None;
    }
    let fields = fields(bytes, &mut lines)?;
    Some(QuickRequest {
        method,
        target,
        minor,
        fields,
        length: lines.at,
    })
}

/// A response head at the beginning of `bytes`, if it is complete and plain.
#[expect(
    clippy::inline_always,
    reason = "a head is a large value: it is built once, where it is used"
)]
#[inline(always)]
pub(super) fn response(bytes: &[u8]) -> Option<QuickResponse<'_>> {
    let mut lines = Lines::of(bytes);
    let (version, line) = lines.next_line()?.split_first_chunk::<8>()?;
    // Compared as words.
    let minor = if version == b"HTTP/1.1" {
        1
    } else if version == b"HTTP/1.0" {
        0
    } else {
        return None;
    };
    let (code, reason) = line.strip_suffix(b"\r")?.split_first_chunk::<4>()?;
    let status = status(*code)?;
    if !matches!(reason, b"" | b" " | b" OK") && !is_reason(reason) {
        return None;
    }
    let fields = fields(bytes, &mut lines)?;
    Some(QuickResponse {
        status,
        minor,
        fields,
        length: lines.at,
    })
}

fn minor_version(digit: &[u8]) -> Option<u8> {
    match digit {
        b"0" => Some(0),
        b"1" => Some(1),
        _ => None,
    }
}

/// A space and three digits; nearly always the same ones.
#[inline]
fn status(code: [u8; 4]) -> Option<u16> {
    if code == *b" 200" {
        return Some(200);
    }
    let [b' ', digits @ ..] = code else { return None };
    let mut status = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        status = status * 10 + u16::from(digit - b'0');
    }
    Some(status)
}

/// Whether a space and printable ASCII follow the status.
fn is_reason(reason: &[u8]) -> bool {
    reason[0] == b' ' && reason.iter().all(|b| (0x20..=0x7e).contains(b))
}

/// How a line begins that matters: three letters, in lower case.
#[inline]
const fn letters(begin: [u8; 4]) -> u32 {
    (u32::from_le_bytes(begin) | 0x20_20_20) & 0xff_ff_ff
}

/// Connection, Content-Length.
const CON: u32 = letters(*b"conn");
const HOST: u32 = letters(*b"host");
const TRANSFER: u32 = letters(*b"tran");
const UPGRADE: u32 = letters(*b"upgr");
const X_ACCEL: u32 = letters(*b"x-ac");
/// A line end.
const END: u32 = 1;
/// White space begins a folded line; a colon has no name before it.
const UNUSUAL: u32 = 2;

/// By a line's first byte, its three letters if it matters; 0: it does not.
const STARTS: [u32; 256] = {
    let mut starts = [0; 256];
    let mut matter = [CON, HOST, TRANSFER, UPGRADE, X_ACCEL].as_slice();
    while let [letters, rest @ ..] = matter {
        let [first, ..] = letters.to_le_bytes();
        starts[first as usize] = *letters;
        starts[first.to_ascii_uppercase() as usize] = *letters;
        matter = rest;
    }
    starts[b'\r' as usize] = END;
    starts[b'\n' as usize] = END;
    starts[b' ' as usize] = UNUSUAL;
    starts[b'\t' as usize] = UNUSUAL;
    starts[b':' as usize] = UNUSUAL;
    starts
};

/// The field lines up to the empty line. Of most lines no more than the first byte is looked at.
#[expect(clippy::inline_always, reason = "the scanner's state is to stay in registers")]
#[inline(always)]
fn fields<'a>(bytes: &'a [u8], lines: &mut Lines<'a>) -> Option<Fields<'a>> {
    let mut fields = Fields::default();
    for _ in 0..LINES {
        let (start, end) = lines.next()?;
        let wanted = STARTS[usize::from(*bytes.get(start)?)];
        if wanted == 0 {
            continue;
        }
        let line = bytes.get(start..end)?;
        if line.first_chunk().is_some_and(|begin| letters(*begin) == wanted) {
            match wanted {
                HOST => {
                    if let Some(value) = named(line, b"host") {
                        fields.host(value);
                    }
                }
                CON => {
                    if let Some(value) = named(line, b"connection") {
                        fields.connection(value);
                    } else if let Some(value) = named(line, b"content-length") {
                        fields.content_length(value);
                    }
                }
                TRANSFER => {
                    if let Some(value) = named(line, b"transfer-encoding") {
                        fields.transfer_encoding(value);
                    }
                }
                UPGRADE => {
                    if let Some(value) = named(line, b"upgrade") {
                        fields.upgrade(value);
                    }
                }
                _ => {
                    if named(line, b"x-accel-redirect").is_some() {
                        fields.accel();
                    }
                }
            }
        } else if wanted == END && line.len() <= 1 {
            return Some(fields);
        } else if wanted == UNUSUAL {
            return None;
        }
    }
    None
}

/// The line's value if its field has this (lower case) name.
#[expect(
    clippy::inline_always,
    reason = "little is left of it where the name is known"
)]
#[inline(always)]
fn named<'a, const N: usize>(line: &'a [u8], name: &[u8; N]) -> Option<&'a [u8]> {
    match line.split_first_chunk::<N>() {
        Some((found, [b':', value @ ..])) if is_name(found, name) => Some(trimmed(value)),
        _ => None,
    }
}

/// The value without the white space that is usual around it, or any.
#[expect(clippy::inline_always, reason = "a few instructions")]
#[inline(always)]
fn trimmed(value: &[u8]) -> &[u8] {
    match value {
        [b' ', inner @ .., b'\r'] if inner.first() > Some(&b' ') && inner.last() > Some(&b' ') => inner,
        _ => trimmed_of_any(value),
    }
}

#[cold]
#[inline(never)]
fn trimmed_of_any(value: &[u8]) -> &[u8] {
    value.trim_ascii()
}
