//! Every cap in one place: on by default, and counted in the report's `capture.evictions` when it acts.

/// A message head longer than this is given up (nginx's and Tomcat's own limits are 8 to 32 KiB).
pub const HEAD_BYTES: usize = 64 << 10;
/// A head with more header fields than this is given up (Tomcat's `maxHeaderCount` is 100).
pub const HEADER_FIELDS: usize = 128;
/// A chunk-size line with extensions longer than this is given up.
pub const CHUNK_LINE_BYTES: u64 = 16 << 10;
/// Pipelined requests that wait for their responses on one connection.
pub const PIPELINED: usize = 1_024;
/// Out-of-order bytes kept for one connection and direction.
pub const OUT_OF_ORDER_BYTES: usize = 1 << 20;
/// Out-of-order segments kept for one connection and direction.
pub const OUT_OF_ORDER_SEGMENTS: usize = 1_024;
/// Out-of-order bytes kept in all.
pub const OUT_OF_ORDER_TOTAL: usize = 256 << 20;
/// Connections in the table.
pub const CONNECTIONS: usize = 4_000_000;
/// Closed connections remembered for late packets.
pub const TOMBSTONES: usize = 65_536;
/// Legs shown; what comes after is counted as `* -> *`.
pub const LEGS: usize = 4_096;
/// Clients of one server that get a leg of their own; what comes after is counted as `*`.
pub const CLIENTS_PER_SERVER: usize = 64;
/// Pairs of client address and server that are told apart inside the engine.
pub const CLIENT_SERVER_PAIRS: usize = 262_144;
/// Host and prefix pairs kept apart on a leg.
pub const PREFIXES_PER_LEG: usize = 64;
/// Host and prefix pairs told apart inside the engine.
pub const PREFIXES: usize = 65_536;
/// Bytes of a Host or prefix kept.
pub const PREFIX_BYTES: usize = 128;
/// Bytes of a method and target kept.
pub const TARGET_BYTES: usize = 256;
/// Possible series of health checks watched at a time.
pub const CHECK_SERIES: usize = 8_192;
/// Connections that wait for their first request, counted for avoidable handshakes.
pub const WAITING_FIRSTS: usize = 1_048_576;
/// Leg events kept for a connection whose roles are not sure yet.
pub const WAITING_EVENTS: usize = 64;
/// Rows of the timeline; beyond it the step grows.
pub const TIMELINE_ROWS: usize = 3_600;
/// Windows of a leg whose verdict is still open to change.
pub const OPEN_WINDOWS: usize = 16;
/// Connections listed by `--connections` unless told otherwise.
pub const LISTED_CONNECTIONS: usize = 1_000_000;
/// VLAN and tunnel combinations told apart.
pub const PATHS: usize = 65_536;
