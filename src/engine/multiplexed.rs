//! HTTP/2 in clear: streams as exchanges of one connection (RFC 9113 section 8.1).
//!
//! A request is the first header block that a client sends on an odd stream with a new, higher number; its response is the
//! first final one that comes back on it.

use std::collections::BTreeMap;

use super::context::Context;
use super::conversation::Conversation;
use super::delivery::Origin;
use super::marks::Marks;
use super::pending::Pending;
use crate::aggregate::EventKind;
use crate::classify::{Protocol, Version};
use crate::http::{Fields, Frame, FrameReader, Framing, Method, RequestHead, ResponseHead, Side};
use crate::limits::HTTP2_STREAMS;
use crate::time::Timestamp;

/// The state of a connection that speaks HTTP/2.
#[derive(Debug, Default)]
pub(super) struct Multiplexed {
    client: FrameReader,
    server: FrameReader,
    /// Requests whose responses are not complete.
    open: BTreeMap<u32, Pending>,
    /// The highest stream that a client opened.
    highest: u32,
    /// A GOAWAY was sent: the connection will close.
    going_away: bool,
}

impl Multiplexed {
    fn reader(&mut self, side: Side) -> &mut FrameReader {
        match side {
            Side::Request => &mut self.client,
            Side::Response => &mut self.server,
        }
    }
}

impl Conversation {
    fn multiplexed(&mut self) -> &mut Multiplexed {
        let beyond = self.beyond.get_or_insert_default();
        beyond.multiplexed.get_or_insert_default()
    }

    /// Whether it speaks HTTP/2.
    pub(super) fn is_multiplexed(&self) -> bool {
        self.beyond.as_ref().is_some_and(|beyond| beyond.multiplexed.is_some())
    }

    /// The client's preface: both directions carry frames from here on.
    pub(super) fn on_preface(&mut self) {
        self.protocol = Protocol::Http2;
        self.multiplexed();
        if let Some(roles) = self.roles {
            self.stream(roles.client.peer()).messages.http2();
        }
    }

    /// A 101 to `Upgrade: h2c`: the request is answered on stream 1, and the client sends its preface next.
    pub(super) fn upgrade_to_http2(&mut self) {
        self.protocol = Protocol::Http2;
        let request = self.pending.pop();
        let state = self.multiplexed();
        state.highest = 1;
        state.open.extend(request.map(|request| (1, request)));
    }

