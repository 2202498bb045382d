//! What kernels have to hold, by all that was captured of them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Part;
use super::counted::Counted;
use crate::classify::Endpoint;
use crate::diagnose::{Host, PortsTo, Snapshot};

/// Every host, by entries of connection tracking descending.
///
/// A server's sockets towards five proxies are in the captures of those five: they add up. Its own capture, whose legs
/// do not count then, may show more of them.
pub(super) fn merged(parts: &[Part], counted: &Counted) -> Vec<Host> {
    let mut hosts: BTreeMap<IpAddr, Vec<(Host, bool)>> = BTreeMap::new();
    for (place, part) in latest(parts) {
        for host in &part.snapshot.hosts {
            let alone = counts_all_of(&part.snapshot, place, host.address, counted);
            hosts.entry(host.address).or_default().push((host.clone(), alone));
        }
    }
    for host in parts.iter().flat_map(|part| &part.snapshot.hosts) {
        // A peak of an earlier stretch is still one.
        for (known, _) in hosts.get_mut(&host.address).into_iter().flatten() {
            if host.time_wait_peak.map(|peak| peak.sockets) > known.time_wait_peak.map(|peak| peak.sockets) {
                known.time_wait_peak = host.time_wait_peak;
            }
        }
    }
    let mut hosts: Vec<Host> = hosts.values().filter_map(|views| together(views)).collect();
    hosts.sort_by(|a, b| {
        b.conntrack_entries
            .cmp(&a.conntrack_entries)
            .then(a.address.cmp(&b.address))
    });
    hosts
}

/// The last stretch of each point: what a kernel holds, it holds at the end.
fn latest(parts: &[Part]) -> impl Iterator<Item = (usize, &Part)> {
    let all = parts.iter().enumerate();
    all.filter(|(place, part)| {
        let end = part.snapshot.capture.end;
        let mut later = parts.iter().enumerate();
        !later.any(|(other, later)| {
            later.point == part.point && (later.snapshot.capture.end, other) > (end, *place)
        })
    })
}

/// Whether every leg of this host that the part shows counts.
fn counts_all_of(snapshot: &Snapshot, place: usize, address: IpAddr, counted: &Counted) -> bool {
    let legs = snapshot.legs.iter().enumerate();
    legs.filter(|(_, leg)| is_end(leg.name.client, leg.name.server, address))
        .all(|(leg, _)| counted.is(place, leg))
}

fn is_end(client: Option<IpAddr>, server: Option<Endpoint>, address: IpAddr) -> bool {
    client == Some(address) || server.is_some_and(|server| server.address == address)
}

/// All views of a host: the sum of those that count whole, or the fullest one.
fn together(views: &[(Host, bool)]) -> Option<Host> {
    let (mut whole, _) = views.first()?.clone();
    let of = |held: fn(&Host) -> u64| {
        let apart = views.iter().filter(|(_, apart)| *apart);
        let sum = apart.map(|(host, _)| held(host)).fold(0, u64::saturating_add);
        views.iter().map(|(host, _)| held(host)).fold(sum, u64::max)
    };
    whole.time_wait = of(|host| host.time_wait);
    whole.fin_wait_2 = of(|host| host.fin_wait_2);
    whole.close_wait = of(|host| host.close_wait);
    whole.conntrack_entries = of(|host| host.conntrack_entries);
    let peaks = views.iter().filter_map(|(host, _)| host.time_wait_peak);
    whole.time_wait_peak = peaks.max_by_key(|peak| (peak.sockets, peak.at)).map(|mut peak| {
        // What there is at the end, of several points, may be more than each of them had.
        peak.sockets = peak.sockets.max(whole.time_wait);
        peak
    });
    let mut ports: BTreeMap<Endpoint, (u64, u64)> = BTreeMap::new();
    for (host, apart) in views {
        for port in &host.ports {
            let (sum, most) = ports.entry(port.to).or_default();
            *sum += if *apart { port.in_use } else { 0 };
            *most = (*most).max(port.in_use);
        }
    }
    let ports = ports.into_iter();
    whole.ports = ports
        .map(|(to, (sum, most))| PortsTo {
            to,
            in_use: sum.max(most),
        })
        .collect();
    Some(whole)
}
