//! What a [`Snapshot`](crate::diagnose::Snapshot) looks like to people and to programs.
//!
//! In: an immutable snapshot, judged expectations. Out: text, JSON, NDJSON and CSV, written to a `Write`.
//! May touch: `diagnose` and the plain data below it, serde, schemars, anstyle, unicode-width, jiff (printing
//! times), prometheus-client (the text of metrics).
//! Never: standard output, the engine.

pub mod anonymize;
pub mod columns;
pub mod explain;
#[cfg(test)]
mod fixture;
pub mod json;
pub mod lines;
#[cfg(feature = "live")]
pub mod metrics;
pub mod near;
mod safe;
pub mod second;
pub mod text;
pub mod when;

pub use safe::{display_safe, one_line};
