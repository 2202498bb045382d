//! What each capture point saw, whoever else saw it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Part;
use super::counted::Counted;
use super::legs::{covered, highest};
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
    /// Points where its connections count, if none of them counts here.
    pub elsewhere: BTreeSet<String>,
    /// The address with most of its connections: the host that it was captured on, as a rule.
    pub address: Option<IpAddr>,
    /// Whether that address opens connections (a proxy, a client), or only accepts them.
    pub connects: bool,
    /// What the kernel of that address has to hold when its last capture ends.
    pub host: Option<Host>,
    /// Connections that ended with a FIN which that address sent first, and all that ended with one.
    pub closed_by_itself: (u64, u64),
    /// Faults, by the connections that they ended or kept from being made.
    pub faults: BTreeMap<CauseId, u64>,
}

/// The address that each part was captured at.
#[derive(Clone, Debug, Default)]
pub(super) struct Owners(Vec<Option<IpAddr>>);

impl Owners {
    /// Of each part the address that most of its connections have as an end. Of several the one that fewest parts show (a
    /// server that all proxies use is in all of their captures), then the one that is an end of most legs, and opens them.
    pub(super) fn of(parts: &[Part]) -> Self {
        let mut shown_in: BTreeMap<IpAddr, usize> = BTreeMap::new();
        let all: Vec<BTreeMap<IpAddr, Ends>> = parts.iter().map(|part| ends(&part.snapshot)).collect();
        for address in all.iter().flat_map(BTreeMap::keys) {
            *shown_in.entry(*address).or_default() += 1;
        }
        let owner = |ends: &BTreeMap<IpAddr, Ends>| {
            let rank = |(address, ends): &(&IpAddr, &Ends)| {
                let others = shown_in.get(*address).copied().unwrap_or(0);
                (
                    ends.connections,
                    Reverse(others),
                    ends.legs,
                    ends.opens,
                    Reverse(**address),
                )
            };
            ends.iter().max_by_key(rank).map(|(address, _)| *address)
        };
        Self(all.iter().map(owner).collect())
    }

    /// That of one part.
    pub(super) fn of_part(&self, part: usize) -> Option<IpAddr> {
        self.0.get(part).copied().flatten()
    }
}

/// How an address takes part.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    connections: u64,
    legs: u64,
    opens: u64,
}

fn ends(snapshot: &Snapshot) -> BTreeMap<IpAddr, Ends> {
    let mut addresses: BTreeMap<IpAddr, Ends> = BTreeMap::new();
    for leg in &snapshot.legs {
        let client = leg.name.client.map(|address| (address, 1));
        let server = leg.name.server.map(|server| (server.address, 0));
        let server = server.filter(|(address, _)| Some(*address) != leg.name.client);
        for (address, opens) in client.into_iter().chain(server) {
            let sum = addresses.entry(address).or_default();
            sum.connections += leg.figures.counts.connections.total;
            sum.legs += 1;
            sum.opens += opens;
        }
    }
    addresses
}

/// Every point, by name; parts are in the order of their points.
pub(super) fn points(parts: &[Part], counted: &Counted, owners: &Owners) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    let places: Vec<usize> = (0..parts.len()).collect();
    for together in places.chunk_by(|a, b| parts[*a].point == parts[*b].point) {
        let elsewhere = |place: &usize| counted.elsewhere(*place, parts);
        // The same capture given twice, or a part of another one.
        let own = |place: &usize| elsewhere(place).iter().any(|point| *point != parts[*place].point);
        let repeated = |place: &usize| !elsewhere(place).is_empty() && !own(place);
        let once: Vec<usize> = together
            .iter()
            .copied()
            .filter(|place| !repeated(place))
            .collect();
        let of_point: Vec<&Part> = once.iter().map(|place| &parts[*place]).collect();
        let mut point = point(&of_point, once.last().and_then(|place| owners.of_part(*place)));
        point.parts = together.len();
        point.counted = once
            .iter()
            .map(|place| counted.connections(*place, &parts[*place]))
            .sum();
        point.elsewhere = once.iter().flat_map(elsewhere).map(str::to_owned).collect();
        points.push(point);
    }
    points
}

fn point(parts: &[&Part], address: Option<IpAddr>) -> Point {
    let snapshots = || parts.iter().map(|part| &part.snapshot);
    let mut point = Point {
        name: parts.first().map(|part| part.point.clone()).unwrap_or_default(),
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
        figures: Figures::of_no_leg(),
        ..Point::default()
    };
    for snapshot in snapshots() {
        let capture = &snapshot.capture;
        point.packets += capture.packets;
        for dropped in [capture.kernel_dropped(), capture.interface_dropped()]
            .into_iter()
            .flatten()
        {
            *point.dropped.get_or_insert(0) += dropped;
        }
        let peaks = &snapshot.totals.concurrency;
        point.figures.add(&snapshot.totals);
        highest(&mut point.figures.concurrency, peaks);
        for leg in &snapshot.legs {
            let closes = &leg.figures.counts.closes;
            let (own, all) = &mut point.closed_by_itself;
            *all += closes.client + closes.server;
            if address.is_some() && leg.name.client == address {
                *own += closes.client;
            } else if leg
                .name
                .server
                .is_some_and(|server| Some(server.address) == address)
            {
                *own += closes.server;
            }
        }
        let legs = snapshot.legs.iter().flat_map(|leg| &leg.causes);
        let pools = snapshot.pools.iter().flat_map(|pool| &pool.causes);
        let faults = legs
            .chain(pools)
            .filter(|cause| cause.severity == Severity::Fault);
        for cause in faults {
            *point.faults.entry(cause.id).or_default() += cause.connections;
        }
    }
    point.figures.handshakes_per_second = point.figures.counts.handshakes as f64 / covered(snapshots());
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
