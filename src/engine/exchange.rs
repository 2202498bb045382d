//! Requests and the responses that answer them (RFC 9112 section 9.3.2: in the order of the requests).

use super::closing::How;
use super::context::Context;
use super::conversation::Conversation;
use super::delivery::Origin;
use super::marks::Marks;
use super::pending::Pending;
use crate::aggregate::{EventKind, PrefixRef, Reuse};
use crate::classify::{Endpoint, Protocol, Version};
use crate::diagnose::ExchangeRecord;
use crate::http::{
    Event, Extent, Framing, MessageStream, RequestContext, RequestHead, ResponseHead, Side, UNREAD_STATUS,
    Unreadable,
};
use crate::limits::TARGET_BYTES;
use crate::time::{Nanos, Timestamp};

/// What an event asks of the streams.
#[derive(Clone, Copy, Default)]
pub(super) struct Effect {
    /// Both directions carry no HTTP from here on.
    pub(super) tunnel: bool,
    /// They carry TLS.
    pub(super) tls: bool,
}

impl Conversation {
    /// The request that the next response answers.
    #[inline]
    pub(super) fn answers(&self) -> RequestContext {
        self.pending.front().map_or(RequestContext::Unknown, |pending| {
            RequestContext::Known(pending.method)
        })
    }

    /// A request whose head is not complete makes the connection busy with its first byte.
    pub(super) fn note_begun(&mut self, messages: &MessageStream, from: Origin, cx: &mut Context<'_>) {
        if messages.in_head() && !self.marks.has(Marks::BUSY) && self.closing.is_none() {
            self.begun = Some(from.at);
            self.marks.set(Marks::BUSY);
            if let Some(leg) = self.leg() {
                cx.emit(from.at, leg, EventKind::Busy);
            }
        }
        if messages.in_body()
            && let Some(pending) = self.pending.back_mut()
        {
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
            (Side::Request, Event::End) => {
                if let Some(pending) = self.pending.back_mut() {
                    pending.last_byte = from.at;
                }
            }
            (Side::Response, Event::End) => self.on_response_end(from.at, cx),
            (_, Event::Desync(why)) => {
                if side == Side::Response {
                    self.note_stray_bytes();
                }
                cx.quality.long_heads += u64::from(*why == Unreadable::HeadTooLong);
                self.lost_framing(side, 0, from.at, cx);
            }
            (_, Event::Proxied(source)) => self.on_proxied(*source),
            (_, Event::Http2Preface | Event::Http2(_)) => self.protocol = Protocol::Http2,
            (side, Event::NotHttp(protocol)) => {
                if side == Side::Request || self.protocol == Protocol::None {
                    self.protocol = *protocol;
                }
                if *protocol == Protocol::Tls {
                    self.begin_tls();
                    return Effect {
                        tunnel: true,
                        tls: true,
                    };
                }
            }
        }
        Effect::default()
    }

    pub(super) fn on_request(&mut self, head: &RequestHead<'_>, from: Origin, cx: &mut Context<'_>) {
        let Some(roles) = self.roles else { return };
        self.note_extent(head.extent);
        let reuse = match (self.requests, self.marks.has(Marks::OPENED)) {
            (0, true) => Reuse::First,
            (0, false) if !self.marks.has(Marks::RESUMED) => Reuse::MidstreamFirst,
            _ => Reuse::Reused,
        };
        self.requests = self.requests.saturating_add(1);
        self.forget_what_cannot_be_answered(roles.client.peer(), cx);
        let prefix = if head.names_prefix() {
            cx.names.prefix(head.host, head.target, cx.now, cx.events)
        } else {
            PrefixRef::UNREAD
        };
        let began = self.begun.take().unwrap_or(from.at);
        self.note_first_request(head, began);
        self.note_request_signs(head, prefix);
        self.last_prefix = prefix;
        set(&mut self.marks, Marks::ANNOUNCED, head.announced);
        let open = self.closing.is_none();
        let became_busy = open && !self.marks.has(Marks::BUSY);
        if open {
            self.marks.set(Marks::BUSY);
        }
        let kind = EventKind::Request {
            connection: self.id,
            reuse,
            index: self.requests,
            version: head.version,
            announced: head.announced,
            prefix,
            became_busy,
            estimated: head.extent == Extent::Nothing,
        };
        cx.emit(from.at, roles.leg, kind);
        let record = cx
            .config
            .keep_exchanges
            .then(|| Box::new(self.record(head, reuse, began, from)));
        self.pending.push(Pending {
            method: head.method,
            reuse,
            status: None,
            prefix,
            began,
            last_byte: from.at,
            record,
        });
    }

