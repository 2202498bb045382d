//! Requests that come again byte for byte, as those of health checks, pollers and load tests do: what was read in one, and
//! what follows from it, is known of the next by one comparison.

use std::fmt;

use super::asked::{asked, text_of};
use crate::aggregate::{Asked, PrefixRef};
use crate::classify::Version;
use crate::http::{Extent, Framing, Method, RequestHead, Tokens};
use crate::limits::{REPEATED_REQUEST_BYTES, REPEATED_REQUESTS};

/// The last of so many that are not known takes the place of one that is, if that did not come meanwhile.
const LEARNED: u8 = 16;

/// Whole requests met lately, by a few bits of them.
#[derive(Default)]
pub(super) struct Repeated {
    known: Vec<Known>,
}

/// A request that is nothing but a head, and what it said.
struct Known {
    bytes: Vec<u8>,
    method: Method,
    method_name: Part,
    target: Part,
    host: Option<Part>,
    version: Version,
    announced: bool,
    tokens: Tokens,
    prefix: PrefixRef,
    /// Hash of what it asks for, ...
    asked: u64,
    /// ... its text, ...
    text: Vec<u8>,
    /// ... and where both were told last.
    told: Asked,
    /// Others of the same few bits that came since.
    others: u8,
}

/// Where a part of a request begins and ends.
type Part = (usize, usize);

/// Which of the known requests one is, and the number of its Host and prefix.
#[derive(Clone, Copy)]
pub(super) struct Again {
    pub(super) prefix: PrefixRef,
    place: usize,
}

impl Repeated {
    /// The head of a request that came before, but for its texts, which hardly anything asks for: [`head`](Self::head) has
    /// them.
    #[expect(
        clippy::inline_always,
        reason = "a head is a large value: it stays where it was built"
    )]
    #[inline(always)]
    pub(super) fn find<'a>(&mut self, bytes: &'a [u8]) -> Option<(RequestHead<'a>, Again)> {
        let place = few_bits(bytes);
        let known = self.known.get_mut(place)?;
        if known.bytes != bytes {
            return None;
        }
        known.others = 0;
        let prefix = known.prefix;
        Some((known.without_texts(bytes), Again { prefix, place }))
    }

    /// The whole head of a request that was found.
    #[cold]
    #[inline(never)]
    pub(super) fn head<'a>(&self, again: Again, bytes: &'a [u8]) -> RequestHead<'a> {
        let none = Known::none();
        let known = self.known.get(again.place).unwrap_or(&none);
        let part = |(start, end): Part| bytes.get(start..end).unwrap_or_default();
        RequestHead {
            method_name: part(known.method_name),
            target: part(known.target),
            host: known.host.map(part),
            ..known.without_texts(bytes)
        }
    }

    /// A request that is not known, the first `length` of these bytes at least.
    #[expect(clippy::inline_always, reason = "hardly ever more than a comparison or two")]
    #[inline(always)]
    pub(super) fn meet(&mut self, bytes: &[u8], length: usize, head: &RequestHead<'_>, prefix: PrefixRef) {
        if length != bytes.len() || head.framing != Framing::None {
            return;
        }
        if let Some(known) = self.known.get_mut(few_bits(bytes)) {
            known.others = known.others.wrapping_add(1);
            if known.others < LEARNED && !known.bytes.is_empty() {
                return;
            }
        }
        self.learn(bytes, &head.without_framing(), prefix);
    }

    #[cold]
    #[inline(never)]
    fn learn(&mut self, bytes: &[u8], head: &RequestHead<'_>, prefix: PrefixRef) {
        // What looks like a PROXY protocol header is none only behind another message.
        if bytes.len() > REPEATED_REQUEST_BYTES || bytes.starts_with(b"PROXY ") {
            return;
        }
        if self.known.is_empty() {
            self.known.resize_with(REPEATED_REQUESTS, Known::none);
        }
        let Some(known) = self.known.get_mut(few_bits(bytes)) else {
            return;
        };
        let part = |part: &[u8]| {
            let start = part.as_ptr().addr().wrapping_sub(bytes.as_ptr().addr());
            (start, start.wrapping_add(part.len()))
        };
        let (mut kept, mut text) = (std::mem::take(&mut known.bytes), std::mem::take(&mut known.text));
        kept.clear();
        kept.extend_from_slice(bytes);
        text.clear();
        for piece in text_of(head.method_name, head.target) {
            text.extend_from_slice(piece);
        }
        *known = Known {
            bytes: kept,
            method: head.method,
            method_name: part(head.method_name),
            target: part(head.target),
            host: head.host.map(part),
            version: head.version,
            announced: head.announced,
            tokens: head.tokens,
            prefix,
            asked: asked(head.method_name, head.target),
            text,
            told: Asked::default(),
            others: 0,
        };
    }

    /// The hash of what a known request asks for, and where that and the text are in `lines`: where they were told before, if
    /// nobody has taken these since.
    #[inline]
    pub(super) fn tell_asked(&mut self, again: Again, lines: &mut Vec<u8>) -> (u64, Asked) {
        let Some(known) = self.known.get_mut(again.place) else {
            return (0, Asked::default());
        };
        if known.told.of(lines) != Some((known.asked, known.text.as_slice())) {
            known.told = Asked::note(lines, known.asked, &[&known.text], known.text.len());
        }
        (known.asked, known.told)
    }
}

