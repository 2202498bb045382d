//! What each capture point saw, whoever else saw it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Part;
use super::counted::Counted;
use super::legs::highest;
use crate::aggregate::Figures;
use crate::diagnose::catalogue::CauseId;
use crate::diagnose::{Host, Severity, Snapshot, Status};
use crate::time::Timestamp;

/// One capture point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    /// Its name.
    pub name: String,
    /// How many reports of it were merged.
    pub parts: usize,
    /// First packet.
    pub start: Option<Timestamp>,
    /// Last packet.
    pub end: Option<Timestamp>,
    /// Packets analysed.
    pub packets: u64,
    /// Packets that the kernel or the interface dropped; `None` if nothing says so.
    pub dropped: Option<u64>,
    /// Its worst verdict.
    pub status: Status,
    /// All that it saw.
    pub figures: Figures,
    /// Connections of it that count in the figures of all.
    pub counted: u64,
    /// The address with most of its connections: the host that it was captured on, as a rule.
    pub address: Option<IpAddr>,
    /// Whether that address opens connections (a proxy, a client), or only accepts them.
    pub connects: bool,
    /// What the kernel of that address has to hold when its last capture ends.
    pub host: Option<Host>,
    /// Faults, by the connections that they ended or kept from being made.
    pub faults: BTreeMap<CauseId, u64>,
}

/// The address that most connections have as an end; of several the one that is the end of most legs, and opens them.
pub(super) fn own_address<'a>(snapshots: impl Iterator<Item = &'a Snapshot>) -> Option<IpAddr> {
    let mut addresses: BTreeMap<IpAddr, (u64, u64, u64)> = BTreeMap::new();
    for leg in snapshots.flat_map(|snapshot| &snapshot.legs) {
        let connections = leg.figures.counts.connections.total;
        let client = leg.name.client.map(|address| (address, 1));
        let server = leg.name.server.map(|server| (server.address, 0));
        let server = server.filter(|(address, _)| Some(*address) != leg.name.client);
        for (address, opens) in client.into_iter().chain(server) {
            let sum = addresses.entry(address).or_default();
            sum.0 += connections;
            sum.1 += 1;
            sum.2 += opens;
        }
    }
    let most = addresses
        .into_iter()
        .max_by_key(|(address, sum)| (*sum, std::cmp::Reverse(*address)));
    most.map(|(address, _)| address)
}

/// Every point, by name; parts are in the order of their points.
pub(super) fn points(parts: &[Part], counted: &Counted) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    let places: Vec<usize> = (0..parts.len()).collect();
    for together in places.chunk_by(|a, b| parts[*a].point == parts[*b].point) {
        let of_point: Vec<&Part> = together.iter().map(|place| &parts[*place]).collect();
        let mut point = point(&of_point);
        point.counted = together
            .iter()
            .map(|place| counted.connections(*place, &parts[*place]))
            .sum();
        points.push(point);
    }
    points
}

fn point(parts: &[&Part]) -> Point {
    let snapshots = || parts.iter().map(|part| &part.snapshot);
    let address = own_address(snapshots());
    let mut point = Point {
        name: parts.first().map(|part| part.point.clone()).unwrap_or_default(),
        parts: parts.len(),
        start: snapshots().filter_map(|snapshot| snapshot.capture.start).min(),
        end: snapshots().filter_map(|snapshot| snapshot.capture.end).max(),
        status: snapshots()
            .map(|snapshot| snapshot.verdict.status)
            .max()
            .unwrap_or_default(),
        address,
        connects: snapshots()
            .flat_map(|snapshot| &snapshot.legs)
            .any(|leg| leg.name.client.is_some() && leg.name.client == address),
        host: snapshots().next_back().and_then(|snapshot| {
            let own = snapshot.hosts.iter().find(|host| Some(host.address) == address);
            own.cloned()
        }),
        figures: Figures {
            avoidable: Some(0),
            ..Figures::default()
        },
        ..Point::default()
    };
    let mut seconds = 0.0;
    for snapshot in snapshots() {
        let capture = &snapshot.capture;
        point.packets += capture.packets;
        for dropped in [capture.kernel_dropped(), capture.interface_dropped()]
            .into_iter()
            .flatten()
        {
            *point.dropped.get_or_insert(0) += dropped;
        }
        let (sum, theirs) = (&mut point.figures, &snapshot.totals);
        sum.counts.merge(&theirs.counts);
        sum.avoidable = sum.avoidable.zip(theirs.avoidable).map(|(a, b)| a + b);
        highest(&mut sum.concurrency, &theirs.concurrency);
        seconds += super::legs::seconds(snapshot);
        let legs = snapshot.legs.iter().flat_map(|leg| &leg.causes);
        let pools = snapshot.pools.iter().flat_map(|pool| &pool.causes);
        let faults = legs
            .chain(pools)
            .filter(|cause| cause.severity == Severity::Fault);
        for cause in faults {
            *point.faults.entry(cause.id).or_default() += cause.connections;
        }
    }
    point.figures.handshakes_per_second = point.figures.counts.handshakes as f64 / seconds.max(1.0);
    point
}

impl Point {
    /// The most sockets in TIME-WAIT that its kernel held or holds.
    #[must_use]
    pub fn time_wait(&self) -> Option<u64> {
        let host = self.host.as_ref()?;
        let peak = host.time_wait_peak.map_or(0, |peak| peak.sockets);
        Some(peak.max(host.time_wait))
    }

    /// Local ports in use towards the server that has most of them.
    #[must_use]
    pub fn ports(&self) -> Option<u64> {
        self.host.as_ref()?.ports.iter().map(|ports| ports.in_use).max()
    }

    /// Its faults that are no single cases: at least a hundredth of its closes and failed connects, and two.
    pub(super) fn main_faults(&self) -> BTreeSet<CauseId> {
        let all = self.figures.counts.closes.total() + self.figures.failed_connects();
        let faults = self.faults.iter();
        faults
            .filter(|(_, n)| **n >= 2 && n.saturating_mul(100) >= all)
            .map(|(id, _)| *id)
            .collect()
    }
}
