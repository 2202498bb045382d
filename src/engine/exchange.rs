//! Requests and the responses that answer them (RFC 9112 section 9.3.2: in the order of the requests).

use std::hint::cold_path;

use super::context::Context;
use super::conversation::{Conversation, Roles};
use super::delivery::Origin;
use super::marks::Marks;
use super::names::Names;
use super::pending::{Pending, Status};
use super::repeated::Again;
use crate::aggregate::{Asked, EventKind, PrefixRef, Reuse};
use crate::classify::Protocol;
use crate::http::{
    Event, Extent, Framing, RequestContext, RequestHead, ResponseHead, Side, Tokens, UNREAD_STATUS,
    Unreadable,
};
use crate::time::{Nanos, Timestamp};

/// What an event asks of the streams.
#[derive(Clone, Copy, Default)]
pub(super) struct Effect {
    /// Both directions carry no HTTP from here on.
    pub(super) tunnel: bool,
    /// They carry TLS.
    pub(super) tls: bool,
    /// The server sends HTTP/2 frames from here on, and the client its preface.
    pub(super) http2: bool,
}

impl Conversation {
    /// The request that the next response answers.
    #[inline]
    pub(super) fn answers(&self) -> RequestContext {
        self.pending.as_ref().map_or(RequestContext::Unknown, |pending| {
            RequestContext::Known(pending.method)
        })
    }

    /// A request whose head is not complete makes the connection busy with its first byte.
    #[inline]
    pub(super) fn note_begun(&mut self, in_head: bool, in_body: bool, from: Origin, cx: &mut Context<'_>) {
        if in_head && !self.marks.has(Marks::BUSY) && self.closing.is_none() {
            cold_path();
            self.beyond_mut().begun = from.at.into();
            self.marks.set(Marks::BUSY);
            if let Some(leg) = self.leg() {
                cx.emit(from.at, leg, EventKind::Busy);
            }
        }
        if in_body && let Some(pending) = self.last_pending() {
            pending.last_byte = from.at;
        }
    }

    pub(super) fn on_event(
        &mut self,
        side: Side,
        event: &Event<'_>,
        from: Origin,
        cx: &mut Context<'_>,
    ) -> Effect {
        match (side, event) {
            (_, Event::Request(head)) => self.on_request(head, from, cx),
            (_, Event::Response(head)) => return self.on_response(head, from, cx),
            (Side::Request, Event::End) => self.on_request_end(from.at),
            (Side::Response, Event::End) => self.on_response_end(from.at, cx),
            (_, Event::Desync(why)) => {
                if side == Side::Response {
                    self.note_stray_bytes();
                }
                cx.shared.quality.long_heads += u64::from(*why == Unreadable::HeadTooLong);
                self.lost_framing(side, 0, from.at, cx);
            }
            (_, Event::Proxied(source)) => self.on_proxied(*source),
            (_, Event::Http2Preface) => self.begin_http2(),
            (side, Event::Http2(bytes)) => self.on_frames(side, bytes, from, cx),
            (side, Event::NotHttp(protocol)) => {
                if side == Side::Request || self.protocol == Protocol::None {
                    self.protocol = *protocol;
                }
                if *protocol == Protocol::Tls {
                    self.begin_tls();
                    return Effect {
                        tunnel: true,
                        tls: true,
                        http2: false,
                    };
                }
            }
        }
        Effect::default()
    }

    /// A request's body is complete.
    pub(super) fn on_request_end(&mut self, at: Timestamp) {
        if let Some(pending) = self.last_pending() {
            pending.last_byte = at;
        }
    }

    /// A request head that came in an unusual way.
    #[inline(never)]
    pub(super) fn on_request(&mut self, head: &RequestHead<'_>, from: Origin, cx: &mut Context<'_>) {
        self.take_request(head, None, from, cx);
    }

