//! `class:per_request server:10.0.0.11 reqs>5`: which connections and legs somebody wants to see.
//!
//! In: an expression, and rows that can say what their fields hold. Out: a [`Query`] that matches rows or not, or an error
//! that says where it is wrong and what was perhaps meant; a [`Snapshot`](crate::diagnose::Snapshot) narrowed to what matches.
//! May touch: `classify`, `diagnose`, and what `aggregate` counts. Never: I/O, packets; figures and verdicts are not narrowed.
//!
//! [`FIELDS`] is the one table of what can be asked: the parser, its errors and the help are made from it.

mod error;
mod fields;
mod in_legs;
mod narrow;
mod net;
mod order;
mod parse;
mod part;
mod rows;
mod shown;
mod term;
#[cfg(test)]
mod tests;
mod words;

pub use error::QueryError;
pub use fields::{FIELDS, Field, FieldInfo, Kind, Rows, help, named};
pub use in_legs::InLegs;
pub use narrow::narrow;
pub use order::{First, Rank, Sort, window};
pub use rows::{ConnectionRow, of_history, of_tunnel, of_vlans, state};
pub use term::{Fact, OfLeg, Query, Row};
