//! The header fields that decide framing and persistence.

use super::words::is;

/// What the fields of one head say, collected in one pass.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fields<'a> {
    pub(super) tokens: Tokens,
    pub(super) host: Option<&'a [u8]>,
    pub(super) content_length: ContentLength,
    pub(super) transfer_encoding: TransferEncoding,
}

/// What a head says of its connection, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tokens(u8);

impl Tokens {
    /// `Connection: close`.
    pub const CLOSE: u8 = 1;
    /// `Connection: keep-alive`.
    pub const KEEP_ALIVE: u8 = 2;
    /// `Connection: upgrade`.
    pub const UPGRADE: u8 = 4;
    /// An Upgrade field.
    pub const UPGRADE_FIELD: u8 = 8;
    /// `X-Accel-Redirect`, by which a server hands a response over to nginx.
    pub const ACCEL: u8 = 16;
    /// Upgrade names `h2c`: after a 101, HTTP/2 follows (RFC 7540 section 3.2).
    pub const H2C: u8 = 32;
    /// Every one of them, as the bits of a number.
    pub const ALL: u8 = 63;

    /// None.
    pub const NONE: Self = Self(0);

    /// Whether `token` is there.
    #[inline]
    #[must_use]
    pub const fn has(self, token: u8) -> bool {
        self.0 & token != 0
    }

    /// All that are there, one bit each.
    #[inline]
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    #[inline]
    const fn note(&mut self, token: u8) {
        self.0 |= token;
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ContentLength {
    #[default]
    Absent,
    Is(u64),
    /// Not a number, too large, or two that differ (RFC 9112 section 6.3 rule 5).
    Invalid,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TransferEncoding {
    #[default]
    Absent,
    /// `chunked` is the last coding.
    Chunked,
    /// Something else is last.
    Other,
}

impl<'a> Fields<'a> {
    /// Notes one field if it matters.
    #[inline]
    pub(super) fn note(&mut self, name: &[u8], value: &'a [u8]) {
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => self.host(value),
            7 if name.eq_ignore_ascii_case(b"upgrade") => self.upgrade(value),
            10 if name.eq_ignore_ascii_case(b"connection") => self.connection(value),
            16 if name.eq_ignore_ascii_case(b"x-accel-redirect") => self.accel(),
            14 if name.eq_ignore_ascii_case(b"content-length") => self.content_length(value),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.transfer_encoding(value),
            _ => {}
        }
    }

    #[expect(
        clippy::inline_always,
        reason = "the fields stay in registers where nothing takes their address"
    )]
    #[inline(always)]
    pub(super) fn accel(&mut self) {
        self.tokens.note(Tokens::ACCEL);
    }

    #[expect(
        clippy::inline_always,
        reason = "the fields stay in registers where nothing takes their address"
    )]
    #[inline(always)]
    pub(super) fn upgrade(&mut self, value: &[u8]) {
        self.tokens.note(upgrade(value));
    }

    #[expect(
        clippy::inline_always,
        reason = "the fields stay in registers where nothing takes their address"
    )]
    #[inline(always)]
    pub(super) fn host(&mut self, value: &'a [u8]) {
        self.host = self.host.or(Some(value));
    }

    #[expect(
        clippy::inline_always,
        reason = "the fields stay in registers where nothing takes their address"
    )]
    #[inline(always)]
    pub(super) fn connection(&mut self, value: &[u8]) {
        self.tokens.note(if is(value, b"keep-alive") {
            Tokens::KEEP_ALIVE
        } else if is(value, b"close") {
            Tokens::CLOSE
        } else {
            connection(value)
        });
    }

    #[expect(
        clippy::inline_always,
        reason = "the fields stay in registers where nothing takes their address"
    )]
    #[inline(always)]
    pub(super) fn content_length(&mut self, value: &[u8]) {
        self.content_length = match (self.content_length, decimal(value)) {
            (ContentLength::Absent, Some(length)) => ContentLength::Is(length),
            (before, _) => content_length(before, value),
        };
    }

    #[expect(
        clippy::inline_always,
        reason = "the fields stay in registers where nothing takes their address"
    )]
    #[inline(always)]
    pub(super) fn transfer_encoding(&mut self, value: &[u8]) {
        self.transfer_encoding = if is(value, b"chunked") {
            TransferEncoding::Chunked
        } else {
            transfer_encoding(value)
        };
    }
}

// The values that are not usual: out of the way, and of plain values, so that the fields may stay in registers.

