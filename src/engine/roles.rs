//! Which end is the client, and how that is known.

use super::context::Context;
use super::conversation::{Conversation, Roles};
use super::marks::Marks;
use super::servers::speaker;
use crate::aggregate::EventKind;
use crate::classify::RoleEvidence;
use crate::flow::{FlowKey, Sender};
use crate::http::Side;
use crate::http::tls::begins_record;
use crate::time::Timestamp;

impl Conversation {
    /// Settles the roles; the leg hears of the connection now.
    pub(super) fn settle(
        &mut self,
        client: Sender,
        evidence: RoleEvidence,
        at: Timestamp,
        cx: &mut Context<'_>,
    ) {
        if self.roles.is_some() {
            return;
        }
        let leg = cx.shared.names.leg(
            cx.key.end(client),
            cx.key.end(client.peer()),
            cx.shared.now,
            &mut cx.shared.told,
        );
        self.roles = Some(Roles {
            client,
            evidence,
            leg,
        });
        if client == Sender::High && !matches!(evidence, RoleEvidence::Syn | RoleEvidence::SynAck) {
            // Letters noted before the roles were known took the low end for the client.
            self.history = self.history.swapped();
        }
        if !self.marks.has(Marks::RESUMED) {
            let syn = self.marks.has(Marks::OPENED);
            cx.emit(
                at,
                leg,
                EventKind::Opened {
                    connection: cx.connection,
                    syn,
                },
            );
        }
    }

    /// A start line tells who speaks, and so does a ClientHello; a port named by the user does before any payload. Where
    /// no start line will be seen (cut payload, TLS records) it is the end that is known as a server.
    pub(super) fn infer_roles(
        &mut self,
        payload: &[u8],
        cut: bool,
        sender: Sender,
        at: Timestamp,
        cx: &mut Context<'_>,
    ) {
        if let Some(side) = speaker(payload) {
            let client = if side == Side::Request {
                sender
            } else {
                sender.peer()
            };
            self.settle(client, RoleEvidence::StartLine, at, cx);
        } else if (cut || begins_record(payload))
            && let Some(server) = Self::known_server(cx)
        {
            self.settle(server.peer(), RoleEvidence::KnownServer, at, cx);
        }
    }

    /// The end that was a server before in this capture, if just one was.
    fn known_server(cx: &Context<'_>) -> Option<Sender> {
        let known = |end: Sender| cx.shared.names.is_server(cx.key.end(end));
        match (known(Sender::Low), known(Sender::High)) {
            (true, false) => Some(Sender::Low),
            (false, true) => Some(Sender::High),
            _ => None,
        }
    }

    /// The end whose port the user named as a server's, if just one is.
    pub(super) fn named_server(cx: &Context<'_>) -> Option<Sender> {
        let named = |end: Sender| cx.shared.config.server_ports.contains(&cx.key.end(end).1);
        match (named(Sender::Low), named(Sender::High)) {
            (true, false) => Some(Sender::Low),
            (false, true) => Some(Sender::High),
            _ => None,
        }
    }

    /// The roles of a connection that ends without having shown them: `None` if nothing better than the lower port
    /// is left, which names the ends and is not sure enough for a leg.
    pub(super) fn settle_at_last(&mut self, at: Timestamp, cx: &mut Context<'_>) -> Option<()> {
        if self.roles.is_some() {
            return Some(());
        }
        if let Some(server) = Self::named_server(cx) {
            self.settle(server.peer(), RoleEvidence::NamedPort, at, cx);
            return Some(());
        }
        let server = Self::known_server(cx)?;
        self.settle(server.peer(), RoleEvidence::KnownServer, at, cx);
        Some(())
    }

    /// The lower port's end.
    pub(super) fn lower_port(key: &FlowKey) -> Sender {
        let [low, high] = key.ports();
        if low <= high { Sender::Low } else { Sender::High }
    }
}
