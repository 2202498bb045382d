//! Exchanges without readable heads: counted in turns.
//!
//! Where the snaplen cut the heads, a start line still tells what begins; without any payload, bytes from the client
//! after the server has answered are the next request. Where a response ends is not known: it is taken to end with a
//! segment that is not as long as segments get, and lasts until the next request or the close otherwise.

use super::context::Context;
use super::conversation::Conversation;
use super::delivery::{Missing, Origin};
use crate::flow::Sender;
use crate::http::tls::TlsSession;
use crate::http::{Cut, RequestContext, RequestHead, ResponseHead, Side, begins_message};
use crate::sequence::SeqNumber;
use crate::time::Timestamp;

/// A shorter segment is the last one of what its sender had to say (IPv6's least MTU less headers is 1,220).
const FULL_SEGMENT: u32 = 1_200;

/// What is known of messages whose ends are not visible.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// The longest segment from the server so far.
    longest: u32,
    /// The latest byte of a response that may go on.
    open: Option<Timestamp>,
    /// What the sender of the last turn had received by then.
    received: Option<SeqNumber>,
    /// The records, if this is TLS.
    pub(super) tls: Option<Box<TlsSession>>,
    /// The last segment could not be read at all.
    blind: bool,
}

impl Conversation {
    /// Bytes followed by `missing` ones that were cut off by the snaplen, or of a connection whose messages were cut
    /// before.
    pub(super) fn deliver_unframed(
        &mut self,
        sender: Sender,
        bytes: &[u8],
        missing: u32,
        from: Origin,
        cx: &mut Context<'_>,
    ) {
        let Some(roles) = self.roles else {
            self.count_gap(missing, cx);
            return;
        };
        let side = if roles.client == sender {
            Side::Request
        } else {
            Side::Response
        };
        self.count_gap(missing, cx);
        if self.tls().is_some() {
            self.tls_segment(side, bytes, missing, from, cx);
            return;
        }
        if begins_message(side, bytes) {
            self.end_open_response(cx);
            self.answered_but_unseen(sender, side, bytes, from, cx);
        }
        self.read(sender, bytes, from, cx);
        if self.tls().is_some() {
            // It turned out to be that just now.
            self.tls_segment(side, &[], missing, from, cx);
        } else if missing > 0 {
            self.cut(sender, side, bytes, missing, from, cx);
        }
        if side == Side::Response && self.streams[sender.index()].messages.is_unframed() {
            self.response_bytes(bytes.len() as u32 + missing, false, from.at, cx);
        }
    }

    /// A response although no request waits: the request was in bytes that were cut off, behind another one.
    fn answered_but_unseen(
        &mut self,
        sender: Sender,
        side: Side,
        bytes: &[u8],
        from: Origin,
        cx: &mut Context<'_>,
    ) {
        let cut = self.streams[sender.peer().index()].messages.is_unframed();
        // A server may say that it waited too long for a request (RFC 9110 section 15.5.9).
        let timeout = bytes.get(9..12) == Some(b"408");
        if side == Side::Response && cut && self.pending.is_none() && self.requests > 0 && !timeout {
            self.on_request(&RequestHead::unread(), from, cx);
        }
    }

    /// The end of a segment was cut off.
    fn cut(
        &mut self,
        sender: Sender,
        side: Side,
        bytes: &[u8],
        missing: u32,
        from: Origin,
        cx: &mut Context<'_>,
    ) {
        let context = match side {
            Side::Request => RequestContext::Unknown,
            Side::Response => self.answers(),
        };
        // Taken out as in `read`: the event borrows from it.
        let mut messages = std::mem::take(&mut self.streams[sender.index()].messages);
        let cut = messages.cut(side, context, bytes, u64::from(missing));
        let blind = matches!(cut, Cut::Unread);
        match cut {
            Cut::Framed(effect) => {
                self.after_gap(side, effect, missing, Missing::Snaplen, from.at, cx);
            }
            Cut::Head(event) => {
                self.turns_or_new();
                let responses = self.responses;
                if self.on_event(side, &event, from, cx).tunnel {
                    messages.tunnel();
                    self.streams[sender.peer().index()].messages.tunnel();
                } else if self.responses > responses {
                    self.responding(from.at);
                }
            }
            Cut::Body | Cut::Unread => {
                self.turns_or_new();
            }
        }
        self.streams[sender.index()].messages = messages;
        if let Some(turns) = self.turns_mut() {
            turns.blind = blind;
        }
        if blind {
            self.turn(side, from, cx);
        } else if side == Side::Request
            && let Some(pending) = self.last_pending()
        {
            pending.last_byte = from.at;
        }
    }

