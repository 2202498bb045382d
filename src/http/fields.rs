//! The header fields that decide framing and persistence.

/// What the fields of one head say, collected in one pass.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent tokens of one head")]
pub(super) struct Fields<'a> {
    pub(super) close: bool,
    pub(super) keep_alive: bool,
    /// `Connection: upgrade`.
    pub(super) connection_upgrade: bool,
    pub(super) upgrade: bool,
    /// Upgrade names `h2c`.
    pub(super) h2c: bool,
    /// `X-Accel-Redirect`, by which a server hands a response over to nginx.
    pub(super) accel: bool,
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
    /// `X-Accel-Redirect`.
    pub const ACCEL: u8 = 16;

    /// None.
    pub const NONE: Self = Self(0);

    /// Whether `token` is there.
    #[inline]
    #[must_use]
    pub const fn has(self, token: u8) -> bool {
        self.0 & token != 0
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
    /// What they say of the connection.
    #[inline]
    pub(super) const fn tokens(&self) -> Tokens {
        Tokens(
            (self.close as u8 * Tokens::CLOSE)
                | (self.keep_alive as u8 * Tokens::KEEP_ALIVE)
                | (self.connection_upgrade as u8 * Tokens::UPGRADE)
                | (self.upgrade as u8 * Tokens::UPGRADE_FIELD)
                | (self.accel as u8 * Tokens::ACCEL),
        )
    }

    /// Notes one field if it matters.
    #[inline]
    pub(super) fn note(&mut self, name: &[u8], value: &'a [u8]) {
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => self.host(value),
            7 if name.eq_ignore_ascii_case(b"upgrade") => self.upgrade(value),
            10 if name.eq_ignore_ascii_case(b"connection") => self.connection(value),
            16 if name.eq_ignore_ascii_case(b"x-accel-redirect") => self.accel = true,
            14 if name.eq_ignore_ascii_case(b"content-length") => self.content_length(value),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.transfer_encoding(value),
            _ => {}
        }
    }

    pub(super) fn upgrade(&mut self, value: &[u8]) {
        self.upgrade = true;
        self.h2c |= value
            .split(|b| *b == b',')
            .any(|name| name.trim_ascii().eq_ignore_ascii_case(b"h2c"));
    }

    pub(super) fn host(&mut self, value: &'a [u8]) {
        self.host = self.host.or(Some(value));
    }

    #[inline]
    pub(super) fn connection(&mut self, value: &[u8]) {
        match value {
            b"close" => self.close = true,
            b"keep-alive" => self.keep_alive = true,
            _ => self.connection_tokens(value),
        }
    }

    fn connection_tokens(&mut self, value: &[u8]) {
        for token in value.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
            self.close |= token.eq_ignore_ascii_case(b"close");
            self.keep_alive |= token.eq_ignore_ascii_case(b"keep-alive");
            self.connection_upgrade |= token.eq_ignore_ascii_case(b"upgrade");
        }
    }

    #[inline]
    pub(super) fn content_length(&mut self, value: &[u8]) {
        match (self.content_length, decimal(value)) {
            (ContentLength::Absent, Some(length)) => self.content_length = ContentLength::Is(length),
            _ => self.content_lengths(value),
        }
    }

    /// A list of equal values counts as one (RFC 9110 section 8.6).
    fn content_lengths(&mut self, value: &[u8]) {
        for part in value.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
            let parsed = decimal(part);
            self.content_length = match (self.content_length, parsed) {
                (ContentLength::Absent, Some(n)) => ContentLength::Is(n),
                (ContentLength::Is(before), Some(n)) if before == n => self.content_length,
                _ => ContentLength::Invalid,
            };
        }
    }

    pub(super) fn transfer_encoding(&mut self, value: &[u8]) {
        let last = value
            .rsplit(|b| *b == b',')
            .map(<[u8]>::trim_ascii)
            .find(|coding| !coding.is_empty());
        self.transfer_encoding = match last {
            Some(coding) if coding.eq_ignore_ascii_case(b"chunked") => TransferEncoding::Chunked,
            _ => TransferEncoding::Other,
        };
    }
}

/// So many digits are no overflow, whatever bytes stand in their places.
const ALWAYS_FIT: usize = 16;

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    if digits.len() <= ALWAYS_FIT {
        // No early end, for the few digits that there are.
        let (value, worst) = digits.iter().fold((0, 0), |(value, worst), digit| {
            let digit = digit.wrapping_sub(b'0');
            (value * 10 + u64::from(digit), digit.max(worst))
        });
        return (worst < 10).then_some(value);
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
        assert!(fields.close && fields.connection_upgrade && !fields.keep_alive);
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
