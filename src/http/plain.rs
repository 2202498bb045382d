//! The short way through a stream: what nearly every message is made of, without events.

use super::body::{Phase, Progress};
use super::event::RequestContext;
use super::familiar::Familiar;
use super::head::{Framing, RequestHead, ResponseHead, quick_request, quick_response};
use super::stream::{Began, MessageStream};

impl MessageStream {
    /// Whether the next byte begins a message.
    #[inline]
    #[must_use]
    pub fn is_between(&self) -> bool {
        self.body.phase == Phase::Start
    }

    /// Bytes of a sized or chunked body, as far as `data` has them: how many, and whether it ends with them.
    #[inline]
    pub fn skip_plain(&mut self, data: &[u8]) -> Option<(usize, bool)> {
        if self.body.phase != Phase::Sized || self.body.doubtful {
            return self.body.phase.is_chunked().then(|| self.skip_chunks(data))?;
        }
        let used = self.body.take(data.len());
        let ended = self.body.left == 0;
        if ended {
            self.body.start(Phase::Start, 0);
        }
        Some((used, ended))
    }

    /// Nothing is used where the chunks are broken.
    #[inline(never)]
    fn skip_chunks(&mut self, data: &[u8]) -> Option<(usize, bool)> {
        let before = self.body;
        match self.body.skip(data) {
            Progress::More => Some((data.len(), false)),
            Progress::Ended(used) => {
                self.body.start(Phase::Start, 0);
                Some((used, true))
            }
            Progress::Broken => {
                self.body = before;
                None
            }
        }
    }

    /// A request head of the usual shape that begins here and is whole, and its length.
    #[expect(
        clippy::inline_always,
        reason = "a head is a large value: it is built once, where it is used"
    )]
    #[inline(always)]
    pub fn plain_request<'a>(
        &mut self,
        data: &'a [u8],
        familiar: &mut Familiar,
    ) -> Option<(RequestHead<'a>, usize)> {
        if self.body.phase != Phase::Start || (!self.body.spoken && data.starts_with(b"PROXY ")) {
            return None;
        }
        let (head, length) = quick_request(data, Some(familiar))?;
        self.partial = None;
        if head.framing == Framing::None {
            (self.body.spoken, self.body.doubtful) = (true, false);
            return Some((head, length));
        }
        let began = Began {
            framing: head.framing,
            response: false,
        };
        self.begin_with(began, RequestContext::Unknown);
        Some((head, length))
    }

    /// Begins a request that is nothing but a head without a body, which was read when it came before; returns whether one
    /// may begin.
    #[inline]
    pub fn begin_known_request(&mut self) -> bool {
        let is_between = self.body.phase == Phase::Start;
        if is_between {
            self.partial = None;
            (self.body.spoken, self.body.doubtful) = (true, false);
        }
        is_between
    }

    /// As [`plain_request`](Self::plain_request), for responses, of which the body may be there as well: the length is that
    /// of both then, and the message is over.
    #[expect(
        clippy::inline_always,
        reason = "a head is a large value: it is built once, where it is used"
    )]
    #[inline(always)]
    pub fn plain_response(
        &mut self,
        context: RequestContext,
        data: &[u8],
        familiar: &mut Familiar,
    ) -> Option<PlainResponse> {
        if self.body.phase != Phase::Start {
            return None;
        }
        let (head, length) = quick_response(data, context.method(), Some(familiar))?;
        self.partial = None;
        if let Framing::Sized(body) = head.framing
            && body <= (data.len() - length) as u64
            && context != RequestContext::Unknown
        {
            (self.body.spoken, self.body.doubtful) = (true, false);
            return Some(PlainResponse {
                head,
                length,
                body: body as usize,
                whole: true,
            });
        }
        let began = Began {
            framing: head.framing,
            response: true,
        };
        self.begin_with(began, context);
        Some(PlainResponse {
            head,
            length,
            body: 0,
            whole: head.framing == Framing::None,
        })
    }
}

/// A response head of the usual shape, and its body as far as it is over.
pub struct PlainResponse {
    /// The head.
    pub head: ResponseHead,
    /// Bytes of the head.
    pub length: usize,
    /// Bytes of the body, if the message is whole.
    pub body: usize,
    /// Whether the message is over with them.
    pub whole: bool,
}
