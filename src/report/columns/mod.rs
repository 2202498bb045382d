//! The one list of what is said of a connection: it serves JSON, NDJSON, CSV and tables alike.

mod wire;

use crate::classify::{Class, CloseReason, Closer, RoleEvidence};
use crate::diagnose::{ConnectionRecord, Snapshot};
use crate::time::{Nanos, SECOND, Timestamp};

/// What a column holds in one row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Not known, or not there.
    Absent,
    /// Text of our own making: a slug, an endpoint.
    Text(String),
    /// Text from the capture.
    Untrusted(String),
    /// A count, an id, a number of bytes.
    Whole(u64),
    /// Seconds: a span, or a time since the epoch.
    Seconds(f64),
    /// Yes or no.
    Flag(bool),
}

/// One thing that is said of every connection.
pub struct Column {
    /// Its key in JSON and NDJSON and its head in CSV.
    pub key: &'static str,
    /// Its head in tables.
    pub header: &'static str,
    /// What it means, in a few words.
    pub about: &'static str,
    /// Its JSON type and whether it can be null, for the schema.
    types: &'static [&'static str],
    /// The values it can take, where there are few.
    slugs: &'static [&'static str],
    /// Its value in one row.
    pub value: fn(&Connection<'_>) -> Value,
}

/// One connection of a snapshot, as a row.
#[derive(Clone, Copy)]
pub struct Connection<'a> {
    snapshot: &'a Snapshot,
    record: &'a ConnectionRecord,
}

impl<'a> Connection<'a> {
    /// The row of `record`; the snapshot names its interface and what an idle close is.
    #[must_use]
    pub const fn new(snapshot: &'a Snapshot, record: &'a ConnectionRecord) -> Self {
        Self { snapshot, record }
    }
}

const TEXT: &[&str] = &["string"];
const TEXT_OR_NULL: &[&str] = &["string", "null"];
const WHOLE: &[&str] = &["integer"];
const SECONDS: &[&str] = &["number"];
const SECONDS_OR_NULL: &[&str] = &["number", "null"];
const FLAG: &[&str] = &["boolean"];
const CLASSES: &[&str] = &{
    let mut slugs = [""; Class::ALL.len()];
    let mut i = 0;
    while i < slugs.len() {
        slugs[i] = Class::ALL[i].as_str();
        i += 1;
    }
    slugs
};
const CLOSERS: &[&str] = &[
    "client",
    "server",
    "simultaneous",
    "reset_by_client",
    "reset_by_server",
];
const CLOSE_REASONS: &[&str] = &{
    let mut slugs = [""; CloseReason::ALL.len()];
    let mut i = 0;
    while i < slugs.len() {
        slugs[i] = CloseReason::ALL[i].as_str();
        i += 1;
    }
    slugs
};
const EVIDENCE: &[&str] = &{
    let mut slugs = [""; RoleEvidence::ALL.len()];
    let mut i = 0;
    while i < slugs.len() {
        slugs[i] = RoleEvidence::ALL[i].as_str();
        i += 1;
    }
    slugs
};

/// A row of the list; `slugs` empty where any value can appear.
macro_rules! column {
    ($key:literal, $header:literal, $types:expr, $slugs:expr, $about:literal, $value:expr) => {
        Column {
            key: $key,
            header: $header,
            about: $about,
            types: $types,
            slugs: $slugs,
            value: $value,
        }
    };
}

