//! The closing facts of a connection.

use std::num::NonZeroU64;

use super::closing::{Closing, How};
use super::context::Context;
use super::conversation::{Conversation, Roles};
use super::marks::Marks;
use super::names::Names;
use crate::classify::{Closer, ConnectionFacts, Endpoint, Handshake, Path, RoleEvidence, Seldom, Tunnel};
use crate::flow::{FlowKey, PathId, Sender, TcpEnd};
use crate::thresholds::Thresholds;
use crate::time::{OptionalTimestamp, Timestamp};

/// What a connection's facts say beside what it knows itself.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) key: &'a FlowKey,
    pub(super) names: &'a Names,
    pub(super) thresholds: &'a Thresholds,
}

impl Known<'_> {
    #[inline]
    fn path(&self) -> Path {
        let path = self.key.path();
        if path == PathId::default() {
            Path::default()
        } else {
            self.names.path_of(path)
        }
    }
}

/// Client and server.
#[inline]
fn ends(key: &FlowKey, client: Sender) -> [Endpoint; 2] {
    [endpoint(key, client), endpoint(key, client.peer())]
}

#[inline]
fn endpoint(key: &FlowKey, end: Sender) -> Endpoint {
    // Of IPv4 in two instructions, as nearly all are.
    if let Some(address) = key.v4(end) {
        let port = key.ports()[end.index()];
        return Endpoint {
            address: address.into(),
            port,
        };
    }
    let (address, port) = key.end(end);
    Endpoint {
        address: address.into(),
        port,
    }
}

impl Conversation {
    /// What the [usual facts](Self::write_usual_facts) of a [complete](Self::is_complete) connection need, if it was opened by a
    /// handshake, answered and closed by a FIN, as nearly all are, and nothing is missing. `None` of any other one: its
    /// [`facts`](Self::facts) have to be looked for.
    #[inline]
    pub(super) fn usual_end(&self) -> Option<(Roles, Closing)> {
        const WANTED: u16 = Marks::OPENED | Marks::ESTABLISHED | Marks::TOLD | Marks::ANSWERED;
        const UNUSUAL: u16 = Marks::RESUMED | Marks::UPGRADED | Marks::OBSCURED | Marks::HEADS_CUT;
        let (Some(roles), Some(closing)) = (self.roles, self.closing) else {
            return None;
        };
        let is_usual = self.marks.0 & (WANTED | UNUSUAL) == WANTED && closing.how == How::Fin;
        let any = |end| self.tcp.end(end).any();
        (is_usual && any(Sender::Low) && any(Sender::High)).then_some((roles, closing))
    }

    /// Writes what [`facts`](Self::facts) are of a connection with a [usual end](Self::usual_end).
    #[expect(clippy::inline_always, reason = "nearly all are written at one place")]
    #[inline(always)]
    pub(super) fn write_usual_facts(
        &self,
        facts: &mut ConnectionFacts,
        (roles, closing): (Roles, Closing),
        known: Known<'_>,
    ) {
        // By name, so that none is forgotten; each is written at once, so that none has to be kept meanwhile.
        let ConnectionFacts {
            id,
            client,
            server,
            role_evidence,
            vlans,
            interface,
            start,
            end,
            first_frame,
            last_frame,
            opening,
            handshake,
            resumed,
            upgraded,
            protocol,
            requests,
            responses,
            unanswered,
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
            asked,
            history,
            seldom,
        } = facts;
        let by = roles.client;
        let path = known.path();
        if path.tunnel.is_some() || seldom.is_some() {
            *seldom = self.seldom(path.tunnel);
        }
        *vlans = path.vlans;
        *opening = self.opening_hash(by, false);
        [*client, *server] = ends(known.key, by);
        *role_evidence = roles.evidence;
        *id = self.id.get();
        *interface = self.first.interface();
        *first_frame = self.first.number();
        *last_frame = (self.last.interface(), self.last.number());
        *start = self.start;
        *end = self.last_at;
        *closed_at = closing.at.into();
        *last_response_end = self.activity;
        *idle_before_close = self.activity.get().map(|end| closing.at.after(end)).into();
        *unanswered_since = OptionalTimestamp::NONE;
        *bytes_to_server = self.streams[by.index()].bytes;
        *bytes_to_client = self.streams[by.peer().index()].bytes;
        *asked = NonZeroU64::new(self.asked);
        *history = self.history;
        *requests = self.requests;
        *responses = self.responses;
        *unanswered = 0;
        *last_prefix = self.last_prefix.0;
        *signs = self.last_signs(by);
        *status = self.status();
        *protocol = self.protocol;
        *handshake = Handshake::Established;
        *closer = Some(if closing.by == by {
            Closer::Client
        } else {
            Closer::Server
        });
        *announced = self.marks.has(Marks::ANNOUNCED);
        (*resumed, *upgraded, *obscured, *heads_cut) = (false, false, false, false);
        *two_way = true;
    }

