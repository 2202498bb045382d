//! The engine's numbers of legs and prefixes, translated into what is kept apart here.

use std::net::IpAddr;

use foldhash::fast::RandomState;
use indexmap::IndexSet;

use super::collector::Aggregate;
use super::event::{LegNamed, LegRef, PrefixNamed, PrefixRef};
use super::kernel::Ports;
use super::leg::LegState;
use super::pools::PoolRef;
use super::prefixes::HostRef;
use super::waiting::WaitingList;
use crate::classify::Endpoint;
use crate::limits::{CLIENTS_PER_SERVER, LEGS};

/// The texts of a prefix.
#[derive(Clone, Debug)]
pub(super) struct PrefixName {
    pub(super) host: Option<Box<str>>,
    pub(super) host_ref: HostRef,
    pub(super) path: Box<str>,
}

/// A pair of client and server by our number, and where it counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) number: LegRef,
    /// The place of its leg.
    pub(super) leg: u32,
    /// Its client's pool.
    pub(super) pool: PoolRef,
}

impl Pair {
    const NONE: Self = Self {
        number: LegRef::UNATTRIBUTED,
        leg: u32::MAX,
        pool: PoolRef::NONE,
    };
}

/// A prefix and its Host by our numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefix {
    pub(super) number: PrefixRef,
    pub(super) host: HostRef,
}

impl Prefix {
    const NONE: Self = Self {
        number: PrefixRef::UNREAD,
        host: 0,
    };
}

/// Each engine numbers what it meets; here every pair of client and server, and every prefix, has one number.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    pairs: IndexSet<(Option<IpAddr>, Option<Endpoint>), RandomState>,
    prefixes: IndexSet<(Option<Box<str>>, Box<str>), RandomState>,
}

impl Numbers {
    /// The ends of the leg with our number.
    pub(super) fn ends(&self, leg: LegRef) -> Option<(Option<IpAddr>, Option<Endpoint>)> {
        self.pairs.get_index(leg.0 as usize).copied()
    }
}

/// What is kept for one engine, by its numbers.
#[derive(Debug, Default)]
pub(super) struct Side {
    pairs: Vec<Pair>,
    prefixes: Vec<Prefix>,
    pub(super) waiting: WaitingList,
}

fn note<T: Copy>(list: &mut Vec<T>, place: usize, ours: T, none: T) {
    if list.len() <= place {
        list.resize(place + 1, none);
    }
    list[place] = ours;
}

impl Side {
    #[inline]
    pub(super) fn pair(&self, theirs: LegRef) -> Pair {
        *self.pairs.get(theirs.0 as usize).unwrap_or(&Pair::NONE)
    }

    #[inline]
    pub(super) fn prefix(&self, theirs: PrefixRef) -> Prefix {
        *self.prefixes.get(theirs.0 as usize).unwrap_or(&Prefix::NONE)
    }
}

impl Aggregate {
    pub(super) fn name_leg(
        &mut self,
        side: &mut Side,
        theirs: LegRef,
        LegNamed { client, server }: &LegNamed,
    ) {
        let (client, server) = (*client, *server);
        let (number, new) = self.numbers.pairs.insert_full((client, server));
        if new {
            let pair = self.new_pair(number, client, server);
            self.pairs.push(pair);
            self.ports.0.push(Ports::default());
        }
        if let Some(pair) = self.pairs.get(number) {
            note(&mut side.pairs, theirs.0 as usize, *pair, Pair::NONE);
        }
    }

    fn new_pair(&mut self, number: usize, client: Option<IpAddr>, server: Option<Endpoint>) -> Pair {
        let pool = self.pools.name_leg(client);
        let full = self.legs.len() >= LEGS;
        let server = if full && !self.servers.contains_key(&server) {
            None
        } else {
            server
        };
        let (clients, star) = self.servers.entry(server).or_default();
        let own = client.is_some() && server.is_some() && *clients < CLIENTS_PER_SERVER && !full;
        let window = self.span.window_index;
        let leg = if own {
            *clients += 1;
            self.legs.push(LegState::new(client, server, window));
            self.legs.len() - 1
        } else {
            if server.is_none() {
                self.legs_unnamed += 1;
            } else {
                self.clients_unnamed += 1;
            }
            *star.get_or_insert_with(|| {
                self.legs.push(LegState::new(None, server, window));
                self.legs.len() - 1
            })
        };
        Pair {
            number: LegRef(number as u32),
            leg: leg as u32,
            pool,
        }
    }

    pub(super) fn name_prefix(&mut self, side: &mut Side, named: &PrefixNamed) {
        let (host, path) = (named.host.clone(), named.path.clone());
        let (number, new) = self.numbers.prefixes.insert_full((host.clone(), path.clone()));
        if new {
            let host_ref = self.hosts.insert_full(host.clone()).0 as HostRef;
            self.prefixes.push(PrefixName { host, host_ref, path });
        }
        let prefix = Prefix {
            number: PrefixRef(number as u32),
            host: self.host_of(PrefixRef(number as u32)),
        };
        note(&mut side.prefixes, named.prefix.0 as usize, prefix, Prefix::NONE);
    }

    pub(super) fn host_of(&self, prefix: PrefixRef) -> HostRef {
        self.prefixes
            .get(prefix.0 as usize)
            .map_or(0, |name| name.host_ref)
    }

    /// The place of the leg that a pair counts in.
    pub(super) fn place_of(&self, pair: u32) -> Option<usize> {
        self.pairs.get(pair as usize).map(|pair| pair.leg as usize)
    }

    pub(super) fn host_name(&self, host: HostRef) -> Option<String> {
        self.hosts.get_index(host as usize)?.as_deref().map(str::to_owned)
    }
}
