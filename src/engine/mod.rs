//! Where the pure rooms meet: packets in, leg events and closing facts out.
//!
//! In: [`Frame`](crate::frame::Frame)s in analysis order. Out: [`LegEvent`](crate::aggregate::LegEvent)s in frame order and what is
//! known of the capture's quality. May touch: `decode`, `flow`, `reassembly`, `http`, `classify`, `query`, and `aggregate`'s event
//! types. Never: I/O, threads, clocks.
//!
//! What one connection does depends on its packets alone; everything across connections is left to `aggregate`, so that
//! the analysis can be divided by connection.

mod ahead;
mod analysis;
mod asked;
mod beyond;
mod closing;
mod context;
mod conversation;
mod course;
mod defrag;
mod delivery;
mod ending;
mod exchange;
mod facts;
mod held;
mod loss;
mod marks;
mod multiplexed;
mod names;
mod notebook;
mod noted;
mod noting;
mod open_row;
mod opening;
mod pending;
mod quality;
mod reading;
mod record;
mod records;
mod repeated;
mod roles;
mod sample;
mod servers;
mod share;
mod signs;
mod streams;
mod succession;
mod taking;
mod tls;
mod turns;
mod upgrade;
mod upkeep;
mod usual;
mod view;

pub use crate::flow::KeyHasher;
pub use ahead::{Ahead, Found};
pub use analysis::Engine;
pub use context::Config;
pub use ending::Left;
pub use notebook::Noting;
pub use quality::{FlagCounts, Quality};
pub use servers::{Server, Servers};
pub use share::{Owner, may_belong, owner};
pub use view::{OpenConnection, OpenRef, Scan, Wanted};

#[cfg(test)]
mod course_tests;
#[cfg(test)]
mod defrag_tests;
#[cfg(test)]
mod tests;
