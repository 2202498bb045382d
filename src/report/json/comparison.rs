//! The JSON form of a comparison: `flowcheck.comparison/1`, documented and versioned as the report is.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::Slug;
use super::leg::{Expectation, Verdict};
use super::number::Number;
use crate::compare::{self, Comparison};
use crate::diagnose::LegName;
use crate::diagnose::expect::Outcome;
use crate::time::SECOND;

/// The name and version of the comparison's format.
pub const COMPARISON: &str = "flowcheck.comparison/1";

/// What `flowcheck compare --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "flowcheck.comparison/1")]
pub(super) struct Report {
    #[schemars(extend("const" = COMPARISON))]
    schema: &'static str,
    /// Version of the program that wrote this.
    flowcheck: &'static str,
    judgement: Judgement,
    /// Judged on the side after the change.
    expectations: Vec<Expectation>,
    before: Side,
    after: Side,
    /// What makes the two hard to hold against each other.
    notes: Vec<String>,
    totals: Vec<Row>,
    legs: Vec<Leg>,
    causes: Vec<Cause>,
    hosts: Vec<Host>,
}

/// Whether the change worked.
#[derive(Serialize, JsonSchema)]
struct Judgement {
    #[schemars(extend("enum" = ["fixed", "better", "right", "unchanged", "mixed", "worse", "undecided"]))]
    outcome: &'static str,
    sentence: String,
}

/// A capture, or the report of one.
#[derive(Serialize, JsonSchema)]
struct Side {
    name: String,
    verdict: Verdict,
    duration_s: Option<Number>,
    packets: u64,
}

/// A figure before and after; null where that side does not have it.
#[derive(Serialize, JsonSchema)]
struct Row {
    figure: &'static str,
    before: Option<Number>,
    after: Option<Number>,
    /// `noise` where chance may have made the difference; `unknown` where what chance makes is not known.
    #[schemars(extend("enum" = ["noise", "better", "worse", "differs", "unknown"]))]
    change: &'static str,
}

/// A leg; one side is null where the leg is on the other only.
#[derive(Serialize, JsonSchema)]
struct Leg {
    before: Option<LegSide>,
    after: Option<LegSide>,
    figures: Vec<Row>,
}

/// A leg's name and verdict.
#[derive(Serialize, JsonSchema)]
struct LegSide {
    /// `CLIENT -> SERVER:PORT`.
    leg: String,
    #[schemars(extend("enum" = ["pass", "warn", "fail", "inconclusive"]))]
    verdict: Slug,
}

/// A cause on all legs and pools together.
#[derive(Serialize, JsonSchema)]
struct Cause {
    id: &'static str,
    #[schemars(extend("enum" = ["gone", "new", "more", "less", "same", "unsure"]))]
    fate: &'static str,
    before: Option<Seen>,
    after: Option<Seen>,
}

/// How much of a cause there is.
#[derive(Serialize, JsonSchema)]
struct Seen {
    connections: u64,
    /// Of the closes; of the connects, for causes of connecting.
    share: Number,
    #[schemars(extend("enum" = ["fault", "normal"]))]
    severity: &'static str,
}

/// What a host's kernel holds when each capture ends.
#[derive(Serialize, JsonSchema)]
struct Host {
    address: String,
    before: Option<Projected>,
    after: Option<Projected>,
}

/// A host's projections.
#[derive(Serialize, JsonSchema)]
struct Projected {
    time_wait: u64,
    conntrack_entries: u64,
    /// Local ports in use towards the server that has most of them.
    ephemeral_ports: u64,
}

/// Writes the comparison as one JSON object and a newline.
///
/// # Errors
/// What `out` could not take.
pub fn write(out: &mut dyn Write, comparison: &Comparison, outcomes: &[Outcome]) -> io::Result<()> {
    let report = Report {
        schema: COMPARISON,
        flowcheck: env!("CARGO_PKG_VERSION"),
        judgement: Judgement {
            outcome: comparison.judgement.outcome.as_str(),
            sentence: comparison.judgement.sentence.clone(),
        },
        expectations: outcomes.iter().map(Into::into).collect(),
        before: (&comparison.before).into(),
        after: (&comparison.after).into(),
        notes: comparison.notes.clone(),
        totals: comparison.totals.iter().map(Into::into).collect(),
        legs: comparison.legs.iter().map(Into::into).collect(),
        causes: comparison.causes.iter().map(Into::into).collect(),
        hosts: comparison.hosts.iter().map(Into::into).collect(),
    };
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, super::layout::Layout::new());
    report.serialize(&mut serializer)?;
    out.write_all(b"\n")
}

impl From<&compare::Side> for Side {
    fn from(side: &compare::Side) -> Self {
        Self {
            name: side.name.clone(),
            verdict: (&side.verdict).into(),
            duration_s: side
                .duration
                .map(|length| Number::rounded(length as f64 / SECOND as f64, 9)),
            packets: side.packets,
        }
    }
}

impl From<&compare::Row> for Row {
    fn from(row: &compare::Row) -> Self {
        let number = |value: Option<f64>| value.map(|value| Number::rounded(value, 6));
        Self {
            figure: row.figure.as_str(),
            before: number(row.before),
            after: number(row.after),
            change: row.change.as_str(),
        }
    }
}

impl From<&compare::LegPair> for Leg {
    fn from(pair: &compare::LegPair) -> Self {
        let side = |side: Option<(LegName, crate::diagnose::Status)>| {
            side.map(|(name, status)| LegSide {
                leg: name.to_string(),
                verdict: status.as_str().into(),
            })
        };
        Self {
            before: side(pair.before),
            after: side(pair.after),
            figures: pair.rows.iter().map(Into::into).collect(),
        }
    }
}

impl From<&compare::CauseChange> for Cause {
    fn from(cause: &compare::CauseChange) -> Self {
        let seen = |seen: Option<compare::Seen>| {
            seen.map(|seen| Seen {
                connections: seen.connections,
                share: Number::rounded(seen.share(), 4),
                severity: if seen.fault { "fault" } else { "normal" },
            })
        };
        Self {
            id: cause.id.as_str(),
            fate: cause.fate.as_str(),
            before: seen(cause.before),
            after: seen(cause.after),
        }
    }
}

impl From<&compare::HostPair> for Host {
    fn from(pair: &compare::HostPair) -> Self {
        let held = |held: Option<compare::Projected>| {
            held.map(|held| Projected {
                time_wait: held.time_wait,
                conntrack_entries: held.conntrack_entries,
                ephemeral_ports: held.ports,
            })
        };
        Self {
            address: pair.address.to_string(),
            before: held(pair.before),
            after: held(pair.after),
        }
    }
}
