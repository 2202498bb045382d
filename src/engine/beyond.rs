//! What a connection carries besides HTTP/1.x messages; most carry nothing.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::num::NonZeroU16;

use super::conversation::Conversation;
use super::multiplexed::Multiplexed;
use super::opening::Challenger;
use super::pending::Pending;
use super::turns::Turns;
use crate::classify::Endpoint;
use crate::time::{OptionalTimestamp, Timestamp};

/// State that few connections need.
#[derive(Debug, Default)]
pub(super) struct Beyond {
    /// The client named by a PROXY protocol header.
    pub(super) proxied_for: Option<Endpoint>,
    /// HTTP/2.
    pub(super) multiplexed: Option<Box<Multiplexed>>,
    /// First byte of a request whose head is not complete.
    pub(super) begun: OptionalTimestamp,
    pub(super) syn_retransmitted: u16,
    /// The first two retransmissions, in milliseconds after the connection's first packet.
    pub(super) syn_again: [Option<u16>; 2],
    /// Status of the last final response, if it is not 200.
    pub(super) status: Option<NonZeroU16>,
    pub(super) keepalive_probes: u16,
    pub(super) retransmitted: u32,
    pub(super) out_of_order: u32,
    pub(super) gap_bytes: u64,
    /// Bytes that wait for others.
    pub(super) stall: Option<Stall>,
    pub(super) turns: Option<Box<Turns>>,
    pub(super) challenger: Option<Box<Challenger>>,
    /// Requests behind the one that waits for the next response.
    pub(super) pipelined: Option<Box<VecDeque<Pending>>>,
}

impl Beyond {
    /// Whether nothing waits for the connection's next packets.
    #[inline]
    pub(super) fn is_calm(&self) -> bool {
        self.stall.is_none() && self.challenger.is_none()
    }
}

/// Bytes that wait for others: since when, and how many packets passed meanwhile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stall {
    pub(super) since: Timestamp,
    pub(super) packets: u32,
    /// The engine looks after it when time has passed.
    pub(super) watched: bool,
    /// Bytes kept, as the engine has them in its account.
    pub(super) kept: usize,
}

impl Conversation {
    /// Room for what few connections need.
    pub(super) fn beyond_mut(&mut self) -> &mut Beyond {
        self.beyond.get_or_insert_default()
    }

    #[inline]
    pub(super) fn stall(&self) -> Option<&Stall> {
        self.beyond.as_ref()?.stall.as_ref()
    }

    #[inline]
    pub(super) fn stall_mut(&mut self) -> Option<&mut Stall> {
        self.beyond.as_mut()?.stall.as_mut()
    }

    #[inline]
    pub(super) fn turns(&self) -> Option<&Turns> {
        self.beyond.as_ref()?.turns.as_deref()
    }

    #[inline]
    pub(super) fn turns_mut(&mut self) -> Option<&mut Turns> {
        self.beyond.as_mut()?.turns.as_deref_mut()
    }

    pub(super) fn turns_or_new(&mut self) -> &mut Turns {
        self.beyond_mut().turns.get_or_insert_default()
    }

    #[inline]
    pub(super) fn challenger(&self) -> Option<&Challenger> {
        self.beyond.as_ref()?.challenger.as_deref()
    }

    pub(super) fn take_challenger(&mut self) -> Option<Box<Challenger>> {
        self.beyond.as_mut()?.challenger.take()
    }

    /// When the request under way began, if that was noted; it is not any more.
    #[inline]
    pub(super) fn take_begun(&mut self) -> Option<Timestamp> {
        self.beyond.as_mut()?.begun.take()
    }

    /// A PROXY protocol header: LOCAL and UNKNOWN name nobody.
    pub(super) fn on_proxied(&mut self, source: Option<SocketAddr>) {
        self.beyond_mut().proxied_for = source.map(|source| Endpoint {
            address: source.ip(),
            port: source.port(),
        });
    }

    pub(super) fn proxied_for(&self) -> Option<Endpoint> {
        self.beyond.as_ref().and_then(|beyond| beyond.proxied_for)
    }
}
