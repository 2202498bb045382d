//! From ordered leg events and closing facts to figures per leg and per second.
//!
//! In: leg events in frame order, [`ConnectionFacts`](crate::classify::ConnectionFacts) at each close.
//! Out: [`Figures`] per leg, window and capture, the timeline, health checks.
//! May touch: `classify`. Never: packets.

mod checks;
mod collector;
mod connections;
mod distribution;
mod event;
mod figures;
mod leg;
mod merge;
mod naming;
mod prefixes;
mod summary;
mod timeline;
mod tracker;

pub use collector::{Aggregate, ListedConnection};
pub use distribution::Distribution;
pub use event::{
    Asked, ConnectionRef, EventKind, LegEvent, LegNamed, LegRef, PrefixNamed, PrefixRef, Reuse, Told,
};
pub use figures::{
    ClassCounts, CloseCounts, Concurrency, ConnectionCounts, Counts, Figures, RequestCounts, ResponseCounts,
    TlsCounts, avoidable,
};
pub use leg::WindowFigures;
pub use summary::{CheckRow, LegSummary, PrefixRow, Summary};
pub use timeline::{Timeline, TimelineRow};
