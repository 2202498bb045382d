//! From ordered leg events and closing facts to figures per leg and per second.
//!
//! In: leg events in frame order, [`ConnectionFacts`](crate::classify::ConnectionFacts) at each close.
//! Out: [`Figures`] per leg, window and capture, the timeline, health checks.
//! May touch: `classify`. Never: packets.

mod checks;
mod closes;
mod collector;
mod connections;
mod distribution;
mod event;
mod figures;
mod happening;
mod kernel;
mod lately;
mod leg;
mod load;
mod lones;
mod matching;
mod merge;
mod naming;
#[cfg(test)]
mod numbers;
mod openings;
mod pairing;
mod pools;
mod port_pages;
mod prefixes;
mod recent;
mod span;
mod statuses;
mod summary;
mod timeline;
mod tracker;
mod waiting;
mod waits;

pub use closes::{CloseGroup, CloseSample, Closes};
pub use collector::{Aggregate, ListedConnection};
pub use distribution::Distribution;
pub use event::{
    Asked, ConnectionRef, EventKind, FactsTold, LegEvent, LegNamed, LegRef, PrefixNamed, PrefixRef, Reuse,
    SampledExchange, Told,
};
pub use figures::{
    ClassCounts, CloseCounts, Concurrency, ConnectionCounts, Counts, Figures, RequestCounts, ResponseCounts,
    TlsCounts, avoidable,
};
pub use kernel::KernelEntries;
pub use lately::{LATELY_S, Lately};
pub use leg::WindowFigures;
pub use load::{Busy, Load};
pub use openings::{InCommon, Openings};
pub use pairing::{Hint, PairedBy, TierFigures};
pub use pools::PoolFigures;
pub use recent::Ended;
pub use statuses::Statuses;
pub use summary::{CheckRow, LegSummary, PrefixRow, Summary};
pub use timeline::{Timeline, TimelineRow};
pub use waits::WaitPeak;
