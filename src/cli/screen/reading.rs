//! The world around the screen of captures that are read: what is there is shown while the rest is being read.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::config::ReadConfig;
use super::super::error::Error;
use super::super::stop::Stop;
use super::super::{wiring, words};
use super::again::Again;
use super::beside::{Feeder, Mailbox, beside};
use super::patient::Patient;
use super::running::Running;
use super::signals::Signals;
use super::{ScreenConfig, exports, failed};
use crate::diagnose::{ConnectionRecord, Snapshot};
use crate::limits::LISTED_CONNECTIONS;
use crate::pipeline::{self, Screen};
use crate::report::text::units::{bytes, percent};
use crate::source::{Progress, SourceSummary};
use crate::tui::rows::connections::{Held, Listing, ViewQuery};
use crate::tui::screen::Outside;
use crate::tui::{self, Action, Export};

/// What is read sooner is shown as a whole.
const SOON: Duration = Duration::from_millis(150);

/// Reads what `config` names, and shows it until the screen is left, which ends reading.
///
/// # Errors
/// What can't be opened, and what the terminal would not do.
pub(in super::super) fn show(screen: ScreenConfig, config: &Arc<ReadConfig>) -> Result<Snapshot, Error> {
    let capture = wiring::source(config)?;
    let progress = capture.progress();
    let stop = Stop::default();
    let source = Patient::new(capture).map_err(|source| Error::System {
        what: "cannot start a thread",
        source,
    })?;
    let source = stop.wrap(source);
    let mut engine = wiring::engine_config(&config.report);
    engine.keep_connections = engine.keep_connections.or(Some(LISTED_CONNECTIONS));
    let asked = Screen::default();
    let signals = Signals::listen()?;
    let analyse = |mailbox: &Mailbox| {
        let sources = names(config);
        let mut feeder = Feeder::new(mailbox, |so_far| {
            let mut snapshot = so_far.without_list(sources.clone(), Vec::new());
            snapshot.capture.filter.clone_from(&config.filter);
            snapshot
        });
        let threads = config.report.threads;
        let mut snapshot = pipeline::analyse_for(Some(&asked), source, &engine, threads, &mut feeder);
        snapshot.capture.filter.clone_from(&config.filter);
        snapshot
    };
    let show = |mailbox: &Mailbox| {
        mailbox.wait_for_end(SOON);
        // A stream can't be read again for the packets of a connection.
        let can_be_read = words::must_be_files(&config.files, "").is_ok();
        let mut outside = Reading {
            running: Running::new(asked.clone(), signals, None, !can_be_read, || mailbox.take()),
            progress: Arc::clone(&progress),
            told: None,
            has_ended: false,
            can_be_read,
            held: Held::default(),
            again: Again::new(Arc::clone(config)),
        };
        let settings = screen.settings(&config.report, false, false);
        let mut terminal = screen.terminal()?;
        tui::screen::run(&mut terminal, settings, &mut outside).map_err(failed)?;
        terminal.leave().map_err(failed)
    };
    let end = || {
        asked.close();
        stop.now();
    };
    let (mut snapshot, had_ended) = beside(analyse, show, end)?;
    if !had_ended {
        let problem = format!(
            "the screen was left while the capture was being read ({}): figures are of what was read by then",
            how_far(&progress)
        );
        snapshot.capture.warnings.push(problem);
    }
    Ok(snapshot)
}

/// The sources, of which no more is known as long as they are read.
fn names(config: &ReadConfig) -> Vec<SourceSummary> {
    let names = config.files.iter().map(|path| path.display().to_string());
    let source = |name| SourceSummary {
        name,
        ..SourceSummary::default()
    };
    names.map(source).collect()
}

/// `42.0 %`, or of a stream `12.3 MB`.
fn how_far(progress: &Progress) -> String {
    let read = progress.bytes_read();
    match progress.bytes_total() {
        Some(total) if total > 0 => percent(read as f64 / total as f64),
        _ => bytes(read),
    }
}

/// Connections are asked of the analysis as long as it goes on; then they are here.
struct Reading<F> {
    running: Running<F>,
    progress: Arc<Progress>,
    /// What was said of it last.
    told: Option<String>,
    has_ended: bool,
    /// The capture can be read once more.
    can_be_read: bool,
    held: Held,
    again: Again,
}

impl<F: FnMut() -> super::Stream> Outside for Reading<F> {
    fn news(&mut self) -> Vec<Action> {
        let mut news = self.running.news();
        self.has_ended |= news.contains(&Action::Ended);
        let far = how_far(&self.progress);
        if !self.has_ended && self.told.as_ref() != Some(&far) {
            news.push(Action::Reading(far.clone()));
            self.told = Some(far);
        }
        news.extend(self.again.news());
        news
    }

    fn must_end(&self) -> bool {
        self.running.must_end()
    }

    fn listing(&mut self, snapshot: &Arc<Snapshot>, query: &ViewQuery) -> Option<Listing> {
        if self.has_ended {
            Some(self.held.answer(snapshot, query))
        } else {
            self.running.listing(snapshot, query)
        }
    }

    fn ladder(&mut self, record: &ConnectionRecord) {
        if self.has_ended || self.can_be_read {
            self.again.ladder(record);
        } else {
            self.running.ladder(record);
        }
    }

    fn export(&mut self, snapshot: &Arc<Snapshot>, what: &Export) -> String {
        match what {
            Export::Report => exports::report(snapshot, Path::new("")),
            Export::Connections(_) if !self.has_ended => {
                "connections can be written when the capture has been read".to_owned()
            }
            Export::Connections(query) => exports::connections(snapshot, &mut self.held, query),
            Export::Packets(record) => {
                self.again.export(record);
                "looking for its packets ...".to_owned()
            }
        }
    }

    fn suspend(&mut self) {
        self.running.suspend();
    }
}