    /// Frames of one direction, cut anywhere.
    pub(super) fn on_frames(&mut self, side: Side, bytes: &[u8], from: Origin, cx: &mut Context<'_>) {
        self.protocol = Protocol::Http2;
        let mut rest = bytes;
        while !rest.is_empty() {
            let reader = self.multiplexed().reader(side);
            let before = reader.is_lost();
            let (used, frame) = reader.advance(rest);
            let lost = reader.is_lost() && !before;
            if let Some(frame) = frame {
                self.on_frame(side, frame, from, cx);
            }
            if lost {
                self.lost_framing(side, 0, from.at, cx);
            }
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    /// Bytes that the capture lacks; returns whether framing was lost in them.
    pub(super) fn gap_in_frames(&mut self, side: Side, len: u64, at: Timestamp, cx: &mut Context<'_>) -> bool {
        let reader = self.multiplexed().reader(side);
        let before = reader.is_lost();
        let frame = reader.gap(len);
        let lost = reader.is_lost() && !before;
        if let Some(frame) = frame {
            self.on_frame(side, frame, Origin { at, number: self.last_frame }, cx);
        }
        lost
    }

    fn on_frame(&mut self, side: Side, frame: Frame, from: Origin, cx: &mut Context<'_>) {
        match (side, frame) {
            (_, Frame::GoAway) => {
                self.multiplexed().going_away = true;
                self.marks.set(Marks::ANNOUNCED);
            }
            (_, Frame::Reset(stream)) => self.end_stream(stream, None, from.at, cx),
            (Side::Request, Frame::Headers { stream, fields, .. }) => {
                let state = self.multiplexed();
                if stream % 2 == 1 && stream > state.highest {
                    state.highest = stream;
                    self.on_stream_request(stream, &fields, from, cx);
                } else if let Some(pending) = state.open.get_mut(&stream) {
                    pending.last_byte = from.at;
                }
            }
            (Side::Request, Frame::End(stream)) => {
                if let Some(pending) = self.multiplexed().open.get_mut(&stream) {
                    pending.last_byte = from.at;
                }
            }
            (Side::Response, Frame::Headers { stream, end, fields }) => {
                self.on_stream_response(stream, &fields, from, cx);
                if end {
                    self.end_stream(stream, Some(from.at), from.at, cx);
                }
            }
            (Side::Response, Frame::End(stream)) => self.end_stream(stream, Some(from.at), from.at, cx),
        }
    }

    fn on_stream_request(&mut self, stream: u32, fields: &Fields, from: Origin, cx: &mut Context<'_>) {
        let method = fields.method.as_deref().unwrap_or(b"?");
        let head = RequestHead {
            method: Method::Other,
            method_name: method,
            target: fields.path.as_deref().unwrap_or_default(),
            host: fields.authority.as_deref(),
            version: Version::Http2,
            announced: false,
            upgrade: false,
            framing: Framing::None,
        };
        let Some(pending) = self.count_request(&head, from, cx) else {
            return;
        };
        let state = self.multiplexed();
        let going_away = state.going_away;
        state.open.insert(stream, pending);
        let dropped = if state.open.len() > HTTP2_STREAMS {
            state.open.pop_first()
        } else {
            None
        };
        if going_away {
            self.marks.set(Marks::ANNOUNCED);
        }
        if let Some((_, pending)) = dropped {
            cx.quality.pipelined += 1;
            self.finish_record(pending, None, None, cx);
        }
    }

    fn on_stream_response(&mut self, stream: u32, fields: &Fields, from: Origin, cx: &mut Context<'_>) {
        let status = fields.status.unwrap_or(ResponseHead::NO_STATUS);
        if (100..200).contains(&status) || stream % 2 == 0 || self.too_late() {
            return;
        }
        let Some(leg) = self.leg() else { return };
        let Some(pending) = self.multiplexed().open.get_mut(&stream) else {
            return;
        };
        // Trailers come after the head.
        if pending.status.is_some() {
            return;
        }
        let first_byte = Some(from.at.since(pending.last_byte).max(0));
        pending.status = Some(status);
        if let Some(record) = pending.record.as_mut() {
            record.status = fields.status;
            record.first_byte = first_byte;
        }
        self.responses = self.responses.saturating_add(1);
        let kind = EventKind::Response {
            status,
            announced: false,
            first_byte,
        };
        cx.emit(from.at, leg, kind);
    }

    /// The server's side of a stream ended at `end`, or the stream was reset.
    fn end_stream(&mut self, stream: u32, end: Option<Timestamp>, at: Timestamp, cx: &mut Context<'_>) {
        if self.too_late() {
            return;
        }
        let state = self.multiplexed();
        let Some(pending) = state.open.remove(&stream) else {
            return;
        };
        let became_idle = state.open.is_empty() && self.marks.has(Marks::BUSY);
        if became_idle {
            self.marks.clear(Marks::BUSY);
        }
        self.last_response_end = end.or(self.last_response_end);
        let response = end.map(|end| end.since(pending.began).max(0));
        if let Some(leg) = self.leg() {
            let kind = EventKind::ExchangeEnd {
                response,
                prefix: pending.prefix,
                became_idle,
            };
            cx.emit(at, leg, kind);
        }
        self.finish_record(pending, end, response, cx);
    }

    /// Streams whose requests were never answered.
    pub(super) fn unanswered_streams(&self) -> u32 {
        let state = self.beyond.as_ref().and_then(|beyond| beyond.multiplexed.as_deref());
        state.filter(|state| !state.server.is_lost()).map_or(0, |state| {
            state.open.values().filter(|pending| pending.status.is_none()).count() as u32
        })
    }

    /// The streams that have no end.
    pub(super) fn take_streams(&mut self) -> BTreeMap<u32, Pending> {
        let state = self.beyond.as_mut().and_then(|beyond| beyond.multiplexed.as_mut());
        state.map(|state| std::mem::take(&mut state.open)).unwrap_or_default()
    }
}
