//! What the conversations tell about legs, in frame order.

use std::net::IpAddr;
use std::num::NonZeroU64;

use crate::classify::{ConnectionFacts, Endpoint, Version};
use crate::time::{OptionalNanos, Timestamp};

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

/// A connection as the engine numbers it while it lives; the number of one that is over is used again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub struct ConnectionRef(pub u32);

/// What an engine tells: small events in frame order, and apart from them what is large and rare.
#[derive(Debug, Default)]
pub struct Told {
    /// The events.
    pub events: Vec<LegEvent>,
    /// The closing facts, in the order of their [`EventKind::Closed`].
    pub facts: FactsTold,
    /// Method and target of first requests, one after the other.
    pub lines: Vec<u8>,
    /// Exchanges sampled for the pairing of legs, in no order.
    pub samples: Vec<SampledExchange>,
    /// What [`EventKind::Leg`] names.
    pub legs: Vec<LegNamed>,
    /// What [`EventKind::Prefix`] names.
    pub prefixes: Vec<PrefixNamed>,
}

impl Told {
    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.events.clear();
        self.facts.clear();
        self.lines.clear();
        self.samples.clear();
        self.legs.clear();
        self.prefixes.clear();
    }
}

/// Closing facts in their order. They are large: where there were some before, they are written over.
#[derive(Debug, Default)]
pub struct FactsTold {
    list: Vec<ConnectionFacts>,
    many: usize,
}

impl FactsTold {
    /// Room for those of one more connection, which say something of another one until all of them are written.
    #[inline]
    pub fn room(&mut self) -> &mut ConnectionFacts {
        if self.many == self.list.len() {
            self.list.push(ConnectionFacts::BLANK);
        }
        self.many += 1;
        &mut self.list[self.many - 1]
    }

    /// Those that were told.
    #[must_use]
    pub fn all(&self) -> &[ConnectionFacts] {
        &self.list[..self.many]
    }

    fn clear(&mut self) {
        self.many = 0;
    }
}

/// One thing that happened on a leg: plain data, of which a batch is forgotten at once.
#[derive(Clone, Copy, Debug)]
pub struct LegEvent {
    /// The place of the frame that told it among all frames of the capture; events are added up in this order.
    pub order: u64,
    /// Which of several connections, where the clock brought it about at the same frame.
    pub tie: u32,
    /// Packet time.
    pub timestamp: Timestamp,
    /// The running maximum of packet time at that frame.
    pub clock: Timestamp,
    /// On which leg.
    pub leg: LegRef,
    /// What.
    pub kind: EventKind,
}

