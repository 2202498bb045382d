//! The bytes of one direction in order.
//!
//! In: segments of one direction (sequence number, captured bytes, length on the wire). Out: bytes in order ([`Chunk`]s where
//! they had to wait) and the lengths of gaps.
//! May touch: the standard library. Never: the flow table, HTTP.
//!
//! A segment in order passes through without a copy; only what is early is kept, up to a cap. The first copy of a byte
//! wins; later copies that differ are counted.

mod assembler;
mod early;

pub use assembler::{Arrival, Assembler, Chunk, Piece};

#[cfg(test)]
mod tests;
