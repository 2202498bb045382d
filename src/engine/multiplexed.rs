//! HTTP/2 in clear: the frames of both directions, and the streams that wait for their ends.

use std::collections::BTreeMap;

use super::context::Context;
use super::conversation::Conversation;
use super::delivery::Origin;
use super::marks::Marks;
use super::pending::Pending;
use crate::classify::Protocol;
use crate::flow::Sender;
use crate::http::{FieldBlock, FirstField, Frame, FrameReader, Side};
use crate::limits::HTTP2_STREAMS;
use crate::time::Timestamp;

/// What the tree of streams keeps beside an entry.
const STREAM_NODE: usize = 32;

/// A stream whose exchange is not complete.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    /// Its request; `None` if that was not captured.
    pub(super) pending: Option<Pending>,
    /// The status of its final response, once that has begun.
    pub(super) status: Option<u16>,
    /// Nothing that would end it can have been missed.
    pub(super) certain: bool,
    /// CONNECT was granted: what follows is tunnel.
    pub(super) tunnel: bool,
}

/// The state of a connection that speaks HTTP/2.
#[derive(Debug, Default)]
pub(super) struct Multiplexed {
    client: FrameReader,
    server: FrameReader,
    /// When the first byte of each direction's message under way came: the client's, the server's.
    began: [Option<Timestamp>; 2],
    pub(super) open: BTreeMap<u32, Exchange>,
    /// How many of `open` keep the connection busy.
    busy: usize,
    /// The highest stream that the client opened.
    pub(super) highest: u32,
    /// Frames of the client are missing.
    missed: bool,
    /// Requests whose streams were reset before they were answered.
    pub(super) cancelled: u32,
    /// A GOAWAY was sent: the connection will close (RFC 9113 section 6.8).
    pub(super) going_away: bool,
}

impl Multiplexed {
    pub(super) fn reader(&mut self, side: Side) -> &mut FrameReader {
        match side {
            Side::Request => &mut self.client,
            Side::Response => &mut self.server,
        }
    }

    /// Bytes kept of frames, tables and streams.
    pub(super) fn held(&self) -> usize {
        self.client.held() + self.server.held() + self.open.len() * (size_of::<Exchange>() + STREAM_NODE)
    }

    /// When the message that `side` has just sent began.
    pub(super) fn began(&self, side: Side) -> Option<Timestamp> {
        self.began[side as usize]
    }

    /// Whether a field block from the client opens a stream (RFC 9113 section 5.1.1); else it holds trailers.
    pub(super) fn opens(&self, stream: u32, fields: &FieldBlock) -> bool {
        let trailers = self.missed && fields.first == FirstField::Regular;
        stream % 2 == 1 && stream > self.highest && !trailers
    }

    /// Whether the request of a stream that is not open may have been missed.
    pub(super) fn may_have_missed(&self, stream: u32) -> bool {
        stream % 2 == 1 && (stream > self.highest || self.missed)
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy > 0
    }

    /// A stream begins. Returns one that is not waited for any longer.
    pub(super) fn insert(&mut self, stream: u32, exchange: Exchange) -> Option<Exchange> {
        self.busy += usize::from(exchange.certain);
        if let Some(before) = self.open.insert(stream, exchange) {
            self.busy -= usize::from(before.certain);
        }
        if self.open.len() <= HTTP2_STREAMS {
            return None;
        }
        let (_, oldest) = self.open.pop_first()?;
        self.busy -= usize::from(oldest.certain);
        Some(oldest)
    }

    /// A stream ends.
    pub(super) fn remove(&mut self, stream: u32) -> Option<Exchange> {
        let exchange = self.open.remove(&stream)?;
        self.busy -= usize::from(exchange.certain);
        Some(exchange)
    }

    /// No stream is waited for any longer.
    pub(super) fn take_open(&mut self) -> impl Iterator<Item = (u32, Exchange)> + use<> {
        self.busy = 0;
        std::mem::take(&mut self.open).into_iter()
    }

    /// A request's latest byte.
    fn touch(&mut self, stream: u32, at: Timestamp) {
        if let Some(Exchange {
            pending: Some(pending),
            status: None,
            ..
        }) = self.open.get_mut(&stream)
        {
            pending.last_byte = at;
        }
    }

    /// Frames of one direction are missing: whatever is open may have ended in them.
    pub(super) fn missed_frames(&mut self, side: Side) {
        match side {
            Side::Request => self.missed = true,
            Side::Response => {
                self.open
                    .values_mut()
                    .for_each(|exchange| exchange.certain = false);
                self.busy = 0;
            }
        }
    }
}

impl Conversation {
    pub(super) fn multiplexed(&self) -> Option<&Multiplexed> {
        self.beyond.as_ref()?.multiplexed.as_deref()
    }

    pub(super) fn multiplexed_mut(&mut self) -> Option<&mut Multiplexed> {
        self.beyond.as_mut()?.multiplexed.as_deref_mut()
    }

    /// Frames follow.
    pub(super) fn begin_http2(&mut self) {
        self.protocol = Protocol::Http2;
        let beyond = self.beyond_mut();
        beyond.multiplexed.get_or_insert_default();
    }

    /// A 101 to `Upgrade: h2c`: the request is answered on stream 1 (RFC 7540 section 3.2).
    pub(super) fn upgrade_to_http2(&mut self) {
        self.begin_http2();
        let request = self.pop_pending();
        let Some(state) = self.multiplexed_mut() else {
            return;
        };
        state.highest = 1;
        if request.is_some() {
            let exchange = Exchange {
                pending: request,
                certain: true,
                ..Exchange::default()
            };
            state.insert(1, exchange);
        }
    }

