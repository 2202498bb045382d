//! What legs say to a query about their connections: asked once a leg, not once a connection.

use std::collections::HashMap;
use std::net::IpAddr;

use foldhash::fast::RandomState;

use super::rows::ConnectionRow;
use super::term::{OfLeg, Query, Row};
use crate::classify::Endpoint;
use crate::diagnose::{Leg, LegName};

/// A query that knows what each leg says to it.
#[derive(Clone, Debug, Default)]
pub struct InLegs {
    query: Query,
    /// Nothing if none has anything to say.
    legs: Option<HashMap<LegName, OfLeg, RandomState>>,
    /// Of a connection whose leg is not known.
    of_none: OfLeg,
}

impl InLegs {
    /// `query` about connections of these legs.
    #[must_use]
    pub fn new(query: Query, legs: &[Leg]) -> Self {
        let of_legs = || {
            legs.iter()
                .map(|leg| (leg.name, query.of_leg(Some(leg))))
                .collect()
        };
        let legs = query.asks_legs().then(of_legs);
        let says = |legs: &HashMap<_, OfLeg, _>| legs.values().any(|of_leg| !of_leg.is_nothing());
        Self {
            legs: legs.filter(says),
            of_none: query.of_leg(None::<&Leg>),
            query,
        }
    }

    /// The query.
    #[must_use]
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// What the leg of a connection says: its own, or beyond the number of clients and servers told apart that of the rest.
    #[must_use]
    pub fn of(&self, client: IpAddr, server: Endpoint) -> &OfLeg {
        let names = [(Some(client), Some(server)), (None, Some(server)), (None, None)];
        let known = self.legs.as_ref().and_then(|legs| {
            let mut names = names
                .map(|(client, server)| LegName { client, server })
                .into_iter();
            names.find_map(|name| legs.get(&name))
        });
        known.unwrap_or(&self.of_none)
    }

    /// Whether a connection matches.
    #[inline]
    pub fn matches(&self, row: &impl Row, ends: impl FnOnce() -> (IpAddr, Endpoint)) -> bool {
        if self.legs.is_none() {
            return self.query.matches(row);
        }
        let (client, server) = ends();
        self.query.matches_in_leg(row, self.of(client, server))
    }

    /// The same of a connection whose facts are known.
    #[must_use]
    pub fn matches_facts(&self, row: &ConnectionRow<'_>) -> bool {
        self.matches(row, || (row.facts.client.address, row.facts.server))
    }
}
