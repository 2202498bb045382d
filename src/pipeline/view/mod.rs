//! What a screen asks while the analysis runs: a window of connections, open ones and the latest closed.
//!
//! The screen puts a [`ViewQuery`] into a slot of one and finds the answer there, ten times a second at most. A thread of
//! its own answers: it asks the engines, which look through their tables a part at a time between blocks, so that packets
//! never wait for long; what is closed it reads from a ring. Rows are built for the window alone.

mod attending;
mod recent;
mod screen;
mod serving;

use std::sync::Arc;

use crate::classify::{Class, ConnectionFacts};
use crate::diagnose::PacketNotes;
use crate::diagnose::catalogue::CauseId;
use crate::query::{InLegs, Sort};
use crate::time::Nanos;

pub(super) use attending::{Ask, attend};
pub(super) use recent::Recent;
pub use screen::Screen;
pub(super) use serving::{Desk as ViewDesk, serve};

/// What a screen wants to see.
#[derive(Clone, Debug, Default)]
pub struct ViewQuery {
    /// Which connections; legs say what they did in the latest report.
    pub query: InLegs,
    /// In which order.
    pub sort: Sort,
    /// From which one on, from 0.
    pub offset: usize,
    /// How many; [`VIEW_ROWS`](crate::limits::VIEW_ROWS) at most.
    pub height: usize,
    /// The id of the connection whose packets are wanted.
    pub selected: Option<u64>,
    /// The names of interfaces by their ids, as far as they are known.
    pub interfaces: Vec<Option<String>>,
    /// Packets of the latest connections are noted from now on, for who selects one.
    pub noting: bool,
}

/// A connection of a view.
#[derive(Clone, Debug)]
pub struct ViewRow {
    /// What was seen of it so far.
    pub facts: ConnectionFacts,
    /// Its class so far. Health checks are known as such from the fifth of a series on.
    pub class: Class,
    /// Why it ended, once it is closed, as far as the latest report so far can tell.
    pub cause: Option<CauseId>,
    /// It is in the table: open, or closed and not yet over at both ends.
    pub is_living: bool,
    /// A request of it is under way.
    pub is_busy: bool,
    /// While open and waiting for a request: since the end of its last response.
    pub idle: Option<Nanos>,
}

/// The connection whose packets are wanted.
#[derive(Clone, Debug)]
pub struct Selected {
    /// The connection.
    pub row: ViewRow,
    /// Its latest packets, since a screen asked first; `None` if none were noted, or too many others since.
    pub notes: Option<PacketNotes>,
}

/// An answer. Nothing in it changes any more.
#[derive(Clone, Debug)]
pub struct View {
    /// What was asked.
    pub asked: Arc<ViewQuery>,
    /// The place of the first row among all that match; less than what was asked for if there are fewer.
    pub offset: usize,
    /// The window.
    pub rows: Vec<ViewRow>,
    /// Connections in the engines' tables, and those of them that match.
    pub living: u64,
    /// Those of them that match.
    pub living_matching: u64,
    /// Closed ones kept, the latest [`RECENT_CONNECTIONS`](crate::limits::RECENT_CONNECTIONS).
    pub closed: u64,
    /// Those of them that match.
    pub closed_matching: u64,
    /// Closed ones that are kept no more.
    pub closed_before: u64,
    /// The connection selected, if it is still known.
    pub selected: Option<Selected>,
}

impl View {
    /// How many match.
    #[must_use]
    pub fn matching(&self) -> u64 {
        self.living_matching + self.closed_matching
    }
}
