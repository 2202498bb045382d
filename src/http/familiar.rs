//! Heads met lately: who asks or answers again and again sends heads of one shape.

use std::fmt;

use super::fields::Fields;
use super::quick::QuickResponse;
use super::shape::Shape;

/// Heads that take more bytes are read each time.
const LONGEST: usize = 1_024;
/// How many shapes of requests that end with their heads are known, by their length.
const REQUESTS: usize = 16;
/// How many shapes of others.
const IN_LIST: usize = 8;
/// The last of so many that are not known takes the place of one that is: of the same length if that was not met meanwhile, or
/// of the one in the list whose turn it is.
const LEARNED: u8 = 16;

/// What a few heads said, and which ones say the same.
#[derive(Default)]
pub struct Familiar {
    /// Of requests that end with their heads, without their start lines.
    requests: [Section; REQUESTS],
    /// Of requests that go on, without their start lines.
    with_bodies: List<()>,
    /// Status and minor version of responses.
    responses: List<(u16, u8)>,
}

/// All of a request behind its start line.
#[derive(Default)]
struct Section {
    shape: Shape,
    /// Others of a length that leads here that came since it was met.
    others: u8,
}

/// Heads behind which more may come, so that their length is not known before they are.
#[derive(Default)]
struct List<T> {
    /// In the order in which they were learned, and what is said before the fields.
    known: Vec<(Shape, T)>,
    /// The place of the one that was learned last.
    latest: usize,
    /// Others that came since.
    others: u8,
}

impl Familiar {
    /// What the fields of a request say that begin with `bytes`, and how many of these they are, if they are known.
    #[expect(clippy::inline_always, reason = "what is known stays where it is used")]
    #[inline(always)]
    pub(super) fn of_request<'a>(&mut self, bytes: &'a [u8]) -> Option<(Fields<'a>, usize)> {
        let section = &mut self.requests[bytes.len() % REQUESTS];
        if let Some(fields) = section.shape.fields(bytes) {
            section.others = 0;
            return Some((fields, bytes.len()));
        }
        if bytes.ends_with(END) {
            return None;
        }
        let (fields, length, ()) = self.with_bodies.find(bytes)?;
        Some((fields, length))
    }

    /// Fields of a request, which are the first `length` of these bytes, and were read because they are not known.
    #[inline(never)]
    pub(super) fn learn_request(&mut self, bytes: &[u8], length: usize, fields: &Fields<'_>) {
        if length != bytes.len() {
            let head = bytes.get(..length).unwrap_or_default();
            return self.with_bodies.learn(head, 0, fields, ());
        }
        if length > LONGEST {
            return;
        }
        let section = &mut self.requests[length % REQUESTS];
        section.others = section.others.wrapping_add(1);
        if section.others >= LEARNED || section.shape.len() == 0 {
            section.others = 0;
            section.shape.learn(bytes, 0, fields);
        }
    }

    /// The response head that begins with `bytes`, if it is known.
    #[expect(clippy::inline_always, reason = "what is known stays where it is used")]
    #[inline(always)]
    pub(super) fn response<'a>(&self, bytes: &'a [u8]) -> Option<QuickResponse<'a>> {
        let (fields, length, (status, minor)) = self.responses.find(bytes)?;
        Some(QuickResponse {
            status,
            minor,
            fields,
            length,
        })
    }

    /// A response head that was read because it is not known.
    pub(super) fn learn_response(&mut self, bytes: &[u8], read: &QuickResponse<'_>) {
        let fields_at = bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let said = (read.status, read.minor);
        self.responses.learn(bytes, fields_at, &read.fields, said);
    }
}

/// The end of the last line and the empty one.
const END: &[u8; 4] = b"\r\n\r\n";

impl<T: Copy + Default> List<T> {
    /// What the head says that begins with `bytes`, and its length.
    #[expect(clippy::inline_always, reason = "what is known stays where it is used")]
    #[inline(always)]
    fn find<'a>(&self, bytes: &'a [u8]) -> Option<(Fields<'a>, usize, T)> {
        for (shape, said) in &self.known {
            let length = shape.len();
            // Nearly always so many bytes of it end otherwise if it is of another shape.
            if let Some(head) = bytes.get(..length)
                && head.ends_with(END)
                && let Some(fields) = shape.fields(head)
            {
                return Some((fields, length, *said));
            }
        }
        None
    }

    /// A head that was read because it is not known.
    fn learn(&mut self, head: &[u8], fields_at: usize, fields: &Fields<'_>, said: T) {
        if head.len() > LONGEST || !head.ends_with(END) {
            return;
        }
        self.others = self.others.wrapping_add(1);
        let has_room = self.known.len() < IN_LIST;
        if !has_room && self.others < LEARNED {
            return;
        }
        self.others = 0;
        if has_room {
            self.known.push((Shape::default(), T::default()));
            self.latest = self.known.len() - 1;
        } else {
            self.latest = (self.latest + 1) % IN_LIST;
        }
        if let Some(known) = self.known.get_mut(self.latest) {
            known.0.learn(head, fields_at, fields);
            known.1 = said;
        }
    }
}

