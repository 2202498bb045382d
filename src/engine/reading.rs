//! Bytes in order on their way into messages: whole heads of the usual shape on a short way, everything else on the
//! general one.

use std::hint::cold_path;

use super::context::Context;
use super::conversation::{Conversation, Roles};
use super::delivery::Origin;
use crate::flow::Sender;
use crate::http::{PlainResponse, RequestContext, Side, Step};

impl Conversation {
    /// The messages in bytes of a segment.
    #[expect(clippy::inline_always, reason = "little more than one call")]
    #[inline(always)]
    pub(super) fn read(&mut self, sender: Sender, bytes: &[u8], from: Origin, cx: &mut Context<'_>) {
        let Some(roles) = self.roles else {
            cold_path();
            return;
        };
        let mut rest = bytes;
        if roles.client == sender {
            while !rest.is_empty() {
                let used = self.read_request(sender, rest, from, cx);
                rest = self.after(used, Side::Request, rest, from, cx);
            }
            let messages = &self.streams[sender.index()].messages;
            let (in_head, in_body) = (messages.in_head(), messages.in_body());
            self.note_begun(in_head, in_body, from, cx);
        } else {
            while !rest.is_empty() {
                let used = self.read_response(sender, rest, from, cx);
                rest = self.after(used, Side::Response, rest, from, cx);
            }
        }
    }

    /// What is left to be read; where the short way used nothing, the general one reads all of it.
    #[expect(clippy::inline_always, reason = "one comparison")]
    #[inline(always)]
    fn after<'a>(
        &mut self,
        used: usize,
        side: Side,
        rest: &'a [u8],
        from: Origin,
        cx: &mut Context<'_>,
    ) -> &'a [u8] {
        if used == 0 {
            cold_path();
            self.read_any(side, rest, from, cx);
            return &[];
        }
        &rest[used.min(rest.len())..]
    }

    /// A whole head of the usual shape, if one is to begin, and what is there of its body; how many bytes that are,
    /// 0 if it is anything else.
    #[inline(never)]
    fn read_request(&mut self, sender: Sender, bytes: &[u8], from: Origin, cx: &mut Context<'_>) -> usize {
        let messages = &mut self.streams[sender.index()].messages;
        if let Some((head, again)) = cx.shared.names.repeated.find(bytes)
            && messages.begin_known_request()
        {
            self.take_request(&head, Some(again), from, cx);
            return bytes.len();
        }
        self.read_other_request(sender, bytes, from, cx)
    }

    /// A request that did not come before in the same bytes, or its body.
    #[inline(never)]
    fn read_other_request(
        &mut self,
        sender: Sender,
        bytes: &[u8],
        from: Origin,
        cx: &mut Context<'_>,
    ) -> usize {
        let messages = &mut self.streams[sender.index()].messages;
        let mut used = 0;
        if messages.is_between() {
            let Some((head, length)) = messages.plain_request(bytes, &mut cx.shared.names.familiar) else {
                return 0;
            };
            self.take_request(&head, None, from, cx);
            cx.shared
                .names
                .repeated
                .meet(bytes, length, &head, self.last_prefix);
            used = length;
        }
        let messages = &mut self.streams[sender.index()].messages;
        let rest = &bytes[used.min(bytes.len())..];
        if let Some((skipped, ended)) = messages.skip_plain(rest) {
            used += skipped;
            if ended {
                self.on_request_end(from.at);
            }
        }
        used
    }

    /// As [`read_request`](Self::read_request); all bytes after a response after which there is no more HTTP.
    #[inline(never)]
    fn read_response(&mut self, sender: Sender, bytes: &[u8], from: Origin, cx: &mut Context<'_>) -> usize {
        let context = self.answers();
        let messages = &mut self.streams[sender.index()].messages;
        let mut used = 0;
        if messages.is_between() {
            let Some(PlainResponse {
                head,
                length,
                body,
                whole,
            }) = messages.plain_response(context, bytes, &mut cx.shared.names.familiar)
            else {
                return 0;
            };
            if whole && self.take_usual_response(&head, from, cx) {
                return length + body;
            }
            self.note_answerer(bytes.get(..length).unwrap_or_default());
            let effect = self.take_response(&head, whole, from, cx);
            if whole {
                return length + body;
            }
            used = length;
            if effect.tunnel {
                cold_path();
                self.begin_tunnel();
                return bytes.len();
            }
            if effect.http2 {
                cold_path();
                self.streams[sender.index()].messages.http2();
                self.streams[sender.peer().index()].messages.expect_preface();
            }
        }
        let messages = &mut self.streams[sender.index()].messages;
        let rest = &bytes[used.min(bytes.len())..];
        if let Some((skipped, ended)) = messages.skip_plain(rest) {
            used += skipped;
            if ended {
                self.end_response(from.at, cx);
            }
        }
        used
    }

    #[cold]
    fn begin_tunnel(&mut self) {
        for stream in &mut self.streams {
            stream.messages.tunnel();
        }
    }

    /// Bytes of any kind.
    #[inline(never)]
    fn read_any(&mut self, side: Side, bytes: &[u8], from: Origin, cx: &mut Context<'_>) {
        let Some(Roles { client, .. }) = self.roles else {
            return;
        };
        let sender = if side == Side::Request {
            client
        } else {
            client.peer()
        };
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
