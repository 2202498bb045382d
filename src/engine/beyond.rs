//! What a connection carries besides HTTP/1.x messages; most carry nothing.

use std::net::SocketAddr;

use super::conversation::Conversation;
use super::multiplexed::Multiplexed;
use crate::classify::Endpoint;

/// State that few connections need.
#[derive(Debug, Default)]
pub(super) struct Beyond {
    /// The client named by a PROXY protocol header.
    pub(super) proxied_for: Option<Endpoint>,
    /// HTTP/2.
    pub(super) multiplexed: Option<Box<Multiplexed>>,
}

impl Conversation {
    /// A PROXY protocol header: LOCAL and UNKNOWN name nobody.
    pub(super) fn on_proxied(&mut self, source: Option<SocketAddr>) {
        self.beyond.get_or_insert_default().proxied_for = source.map(|source| Endpoint {
            address: source.ip(),
            port: source.port(),
        });
    }

    pub(super) fn proxied_for(&self) -> Option<Endpoint> {
        self.beyond.as_ref().and_then(|beyond| beyond.proxied_for)
    }
}
