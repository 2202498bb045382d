//! `capture` and `thresholds` read back.

use super::{SavedError, known, parsed};
use crate::diagnose;
use crate::frame::{Interface, LinkType};
use crate::report::json::capture::{Capture, Damage, Evictions, Joined, Skipped, Source, Thresholds};
use crate::report::json::number::Number;
use crate::report::when::from_rfc3339;
use crate::source::{Damage as DamagedPlace, Joined as JoinedCapture, SourceSummary};
use crate::time::{Nanos, SECOND, Timestamp};

/// The nearest nanosecond; what is no time of a capture ends at its bounds.
pub(super) fn nanos(seconds: Number) -> Nanos {
    (seconds.0 * SECOND as f64).round() as Nanos
}

/// A time as reports write it.
pub(super) fn time(field: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, SavedError> {
    text.map(|text| known(field, text, from_rfc3339(text)))
        .transpose()
}

impl Capture {
    pub(super) fn restore(self) -> Result<diagnose::Capture, SavedError> {
        let (kernel, interface) = (self.kernel_dropped, self.interface_dropped);
        let mut sources = super::each(self.sources, Source::restore)?;
        // A report says the sums only.
        if let Some(first) = sources.first_mut() {
            first.kernel_dropped = kernel;
            first.interface_dropped = interface;
        }
        let interfaces = (0..).zip(&sources).map(|(source, summary)| Interface {
            source,
            name: None,
            link_type: summary.link_types.first().copied().unwrap_or_default(),
        });
        let mut flag_counts: Vec<(String, u64)> = self.flag_counts.into_iter().collect();
        flag_counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Ok(diagnose::Capture {
            interfaces: interfaces.collect(),
            sources,
            filter: self.filter,
            start: time("capture.start", self.start.as_deref())?,
            end: time("capture.end", self.end.as_deref())?,
            packets: self.packets,
            bytes: self.bytes,
            tcp_packets: self.tcp_packets,
            duplicate_packets: self.duplicate_packets,
            skipped: self.skipped.into(),
            evictions: self.evictions.into(),
            unattributed: self.unattributed,
            gap_bytes: self.gap_bytes,
            overlap_conflicts: 0,
            connections_omitted: self.connections_omitted,
            warnings: self.warnings,
            flag_counts,
        })
    }
}

impl Source {
    fn restore(self) -> Result<SourceSummary, SavedError> {
        let compression = compression(self.compression.as_deref())?;
        let link_types = self.link_types.iter();
        let link_types = link_types.map(|name| known("link_types", name, LinkType::from_name(name)));
        Ok(SourceSummary {
            format: word("format", &self.format, &["pcap", "pcapng", "live"])?,
            compression,
            link_types: link_types.collect::<Result<_, _>>()?,
            name: self.name,
            snaplen: self.snaplen,
            packets: self.packets,
            truncated_at_byte: self.truncated_at_byte,
            damaged_places: self.damaged_places,
            skipped_bytes: self.skipped_bytes,
            captures: super::each(self.captures, Joined::restore)?,
            damage: self.damage.into_iter().map(DamagedPlace::from).collect(),
            ..SourceSummary::default()
        })
    }
}

fn word(field: &'static str, text: &str, words: &[&'static str]) -> Result<&'static str, SavedError> {
    known(field, text, words.iter().find(|word| **word == text).copied())
}

fn compression(text: Option<&str>) -> Result<Option<&'static str>, SavedError> {
    text.map(|text| word("compression", text, &["gzip", "zstd"]))
        .transpose()
}

impl Joined {
    fn restore(self) -> Result<JoinedCapture, SavedError> {
        Ok(JoinedCapture {
            at_byte: self.at_byte,
            stored_at_byte: self.stored_at_byte,
            format: word("format", &self.format, &["pcap", "pcapng"])?,
            compression: compression(self.compression.as_deref())?,
            packets: self.packets,
            damaged_places: self.damaged_places,
        })
    }
}

impl From<Damage> for DamagedPlace {
    fn from(damage: Damage) -> Self {
        Self {
            at_byte: damage.at_byte,
            stored_at_byte: damage.stored_at_byte,
            within_piece: damage.within_piece,
            bytes: damage.bytes,
            what: damage.what,
        }
    }
}

impl From<Skipped> for diagnose::Skipped {
    fn from(skipped: Skipped) -> Self {
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

impl From<Evictions> for diagnose::Evictions {
    fn from(evictions: Evictions) -> Self {
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

impl From<Thresholds> for crate::thresholds::Thresholds {
    fn from(t: Thresholds) -> Self {
        Self {
            per_request_close: nanos(t.per_request_close_s),
            unreused_open: nanos(t.unreused_open_s),
            unanswered_after: nanos(t.unanswered_after_s),
            unknown_first_within: nanos(t.unknown_first_within_s),
            check_count: t.check_count,
            check_jitter: t.check_jitter.0,
            check_period: nanos(t.check_period_s),
            min_requests: t.min_requests,
            min_part_requests: t.min_part_requests,
            min_attempts: t.min_attempts,
            min_lost: t.min_lost,
            lost_share: t.lost_share.0,
            fail_avoidable: t.fail_avoidable.0,
            pass_avoidable: t.pass_avoidable.0,
            pass_avoidable_count: t.pass_avoidable_count,
            pass_failed: t.pass_failed.0,
            idle_close: nanos(t.idle_close_s),
            window: nanos(t.window_s),
            minor_leg: t.minor_leg.0,
        }
    }
}

/// Address and port.
pub(super) fn endpoint(field: &'static str, text: &str) -> Result<crate::classify::Endpoint, SavedError> {
    let socket: std::net::SocketAddr = parsed(field, text)?;
    Ok(crate::classify::Endpoint {
        address: socket.ip(),
        port: socket.port(),
    })
}
