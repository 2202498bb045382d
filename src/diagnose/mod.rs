//! What the figures mean.
//!
//! In: the figures of `aggregate`. Out: verdicts, causes and kernel projections in an immutable [`Snapshot`].
//! May touch: `aggregate`, `classify`. Never: packets.

mod bill;
pub mod catalogue;
pub mod causes;
pub mod expect;
mod judge;
mod notes;
mod projection;
mod snapshot;
mod verdict;

pub use crate::aggregate::{Lately, PrefixRow, Timeline, TimelineRow};
pub use bill::Bill;
pub use causes::{Cause, Confidence, Evidence, Scope, Severity};
pub use judge::{Diagnosis, diagnose};
pub use notes::{Direction, Ladder, Message, MessageKind, PacketNote, PacketNotes, Sending};
pub use projection::{EXHAUSTED_AT, Host, LOCAL_PORTS, PortsTo};
pub use snapshot::{
    Capture, CheckSeries, ConnectionRecord, Evictions, ExchangeRecord, Leg, LegClient, LegName, Narrowed,
    Pool, Skipped, Snapshot, Status, Verdict,
};

#[cfg(test)]
mod tests;
