//! All that the screen shows is made from this, and nothing else.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::action::View;
use super::cursor::Cursor;
use super::glyphs::Glyphs;
use super::look::{Look, Names};
use super::rows::causes::CauseRow;
use super::rows::connections::{Listing, Scope, ViewQuery};
use super::rows::hosts::HostRow;
use super::rows::legs::{Grouping, LegRow};
use super::rows::{Sort, causes, connections, hosts, legs};
use super::table::Table;
use super::theme::Theme;
use super::timeline::Lens;
use crate::diagnose::{ConnectionRecord, Ladder, Snapshot};
use crate::query::Query;

/// What keys are for at the moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// Moving about in a view.
    #[default]
    Browse,
    /// Reading the keys of a view.
    Help {
        /// The first line that is shown.
        top: usize,
    },
    /// Writing an expression that narrows what is shown.
    Filter {
        /// As far as it is written.
        text: String,
        /// What is wrong with it; what was right last goes on to be shown.
        problem: Option<String>,
    },
    /// Reading the packets of a connection.
    Ladder {
        /// The first line that is shown.
        top: usize,
    },
}

/// The packets of a connection.
#[derive(Clone, PartialEq, Debug)]
pub enum Rungs {
    /// They are being looked for.
    Coming,
    /// They are here.
    There(Arc<Ladder>),
    /// They can't be had.
    Missing(String),
}

/// How the screen is to look, from the command line.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Colours.
    pub theme: Theme,
    /// Signs.
    pub glyphs: Glyphs,
    /// The zone of printed times.
    pub zone: TimeZone,
    /// Names of addresses.
    pub names: Names,
    /// What is shown, from the beginning.
    pub filter: Query,
    /// Whether packets come from a wire.
    pub live: bool,
    /// Whether leaving ends a recording, so that it is asked for twice.
    pub recording: bool,
}

/// The flow table: a part of it is here, the rest is where the connections are.
#[derive(Clone, Debug)]
pub struct ConnectionTable {
    /// Which connections.
    pub scope: Scope,
    /// What the scope is called, and the view that it was opened from.
    pub opened: Option<(String, View)>,
    /// How they are sorted.
    pub sort: Sort,
    /// Those of a leg together.
    pub grouped: bool,
    /// The row that is selected.
    pub cursor: Cursor,
    /// The connection that is selected.
    pub selected: Option<u64>,
    /// The cursor was moved from the top, so it stays on its row whatever comes.
    pub(super) moved: bool,
    /// Connections at the top, whatever is shown below.
    pub pinned: Vec<u64>,
    /// The rows that came last.
    pub listing: Listing,
    /// What was asked for last.
    pub(super) asked: Option<ViewQuery>,
    /// The connection whose place is wanted.
    pub(super) follow: Option<u64>,
}

impl ConnectionTable {
    /// The connection that is selected, if its row is here.
    #[must_use]
    pub fn record(&self) -> Option<&ConnectionRecord> {
        let place = self.cursor.at.checked_sub(self.listing.first)?;
        self.listing.rows.get(place)
    }
}

/// Everything.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches that do not depend on each other"
)]
pub struct App {
    /// How it looks.
    pub settings: Settings,
    /// Names are shown for addresses.
    pub named: bool,
    /// Times are spans from the start.
    pub relative: bool,
    /// Columns and rows of the screen.
    pub size: (u16, u16),
    /// What keys are for.
    pub mode: Mode,
    /// What is shown.
    pub view: View,
    /// What is shown is made from this.
    pub shown: Arc<Snapshot>,
    /// The newest; another one while the display is frozen.
    pub latest: Arc<Snapshot>,
    /// The display is frozen.
    pub frozen: bool,
    /// How much of the capture has been read, in words, as long as it is being read.
    pub reading: Option<String>,
    /// No more packets will come.
    pub ended: bool,
    /// The legs.
    pub legs: Table<LegRow>,
    /// What they are added up by.
    pub grouping: Grouping,
    /// The flow table.
    pub connections: ConnectionTable,
    /// The causes.
    pub causes: Table<CauseRow>,
    /// The hosts.
    pub hosts: Table<HostRow>,
    /// Of legs, causes and connections those that match are shown.
    pub filter: Query,
    /// The connection whose packets are shown, and these.
    pub ladder: Option<(ConnectionRecord, Rungs)>,
    /// What part of the timeline is shown.
    pub lens: Lens,
    /// What is to be told, until a key is pressed.
    pub message: Option<String>,
    /// The filter before another one is written.
    pub(super) before: Query,
    /// Leaving was asked for once.
    pub(super) leaving: bool,
}

impl App {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(settings: Settings, size: (u16, u16)) -> Self {
        Self {
            filter: settings.filter.clone(),
            ladder: None,
            settings,
            named: false,
            relative: false,
            size,
            mode: Mode::Browse,
            view: View::Legs,
            shown: Arc::default(),
            latest: Arc::default(),
            frozen: false,
            reading: None,
            ended: false,
            legs: Table::new(legs::FIRST),
            grouping: Grouping::Legs,
            connections: ConnectionTable {
                scope: Scope::default(),
                opened: None,
                sort: connections::FIRST,
                grouped: false,
                cursor: Cursor::default(),
                selected: None,
                moved: false,
                pinned: Vec::new(),
                listing: Listing::default(),
                asked: None,
                follow: None,
            },
            causes: Table::new(causes::FIRST),
            hosts: Table::new(hosts::FIRST),
            lens: Lens::default(),
            message: None,
            before: Query::default(),
            leaving: false,
        }
    }

    /// How values are written now.
    #[must_use]
    pub fn look(&self) -> Look<'_> {
        let capture = &self.shown.capture;
        Look {
            glyphs: self.settings.glyphs,
            names: self.named.then_some(&self.settings.names),
            zone: &self.settings.zone,
            relative: self.relative,
            start: capture.start,
            now: capture.end.unwrap_or_default(),
        }
    }

    /// How the table that is shown is sorted, and the heads of its columns.
    #[must_use]
    pub fn sorting(&self) -> Option<(Sort, Vec<&'static str>)> {
        Some(match self.view {
            View::Legs => (self.legs.sort, heads(legs::COLUMNS)),
            View::Connections => (self.connections.sort, heads(connections::COLUMNS)),
            View::Causes => (self.causes.sort, heads(causes::COLUMNS)),
            View::Host => (self.hosts.sort, heads(hosts::COLUMNS)),
            View::Timeline => return None,
        })
    }

    /// The rows of the flow table that are here are all that can be shown: they come from a running capture.
    pub(super) fn is_fixed(&self) -> bool {
        let were_asked = self.settings.live || self.shown.connections.is_none();
        were_asked && (self.frozen || self.ended)
    }

    pub(super) fn sort_mut(&mut self) -> Option<&mut Sort> {
        Some(match self.view {
            View::Legs => &mut self.legs.sort,
            View::Connections => &mut self.connections.sort,
            View::Causes => &mut self.causes.sort,
            View::Host => &mut self.hosts.sort,
            View::Timeline => return None,
        })
    }
}

fn heads<R, O>(columns: &[super::columns::Column<R, O>]) -> Vec<&'static str> {
    columns.iter().map(|column| column.head).collect()
}
