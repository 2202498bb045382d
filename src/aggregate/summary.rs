//! The figures as they stand, for `diagnose`.

use std::cmp::Ordering;
use std::net::IpAddr;

use super::closes::Closes;
use super::collector::Aggregate;
use super::event::PrefixRef;
use super::figures::{Concurrency, Figures};
use super::kernel::KernelEntries;
use super::lately::Lately;
use super::leg::{LegState, WindowFigures};
use super::load::Load;
use super::openings::Openings;
use super::pairing::{Hint, TierFigures};
use super::pools::PoolFigures;
use super::timeline::Timeline;
use super::waits::WaitPeak;
use crate::classify::Endpoint;
use crate::time::Timestamp;

/// Figures of a Host and prefix.
#[derive(Clone, Debug, PartialEq)]
pub struct PrefixRow {
    /// The Host header, `None` if there was none.
    pub host: Option<String>,
    /// The first path segment; `None` for the row of a whole host; `*` for those beyond the cap.
    pub prefix: Option<String>,
    /// R.
    pub requests: u64,
    /// F.
    pub first: u64,
    /// A; `None` on `*` legs, whose pools are their clients'.
    pub avoidable: Option<u64>,
}

impl PrefixRow {
    /// Most requests first.
    #[must_use]
    pub fn order(a: &Self, b: &Self) -> Ordering {
        b.requests
            .cmp(&a.requests)
            .then_with(|| a.host.cmp(&b.host))
            .then_with(|| a.prefix.cmp(&b.prefix))
    }
}

impl Figures {
    /// Nothing yet of several legs, to which [`add`](Self::add) adds each.
    #[must_use]
    pub fn of_no_leg() -> Self {
        Self {
            avoidable: Some(0),
            ..Self::default()
        }
    }

    /// Adds a leg's figures; peaks and what was closed before the last first are of the legs together, and stay as they are.
    pub fn add(&mut self, leg: &Self) {
        self.counts.merge(&leg.counts);
        self.avoidable = self.avoidable.zip(leg.avoidable).map(|(a, b)| a + b);
        self.concurrency.open_at_start += leg.concurrency.open_at_start;
        self.concurrency.idle_closes += leg.concurrency.idle_closes;
        self.handshakes_per_second += leg.handshakes_per_second;
    }
}

/// A series of health checks.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckRow {
    /// Its place among the legs.
    pub leg: usize,
    /// Method and target, `None` without request.
    pub target: Option<String>,
    /// Seconds from one to the next, if constant.
    pub period: Option<f64>,
    /// How many.
    pub count: u64,
}

/// One leg's figures.
#[derive(Clone, Debug, PartialEq)]
pub struct LegSummary {
    /// Its client, `None` for `*`.
    pub client: Option<IpAddr>,
    /// Its server, `None` for `*`.
    pub server: Option<Endpoint>,
    /// Over the whole capture.
    pub figures: Figures,
    /// The latest window with enough requests, or the latest.
    pub recent: Figures,
    /// In the last seconds.
    pub lately: Lately,
    /// Every window that is kept, oldest first.
    pub windows: Vec<WindowFigures>,
    /// By prefix and by host.
    pub prefixes: Vec<PrefixRow>,
    /// How its connections ended.
    pub closes: Closes,
    /// How busy it was when responses came.
    pub load: Load,
    /// Which connections it had, so far as they are closed or the capture has ended.
    pub openings: Openings,
    /// What the kernels of both ends hold when the capture ends.
    pub kernel: KernelEntries,
}

/// Everything that was added up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Every leg, in order of first packet.
    pub legs: Vec<LegSummary>,
    /// All of them together.
    pub totals: Figures,
    /// What was seen of each client's pool.
    pub pools: Vec<(IpAddr, PoolFigures)>,
    /// Host and path of each prefix, by its number.
    pub prefix_names: Vec<(Option<String>, String)>,
    /// Legs that carry the same requests, before and behind a proxy.
    pub tiers: Vec<TierFigures>,
    /// What exchanges say of the legs that are not there; by the legs' places.
    pub hints: Vec<Hint>,
    /// Health checks.
    pub checks: Vec<CheckRow>,
    /// Over time.
    pub timeline: Timeline,
    /// The most sockets in TIME-WAIT that each host held at once.
    pub wait_peaks: Vec<(IpAddr, WaitPeak)>,
    /// First packet's time and the latest.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Connections beyond the list's end.
    pub connections_omitted: u64,
    /// Clients counted in `*` legs.
    pub clients_unnamed: u64,
    /// Legs counted as `* -> *`.
    pub legs_unnamed: u64,
    /// Prefixes counted as `*`.
    pub prefixes_unnamed: u64,
    /// Possible series of health checks given up.
    pub check_series_given_up: u64,
}

