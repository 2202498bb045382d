//! The world around the screen of a capture that is running: what is shown is asked of the analysis.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::beside::Stream;
use super::exports;
use super::signals::{self, Signals};
use crate::diagnose::{ConnectionRecord, Ladder, Snapshot};
use crate::limits::{NOTED_CONNECTIONS, NOTES_EACH, VIEW_ROWS};
use crate::pipeline::{self, Screen, View, ViewRow};
use crate::query::{Field, InLegs, Query, Sort};
use crate::report::text::units::count;
use crate::tui::action::Command;
use crate::tui::rows::connections::{Listing, ViewQuery};
use crate::tui::screen::Outside;
use crate::tui::{Action, Export};

/// Rows that are asked for above those that are shown: a frozen display can be walked in.
const ABOVE: usize = VIEW_ROWS / 4;

/// Everything comes on the way.
pub(super) struct Running<F> {
    news: F,
    screen: Screen,
    signals: Signals,
    /// Where files may be written.
    folder: Option<PathBuf>,
    /// The latest packets of connections are kept.
    noting: bool,
    ended: bool,
    interfaces: Vec<Option<String>>,
    /// What was asked last, and what of it the screen cannot be told by the answer.
    asked: Option<Arc<str>>,
    pinned: Vec<u64>,
    follow: Option<u64>,
    /// The connection whose packets are wanted.
    selected: Option<u64>,
    /// Pinned connections as they were last seen.
    seen: HashMap<u64, ConnectionRecord>,
    answer: Option<Arc<View>>,
    /// What is to be told.
    queue: Vec<Action>,
}

impl<F: FnMut() -> Stream> Running<F> {
    pub(super) fn new(
        screen: Screen,
        signals: Signals,
        folder: Option<PathBuf>,
        noting: bool,
        news: F,
    ) -> Self {
        Self {
            news,
            screen,
            signals,
            folder,
            noting,
            ended: false,
            interfaces: Vec::new(),
            asked: None,
            pinned: Vec::new(),
            follow: None,
            selected: None,
            seen: HashMap::new(),
            answer: None,
            queue: Vec::new(),
        }
    }

    /// The answer to what was asked last, if there is one that is not known.
    fn answered(&mut self) -> Vec<Action> {
        let Some(view) = self.screen.answer() else {
            return Vec::new();
        };
        let known = self
            .answer
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, &view));
        if known || self.asked.as_deref() != Some(view.asked.query.query().text()) {
            return Vec::new();
        }
        let mut news = vec![Action::Listed(self.listing_of(&view))];
        news.extend(self.ladder_of(&view));
        self.answer = Some(view);
        news
    }

    fn listing_of(&mut self, view: &View) -> Listing {
        let rows: Vec<ConnectionRecord> = view.rows.iter().map(record).collect();
        for row in rows.iter().filter(|row| self.pinned.contains(&row.facts.id)) {
            self.seen.insert(row.facts.id, row.clone());
        }
        self.seen.retain(|id, _| self.pinned.contains(id));
        let place = self
            .follow
            .take()
            .and_then(|id| rows.iter().position(|row| row.facts.id == id));
        let pinned = self.pinned.iter().filter_map(|id| self.seen.get(id).cloned());
        Listing {
            total: usize::try_from(view.matching()).unwrap_or(usize::MAX),
            first: view.offset,
            place: place.map(|place| view.offset + place),
            pinned: pinned.collect(),
            beyond: view.closed_before,
            rows,
        }
    }

    fn ladder_of(&self, view: &View) -> Option<Action> {
        let id = self.selected.filter(|id| view.asked.selected == Some(*id))?;
        let found = match &view.selected {
            None => Err("it was closed and is kept no more".to_owned()),
            Some(selected) => match &selected.notes {
                Some(notes) => Ok(Arc::new(Ladder {
                    connection: record(&selected.row),
                    notes: notes.clone(),
                })),
                None => Err(format!(
                    "its packets are not kept: the latest {} of {} connections are, from the first look at this table on",
                    count(NOTES_EACH as u64),
                    count(NOTED_CONNECTIONS as u64)
                )),
            },
        };
        Some(Action::Laddered(id, found))
    }
}

/// A row as the list of connections has it; how often its ports were used before is not known before the capture ends.
fn record(row: &ViewRow) -> ConnectionRecord {
    let mut facts = row.facts.clone();
    if row.is_busy && !facts.unanswered_since.is_some() {
        facts.unanswered_since = facts.end.into();
    }
    ConnectionRecord {
        generation: 1,
        class: row.class,
        cause: row.cause,
        facts,
    }
}

impl<F: FnMut() -> Stream> Outside for Running<F> {
    fn news(&mut self) -> Vec<Action> {
        let mut news = of_signals(&self.signals);
        // Before the snapshot, which makes the screen ask anew.
        news.extend(self.answered());
        let stream = (self.news)();
        if let Some(snapshot) = stream.snapshot {
            let names = snapshot
                .capture
                .interfaces
                .iter()
                .map(|interface| interface.name.clone());
            self.interfaces = names.collect();
            news.push(Action::Snapshot(snapshot));
        }
        news.append(&mut self.queue);
        news.extend(stream.warning.map(Action::Said));
        if stream.ended && !std::mem::replace(&mut self.ended, true) {
            news.push(Action::Ended);
        }
        news
    }

    fn must_end(&self) -> bool {
        self.signals.must_end()
    }

    fn listing(&mut self, snapshot: &Arc<Snapshot>, query: &ViewQuery) -> Option<Listing> {
        let Ok(parsed) = Query::parse(&query.expression()) else {
            return Some(Listing::default());
        };
        if parsed.asks_for(Field::Generation) && self.asked.as_deref() != Some(parsed.text()) {
            let why = "gen is known when the capture has ended; until then it leaves nothing out";
            self.queue.push(Action::Said(why.to_owned()));
        }
        self.asked = Some(parsed.text().into());
        self.pinned.clone_from(&query.pinned);
        self.follow = query.follow;
        self.screen.ask(pipeline::ViewQuery {
            query: InLegs::new(parsed, &snapshot.legs),
            sort: Sort {
                field: query.field(),
                descending: query.sort.descending,
            },
            offset: query.first.saturating_sub(ABOVE),
            height: VIEW_ROWS,
            selected: self.selected,
            interfaces: self.interfaces.clone(),
            noting: self.noting,
        });
        None
    }

    fn ladder(&mut self, record: &ConnectionRecord) {
        let id = record.facts.id;
        self.selected = Some(id);
        if self.ended {
            let why =
                "the capture has ended, and its packets are kept no more; -w FILE records them".to_owned();
            self.queue.push(Action::Laddered(id, Err(why)));
        }
    }

    fn export(&mut self, snapshot: &Arc<Snapshot>, _: &Export) -> String {
        match &self.folder {
            Some(folder) => exports::report(snapshot, folder),
            None => "while capturing, files may be written only to the folder of -w".to_owned(),
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