    /// Bytes of which nothing can be read but their number.
    pub(super) fn turn(&mut self, side: Side, from: Origin, cx: &mut Context<'_>) {
        let Some(roles) = self.roles else { return };
        let sender = match side {
            Side::Request => roles.client,
            Side::Response => roles.client.peer(),
        };
        let alone = !self.tcp.end(sender.peer()).any();
        let waiting = self
            .pending
            .as_ref()
            .is_some_and(|pending| pending.status.is_none());
        // Of an end that was not captured, the other one's acknowledgments tell that it spoke.
        let received = self.tcp.end(sender).acked();
        let answered = alone && received.is_some() && self.received_before() != received;
        match side {
            Side::Request if !waiting || answered => {
                self.end_open_response(cx);
                self.note_received(received);
                self.on_request(&RequestHead::unread(), from, cx);
            }
            Side::Request => {
                if let Some(pending) = self.last_pending() {
                    pending.last_byte = from.at;
                }
            }
            Side::Response if waiting || answered => {
                self.end_open_response(cx);
                self.note_received(received);
                let responses = self.responses;
                self.on_response(&ResponseHead::unread(), from, cx);
                if self.responses > responses {
                    self.responding(from.at);
                }
            }
            Side::Response => {}
        }
    }

    fn received_before(&self) -> Option<SeqNumber> {
        self.turns().and_then(|turns| turns.received)
    }

    fn note_received(&mut self, received: Option<SeqNumber>) {
        self.turns_or_new().received = received;
    }

    /// Bytes of a response whose end is not known.
    pub(super) fn response_bytes(&mut self, len: u32, goes_on: bool, at: Timestamp, cx: &mut Context<'_>) {
        let waiting = self
            .pending
            .as_ref()
            .is_some_and(|pending| pending.status.is_none());
        if waiting || self.too_late() {
            return;
        }
        let Some(turns) = self.turns_mut() else {
            return;
        };
        turns.longest = turns.longest.max(len);
        if turns.open.is_some() {
            turns.open = Some(at);
            let full = len >= FULL_SEGMENT && len >= turns.longest;
            if !full && !goes_on {
                self.end_open_response(cx);
            }
        } else if self.pending.is_none() && self.response_end().is_some() {
            self.note_response_end(at);
        }
    }

    /// A packet that was not captured, of a connection whose messages cannot be read anyway. Returns whether it is one.
    pub(super) fn gap_in_turns(&mut self, side: Side, len: u32, at: Timestamp, cx: &mut Context<'_>) -> bool {
        let from = Origin {
            at,
            number: self.last.number(),
        };
        if self.tls_gap(side, len, from, cx) {
            return true;
        }
        if !self.turns().is_some_and(|turns| turns.blind) {
            return false;
        }
        self.turn(side, from, cx);
        if side == Side::Response {
            self.response_bytes(len, false, at, cx);
        }
        true
    }

    /// The response under way ended with its latest byte: another message begins, or the connection ends.
    pub(super) fn end_open_response(&mut self, cx: &mut Context<'_>) {
        if let Some(at) = self.turns_mut().and_then(|turns| turns.open.take()) {
            self.on_response_end(at, cx);
        }
    }

    fn responding(&mut self, at: Timestamp) {
        self.turns_or_new().open = Some(at);
    }
}
