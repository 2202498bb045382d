//! The record layer (RFC 8446 section 5.1, RFC 5246 section 6.2): content type and length, bodies skipped.

/// What a record carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Content {
    ChangeCipherSpec,
    Alert,
    Handshake,
    ApplicationData,
    /// Heartbeats (RFC 6520).
    Other,
}

/// A record's header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    pub(super) content: Content,
    pub(super) length: u32,
}

pub(super) const HEADER_BYTES: usize = 5;
/// 2^14 bytes and what compression and encryption of TLS 1.2 may add (RFC 5246 section 6.2.3).
const LONGEST: u32 = (1 << 14) + 2_048;

impl Header {
    /// The header in `bytes`, or `None` if these begin no record.
    pub(super) fn parse(bytes: [u8; HEADER_BYTES]) -> Option<Self> {
        let [content, 3, minor, high, low] = bytes else {
            return None;
        };
        let length = u32::from(u16::from_be_bytes([high, low]));
        if minor > 4 || length > LONGEST {
            return None;
        }
        let content = content_of(content)?;
        Some(Self { content, length })
    }
}

fn content_of(byte: u8) -> Option<Content> {
    Some(match byte {
        20 => Content::ChangeCipherSpec,
        21 => Content::Alert,
        22 => Content::Handshake,
        23 => Content::ApplicationData,
        24 => Content::Other,
        _ => return None,
    })
}

/// Whether a record surely begins here.
#[must_use]
pub fn begins_record(bytes: &[u8]) -> bool {
    bytes
        .first_chunk::<HEADER_BYTES>()
        .is_some_and(|header| Header::parse(*header).is_some())
}

/// Whether `bytes` are the beginning of a header, or cannot be told from one.
fn may_begin_record(bytes: &[u8]) -> bool {
    let content = bytes
        .first()
        .is_some_and(|content| content_of(*content).is_some());
    content && bytes.len() < HEADER_BYTES && bytes.get(1).is_none_or(|major| *major == 3)
}

/// Whether a ClientHello (handshake type 1) begins here.
#[must_use]
pub fn begins_client_hello(bytes: &[u8]) -> bool {
    begins_record(bytes) && bytes[0] == 22 && bytes.get(HEADER_BYTES) == Some(&1)
}

/// What a reader meets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part<'a> {
    /// A record begins.
    Record(Header),
    /// Bytes of the record under way.
    Body(Content, &'a [u8]),
    /// This is no record: the next one is looked for at the beginning of the next segment.
    Lost,
}

/// The records of one direction.
#[derive(Debug, Default)]
pub(super) struct Records {
    header: [u8; HEADER_BYTES],
    have: usize,
    content: Option<Content>,
    left: u32,
    lost: bool,
    /// A record was read.
    pub(super) spoken: bool,
}

impl Records {
    /// A segment begins: after a loss, maybe a record, too.
    pub(super) fn begin(&mut self, bytes: &[u8], missing: u32) {
        if self.lost && (begins_record(bytes) || (missing > 0 && may_begin_record(bytes))) {
            self.lost = false;
            (self.have, self.left) = (0, 0);
        }
    }

    pub(super) fn lose(&mut self) {
        self.lost = true;
    }

    /// Whether the record boundaries are not known at the moment.
    pub(super) const fn is_lost(&self) -> bool {
        self.lost
    }

    /// What the record under way carries.
    pub(super) fn under_way(&self) -> Option<Content> {
        self.content.filter(|_| self.left > 0 && !self.lost)
    }

    /// The next part of `bytes`, which it shortens.
    pub(super) fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Option<Part<'a>> {
        if self.lost || bytes.is_empty() {
            return None;
        }
        if let Some(content) = self.content.filter(|_| self.left > 0) {
            let (body, rest) = bytes.split_at((self.left as usize).min(bytes.len()));
            *bytes = rest;
            self.left -= body.len() as u32;
            return Some(Part::Body(content, body));
        }
        let (taken, rest) = bytes.split_at((HEADER_BYTES - self.have).min(bytes.len()));
        *bytes = rest;
        self.header[self.have..self.have + taken.len()].copy_from_slice(taken);
        self.have += taken.len();
        if self.have < HEADER_BYTES {
            return None;
        }
        self.have = 0;
        let Some(header) = Header::parse(self.header) else {
            self.lost = true;
            return Some(Part::Lost);
        };
        self.spoken = true;
        (self.content, self.left) = (Some(header.content), header.length);
        Some(Part::Record(header))
    }

    /// Skips `len` bytes that were not captured. Returns how many of them lie behind the record under way: what records
    /// they hold cannot be told.
    pub(super) fn skip(&mut self, len: u32) -> u32 {
        if self.lost {
            return len;
        }
        let within = len.min(self.left);
        self.left -= within;
        if len > within || self.have > 0 {
            self.lost = true;
        }
        len - within
    }

    /// The header under way, if the snaplen cut it after the first byte: its length is taken from the segment's.
    pub(super) fn cut_header(&mut self, missing: u32) -> Option<Header> {
        if self.lost || self.have == 0 {
            return None;
        }
        let content = content_of(self.header[0])?;
        self.spoken = true;
        let length = missing.saturating_sub((HEADER_BYTES - self.have) as u32);
        self.have = 0;
        self.lost = true;
        Some(Header { content, length })
    }
}