    /// A request head, and which one it is if it came before.
    #[expect(
        clippy::inline_always,
        reason = "a head is a large value: it stays where it was built"
    )]
    #[inline(always)]
    pub(super) fn take_request(
        &mut self,
        head: &RequestHead<'_>,
        again: Option<Again>,
        from: Origin,
        cx: &mut Context<'_>,
    ) {
        self.note_extent(head.extent);
        if let Some(pending) = self.count_request(head, again, from, cx) {
            self.push_pending(pending);
        }
    }

    /// Counts a request, which waits for its response now.
    #[expect(
        clippy::inline_always,
        reason = "a head is a large value: it stays where it was built"
    )]
    #[inline(always)]
    pub(super) fn count_request(
        &mut self,
        head: &RequestHead<'_>,
        again: Option<Again>,
        from: Origin,
        cx: &mut Context<'_>,
    ) -> Option<Pending> {
        let roles = self.roles?;
        let reuse = match (self.requests, self.marks.has(Marks::OPENED)) {
            (0, true) => Reuse::First,
            (0, false) if !self.marks.has(Marks::RESUMED) => Reuse::MidstreamFirst,
            _ => Reuse::Reused,
        };
        self.requests = self.requests.saturating_add(1);
        // Hardly anybody asks for what it says.
        let whole = |names: &Names| match again {
            Some(again) => names.repeated.head(again, head.bytes),
            None => head.without_framing(),
        };
        let of = &cx.shared.names;
        cx.shared
            .records
            .request(self.id.get(), roles.client, || whole(of), from);
        self.forget_what_cannot_be_answered(roles.client.peer(), cx);
        let prefix = match again {
            Some(again) => again.prefix,
            None if head.names_prefix() => {
                cx.shared
                    .names
                    .prefix(head.host, head.target, cx.shared.now, &mut cx.shared.told)
            }
            None => PrefixRef::UNREAD,
        };
        let began = self.take_begun().unwrap_or(from.at);
        let asked = match again {
            _ if self.requests != 1 || head.extent < Extent::StartLine => Asked::default(),
            Some(again) => self.note_first_again(again, cx),
            None => self.note_first_request(head.method_name, head.target, cx),
        };
        self.note_request_signs(head, prefix);
        self.last_prefix = prefix;
        set(&mut self.marks, Marks::ANNOUNCED, head.announced);
        let open = self.closing.is_none();
        let became_busy = open && !self.marks.has(Marks::BUSY);
        if open {
            self.marks.set(Marks::BUSY);
        }
        let kind = EventKind::Request {
            connection: cx.connection,
            reuse,
            index: self.requests,
            version: head.version,
            announced: head.announced,
            prefix,
            became_busy,
            estimated: head.extent == Extent::Nothing,
            asked,
        };
        cx.emit(from.at, roles.leg, kind);
        let of = &cx.shared.names;
        let kept = self.kept(head.extent, || whole(of), reuse, (began, from), roles.leg, cx);
        Some(Pending {
            method: head.method,
            reuse,
            status: Status::NONE,
            prefix,
            began,
            last_byte: from.at,
            kept,
        })
    }

    /// A head was seen, or must have been there.
    #[inline]
    pub(super) fn note_extent(&mut self, extent: Extent) {
        // A server that speaks no HTTP/2 may say so in HTTP/1.1.
        if extent != Extent::Nothing && self.protocol != Protocol::Http2 {
            self.protocol = Protocol::Http1;
        }
        if extent != Extent::Whole && self.protocol != Protocol::Tls {
            self.marks.set(Marks::HEADS_CUT);
        }
    }

    /// A response head that came in an unusual way.
    #[inline(never)]
    pub(super) fn on_response(&mut self, head: &ResponseHead, from: Origin, cx: &mut Context<'_>) -> Effect {
        self.take_response(head, head.framing == Framing::None, from, cx)
    }

    /// A response head, `whole` if the message is over with it or the body behind it is there, too.
    #[expect(
        clippy::inline_always,
        reason = "a head is a large value: it stays where it was built"
    )]
    #[inline(always)]
    pub(super) fn take_response(
        &mut self,
        head: &ResponseHead,
        whole: bool,
        from: Origin,
        cx: &mut Context<'_>,
    ) -> Effect {
        let Some(Roles { client, leg, .. }) = self.roles else {
            return Effect::default();
        };
        let server = client.peer();
        cx.shared
            .records
            .response(self.id.get(), server, (head.version, head.status), from.at);
        let early = head.status < 200;
        if early && head.is_interim() || self.too_late() {
            return Effect::default();
        }
        self.note_extent(head.extent);
        if early && head.status == 101 && head.tokens.has(Tokens::H2C) {
            cold_path();
            self.upgrade_to_http2();
            return Effect {
                http2: true,
                ..Effect::default()
            };
        }
        self.responses = self.responses.saturating_add(1);
        self.note_response_signs(head, client);
        if head.announced {
            self.marks.set(Marks::ANNOUNCED);
        }
        if self
            .pending
            .as_ref()
            .is_some_and(|pending| pending.status.is_some())
        {
            // The end of the response before was not seen.
            cold_path();
            if let Some(pending) = self.pop_pending() {
                self.finish_record(pending, None, None, cx);
            }
        }
        let front = self.pending.as_mut();
        let first_byte = front.as_ref().map(|pending| from.at.after(pending.last_byte));
        if let Some(pending) = front {
            pending.status = Status::of(head.status);
            if let Some(record) = pending.record_mut() {
                record.status = (head.status != UNREAD_STATUS).then_some(head.status);
                record.first_byte = first_byte;
                record.announced_close |= head.announced;
            }
        }
        if whole {
            let finished = self.pop_pending();
            let (response, prefix, became_idle) = self.exchange_ended(finished.as_ref(), from.at);
            let kind = EventKind::Answered {
                status: head.status,
                announced: head.announced,
                first_byte: first_byte.into(),
                response: response.into(),
                prefix,
                became_idle,
            };
            cx.emit(from.at, leg, kind);
            if let Some(pending) = finished {
                self.finish_record(pending, Some(from.at), response, cx);
            }
            return Effect::default();
        }
        let kind = EventKind::Response {
            status: head.status,
            announced: head.announced,
            first_byte: first_byte.into(),
        };
        cx.emit(from.at, leg, kind);
        if head.framing == Framing::Tunnel {
            cold_path();
            self.upgrade(from.at, cx);
            return Effect {
                tunnel: true,
                ..Effect::default()
            };
        }
        Effect::default()
    }

    /// Response bytes after the client's FIN or RST do not complete an exchange. Those that it acknowledged came before.
    #[inline]
    pub(super) fn too_late(&self) -> bool {
        let Some(closing) = self.closing else { return false };
        if !self.is_client(closing.by) {
            return false;
        }
        let reached = self.streams[closing.by.peer().index()].assembler.next();
        match (closing.acked(), reached) {
            (Some(acked), Some(reached)) => reached.after(acked) > 0,
            _ => true,
        }
    }

    /// The end of a response that came in an unusual way.
    #[inline(never)]
    pub(super) fn on_response_end(&mut self, at: Timestamp, cx: &mut Context<'_>) {
        self.end_response(at, cx);
    }

    /// The end of a response.
    #[expect(clippy::inline_always, reason = "nearly all of them end at one place")]
    #[inline(always)]
    pub(super) fn end_response(&mut self, at: Timestamp, cx: &mut Context<'_>) {
        if self.too_late() {
            return;
        }
        let finished = if self
            .pending
            .as_ref()
            .is_some_and(|pending| pending.status.is_some())
        {
            self.pop_pending()
        } else {
            None
        };
        let (response, prefix, became_idle) = self.exchange_ended(finished.as_ref(), at);
        if let Some(leg) = self.leg() {
            cx.emit_exchange_end(at, leg, response.into(), prefix, became_idle);
        }
        if let Some(pending) = finished {
            self.finish_record(pending, Some(at), response, cx);
        }
    }

    /// The response to a request, if that was seen, is over: how long the exchange took, its prefix, and whether the
    /// connection has become idle.
    #[expect(clippy::inline_always, reason = "a part of the two ends that responses have")]
    #[inline(always)]
    fn exchange_ended(
        &mut self,
        request: Option<&Pending>,
        at: Timestamp,
    ) -> (Option<Nanos>, PrefixRef, bool) {
        self.note_response_end(at);
        let became_idle = self.pending.is_none() && self.marks.has(Marks::BUSY);
        if became_idle {
            self.marks.clear(Marks::BUSY);
        }
        let response = request.map(|pending| at.after(pending.began));
        let prefix = request.map_or(self.last_prefix, |pending| pending.prefix);
        (response, prefix, became_idle)
    }

    /// The server's FIN completes a response that lasts until the connection closes.
    pub(super) fn server_stream_ended(&mut self, at: Timestamp, cx: &mut Context<'_>) {
        let Some(server) = self.roles.map(|roles| roles.client.peer()) else {
            return;
        };
        if self.streams[server.index()].messages.is_until_close() {
            self.on_response_end(at, cx);
        }
    }
}

fn set(marks: &mut Marks, bit: u16, on: bool) {
    if on {
        marks.set(bit);
    } else {
        marks.clear(bit);
    }
}
