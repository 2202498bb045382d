//! Causes of every leg and pool.

use std::cmp::Ordering;

use super::{Sort, by_number};
use crate::diagnose::catalogue::CauseId;
use crate::diagnose::{Cause, LegName, Pool, Severity, Snapshot};
use crate::query::Query;
use crate::report::text::units::{count, percent};
use crate::tui::columns::{Cell, Column};
use crate::tui::theme::Tone;

/// A cause at its place.
#[derive(Clone, Debug, PartialEq)]
pub struct CauseRow {
    /// The leg, or with any server the client's pool.
    pub place: LegName,
    /// What was found there.
    pub cause: Cause,
}

impl CauseRow {
    /// Its ids, those that can't be told apart together.
    #[must_use]
    pub fn ids(&self) -> String {
        let ids = [self.cause.id].into_iter().chain(self.cause.or.iter().copied());
        ids.map(CauseId::as_str).collect::<Vec<_>>().join(" or ")
    }

    /// What it is, in a line.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.cause.id.entry().map_or("", |entry| entry.title.as_str())
    }

    fn tone(&self) -> Tone {
        match self.cause.severity {
            Severity::Fault => Tone::Doubtful,
            Severity::Normal => Tone::Dim,
        }
    }
}

type Order = fn(&CauseRow, &CauseRow) -> Ordering;

/// The table's columns.
pub const COLUMNS: &[Column<CauseRow, Order>] = &[
    Column {
        head: "cause",
        about: "its id; `flowcheck explain ID` says all of it",
        width: 9,
        grows: false,
        right: false,
        rank: 0,
        cell: |row, _| Cell::new(row.tone(), row.ids()),
        order: |a, b| b.cause.id.cmp(&a.cause.id),
    },
    Column {
        head: "kind",
        about: "fault: something is to be done; normal: it needs no change",
        width: 6,
        grows: false,
        right: false,
        rank: 2,
        cell: |row, _| Cell::new(row.tone(), row.cause.severity.as_str()),
        order: |a, b| b.cause.severity.cmp(&a.cause.severity),
    },
    Column {
        head: "connections",
        about: "how many ended so",
        width: 12,
        grows: false,
        right: true,
        rank: 1,
        cell: |row, _| Cell::plain(count(row.cause.connections)),
        order: |a, b| a.cause.connections.cmp(&b.cause.connections),
    },
    Column {
        head: "share",
        about: "of all closes there; of connects, for those that failed",
        width: 7,
        grows: false,
        right: true,
        rank: 1,
        cell: |row, _| {
            row.cause
                .share
                .map_or_else(Cell::absent, |share| Cell::plain(percent(share)))
        },
        order: |a, b| by_number(a, b, |row| row.cause.share),
    },
    Column {
        head: "sure",
        about: "certain: packets say it; likely: nothing else known fits; possible: something else would look the same",
        width: 8,
        grows: false,
        right: false,
        rank: 4,
        cell: |row, _| Cell::plain(row.cause.confidence.as_str()),
        order: |a, b| b.cause.confidence.as_str().cmp(a.cause.confidence.as_str()),
    },
    Column {
        head: "where",
        about: "the leg; with server *: all servers of this client",
        width: 28,
        grows: false,
        right: false,
        rank: 3,
        cell: |row, look| Cell::plain(look.leg(row.place)),
        order: |a, b| b.place.cmp(&a.place),
    },
    Column {
        head: "what",
        about: "what happens",
        width: 12,
        grows: true,
        right: false,
        rank: 0,
        cell: |row, _| Cell::plain(row.title()),
        order: |a, b| b.title().cmp(a.title()),
    },
];

/// Most connections first.
pub const FIRST: Sort = Sort {
    column: 2,
    descending: true,
};

/// The rows of the legs that match, and of their pools; of rows that sort alike faults stand first.
#[must_use]
pub fn rows(snapshot: &Snapshot, filter: &Query, sort: Sort) -> Vec<CauseRow> {
    let legs = || snapshot.legs.iter().filter(|leg| filter.matches(*leg));
    let of_legs = legs().flat_map(|leg| leg.causes.iter().map(|cause| (leg.name, cause)));
    let has_leg = |pool: &&Pool| filter.is_empty() || legs().any(|leg| leg.name.client == Some(pool.client));
    let of_pools = snapshot.pools.iter().filter(has_leg).flat_map(|pool| {
        let place = LegName {
            client: Some(pool.client),
            server: None,
        };
        pool.causes.iter().map(move |cause| (place, cause))
    });
    let row = |(place, cause): (LegName, &Cause)| CauseRow {
        place,
        cause: cause.clone(),
    };
    let mut rows: Vec<CauseRow> = of_legs.chain(of_pools).map(row).collect();
    rows.sort_by_key(|row| (row.cause.severity, row.place, row.cause.id));
    if let Some(column) = COLUMNS.get(sort.column) {
        rows.sort_by(|a, b| sort.apply((column.order)(a, b)));
    }
    rows
}
