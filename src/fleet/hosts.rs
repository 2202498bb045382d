//! What kernels have to hold, by all that was captured of them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Part;
use super::counted::Counted;
use crate::classify::Endpoint;
use crate::diagnose::{Host, PortsTo, Snapshot};

/// Every host, by entries of connection tracking descending.
///
/// A server's sockets towards five proxies are in the captures of those five: they add up. Where its own capture
/// shows all of them, legs that do not count tell so, and the point that has most says it.
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
    let mut hosts: Vec<Host> = hosts.into_values().filter_map(together).collect();
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

fn together(views: Vec<(Host, bool)>) -> Option<Host> {
    let apart = views.iter().all(|(_, alone)| *alone);
    let mut views = views.into_iter().map(|(host, _)| host);
    let mut whole = views.next()?;
    let add: fn(u64, u64) -> u64 = if apart { u64::saturating_add } else { u64::max };
    for host in views {
        whole.time_wait = add(whole.time_wait, host.time_wait);
        whole.fin_wait_2 = add(whole.fin_wait_2, host.fin_wait_2);
        whole.close_wait = add(whole.close_wait, host.close_wait);
        whole.conntrack_entries = add(whole.conntrack_entries, host.conntrack_entries);
        if host.time_wait_peak.map(|peak| peak.sockets) > whole.time_wait_peak.map(|peak| peak.sockets) {
            whole.time_wait_peak = host.time_wait_peak;
        }
        for ports in host.ports {
            match whole.ports.iter_mut().find(|known| known.to == ports.to) {
                Some(known) => known.in_use = add(known.in_use, ports.in_use),
                None => whole.ports.push(PortsTo { ..ports }),
            }
        }
    }
    whole.ports.sort_by_key(|ports| ports.to);
    Some(whole)
}
