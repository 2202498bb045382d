//! The world around the screen of a capture that has been read as a whole.

use std::path::Path;
use std::sync::Arc;

use super::again::Again;
use super::exports;
use super::signals::{self, Signals};
use crate::diagnose::{ConnectionRecord, Snapshot};
use crate::tui::action::Command;
use crate::tui::rows::connections::{Held, Listing, ViewQuery};
use crate::tui::screen::Outside;
use crate::tui::{Action, Export};

/// Everything is known from the beginning.
pub(super) struct Whole {
    /// Until it is shown.
    snapshot: Option<Arc<Snapshot>>,
    held: Held,
    again: Again,
    signals: Signals,
}

impl Whole {
    pub(super) fn new(snapshot: Arc<Snapshot>, again: Again, signals: Signals) -> Self {
        Self {
            snapshot: Some(snapshot),
            held: Held::default(),
            again,
            signals,
        }
    }
}

impl Outside for Whole {
    fn news(&mut self) -> Vec<Action> {
        let mut news = of_signals(&self.signals);
        if let Some(snapshot) = self.snapshot.take() {
            news.extend([Action::Snapshot(snapshot), Action::Ended]);
        }
        news.extend(self.again.news());
        news
    }

    fn must_end(&self) -> bool {
        self.signals.must_end()
    }

    fn listing(&mut self, snapshot: &Arc<Snapshot>, query: &ViewQuery) -> Option<Listing> {
        Some(self.held.answer(snapshot, query))
    }

    fn ladder(&mut self, record: &ConnectionRecord) {
        self.again.ladder(record);
    }

    fn export(&mut self, snapshot: &Arc<Snapshot>, what: &Export) -> String {
        match what {
            Export::Report => exports::report(snapshot, Path::new("")),
            Export::Connections(query) => exports::connections(snapshot, &mut self.held, query),
            Export::Packets(record) => {
                self.again.export(record);
                "looking for its packets ...".to_owned()
            }
        }
    }

    fn suspend(&mut self) {
        signals::suspend();
    }
}

/// Stopped from outside is stopped as by a key; after that everything is drawn anew.
pub(super) fn of_signals(signals: &Signals) -> Vec<Action> {
    let mut news = Vec::new();
    if signals.must_stop() {
        news.push(Action::Do(Command::Suspend));
    }
    if signals.goes_on() {
        news.push(Action::Do(Command::Redraw));
    }
    news
}