/// Every column, in the order of all outputs.
pub const COLUMNS: &[Column] = &[
    column!(
        "id",
        "id",
        WHOLE,
        &[],
        "counts up in order of first packet",
        |c| Value::Whole(c.record.facts.id)
    ),
    column!(
        "generation",
        "gen",
        WHOLE,
        &[],
        "1 for the first connection seen on its 4-tuple, 2 for the next",
        |c| { Value::Whole(c.record.generation.into()) }
    ),
    column!(
        "client",
        "client",
        TEXT,
        &[],
        "address and port",
        |c| Value::Text(c.record.facts.client.to_string())
    ),
    column!(
        "server",
        "server",
        TEXT,
        &[],
        "address and port",
        |c| Value::Text(c.record.facts.server.to_string())
    ),
    column!(
        "interface",
        "interface",
        TEXT_OR_NULL,
        &[],
        "interface of its first packet, or of several files the file",
        interface
    ),
    column!(
        "vlan",
        "vlan",
        &["integer", "string", "null"],
        &[],
        "VLAN id; of stacked ones \"outer.inner\"",
        vlan
    ),
    column!(
        "tunnel",
        "tunnel",
        TEXT_OR_NULL,
        &[],
        "kind and id of the innermost tunnel",
        |c| {
            let tunnel = c.record.facts.path.tunnel;
            tunnel.map_or(Value::Absent, |t| Value::Text(format!("{}:{}", t.kind, t.id)))
        }
    ),
    column!(
        "proxied_for",
        "proxied for",
        TEXT_OR_NULL,
        &[],
        "real client by the PROXY protocol header in front, address and port",
        |c| {
            let source = c.record.facts.proxied_for;
            source.map_or(Value::Absent, |source| Value::Text(source.to_string()))
        }
    ),
    column!("class", "class", TEXT, CLASSES, "what it was used for", |c| {
        Value::Text(c.record.class.as_str().to_owned())
    }),
    column!(
        "start",
        "start",
        SECONDS,
        &[],
        "first packet, seconds since the epoch",
        |c| epoch(c.record.facts.start)
    ),
    column!(
        "end",
        "end",
        SECONDS,
        &[],
        "last packet, seconds since the epoch",
        |c| epoch(c.record.facts.end)
    ),
    column!(
        "requests",
        "requests",
        WHOLE,
        &[],
        "complete request heads",
        |c| Value::Whole(c.record.facts.requests.into())
    ),
    column!("responses", "responses", WHOLE, &[], "final responses", |c| {
        Value::Whole(c.record.facts.responses.into())
    }),
    column!(
        "closer",
        "closer",
        TEXT_OR_NULL,
        CLOSERS,
        "who sent the first FIN or RST; null while open, or lost",
        |c| {
            let closer = c.record.facts.closer.filter(|closer| *closer != Closer::Lost);
            closer.map_or(Value::Absent, |closer| Value::Text(closer.as_str().to_owned()))
        }
    ),
    column!(
        "close_reason",
        "reason",
        TEXT_OR_NULL,
        CLOSE_REASONS,
        "what the close looked like; null while open",
        close_reason
    ),
    column!(
        "announced",
        "announced",
        FLAG,
        &[],
        "the last request or response carried Connection: close",
        |c| { Value::Flag(c.record.facts.announced) }
    ),
    column!(
        "idle_before_close_s",
        "idle",
        SECONDS_OR_NULL,
        &[],
        "end of the last complete response to the first FIN or RST",
        |c| {
            c.record
                .facts
                .idle_before_close
                .map_or(Value::Absent, |idle| Value::Seconds(seconds(idle)))
        }
    ),
    column!("cause", "cause", TEXT_OR_NULL, &[], "id of what closed it", |c| {
        let cause = c.record.cause;
        cause.map_or(Value::Absent, |cause| Value::Text(cause.as_str().to_owned()))
    }),
    column!(
        "history",
        "history",
        TEXT,
        &[],
        "order of first events in Zeek's letters",
        |c| { Value::Text(c.record.facts.history.to_string()) }
    ),
    column!(
        "first_frame",
        "first frame",
        WHOLE,
        &[],
        "frame.number of its first packet",
        |c| { Value::Whole(c.record.facts.first_frame) }
    ),
    column!(
        "last_frame",
        "last frame",
        WHOLE,
        &[],
        "frame.number of its last packet",
        |c| { Value::Whole(c.record.facts.last_frame.1) }
    ),
    column!(
        "bytes_to_server",
        "to server",
        WHOLE,
        &[],
        "TCP payload bytes",
        |c| Value::Whole(c.record.facts.bytes_to_server)
    ),
    column!(
        "bytes_to_client",
        "to client",
        WHOLE,
        &[],
        "TCP payload bytes",
        |c| Value::Whole(c.record.facts.bytes_to_client)
    ),
    column!(
        "role_evidence",
        "role by",
        TEXT,
        EVIDENCE,
        "how it was decided which end is the client",
        |c| { Value::Text(c.record.facts.role_evidence.as_str().to_owned()) }
    ),
];

fn interface(row: &Connection<'_>) -> Value {
    let name = row.snapshot.capture.interface_name(row.record.facts.interface);
    name.map_or(Value::Absent, |name| Value::Untrusted(name.to_owned()))
}

fn vlan(row: &Connection<'_>) -> Value {
    match row.record.facts.path.vlans {
        [0, 0] => Value::Absent,
        [outer, 0] => Value::Whole(outer.into()),
        [outer, inner] => Value::Text(format!("{outer}.{inner}")),
    }
}

fn close_reason(row: &Connection<'_>) -> Value {
    let reason = CloseReason::of(&row.record.facts, row.snapshot.thresholds.idle_close);
    reason.map_or(Value::Absent, |reason| Value::Text(reason.as_str().to_owned()))
}

fn seconds(span: Nanos) -> f64 {
    span as f64 / SECOND as f64
}

/// Seconds since the epoch to the microsecond, which is what a float can hold.
fn epoch(time: Timestamp) -> Value {
    Value::Seconds((time.seconds() * 1e6).round() / 1e6)
}
