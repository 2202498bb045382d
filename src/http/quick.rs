//! The heads that nearly every message has, read line by line without looking at what does not matter.
//!
//! Anything unusual (a folded line, an unknown version, a byte that does not belong) is left to httparse,
//! which also is the oracle of the tests: where this says something, httparse says the same or refuses the head for a
//! field that does not matter here.

use super::fields::Fields;
use super::lines::Lines;
use super::target;
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
    let mut lines = Lines::of(bytes);
    let (line, version) = {
        let line = lines.next_line()?;
        line.split_at_checked(line.len().checked_sub(VERSION)?)?
    };
    let minor = minor_version(version.strip_prefix(b" HTTP/1.")?.strip_suffix(b"\r")?)?;
    let space = line.iter().position(|b| !b.is_ascii_uppercase())?;
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
#[inline]
pub(super) fn response(bytes: &[u8]) -> Option<QuickResponse<'_>> {
    let mut lines = Lines::of(bytes);
    let line = lines.next_line()?.strip_suffix(b"\r")?.strip_prefix(b"HTTP/1.")?;
    let (minor, rest) = line.split_at_checked(1)?;
    let minor = minor_version(minor)?;
    let [b' ', a, b, c, reason @ ..] = rest else {
        return None;
    };
    let plain = reason.is_empty()
        || reason[0] == b' ' && reason.iter().fold(true, |all, b| all & (0x20..=0x7e).contains(b));
    if !plain || ![a, b, c].iter().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let digit = |digit: &u8| u16::from(digit - b'0');
    let status = digit(a) * 100 + digit(b) * 10 + digit(c);
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

/// How a line begins, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// A name that does not matter.
    Other,
    /// `C`: Connection, Content-Length.
    C,
    /// `H`: Host.
    H,
    /// `T`: Transfer-Encoding.
    T,
    /// `U`: Upgrade.
    U,
    /// `X`: X-Accel-Redirect.
    X,
    /// A line end.
    End,
    /// White space begins a folded line; a colon has no name before it.
    Unusual,
}

/// By first byte.
const STARTS: [Start; 256] = {
    let mut starts = [Start::Other; 256];
    starts[b'c' as usize] = Start::C;
    starts[b'C' as usize] = Start::C;
    starts[b'h' as usize] = Start::H;
    starts[b'H' as usize] = Start::H;
    starts[b't' as usize] = Start::T;
    starts[b'T' as usize] = Start::T;
    starts[b'u' as usize] = Start::U;
    starts[b'U' as usize] = Start::U;
    starts[b'x' as usize] = Start::X;
    starts[b'X' as usize] = Start::X;
    starts[b'\r' as usize] = Start::End;
    starts[b'\n' as usize] = Start::End;
    starts[b' ' as usize] = Start::Unusual;
    starts[b'\t' as usize] = Start::Unusual;
    starts[b':' as usize] = Start::Unusual;
    starts
};

/// The field lines up to the empty line. Of most lines no more than the first byte is looked at.
#[expect(clippy::inline_always, reason = "the scanner's state is to stay in registers")]
#[inline(always)]
fn fields<'a>(bytes: &'a [u8], lines: &mut Lines<'a>) -> Option<Fields<'a>> {
    let mut fields = Fields::default();
    // One more for the empty line.
    for _ in 0..HEADER_FIELDS + 1 {
        let (start, end) = lines.next()?;
        let start_of = STARTS[usize::from(*bytes.get(start)?)];
        if start_of == Start::Other {
            continue;
        }
        let line = bytes.get(start..end)?;
        match start_of {
            Start::End if line.len() <= 1 => return Some(fields),
            Start::C => {
                named(line, b"connection", |value| fields.connection(value));
                named(line, b"content-length", |value| fields.content_length(value));
            }
            Start::H => named(line, b"host", |value| fields.host(value)),
            Start::T => named(line, b"transfer-encoding", |value| {
                fields.transfer_encoding(value);
            }),
            Start::U => named(line, b"upgrade", |value| fields.upgrade(value)),
            Start::X => named(line, b"x-accel-redirect", |_| fields.accel = true),
            Start::Unusual => return None,
            Start::End | Start::Other => {}
        }
    }
    None
}

/// Hands on the line's value if its field has this (lower case) name.
#[expect(
    clippy::inline_always,
    reason = "little is left of it where the name is known"
)]
#[inline(always)]
fn named<'a, const N: usize>(line: &'a [u8], name: &[u8; N], note: impl FnOnce(&'a [u8])) {
    if let Some((found, [b':', value @ ..])) = line.split_first_chunk::<N>()
        && is_name(found, name)
    {
        note(trimmed(value));
    }
}

/// Whether a field's name is this (lower case) one of 4 to 24 letters and hyphens: a few words, which may overlap.
#[expect(
    clippy::inline_always,
    reason = "little is left of it where the name is known"
)]
#[inline(always)]
fn is_name<const N: usize>(found: &[u8; N], name: &[u8; N]) -> bool {
    let four = |at| differing(word::<4>(found, at), word::<4>(name, at));
    let eight = |at| differing(word::<8>(found, at), word::<8>(name, at));
    let differing = match N {
        0..8 => four(0) | four(N - 4),
        8..=16 => eight(0) | eight(N - 8),
        _ => eight(0) | eight((N - 8) / 2) | eight(N - 8),
    };
    differing == 0
}

/// `BYTES` bytes, 8 at most, as a word.
#[inline]
fn word<const BYTES: usize>(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    if let Some(part) = bytes.get(at..at + BYTES) {
        word[..BYTES].copy_from_slice(part);
    }
    u64::from_le_bytes(word)
}

/// What is left where a name is the wanted one but for the case of its letters: nothing.
#[inline]
const fn differing(found: u64, wanted: u64) -> u64 {
    /// Letters have this bit, hyphens do not; its half tells a lower case letter from an upper case one.
    const LETTER: u64 = u64::from_le_bytes([0x40; 8]);
    (found | (wanted & LETTER) >> 1) ^ wanted
}

/// The value without the white space that is usual around it, or any.
#[expect(clippy::inline_always, reason = "a few instructions")]
#[inline(always)]
fn trimmed(value: &[u8]) -> &[u8] {
    match value {
        [b' ', inner @ .., b'\r'] if inner.first() > Some(&b' ') && inner.last() > Some(&b' ') => inner,
        _ => value.trim_ascii(),
    }
}
