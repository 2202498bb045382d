//! What a [`Snapshot`](crate::diagnose::Snapshot) looks like to people and to programs.
//!
//! In: an immutable snapshot, judged expectations, packets of single connections, connections one by one. Out: text, JSON,
//! NDJSON, CSV, Parquet, JUnit's XML, metrics and a page for a browser, written to a `Write`.
//! May touch: `diagnose` and the plain data below it, serde, schemars, anstyle, unicode-width, jiff (printing times), maud,
//! sha2, base64, prometheus-client (the text of metrics), parquet (if it is built in).
//! Never: standard output, the engine.

pub mod anonymize;
pub mod columns;
pub mod explain;
pub mod feed;
#[cfg(test)]
mod fixture;
pub mod html;
pub mod json;
pub mod junit;
pub mod lines;
#[cfg(feature = "live")]
pub mod metrics;
pub mod near;
mod safe;
pub mod second;
pub mod text;
pub mod when;

pub use safe::{display_safe, one_line};
