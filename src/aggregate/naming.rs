//! The engine's numbers of legs and prefixes, translated into what is kept apart here.

use std::net::IpAddr;

use super::collector::Aggregate;
use super::event::{LegRef, PrefixRef};
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

impl Aggregate {
    pub(super) fn name_leg(&mut self, reference: LegRef, client: Option<IpAddr>, server: Option<Endpoint>) {
        let number = reference.0 as usize;
        if self.places.len() <= number {
            self.places.resize(number + 1, usize::MAX);
        }
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
        self.places[number] = place;
    }

    pub(super) fn name_prefix(&mut self, prefix: PrefixRef, host: Option<Box<str>>, path: Box<str>) {
        let host_ref = self.hosts.insert_full(host.clone()).0 as HostRef;
        let number = prefix.0 as usize;
        if number == self.prefixes.len() {
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
