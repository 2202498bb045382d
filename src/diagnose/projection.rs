//! What the traffic makes the kernels of both ends hold when the capture ends.
//!
//! TIME-WAIT: distinct 4-tuples whose latest close by FIN, sent first by this host, lies in the last 60 s.
//! Connection tracking: connections open, closed by FIN in the last 120 s, by RST in the last 10 s, SYNs without answer in
//! the last 120 s. Local ports towards one server: open connections and the client's TIME-WAIT.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::aggregate::{LegSummary, Summary};
use crate::classify::Endpoint;

/// Local ports that Linux gives out by default: 32768 to 60999.
pub const LOCAL_PORTS: u64 = 28_232;
/// New connections a second that use them up while TIME-WAIT holds each for 60 s.
pub const EXHAUSTED_AT: f64 = LOCAL_PORTS as f64 / 60.0;

/// Local ports in use towards one server.
#[derive(Clone, Debug, PartialEq)]
pub struct PortsTo {
    /// The server.
    pub to: Endpoint,
    /// Open connections, and those in TIME-WAIT.
    pub in_use: u64,
}

/// What one host has to hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Host {
    /// Its address.
    pub address: IpAddr,
    /// Sockets in TIME-WAIT.
    pub time_wait: u64,
    /// Sockets that wait for the peer's FIN.
    pub fin_wait_2: u64,
    /// Sockets that the application has not closed after the peer's FIN.
    pub close_wait: u64,
    /// Entries of connection tracking.
    pub conntrack_entries: u64,
    /// By server, where this host is the client.
    pub ports: Vec<PortsTo>,
    /// What it has, where it is the capturing host.
    pub actual: Option<Actual>,
}

/// What the kernel of a host has of the legs that were captured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actual {
    /// Sockets in TIME-WAIT.
    pub time_wait: u64,
    /// Those that there were when the capture began; they are gone after a minute.
    pub time_wait_at_start: u64,
    /// Sockets that wait for the peer's FIN.
    pub fin_wait_2: u64,
    /// Sockets that the application has not closed after the peer's FIN.
    pub close_wait: u64,
    /// By server, where this host is the client: its sockets in any state.
    pub ports: Vec<PortsTo>,
}

/// Every address, by entries of connection tracking descending.
#[must_use]
pub(super) fn hosts(summary: &Summary) -> Vec<Host> {
    let mut hosts: BTreeMap<IpAddr, Host> = BTreeMap::new();
    for leg in &summary.legs {
        if let Some(client) = leg.client {
            as_client(host(&mut hosts, client), leg);
        }
        if let Some(server) = leg.server {
            as_server(host(&mut hosts, server.address), leg);
        }
    }
    let mut hosts: Vec<Host> = hosts.into_values().collect();
    for host in &mut hosts {
        // Legs come in the order in which the engines named them.
        host.ports.sort_by_key(|ports| ports.to);
    }
    hosts.sort_by_key(|host| std::cmp::Reverse(host.conntrack_entries));
    hosts
}

fn host(hosts: &mut BTreeMap<IpAddr, Host>, address: IpAddr) -> &mut Host {
    hosts.entry(address).or_insert(Host {
        address,
        time_wait: 0,
        fin_wait_2: 0,
        close_wait: 0,
        conntrack_entries: 0,
        ports: Vec::new(),
        actual: None,
    })
}

fn as_client(host: &mut Host, leg: &LegSummary) {
    let kernel = &leg.kernel;
    host.time_wait += kernel.client_time_wait;
    host.fin_wait_2 += kernel.half_closed_by_client;
    host.close_wait += kernel.half_closed_by_server;
    host.conntrack_entries += kernel.open + kernel.tracked;
    if let Some(to) = leg.server {
        host.ports.push(PortsTo {
            to,
            in_use: kernel.open + kernel.client_time_wait,
        });
    }
}

fn as_server(host: &mut Host, leg: &LegSummary) {
    let kernel = &leg.kernel;
    host.time_wait += kernel.server_time_wait;
    host.fin_wait_2 += kernel.half_closed_by_server;
    host.close_wait += kernel.half_closed_by_client;
    // A client on the same address has counted these already.
    if leg.client != Some(host.address) {
        host.conntrack_entries += kernel.open + kernel.tracked;
    }
}
