//! The immutable result that every output is made from: plain data, no engine internals.

use std::net::IpAddr;

use super::bill::Bill;
use super::catalogue::CauseId;
use super::causes::Cause;
use super::own_host::OwnHost;
use super::projection::Host;
use super::tiers::Tier;
use crate::aggregate::{Figures, Lately, Openings, PrefixRow, Timeline};
use crate::classify::{Class, ConnectionFacts, Endpoint};
use crate::frame::{Interface, InterfaceId};
use crate::source::SourceSummary;
use crate::thresholds::Thresholds;
use crate::time::{Nanos, Timestamp};

/// The four answers, in the order in which the worst one wins (`Inconclusive` only if nothing was judged).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Status {
    /// The capture cannot tell.
    #[default]
    Inconclusive,
    /// Connections are reused.
    Pass,
    /// Something recycles connections early, or some connects fail.
    Warn,
    /// Churn, failing connects or lost requests.
    Fail,
}

impl Status {
    /// Every answer, the worst one last.
    pub const ALL: [Self; 4] = [Self::Inconclusive, Self::Pass, Self::Warn, Self::Fail];

    /// The slug used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inconclusive => "inconclusive",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// A verdict with its reasons in words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// The answer.
    pub status: Status,
    /// Start of the unbroken run of windows with this answer.
    pub since: Option<Timestamp>,
    /// Why, in sentences.
    pub reasons: Vec<String>,
}

/// Who opens connections on a leg: one address, or all beyond the number kept apart.
pub type LegClient = Option<IpAddr>;

/// A leg: a client address and a server address and port. `None` is printed as `*`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LegName {
    /// The client's address, `None` for `*`.
    pub client: LegClient,
    /// The server, `None` for `*`.
    pub server: Option<Endpoint>,
}

impl std::fmt::Display for LegName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.client {
            Some(client) => write!(f, "{client} -> ")?,
            None => write!(f, "* -> ")?,
        }
        match self.server {
            Some(server) => write!(f, "{server}"),
            None => write!(f, "*"),
        }
    }
}

/// A series of health checks.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckSeries {
    /// Who checks.
    pub source: IpAddr,
    /// The period in seconds; `None` if it is not constant or too short to tell.
    pub period: Option<f64>,
    /// How many were seen.
    pub count: u64,
    /// Method and target; `None` for a connect without request.
    pub target: Option<String>,
}

/// One leg.
#[derive(Clone, Debug, PartialEq)]
pub struct Leg {
    /// Its ends.
    pub name: LegName,
    /// Over the whole capture.
    pub figures: Figures,
    /// The latest window's.
    pub recent: Option<Figures>,
    /// In the last seconds.
    pub lately: Lately,
    /// Its verdict.
    pub verdict: Verdict,
    /// By Host and prefix.
    pub by_prefix: Vec<PrefixRow>,
    /// Its health checks.
    pub checks: Vec<CheckSeries>,
    /// The leg of the same requests on the other side of a proxy.
    pub paired_with: Option<LegName>,
    /// Which connections it had.
    pub openings: Openings,
    /// What churn costs, and what reuse would save.
    pub bill: Bill,
    /// Why its connections end, or are not made: faults first, by connections.
    pub causes: Vec<Cause>,
}

/// All connections of one client address to all servers it uses.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// The client.
    pub client: IpAddr,
    /// Its servers.
    pub servers: Vec<Endpoint>,
    /// Idle connections that it keeps (`keepalive N`), estimated.
    pub idle_pool_size: Option<u64>,
    /// What shows only across its servers.
    pub causes: Vec<Cause>,
}

/// Packets left out of the analysis, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// No IPv4 or IPv6 (ARP, LLDP ...).
    pub not_ip: u64,
    /// IP, but no TCP.
    pub not_tcp: u64,
    /// A fragment of an IP packet.
    pub fragment: u64,
    /// Cut before the end of the TCP header.
    pub truncated: u64,
    /// A link type that is not decoded.
    pub unsupported_link: u64,
    /// Header fields that contradict each other.
    pub malformed: u64,
    /// Encrypted below IP (802.11).
    pub encrypted: u64,
}

