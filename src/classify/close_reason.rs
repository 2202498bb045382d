//! What a close looked like.

use super::class::Seen;
use super::facts::Closer;
use crate::time::Nanos;

/// What the close of a connection looked like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CloseReason {
    /// The last request or response had said so.
    Announced,
    /// It had been idle for as long as an idle timeout is.
    Idle,
    /// A FIN, neither announced nor after idle time.
    Fin,
    /// An RST came first.
    Reset,
    /// No close was captured; another SYN took over its 4-tuple.
    Lost,
}

impl CloseReason {
    /// Every reason.
    pub const ALL: [Self; 5] = [Self::Announced, Self::Idle, Self::Fin, Self::Reset, Self::Lost];

    /// Of a connection; `None` while it is open. An idle close comes after `idle_close` at least.
    #[must_use]
    pub fn of(facts: &impl Seen, idle_close: Nanos) -> Option<Self> {
        Some(match facts.closer()? {
            Closer::Lost => Self::Lost,
            Closer::ResetByClient | Closer::ResetByServer => Self::Reset,
            _ if facts.is_announced() => Self::Announced,
            _ if facts.idle_before_close().is_some_and(|idle| idle >= idle_close) => Self::Idle,
            _ => Self::Fin,
        })
    }

    /// The slug used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Idle => "idle",
            Self::Fin => "fin",
            Self::Reset => "reset",
            Self::Lost => "lost",
        }
    }
}
