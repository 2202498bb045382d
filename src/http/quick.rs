//! The heads that nearly every message has, read line by line without looking at what does not matter.
//!
//! Anything unusual (a folded line, an unknown version, a byte that does not belong) is left to httparse,
//! which also is the oracle of the tests: where this says something, httparse says the same or refuses the head for a
//! field that does not matter here.

use std::num::NonZeroUsize;

use super::familiar::Familiar;
use super::fields::Fields;
use super::lines::Lines;
use super::target;
use super::words::is_name;
use crate::limits::HEADER_FIELDS;

/// The lines of a head behind its first one, the empty line included.
const LINES: u32 = HEADER_FIELDS as u32 + 1;

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
pub(super) fn request<'a>(bytes: &'a [u8], familiar: Option<&mut Familiar>) -> Option<QuickRequest<'a>> {
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
    let (fields, length) = match familiar {
        Some(familiar) => request_fields(bytes, lines, familiar)?,
        None => (fields(bytes, &mut lines)?, lines.at),
    };
    Some(QuickRequest {
        method,
        target,
        minor,
        fields,
        length,
    })
}

/// The fields of a request, and where they end.
#[expect(clippy::inline_always, reason = "a part of what reads a request")]
#[inline(always)]
fn request_fields<'a>(
    bytes: &'a [u8],
    lines: Lines<'a>,
    familiar: &mut Familiar,
) -> Option<(Fields<'a>, usize)> {
    let section = bytes.get(lines.at..)?;
    if let Some((known, length)) = familiar.of_request(section) {
        return Some((known, lines.at + length));
    }
    unfamiliar_fields(bytes, lines, familiar)
}

/// Fields that have to be read, and are learned.
#[inline(never)]
fn unfamiliar_fields<'a>(
    bytes: &'a [u8],
    mut lines: Lines<'a>,
    familiar: &mut Familiar,
) -> Option<(Fields<'a>, usize)> {
    let at = lines.at;
    let fields = fields(bytes, &mut lines)?;
    familiar.learn_request(bytes.get(at..)?, lines.at - at, &fields);
    Some((fields, lines.at))
}

/// A response head at the beginning of `bytes`, if it is complete and plain.
#[expect(
    clippy::inline_always,
    reason = "a head is a large value: it is built once, where it is used"
)]
#[inline(always)]
pub(super) fn response<'a>(bytes: &'a [u8], familiar: Option<&mut Familiar>) -> Option<QuickResponse<'a>> {
    let Some(familiar) = familiar else {
        return read_response(bytes);
    };
    if let Some(known) = familiar.response(bytes) {
        return Some(known);
    }
    unfamiliar_response(bytes, familiar)
}

/// A response head that has to be read, and is learned.
#[inline(never)]
fn unfamiliar_response<'a>(bytes: &'a [u8], familiar: &mut Familiar) -> Option<QuickResponse<'a>> {
    let read = read_response(bytes)?;
    familiar.learn_response(bytes.get(..read.length)?, &read);
    Some(read)
}

fn read_response(bytes: &[u8]) -> Option<QuickResponse<'_>> {
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

/// The first four letters of a line, in lower case.
#[inline]
const fn letters(begin: [u8; 4]) -> u32 {
    u32::from_le_bytes(begin) | u32::from_le_bytes([b' '; 4])
}

const CONNECTION: u32 = letters(*b"conn");
const CONTENT: u32 = letters(*b"cont");
const HOST: u32 = letters(*b"host");
const TRANSFER: u32 = letters(*b"tran");
const UPGRADE: u32 = letters(*b"upgr");
const X_ACCEL: u32 = letters(*b"x-ac");

/// A line that begins with a letter has this bit in its first byte.
const LETTER: u32 = 0x40;

/// How the lines begin that matter, each at its [`slot`].
const STARTS: [u32; 8] = {
    let mut starts = [0; 8];
    let mut matter = [CONNECTION, CONTENT, HOST, TRANSFER, UPGRADE, X_ACCEL].as_slice();
    while let [letters, rest @ ..] = matter {
        assert!(starts[slot(*letters)] == 0, "each has a slot of its own");
        starts[slot(*letters)] = *letters;
        matter = rest;
    }
    starts
};

/// A number below 8, other ones for the lines that matter.
#[inline]
const fn slot(letters: u32) -> usize {
    (letters.wrapping_mul(0x5eb5_61a5) >> 29) as usize
}

/// Reads the field lines up to the empty line; returns where that ends. Of most lines no more than the first four bytes
/// are looked at. Out of line, so that the scanner's state has the registers for itself.
#[inline(never)]
fn read_fields<'a>(bytes: &'a [u8], at: usize, ends: u64, fields: &mut Fields<'a>) -> Option<NonZeroUsize> {
    let mut lines = Lines::resumed(bytes, at, ends);
    let mut left = LINES;
    loop {
        let (start, end) = lines.next()?;
        left = left.checked_sub(1)?;
        let begin = bytes.get(start..)?.first_chunk::<NAMED_BY>();
        let begin = begin.map_or(0, |begin| u32::from_le_bytes(*begin));
        if begin & LETTER == 0 {
            match bytes.get(start..end)? {
                b"" | b"\r" => return NonZeroUsize::new(lines.at),
                // White space begins a folded line; a colon has no name before it.
                [b' ' | b'\t' | b':', ..] => return None,
                _ => continue,
            }
        }
        let letters = letters(begin.to_le_bytes());
        if STARTS[slot(letters)] == letters {
            note(fields, letters, bytes.get(start..end)?);
        }
    }
}

/// What a field line means for who reads it.
pub(super) enum Line<'a> {
    /// A length, or what stands for it.
    Length(&'a [u8]),
    /// Each of its bytes may matter.
    Matters,
    /// Nothing, which its first [`NAMED_BY`] bytes say.
    Other,
}

/// So many bytes from where a line begins say whether it matters, though the line may be shorter.
pub(super) const NAMED_BY: usize = 4;

impl<'a> Line<'a> {
    /// Of the line of a whole head between these places.
    pub(super) fn of(head: &'a [u8], start: usize, end: usize) -> Self {
        let begin = head.get(start..).and_then(<[u8]>::first_chunk::<NAMED_BY>);
        let Some(letters) = begin.map(|begin| letters(*begin)) else {
            return Self::Matters;
        };
        if STARTS[slot(letters)] != letters {
            return Self::Other;
        }
        let line = head.get(start..end).unwrap_or_default();
        named(line, b"content-length").map_or(Self::Matters, Self::Length)
    }
}

/// The field lines up to the empty line.
#[expect(clippy::inline_always, reason = "what is read stays where it is used")]
#[inline(always)]
fn fields<'a>(bytes: &'a [u8], lines: &mut Lines<'a>) -> Option<Fields<'a>> {
    let mut fields = Fields::default();
    lines.at = read_fields(bytes, lines.at, lines.ends, &mut fields)?.get();
    Some(fields)
}

/// Notes a line that begins with these letters, if its field is one that matters.
#[inline]
fn note<'a>(fields: &mut Fields<'a>, letters: u32, line: &'a [u8]) {
    if letters == HOST {
        if let Some(value) = named(line, b"host") {
            fields.host(value);
        }
    } else if letters == CONTENT {
        if let Some(value) = named(line, b"content-length") {
            fields.content_length(value);
        }
    } else {
        note_seldom(fields, letters, line);
    }
}

#[inline(never)]
fn note_seldom(fields: &mut Fields<'_>, letters: u32, line: &[u8]) {
    match letters {
        CONNECTION => {
            if let Some(value) = named(line, b"connection") {
                fields.connection(value);
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
