//! The messages of one direction.

use super::body::{Body, Phase, Progress};
use super::cut::{self, Cut};
use super::event::{Event, GapEffect, RequestContext, Side, Step, Unreadable};
use super::head::{Framing, Parsed, parse_request, parse_response};
use super::http2::begins_frames;
use super::prelude::begins_connection;
use super::recognise::{START_LINE, begins_message, could_start, end_of_head, protocol_of};
use crate::classify::Protocol;
use crate::limits::HEAD_BYTES;

/// The framing state of one direction.
#[derive(Debug, Default)]
pub struct MessageStream {
    pub(super) body: Body,
    /// The part of a head seen so far; kept until the next head so that events may borrow from it.
    pub(super) partial: Option<Box<Vec<u8>>>,
}

impl MessageStream {
    /// A stream whose first byte was not captured: it waits for a head at the beginning of a segment.
    #[must_use]
    pub fn midstream() -> Self {
        Self {
            body: Body {
                phase: Phase::Resync,
                ..Body::default()
            },
            ..Self::default()
        }
    }

    /// Whether a head has begun and is not complete.
    #[must_use]
    pub fn in_head(&self) -> bool {
        self.body.phase == Phase::Head
    }

    /// Whether the message ends with the connection.
    #[must_use]
    pub fn is_until_close(&self) -> bool {
        self.body.phase == Phase::UntilClose
    }

