//! What was read: plain data.

use std::collections::HashMap;
use std::net::IpAddr;

use super::held::{Held, OwnLeg, State, States};
use crate::time::Timestamp;

/// Counters of the network namespace since it was made (`nstat -az` shows them); `None` where the kernel has none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Connections begun by this host (`TcpActiveOpens`).
    pub active_opens: Option<u64>,
    /// Connections accepted by this host (`TcpPassiveOpens`).
    pub passive_opens: Option<u64>,
    /// Connections that failed while they were opened (`TcpAttemptFails`).
    pub attempt_fails: Option<u64>,
    /// Sockets that could not enter TIME-WAIT, since `tcp_max_tw_buckets` were there (`TcpExtTCPTimeWaitOverflow`).
    pub time_wait_overflow: Option<u64>,
    /// Connections that found the queue of a listening socket full (`TcpExtListenOverflows`).
    pub listen_overflows: Option<u64>,
    /// Packets to listening sockets that were dropped, those of `listen_overflows` included (`TcpExtListenDrops`).
    pub listen_drops: Option<u64>,
    /// Packets dropped and connections forgotten early by connection tracking, since its table was full.
    pub conntrack_drops: Option<u64>,
}

impl Counters {
    /// What was counted since `start`.
    #[must_use]
    pub fn since(&self, start: &Self) -> Self {
        let less = |end: Option<u64>, start: Option<u64>| Some(end?.saturating_sub(start?));
        Self {
            active_opens: less(self.active_opens, start.active_opens),
            passive_opens: less(self.passive_opens, start.passive_opens),
            attempt_fails: less(self.attempt_fails, start.attempt_fails),
            time_wait_overflow: less(self.time_wait_overflow, start.time_wait_overflow),
            listen_overflows: less(self.listen_overflows, start.listen_overflows),
            listen_drops: less(self.listen_drops, start.listen_drops),
            conntrack_drops: less(self.conntrack_drops, start.conntrack_drops),
        }
    }
}

/// What the kernel allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    /// First and last port given out (`net.ipv4.ip_local_port_range`).
    pub port_range: Option<(u16, u16)>,
    /// Ports of that range that are given out: without `net.ipv4.ip_local_reserved_ports`.
    pub ports: Option<u64>,
    /// Sockets in TIME-WAIT (`net.ipv4.tcp_max_tw_buckets`).
    pub time_wait_buckets: Option<u64>,
    /// The longest queue of a listening socket (`net.core.somaxconn`).
    pub somaxconn: Option<u64>,
    /// Whether a port in TIME-WAIT is given out again after a second: 0 no, 1 yes, 2 on loopback only
    /// (`net.ipv4.tcp_tw_reuse`).
    pub time_wait_reuse: Option<u64>,
    /// Entries of connection tracking (`net.netfilter.nf_conntrack_max`).
    pub conntrack: Option<u64>,
}

/// The kernel at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reading {
    /// When, by the clock.
    pub at: Option<Timestamp>,
    /// Its counters.
    pub counters: Counters,
    /// Its limits.
    pub limits: Limits,
    /// Entries of connection tracking.
    pub conntrack: Option<u64>,
    /// All TCP sockets with a connection, by state; of an earlier reading if they were not looked at in this one.
    pub sockets: Option<States>,
}

/// A second of it, in figures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Open sockets.
    pub established: Option<u64>,
    /// Sockets in TIME-WAIT.
    pub time_wait: Option<u64>,
    /// Entries of connection tracking.
    pub conntrack: Option<u64>,
    /// Counted since the capture began.
    pub counters: Counters,
}

/// The capturing host from the capture's begin to its end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HostView {
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The first reading.
    pub start: Reading,
    /// The last reading.
    pub end: Reading,
    /// How many there were.
    pub readings: u64,
    /// The most sockets in each state at any reading.
    pub most: States,
    /// The most entries of connection tracking at any reading.
    pub most_conntrack: Option<u64>,
    /// Sockets by leg, those that ended included.
    pub legs: HashMap<OwnLeg, Held>,
    /// Whether there were more legs than are kept apart.
    pub incomplete: bool,
    /// What could not be read, and why.
    pub problems: Vec<String>,
}

impl HostView {
    /// Whether this is an address of the host.
    #[must_use]
    pub fn owns(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.addresses.contains(&address)
    }

    /// The last second.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let sockets = self.end.sockets;
        Tally {
            established: sockets.map(|states| states.of(State::Established)),
            time_wait: sockets.map(|states| states.of(State::TimeWait)),
            conntrack: self.end.conntrack,
            counters: self.end.counters.since(&self.start.counters),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_is_not_there_has_no_difference() {
        let start = Counters {
            active_opens: Some(10),
            ..Counters::default()
        };
        let end = Counters {
            active_opens: Some(17),
            listen_drops: Some(3),
            ..Counters::default()
        };
        let since = end.since(&start);
        assert_eq!((since.active_opens, since.listen_drops), (Some(7), None));
    }

    #[test]
    fn loopback_is_always_its_own() {
        let view = HostView {
            addresses: vec!["10.0.0.1".parse().unwrap()],
            ..HostView::default()
        };
        for (address, own) in [
            ("10.0.0.1", true),
            ("127.0.0.9", true),
            ("::1", true),
            ("10.0.0.2", false),
        ] {
            assert_eq!(view.owns(address.parse().unwrap()), own, "{address}");
        }
    }
}
