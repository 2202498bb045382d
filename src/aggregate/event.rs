//! What the conversations tell about legs, in frame order.

use std::net::IpAddr;

use crate::classify::{ConnectionFacts, Endpoint, Version};
use crate::time::{Nanos, Timestamp};

/// A leg as the engine numbers it: a client address and a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub struct LegRef(pub u32);

impl LegRef {
    /// Connections whose roles never became sure belong to no leg.
    pub const UNATTRIBUTED: Self = Self(u32::MAX);
}

/// A Host and URI prefix as the engine numbers it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub struct PrefixRef(pub u32);

impl PrefixRef {
    /// Host and target were cut off or encrypted.
    pub const UNREAD: Self = Self(u32::MAX);
}

/// One thing that happened on a leg.
#[derive(Clone, Debug)]
pub struct LegEvent {
    /// The place of the frame that told it among all frames of the capture; events are added up in this order.
    pub order: u64,
    /// Packet time.
    pub timestamp: Timestamp,
    /// The running maximum of packet time at that frame.
    pub clock: Timestamp,
    /// On which leg.
    pub leg: LegRef,
    /// What.
    pub kind: EventKind,
}

/// Whether a request paid for a handshake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reuse {
    /// The first on an opened connection.
    First,
    /// The first observed on a midstream connection.
    MidstreamFirst,
    /// Any other.
    Reused,
}

/// The things that happen.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// A leg that was not mentioned before.
    Leg {
        /// The client's address; `None` when pairs are no longer told apart.
        client: Option<IpAddr>,
        /// The server; `None` when servers are no longer told apart.
        server: Option<Endpoint>,
    },
    /// A Host and prefix that were not mentioned before (not tied to the leg).
    Prefix {
        /// Its number.
        prefix: PrefixRef,
        /// The Host header.
        host: Option<Box<str>>,
        /// The first path segment.
        path: Box<str>,
    },
    /// A connection appeared, by its SYN or without it.
    Opened {
        /// Its id.
        connection: u64,
        /// Whether the SYN was captured.
        syn: bool,
    },
    /// The SYN of a connection that had appeared without it.
    SynAfterAll {
        /// Its id.
        connection: u64,
    },
    /// The handshake was completed.
    Established,
    /// The first byte of a request on an idle connection, its head not yet complete.
    Busy,
    /// A request head.
    Request {
        /// The connection's id.
        connection: u64,
        /// Whether it paid for a handshake.
        reuse: Reuse,
        /// 1 for the connection's first request ...
        index: u32,
        /// HTTP version.
        version: Version,
        /// It announced the close.
        announced: bool,
        /// Host and prefix.
        prefix: PrefixRef,
        /// The connection was idle and not yet counted as busy.
        became_busy: bool,
        /// Nothing of it could be read: it follows from who sent what after whom.
        estimated: bool,
    },
    /// A final response head.
    Response {
        /// Its status; 0 if that is not visible.
        status: u16,
        /// It announced the close.
        announced: bool,
        /// Last request byte to first response byte.
        first_byte: Option<Nanos>,
    },
    /// A response counted before was cut off by the client's close.
    ResponseCut {
        /// Its status; 0 where it showed none.
        status: u16,
    },
    /// A response's last byte.
    ExchangeEnd {
        /// First request byte to last response byte.
        response: Option<Nanos>,
        /// Host and prefix of the request.
        prefix: PrefixRef,
        /// The connection is idle now.
        became_idle: bool,
    },
    /// The request was answered by 101 or CONNECT 2xx: it leaves the ratios.
    Upgraded {
        /// The connection's id.
        connection: u64,
        /// How it had been counted.
        reuse: Reuse,
        /// Host and prefix of the request.
        prefix: PrefixRef,
        /// The connection had been busy.
        was_busy: bool,
    },
    /// The capture lacks bytes and framing was lost, or packets are known to be missing.
    Loss {
        /// Requests that may hide in it, at most.
        hidden: u64,
    },
    /// The first FIN or RST, or the SYN that replaces the connection.
    Closing {
        /// The connection's id.
        connection: u64,
        /// It had carried a request that was no upgrade.
        with_request: bool,
        /// It was busy.
        was_busy: bool,
        /// By RST.
        reset: bool,
        /// Idle time, if a complete response came before.
        idle: Option<Nanos>,
        /// The close was announced.
        announced: bool,
        /// Host and prefix of its last request.
        prefix: PrefixRef,
    },
    /// The connection is over, or the capture is.
    Closed(Box<ConnectionFacts>),
}
