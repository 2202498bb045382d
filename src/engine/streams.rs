//! HTTP/2 streams as exchanges of one connection (RFC 9113 section 8.1).
//!
//! A request is the first field block that a client sends on an odd stream with a new, higher number; its response is
//! the first final one that comes back on it.

use super::context::Context;
use super::conversation::{Conversation, Roles};
use super::delivery::Origin;
use super::marks::Marks;
use super::multiplexed::{Exchange, Multiplexed};
use crate::aggregate::EventKind;
use crate::classify::Version;
use crate::http::{Extent, FieldBlock, FirstField, Framing, Method, RequestHead, Side, UNREAD_STATUS};
use crate::time::{Nanos, Timestamp};

/// A request's head as HTTP/1.x has it.
fn head_of(fields: &FieldBlock) -> RequestHead<'_> {
    let name = fields.method.as_deref();
    let method = match name {
        Some(b"HEAD") => Method::Head,
        Some(b"CONNECT") => Method::Connect,
        _ => Method::Other,
    };
    // CONNECT names no path but in RFC 8441.
    let target = match method {
        Method::Connect => fields.path.as_deref().or(fields.authority.as_deref()),
        _ => fields.path.as_deref(),
    };
    let extent = match (fields.whole, name, target) {
        (true, ..) => Extent::Whole,
        (false, Some(_), Some(_)) => Extent::StartLine,
        _ => Extent::PartOfStartLine,
    };
    RequestHead {
        method,
        method_name: name.unwrap_or_default(),
        target: target.unwrap_or_default(),
        host: fields.authority.as_deref(),
        version: Version::Http2,
        announced: false,
        tokens: crate::http::Tokens::NONE,
        framing: Framing::None,
        extent,
        bytes: &[],
    }
}

impl Conversation {
    /// The client opens a stream.
    pub(super) fn on_stream_request(
        &mut self,
        state: &mut Multiplexed,
        stream: u32,
        fields: &FieldBlock,
        from: Origin,
        cx: &mut Context<'_>,
    ) {
        state.highest = stream;
        let head = head_of(fields);
        if head.extent != Extent::Whole {
            self.marks.set(Marks::HEADS_CUT);
        }
        self.beyond_mut().begun = state.began(Side::Request).unwrap_or(from.at).into();
        let Some(pending) = self.count_request(&head, None, from, cx) else {
            return;
        };
        if state.going_away {
            self.marks.set(Marks::ANNOUNCED);
        }
        let sees_server = self.sees_server(state);
        if sees_server.is_none() {
            // Nothing tells how the streams before it ended.
            for pending in state.take_open().filter_map(|(_, before)| before.pending) {
                self.finish_record(pending, None, None, cx);
            }
        }
        let certain = sees_server == Some(true);
        let exchange = Exchange {
            pending: Some(pending),
            certain,
            ..Exchange::default()
        };
        self.keep_stream(state, stream, exchange, cx);
    }

    fn keep_stream(
        &mut self,
        state: &mut Multiplexed,
        stream: u32,
        exchange: Exchange,
        cx: &mut Context<'_>,
    ) {
        if let Some(dropped) = state.insert(stream, exchange) {
            cx.shared.quality.streams += u64::from(dropped.certain);
            if let Some(pending) = dropped.pending {
                self.finish_record(pending, None, None, cx);
            }
        }
    }

    /// A field block from the server, on a stream that is open or whose request was missed.
    pub(super) fn on_stream_response(
        &mut self,
        state: &mut Multiplexed,
        stream: u32,
        fields: &FieldBlock,
        from: Origin,
        cx: &mut Context<'_>,
    ) {
        let interim = fields.status.is_some_and(|status| status < 200);
        if fields.first == FirstField::Regular || interim || self.too_late() {
            return;
        }
        if !state.open.contains_key(&stream) {
            self.keep_stream(state, stream, Exchange::default(), cx);
        }
        let began = state.began(Side::Response).unwrap_or(from.at);
        let Some(exchange) = state.open.get_mut(&stream) else {
            return;
        };
        if exchange.status.is_some() {
            // Trailers.
            return;
        }
        let status = fields.status.unwrap_or(UNREAD_STATUS);
        let method = exchange.pending.as_ref().map(|pending| pending.method);
        self.count_stream_response(exchange, status, (began, from.at), cx);
        if method == Some(Method::Connect) && (200..300).contains(&status) {
            self.on_stream_tunnel(state, stream, from.at, cx);
        }
    }

    /// A final response whose head `began` and was complete `at`.
    fn count_stream_response(
        &mut self,
        exchange: &mut Exchange,
        status: u16,
        (began, at): (Timestamp, Timestamp),
        cx: &mut Context<'_>,
    ) {
        exchange.status = Some(status);
        let pending = exchange.pending.as_mut();
        let first_byte = pending
            .as_ref()
            .map(|pending| began.since(pending.last_byte).max(0));
        if let Some(record) = pending.and_then(|pending| pending.record_mut()) {
            record.status = (status != UNREAD_STATUS).then_some(status);
            record.first_byte = first_byte;
        }
        if status == UNREAD_STATUS {
            self.marks.set(Marks::HEADS_CUT);
        }
        self.responses = self.responses.saturating_add(1);
        if let Some(Roles { client, leg, .. }) = self.roles {
            let server = client.peer();
            cx.shared
                .records
                .response(self.id.get(), server, (Version::Http2, status), at);
            let kind = EventKind::Response {
                status,
                announced: false,
                first_byte: first_byte.into(),
            };
            cx.emit(at, leg, kind);
        }
    }

