//! The closing facts of a connection.

use std::num::NonZeroU64;

use super::context::Context;
use super::conversation::Conversation;
use super::marks::Marks;
use super::names::Names;
use crate::classify::{ConnectionFacts, Endpoint, Handshake, RoleEvidence};
use crate::flow::{FlowKey, PathId, Sender, TcpEnd};
use crate::thresholds::Thresholds;
use crate::time::Timestamp;

/// What a connection's facts say beside what it knows itself.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) key: &'a FlowKey,
    pub(super) names: &'a Names,
    pub(super) thresholds: &'a Thresholds,
}

fn endpoint(key: &FlowKey, end: Sender) -> Endpoint {
    let (address, port) = key.end(end);
    Endpoint {
        address: address.into(),
        port,
    }
}

impl Conversation {
    /// Everything the report needs of this connection, at its end or at `now`, the end of the capture.
    pub(super) fn facts(&self, now: Timestamp, known: Known<'_>) -> ConnectionFacts {
        let mut facts = ConnectionFacts::BLANK;
        self.write_facts(&mut facts, now, known);
        facts
    }

    /// The same, of a large value that stays where it is: `facts` are blank.
    #[expect(clippy::too_many_lines, reason = "a line or two for each of them")]
    pub(super) fn write_facts(&self, facts: &mut ConnectionFacts, now: Timestamp, known: Known<'_>) {
        // By name, so that none is forgotten; each is written at once, so that none has to be kept meanwhile.
        let ConnectionFacts {
            id,
            client,
            server,
            role_evidence,
            path,
            interface,
            start,
            end,
            first_frame,
            last_frame,
            opening,
            handshake,
            resumed,
            upgraded,
            syn_retransmitted,
            syn_again,
            proxied_for,
            protocol,
            requests,
            responses,
            unanswered,
            cancelled,
            announced,
            closer,
            closed_at,
            idle_before_close,
            last_response_end,
            unanswered_since,
            last_prefix,
            signs,
            status,
            two_way,
            obscured,
            heads_cut,
            bytes_to_server,
            bytes_to_client,
            gap_bytes,
            retransmitted,
            out_of_order,
            keepalive_probes,
            asked,
            tls,
            history,
        } = facts;
        let (by_client, evidence) = match self.roles {
            Some(roles) => (roles.client, roles.evidence),
            None => (Self::lower_port(known.key).peer(), RoleEvidence::LowerPort),
        };
        let by_server = by_client.peer();
        *id = self.id.get();
        *client = endpoint(known.key, by_client);
        *server = endpoint(known.key, by_server);
        *role_evidence = evidence;
        if known.key.path() != PathId::default() {
            *path = known.names.path_of(known.key.path());
        }
        *interface = self.first.interface();
        *first_frame = self.first.number();
        *last_frame = (self.last.interface(), self.last.number());
        *start = self.start;
        *end = self.last_at;

        let opened = self.handshake(by_client, now, known.thresholds);
        let failed = matches!(opened, Handshake::Refused | Handshake::Unanswered);
        *handshake = opened;
        *opening = self.opening_hash(by_client, failed);
        if let Some(closing) = self.closing.filter(|_| !failed) {
            *closer = self.closer(by_client);
            *closed_at = Some(closing.at);
            *idle_before_close = self.idle_before(closing.at);
        }
        *resumed = self.marks.has(Marks::RESUMED);
        *upgraded = self.marks.has(Marks::UPGRADED);
        *announced = self.marks.has(Marks::ANNOUNCED);
        *obscured = self.marks.has(Marks::OBSCURED);
        *heads_cut = self.marks.has(Marks::HEADS_CUT);

        *protocol = self.protocol;
        *requests = self.requests;
        *responses = self.responses;
        *unanswered = self.unanswered();
        *unanswered_since = self.unanswered_since();
        *last_response_end = self.response_end();
        *last_prefix = self.last_prefix.0;
        *signs = self.last_signs(by_client);
        *status = self.status();
        *two_way = self.is_two_way();
        *bytes_to_server = self.streams[by_client.index()].bytes;
        *bytes_to_client = self.streams[by_server.index()].bytes;
        *asked = NonZeroU64::new(self.asked);
        *history = self.history;

        // What few connections have.
        if let Some(beyond) = self.beyond.as_deref() {
            *syn_retransmitted = beyond.syn_retransmitted.into();
            *syn_again = beyond.syn_again;
            *proxied_for = beyond.proxied_for;
            *cancelled = self.cancelled_streams();
            *gap_bytes = beyond.gap_bytes;
            *retransmitted = beyond.retransmitted;
            *out_of_order = beyond.out_of_order;
            *keepalive_probes = beyond.keepalive_probes.into();
            *tls = self.tls_facts();
        }
    }

    /// The same number at every place where this connection is captured, whatever its addresses are there.
    /// Of a connect that failed the client's number is all there is.
    fn opening_hash(&self, client: Sender, failed: bool) -> Option<NonZeroU64> {
        let asked = self.tcp.end(client).isn()?.0;
        let answered = match self.tcp.end(client.peer()).isn() {
            Some(number) => number.0,
            None if failed => 0,
            None => return None,
        };
        // The finalizer of SplitMix64 (Steele, Lea, Flood 2014): reports of all versions have to agree.
        let mut hash = u64::from(asked) << 32 | u64::from(answered);
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        NonZeroU64::new(hash ^ (hash >> 31))
    }

    pub(super) fn idle_before(&self, closed_at: Timestamp) -> Option<i64> {
        if self.was_replaced() {
            return None;
        }
        match (self.idle_at(closed_at), self.requests) {
            (None, 0) => self.last_payload().map(|last| closed_at.since(last).max(0)),
            (idle, _) => idle,
        }
    }

    /// Both directions were captured, or nothing proves that the other one existed.
    pub(super) fn is_two_way(&self) -> bool {
        let [low, high] = [self.tcp.end(Sender::Low), self.tcp.end(Sender::High)];
        // An acknowledgment, that of a SYN-ACK included, answers something.
        let alone = |end: &TcpEnd| end.any() && (end.proves_peer() || end.acked().is_some());
        match (low.any(), high.any()) {
            (true, false) => !alone(low),
            (false, true) => !alone(high),
            _ => true,
        }
    }

    pub(super) fn handshake(&self, client: Sender, now: Timestamp, thresholds: &Thresholds) -> Handshake {
        if !self.marks.has(Marks::OPENED) {
            return Handshake::Midstream;
        }
        if self.marks.has(Marks::ESTABLISHED) {
            return Handshake::Established;
        }
        if self.marks.has(Marks::REFUSED) {
            return Handshake::Refused;
        }
        let silent = !self.tcp.end(client.peer()).any();
        let payload = self.tcp.end(client).payload() || self.tcp.end(client.peer()).payload();
        let proven = self.tcp.end(client).proves_peer();
        let waited = self
            .beyond
            .as_ref()
            .is_some_and(|beyond| beyond.syn_retransmitted > 0)
            || self.marks.has(Marks::ABANDONED)
            || now.since(self.start) >= thresholds.unanswered_after;
        if silent && !payload && !proven && waited && !self.marks.has(Marks::TOLD) {
            Handshake::Unanswered
        } else {
            Handshake::InProgress
        }
    }

    /// Client and server, for records made while the connection lives.
    pub(super) fn ends(&self, cx: &Context<'_>) -> Option<(Endpoint, Endpoint)> {
        let roles = self.roles?;
        Some((
            endpoint(cx.key, roles.client),
            endpoint(cx.key, roles.client.peer()),
        ))
    }
}
