//! What the kernel of the capturing host says, beside what the packets let expect, and the limits that are near.

use std::collections::HashSet;
use std::net::IpAddr;

use super::projection::{Actual, PortsTo};
use super::snapshot::{LegName, Snapshot};
use crate::classify::Endpoint;
use crate::host::{Held, HostView, OwnLeg, Side, State, States};

/// A limit used to this share is near.
const NEAR: f64 = 0.8;

/// One end of a leg that was captured, as the host has it.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnLegReport {
    /// The leg; of a leg `*` all clients without a leg of their own.
    pub name: LegName,
    /// Which end is the host's.
    pub side: Side,
    /// Its sockets.
    pub held: Held,
}

/// A limit of the kernel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    /// Local ports towards one server.
    Ports(LegName),
    /// `tcp_max_tw_buckets`.
    TimeWaitBuckets,
    /// `nf_conntrack_max`.
    Conntrack,
    /// The queues of listening sockets (`somaxconn`, or less if the application asked for less).
    ListenQueue,
}

/// A limit that was near, or reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Near {
    /// Which.
    pub limit: Limit,
    /// The most that was used of it at any reading; `None` where it can't be read.
    pub used: Option<u64>,
    /// Of it by TIME-WAIT.
    pub time_wait: u64,
    /// What the kernel allows.
    pub of: Option<u64>,
    /// What the kernel refused for it since the capture began.
    pub refused: u64,
}

/// The capturing host, where it is an end of a leg that was captured.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnHost {
    /// Its readings, without their legs.
    pub view: HostView,
    /// Those of its addresses that are ends of legs.
    pub addresses: Vec<IpAddr>,
    /// The legs captured, in the report's order; on loopback each end is one.
    pub legs: Vec<OwnLegReport>,
    /// Limits that are near.
    pub near: Vec<Near>,
}

