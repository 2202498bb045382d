//! What churn costs on a leg, and what reuse would save.

use crate::aggregate::{LegSummary, Summary};
use crate::time::{Nanos, SECOND};

/// Packets that opening and closing a connection take: SYN, SYN-ACK, ACK; two FINs and their acknowledgments.
const PACKETS: u64 = 7;
/// Their bytes on Ethernet with IPv4 and timestamps: 74 for each SYN, 66 for each of the others.
const BYTES: u64 = 2 * 74 + 5 * 66;

/// The cost of connections that a pool would have saved.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bill {
    /// Handshakes that a pool would have saved; `None` where they are not known.
    pub avoidable_handshakes: Option<u64>,
    /// Packets for opening and closing those connections, estimated.
    pub avoidable_packets: u64,
    /// Bytes of those packets, estimated.
    pub avoidable_bytes: u64,
    /// Time that requests waited for those handshakes, all together.
    pub connect_time: Nanos,
    /// Closes a second, over at least one second.
    pub closes_per_second: f64,
    /// `keepalive N` that holds all that was busy at once, over all servers of the client; `None` for clients not told apart.
    pub keepalive: Option<u64>,
}

/// The bill of a leg.
#[must_use]
pub(super) fn bill(leg: &LegSummary, summary: &Summary) -> Bill {
    let counts = &leg.figures.counts;
    let avoidable = leg.figures.avoidable.unwrap_or(0);
    let connects = &counts.connect_time_us;
    let mean_us = connects.sum() as f64 / connects.count().max(1) as f64;
    let span = summary
        .span
        .map_or(SECOND, |(start, end)| end.since(start).max(SECOND));
    let pool = summary
        .pools
        .iter()
        .find(|(client, _)| Some(*client) == leg.client);
    Bill {
        avoidable_handshakes: leg.figures.avoidable,
        avoidable_packets: avoidable * PACKETS,
        avoidable_bytes: avoidable * BYTES,
        connect_time: (mean_us * 1e3 * avoidable as f64) as Nanos,
        closes_per_second: counts.closes.total() as f64 * SECOND as f64 / span as f64,
        keepalive: pool.map(|(_, pool)| pool.peak_busy),
    }
}
