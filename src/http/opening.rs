//! Bytes that are no HTTP/1.x head: what comes in front of the first message, and what is another protocol.

use super::body::Phase;
use super::event::{Event, RequestContext, Side, Step, Unreadable};
use super::head::{Framing, Method};
use super::prelude::{self, PRELUDE_BYTES, Prelude};
use super::recognise::{begins_message, could_start, protocol_of};
use super::simple;
use super::stream::{Began, MessageStream};

const fn nothing(used: usize) -> Step<'static> {
    Step { used, event: None }
}

impl MessageStream {
    /// Whether the stream begins here with something in front of its messages.
    pub(super) fn has_prelude(&self, side: Side, data: &[u8]) -> bool {
        !self.body.spoken && prelude::read(side, data) != Prelude::Absent
    }

    /// The bytes at a message's beginning are no complete head; `partial` if they may become one.
    #[cold]
    pub(super) fn no_head<'a>(
        &'a mut self,
        side: Side,
        context: RequestContext,
        data: &'a [u8],
        blank: usize,
        partial: bool,
    ) -> Step<'a> {
        if blank == 0 && self.has_prelude(side, data) {
            return self.prelude(side, 0, data);
        }
        let head = &data[blank..];
        if side == Side::Request
            && !self.body.spoken
            && let Some((request, length)) = simple::request(head)
        {
            self.body.spoken = true;
            return Step {
                used: blank + length,
                event: Some(Event::Request(request)),
            };
        }
        // httparse refuses the carriage return after a target.
        let partial = partial || (side == Side::Request && !self.body.spoken && simple::may_become(head));
        if partial && could_start(side, head) {
            self.partial = Some(Box::new(head.to_vec()));
            self.body.start(Phase::Head, 0);
            return self.check_length(data.len());
        }
        if answers_simple(context) && !begins_message(side, head) {
            return self.simple_response(data.len());
        }
        self.unreadable(side, data, head)
    }

    /// A prelude of which `before` bytes are kept and the rest is in `data`.
    pub(super) fn prelude<'a>(&'a mut self, side: Side, before: usize, data: &'a [u8]) -> Step<'a> {
        let kept = self.partial.get_or_insert_default();
        kept.truncate(before);
        let room = PRELUDE_BYTES.saturating_sub(before).min(data.len());
        kept.extend_from_slice(&data[..room]);
        match prelude::read(side, kept) {
            Prelude::Proxy { source, length } => {
                self.partial = None;
                self.body.start(Phase::PreludeRest, (length - before) as u64);
                let used = self.skip_prelude(data).used;
                Step {
                    used,
                    event: Some(Event::Proxied(source)),
                }
            }
            Prelude::Http2 { length } if side == Side::Request => {
                self.http2();
                Step {
                    used: length - before,
                    event: Some(Event::Http2Preface),
                }
            }
            Prelude::Http2 { .. } => {
                kept.extend_from_slice(&data[room..]);
                self.body.start(Phase::Http2, 0);
                Step {
                    used: data.len(),
                    event: self.partial.as_ref().map(|frames| Event::Http2(frames)),
                }
            }
            Prelude::Partial | Prelude::Absent => {
                self.body.start(Phase::Prelude, 0);
                nothing(data.len())
            }
        }
    }

    pub(super) fn continue_prelude<'a>(
        &'a mut self,
        side: Side,
        context: RequestContext,
        data: &'a [u8],
    ) -> Step<'a> {
        let mut kept = self.partial.take().unwrap_or_default();
        let before = kept.len();
        kept.extend_from_slice(&data[..data.len().min(PRELUDE_BYTES.saturating_sub(before))]);
        let absent = prelude::read(side, &kept) == Prelude::Absent;
        kept.truncate(before);
        if !absent {
            self.partial = Some(kept);
            return self.prelude(side, before, data);
        }
        // What looked like a prelude so far is the beginning of a head, or of nothing known.
        let blank = kept.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        kept.drain(..blank);
        if kept.is_empty() {
            self.body.start(Phase::Start, 0);
            return self.start(side, context, data);
        }
        let head = could_start(side, &kept) && !kept.starts_with(b"PROXY ");
        self.partial = Some(kept);
        if head {
            self.body.start(Phase::Head, 0);
            return self.continue_head(side, context, data);
        }
        self.unreadable_head(context, data.len())
    }

    /// The rest of a PROXY protocol header.
    pub(super) fn skip_prelude(&mut self, data: &[u8]) -> Step<'static> {
        let used = self.body.take(data.len());
        if self.body.left == 0 {
            self.body.start(Phase::Start, 0);
        }
        nothing(used)
    }

    /// Whether the partial head is a request of HTTP/0.9.
    pub(super) fn is_simple(&self) -> bool {
        !self.body.spoken
            && self
                .partial
                .as_deref()
                .is_some_and(|kept| simple::request(kept).is_some())
    }

    /// The partial head, of which the last `added` bytes have just come, is a request of HTTP/0.9; what is behind its line is
    /// read on.
    pub(super) fn simple_request(&mut self, added: usize) -> Step<'_> {
        self.body.spoken = true;
        self.body.start(Phase::Start, 0);
        let kept = self.partial.as_deref().map_or(&[][..], Vec::as_slice);
        let before = kept.len().saturating_sub(added);
        match simple::request(kept) {
            Some((request, length)) => Step {
                used: length.saturating_sub(before).min(added),
                event: Some(Event::Request(request)),
            },
            None => nothing(added),
        }
    }

    /// A response of HTTP/0.9: bytes until the connection closes.
    fn simple_response(&mut self, used: usize) -> Step<'_> {
        self.partial = None;
        let began = Began {
            framing: Framing::UntilClose,
            response: true,
        };
        self.begin_with(began, RequestContext::Unknown);
        Step {
            used,
            event: Some(Event::Response(simple::RESPONSE)),
        }
    }

    pub(super) fn unreadable_head(&mut self, context: RequestContext, used: usize) -> Step<'_> {
        if answers_simple(context) {
            return self.simple_response(used);
        }
        if self.body.spoken {
            return self.desync(used, Unreadable::Fields);
        }
        let protocol = protocol_of(self.partial.as_deref().map_or(&[][..], Vec::as_slice));
        self.partial = None;
        self.body.start(Phase::NotHttp, 0);
        Step {
            used,
            event: Some(Event::NotHttp(protocol)),
        }
    }

    fn unreadable<'a>(&'a mut self, side: Side, data: &[u8], head: &[u8]) -> Step<'a> {
        if self.body.spoken || begins_message(side, head) {
            let why = if begins_message(side, head) {
                Unreadable::Fields
            } else {
                Unreadable::StartLine
            };
            return self.desync(data.len(), why);
        }
        self.body.start(Phase::NotHttp, 0);
        Step {
            used: data.len(),
            event: Some(Event::NotHttp(protocol_of(head))),
        }
    }
}

fn answers_simple(context: RequestContext) -> bool {
    context == RequestContext::Known(Method::Simple)
}
