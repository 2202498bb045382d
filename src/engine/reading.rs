//! Bytes in order on their way into messages: whole heads of the usual shape on a short way, everything else on the
//! general one.

use std::hint::cold_path;

use super::context::Context;
use super::conversation::Conversation;
use super::delivery::Origin;
use crate::flow::Sender;
use crate::http::{RequestContext, Side, Step};

impl Conversation {
    /// The messages in bytes of a segment.
    pub(super) fn read(&mut self, sender: Sender, bytes: &[u8], from: Origin, cx: &mut Context<'_>) {
        let Some(roles) = self.roles else {
            cold_path();
            return;
        };
        let side = if roles.client == sender {
            Side::Request
        } else {
            Side::Response
        };
        let rest = match side {
            Side::Request => self.read_plain_requests(sender, bytes, from, cx),
            Side::Response => self.read_plain_responses(sender, bytes, from, cx),
        };
        if !rest.is_empty() {
            cold_path();
            self.read_any(sender, side, rest, from, cx);
        }
        if side == Side::Request {
            let messages = &self.streams[sender.index()].messages;
            let (in_head, in_body) = (messages.in_head(), messages.in_body());
            self.note_begun(in_head, in_body, from, cx);
        }
    }

    /// Whole heads of the usual shape, and sized bodies; returns what begins otherwise.
    #[inline]
    fn read_plain_requests<'a>(
        &mut self,
        sender: Sender,
        mut rest: &'a [u8],
        from: Origin,
        cx: &mut Context<'_>,
    ) -> &'a [u8] {
        while !rest.is_empty() {
            let messages = &mut self.streams[sender.index()].messages;
            if let Some((used, ended)) = messages.skip_sized(rest) {
                rest = &rest[used..];
                if ended {
                    self.on_request_end(from.at);
                }
            } else if let Some((head, used)) = messages.plain_request(rest) {
                rest = &rest[used..];
                self.take_request(&head, from, cx);
            } else {
                break;
            }
        }
        rest
    }

    /// As [`read_plain_requests`](Self::read_plain_requests), up to a response after which there is no more HTTP.
    #[inline]
    fn read_plain_responses<'a>(
        &mut self,
        sender: Sender,
        mut rest: &'a [u8],
        from: Origin,
        cx: &mut Context<'_>,
    ) -> &'a [u8] {
        while !rest.is_empty() {
            let context = self.answers();
            let messages = &mut self.streams[sender.index()].messages;
            if let Some((used, ended)) = messages.skip_sized(rest) {
                rest = &rest[used..];
                if ended {
                    self.on_response_end(from.at, cx);
                }
            } else if let Some((head, used)) = messages.plain_response(context, rest) {
                self.note_answerer(&rest[..used]);
                rest = &rest[used..];
                let effect = self.take_response(&head, from, cx);
                if effect.tunnel {
                    cold_path();
                    self.begin_tunnel();
                    return &[];
                }
                if effect.http2 {
                    cold_path();
                    self.streams[sender.index()].messages.http2();
                    self.streams[sender.peer().index()].messages.expect_preface();
                }
            } else {
                break;
            }
        }
        rest
    }

    #[cold]
    fn begin_tunnel(&mut self) {
        for stream in &mut self.streams {
            stream.messages.tunnel();
        }
    }

    /// Bytes of any kind.
    #[inline(never)]
    fn read_any(&mut self, sender: Sender, side: Side, bytes: &[u8], from: Origin, cx: &mut Context<'_>) {
        let mut rest = bytes;
        // The stream is taken out while its events, which borrow from it, change the rest of the conversation.
        let mut messages = std::mem::take(&mut self.streams[sender.index()].messages);
        let mut tls = false;
        while !rest.is_empty() {
            let context = if side == Side::Response {
                self.answers()
            } else {
                RequestContext::Unknown
            };
            let Step { used, event } = messages.advance(side, context, rest);
            if let Some(event) = event {
                let effect = self.on_event(side, &event, from, cx);
                if effect.tunnel {
                    messages.tunnel();
                    self.streams[sender.peer().index()].messages.tunnel();
                    tls = effect.tls;
                    break;
                }
                if effect.http2 {
                    messages.http2();
                    self.streams[sender.peer().index()].messages.expect_preface();
                }
            }
            rest = rest.get(used..).unwrap_or_default();
        }
        self.streams[sender.index()].messages = messages;
        if tls {
            self.tls_segment(side, rest, 0, from, cx);
        }
    }
}
