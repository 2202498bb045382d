//! Why connections end, and why connects fail: one cause for each, by the catalogue's order, then added up.
//!
//! A connection's own facts settle most of it ([`Ending`](crate::classify::Ending)). Limits (counts, idle times, ages) are told from all endings of
//! a leg, pools and their sizes from all legs of a client; then every ending has its cause by the same rules, those of
//! the list of connections too.

mod announced;
mod bursts;
mod cause;
mod connecting;
mod limits;
mod pool;
mod rules;
mod schedule;
mod server;
mod tally;
mod view;
mod words;

use std::net::IpAddr;

use super::catalogue::CauseId;
use super::snapshot::Status;
use crate::aggregate::{ListedConnection, Summary};
use crate::classify::{Class, Endpoint};
pub use cause::{Cause, CloseLimit, Confidence, Evidence, Scope, Severity};
use rules::Rules;
use tally::Tallies;
use view::PoolView;

/// What was found of one client's pool.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PoolCauses {
    /// The client.
    pub client: Option<IpAddr>,
    /// Idle connections that it keeps, estimated.
    pub size: Option<u32>,
    /// Causes that show across its legs only.
    pub causes: Vec<Cause>,
}

/// The causes of every leg and pool.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// By the legs' places.
    pub legs: Vec<Vec<Cause>>,
    /// Every client's.
    pub pools: Vec<PoolCauses>,
    rules: Vec<Option<Rules>>,
}

impl Findings {
    /// Why this connection ended.
    #[must_use]
    pub fn cause(&self, connection: &ListedConnection) -> Option<CauseId> {
        if connection.class == Class::Check {
            return Some(CauseId::X10);
        }
        let rules = self.rules.get(connection.leg?)?.as_ref()?;
        rules.cause(connection.ending, &connection.sample)
    }
}

/// Causes that show only across all legs of a client.
const OF_POOLS: [CauseId; 5] = [CauseId::P1, CauseId::P2, CauseId::P10, CauseId::P12, CauseId::P14];

/// Looks for the causes; `statuses` are the legs' verdicts.
#[must_use]
pub fn find(summary: &Summary, statuses: &[Status]) -> Findings {
    let mut findings = Findings {
        legs: vec![Vec::new(); summary.legs.len()],
        pools: Vec::new(),
        rules: vec![None; summary.legs.len()],
    };
    for pool in PoolView::all(summary, statuses) {
        let rules = rules_of(&pool);
        let mut together = Tallies::default();
        for (leg, rules) in pool.legs.iter().zip(&rules) {
            let mut own = Tallies::of(leg, rules);
            if pool.client.is_some() {
                together.add(own.take(&OF_POOLS));
            }
            let mut causes = own.causes(leg, rules);
            causes.extend(connecting::causes(leg));
            causes.sort_by_key(|cause| (cause.severity, std::cmp::Reverse(cause.connections)));
            findings.legs[leg.place] = causes;
        }
        findings.pools.push(PoolCauses {
            client: pool.client,
            size: rules.iter().find_map(|rules| rules.client.size),
            causes: together.causes_of_pool(&pool, &rules),
        });
        for (leg, rules) in pool.legs.iter().zip(rules) {
            findings.rules[leg.place] = Some(rules);
        }
    }
    findings
}

fn rules_of(pool: &PoolView<'_>) -> Vec<Rules> {
    let shared = pool::shared(pool);
    let mut clients: Vec<_> = pool.legs.iter().map(|leg| pool::limits(leg, &shared)).collect();
    if pool.client.is_some() {
        pool::judge(pool, &mut clients);
    }
    let servers: Vec<Option<Endpoint>> = pool.legs.iter().map(|leg| leg.server).collect();
    let upgraded = pool
        .legs
        .iter()
        .any(|leg| leg.figures.counts.requests.upgraded > 0);
    let rules = pool.legs.iter().zip(clients).map(|(leg, client)| {
        let asked = announced::asked(leg, upgraded);
        let (server_count, response) = announced::answered(leg);
        let (stops, server_idle) = server::closes(leg);
        Rules {
            asked: asked.id,
            careless: asked.careless,
            server_count,
            response,
            unread: announced::unread(leg, servers.len()),
            stops,
            server_idle,
            client,
        }
    });
    rules.collect()
}
