//! What few connections have, apart from what is told of all of them.

use super::facts::{Endpoint, Tunnel};

/// What a TLS handshake showed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TlsFacts {
    /// Whether it resumed a session; `None` if the capture does not show it.
    pub resumed: Option<bool>,
    /// The name in server_name (RFC 6066 section 3), as sent.
    pub server_name: Option<Box<str>>,
}

/// What few connections have, and most of those little of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seldom {
    /// The innermost tunnel.
    pub tunnel: Option<Tunnel>,
    /// The SYN's retransmissions.
    pub syn_retransmitted: u32,
    /// The first two of them, in milliseconds after the SYN; those over a minute after it are not kept.
    pub syn_again: [Option<u16>; 2],
    /// The client named by a PROXY protocol header in front.
    pub proxied_for: Option<Endpoint>,
    /// Of the requests without a response those given up one by one, the connection going on (HTTP/2's RST_STREAM).
    pub cancelled: u32,
    /// Bytes that the capture does not hold although the receiver got them.
    pub gap_bytes: u64,
    /// Segments sent again.
    pub retransmitted: u32,
    /// Segments that arrived out of order.
    pub out_of_order: u32,
    /// TCP keepalive probes (RFC 1122 section 4.2.3.6).
    pub keepalive_probes: u32,
    /// Its TLS handshake, if it is TLS.
    pub tls: Option<TlsFacts>,
}

impl Seldom {
    /// Nothing of it.
    pub const NONE: Self = Self {
        tunnel: None,
        syn_retransmitted: 0,
        syn_again: [None; 2],
        proxied_for: None,
        cancelled: 0,
        gap_bytes: 0,
        retransmitted: 0,
        out_of_order: 0,
        keepalive_probes: 0,
        tls: None,
    };

    /// Kept, if there is anything to keep.
    #[must_use]
    pub fn kept(self) -> Option<Box<Self>> {
        (self != Self::NONE).then(|| Box::new(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{ConnectionFacts, Path};

    #[test]
    fn nothing_of_it_is_not_kept() {
        assert_eq!(Seldom::NONE.kept(), None);
        let mut facts = ConnectionFacts::BLANK;
        assert_eq!((facts.seldom(), facts.path()), (&Seldom::NONE, Path::default()));
        facts.seldom_mut().gap_bytes = 1;
        assert_eq!(facts.seldom().clone().kept(), facts.seldom);
    }
}
