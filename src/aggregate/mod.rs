//! From ordered leg events and closing facts to figures per leg and per second.
//!
//! In: leg events in frame order, [`ConnectionFacts`](crate::classify::ConnectionFacts) at each close.
//! Out: [`Figures`] per leg, window and capture, the timeline, health checks.
//! May touch: `classify`. Never: packets.

mod distribution;
mod event;
mod figures;

pub use distribution::Distribution;
pub use event::{EventKind, LegEvent, LegRef, PrefixRef, Reuse};
pub use figures::{
    ClassCounts, CloseCounts, Concurrency, ConnectionCounts, Counts, Figures, RequestCounts, ResponseCounts, avoidable,
};