#[cold]
#[inline(never)]
fn upgrade(value: &[u8]) -> u8 {
    let mut names = value.split(|b| *b == b',').map(<[u8]>::trim_ascii);
    let h2c = names.any(|name| name.eq_ignore_ascii_case(b"h2c"));
    Tokens::UPGRADE_FIELD | if h2c { Tokens::H2C } else { 0 }
}

#[cold]
#[inline(never)]
fn connection(value: &[u8]) -> u8 {
    let mut tokens = 0;
    for token in value.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
        for (name, bit) in [
            (&b"close"[..], Tokens::CLOSE),
            (b"keep-alive", Tokens::KEEP_ALIVE),
            (b"upgrade", Tokens::UPGRADE),
        ] {
            if token.eq_ignore_ascii_case(name) {
                tokens |= bit;
            }
        }
    }
    tokens
}

/// A list of equal values counts as one (RFC 9110 section 8.6).
#[cold]
#[inline(never)]
fn content_length(before: ContentLength, value: &[u8]) -> ContentLength {
    let parts = value.split(|b| *b == b',').map(<[u8]>::trim_ascii);
    let and = |before, part| match (before, decimal(part)) {
        (ContentLength::Absent, Some(n)) => ContentLength::Is(n),
        (ContentLength::Is(before), Some(n)) if before == n => ContentLength::Is(n),
        _ => ContentLength::Invalid,
    };
    parts.fold(before, and)
}

#[cold]
#[inline(never)]
fn transfer_encoding(value: &[u8]) -> TransferEncoding {
    let mut codings = value.rsplit(|b| *b == b',').map(<[u8]>::trim_ascii);
    match codings.find(|coding| !coding.is_empty()) {
        Some(coding) if coding.eq_ignore_ascii_case(b"chunked") => TransferEncoding::Chunked,
        _ => TransferEncoding::Other,
    }
}

/// So many digits are no overflow.
const ALWAYS_FIT: usize = 16;

#[expect(clippy::inline_always, reason = "a few instructions")]
#[inline(always)]
fn decimal(digits: &[u8]) -> Option<u64> {
    // Nearly every body is this long.
    if let [hundreds, tens, ones] = digits {
        let [hundreds, tens, ones] =
            [hundreds, tens, ones].map(|digit| u32::from(*digit).wrapping_sub(u32::from(b'0')));
        let whole = hundreds <= 9 && tens <= 9 && ones <= 9;
        return whole.then(|| u64::from(hundreds * 100 + tens * 10 + ones));
    }
    if digits.is_empty() {
        return None;
    }
    if digits.len() <= ALWAYS_FIT {
        let mut value = 0;
        for digit in digits {
            let digit = digit.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            value = value * 10 + u64::from(digit);
        }
        return Some(value);
    }
    digits.iter().try_fold(0_u64, |n, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        n.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(values: &[&[u8]]) -> ContentLength {
        let mut fields = Fields::default();
        for value in values {
            fields.note(b"Content-Length", value);
        }
        fields.content_length
    }

    #[test]
    fn content_length_by_rfc_9110() {
        assert_eq!(length(&[b"42"]), ContentLength::Is(42));
        assert_eq!(length(&[b"42, 42"]), ContentLength::Is(42));
        assert_eq!(length(&[b"42", b"42"]), ContentLength::Is(42));
        assert_eq!(length(&[b"42", b"43"]), ContentLength::Invalid);
        assert_eq!(length(&[b"-1"]), ContentLength::Invalid);
        assert_eq!(length(&[b"99999999999999999999"]), ContentLength::Invalid);
        assert_eq!(length(&[b""]), ContentLength::Invalid);
    }

    #[test]
    fn connection_tokens_are_a_case_insensitive_list() {
        let mut fields = Fields::default();
        fields.note(b"cOnnection", b"Upgrade , CLOSE");
        assert_eq!(fields.tokens.bits(), Tokens::UPGRADE | Tokens::CLOSE);
    }

    #[test]
    fn chunked_counts_only_as_the_last_coding() {
        let coding = |value| {
            let mut fields = Fields::default();
            fields.note(b"Transfer-Encoding", value);
            fields.transfer_encoding
        };
        assert_eq!(coding(b"gzip, chunked"), TransferEncoding::Chunked);
        assert_eq!(coding(b"chunked, gzip"), TransferEncoding::Other);
        assert_eq!(coding(b"identity"), TransferEncoding::Other);
    }
}
