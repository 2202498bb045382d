//! What the figures mean.
//!
//! In: the figures of `aggregate`. Out: verdicts (later: causes and kernel projections) in an immutable [`Snapshot`].
//! May touch: `aggregate`, `classify`. Never: packets.

pub mod expect;
pub mod names;
mod snapshot;

pub use snapshot::{
    Capture, CheckSeries, ConnectionRecord, Evictions, ExchangeRecord, Leg, LegClient, LegName, Pool, PrefixFigures,
    Skipped, Snapshot, Status, Timeline, TimelineRow, Verdict,
};
