//! ClientHello and ServerHello (RFC 8446 section 4.1, RFC 5246 section 7.4.1), read as far as they were captured.

/// What a ClientHello offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClientHello {
    pub(super) session_id: Vec<u8>,
    /// server_name, of type host_name (RFC 6066 section 3).
    pub(super) server_name: Option<Box<str>>,
}

/// What a ServerHello chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerHello {
    pub(super) session_id: Vec<u8>,
    /// TLS 1.3, by supported_versions.
    pub(super) tls13: bool,
    /// It accepted a pre-shared key (TLS 1.3's resumption).
    pub(super) pre_shared_key: bool,
    /// It asks for another ClientHello.
    pub(super) retry: bool,
}

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const SERVER_NAME: u16 = 0;
const PRE_SHARED_KEY: u16 = 41;
const SUPPORTED_VERSIONS: u16 = 43;
/// SHA-256 of "HelloRetryRequest", the random of one that is (RFC 8446 section 4.1.3); its first bytes.
const RETRY: [u8; 8] = [0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11];

/// Takes fields off the front; what was cut off is missing.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(field)
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        let field = self.take(bytes)?;
        Some(field.iter().fold(0, |n, byte| n << 8 | usize::from(*byte)))
    }

    /// A field behind its own length.
    fn vector(&mut self, length_bytes: usize) -> Option<&'a [u8]> {
        let len = self.number(length_bytes)?;
        self.take(len)
    }
}

/// Where the handshake message at the beginning of `bytes` ends.
pub(super) fn message_length(bytes: &[u8]) -> Option<usize> {
    Fields(bytes.get(1..)?).number(3).map(|len| len + 4)
}

/// The body of a hello behind its type and length, and its random and session id.
fn hello(bytes: &[u8], kind: u8) -> Option<(Fields<'_>, &[u8], Vec<u8>)> {
    let mut fields = Fields(bytes);
    if fields.number(1)? != usize::from(kind) {
        return None;
    }
    fields.take(3 + 2)?;
    let random = fields.take(32)?;
    let session_id = fields.vector(1)?.to_vec();
    Some((fields, random, session_id))
}

/// Hands on each extension that is there whole.
fn extensions<'a>(mut fields: Fields<'a>, mut each: impl FnMut(u16, &'a [u8])) {
    fields.number(2);
    while let (Some(kind), Some(body)) = (fields.number(2), fields.vector(2)) {
        each(kind as u16, body);
    }
}

impl ClientHello {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (mut fields, _, session_id) = hello(bytes, CLIENT_HELLO)?;
        let mut found = Self {
            session_id,
            server_name: None,
        };
        if fields.vector(2).and_then(|_| fields.vector(1)).is_some() {
            extensions(fields, |kind, body| {
                if kind == SERVER_NAME {
                    found.server_name = host_name(body);
                }
            });
        }
        Some(found)
    }
}

impl ServerHello {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (mut fields, random, session_id) = hello(bytes, SERVER_HELLO)?;
        let mut found = Self {
            session_id,
            retry: random.starts_with(&RETRY),
            ..Self::default()
        };
        if fields.take(3).is_some() {
            extensions(fields, |kind, body| match kind {
                SUPPORTED_VERSIONS => found.tls13 = body == [3, 4],
                PRE_SHARED_KEY => found.pre_shared_key = true,
                _ => {}
            });
        }
        Some(found)
    }
}

fn host_name(body: &[u8]) -> Option<Box<str>> {
    let mut list = Fields(body);
    list.number(2)?;
    (list.number(1)? == 0).then_some(())?;
    let name = list.vector(2)?;
    let name = std::str::from_utf8(name).ok()?;
    (!name.is_empty() && name.len() <= 255).then(|| name.into())
}
