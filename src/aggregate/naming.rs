//! The engine's numbers of legs and prefixes, translated into what is kept apart here.

use std::net::IpAddr;

use foldhash::fast::RandomState;
use indexmap::IndexSet;

use super::collector::Aggregate;
use super::event::{LegNamed, LegRef, PrefixNamed, PrefixRef};
use super::leg::LegState;
use super::prefixes::HostRef;
use crate::classify::Endpoint;
use crate::limits::{CLIENTS_PER_SERVER, LEGS};

/// The texts of a prefix.
#[derive(Clone, Debug)]
pub(super) struct PrefixName {
    pub(super) host: Option<Box<str>>,
    pub(super) host_ref: HostRef,
    pub(super) path: Box<str>,
}

/// Each engine numbers what it meets; here every pair of client and server, and every prefix, has one number.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    pairs: IndexSet<(Option<IpAddr>, Option<Endpoint>), RandomState>,
    prefixes: IndexSet<(Option<Box<str>>, Box<str>), RandomState>,
    legs_of: Vec<Vec<u32>>,
    prefixes_of: Vec<Vec<u32>>,
}

fn note(lists: &mut Vec<Vec<u32>>, engine: usize, theirs: u32, ours: usize) {
    if lists.len() <= engine {
        lists.resize(engine + 1, Vec::new());
    }
    let list = &mut lists[engine];
    if list.len() <= theirs as usize {
        list.resize(theirs as usize + 1, u32::MAX);
    }
    list[theirs as usize] = ours as u32;
}

fn look_up(lists: &[Vec<u32>], engine: usize, theirs: u32) -> u32 {
    lists
        .get(engine)
        .and_then(|list| list.get(theirs as usize))
        .copied()
        .unwrap_or(u32::MAX)
}

impl Numbers {
    #[inline]
    pub(super) fn leg(&self, engine: usize, theirs: LegRef) -> LegRef {
        LegRef(look_up(&self.legs_of, engine, theirs.0))
    }

    /// The ends of the leg with our number.
    pub(super) fn ends(&self, leg: LegRef) -> Option<(Option<IpAddr>, Option<Endpoint>)> {
        self.pairs.get_index(leg.0 as usize).copied()
    }

    #[inline]
    pub(super) fn prefix(&self, engine: usize, theirs: PrefixRef) -> PrefixRef {
        PrefixRef(look_up(&self.prefixes_of, engine, theirs.0))
    }
}

impl Aggregate {
    pub(super) fn name_leg(&mut self, engine: usize, theirs: LegRef, LegNamed { client, server }: &LegNamed) {
        let (client, server) = (*client, *server);
        let (number, new) = self.numbers.pairs.insert_full((client, server));
        note(&mut self.numbers.legs_of, engine, theirs.0, number);
        if !new {
            return;
        }
        self.pools.name_leg(client);
        let full = self.legs.len() >= LEGS;
        let server = if full && !self.servers.contains_key(&server) {
            None
        } else {
            server
        };
        let (clients, star) = self.servers.entry(server).or_default();
        let own = client.is_some() && server.is_some() && *clients < CLIENTS_PER_SERVER && !full;
        let window = self.span.map_or(0, |span| span.window_index);
        let place = if own {
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
        self.places.push(place);
    }

    pub(super) fn name_prefix(&mut self, engine: usize, named: &PrefixNamed) {
        let (host, path) = (named.host.clone(), named.path.clone());
        let (number, new) = self.numbers.prefixes.insert_full((host.clone(), path.clone()));
        note(&mut self.numbers.prefixes_of, engine, named.prefix.0, number);
        if new {
            let host_ref = self.hosts.insert_full(host.clone()).0 as HostRef;
            self.prefixes.push(PrefixName { host, host_ref, path });
        }
    }

    pub(super) fn host_of(&self, prefix: PrefixRef) -> HostRef {
        self.prefixes
            .get(prefix.0 as usize)
            .map_or(0, |name| name.host_ref)
    }

    pub(super) fn place_of(&self, reference: u32) -> Option<usize> {
        self.places.get(reference as usize).copied()
    }

    pub(super) fn host_name(&self, host: HostRef) -> Option<String> {
        self.hosts.get_index(host as usize)?.as_deref().map(str::to_owned)
    }
}
