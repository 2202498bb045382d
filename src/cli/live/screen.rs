//! A capture that is running, on the screen: the analysis goes on beside it and never waits for it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::super::error::Error;
use super::super::screen::{self, ScreenConfig, Stream};
use super::super::wiring;
use super::config::LiveConfig;
use crate::diagnose::{ExchangeRecord, Snapshot, look_at_own_host};
use crate::host::Watched;
use crate::pipeline::{self, Observer, Screen, SoFar};
use crate::source::Source;
use crate::source::live::Watch;

/// The screen gets news so often at most.
const NEWS: Duration = Duration::from_millis(100);
/// The analysis may spend one part in so many of its time on them.
const SHARE: u32 = 20;

/// What the analysis leaves for the screen: the latest of it, which the next one replaces.
#[derive(Default)]
struct Mailbox(Mutex<Left>);

#[derive(Default)]
struct Left {
    snapshot: Option<Arc<Snapshot>>,
    ended: bool,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Left> {
        // Plain values: whoever panicked left them whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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
    let mailbox = Mailbox::default();
    let engine = wiring::engine_config(&config.report);
    let (filter, threads) = (config.filter.as_str(), config.report.threads);
    let mut feeder = Feeder {
        filter,
        watch,
        host,
        mailbox: &mailbox,
        next: Instant::now(),
    };
    let signals = screen::Signals::listen()?;
    let asked = Screen::default();
    let shown = screen::Shown {
        config: screen,
        report: &config.report,
        folder,
        screen: asked.clone(),
    };
    let mut said: Vec<String> = Vec::new();
    thread::scope(|scope| {
        let mailbox = &mailbox;
        let asked = &asked;
        let engine = &engine;
        let analysis = move || {
            let mut snapshot = pipeline::analyse_for(Some(asked), source, engine, threads, &mut feeder);
            snapshot.capture.filter = Some(filter.to_owned());
            look_at_own_host(&mut snapshot, feeder.host.finish());
            let snapshot = Arc::new(snapshot);
            let mut left = mailbox.lock();
            left.snapshot = Some(Arc::clone(&snapshot));
            left.ended = true;
            snapshot
        };
        let analysis = thread::Builder::new()
            .name("analysis".to_owned())
            .spawn_scoped(scope, analysis);
        let analysis = analysis.map_err(|source| Error::System {
            what: "cannot start a thread",
            source,
        })?;
        let news = || {
            let mut left = mailbox.lock();
            let warnings = left
                .snapshot
                .iter()
                .flat_map(|snapshot| &snapshot.capture.warnings);
            let warning = warnings
                .into_iter()
                .find(|warning| !said.contains(warning))
                .cloned();
            said.extend(warning.clone());
            Stream {
                snapshot: left.snapshot.take(),
                ended: left.ended,
                warning,
            }
        };
        let shown = screen::show_live(shown, signals, news);
        asked.close();
        watch.stop();
        // A thread that panicked has said so on its own.
        let snapshot = analysis.join().unwrap_or_default();
        shown?;
        mailbox.lock().snapshot = None;
        Ok(Arc::unwrap_or_clone(snapshot))
    })
}

/// Leaves news, as long as that costs little.
struct Feeder<'a> {
    filter: &'a str,
    watch: &'a Watch,
    host: Watched,
    mailbox: &'a Mailbox,
    next: Instant,
}

impl Observer for Feeder<'_> {
    fn exchange(&mut self, _: &ExchangeRecord) {}

    fn progress(&mut self, so_far: &SoFar<'_>) {
        let begun = Instant::now();
        if begun < self.next {
            return;
        }
        let known = self.watch.known();
        let mut snapshot = so_far.snapshot(known.sources, known.interfaces);
        snapshot.capture.filter = Some(self.filter.to_owned());
        look_at_own_host(&mut snapshot, self.host.so_far());
        self.mailbox.lock().snapshot = Some(Arc::new(snapshot));
        self.next = Instant::now() + NEWS.max(begun.elapsed() * SHARE);
    }
}
