//! The world around the screen of a capture that has been read as a whole.

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
            Export::Report => exports::export(snapshot, &mut self.held, None),
            Export::Connections(query) => exports::export(snapshot, &mut self.held, Some(query)),
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

/// What has become of a capture that is running.
#[cfg(feature = "live")]
pub(in super::super) struct Stream {
    /// The latest, if it is a new one.
    pub(in super::super) snapshot: Option<Arc<Snapshot>>,
    /// No more will come.
    pub(in super::super) ended: bool,
}

/// The world around the screen of a capture that is running.
#[cfg(feature = "live")]
pub(super) struct Running<F> {
    news: F,
    ended: bool,
    held: Held,
    signals: Signals,
}

#[cfg(feature = "live")]
impl<F: FnMut() -> Stream> Running<F> {
    pub(super) fn new(signals: Signals, news: F) -> Self {
        Self {
            news,
            ended: false,
            held: Held::default(),
            signals,
        }
    }
}

#[cfg(feature = "live")]
impl<F: FnMut() -> Stream> Outside for Running<F> {
    fn news(&mut self) -> Vec<Action> {
        let mut news = of_signals(&self.signals);
        let stream = (self.news)();
        news.extend(stream.snapshot.map(Action::Snapshot));
        if stream.ended && !std::mem::replace(&mut self.ended, true) {
            news.push(Action::Ended);
        }
        news
    }

    fn must_end(&self) -> bool {
        self.signals.must_end()
    }

    fn listing(&mut self, snapshot: &Arc<Snapshot>, query: &ViewQuery) -> Option<Listing> {
        Some(self.held.answer(snapshot, query))
    }

    fn ladder(&mut self, _: &ConnectionRecord) {}

    fn export(&mut self, snapshot: &Arc<Snapshot>, what: &Export) -> String {
        match what {
            Export::Connections(query) => exports::export(snapshot, &mut self.held, Some(query)),
            _ => exports::export(snapshot, &mut self.held, None),
        }
    }

    fn suspend(&mut self) {
        signals::suspend();
    }
}

/// Stopped from outside is stopped as by a key; after that everything is drawn anew.
fn of_signals(signals: &Signals) -> Vec<Action> {
    let mut news = Vec::new();
    if signals.must_stop() {
        news.push(Action::Do(Command::Suspend));
    }
    if signals.goes_on() {
        news.push(Action::Do(Command::Redraw));
    }
    news
}
