//! Connections and their TCP state.
//!
//! In: [`Segment`](crate::decode::Segment)s. Out: which connection a segment belongs to, and what it means for it: opening,
//! role, retransmission, keepalive probe, duplicate, close.
//! May touch: foldhash. Never: payload bytes, HTTP, clocks. The table is generic over what is kept for each
//! connection, so that it cannot know.

mod duplicate;
mod glimpse;
mod graves;
mod handshake;
mod key;
mod table;
mod tcp;

pub use duplicate::{Link, Trail};
pub use glimpse::Glimpse;
pub use graves::Tombstone;
pub use key::{FlowKey, KeyHash, KeyHasher, KeyTag, PathId, Sender, ShortKey};
pub use table::{FlowTable, Known};
pub use tcp::{Next, Sent, Tcp, TcpEnd};