impl Known {
    #[expect(
        clippy::inline_always,
        reason = "a head is a large value: it stays where it was built"
    )]
    #[inline(always)]
    fn without_texts<'a>(&self, bytes: &'a [u8]) -> RequestHead<'a> {
        RequestHead {
            method: self.method,
            method_name: &[],
            target: &[],
            host: None,
            version: self.version,
            announced: self.announced,
            tokens: self.tokens,
            framing: Framing::None,
            extent: Extent::Whole,
            bytes,
        }
    }

    fn none() -> Self {
        Self {
            bytes: Vec::new(),
            method: Method::Other,
            method_name: (0, 0),
            target: (0, 0),
            host: None,
            version: Version::Http11,
            announced: false,
            tokens: Tokens::NONE,
            prefix: PrefixRef::UNREAD,
            asked: 0,
            text: Vec::new(),
            told: Asked::default(),
            others: 0,
        }
    }
}

/// A place for a request, other ones for most others: by its length and how its target begins behind the slash.
#[inline]
fn few_bits(bytes: &[u8]) -> usize {
    const BITS: u32 = REPEATED_REQUESTS.ilog2();
    const TARGET: usize = b"GET /".len();
    let begin = bytes.get(TARGET..).and_then(<[u8]>::first_chunk);
    let begin = begin.map_or(0, |begin| u64::from_le_bytes(*begin));
    let bits = (begin ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (bits >> (u64::BITS - BITS)) as usize
}

impl fmt::Debug for Repeated {
    /// Without the requests: there may be secrets in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repeated").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Familiar, MessageStream};
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Option<(RequestHead<'_>, usize)> {
        MessageStream::default().plain_request(bytes, &mut Familiar::default())
    }

    proptest! {
        #[test]
        fn what_comes_again_says_what_it_said(
            requests in proptest::collection::vec((
                "(GET|POST|PROXY) /[ab]{0,2}(\\?x)? HTTP/1.[01]\r\n(Host: [ab]\r\n)?(Connection: (close|keep-alive|upgrade)\r\n)?(Content-Length: [01]\r\n)?\r\n[ab]?",
                any::<bool>(),
            ), 1..300),
        ) {
            let (mut repeated, mut lines) = (Repeated::default(), Vec::new());
            for (request, taken) in requests {
                let bytes = request.as_bytes();
                let Some((head, length)) = read(bytes) else {
                    prop_assert!(repeated.find(bytes).is_none());
                    continue;
                };
                let prefix = PrefixRef(head.target.len() as u32);
                if taken {
                    lines.clear();
                }
                match repeated.find(bytes) {
                    Some((known, again)) => {
                        let texts = RequestHead { method_name: &[], target: &[], host: None, ..head };
                        prop_assert_eq!(format!("{known:?}"), format!("{texts:?}"));
                        let known = repeated.head(again, bytes);
                        prop_assert_eq!(format!("{known:?}"), format!("{head:?}"));
                        prop_assert!(head.framing == Framing::None && length == bytes.len());
                        prop_assert_eq!(again.prefix, prefix);
                        let (hash, told) = repeated.tell_asked(again, &mut lines);
                        let text = text_of(head.method_name, head.target).concat();
                        prop_assert_eq!(hash, asked(head.method_name, head.target));
                        prop_assert_eq!(told.of(&lines), Some((hash, text.as_slice())));
                    }
                    None => repeated.meet(bytes, length, &head, prefix),
                }
            }
        }
    }

    #[test]
    fn it_is_known_from_the_second_time_on_and_told_once() {
        let (mut repeated, mut lines) = (Repeated::default(), Vec::new());
        let bytes = b"GET /health?n=1 HTTP/1.1\r\nHost: a\r\n\r\n";
        let (head, length) = read(bytes).expect("a plain head");
        assert!(repeated.find(bytes).is_none());
        repeated.meet(bytes, length, &head, PrefixRef(7));
        let (_, again) = repeated.find(bytes).expect("a known request");
        let known = repeated.head(again, bytes);
        assert_eq!((known.host, again.prefix), (Some(&b"a"[..]), PrefixRef(7)));
        let first = repeated.tell_asked(again, &mut lines);
        let told = lines.len();
        assert_eq!(repeated.tell_asked(again, &mut lines), first);
        assert_eq!(lines.len(), told);
        assert_eq!(first.1.of(&lines), Some((first.0, &b"GET /health"[..])));
    }

    #[test]
    fn long_requests_are_not_kept_and_few_are() {
        let mut repeated = Repeated::default();
        let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(REPEATED_REQUEST_BYTES));
        let (head, length) = read(long.as_bytes()).expect("a plain head");
        repeated.meet(long.as_bytes(), length, &head, PrefixRef(0));
        assert!(repeated.find(long.as_bytes()).is_none());
        for n in 0..10_000 {
            let request = format!("GET /{n} HTTP/1.1\r\n\r\n");
            let (head, length) = read(request.as_bytes()).expect("a plain head");
            repeated.meet(request.as_bytes(), length, &head, PrefixRef(n));
        }
        assert_eq!(repeated.known.len(), REPEATED_REQUESTS);
        assert!(!format!("{repeated:?}").contains("bytes"));
    }
}
