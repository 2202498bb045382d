//! A leg and a pool, as the causes look at them.

use std::net::IpAddr;

use crate::aggregate::{CloseSample, Closes, Figures, LegSummary, Load, PoolFigures, PrefixRow, Summary};
use crate::classify::{Ending, Endpoint};
use crate::diagnose::Status;

/// One leg.
pub(super) struct LegView<'a> {
    /// Its place in the summary.
    pub(super) place: usize,
    pub(super) server: Option<Endpoint>,
    pub(super) figures: &'a Figures,
    pub(super) closes: &'a Closes,
    pub(super) status: Status,
    pub(super) load: Load,
    /// Responses on all legs of its client.
    pub(super) pool_responses: u64,
    rows: &'a [PrefixRow],
    names: &'a [(Option<String>, String)],
}

impl<'a> LegView<'a> {
    pub(super) fn new(place: usize, leg: &'a LegSummary, summary: &'a Summary, status: Status) -> Self {
        Self {
            place,
            server: leg.server,
            figures: &leg.figures,
            closes: &leg.closes,
            status,
            load: leg.load,
            pool_responses: 0,
            rows: &leg.prefixes,
            names: &summary.prefix_names,
        }
    }

    /// Host and path of a prefix.
    pub(super) fn name(&self, prefix: u32) -> Option<&'a (Option<String>, String)> {
        self.names.get(prefix as usize)
    }

    /// The numbers of the prefixes that have a row.
    pub(super) fn prefixes(&self) -> impl Iterator<Item = u32> {
        let has_row = |(host, path): &(Option<String>, String)| {
            self.rows
                .iter()
                .any(|row| row.prefix.as_deref() == Some(path.as_str()) && row.host == *host)
        };
        self.names
            .iter()
            .enumerate()
            .filter(move |(_, name)| has_row(name))
            .map(|(number, _)| number as u32)
    }

    /// Requests of a prefix.
    pub(super) fn requests_of(&self, prefix: u32) -> u64 {
        let Some((host, path)) = self.name(prefix) else {
            return 0;
        };
        let row = self
            .rows
            .iter()
            .find(|row| row.prefix.as_deref() == Some(path.as_str()) && row.host == *host);
        row.map_or(0, |row| row.requests)
    }

    /// Samples of these kinds.
    pub(super) fn samples(&self, kinds: &'static [Ending]) -> impl Iterator<Item = &'a CloseSample> {
        let closes = self.closes;
        let groups = kinds.iter().filter_map(move |kind| closes.of(*kind));
        groups.flat_map(|group| &group.samples)
    }
}

/// All legs of one client.
pub(super) struct PoolView<'a> {
    pub(super) client: Option<IpAddr>,
    pub(super) legs: Vec<LegView<'a>>,
    pub(super) figures: PoolFigures,
}

impl<'a> PoolView<'a> {
    /// Every client's; the legs of clients that are not told apart are pools of their own.
    pub(super) fn all(summary: &'a Summary, statuses: &[Status]) -> Vec<Self> {
        let mut pools: Vec<Self> = Vec::new();
        for (place, leg) in summary.legs.iter().enumerate() {
            let status = statuses.get(place).copied().unwrap_or_default();
            let view = LegView::new(place, leg, summary, status);
            let known = pools
                .iter_mut()
                .find(|pool| leg.client.is_some() && pool.client == leg.client);
            match known {
                Some(pool) => pool.legs.push(view),
                None => pools.push(Self {
                    client: leg.client,
                    legs: vec![view],
                    figures: pool_figures(summary, leg.client),
                }),
            }
        }
        for pool in &mut pools {
            let responses = pool
                .legs
                .iter()
                .map(|leg| leg.figures.counts.responses.total)
                .sum();
            pool.legs
                .iter_mut()
                .for_each(|leg| leg.pool_responses = responses);
        }
        pools
    }

    /// Samples of these kinds on all legs.
    pub(super) fn samples(&self, kinds: &'static [Ending]) -> impl Iterator<Item = &'a CloseSample> {
        self.legs.iter().flat_map(move |leg| leg.samples(kinds))
    }

    /// All samples of all legs.
    pub(super) fn lives(&self) -> Vec<&'a CloseSample> {
        self.samples(&Ending::ALL).collect()
    }

    pub(super) fn reused(&self) -> u64 {
        self.legs
            .iter()
            .map(|leg| leg.figures.counts.requests.reused())
            .sum()
    }
}

fn pool_figures(summary: &Summary, client: Option<IpAddr>) -> PoolFigures {
    let own = summary.pools.iter().find(|(address, _)| Some(*address) == client);
    own.map_or_else(PoolFigures::default, |(_, figures)| *figures)
}
