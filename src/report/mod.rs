//! What a [`Snapshot`](crate::diagnose::Snapshot) looks like to people and to programs.
//!
//! In: an immutable snapshot, judged expectations, connections one by one. Out: text, JSON, NDJSON, CSV, Parquet and JUnit's
//! XML, written to a `Write`. May touch: `diagnose` and the plain data below it, serde, schemars, anstyle, unicode-width,
//! jiff (printing times), parquet (if it is built in).
//! Never: standard output, the engine.

pub mod anonymize;
pub mod columns;
pub mod explain;
pub mod feed;
#[cfg(test)]
mod fixture;
pub mod json;
pub mod junit;
pub mod lines;
pub mod near;
mod safe;
pub mod second;
pub mod text;
pub mod when;

pub use safe::{display_safe, one_line};