impl Aggregate {
    /// The figures as they stand.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let Some(span) = self.span() else {
            return Summary::default();
        };
        let mut legs: Vec<LegSummary> = self
            .legs
            .iter()
            .map(|leg| LegSummary {
                client: leg.client,
                server: leg.server,
                figures: leg.figures(&span),
                recent: leg.recent(&span),
                lately: leg.lately(&span),
                windows: leg.windows(&span),
                prefixes: self.prefix_rows(leg),
                closes: leg.closes.clone(),
                load: leg.load,
                openings: leg.openings.clone(),
                kernel: KernelEntries::default(),
            })
            .collect();
        for (ports, pair) in self.ports.0.iter().zip(&self.pairs) {
            if let Some(leg) = legs.get_mut(pair.leg as usize) {
                leg.kernel
                    .add(ports.entries(&self.ports.1, span.start, span.clock));
            }
        }
        let mut timeline = self.timeline.build(span.clock, self.open.now);
        self.waits.fill(&mut timeline, span.clock);
        Summary {
            totals: self.totals(&legs),
            pools: self.pools.figures().collect(),
            prefix_names: self
                .prefixes
                .iter()
                .map(|name| (name.host.as_deref().map(str::to_owned), name.path.to_string()))
                .collect(),
            tiers: self.tiers(),
            hints: self.hints(),
            checks: self.check_rows(),
            timeline,
            wait_peaks: self.waits.peaks(span.start, span.clock),
            span: Some((span.start, span.clock)),
            connections_omitted: self.omitted,
            clients_unnamed: self.clients_unnamed,
            legs_unnamed: self.legs_unnamed,
            prefixes_unnamed: self.legs.iter().map(|leg| leg.prefixes.overflow).sum(),
            check_series_given_up: self.checks.given_up,
            legs,
        }
    }

    fn totals(&self, legs: &[LegSummary]) -> Figures {
        let mut totals = Figures::of_no_leg();
        for leg in legs {
            totals.add(&leg.figures);
        }
        totals.concurrency = Concurrency {
            peak_busy: self.busy.peak,
            peak_open: self.open.peak,
            peak_handshakes: self
                .peak
                .with(self.span.second(), self.timeline.present.handshakes),
            closed_before_last_first: None,
            ..totals.concurrency
        };
        totals
    }

    fn check_rows(&self) -> Vec<CheckRow> {
        let place = |leg| self.place_of(leg);
        let mut rows: Vec<CheckRow> = self
            .checks
            .summaries()
            .filter_map(|series| {
                let target = series.target.map(String::from);
                Some(CheckRow {
                    leg: place(series.key.0)?,
                    target,
                    period: series.period,
                    count: series.count,
                })
            })
            .collect();
        rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.target.cmp(&b.target)));
        rows
    }

    fn prefix_rows(&self, leg: &LegState) -> Vec<PrefixRow> {
        let name = |prefix: PrefixRef| self.prefixes.get(prefix.0 as usize);
        let by_prefix = leg.prefixes.by_prefix().map(|(prefix, counts)| {
            let name = prefix.and_then(name);
            let host = name.and_then(|name| name.host.as_deref());
            (
                host.map(str::to_owned),
                Some(name.map_or("*", |name| &*name.path).to_owned()),
                counts,
            )
        });
        let by_host = leg.prefixes.by_host().map(|(host, counts)| {
            let host = match host {
                Some(host) => self.host_name(host),
                None => Some("*".to_owned()),
            };
            (host, None, counts)
        });
        let mut rows: Vec<PrefixRow> = by_prefix
            .chain(by_host)
            .map(|(host, prefix, counts)| PrefixRow {
                host,
                prefix,
                requests: counts.requests,
                first: counts.first,
                avoidable: (!leg.is_star()).then(|| counts.avoidable()),
            })
            .collect();
        rows.sort_by(PrefixRow::order);
        rows
    }
}
