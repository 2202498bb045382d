//! Fields met lately: who asks again and again sends the same ones, whatever the targets are.

use std::fmt;

use super::fields::{ContentLength, Fields, Tokens, TransferEncoding};

/// Fields that take more bytes are read each time.
const LONGEST: usize = 1_024;
/// How many are known, by their length.
const KNOWN: usize = 8;
/// One in so many that are not known takes the place of one that is.
const LEARNED: u8 = 8;

/// What the fields of a few request heads said, byte for byte as they were: the same bytes say the same again.
#[derive(Debug, Default)]
pub struct Familiar {
    known: [Section; KNOWN],
}

/// All bytes of a head behind its start line, and what they say.
#[derive(Default)]
struct Section {
    bytes: Vec<u8>,
    /// Where the value of Host is.
    host: Option<(usize, usize)>,
    tokens: Tokens,
    content_length: ContentLength,
    transfer_encoding: TransferEncoding,
    /// Others of a length that leads here that came since.
    others: u8,
}

impl Familiar {
    /// What the fields say that are all of `bytes`, if they are known.
    #[expect(clippy::inline_always, reason = "what is known stays where it is used")]
    #[inline(always)]
    pub(super) fn fields<'a>(&self, bytes: &'a [u8]) -> Option<Fields<'a>> {
        let section = &self.known[bytes.len() % KNOWN];
        // What nobody has learned yet is empty, which says nothing.
        if bytes.is_empty() || section.bytes != bytes {
            return None;
        }
        let host = section.host.map(|(start, end)| bytes.get(start..end));
        Some(Fields {
            tokens: section.tokens,
            host: host.flatten(),
            content_length: section.content_length,
            transfer_encoding: section.transfer_encoding,
        })
    }

    /// Fields that were read because they are not known.
    #[inline]
    pub(super) fn learn(&mut self, bytes: &[u8], fields: &Fields<'_>) {
        if bytes.len() > LONGEST {
            return;
        }
        let section = &mut self.known[bytes.len() % KNOWN];
        section.others = section.others.wrapping_add(1);
        if section.others >= LEARNED || section.bytes.is_empty() {
            section.learn(bytes, fields);
        }
    }
}

impl fmt::Debug for Section {
    /// Without the fields: they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Section")
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

impl Section {
    #[cold]
    #[inline(never)]
    fn learn(&mut self, bytes: &[u8], fields: &Fields<'_>) {
        self.others = 0;
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        self.host = fields.host.map(|host| {
            let start = host.as_ptr().addr().wrapping_sub(bytes.as_ptr().addr());
            (start, start.wrapping_add(host.len()))
        });
        self.tokens = fields.tokens;
        self.content_length = fields.content_length;
        self.transfer_encoding = fields.transfer_encoding;
    }
}

#[cfg(test)]
mod tests {
    use super::super::head::quick_request;
    use super::*;
    use proptest::prelude::*;

    const LINES: &str = "(Host: [ab]|Host:  c|Connection: (close|keep-alive)|Content-Length: [0-2]|X: [ab]|Upgrade: h2c| folded)\r\n";

    proptest! {
        #[test]
        fn what_is_known_says_what_it_said(
            heads in proptest::collection::vec(("/[a-c]{1,9}", proptest::collection::vec(LINES, 0..3), 0..4_usize), 1..80),
        ) {
            let mut familiar = Familiar::default();
            for (target, lines, cut) in heads {
                let head = format!("GET {target} HTTP/1.1\r\n{}\r\n", lines.concat()).into_bytes();
                let head = &head[..head.len() - cut];
                let known = quick_request(head, Some(&mut familiar));
                prop_assert_eq!(format!("{known:?}"), format!("{:?}", quick_request(head, None)));
            }
        }
    }

    #[test]
    fn the_same_fields_are_known_behind_any_target() {
        let mut familiar = Familiar::default();
        let fields = b"Host: a.example\r\nConnection: close\r\n\r\n";
        assert!(familiar.fields(fields).is_none() && familiar.fields(b"").is_none());
        for target in ["/", "/a/b?c"] {
            let head = [format!("GET {target} HTTP/1.1\r\n").as_bytes(), fields].concat();
            let (read, length) = quick_request(&head, Some(&mut familiar)).expect("a plain head");
            assert_eq!((read.host, length), (Some(&b"a.example"[..]), head.len()));
            assert!(read.announced && familiar.fields(fields).is_some());
            let bytes = format!("{:?}", b"a.example");
            assert!(!format!("{familiar:?}").contains(bytes.trim_matches(['[', ']'])));
        }
        let others = vec![b'x'; LONGEST + 1 + fields.len() % KNOWN];
        (0..2 * LEARNED).for_each(|_| familiar.learn(&others, &Fields::default()));
        assert!(familiar.fields(&others).is_none());
    }
}
