//! `capture` and `thresholds` of the JSON report.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Slug;
use super::number::Number;
use crate::diagnose;
use crate::frame::LinkType;
use crate::report::when::rfc3339;
use crate::source::{Damage as DamagedPlace, Joined as JoinedCapture, SourceSummary};
use crate::time::{Nanos, SECOND};

/// What the capture is worth.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Capture {
    pub(super) sources: Vec<Source>,
    /// The BPF filter as given.
    pub(super) filter: Option<String>,
    /// Time of the first packet, RFC 3339 UTC.
    pub(super) start: Option<String>,
    /// Time of the last packet, RFC 3339 UTC.
    pub(super) end: Option<String>,
    pub(super) duration_s: Option<Number>,
    /// Packets analysed, after the filter.
    pub(super) packets: u64,
    /// Their bytes on the wire.
    pub(super) bytes: u64,
    pub(super) tcp_packets: u64,
    pub(super) duplicate_packets: u64,
    pub(super) skipped: Skipped,
    pub(super) evictions: Evictions,
    /// Connections whose roles never became sure.
    pub(super) unattributed: u64,
    /// Null where no source says.
    pub(super) kernel_dropped: Option<u64>,
    /// Null where no source says.
    pub(super) interface_dropped: Option<u64>,
    /// Bytes that the capture lacks although the receiver got them.
    pub(super) gap_bytes: u64,
    pub(super) connections_omitted: u64,
    pub(super) warnings: Vec<String>,
    /// Raw packets by TCP flags in tcpdump's notation.
    pub(super) flag_counts: BTreeMap<String, u64>,
}

/// What `--where` left out of legs and connections; every figure is of all of them.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Narrowed {
    /// As it was typed.
    pub(super) expression: String,
    pub(super) legs_left_out: u64,
    /// Of those kept for the list; null if none were to be listed.
    connections_left_out: Option<u64>,
}

impl From<&diagnose::Narrowed> for Narrowed {
    fn from(narrowed: &diagnose::Narrowed) -> Self {
        Self {
            expression: narrowed.expression.clone(),
            legs_left_out: narrowed.legs_left_out,
            connections_left_out: narrowed.connections_left_out,
        }
    }
}

/// A file or an interface that packets were read from.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Source {
    pub(super) name: String,
    /// `pcap`, `pcapng` or `live`.
    pub(super) format: Slug,
    /// `gzip` or `zstd`.
    pub(super) compression: Option<Slug>,
    /// As libpcap names them.
    pub(super) link_types: Vec<String>,
    /// The largest declared, 0 if unlimited.
    pub(super) snaplen: u32,
    pub(super) packets: u64,
    /// Offset of the byte from which nothing could be read any more, uncompressed.
    pub(super) truncated_at_byte: Option<u64>,
    /// Places where bytes are no packets; a last packet cut short is none.
    pub(super) damaged_places: u64,
    /// Bytes skipped there, uncompressed.
    pub(super) skipped_bytes: u64,
    /// The captures in it, where several follow each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) captures: Vec<Joined>,
    /// The first damaged places, ten of each capture at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) damage: Vec<Damage>,
}

/// One of several captures that follow each other in one source.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Joined {
    /// Offset of its first byte, uncompressed.
    pub(super) at_byte: u64,
    /// Offset as stored: of its first byte, or of the compressed piece (a gzip member, a zstd frame) in which it begins.
    pub(super) stored_at_byte: u64,
    /// `pcap` or `pcapng`.
    pub(super) format: Slug,
    /// `gzip` or `zstd`.
    pub(super) compression: Option<Slug>,
    /// Frame numbers go on from those of the captures before it.
    pub(super) packets: u64,
    /// A last packet cut short is one, too.
    pub(super) damaged_places: u64,
}

/// A place where bytes are no packets.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Damage {
    /// Offset of its first byte, uncompressed.
    pub(super) at_byte: u64,
    /// Offset as stored: of that byte, or of the compressed piece that holds it.
    pub(super) stored_at_byte: u64,
    /// How far into that piece, uncompressed; 0 if it is not compressed.
    pub(super) within_piece: u64,
    /// Bytes skipped, uncompressed; null if nothing could be read after it.
    pub(super) bytes: Option<u64>,
    pub(super) what: String,
}

/// Packets left out, by reason.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Skipped {
    pub(super) not_ip: u64,
    pub(super) not_tcp: u64,
    pub(super) fragment: u64,
    pub(super) truncated: u64,
    pub(super) unsupported_link: u64,
    pub(super) malformed: u64,
    pub(super) encrypted: u64,
}

/// What caps dropped.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Evictions {
    pub(super) connections: u64,
    pub(super) expired: u64,
    pub(super) tombstones: u64,
    pub(super) legs: u64,
    pub(super) clients: u64,
    pub(super) prefixes: u64,
    pub(super) out_of_order: u64,
    pub(super) heads: u64,
    pub(super) pipelined: u64,
    pub(super) streams: u64,
    pub(super) header_tables: u64,
    pub(super) check_series: u64,
    pub(super) recent_packets: u64,
}