impl fmt::Debug for Familiar {
    /// Without the fields: they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Familiar")
            .field("responses", &self.responses.known.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::head::{Method, quick_request, quick_response};
    use super::*;
    use proptest::prelude::*;

    /// Lines that matter and others, of few lengths, so that shapes come again.
    const LINES: &str = "(Host: [ab]|Host:  c|Connection: (close|keep-alive)|Content-Length: ?[0-2]{1,2}|Content-Type: [ab]|X: [a:\\t]{2}|X-A:[ a]{3}|Upgrade: h2c|Date: [0-9]{4}|[a-c]|1| folded)\r?\n";
    const BODY: &str = "(|[a\r\n]{0,6})";

    proptest! {
        #[test]
        fn what_is_known_says_what_it_said(
            heads in proptest::collection::vec(("/[a-c]{1,9}", proptest::collection::vec(LINES, 0..4), BODY, 0..4_usize), 1..120),
        ) {
            let mut familiar = Familiar::default();
            for (target, lines, body, cut) in heads {
                let head = format!("GET {target} HTTP/1.1\r\nUser-Agent: a somewhat longer value\r\n{}\r\n{body}", lines.concat());
                let head = &head.as_bytes()[..head.len() - cut];
                let known = quick_request(head, Some(&mut familiar));
                prop_assert_eq!(format!("{known:?}"), format!("{:?}", quick_request(head, None)));
            }
        }

        #[test]
        fn known_responses_say_what_they_said(
            heads in proptest::collection::vec(("HTTP/1.[01] (200 OK|200 |404 No|304 X)", proptest::collection::vec(LINES, 0..4), BODY, 0..4_usize), 1..120),
        ) {
            let mut familiar = Familiar::default();
            for (line, lines, body, cut) in heads {
                let head = format!("{line}\r\nServer: some\r\n{}\r\n{body}", lines.concat());
                let head = &head.as_bytes()[..head.len() - cut];
                let known = quick_response(head, Some(Method::Other), Some(&mut familiar));
                prop_assert_eq!(format!("{known:?}"), format!("{:?}", quick_response(head, Some(Method::Other), None)));
            }
        }
    }

    #[test]
    fn heads_of_one_shape_are_known() {
        let mut familiar = Familiar::default();
        let section =
            |cookie: &str| format!("Host: a.example\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
        for (target, cookie) in [("/", "s=1"), ("/a/b?c", "s=2")] {
            let fields = section(cookie);
            let head = format!("GET {target} HTTP/1.1\r\n{fields}");
            let (read, length) = quick_request(head.as_bytes(), Some(&mut familiar)).expect("a plain head");
            assert_eq!((read.host, length), (Some(&b"a.example"[..]), head.len()));
            assert!(read.announced && familiar.of_request(fields.as_bytes()).is_some());
        }
        assert!(familiar.of_request(section("s=12").as_bytes()).is_none());
        assert!(familiar.of_request(section("s\n2").as_bytes()).is_none());
        assert!(familiar.of_request(b"").is_none());
        let response = |length, day| {
            format!("HTTP/1.1 200 OK\r\nDate: {day}, 01 Jan 2026\r\nContent-Length: {length}\r\n\r\nHTTP")
        };
        let read = quick_response(response("12", "Mon").as_bytes(), None, Some(&mut familiar));
        assert!(read.is_some());
        let again = response("34", "Tue");
        let known = familiar.response(again.as_bytes()).expect("a known shape");
        let read = quick_response(again.as_bytes(), None, None).map(|(_, length)| length);
        assert_eq!((known.status, Some(known.length)), (200, read));
        assert_eq!(format!("{:?}", known.fields.content_length), "Is(34)");
        assert!(familiar.response(response("1x", "Tue").as_bytes()).is_none());
    }

    #[test]
    fn others_take_the_place_of_what_is_known_and_nothing_is_shown() {
        let mut familiar = Familiar::default();
        let section = b"Host: a.example\r\nCookie: secret\r\n\r\n";
        familiar.learn_request(section, section.len(), &Fields::default());
        assert!(familiar.of_request(section).is_some());
        let bytes = format!("{:?}", b"secret");
        assert!(!format!("{familiar:?}").contains(bytes.trim_matches(['[', ']'])));
        let long = vec![b'x'; LONGEST + REQUESTS + section.len() % REQUESTS];
        (0..2 * LEARNED).for_each(|_| familiar.learn_request(&long, long.len(), &Fields::default()));
        assert!(familiar.of_request(&long).is_none() && familiar.of_request(section).is_some());
        let other = vec![b'x'; section.len() + REQUESTS];
        (0..LEARNED).for_each(|_| familiar.learn_request(&other, other.len(), &Fields::default()));
        assert!(familiar.of_request(&other).is_some() && familiar.of_request(section).is_none());
    }
}