/// Sets the host's own figures beside the projections, if an end of a leg is its own.
pub fn look_at_own_host(snapshot: &mut Snapshot, mut view: HostView) {
    let legs: Vec<OwnLegReport> = snapshot
        .legs
        .iter()
        .flat_map(|leg| own_ends(leg.name, snapshot, &view))
        .collect();
    if legs.is_empty() {
        return;
    }
    let mut addresses: Vec<IpAddr> = legs.iter().filter_map(OwnLegReport::address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    if view.end.sockets.is_some() {
        for host in &mut snapshot.hosts {
            if addresses.contains(&host.address) {
                host.actual = Some(actual(host.address, &legs));
            }
        }
    }
    view.legs.clear();
    let near = near(&view, &legs);
    snapshot.own_host = Some(OwnHost {
        view,
        addresses,
        legs,
        near,
    });
}

impl OwnLegReport {
    /// The host's address on this leg.
    fn address(&self) -> Option<IpAddr> {
        match self.side {
            Side::Client => self.name.client,
            Side::Server => self.name.server.map(|server| server.address),
        }
    }
}

/// The ends of a leg that this host has.
fn own_ends(name: LegName, snapshot: &Snapshot, view: &HostView) -> Vec<OwnLegReport> {
    let Some(server) = name.server else {
        return Vec::new();
    };
    let mut ends = Vec::new();
    let mut end = |side, held| ends.push(OwnLegReport { name, side, held });
    if let Some(client) = name.client.filter(|client| view.owns(*client)) {
        let leg = OwnLeg {
            side: Side::Client,
            client,
            server,
        };
        end(Side::Client, view.legs.get(&leg).copied().unwrap_or_default());
    }
    if view.owns(server.address) {
        let held = match name.client {
            Some(client) => {
                let leg = OwnLeg {
                    side: Side::Server,
                    client,
                    server,
                };
                view.legs.get(&leg).copied().unwrap_or_default()
            }
            None => of_others(server, snapshot, view),
        };
        end(Side::Server, held);
    }
    ends
}

/// A server's sockets of clients that have no leg of their own.
fn of_others(server: Endpoint, snapshot: &Snapshot, view: &HostView) -> Held {
    let same = snapshot.legs.iter().filter(|leg| leg.name.server == Some(server));
    let named: HashSet<IpAddr> = same.filter_map(|leg| leg.name.client).collect();
    let mut sum = Held::default();
    for (leg, held) in &view.legs {
        if leg.side == Side::Server && leg.server == server && !named.contains(&leg.client) {
            sum.start.add(&held.start);
            sum.now.add(&held.now);
            sum.most.add(&held.most);
        }
    }
    sum
}

fn actual(address: IpAddr, legs: &[OwnLegReport]) -> Actual {
    let mut states = States::default();
    let mut before = States::default();
    let mut ports = Vec::new();
    for leg in legs.iter().filter(|leg| leg.address() == Some(address)) {
        states.add(&leg.held.now);
        before.add(&leg.held.start);
        if let (Side::Client, Some(to)) = (leg.side, leg.name.server) {
            ports.push(PortsTo {
                to,
                in_use: leg.held.now.total(),
            });
        }
    }
    ports.sort_by_key(|ports| ports.to);
    Actual {
        time_wait: states.of(State::TimeWait),
        time_wait_at_start: before.of(State::TimeWait),
        fin_wait_2: states.of(State::FinWait2),
        close_wait: states.of(State::CloseWait),
        ports,
    }
}

fn near(view: &HostView, legs: &[OwnLegReport]) -> Vec<Near> {
    let limits = &view.end.limits;
    let counted = view.end.counters.since(&view.start.counters);
    let refused = |count: Option<u64>| count.unwrap_or(0);
    let time_wait = view.most_time_wait;
    let mut all: Vec<Near> = legs
        .iter()
        .filter(|leg| leg.side == Side::Client)
        .map(|leg| Near {
            limit: Limit::Ports(leg.name),
            used: Some(leg.held.most.total()),
            time_wait: leg.held.most.of(State::TimeWait),
            of: limits.ports,
            refused: 0,
        })
        .collect();
    all.push(Near {
        limit: Limit::TimeWaitBuckets,
        used: time_wait,
        time_wait: time_wait.unwrap_or(0),
        of: limits.time_wait_buckets,
        refused: refused(counted.time_wait_overflow),
    });
    all.push(Near {
        limit: Limit::Conntrack,
        used: view.most_conntrack,
        time_wait: 0,
        of: limits.conntrack,
        refused: refused(counted.conntrack_drops),
    });
    all.push(Near {
        limit: Limit::ListenQueue,
        used: None,
        time_wait: 0,
        of: limits.somaxconn,
        refused: refused(counted.listen_overflows),
    });
    all.retain(Near::is_near);
    all
}

impl Near {
    fn is_near(&self) -> bool {
        let used = self.used.zip(self.of);
        self.refused > 0 || used.is_some_and(|(used, of)| of > 0 && used as f64 >= NEAR * of as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::Figures;
    use crate::diagnose::{Bill, Host, Leg, Verdict};
    use crate::host::{Counters, Limits, Reading};

    const CLIENT: &str = "10.77.0.1";

    fn server() -> Endpoint {
        Endpoint {
            address: "10.77.0.11".parse().unwrap(),
            port: 8080,
        }
    }

    fn snapshot(client: Option<&str>) -> Snapshot {
        let address = CLIENT.parse().unwrap();
        Snapshot {
            legs: vec![Leg {
                name: LegName {
                    client: client.map(|client| client.parse().unwrap()),
                    server: Some(server()),
                },
                figures: Figures::default(),
                recent: None,
                lately: crate::aggregate::Lately::default(),
                verdict: Verdict::default(),
                by_prefix: Vec::new(),
                checks: Vec::new(),
                paired_with: None,
                openings: crate::aggregate::Openings::default(),
                bill: Bill::default(),
                causes: Vec::new(),
            }],
            hosts: vec![Host {
                address,
                time_wait_peak: None,
                time_wait: 28_100,
                fin_wait_2: 0,
                close_wait: 0,
                conntrack_entries: 0,
                ports: Vec::new(),
                actual: None,
            }],
            ..Snapshot::default()
        }
    }

    /// The view of a host with this address and so many sockets in TIME-WAIT on its end of the leg.
    fn view(own: &str, side: Side, client: &str, time_wait: u64) -> HostView {
        let states = States::from_iter([(State::TimeWait, time_wait), (State::Established, 2)]);
        let leg = OwnLeg {
            side,
            client: client.parse().unwrap(),
            server: server(),
        };
        HostView {
            addresses: vec![own.parse().unwrap()],
            end: Reading {
                sockets: Some(states),
                limits: Limits {
                    ports: Some(28_232),
                    time_wait_buckets: Some(131_072),
                    ..Limits::default()
                },
                ..Reading::default()
            },
            most: states,
            legs: [(
                leg,
                Held {
                    start: States::default(),
                    now: states,
                    most: states,
                },
            )]
            .into(),
            ..HostView::default()
        }
    }

    #[test]
    fn projection_and_actual_stand_side_by_side_and_ports_are_near() {
        let mut snapshot = snapshot(Some(CLIENT));
        look_at_own_host(&mut snapshot, view(CLIENT, Side::Client, CLIENT, 28_011));
        let actual = snapshot.hosts[0].actual.as_ref().unwrap();
        assert_eq!(actual.time_wait, 28_011);
        assert_eq!(actual.ports[0].in_use, 28_013);
        let own = snapshot.own_host.unwrap();
        assert_eq!(own.near.len(), 1);
        assert_eq!(own.near[0].limit, Limit::Ports(own.legs[0].name));
        assert_eq!(
            (own.near[0].used, own.near[0].time_wait, own.near[0].of),
            (Some(28_013), 28_011, Some(28_232))
        );
    }

    #[test]
    fn a_host_that_is_no_end_says_nothing() {
        let mut snapshot = snapshot(Some(CLIENT));
        look_at_own_host(
            &mut snapshot,
            view("10.99.0.1", Side::Client, "10.99.0.1", 28_011),
        );
        assert_eq!(
            (snapshot.own_host, snapshot.hosts[0].actual.as_ref()),
            (None, None)
        );
    }

    #[test]
    fn a_leg_of_all_clients_has_the_sockets_of_those_without_their_own() {
        let mut snapshot = snapshot(None);
        look_at_own_host(&mut snapshot, view("10.77.0.11", Side::Server, "10.1.1.1", 500));
        let own = snapshot.own_host.unwrap();
        assert_eq!(own.legs[0].held.now.of(State::TimeWait), 500);
        assert_eq!(own.addresses, [server().address]);
        assert_eq!(own.near, [], "a server uses no port for each client");
    }

    #[test]
    fn what_was_refused_is_near_whatever_is_used() {
        let mut view = view(CLIENT, Side::Client, CLIENT, 1);
        view.start.counters = Counters {
            time_wait_overflow: Some(5),
            listen_overflows: Some(0),
            ..Counters::default()
        };
        view.end.counters = Counters {
            time_wait_overflow: Some(12),
            listen_overflows: Some(0),
            ..Counters::default()
        };
        let mut snapshot = snapshot(Some(CLIENT));
        look_at_own_host(&mut snapshot, view);
        let near = snapshot.own_host.unwrap().near;
        assert_eq!(near.len(), 1, "{near:?}");
        assert_eq!((near[0].limit, near[0].refused), (Limit::TimeWaitBuckets, 7));
    }
}
