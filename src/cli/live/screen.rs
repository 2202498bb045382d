//! A capture that is running, on the screen.

use std::path::PathBuf;

use super::super::error::Error;
use super::super::screen::{self, Feeder, Mailbox, ScreenConfig};
use super::super::wiring;
use super::config::LiveConfig;
use crate::diagnose::{Snapshot, look_at_own_host};
use crate::host::Watched;
use crate::pipeline::{self, Screen};
use crate::source::Source;
use crate::source::live::Watch;

/// A capture that is to be shown.
pub(super) struct Running<'a> {
    /// Its packets.
    pub(super) source: Box<dyn Source>,
    /// How it is ended, and what is known of it.
    pub(super) watch: &'a Watch,
    /// What this host's kernel says.
    pub(super) host: Watched,
    /// Where packets are recorded, if they are.
    pub(super) folder: Option<PathBuf>,
}

/// Analyses a capture and shows it until the screen is left, which ends it.
pub(super) fn run(
    screen: ScreenConfig,
    config: &LiveConfig,
    running: Running<'_>,
) -> Result<Snapshot, Error> {
    let Running {
        source,
        watch,
        host,
        folder,
    } = running;
    let engine = wiring::engine_config(&config.report);
    let (filter, threads) = (config.filter.as_str(), config.report.threads);
    let signals = screen::Signals::listen()?;
    let asked = Screen::default();
    let shown = screen::Shown {
        config: screen,
        report: &config.report,
        folder,
        screen: asked.clone(),
    };
    let analyse = |mailbox: &Mailbox| {
        let mut feeder = Feeder::new(mailbox, |so_far| {
            let known = watch.known();
            let mut snapshot = so_far.without_list(known.sources, known.interfaces);
            snapshot.capture.filter = Some(filter.to_owned());
            look_at_own_host(&mut snapshot, host.so_far());
            snapshot
        });
        let mut snapshot = pipeline::analyse_for(Some(&asked), source, &engine, threads, &mut feeder);
        snapshot.capture.filter = Some(filter.to_owned());
        look_at_own_host(&mut snapshot, host.finish());
        snapshot
    };
    let show = |mailbox: &Mailbox| screen::show_live(shown, signals, mailbox);
    let end = || {
        asked.close();
        watch.stop();
    };
    screen::beside(analyse, show, end).map(|(snapshot, _)| snapshot)
}
