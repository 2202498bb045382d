//! What can happen to the screen, and what it asks for in turn.

use std::sync::Arc;

use super::rows::connections::{Listing, ViewQuery};
use crate::diagnose::{ConnectionRecord, Ladder, Snapshot};

/// What is shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum View {
    /// Legs and their verdicts.
    #[default]
    Legs,
    /// The flow table.
    Connections,
    /// Why connections end.
    Causes,
    /// Figures over time.
    Timeline,
    /// What kernels have to hold.
    Host,
}

impl View {
    /// Every view, in the order of their keys.
    pub const ALL: [Self; 5] = [
        Self::Legs,
        Self::Connections,
        Self::Causes,
        Self::Timeline,
        Self::Host,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Legs => "Legs",
            Self::Connections => "Connections",
            Self::Causes => "Causes",
            Self::Timeline => "Timeline",
            Self::Host => "Host",
        }
    }

    /// The view `by` places further, round and round.
    #[must_use]
    pub fn step(self, by: usize) -> Self {
        let place = Self::ALL.iter().position(|view| *view == self).unwrap_or(0);
        Self::ALL[(place + by) % Self::ALL.len()]
    }
}

/// How far the cursor goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Motion {
    /// So many rows down, or up.
    Rows(i32),
    /// So many screens down, or up.
    Pages(i32),
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// So many steps to the right, or to the left.
    Aside(i32),
}

/// What a key, a click or a menu asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command {
    /// Shows a view.
    Show(View),
    /// Shows the view so many places further.
    Step(usize),
    /// Moves the cursor.
    Move(Motion),
    /// Opens what the cursor is on.
    Open,
    /// Back to where that was opened, or closes what lies over the view.
    Back,
    /// Sorts by the column so many places further.
    Sort(usize),
    /// Sorts the other way round.
    Reverse,
    /// Freezes the display, or lets it go on.
    Freeze,
    /// Groups rows otherwise.
    Group,
    /// Names for addresses, or numbers.
    Names,
    /// Times of the day, or spans from the start.
    Times,
    /// Pins the row to the top, or lets it go.
    Pin,
    /// More detail in less time, or less.
    Zoom(bool),
    /// Copies a filter for Wireshark.
    Copy,
    /// Writes what is shown to a file.
    Export,
    /// The next theme.
    Theme,
    /// Shows or hides the keys of this view.
    Help,
    /// Stops the program and comes back with `fg`.
    Suspend,
    /// Draws everything anew.
    Redraw,
    /// Asks for an expression that narrows what is shown.
    Filter,
    /// Another character of it.
    Type(char),
    /// The last one goes.
    Erase,
    /// All of it goes.
    Clear,
    /// It is as wanted.
    Accept,
    /// Leaves.
    Quit,
    /// Leaves without asking.
    Interrupt,
}

/// What happened.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// A key was pressed.
    Do(Command),
    /// Something was clicked on, at this column and row of the screen; twice if `double`.
    Click {
        /// From the left.
        x: u16,
        /// From the top.
        y: u16,
        /// Opens it.
        double: bool,
    },
    /// The screen has another size: columns and rows.
    Resize(u16, u16),
    /// The analysis has come further.
    Snapshot(Arc<Snapshot>),
    /// The part of the flow table that was asked for.
    Listed(Listing),
    /// The packets of this connection, or why they can't be had.
    Laddered(u64, Result<Arc<Ladder>, String>),
    /// How much of the capture has been read, in words.
    Reading(String),
    /// No more packets will come.
    Ended,
    /// There is something to be told.
    Said(String),
}

/// What is to be done outside.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Find a part of the flow table.
    Ask(ViewQuery),
    /// Find the packets of a connection.
    Ladder(Box<ConnectionRecord>),
    /// Put this into the terminal's clipboard.
    Copy(String),
    /// Write this to a file of its own.
    Export(Export),
    /// Stop until `fg`.
    Suspend,
    /// Forget what is on the screen.
    Redraw,
    /// Leave.
    Quit,
}

/// What can be written to a file.
#[derive(Clone, PartialEq, Debug)]
pub enum Export {
    /// The report as JSON.
    Report,
    /// The connections that this asks for, a line of JSON each.
    Connections(ViewQuery),
    /// The packets of a connection.
    Packets(Box<ConnectionRecord>),
}
