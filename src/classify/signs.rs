//! Signs of why a connection ends: one bit each, noted while it lives.

/// A word of signs. Those of requests and responses are the latest one's.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Signs(u32);

impl Signs {
    /// None.
    pub const NONE: Self = Self(0);
    /// The last request was HTTP/1.0.
    pub const REQUEST_10: u32 = 1;
    /// ... carried `Connection: close`.
    pub const REQUEST_CLOSE: u32 = 1 << 1;
    /// ... carried `Connection: keep-alive`.
    pub const REQUEST_KEEP_ALIVE: u32 = 1 << 2;
    /// ... carried `Connection: upgrade`.
    pub const REQUEST_UPGRADE: u32 = 1 << 3;
    /// ... carried an Upgrade field.
    pub const REQUEST_UPGRADE_FIELD: u32 = 1 << 4;
    /// ... was not captured whole: what its fields say is not known.
    pub const REQUEST_CUT: u32 = 1 << 5;
    /// ... was sent again while it was outstanding.
    pub const REQUEST_REPEATED: u32 = 1 << 6;
    /// Every sign of a request.
    pub const REQUEST: u32 = 0xff;

    /// The last response was HTTP/1.0.
    pub const RESPONSE_10: u32 = 1 << 8;
    /// ... carried `Connection: close`.
    pub const RESPONSE_CLOSE: u32 = 1 << 9;
    /// ... named neither length nor the chunked coding: its body ends with the connection.
    pub const RESPONSE_UNDELIMITED: u32 = 1 << 10;
    /// ... began before its request was complete.
    pub const RESPONSE_EARLY: u32 = 1 << 11;
    /// ... carried `X-Accel-Redirect`.
    pub const RESPONSE_ACCEL: u32 = 1 << 12;
    /// Every sign of a response.
    pub const RESPONSE: u32 = 0xff00;

    /// The client's close cut off a response.
    pub const CUT_OFF: u32 = 1 << 16;
    /// The server sent bytes while no request was outstanding.
    pub const STRAY: u32 = 1 << 17;
    /// The first request was sent again before the server had acknowledged anything but the SYN.
    pub const FIRST_REPEATED: u32 = 1 << 18;
    /// The SYN was answered by an acknowledgment of something else.
    pub const CHALLENGED: u32 = 1 << 19;
    /// The client sent an RST.
    pub const RESET_BY_CLIENT: u32 = 1 << 20;
    /// The server sent an RST.
    pub const RESET_BY_SERVER: u32 = 1 << 21;
    /// Requests of more than one Host and prefix.
    pub const SEVERAL_PREFIXES: u32 = 1 << 22;
    /// A request carried `Connection: upgrade` without an Upgrade field.
    pub const BARE_UPGRADE: u32 = 1 << 23;
    /// A request carried `Connection: keep-alive`.
    pub const EVER_KEEP_ALIVE: u32 = 1 << 24;

    /// A request was sent before the one before was answered.
    pub const PIPELINED: u32 = 1 << 25;

    /// The server sent payload or its FIN again.
    pub const SERVER_REPEATED: u32 = 1 << 26;

    /// Whether any of `bits` is set.
    #[inline]
    #[must_use]
    pub const fn has(self, bits: u32) -> bool {
        self.0 & bits != 0
    }

    /// Notes `bits`.
    #[inline]
    pub fn note(&mut self, bits: u32) {
        self.0 |= bits;
    }

    /// Puts `bits` in the place of those in `all`.
    #[inline]
    pub fn replace(&mut self, all: u32, bits: u32) {
        self.0 = self.0 & !all | bits;
    }
}