    /// Frames of one direction, cut anywhere.
    pub(super) fn on_frames(&mut self, side: Side, bytes: &[u8], from: Origin, cx: &mut Context<'_>) {
        let midstream = self.multiplexed().is_none() && !self.marks.has(Marks::OPENED);
        self.begin_http2();
        // Taken out while its frames change the rest of the conversation.
        let taken = self.beyond.as_mut().and_then(|beyond| beyond.multiplexed.take());
        let Some(mut state) = taken else { return };
        if midstream {
            state.missed_frames(Side::Request);
        }
        self.expect_frames_of_peer(side, &mut state);
        let mut rest = bytes;
        while !rest.is_empty() {
            let reader = state.reader(side);
            let before = reader.is_lost();
            let between = reader.is_between();
            let (used, frame) = reader.advance(side, rest);
            let lost = reader.is_lost() && !before;
            if between {
                state.began[side as usize] = Some(from.at);
            }
            if let Some(frame) = frame {
                self.on_frame(&mut state, side, frame, from, cx);
            }
            if lost {
                state.missed_frames(side);
                self.lost_framing(side, 0, from.at, cx);
            }
            rest = rest.get(used..).unwrap_or_default();
        }
        self.beyond_mut().multiplexed = Some(state);
    }

    /// The other direction carries frames, too, if the capture begins or lacks bytes where it would have said so.
    fn expect_frames_of_peer(&mut self, side: Side, state: &mut Multiplexed) {
        let Some(roles) = self.roles else { return };
        let (peer, peer_side) = match side {
            Side::Request => (roles.client.peer(), Side::Response),
            Side::Response => (roles.client, Side::Request),
        };
        if self.streams[peer.index()].messages.is_lost() {
            self.streams[peer.index()].messages.http2();
            state.reader(peer_side).lose();
            state.missed_frames(peer_side);
        }
    }

    /// Bytes that the capture lacks; returns whether framing was lost in them.
    pub(super) fn gap_in_frames(
        &mut self,
        side: Side,
        len: u64,
        at: Timestamp,
        cx: &mut Context<'_>,
    ) -> bool {
        let taken = self.beyond.as_mut().and_then(|beyond| beyond.multiplexed.take());
        let Some(mut state) = taken else { return false };
        let reader = state.reader(side);
        let before = reader.is_lost();
        let frame = reader.gap(len);
        let lost = reader.is_lost() && !before;
        if let Some(frame) = frame {
            let from = Origin {
                at,
                number: self.last.number(),
            };
            self.on_frame(&mut state, side, frame, from, cx);
        }
        if lost {
            state.missed_frames(side);
        }
        self.beyond_mut().multiplexed = Some(state);
        lost
    }

    fn on_frame(
        &mut self,
        state: &mut Multiplexed,
        side: Side,
        frame: Frame,
        from: Origin,
        cx: &mut Context<'_>,
    ) {
        if let Frame::Headers { fields, .. } = &frame {
            cx.shared.quality.long_heads += u64::from(fields.too_long);
            cx.shared.quality.header_tables += u64::from(fields.table_capped);
        }
        match (side, frame) {
            (_, Frame::GoAway) => {
                state.going_away = true;
                if !state.open.is_empty() {
                    // On an idle connection it comes with the close itself, and announces nothing.
                    self.marks.set(Marks::ANNOUNCED);
                }
            }
            (_, Frame::Reset { stream }) => self.on_stream_reset(state, side, stream, from.at, cx),
            (Side::Request, Frame::Headers { stream, fields, .. }) => {
                if state.opens(stream, &fields) {
                    self.on_stream_request(state, stream, &fields, from, cx);
                } else {
                    state.touch(stream, from.at);
                }
            }
            (Side::Request, Frame::Data { stream, .. }) => state.touch(stream, from.at),
            (Side::Response, Frame::Headers { stream, end, fields }) => {
                let trailers_of_unseen = end && fields.first == FirstField::Unknown;
                if state.open.contains_key(&stream) || (state.may_have_missed(stream) && !trailers_of_unseen)
                {
                    self.on_stream_response(state, stream, &fields, from, cx);
                }
                if end {
                    self.on_stream_end(state, stream, from.at, cx);
                }
            }
            (Side::Response, Frame::Data { stream, end }) => {
                if end {
                    self.on_stream_end(state, stream, from.at, cx);
                }
            }
        }
    }

    /// Requests on streams that were never answered.
    pub(super) fn unanswered_streams(&self) -> u32 {
        self.multiplexed().map_or(0, |state| {
            let waits = |exchange: &&Exchange| {
                exchange.certain && exchange.status.is_none() && exchange.pending.is_some()
            };
            state
                .cancelled
                .saturating_add(state.open.values().filter(waits).count() as u32)
        })
    }

    /// Of them those whose streams were reset.
    pub(super) fn cancelled_streams(&self) -> u32 {
        self.multiplexed().map_or(0, |state| state.cancelled)
    }

    /// Whether bytes of the server can tell how a stream ends: `None` if none was captured.
    pub(super) fn sees_server(&self, state: &Multiplexed) -> Option<bool> {
        let server: Sender = self.roles?.client.peer();
        let lost = state.server.is_lost() || self.streams[server.index()].messages.is_lost();
        self.tcp.end(server).any().then_some(!lost)
    }
}