    /// Everything the report needs of this connection, at its end or at `now`, the end of the capture.
    #[inline(never)]
    pub(super) fn facts(&self, now: Timestamp, known: Known<'_>) -> ConnectionFacts {
        let (by_client, role_evidence) = match self.roles {
            Some(roles) => (roles.client, roles.evidence),
            None => (Self::lower_port(known.key).peer(), RoleEvidence::LowerPort),
        };
        let path = known.path();
        let handshake = self.handshake(by_client, now, known.thresholds);
        let failed = matches!(handshake, Handshake::Refused | Handshake::Unanswered);
        let closing = self.closing.filter(|_| !failed);
        ConnectionFacts {
            id: self.id.get(),
            client: endpoint(known.key, by_client),
            server: endpoint(known.key, by_client.peer()),
            role_evidence,
            vlans: path.vlans,
            interface: self.first.interface(),
            start: self.start,
            end: self.last_at,
            first_frame: self.first.number(),
            last_frame: (self.last.interface(), self.last.number()),
            opening: self.opening_hash(by_client, failed),
            handshake,
            resumed: self.marks.has(Marks::RESUMED),
            upgraded: self.marks.has(Marks::UPGRADED),
            protocol: self.protocol,
            requests: self.requests,
            responses: self.responses,
            unanswered: self.unanswered(),
            announced: self.marks.has(Marks::ANNOUNCED),
            closer: closing.and_then(|_| self.closer(by_client)),
            closed_at: closing.map(|closing| closing.at).into(),
            idle_before_close: closing.and_then(|closing| self.idle_before(closing.at)).into(),
            last_response_end: self.response_end().into(),
            unanswered_since: self.unanswered_since().into(),
            last_prefix: self.last_prefix.0,
            signs: self.last_signs(by_client),
            status: self.status(),
            two_way: self.is_two_way(),
            obscured: self.marks.has(Marks::OBSCURED),
            heads_cut: self.marks.has(Marks::HEADS_CUT),
            bytes_to_server: self.streams[by_client.index()].bytes,
            bytes_to_client: self.streams[by_client.peer().index()].bytes,
            asked: NonZeroU64::new(self.asked),
            history: self.history,
            seldom: if self.beyond.is_none() && path.tunnel.is_none() {
                None
            } else {
                self.seldom(path.tunnel)
            },
        }
    }

    /// What few connections have, if there is any of it.
    #[cold]
    #[inline(never)]
    fn seldom(&self, tunnel: Option<Tunnel>) -> Option<Box<Seldom>> {
        let Some(beyond) = self.beyond.as_deref() else {
            return Seldom {
                tunnel,
                ..Seldom::NONE
            }
            .kept();
        };
        let seldom = Seldom {
            tunnel,
            syn_retransmitted: beyond.syn_retransmitted.into(),
            syn_again: beyond.syn_again,
            proxied_for: beyond.proxied_for,
            cancelled: self.cancelled_streams(),
            gap_bytes: beyond.gap_bytes,
            retransmitted: beyond.retransmitted,
            out_of_order: beyond.out_of_order,
            keepalive_probes: beyond.keepalive_probes.into(),
            tls: self.tls_facts(),
        };
        seldom.kept()
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