impl LegEvent {
    /// Where it stands among the events of all engines.
    #[inline]
    #[must_use]
    pub fn place(&self) -> (u64, u32) {
        (self.order, self.tie)
    }
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
#[derive(Clone, Copy, Debug)]
pub enum EventKind {
    /// A leg that was not mentioned before, at this place in [`Told::legs`].
    Leg(u32),
    /// A Host and prefix that were not mentioned before (not tied to the leg), at this place in [`Told::prefixes`].
    Prefix(u32),
    /// A connection appeared, by its SYN or without it.
    Opened {
        /// Which.
        connection: ConnectionRef,
        /// Whether the SYN was captured.
        syn: bool,
    },
    /// The SYN of a connection that had appeared without it.
    SynAfterAll {
        /// Which.
        connection: ConnectionRef,
    },
    /// The handshake was completed.
    Established {
        /// First SYN to the ACK that completes it.
        connect: OptionalNanos,
    },
    /// The first byte of a request on an idle connection, its head not yet complete.
    Busy,
    /// A request head.
    Request {
        /// Its connection.
        connection: ConnectionRef,
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
        /// Of a connection's first request: what was asked for.
        asked: Asked,
    },
    /// A final response head.
    Response {
        /// Its status; 0 if that is not visible.
        status: u16,
        /// It announced the close.
        announced: bool,
        /// Last request byte to first response byte.
        first_byte: OptionalNanos,
    },
    /// A response counted before was cut off by the client's close.
    ResponseCut {
        /// Its status; 0 where it showed none.
        status: u16,
    },
    /// A final response head and its last byte in one segment: [`Response`](Self::Response) and
    /// [`ExchangeEnd`](Self::ExchangeEnd) in one.
    Answered {
        /// Its status; 0 if that is not visible.
        status: u16,
        /// It announced the close.
        announced: bool,
        /// Last request byte to first response byte.
        first_byte: OptionalNanos,
        /// First request byte to last response byte.
        response: OptionalNanos,
        /// Host and prefix of the request.
        prefix: PrefixRef,
        /// The connection is idle now.
        became_idle: bool,
    },
    /// A response's last byte.
    ExchangeEnd {
        /// First request byte to last response byte.
        response: OptionalNanos,
        /// Host and prefix of the request.
        prefix: PrefixRef,
        /// The connection is idle now.
        became_idle: bool,
    },
    /// The request was answered by 101 or CONNECT 2xx: it leaves the ratios.
    Upgraded {
        /// Its connection.
        connection: ConnectionRef,
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
        /// Its connection.
        connection: ConnectionRef,
        /// It had carried a request that was no upgrade.
        with_request: bool,
        /// It was busy.
        was_busy: bool,
        /// By RST.
        reset: bool,
        /// Idle time, if a complete response came before.
        idle: OptionalNanos,
        /// The close was announced.
        announced: bool,
        /// Host and prefix of its last request.
        prefix: PrefixRef,
        /// The client's port.
        port: u16,
        /// A name for method and target of its only request.
        asked: Option<NonZeroU64>,
    },
    /// The connection is over, or the capture is; its facts are the next in [`Told::facts`].
    Closed {
        /// Which.
        connection: ConnectionRef,
    },
}

/// A place in [`Told::lines`], where the hash of method and target lies and then their text; empty where nothing could
/// be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Asked {
    start: u32,
    len: u16,
}

impl Asked {
    const HASH: usize = 8;

    /// Adds to `lines` what was asked for: its hash, and its text in `pieces`, at most so many bytes of each.
    pub fn note(lines: &mut Vec<u8>, hash: u64, pieces: &[&[u8]], most: usize) -> Self {
        let start = lines.len();
        lines.extend_from_slice(&hash.to_ne_bytes());
        for piece in pieces {
            lines.extend_from_slice(&piece[..piece.len().min(most)]);
        }
        match (u32::try_from(start), u16::try_from(lines.len() - start)) {
            (Ok(start), Ok(len)) => Self { start, len },
            _ => Self::default(),
        }
    }

    /// Hash and text, if there are any.
    #[must_use]
    pub fn of(self, lines: &[u8]) -> Option<(u64, &[u8])> {
        let start = self.start as usize;
        let line = lines.get(start..start + usize::from(self.len))?;
        let (hash, text) = line.split_first_chunk::<{ Self::HASH }>()?;
        Some((u64::from_ne_bytes(*hash), text))
    }
}

/// One exchange, from the first byte of its request to the last of its response, as far as it may show on another leg.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SampledExchange {
    /// Its leg.
    pub leg: LegRef,
    /// A name for method and target; never 0.
    pub asked: u64,
    /// A name for X-Request-ID; 0 where there is none.
    pub id: u64,
    /// The last address in X-Forwarded-For.
    pub forwarded: Option<IpAddr>,
    /// The request has fields that proxies add.
    pub from_proxy: bool,
    /// The response says that a proxy answers.
    pub by_proxy: bool,
    /// First byte of the request.
    pub began: Timestamp,
    /// Last byte of the response.
    pub ended: Timestamp,
}

/// A leg's two ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LegNamed {
    /// The client's address; `None` when pairs are no longer told apart.
    pub client: Option<IpAddr>,
    /// The server; `None` when servers are no longer told apart.
    pub server: Option<Endpoint>,
}

/// A Host and a prefix.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrefixNamed {
    /// Its number.
    pub prefix: PrefixRef,
    /// The Host header.
    pub host: Option<Box<str>>,
    /// The first path segment.
    pub path: Box<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event takes one line of memory.
    #[test]
    fn events_are_small() {
        assert!(size_of::<LegEvent>() <= 64, "{}", size_of::<LegEvent>());
    }
}
