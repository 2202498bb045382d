//! flowcheck verifies HTTP keepalive from packets.
//!
//! Bytes flow one way: `source` → `pipeline` → `decode` → `flow` → `engine` (where `reassembly` and `http` meet) →
//! `classify` → `aggregate` → `diagnose` → `report`. Each room's first lines say what comes in, what goes out, what it
//! may touch and what it never does; `ARCHITECTURE.md` holds the plan, and a test holds the code against it.

pub mod aggregate;
pub mod classify;
pub mod cli;
pub mod compare;
pub mod decode;
pub mod diagnose;
pub mod engine;
#[cfg(feature = "live")]
pub mod exporter;
pub mod fleet;
pub mod flow;
pub mod frame;
pub mod host;
pub mod http;
pub mod index;
pub mod lang;
pub mod limits;
pub mod near;
pub mod pipeline;
#[cfg(feature = "live")]
pub mod privileges;
pub mod query;
pub mod reassembly;
pub mod report;
pub mod sequence;
pub mod source;
pub mod target;
pub mod thresholds;
pub mod time;
pub mod tui;
pub mod u48;
