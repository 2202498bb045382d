//! The one list of what is said of a connection: it serves JSON, NDJSON, CSV, Parquet and tables alike.

mod list;
mod value;
mod wire;

pub use list::COLUMNS;
pub use value::Value;
#[cfg(feature = "parquet")]
pub(crate) use value::micros;
pub(crate) use value::{seconds, time, whole};
pub(crate) use wire::Feed as FeedLine;

use crate::classify::{Class, ConnectionFacts};
use crate::diagnose::catalogue::CauseId;
use crate::diagnose::{ConnectionRecord, Snapshot};
use crate::time::Nanos;

/// The name and version of the list: columns may be added at its end; another meaning or order has another number.
pub const SCHEMA: &str = "flowcheck.connections/1";

/// What a column holds in every row that has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Text.
    Text,
    /// A count, an id, a number of bytes.
    Whole,
    /// A span in seconds.
    Seconds,
    /// A time; as a number seconds since the epoch, to the microsecond.
    Time,
    /// Yes or no.
    Flag,
    /// A VLAN id, or `"outer.inner"`.
    Vlan,
}

/// One thing that is said of every connection.
pub struct Column {
    /// Its key in JSON and NDJSON and its head in CSV.
    pub key: &'static str,
    /// Its head in tables.
    pub header: &'static str,
    /// What it means, in a few words.
    pub about: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a row can be without it.
    pub optional: bool,
    /// It is known when the whole capture was read, and not when the connection ends.
    pub known_late: bool,
    /// The values it can take, where there are few.
    pub slugs: &'static [&'static str],
    /// Its value in one row.
    pub value: for<'a> fn(&Connection<'a>) -> Value<'a>,
}

/// One connection as a row.
#[derive(Clone, Copy)]
pub struct Connection<'a> {
    /// What was seen of it.
    pub facts: &'a ConnectionFacts,
    /// Its class.
    pub class: Class,
    /// Its number on its 4-tuple, where that is known.
    pub generation: Option<u32>,
    /// Why it ended, where that is known.
    pub cause: Option<CauseId>,
    /// The name of its interface.
    pub interface: Option<&'a str>,
    /// From which idle time on a close is an idle timeout's.
    pub idle_close: Nanos,
}

impl<'a> Connection<'a> {
    /// The row of `record`; the snapshot names its interface and what an idle close is.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot, record: &'a ConnectionRecord) -> Self {
        Self {
            facts: &record.facts,
            class: record.class,
            generation: Some(record.generation),
            cause: record.cause,
            interface: snapshot.capture.interface_name(record.facts.interface),
            idle_close: snapshot.thresholds.idle_close,
        }
    }
}
