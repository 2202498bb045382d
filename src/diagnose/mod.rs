//! What the figures mean.
//!
//! In: the figures of `aggregate`, and what the capturing host's kernel says (`host`). Out: verdicts, causes and kernel projections in an immutable [`Snapshot`].
//! May touch: `aggregate`, `classify`, `host`. Never: packets.

mod bill;
pub mod catalogue;
pub mod causes;
pub mod expect;
mod judge;
mod notes;
mod own_host;
mod projection;
mod snapshot;
mod tiers;
mod verdict;

pub use crate::aggregate::{Lately, PairedBy, PrefixRow, Timeline, TimelineRow, WaitPeak};
pub use bill::Bill;
pub use causes::{Cause, CloseLimit, Confidence, Evidence, Scope, Severity};
pub use judge::{Diagnosis, diagnose, dropped_of, judge_figures, verdict_of_legs};
pub use notes::{Direction, Ladder, Message, MessageKind, PacketNote, PacketNotes, Sending};
pub use own_host::{Limit, Near, OwnHost, OwnLegReport, look_at_own_host};
pub use projection::{Actual, EXHAUSTED_AT, Host, LOCAL_PORTS, PortsTo, TRACKING_TABLES};
pub use snapshot::{
    Capture, CheckSeries, ConnectionRecord, Evictions, ExchangeRecord, Leg, LegClient, LegName, Narrowed,
    Pool, Skipped, Snapshot, Status, Verdict,
};

pub use tiers::{Tier, TierSide};

#[cfg(test)]
mod tests;