    /// Whether framing is lost at the moment.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.body.phase == Phase::Resync
    }

    /// Whether a body is under way.
    #[must_use]
    pub fn in_body(&self) -> bool {
        !matches!(
            self.body.phase,
            Phase::Start
                | Phase::Head
                | Phase::Resync
                | Phase::Unframed
                | Phase::NotHttp
                | Phase::Tunnel
                | Phase::Prelude
                | Phase::PreludeRest
                | Phase::Http2
        )
    }

    /// Whether a message is under way whose end cannot be told.
    #[must_use]
    pub fn is_unframed(&self) -> bool {
        self.body.phase == Phase::Unframed
    }

    /// Everything from here on is tunnel (after 101 or CONNECT, decided by the response).
    pub fn tunnel(&mut self) {
        self.partial = None;
        self.body.start(Phase::Tunnel, 0);
    }

    /// HTTP/2 frames from here on.
    pub fn http2(&mut self) {
        self.partial = None;
        self.body.start(Phase::Http2, 0);
    }

    /// After an upgrade to HTTP/2 the client's preface comes behind the request (RFC 7540 section 3.2).
    pub fn expect_preface(&mut self) {
        self.body.spoken = false;
    }

    /// Reads on. Call again with the rest as long as there is an event or bytes remain.
    #[inline]
    pub fn advance<'a>(&'a mut self, side: Side, context: RequestContext, data: &'a [u8]) -> Step<'a> {
        match self.body.phase {
            Phase::Start => self.start(side, context, data),
            Phase::Head => self.continue_head(side, context, data),
            Phase::Resync | Phase::Unframed => self.resync(side, context, data),
            Phase::NotHttp | Phase::Tunnel | Phase::UntilClose => Step {
                used: data.len(),
                event: None,
            },
            Phase::Http2 => Step {
                used: data.len(),
                event: Some(Event::Http2(data)),
            },
            Phase::Prelude => self.continue_prelude(side, context, data),
            Phase::PreludeRest => self.skip_prelude(data),
            _ => self.skip_body(data),
        }
    }

    /// Bytes that exist on the wire and not in the capture.
    pub fn gap(&mut self, len: u64) -> GapEffect {
        let ended_before = self.body.phase == Phase::Sized && self.body.left <= len;
        if let Some(ended) = self.body.skip_gap(len) {
            if ended {
                self.body.start(Phase::Start, 0);
            }
            return GapEffect { ended, lost: false };
        }
        self.partial = None;
        self.body.start(Phase::Resync, 0);
        GapEffect {
            ended: ended_before,
            lost: true,
        }
    }

    /// The snaplen cut `len` bytes off the segment whose captured bytes, `bytes`, were read just now.
    pub fn cut<'a>(&'a mut self, side: Side, context: RequestContext, bytes: &[u8], len: u64) -> Cut<'a> {
        let phase = self.body.phase;
        match phase {
            Phase::Head => {}
            Phase::Start if bytes.is_empty() => {}
            Phase::Resync | Phase::Unframed if cut::could_begin(side, bytes) => {}
            Phase::Resync => return Cut::Body,
            Phase::Unframed | Phase::ChunkSize | Phase::ChunkExtension | Phase::ChunkEnd | Phase::Trailer => {
                self.body.start(Phase::Unframed, 0);
                return Cut::Body;
            }
            Phase::ChunkData if len > self.body.left => {
                self.body.start(Phase::Unframed, 0);
                return Cut::Body;
            }
            _ => return Cut::Framed(self.gap(len)),
        }
        self.body.start(Phase::Unframed, 0);
        if phase != Phase::Head {
            return Cut::Unread;
        }
        let readable = |bytes: &Vec<u8>| cut::start_line(side, context, bytes).is_some();
        if !self.partial.as_deref().is_some_and(readable) {
            self.partial = None;
            return Cut::Unread;
        }
        self.body.spoken = true;
        let started = self.partial.as_deref().map_or(&[][..], Vec::as_slice);
        cut::start_line(side, context, started).map_or(Cut::Unread, Cut::Head)
    }

    fn skip_body<'a>(&'a mut self, data: &'a [u8]) -> Step<'a> {
        if self.body.doubtful {
            self.body.doubtful = false;
            if data.starts_with(b"HTTP/1.") {
                self.body.start(Phase::Start, 0);
                return Step {
                    used: 0,
                    event: Some(Event::End),
                };
            }
        }
        match self.body.skip(data) {
            Progress::More => Step {
                used: data.len(),
                event: None,
            },
            Progress::Ended(used) => {
                self.body.start(Phase::Start, 0);
                Step {
                    used,
                    event: Some(Event::End),
                }
            }
            Progress::Broken => self.desync(data.len(), Unreadable::Chunk),
        }
    }

    #[expect(
        clippy::inline_always,
        reason = "nearly every message begins here: its head is built where it is used"
    )]
    #[inline(always)]
    pub(super) fn start<'a>(&'a mut self, side: Side, context: RequestContext, data: &'a [u8]) -> Step<'a> {
        let blank = data.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        // `PROXY UNKNOWN HTTP/1.1` could be read as a request, too.
        if (blank > 0 || data.first() == Some(&b'P')) && self.has_prelude(side, data) {
            return self.prelude(side, 0, data);
        }
        let head = &data[blank..];
        if head.is_empty() {
            return Step {
                used: data.len(),
                event: None,
            };
        }
        match parse(side, context, head) {
            Parsed::Complete(event, length) => {
                self.partial = None;
                self.begin(&event, context);
                Step {
                    used: blank + length,
                    event: Some(event),
                }
            }
            Parsed::Partial => self.no_head(side, context, data, blank, true),
            Parsed::Invalid => self.no_head(side, context, data, blank, false),
        }
    }

    pub(super) fn continue_head<'a>(
        &'a mut self,
        side: Side,
        context: RequestContext,
        data: &'a [u8],
    ) -> Step<'a> {
        let partial = self.partial.get_or_insert_default();
        let before = partial.len();
        let Some(end) = end_of_head(partial, data) else {
            partial.extend_from_slice(data);
            // Looked at again only while it is short, or a slow sender would make this quadratic.
            if before < START_LINE && !could_start(side, partial) {
                return self.unreadable_head(context, data.len());
            }
            if side == Side::Request && data.contains(&b'\n') && self.is_simple() {
                return self.simple_request(data.len());
            }
            return self.check_length(data.len());
        };
        partial.extend_from_slice(&data[..end]);
        self.body.start(Phase::Start, 0);
        // The buffer leaves `self` while `begin` needs it whole, and stays for the event to borrow from.
        let kept = self.partial.take().unwrap_or_default();
        let framing = match parse(side, context, &kept) {
            Parsed::Complete(ref event, _) => Some(Began::of(event)),
            _ => None,
        };
        self.partial = Some(kept);
        let Some(began) = framing else {
            if side == Side::Request && self.is_simple() {
                return self.simple_request(end);
            }
            return self.unreadable_head(context, end);
        };
        self.begin_with(began, context);
        let kept = self.partial.as_deref().map_or(&[][..], Vec::as_slice);
        match parse(side, context, kept) {
            Parsed::Complete(event, _) => Step {
                used: end,
                event: Some(event),
            },
            _ => Step {
                used: end,
                event: None,
            },
        }
    }

    #[cold]
    fn resync<'a>(&'a mut self, side: Side, context: RequestContext, data: &'a [u8]) -> Step<'a> {
        if begins_message(side, data) {
            self.body.start(Phase::Start, 0);
            self.body.spoken = true;
            return self.start(side, context, data);
        }
        if !self.body.spoken && side == Side::Request && begins_connection(data) {
            self.body.start(Phase::Start, 0);
            return self.prelude(side, 0, data);
        }
        if !self.body.spoken && begins_frames(side, data) {
            self.http2();
            return Step {
                used: data.len(),
                event: Some(Event::Http2(data)),
            };
        }
        if !self.body.spoken && protocol_of(data) == Protocol::Tls {
            self.body.start(Phase::NotHttp, 0);
            return Step {
                used: data.len(),
                event: Some(Event::NotHttp(Protocol::Tls)),
            };
        }
        Step {
            used: data.len(),
            event: None,
        }
    }

    pub(super) fn check_length(&mut self, used: usize) -> Step<'_> {
        if self
            .partial
            .as_ref()
            .is_some_and(|partial| partial.len() > HEAD_BYTES)
        {
            return self.desync(used, Unreadable::HeadTooLong);
        }
        Step { used, event: None }
    }

    pub(super) fn desync(&mut self, used: usize, why: Unreadable) -> Step<'_> {
        self.partial = None;
        self.body.start(Phase::Resync, 0);
        Step {
            used,
            event: Some(Event::Desync(why)),
        }
    }

    fn begin(&mut self, event: &Event<'_>, context: RequestContext) {
        self.begin_with(Began::of(event), context);
    }

    pub(super) fn begin_with(&mut self, began: Began, context: RequestContext) {
        self.body.spoken = true;
        let phase = match began.framing {
            // The caller is told by the head itself; a message without body is over at once.
            Framing::None => Phase::Start,
            Framing::Sized(_) => Phase::Sized,
            Framing::Chunked => Phase::ChunkSize,
            Framing::UntilClose => Phase::UntilClose,
            Framing::Tunnel => Phase::Tunnel,
            Framing::Unknown => Phase::Resync,
        };
        let left = match began.framing {
            Framing::Sized(length) => length,
            _ => 0,
        };
        self.body.start(phase, left);
        self.body.doubtful = began.response
            && context == RequestContext::Unknown
            && matches!(began.framing, Framing::Sized(_));
    }
}

/// What a head means for the bytes after it.
#[derive(Clone, Copy)]
pub(super) struct Began {
    pub(super) framing: Framing,
    pub(super) response: bool,
}

impl Began {
    const fn of(event: &Event<'_>) -> Self {
        match event {
            Event::Request(head) => Self {
                framing: head.framing,
                response: false,
            },
            Event::Response(head) => Self {
                framing: head.framing,
                response: true,
            },
            _ => Self {
                framing: Framing::None,
                response: false,
            },
        }
    }
}

#[expect(
    clippy::inline_always,
    reason = "a head is a large value: it is built once, where it is used"
)]
#[inline(always)]
fn parse(side: Side, context: RequestContext, head: &[u8]) -> Parsed<Event<'_>> {
    match side {
        Side::Request => match parse_request(head) {
            Parsed::Complete(head, length) => Parsed::Complete(Event::Request(head), length),
            Parsed::Partial => Parsed::Partial,
            Parsed::Invalid => Parsed::Invalid,
        },
        Side::Response => match parse_response(head, context.method()) {
            Parsed::Complete(head, length) => Parsed::Complete(Event::Response(head), length),
            Parsed::Partial => Parsed::Partial,
            Parsed::Invalid => Parsed::Invalid,
        },
    }
}
