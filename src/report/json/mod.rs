//! The JSON report: `flowcheck.report/1`, documented, versioned, stable. Wire types apart from the analysis' own.

mod capture;
mod cause;
pub mod comparison;
mod figures;
mod ladder;
mod layout;
mod leg;
mod merged;
mod number;
mod openings;
mod own_host;
mod saved;
#[cfg(test)]
mod tests;
mod tier;

use std::io::{self, Write};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::ser::SerializeSeq;

use super::columns::{Connection, FeedLine};
use crate::diagnose::Snapshot;
use crate::diagnose::expect::Outcome;
use crate::fleet::Fleet;
pub use ladder::{LADDER_SCHEMA, write_ladder};
pub(crate) use number::Number;
pub(crate) use own_host::Second as HostSecond;
pub use saved::{SavedError, SavedReport, read, read_parts};

/// A word of a fixed list.
type Slug = std::borrow::Cow<'static, str>;

/// The name and version of the report's format.
pub const SCHEMA: &str = "flowcheck.report/1";

/// What `flowcheck read --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "flowcheck.report/1")]
struct Report<'a> {
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// Version of the program that wrote this.
    flowcheck: &'static str,
    thresholds: capture::Thresholds,
    verdict: leg::Verdict,
    expectations: Vec<leg::Expectation>,
    capture: capture::Capture,
    totals: figures::Figures,
    legs: Vec<leg::Leg>,
    pools: Vec<leg::Pool>,
    hosts: Vec<leg::Host>,
    tiers: Vec<tier::Tier>,
    /// What this capture cannot show, and what would.
    not_seen: Vec<String>,
    /// What the kernel of the capturing host says; null where the capture is not live, or the host is an end of no leg.
    host_view: Option<Vec<own_host::HostView>>,
    timeline: leg::Timeline,
    /// Only of `merge`.
    #[serde(skip_serializing_if = "Option::is_none")]
    merged: Option<merged::Merged<'a>>,
    /// Only with `--where`.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    narrowed: Option<capture::Narrowed>,
    /// Only with `--connections`.
    #[serde(skip_serializing_if = "Option::is_none")]
    connections: Option<Connections<'a>>,
}

/// The connections of a snapshot, written one by one.
struct Connections<'a>(&'a Snapshot);

impl Serialize for Connections<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let records = self.0.connections.as_deref().unwrap_or_default();
        let mut list = serializer.serialize_seq(Some(records.len()))?;
        for record in records {
            // Raw, so that every connection has one line whatever the layout around it.
            let line = serde_json::value::to_raw_value(&Connection::new(self.0, record));
            list.serialize_element(&line.map_err(serde::ser::Error::custom)?)?;
        }
        list.end()
    }
}

impl JsonSchema for Connections<'_> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Connections".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<Connection<'_>>::json_schema(generator)
    }
}

impl<'a> Report<'a> {
    fn new(snapshot: &'a Snapshot, outcomes: &[Outcome]) -> Self {
        let interfaces = &snapshot.capture.interfaces;
        Self {
            schema: SCHEMA,
            flowcheck: env!("CARGO_PKG_VERSION"),
            thresholds: (&snapshot.thresholds).into(),
            verdict: (&snapshot.verdict).into(),
            expectations: outcomes.iter().map(Into::into).collect(),
            capture: (&snapshot.capture).into(),
            totals: (&snapshot.totals).into(),
            legs: snapshot
                .legs
                .iter()
                .map(|leg| leg::Leg::new(leg, interfaces))
                .collect(),
            pools: snapshot
                .pools
                .iter()
                .map(|pool| leg::Pool::new(pool, interfaces))
                .collect(),
            hosts: snapshot.hosts.iter().map(Into::into).collect(),
            tiers: snapshot.tiers.iter().map(Into::into).collect(),
            not_seen: snapshot.not_seen.clone(),
            host_view: snapshot.own_host.as_ref().map(|own| vec![own.into()]),
            timeline: (&snapshot.timeline).into(),
            merged: None,
            narrowed: snapshot.narrowed.as_ref().map(Into::into),
            connections: snapshot.connections.is_some().then_some(Connections(snapshot)),
        }
    }
}

/// Writes the report as one JSON object and a newline.
///
/// # Errors
/// What `out` could not take.
pub fn write(out: &mut dyn Write, snapshot: &Snapshot, outcomes: &[Outcome]) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, layout::Layout::new());
    Report::new(snapshot, outcomes).serialize(&mut serializer)?;
    out.write_all(b"\n")
}

/// Writes the report of several capture points, which holds theirs.
///
/// # Errors
/// What `out` could not take.
pub fn write_fleet(out: &mut dyn Write, fleet: &Fleet, outcomes: &[Outcome]) -> io::Result<()> {
    let report = Report {
        merged: Some(merged::Merged::new(fleet)),
        ..Report::new(&fleet.whole, outcomes)
    };
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, layout::Layout::new());
    report.serialize(&mut serializer)?;
    out.write_all(b"\n")
}

/// The same in a single line.
///
/// # Errors
/// What `out` could not take.
pub fn write_line(out: &mut dyn Write, snapshot: &Snapshot, outcomes: &[Outcome]) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Report::new(snapshot, outcomes))?;
    out.write_all(b"\n")
}

/// Formats that have a JSON Schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Of `read` and `live`.
    Report,
    /// Of `compare`.
    Comparison,
    /// Of a line of `--format ndjson`.
    Connections,
}

/// A format's JSON Schema (draft 2020-12) with a newline.
///
/// # Errors
/// What `out` could not take.
pub fn write_schema(out: &mut dyn Write, format: Format) -> io::Result<()> {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let schema = match format {
        Format::Report => generator.into_root_schema_for::<Report<'_>>(),
        Format::Comparison => generator.into_root_schema_for::<comparison::Report>(),
        Format::Connections => generator.into_root_schema_for::<FeedLine>(),
    };
    serde_json::to_writer_pretty(&mut *out, &schema)?;
    out.write_all(b"\n")
}
