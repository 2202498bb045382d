//! What is told while a capture runs: a line a second, news of interfaces, reports so far.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::config::Product;
use super::super::result::Lines;
use super::super::say;
use super::config::LiveConfig;
use super::metrics::Giving;
use super::signals::Wanted;
use crate::aggregate::{Ended, TimelineRow};
use crate::diagnose::{ExchangeRecord, look_at_own_host};
use crate::frame::Interface;
use crate::host::Watched;
use crate::pipeline::{Observer, SoFar};
use crate::report::second::Second;
use crate::source::live::{Known, Watch};

const SECOND: Duration = Duration::from_secs(1);

/// Said with a report so far.
const SO_FAR: &str = "this is the report so far: connections still open have no class and no closer yet";

pub(super) struct Watching<'a> {
    config: &'a LiveConfig,
    lines: Lines<'a>,
    watch: Arc<Watch>,
    wanted: Wanted,
    host: Watched,
    /// Who gives metrics to those who ask.
    pub(super) giving: Option<Giving>,
    next: Instant,
    /// What was counted a second ago.
    before: TimelineRow,
    /// News that were told.
    said: Vec<String>,
}

impl<'a> Watching<'a> {
    pub(super) fn new(
        config: &'a LiveConfig,
        lines: Lines<'a>,
        watch: Arc<Watch>,
        wanted: Wanted,
        host: Watched,
    ) -> Self {
        Self {
            config,
            lines,
            watch,
            wanted,
            host,
            giving: None,
            next: Instant::now() + SECOND,
            before: TimelineRow::default(),
            said: Vec::new(),
        }
    }

    /// Says the last news and tcpdump's three lines; gives back where the report goes, what was said, and who watches the kernel.
    pub(super) fn finish(mut self, known: &Known, captured: u64) -> (Lines<'a>, Vec<String>, Watched) {
        self.news(known);
        if !self.config.report.quiet {
            let sum = |of: fn(&crate::source::SourceSummary) -> Option<u64>| {
                known.sources.iter().filter_map(of).sum::<u64>()
            };
            let interface = sum(|source| source.interface_dropped);
            say(&format!("{captured} packets captured"));
            say(&format!("{} packets received by filter", known.received));
            say(&format!(
                "{} packets dropped by kernel",
                sum(|source| source.kernel_dropped)
            ));
            if interface > 0 {
                say(&format!("{interface} packets dropped by interface"));
            }
        }
        (self.lines, self.said, self.host)
    }

    /// What happened to interfaces and files since it was last asked.
    fn news(&mut self, known: &Known) {
        let warnings = known.sources.iter().flat_map(|source| &source.warnings);
        for warning in warnings {
            if !self.said.contains(warning) {
                if !self.config.report.quiet {
                    say(&format!("warning: {warning}"));
                }
                self.said.push(warning.clone());
            }
        }
    }

    fn second(&mut self, total: TimelineRow) {
        let known = self.watch.known();
        self.news(&known);
        let second = Second::new(&self.before, total, &known.sources, Some(self.host.tally()));
        self.before = total;
        if self.config.ndjson {
            self.lines.output.write(|out| second.ndjson(out));
        } else if !self.config.report.quiet {
            say(&second.line(&self.config.report.zone));
        }
    }

    fn report_so_far(&mut self, so_far: &SoFar<'_>) {
        let report = &self.config.report;
        if let Product::Rows(format) = report.product
            && (report.streams || !format.can_be_repeated())
        {
            say("USR1: there is no report so far, but rows of connections");
            return;
        }
        let known = self.watch.known();
        let mut snapshot = so_far.snapshot(known.sources, known.interfaces);
        snapshot.capture.filter = Some(self.config.filter.clone());
        snapshot.capture.warnings.push(SO_FAR.to_owned());
        look_at_own_host(&mut snapshot, self.host.so_far());
        self.lines.report(&mut snapshot);
    }
}

impl Observer for Watching<'_> {
    fn exchange(&mut self, exchange: &ExchangeRecord) {
        self.lines.exchange(exchange);
    }

    fn ended(&mut self, ended: Ended, interface: Option<&Interface>) {
        self.lines.ended(ended, interface);
    }

    fn progress(&mut self, so_far: &SoFar<'_>) {
        let now = Instant::now();
        if now >= self.next {
            // A stall makes one long second, not several at once.
            self.next = (self.next + SECOND).max(now + SECOND / 2);
            self.second(so_far.tally());
        }
        if let Some(giving) = &mut self.giving {
            giving.answer(so_far, &self.watch, &self.host);
        }
        if self.wanted.take() {
            self.report_so_far(so_far);
        }
        self.lines.flush();
        // Whoever read the lines has seen enough; expectations need the rest.
        if self.lines.has_been_enough() {
            self.watch.stop();
        }
    }
}