    /// A head was seen, or must have been there.
    #[inline]
    fn note_extent(&mut self, extent: Extent) {
        if extent != Extent::Nothing {
            self.protocol = Protocol::Http1;
        }
        if extent != Extent::Whole && self.protocol != Protocol::Tls {
            self.marks.set(Marks::HEADS_CUT);
        }
    }

    fn note_first_request(&mut self, head: &RequestHead<'_>, began: Timestamp) {
        if self.requests > 1 {
            self.first_line = None;
            return;
        }
        self.first_request = Some(began);
        if head.extent < Extent::StartLine {
            // Requests whose targets are not known cannot be told to be alike.
            return;
        }
        let path = head.target.split(|b| *b == b'?').next().unwrap_or_default();
        let cut = |bytes: &'_ [u8]| bytes.len().min(TARGET_BYTES);
        let method = String::from_utf8_lossy(&head.method_name[..cut(head.method_name)]);
        let path = String::from_utf8_lossy(&path[..cut(path)]);
        let mut line = String::with_capacity(method.len() + 1 + path.len());
        line.push_str(&method);
        line.push(' ');
        line.push_str(&path);
        self.first_target = hash(head.method_name) ^ hash(head.target).rotate_left(1);
        self.first_line = Some(line.into_boxed_str());
    }

    pub(super) fn on_response(&mut self, head: &ResponseHead, from: Origin, cx: &mut Context<'_>) -> Effect {
        if head.is_interim() || self.too_late() {
            return Effect::default();
        }
        let Some(leg) = self.leg() else {
            return Effect::default();
        };
        self.note_extent(head.extent);
        self.responses = self.responses.saturating_add(1);
        self.note_response_signs(head);
        if head.announced {
            self.marks.set(Marks::ANNOUNCED);
        }
        if self
            .pending
            .front()
            .is_some_and(|pending| pending.status.is_some())
        {
            // The end of the response before was not seen.
            if let Some(pending) = self.pending.pop() {
                self.finish_record(pending, None, None, cx);
            }
        }
        let front = self.pending.front_mut();
        let first_byte = front
            .as_ref()
            .map(|pending| from.at.since(pending.last_byte).max(0));
        if let Some(pending) = front {
            pending.status = Some(head.status);
            if let Some(record) = pending.record.as_mut() {
                record.status = (head.status != UNREAD_STATUS).then_some(head.status);
                record.first_byte = first_byte;
                record.announced_close |= head.announced;
            }
        }
        let kind = EventKind::Response {
            status: head.status,
            announced: head.announced,
            first_byte,
        };
        cx.emit(from.at, leg, kind);
        match head.framing {
            Framing::Tunnel => {
                self.upgrade(from.at, cx);
                return Effect {
                    tunnel: true,
                    tls: false,
                };
            }
            Framing::None => self.on_response_end(from.at, cx),
            _ => {}
        }
        Effect::default()
    }

    /// Response bytes after the client's FIN or RST do not complete an exchange. Those that it acknowledged came before.
    pub(super) fn too_late(&self) -> bool {
        let Some(closing) = self.closing.filter(|closing| self.is_client(closing.by)) else {
            return false;
        };
        let reached = self.streams[closing.by.peer().index()].assembler.next();
        match (closing.acked, reached) {
            (Some(acked), Some(reached)) => reached.after(acked) > 0,
            _ => true,
        }
    }

