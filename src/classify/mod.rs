//! What a connection was.
//!
//! In: [`ConnectionFacts`], recorded while the connection lived. Out: its [`Class`] and close reason.
//! May touch: the base modules. Never: state, strings, other connections (health checks are told from churn by their
//! period, which only `aggregate` sees).

mod class;
mod close_reason;
mod control;
mod ending;
mod facts;
mod history;
mod seldom;
mod signs;

pub use class::{Class, Seen, classify};
pub use close_reason::CloseReason;
pub use control::ControlBits;
pub use ending::{AT_ONCE, Ending, ending};
pub use facts::{
    Closer, ConnectionFacts, Endpoint, Handshake, Path, Protocol, RoleEvidence, Tunnel, Version,
};
pub use history::History;
pub use seldom::{Seldom, TlsFacts};
pub use signs::Signs;