    /// CONNECT was granted: the stream is a tunnel from here on (RFC 9113 section 8.5).
    fn on_stream_tunnel(
        &mut self,
        state: &mut Multiplexed,
        stream: u32,
        at: Timestamp,
        cx: &mut Context<'_>,
    ) {
        let Some(exchange) = state.remove(stream) else {
            return;
        };
        let tunnel = Exchange {
            status: exchange.status,
            tunnel: true,
            ..Exchange::default()
        };
        state.insert(stream, tunnel);
        self.marks.set(Marks::UPGRADED);
        let was_busy = self.becomes_idle(state);
        let Some(pending) = exchange.pending else { return };
        self.tell_upgraded(pending, was_busy, at, cx);
    }

    /// The server has said all on a stream.
    pub(super) fn on_stream_end(
        &mut self,
        state: &mut Multiplexed,
        stream: u32,
        at: Timestamp,
        cx: &mut Context<'_>,
    ) {
        if self.too_late() {
            return;
        }
        let missed = state.may_have_missed(stream);
        let Some(mut exchange) = state.remove(stream) else {
            if missed {
                self.note_response_end(at);
            }
            return;
        };
        if exchange.tunnel {
            return;
        }
        if exchange.status.is_none() {
            // Its head was in frames that are missing.
            self.count_stream_response(&mut exchange, UNREAD_STATUS, (at, at), cx);
        }
        self.note_response_end(at);
        self.leave_stream(state, exchange, Some(at), at, cx);
    }

    /// Either side gave up a stream. One that the client gives up completes no exchange, whatever came of the response.
    pub(super) fn on_stream_reset(
        &mut self,
        state: &mut Multiplexed,
        side: Side,
        stream: u32,
        at: Timestamp,
        cx: &mut Context<'_>,
    ) {
        let Some(mut exchange) = state.remove(stream) else {
            return;
        };
        if exchange.tunnel {
            return;
        }
        if side == Side::Request {
            self.take_back(&mut exchange, at, cx);
        }
        if exchange.status.is_none() && exchange.certain && exchange.pending.is_some() {
            state.cancelled = state.cancelled.saturating_add(1);
        }
        self.leave_stream(state, exchange, None, at, cx);
    }

    /// A stream is over; it ended as it should at `end`.
    fn leave_stream(
        &mut self,
        state: &Multiplexed,
        exchange: Exchange,
        end: Option<Timestamp>,
        at: Timestamp,
        cx: &mut Context<'_>,
    ) {
        let became_idle = self.becomes_idle(state);
        let pending = exchange.pending;
        let response = pending
            .as_ref()
            .zip(end)
            .map(|(pending, end)| -> Nanos { end.since(pending.began).max(0) });
        if let Some(leg) = self.leg() {
            let prefix = pending
                .as_ref()
                .map_or(self.last_prefix, |pending| pending.prefix);
            let kind = EventKind::ExchangeEnd {
                response: response.into(),
                prefix,
                became_idle,
            };
            cx.emit(at, leg, kind);
        }
        if let Some(pending) = pending {
            self.finish_record(pending, end, response, cx);
        }
    }

    /// Notes whether the connection has become idle.
    fn becomes_idle(&mut self, state: &Multiplexed) -> bool {
        let idle = !state.is_busy() && self.marks.has(Marks::BUSY);
        if idle {
            self.marks.clear(Marks::BUSY);
        }
        idle
    }

    /// A response that its client cut off is none.
    fn take_back(&mut self, exchange: &mut Exchange, at: Timestamp, cx: &mut Context<'_>) {
        let Some(status) = exchange.status.take() else {
            return;
        };
        self.responses = self.responses.saturating_sub(1);
        if let Some(leg) = self.leg() {
            cx.emit(at, leg, EventKind::ResponseCut { status });
        }
    }

    /// Responses under way that the client's close cut off.
    pub(super) fn take_back_cut_streams(&mut self, cx: &mut Context<'_>) {
        let taken = self.beyond.as_mut().and_then(|beyond| beyond.multiplexed.take());
        let Some(mut state) = taken else { return };
        for exchange in state.open.values_mut() {
            if !exchange.tunnel {
                self.take_back(exchange, self.last_at, cx);
            }
        }
        self.beyond_mut().multiplexed = Some(state);
    }

    /// Tells of the exchanges that have no end.
    #[inline]
    pub(super) fn finish_streams(&mut self, cx: &mut Context<'_>) {
        if self.multiplexed_mut().is_some() {
            self.finish_all_streams(cx);
        }
    }

    #[inline(never)]
    fn finish_all_streams(&mut self, cx: &mut Context<'_>) {
        let open = self.multiplexed_mut().map(Multiplexed::take_open);
        for pending in open.into_iter().flatten().filter_map(|(_, it)| it.pending) {
            self.finish_record(pending, None, None, cx);
        }
    }
}