/// What the caps of `limits` dropped, each counted when it acted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evictions {
    /// Connections dropped from a full table (they end there, open).
    pub connections: u64,
    /// Silent connections expired.
    pub expired: u64,
    /// Tombstones dropped before their time.
    pub tombstones: u64,
    /// Legs counted as `* -> *`.
    pub legs: u64,
    /// Clients counted in a `*` leg.
    pub clients: u64,
    /// Prefixes counted as `*`.
    pub prefixes: u64,
    /// Out-of-order segments dropped.
    pub out_of_order: u64,
    /// Heads longer than the cap.
    pub heads: u64,
    /// Pipelined requests beyond the cap.
    pub pipelined: u64,
    /// HTTP/2 streams beyond the cap.
    pub streams: u64,
    /// HTTP/2 header tables larger than the cap.
    pub header_tables: u64,
    /// Series of possible health checks given up.
    pub check_series: u64,
    /// Packets whose copies could not be told, since too many others came within a millisecond.
    pub recent_packets: u64,
}

/// What the capture is worth.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capture {
    /// The sources, in the order given.
    pub sources: Vec<SourceSummary>,
    /// Their interfaces, by id.
    pub interfaces: Vec<Interface>,
    /// The BPF filter as given.
    pub filter: Option<String>,
    /// First and last packet time (running maximum).
    pub start: Option<Timestamp>,
    /// Last packet time.
    pub end: Option<Timestamp>,
    /// Packets analysed (after the filter).
    pub packets: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// TCP segments among them.
    pub tcp_packets: u64,
    /// Removed as duplicates.
    pub duplicate_packets: u64,
    /// Left out.
    pub skipped: Skipped,
    /// Dropped by caps.
    pub evictions: Evictions,
    /// Connections whose roles never became sure.
    pub unattributed: u64,
    /// Bytes that the capture lacks.
    pub gap_bytes: u64,
    /// Bytes sent again with other content.
    pub overlap_conflicts: u64,
    /// Connections beyond the number listed.
    pub connections_omitted: u64,
    /// What the user must know.
    pub warnings: Vec<String>,
    /// Raw packets by tcpdump's flag notation, most frequent first.
    pub flag_counts: Vec<(String, u64)>,
}

impl Capture {
    /// The name of an interface; of several files, whose interfaces have none, the file's.
    #[must_use]
    pub fn interface_name(&self, interface: InterfaceId) -> Option<&str> {
        let interface = self.interfaces.get(usize::from(interface.0))?;
        let file = || {
            self.sources
                .get(usize::from(interface.source))
                .map(|source| source.name.as_str())
        };
        let several = self.sources.len() > 1;
        interface.name.as_deref().or_else(|| several.then(file).flatten())
    }

    /// From the first packet to the last.
    #[must_use]
    pub fn duration(&self) -> Option<Nanos> {
        Some(self.end?.since(self.start?))
    }

    /// Packets that the kernel dropped, over the sources that say so; `None` if none does.
    #[must_use]
    pub fn kernel_dropped(&self) -> Option<u64> {
        sum_of_known(self.sources.iter().map(|source| source.kernel_dropped))
    }

    /// Packets that interfaces dropped, over the sources that say so; `None` if none does.
    #[must_use]
    pub fn interface_dropped(&self) -> Option<u64> {
        sum_of_known(self.sources.iter().map(|source| source.interface_dropped))
    }

    /// Packets that are not in the capture although they were on the wire: dropped, as far as anything says so, or damaged.
    #[must_use]
    pub fn unseen(&self) -> u64 {
        let dropped = [self.kernel_dropped(), self.interface_dropped()];
        let dropped = dropped.into_iter().flatten().fold(0, u64::saturating_add);
        dropped.saturating_add(self.damaged_packets())
    }

