//! What kernels had to hold, and have to.

use std::net::IpAddr;

use crate::diagnose::{Host, Snapshot};

/// A host's projections on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Projected {
    /// Sockets in TIME-WAIT when the capture ends.
    pub time_wait: u64,
    /// Entries of connection tracking.
    pub conntrack_entries: u64,
    /// Local ports in use towards the server that has most of them.
    pub ports: u64,
}

impl From<&Host> for Projected {
    fn from(host: &Host) -> Self {
        Self {
            time_wait: host.time_wait,
            conntrack_entries: host.conntrack_entries,
            ports: host.ports.iter().map(|ports| ports.in_use).max().unwrap_or(0),
        }
    }
}

/// A host before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct HostPair {
    /// Its address.
    pub address: IpAddr,
    /// Before; `None` if it was not there.
    pub before: Option<Projected>,
    /// After; `None` if it is not there.
    pub after: Option<Projected>,
}

/// Every host of either side, in the order of the entries it holds.
pub(super) fn pairs(before: &Snapshot, after: &Snapshot) -> Vec<HostPair> {
    let find = |hosts: &[Host], address: IpAddr| {
        let host = hosts.iter().find(|host| host.address == address);
        host.map(Projected::from)
    };
    let of_before = before.hosts.iter().map(|host| HostPair {
        address: host.address,
        before: Some(host.into()),
        after: find(&after.hosts, host.address),
    });
    let only_after = after
        .hosts
        .iter()
        .filter(|host| find(&before.hosts, host.address).is_none());
    let only_after = only_after.map(|host| HostPair {
        address: host.address,
        before: None,
        after: Some(host.into()),
    });
    let mut pairs: Vec<HostPair> = of_before.chain(only_after).collect();
    let most = |pair: &HostPair| {
        let entries = |side: &Option<Projected>| side.map_or(0, |held| held.conntrack_entries);
        entries(&pair.before).max(entries(&pair.after))
    };
    pairs.sort_by_key(|pair| std::cmp::Reverse(most(pair)));
    pairs
}
