//! Puts the parts of a snapshot together.

use std::collections::HashMap;

use super::divide::Read;
use crate::aggregate::{Aggregate, ListedConnection, Summary};
use crate::diagnose::causes::Findings;
use crate::diagnose::{Capture, ConnectionRecord, Evictions, Snapshot, diagnose};
use crate::engine::{Config, Engine, Quality};
use crate::frame::Interface;
use crate::lang::tr;
use crate::source::SourceSummary;
use crate::tr;

/// An engine's counters as they stand.
#[derive(Clone, Default)]
pub(super) struct Account {
    quality: Quality,
    tombstones: u64,
    recent_packets: u64,
}

impl Account {
    pub(super) fn of(engine: &Engine) -> Self {
        Self {
            quality: engine.quality().clone(),
            tombstones: engine.tombstones_dropped(),
            recent_packets: engine.trail_overrun(),
        }
    }
}

/// The snapshot of what was added up, and what tells the cause of a single connection; `listed` are the connections to list,
/// if they are wanted.
pub(super) fn snapshot(
    accounts: &[Account],
    aggregate: &Aggregate,
    listed: Option<Vec<ListedConnection>>,
    config: &Config,
    read: Read,
) -> (Snapshot, Findings) {
    let summary = aggregate.summary();
    let mut quality = Quality::default();
    for account in accounts {
        quality.merge(&account.quality);
    }
    let tombstones = accounts.iter().map(|account| account.tombstones).sum();
    let recent_packets = accounts.iter().map(|account| account.recent_packets).sum();
    let quality = &quality;
    let mut capture = Capture {
        interfaces: read.interfaces,
        evictions: Evictions {
            tombstones,
            recent_packets,
            ..evictions(quality, &summary)
        },
        ..capture(quality, &summary, read.sources)
    };
    capture.warnings.extend(warnings(quality));
    let thresholds = config.thresholds.clone();
    let diagnosis = diagnose(
        &summary,
        capture.unseen(),
        &shown(&capture.interfaces),
        &thresholds,
    );
    let listed = listed.map(|mut listed| {
        listed.sort_by_key(|connection| connection.facts.id);
        records(listed, &diagnosis.findings)
    });
    let snapshot = Snapshot {
        thresholds,
        verdict: diagnosis.verdict,
        capture,
        totals: summary.totals,
        legs: diagnosis.legs,
        pools: diagnosis.pools,
        tiers: diagnosis.tiers,
        hosts: diagnosis.hosts,
        own_host: None,
        timeline: summary.timeline,
        not_seen: diagnosis.not_seen,
        connections: listed,
        narrowed: None,
    };
    (snapshot, diagnosis.findings)
}

/// Where the capture was taken, as far as it says so.
fn shown(interfaces: &[Interface]) -> String {
    let mut names: Vec<&str> = interfaces
        .iter()
        .filter_map(|interface| interface.name.as_deref())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.join(tr(" and "))
}

/// The connections for the list, which are in order of first packet, with their generations.
fn records(listed: Vec<ListedConnection>, findings: &Findings) -> Vec<ConnectionRecord> {
    // By both ends and the path: the last connection's id and generation.
    let mut latest: HashMap<_, (u64, u32)> = HashMap::new();
    let record = |connection: ListedConnection| {
        let cause = findings.cause(&connection);
        let ListedConnection { facts, class, .. } = connection;
        let mut ends = [facts.client, facts.server];
        ends.sort_unstable();
        let (id, generation) = latest.entry((ends, facts.path())).or_default();
        if *id != facts.id {
            // One that fell silent and resumed under its id is the same.
            (*id, *generation) = (facts.id, *generation + 1);
        }
        ConnectionRecord {
            generation: *generation,
            cause,
            facts,
            class,
        }
    };
    listed.into_iter().map(record).collect()
}

fn capture(quality: &Quality, summary: &Summary, sources: Vec<SourceSummary>) -> Capture {
    Capture {
        warnings: sources
            .iter()
            .flat_map(|source| source.warnings.iter().cloned())
            .collect(),
        sources,
        start: summary.span.map(|(start, _)| start),
        end: summary.span.map(|(_, end)| end),
        packets: quality.packets,
        bytes: quality.bytes,
        tcp_packets: quality.flags.total(),
        duplicate_packets: quality.duplicates,
        skipped: quality.skipped(),
        unattributed: quality.unattributed,
        gap_bytes: quality.gap_bytes,
        overlap_conflicts: quality.overlap_conflicts,
        connections_omitted: summary.connections_omitted,
        flag_counts: quality.flags.by_notation(),
        ..Capture::default()
    }
}

fn evictions(quality: &Quality, summary: &Summary) -> Evictions {
    Evictions {
        connections: quality.evicted_connections,
        expired: quality.expired,
        legs: summary.legs_unnamed,
        clients: summary.clients_unnamed,
        prefixes: summary.prefixes_unnamed,
        out_of_order: quality.refused_segments,
        heads: quality.long_heads,
        pipelined: quality.pipelined,
        streams: quality.streams,
        header_tables: quality.header_tables,
        check_series: summary.check_series_given_up,
        ..Evictions::default()
    }
}

fn warnings(quality: &Quality) -> Vec<String> {
    let mut warnings = Vec::new();
    if quality.unattributed > 0 {
        warnings.push(tr!(
            "{n} connections show neither SYN nor a start line, so which end is the server is not sure: they count in no \
             leg; --server-port PORT tells",
            n = quality.unattributed
        ));
    }
    if quality.skipped().unsupported_link > 0 {
        warnings.push(tr!(
            "{n} packets have a link type that is not decoded",
            n = quality.skipped().unsupported_link
        ));
    }
    warnings
}