    /// Packets that may have been where the sources are damaged, estimated: as many as fit, by the mean of those read,
    /// and at least one a place.
    #[must_use]
    pub fn damaged_packets(&self) -> u64 {
        /// Record header, Ethernet, IPv4 and TCP: nothing useful is shorter.
        const SHORTEST: u64 = 16 + 54;
        let mean = self.bytes / self.packets.max(1);
        let estimate = |source: &SourceSummary| {
            let snaplen = if source.snaplen == 0 {
                u64::MAX
            } else {
                source.snaplen.into()
            };
            let size = (16 + mean.min(snaplen)).max(SHORTEST);
            source.damaged_places.max(source.skipped_bytes / size)
        };
        self.sources.iter().map(estimate).fold(0, u64::saturating_add)
    }
}

fn sum_of_known(counts: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    counts
        .flatten()
        .fold(None, |sum, n| Some(sum.unwrap_or(0_u64).saturating_add(n)))
}

/// One connection of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionRecord {
    /// 1 for the first connection seen on its 4-tuple, 2 for the next ...
    pub generation: u32,
    /// What was seen of it.
    pub facts: ConnectionFacts,
    /// Its class.
    pub class: Class,
    /// Why it ended.
    pub cause: Option<CauseId>,
}

/// One HTTP exchange, for `--requests`.
#[derive(Clone, Debug, PartialEq)]
pub struct ExchangeRecord {
    /// The place of the frame that completed it among all frames.
    pub order: u64,
    /// The connection's id.
    pub connection: u64,
    /// Who asked.
    pub client: Endpoint,
    /// Who answered.
    pub server: Endpoint,
    /// 1 for the connection's first request ...
    pub index: u32,
    /// First byte of the request.
    pub start: Timestamp,
    /// The method; empty if it is not visible.
    pub method: String,
    /// The target, cut at a cap.
    pub target: String,
    /// The Host header.
    pub host: Option<String>,
    /// The request's version (`1.0`, `1.1`); empty if it is not visible.
    pub version: &'static str,
    /// The final status, `None` if unanswered.
    pub status: Option<u16>,
    /// Last request byte to first response byte.
    pub first_byte: Option<Nanos>,
    /// First request byte to last response byte.
    pub response: Option<Nanos>,
    /// Whether the connection had served before (`None`: unknown first).
    pub reused: Option<bool>,
    /// Whether request or response announced the close.
    pub announced_close: bool,
    /// Frame number of the packet with the request's last head byte, and its source.
    pub frame: (u16, u64),
}

/// What a query left out of a snapshot's lists. Figures and verdicts are of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowed {
    /// The query, as it was typed.
    pub expression: String,
    /// Legs that do not match.
    pub legs_left_out: u64,
    /// Connections that do not match, of those kept for the list; `None` if none were to be listed.
    pub connections_left_out: Option<u64>,
}

/// Everything a report says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The thresholds in force.
    pub thresholds: Thresholds,
    /// The capture's verdict.
    pub verdict: Verdict,
    /// What the capture is worth.
    pub capture: Capture,
    /// All legs together.
    pub totals: Figures,
    /// Every leg, by requests descending.
    pub legs: Vec<Leg>,
    /// Every client's pool.
    pub pools: Vec<Pool>,
    /// Proxies with legs on both sides.
    pub tiers: Vec<Tier>,
    /// What each host's kernel has to hold when the capture ends.
    pub hosts: Vec<Host>,
    /// What the kernel of the capturing host says, if it is an end of a leg.
    pub own_host: Option<OwnHost>,
    /// Over time.
    pub timeline: Timeline,
    /// What this capture cannot show, and what would.
    pub not_seen: Vec<String>,
    /// The connections, if they were asked for.
    pub connections: Option<Vec<ConnectionRecord>>,
    /// What was left out of legs and connections, if they were narrowed.
    pub narrowed: Option<Narrowed>,
}
