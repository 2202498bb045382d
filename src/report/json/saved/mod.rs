//! A JSON report read back: what it says, without its connections.

mod bounds;
mod capture;
mod cause;
mod figures;
mod leg;
mod tier;

use std::io::BufRead;

use serde::Deserialize;

use super::leg::{Host, Leg, Pool, Timeline, Verdict};
use super::merged::SavedMerged;
use super::tier::Tier;
use super::{SCHEMA, capture as wire};
use crate::diagnose::Snapshot;

/// Why a file is no report that can be used.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// It can't be read.
    #[error("cannot be read")]
    Read(#[from] std::io::Error),
    /// No JSON, or not the fields of a report.
    #[error("is no JSON report of flowcheck: {0}; make one with flowcheck read FILE --json -o REPORT")]
    Form(#[from] serde_json::Error),
    /// Another version of the report's format.
    #[error("has the format {found:?}; this version reads {SCHEMA:?}")]
    Schema {
        /// The format that it names.
        found: String,
    },
    /// Legs were left out of it.
    #[error("lacks legs, which --where {0:?} left out; make it without --where")]
    Narrowed(String),
    /// A field holds something that it can't.
    #[error("{field} can't be {value:?}")]
    Value {
        /// Which.
        field: &'static str,
        /// What it holds.
        value: String,
    },
}

/// The format's name alone, so that another version is told before its fields are looked for.
#[derive(Deserialize)]
struct Named {
    schema: String,
}

/// What is read of a report.
#[derive(Deserialize)]
pub(in crate::report::json) struct Saved {
    thresholds: wire::Thresholds,
    verdict: Verdict,
    capture: wire::Capture,
    totals: super::figures::Figures,
    legs: Vec<Leg>,
    pools: Vec<Pool>,
    hosts: Vec<Host>,
    #[serde(default)]
    tiers: Vec<Tier>,
    not_seen: Vec<String>,
    timeline: Timeline,
    #[serde(rename = "where")]
    narrowed: Option<wire::Narrowed>,
    #[serde(default)]
    merged: Option<SavedMerged>,
}

/// Reads a report that [`write`](super::write) wrote. Connections are passed over, expectations and what the host's
/// kernel said too.
///
/// # Errors
/// What is wrong with it.
pub fn read(from: impl BufRead) -> Result<Snapshot, SavedError> {
    saved(from)?.restore()
}

/// A report, and the name of its capture point where it is part of a merged one.
#[derive(Debug)]
pub struct SavedReport {
    /// The capture point.
    pub point: Option<String>,
    /// What it says.
    pub snapshot: Snapshot,
}

/// The reports that one consists of, with the names of their capture points: those that `merge` put into it, or itself alone
/// without a name.
///
/// # Errors
/// What is wrong with it.
pub fn read_parts(from: impl BufRead) -> Result<Vec<SavedReport>, SavedError> {
    let mut saved = saved(from)?;
    match saved.merged.take() {
        None => Ok(vec![SavedReport {
            point: None,
            snapshot: saved.restore()?,
        }]),
        Some(merged) => each(merged.parts, |part| {
            Ok(SavedReport {
                point: Some(part.point),
                snapshot: part.report.restore()?,
            })
        }),
    }
}

fn saved(mut from: impl BufRead) -> Result<Saved, SavedError> {
    let mut text = Vec::new();
    from.read_to_end(&mut text)?;
    let named: Named = serde_json::from_slice(&text)?;
    if named.schema != SCHEMA {
        return Err(SavedError::Schema { found: named.schema });
    }
    let _: bounds::Bounded = serde_json::from_slice(&text)?;
    Ok(serde_json::from_slice(&text)?)
}

impl Saved {
    fn restore(self) -> Result<Snapshot, SavedError> {
        if let Some(narrowed) = self.narrowed.filter(|narrowed| narrowed.legs_left_out > 0) {
            return Err(SavedError::Narrowed(narrowed.expression));
        }
        Ok(Snapshot {
            thresholds: self.thresholds.into(),
            verdict: self.verdict.restore()?,
            capture: self.capture.restore()?,
            totals: self.totals.restore()?,
            legs: each(self.legs, Leg::restore)?,
            pools: each(self.pools, Pool::restore)?,
            hosts: each(self.hosts, Host::restore)?,
            tiers: each(self.tiers, Tier::restore)?,
            own_host: None,
            timeline: self.timeline.restore(),
            not_seen: self.not_seen,
            connections: None,
            narrowed: None,
        })
    }
}

fn each<W, T>(wire: Vec<W>, restore: fn(W) -> Result<T, SavedError>) -> Result<Vec<T>, SavedError> {
    wire.into_iter().map(restore).collect()
}

/// What `text` stands for, or which `field` holds it.
fn known<T>(field: &'static str, text: &str, parsed: Option<T>) -> Result<T, SavedError> {
    parsed.ok_or_else(|| SavedError::Value {
        field,
        value: text.chars().take(100).collect(),
    })
}

/// `text` as it is parsed elsewhere.
fn parsed<T: std::str::FromStr>(field: &'static str, text: &str) -> Result<T, SavedError> {
    known(field, text, text.parse().ok())
}

/// What is not `*`.
fn unless_star<T>(
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, SavedError>,
) -> Result<Option<T>, SavedError> {
    (text != "*").then(|| parse(text)).transpose()
}

#[cfg(test)]
mod tests;
