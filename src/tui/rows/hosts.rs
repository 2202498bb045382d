//! What the kernel of each host has to hold: what the traffic predicts.

use std::cmp::Ordering;
use std::net::IpAddr;

use super::Sort;
use crate::diagnose::{Actual, Host, LOCAL_PORTS, Snapshot};
use crate::report::text::units::{count, share};
use crate::tui::columns::{Cell, Column};
use crate::tui::theme::Tone;

/// One host.
#[derive(Clone, Debug, PartialEq)]
pub struct HostRow {
    /// Its address.
    pub address: IpAddr,
    /// What it has to hold.
    pub host: Host,
}

impl HostRow {
    /// The most local ports in use towards one server, as predicted.
    #[must_use]
    pub fn ports(&self) -> u64 {
        self.host
            .ports
            .iter()
            .map(|ports| ports.in_use)
            .max()
            .unwrap_or(0)
    }
}

type Order = fn(&HostRow, &HostRow) -> Ordering;

/// Columns of the bar beside the ports in use.
const BAR: usize = 8;

/// A column of one of the host's numbers; the capturing host's kernel says what it really holds.
macro_rules! number {
    ($head:literal, $about:literal, $rank:literal, $field:ident, $actual:expr) => {
        Column {
            head: $head,
            about: $about,
            width: 13,
            grows: false,
            right: true,
            rank: $rank,
            cell: |row, _| {
                let actual: fn(&Actual) -> Option<u64> = $actual;
                beside(row.host.$field, row.host.actual.as_ref().and_then(actual))
            },
            order: |a, b| a.host.$field.cmp(&b.host.$field),
        }
    };
}

/// `735 (751)`: as predicted, and as it is.
fn beside(predicted: u64, actual: Option<u64>) -> Cell {
    match actual {
        Some(actual) => Cell::plain(format!("{} ({})", count(predicted), count(actual))),
        None => Cell::count(predicted),
    }
}

/// The table's columns.
pub const COLUMNS: &[Column<HostRow, Order>] = &[
    Column {
        head: "host",
        about: "address of a client or a server",
        width: 15,
        grows: true,
        right: false,
        rank: 0,
        cell: |row, look| Cell::plain(look.address(row.address)),
        order: |a, b| b.address.cmp(&a.address),
    },
    number!(
        "conntrack",
        "entries of connection tracking",
        1,
        conntrack_entries,
        |_| None
    ),
    number!(
        "TIME-WAIT",
        "sockets in TIME-WAIT: it sent the first FIN less than 60 s ago",
        1,
        time_wait,
        |actual| Some(actual.time_wait)
    ),
    number!(
        "FIN-WAIT-2",
        "sockets that wait for the peer's FIN",
        3,
        fin_wait_2,
        |actual| Some(actual.fin_wait_2)
    ),
    number!(
        "CLOSE-WAIT",
        "sockets that the application has not closed after the peer's FIN",
        3,
        close_wait,
        |actual| Some(actual.close_wait)
    ),
    Column {
        head: "local ports",
        about: "ports in use towards the server that takes most, of the 28,232 that Linux gives out",
        width: BAR as u16 + 8,
        grows: false,
        right: false,
        rank: 2,
        cell: |row, look| {
            let (used, part) = (row.ports(), share(row.ports(), LOCAL_PORTS));
            let bar = look.glyphs.bar(part, BAR);
            let blank = " ".repeat(BAR.saturating_sub(bar.chars().count()));
            let tone = if part > 0.8 { Tone::Bad } else { Tone::Plain };
            Cell::new(tone, format!("{bar}{blank}{:>8}", count(used)))
        },
        order: |a, b| a.ports().cmp(&b.ports()),
    },
];

/// Most entries of connection tracking first.
pub const FIRST: Sort = Sort {
    column: 1,
    descending: true,
};

/// The rows of `snapshot`; rows that sort alike stand by address.
#[must_use]
pub fn rows(snapshot: &Snapshot, sort: Sort) -> Vec<HostRow> {
    let row = |host: &Host| HostRow {
        address: host.address,
        host: host.clone(),
    };
    let mut rows: Vec<HostRow> = snapshot.hosts.iter().map(row).collect();
    rows.sort_by_key(|row| row.address);
    if let Some(column) = COLUMNS.get(sort.column) {
        rows.sort_by(|a, b| sort.apply((column.order)(a, b)));
    }
    rows
}
