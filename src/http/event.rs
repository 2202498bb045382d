//! What a stream tells, and what it is told.

use std::net::SocketAddr;

use super::head::{Method, RequestHead, ResponseHead};
use crate::classify::Protocol;

/// Which kind of messages a direction carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// From the client.
    Request,
    /// From the server.
    Response,
}

/// What is known of the request that the next response answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RequestContext {
    /// Its method.
    Known(Method),
    /// It was not captured.
    Unknown,
}

impl RequestContext {
    /// The method, if it is known.
    #[inline]
    #[must_use]
    pub const fn method(self) -> Option<Method> {
        match self {
            Self::Known(method) => Some(method),
            Self::Unknown => None,
        }
    }
}

/// Why bytes could not be read as HTTP/1.x.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unreadable {
    /// No start line where one must be.
    StartLine,
    /// A head with malformed fields.
    Fields,
    /// A head beyond the cap.
    HeadTooLong,
    /// Fields that contradict each other about the length of the body.
    Length,
    /// Malformed chunk framing.
    Chunk,
}

/// What happened in the stream.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A request head.
    Request(RequestHead<'a>),
    /// A response head, interim or final.
    Response(ResponseHead),
    /// The message whose head came last is complete.
    End,
    /// Framing was lost; the next head is looked for at the beginning of the next segment.
    Desync(Unreadable),
    /// A PROXY protocol header came first; it names the real client, if there is one.
    Proxied(Option<SocketAddr>),
    /// The HTTP/2 connection preface: frames follow.
    Http2Preface,
    /// HTTP/2 frames, cut anywhere.
    Http2(&'a [u8]),
    /// The stream is not HTTP/1.x and never was.
    NotHttp(Protocol),
}

/// What a gap did to the framing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GapEffect {
    /// The current message ended in it, exactly.
    pub ended: bool,
    /// Framing was lost.
    pub lost: bool,
}

/// One step through the bytes given.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// How many bytes were used; without an event all of them, or those of a PROXY protocol header.
    pub used: usize,
    /// What happened, if anything.
    pub event: Option<Event<'a>>,
}
