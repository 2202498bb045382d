//! What the capture is worth: packets counted, left out and missing.

use std::collections::BTreeMap;

use crate::classify::ControlBits;
use crate::decode::{Flags, SkipReason};
use crate::diagnose::Skipped;

/// Counters of everything that is not a figure of a leg.
#[derive(Clone, Debug, Default)]
pub struct Quality {
    /// Packets looked at.
    pub packets: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Copies removed.
    pub duplicates: u64,
    /// Late segments of connections that were over.
    pub late: u64,
    /// RSTs that belong to no connection.
    pub stray_resets: u64,
    /// Left out, by reason.
    pub skipped: [u64; 7],
    /// Raw segments by flags.
    pub flags: FlagCounts,
    /// Bytes that the receiver got and the capture lacks.
    pub gap_bytes: u64,
    /// Bytes sent again with other content.
    pub overlap_conflicts: u64,
    /// Connections dropped from a full table.
    pub evicted_connections: u64,
    /// Silent connections that left the table.
    pub expired: u64,
    /// Out-of-order segments that were not kept.
    pub refused_segments: u64,
    /// Out-of-order bytes kept at present, by all connections of this engine.
    pub kept_out_of_order: usize,
    /// Bytes kept at present of what is not complete, by all connections of this engine.
    pub held: usize,
    /// Heads longer than the cap, or given up since too much was kept in all.
    pub long_heads: u64,
    /// Pipelined requests beyond the cap.
    pub pipelined: u64,
    /// HTTP/2 streams beyond the cap.
    pub streams: u64,
    /// HTTP/2 header tables larger than the cap.
    pub header_tables: u64,
    /// Connections whose roles never became sure.
    pub unattributed: u64,
    /// Pairs of client and server, prefixes and paths that were not told apart.
    pub unnamed: u64,
}

impl Quality {
    /// Adds another engine's counters.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.packets, other.packets),
            (&mut self.bytes, other.bytes),
            (&mut self.duplicates, other.duplicates),
            (&mut self.late, other.late),
            (&mut self.stray_resets, other.stray_resets),
            (&mut self.gap_bytes, other.gap_bytes),
            (&mut self.overlap_conflicts, other.overlap_conflicts),
            (&mut self.evicted_connections, other.evicted_connections),
            (&mut self.expired, other.expired),
            (&mut self.refused_segments, other.refused_segments),
            (&mut self.long_heads, other.long_heads),
            (&mut self.pipelined, other.pipelined),
            (&mut self.streams, other.streams),
            (&mut self.header_tables, other.header_tables),
            (&mut self.unattributed, other.unattributed),
            (&mut self.unnamed, other.unnamed),
        ] {
            *mine += theirs;
        }
        for (mine, theirs) in self.skipped.iter_mut().zip(other.skipped) {
            *mine += theirs;
        }
        self.flags.merge(&other.flags);
    }

    /// Counts a frame that was left out.
    pub fn skip(&mut self, reason: SkipReason) {
        self.skip_many(reason, 1);
    }

    /// Counts so many frames that were left out.
    pub fn skip_many(&mut self, reason: SkipReason, frames: u64) {
        self.skipped[reason as usize] += frames;
    }

    /// How many frames were left out, by reason.
    #[must_use]
    pub fn skipped(&self) -> Skipped {
        let count = |reason: SkipReason| self.skipped[reason as usize];
        Skipped {
            not_ip: count(SkipReason::NotIp),
            not_tcp: count(SkipReason::NotTcp),
            fragment: count(SkipReason::Fragment),
            truncated: count(SkipReason::Truncated),
            unsupported_link: count(SkipReason::UnsupportedLink),
            malformed: count(SkipReason::Malformed),
            encrypted: count(SkipReason::Encrypted),
        }
    }
}

/// Counts by the six control bits.
#[derive(Clone, Debug)]
pub struct FlagCounts([u64; 64]);

impl Default for FlagCounts {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl FlagCounts {
    /// Counts one segment.
    #[inline]
    pub fn count(&mut self, flags: Flags) {
        self.count_if(true, flags);
    }

    /// Counts one segment, if it is one: without a branch.
    #[inline]
    pub(super) fn count_if(&mut self, is_one: bool, flags: Flags) {
        self.0[usize::from(flags.0 & 0x3f)] += u64::from(is_one);
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    /// As if nothing had been counted.
    pub fn clear(&mut self) {
        self.0.fill(0);
    }

    /// All segments.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// By tcpdump's notation (`S`, `S.`, `P.` ...), most frequent first. tcpdump prints `none` for no flag at all, and
    /// a lone ACK as `.`.
    #[must_use]
    pub fn by_notation(&self) -> Vec<(String, u64)> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (flags, count) in self.0.iter().enumerate().filter(|(_, count)| **count > 0) {
            let name = ControlBits(flags as u8).to_string();
            *counts.entry(name).or_default() += count;
        }
        let mut rows: Vec<_> = counts.into_iter().collect();
        rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tcpdumps_notation() {
        let mut counts = FlagCounts::default();
        for flags in [0x02, 0x12, 0x18, 0x18, 0x11, 0x10, 0x14, 0x00] {
            counts.count(Flags(flags));
        }
        let rows = counts.by_notation();
        assert_eq!(rows[0], ("P.".to_owned(), 2));
        for name in ["S", "S.", "F.", ".", "R.", "none"] {
            assert!(rows.contains(&(name.to_owned(), 1)), "{name}: {rows:?}");
        }
    }
}