/// The thresholds in force.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Thresholds {
    pub(super) per_request_close_s: Number,
    pub(super) unreused_open_s: Number,
    pub(super) unanswered_after_s: Number,
    pub(super) unknown_first_within_s: Number,
    pub(super) check_count: u32,
    pub(super) check_jitter: Number,
    pub(super) check_period_s: Number,
    pub(super) min_requests: u64,
    pub(super) min_part_requests: u64,
    pub(super) min_attempts: u64,
    pub(super) min_lost: u64,
    pub(super) lost_share: Number,
    pub(super) fail_avoidable: Number,
    pub(super) pass_avoidable: Number,
    pub(super) pass_avoidable_count: u64,
    pub(super) pass_failed: Number,
    pub(super) idle_close_s: Number,
    pub(super) window_s: Number,
    pub(super) minor_leg: Number,
}

fn seconds(span: Nanos) -> Number {
    Number::rounded(span as f64 / SECOND as f64, 9)
}

impl From<&diagnose::Capture> for Capture {
    fn from(capture: &diagnose::Capture) -> Self {
        Self {
            sources: capture.sources.iter().map(Source::from).collect(),
            filter: capture.filter.clone(),
            start: capture.start.map(rfc3339),
            end: capture.end.map(rfc3339),
            duration_s: capture.duration().map(seconds),
            packets: capture.packets,
            bytes: capture.bytes,
            tcp_packets: capture.tcp_packets,
            duplicate_packets: capture.duplicate_packets,
            skipped: Skipped::from(capture.skipped),
            evictions: Evictions::from(capture.evictions),
            unattributed: capture.unattributed,
            kernel_dropped: capture.kernel_dropped(),
            interface_dropped: capture.interface_dropped(),
            gap_bytes: capture.gap_bytes,
            connections_omitted: capture.connections_omitted,
            warnings: capture.warnings.clone(),
            flag_counts: capture.flag_counts.iter().cloned().collect(),
        }
    }
}

impl From<&SourceSummary> for Source {
    fn from(source: &SourceSummary) -> Self {
        Self {
            name: source.name.clone(),
            format: source.format.into(),
            compression: source.compression.map(Into::into),
            link_types: source.link_types.iter().copied().map(LinkType::name).collect(),
            snaplen: source.snaplen,
            packets: source.packets,
            truncated_at_byte: source.truncated_at_byte,
            damaged_places: source.damaged_places,
            skipped_bytes: source.skipped_bytes,
            captures: source.captures.iter().map(Joined::from).collect(),
            damage: source.damage.iter().map(Damage::from).collect(),
        }
    }
}

impl From<&JoinedCapture> for Joined {
    fn from(capture: &JoinedCapture) -> Self {
        Self {
            at_byte: capture.at_byte,
            stored_at_byte: capture.stored_at_byte,
            format: capture.format.into(),
            compression: capture.compression.map(Into::into),
            packets: capture.packets,
            damaged_places: capture.damaged_places,
        }
    }
}

impl From<&DamagedPlace> for Damage {
    fn from(damage: &DamagedPlace) -> Self {
        Self {
            at_byte: damage.at_byte,
            stored_at_byte: damage.stored_at_byte,
            within_piece: damage.within_piece,
            bytes: damage.bytes,
            what: damage.what.clone(),
        }
    }
}

impl From<diagnose::Skipped> for Skipped {
    fn from(skipped: diagnose::Skipped) -> Self {
        Self {
            not_ip: skipped.not_ip,
            not_tcp: skipped.not_tcp,
            fragment: skipped.fragment,
            truncated: skipped.truncated,
            unsupported_link: skipped.unsupported_link,
            malformed: skipped.malformed,
            encrypted: skipped.encrypted,
        }
    }
}

impl From<diagnose::Evictions> for Evictions {
    fn from(evictions: diagnose::Evictions) -> Self {
        Self {
            connections: evictions.connections,
            expired: evictions.expired,
            tombstones: evictions.tombstones,
            legs: evictions.legs,
            clients: evictions.clients,
            prefixes: evictions.prefixes,
            out_of_order: evictions.out_of_order,
            heads: evictions.heads,
            pipelined: evictions.pipelined,
            streams: evictions.streams,
            header_tables: evictions.header_tables,
            check_series: evictions.check_series,
            recent_packets: evictions.recent_packets,
        }
    }
}

impl From<&crate::thresholds::Thresholds> for Thresholds {
    fn from(t: &crate::thresholds::Thresholds) -> Self {
        Self {
            per_request_close_s: seconds(t.per_request_close),
            unreused_open_s: seconds(t.unreused_open),
            unanswered_after_s: seconds(t.unanswered_after),
            unknown_first_within_s: seconds(t.unknown_first_within),
            check_count: t.check_count,
            check_jitter: Number(t.check_jitter),
            check_period_s: seconds(t.check_period),
            min_requests: t.min_requests,
            min_part_requests: t.min_part_requests,
            min_attempts: t.min_attempts,
            min_lost: t.min_lost,
            lost_share: Number(t.lost_share),
            fail_avoidable: Number(t.fail_avoidable),
            pass_avoidable: Number(t.pass_avoidable),
            pass_avoidable_count: t.pass_avoidable_count,
            pass_failed: Number(t.pass_failed),
            idle_close_s: seconds(t.idle_close),
            window_s: seconds(t.window),
            minor_leg: Number(t.minor_leg),
        }
    }
}
