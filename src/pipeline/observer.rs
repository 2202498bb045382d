//! Who watches the analysis while it runs.

use super::assemble::{self, Account};
use super::divide::Read;
use super::view::Recent;
use crate::aggregate::{Aggregate, Ended, ListedConnection, TimelineRow};
use crate::diagnose::{ExchangeRecord, Snapshot};
use crate::engine::Config;
use crate::frame::Interface;
use crate::source::SourceSummary;

/// What the thread that adds up tells on the way, between two blocks.
pub trait Observer {
    /// An exchange completed, if the configuration asks for exchanges.
    fn exchange(&mut self, exchange: &ExchangeRecord);

    /// A connection ended, or is open when the capture ends, if the configuration asks for connections. Its interface is
    /// there, as long as their number is not capped.
    fn ended(&mut self, ended: Ended, interface: Option<&Interface>) {
        let _ = (ended, interface);
    }

    /// Another block was added up; a source that is idle makes empty ones.
    fn progress(&mut self, so_far: &SoFar<'_>) {
        let _ = so_far;
    }
}

impl<F: FnMut(&ExchangeRecord)> Observer for F {
    fn exchange(&mut self, exchange: &ExchangeRecord) {
        self(exchange);
    }
}

/// The analysis as it stands; looking at it changes nothing.
pub struct SoFar<'a> {
    accounts: &'a [Account],
    aggregate: &'a Aggregate,
    config: &'a Config,
    recent: Option<&'a Recent>,
}

impl<'a> SoFar<'a> {
    pub(super) fn new(
        accounts: &'a [Account],
        aggregate: &'a Aggregate,
        config: &'a Config,
        recent: Option<&'a Recent>,
    ) -> Self {
        Self {
            accounts,
            aggregate,
            config,
            recent,
        }
    }

    /// Everything counted so far, and the connections open now.
    #[must_use]
    pub fn tally(&self) -> TimelineRow {
        self.aggregate.tally()
    }

    /// The report so far. Connections still open have no class and no closer yet, and a series of requests that may
    /// become health checks is not counted yet. `sources` and their `interfaces` are the reading thread's to tell.
    #[must_use]
    pub fn snapshot(&self, sources: Vec<SourceSummary>, interfaces: Vec<Interface>) -> Snapshot {
        let listed = self.config.keep_connections.is_some();
        self.assembled(
            listed.then(|| self.aggregate.listed().to_vec()),
            sources,
            interfaces,
        )
    }

    /// The same without the list of connections, for metrics, and for a screen, which asks for those that it shows and is
    /// told the causes of closed ones as this report knows them from here on.
    #[must_use]
    pub fn without_list(&self, sources: Vec<SourceSummary>, interfaces: Vec<Interface>) -> Snapshot {
        self.assembled(None, sources, interfaces)
    }

    fn assembled(
        &self,
        listed: Option<Vec<ListedConnection>>,
        sources: Vec<SourceSummary>,
        interfaces: Vec<Interface>,
    ) -> Snapshot {
        let read = Read { sources, interfaces };
        let (snapshot, findings) =
            assemble::snapshot(self.accounts, self.aggregate, listed, self.config, read);
        if let Some(recent) = self.recent {
            recent.judge(findings);
        }
        snapshot
    }
}