    pub(super) fn on_response_end(&mut self, at: Timestamp, cx: &mut Context<'_>) {
        if self.too_late() {
            return;
        }
        let finished = if self
            .pending
            .front()
            .is_some_and(|pending| pending.status.is_some())
        {
            self.pending.pop()
        } else {
            None
        };
        self.last_response_end = Some(at);
        let became_idle = self.pending.is_empty() && self.marks.has(Marks::BUSY);
        if became_idle {
            self.marks.clear(Marks::BUSY);
        }
        let response = finished.as_ref().map(|pending| at.since(pending.began).max(0));
        let prefix = finished
            .as_ref()
            .map_or(self.last_prefix, |pending| pending.prefix);
        if let Some(leg) = self.leg() {
            cx.emit(
                at,
                leg,
                EventKind::ExchangeEnd {
                    response,
                    prefix,
                    became_idle,
                },
            );
        }
        if let Some(pending) = finished {
            self.finish_record(pending, Some(at), response, cx);
        }
    }

    fn upgrade(&mut self, at: Timestamp, cx: &mut Context<'_>) {
        self.protocol = Protocol::Tunnel;
        self.marks.set(Marks::UPGRADED);
        let was_busy = self.marks.has(Marks::BUSY);
        self.marks.clear(Marks::BUSY);
        let Some(pending) = self.pending.pop() else { return };
        if let Some(leg) = self.leg() {
            let kind = EventKind::Upgraded {
                connection: self.id,
                reuse: pending.reuse,
                prefix: pending.prefix,
                was_busy,
            };
            cx.emit(at, leg, kind);
        }
        self.finish_record(pending, Some(at), None, cx);
        self.drop_unseen();
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

    /// Tells of the exchanges that have no end.
    pub(super) fn finish_records(&mut self, cx: &mut Context<'_>) {
        while let Some(pending) = self.pending.pop() {
            self.finish_record(pending, None, None, cx);
        }
    }

    fn record(&self, head: &RequestHead<'_>, reuse: Reuse, began: Timestamp, from: Origin) -> ExchangeRecord {
        let text =
            |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(TARGET_BYTES)]).into_owned();
        ExchangeRecord {
            order: 0,
            connection: self.id,
            // Filled in when the record is finished: the key is not at hand here.
            client: Endpoint {
                address: std::net::Ipv4Addr::UNSPECIFIED.into(),
                port: 0,
            },
            server: Endpoint {
                address: std::net::Ipv4Addr::UNSPECIFIED.into(),
                port: 0,
            },
            index: self.requests,
            start: began,
            method: text(head.method_name),
            target: text(head.target),
            host: head.host.map(text),
            version: match head.version {
                Version::Http09 => "0.9",
                Version::Http10 => "1.0",
                Version::Http11 => "1.1",
                Version::Unread => "",
                Version::Http2 => "2",
            },
            status: None,
            first_byte: None,
            response: None,
            reused: match reuse {
                Reuse::First => Some(false),
                Reuse::MidstreamFirst => None,
                Reuse::Reused => Some(true),
            },
            announced_close: head.announced,
            frame: (self.last_interface.0, from.number),
        }
    }

    pub(super) fn finish_record(
        &self,
        pending: Pending,
        end: Option<Timestamp>,
        response: Option<Nanos>,
        cx: &mut Context<'_>,
    ) {
        if let Some(mut record) = pending.record {
            record.order = cx.now.order;
            record.response = end.and(response);
            if let Some((client, server)) = self.ends(cx) {
                record.client = client;
                record.server = server;
            }
            cx.exchanges.push(*record);
        }
    }

    /// Whether the SYN that replaced it ended the connection.
    pub(super) fn was_replaced(&self) -> bool {
        self.closing.is_some_and(|closing| closing.how == How::Replaced)
    }
}

fn set(marks: &mut Marks, bit: u16, on: bool) {
    if on {
        marks.set(bit);
    } else {
        marks.clear(bit);
    }
}

/// FNV-1a, 64 bits: a name for a target that is the same in every run.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
