//! TLS on a connection: its application data, counted in turns.

use super::context::Context;
use super::conversation::Conversation;
use super::delivery::Origin;
use super::marks::Marks;
use crate::classify::{Protocol, TlsFacts};
use crate::http::Side;
use crate::http::tls::{Application, TlsSession};

impl Conversation {
    /// The payload turned out to be TLS.
    pub(super) fn begin_tls(&mut self) {
        let session = if self.marks.has(Marks::OPENED) {
            TlsSession::default()
        } else {
            TlsSession::midstream()
        };
        self.turns_or_new().tls = Some(Box::new(session));
    }

    pub(super) fn tls(&mut self) -> Option<&mut TlsSession> {
        self.turns_mut()?.tls.as_deref_mut()
    }

    /// A segment of a TLS connection.
    pub(super) fn tls_segment(
        &mut self,
        side: Side,
        bytes: &[u8],
        missing: u32,
        from: Origin,
        cx: &mut Context<'_>,
    ) {
        let Some(session) = self.tls() else { return };
        let found = session.segment(side, bytes, missing);
        if !session.is_tls() && session.is_lost() {
            // It only began like a record.
            self.protocol = Protocol::Other;
            self.beyond_mut().turns = None;
            return;
        }
        self.tls_data(side, found, bytes.len() as u32 + missing, from, cx);
    }

    /// Bytes that were not captured. Returns whether this is TLS.
    pub(super) fn tls_gap(&mut self, side: Side, len: u32, from: Origin, cx: &mut Context<'_>) -> bool {
        let Some(session) = self.tls() else { return false };
        let found = session.gap(side, len);
        self.tls_data(side, found, len, from, cx);
        true
    }

    fn tls_data(&mut self, side: Side, found: Application, len: u32, from: Origin, cx: &mut Context<'_>) {
        if !found.any {
            return;
        }
        let request_under_way = self
            .pending
            .as_ref()
            .is_some_and(|pending| pending.status.is_none());
        if side == Side::Response || found.begins || request_under_way {
            self.turn(side, from, cx);
        }
        if side == Side::Response {
            self.response_bytes(len, found.may_be_ticket, from.at, cx);
        }
    }

    /// What the handshake showed.
    pub(super) fn tls_facts(&self) -> Option<TlsFacts> {
        let session = self.turns()?.tls.as_deref()?;
        Some(TlsFacts {
            resumed: session.resumed(),
            server_name: session.server_name().map(Into::into),
        })
    }
}
