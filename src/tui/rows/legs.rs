//! Legs, one by one or added up by server or by client.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Sort, by_number};
use crate::diagnose::catalogue::CauseId;
use crate::diagnose::{Cause, Lately, Leg, LegName, Severity, Snapshot, Status};
use crate::query::Query;
use crate::report::text::units::{count, percent, share, three_digits};
use crate::tui::columns::{Cell, Column};
use crate::tui::theme::Tone;

/// What legs are added up by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Grouping {
    /// Each by itself.
    #[default]
    Legs,
    /// By server.
    Servers,
    /// By client address.
    Clients,
}

impl Grouping {
    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Legs => Self::Servers,
            Self::Servers => Self::Clients,
            Self::Clients => Self::Legs,
        }
    }

    /// What a row is.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Legs => "leg",
            Self::Servers => "server",
            Self::Clients => "client",
        }
    }

    const fn of(self, name: LegName) -> LegName {
        match self {
            Self::Legs => name,
            Self::Servers => LegName { client: None, ..name },
            Self::Clients => LegName { server: None, ..name },
        }
    }
}

/// Closes by who made them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Closers {
    /// By the client's FIN.
    pub client: u64,
    /// By the server's FIN.
    pub server: u64,
    /// By either side's RST.
    pub reset: u64,
}

/// One leg, or several.
#[derive(Clone, Debug, PartialEq)]
pub struct LegRow {
    /// Its ends; `None` is `*`.
    pub name: LegName,
    /// The answer; of several the worst.
    pub status: Status,
    /// Requests.
    pub requests: u64,
    /// Whether the number of requests rests on a heuristic.
    pub estimated: bool,
    /// Those that count for reuse.
    pub rated: u64,
    /// Of them the first ones of their connections.
    pub first: u64,
    /// The latest seconds.
    pub lately: Lately,
    /// Handshakes a second of packet time.
    pub handshakes_per_second: f64,
    /// Connections with requests, and their requests.
    pub carriers: (u64, u64),
    /// Who closed.
    pub closers: Closers,
    /// Handshakes that reuse would have avoided, where that is known.
    pub avoidable: Option<u64>,
    /// Connects that were refused or never answered.
    pub failed: u64,
    /// The cause that most connections show, those of its client's pool included: faults first, and how many.
    pub cause: TopCause,
}

/// A cause and how many connections show it.
type TopCause = Option<(CauseId, Severity, u64)>;

const fn top(cause: &Cause) -> (CauseId, Severity, u64) {
    (cause.id, cause.severity, cause.connections)
}

/// Faults before what is normal, then what more connections show.
fn heavier(a: TopCause, b: TopCause) -> TopCause {
    let weight =
        |cause: TopCause| cause.map(|(_, severity, connections)| (std::cmp::Reverse(severity), connections));
    if weight(b) > weight(a) { b } else { a }
}

impl LegRow {
    /// A leg's row; `pool` is the heaviest cause that shows on all legs of its client together.
    fn of(leg: &Leg, pool: TopCause) -> Self {
        let (figures, counts) = (&leg.figures, &leg.figures.counts);
        let closes = &counts.closes;
        let per_connection = &counts.requests_per_connection;
        Self {
            name: leg.name,
            status: leg.verdict.status,
            requests: counts.requests.total,
            estimated: counts.requests.estimated,
            rated: counts.requests.rated(),
            first: counts.requests.first,
            lately: leg.lately,
            handshakes_per_second: figures.handshakes_per_second,
            carriers: (per_connection.count(), per_connection.sum() as u64),
            closers: Closers {
                client: closes.client,
                server: closes.server,
                reset: closes.reset_by_client + closes.reset_by_server,
            },
            avoidable: figures.avoidable,
            failed: figures.failed_connects(),
            cause: heavier(leg.causes.first().map(top), pool),
        }
    }

    fn add(&mut self, other: &Self) {
        self.status = self.status.max(other.status);
        self.requests += other.requests;
        self.estimated |= other.estimated;
        self.rated += other.rated;
        self.first += other.first;
        self.lately.merge(&other.lately);
        self.handshakes_per_second += other.handshakes_per_second;
        self.carriers.0 += other.carriers.0;
        self.carriers.1 += other.carriers.1;
        self.closers.client += other.closers.client;
        self.closers.server += other.closers.server;
        self.closers.reset += other.closers.reset;
        self.avoidable = self.avoidable.zip(other.avoidable).map(|(a, b)| a + b);
        self.failed += other.failed;
        self.cause = heavier(self.cause, other.cause);
    }

    /// Share of requests on connections that had served before.
    #[must_use]
    pub fn reuse(&self) -> Option<f64> {
        (self.rated > 0).then(|| share(self.rated.saturating_sub(self.first), self.rated))
    }

    /// Requests on each connection that had any, on average.
    #[must_use]
    pub fn per_connection(&self) -> Option<f64> {
        (self.carriers.0 > 0).then(|| self.carriers.1 as f64 / self.carriers.0 as f64)
    }
}

type Order = fn(&LegRow, &LegRow) -> Ordering;

/// Columns of the bar beside the share of reuse.
const BAR: usize = 3;

/// The table's columns.
pub const COLUMNS: &[Column<LegRow, Order>] = &[
    Column {
        head: "verdict",
        about: "whether connections are reused: pass, warn, fail or inconclusive",
        width: 14,
        grows: false,
        right: false,
        rank: 0,
        cell: |row, look| {
            let (sign, word) = (look.glyphs.status(row.status), row.status.as_str());
            Cell::new(Tone::of(row.status), format!("{sign} {word}"))
        },
        order: |a, b| a.status.cmp(&b.status),
    },
    Column {
        head: "leg",
        about: "client address -> server address:port; * stands for all beyond those kept apart",
        width: 28,
        grows: true,
        right: false,
        rank: 0,
        cell: |row, look| Cell::plain(look.leg(row.name)),
        // Names are read from A on, so they stand the other way round than figures.
        order: |a, b| b.name.cmp(&a.name),
    },
    Column {
        head: "requests",
        about: "complete request heads; ~ where that is estimated",
        width: 9,
        grows: false,
        right: true,
        rank: 2,
        cell: |row, _| {
            let mark = if row.estimated { "~" } else { "" };
            Cell::plain(format!("{mark}{}", count(row.requests)))
        },
        order: |a, b| a.requests.cmp(&b.requests),
    },
    Column {
        head: "reused",
        about: "share of requests on connections that had served before, over the whole capture",
        width: BAR as u16 + 8,
        grows: false,
        right: false,
        rank: 1,
        cell: |row, look| match row.reuse() {
            Some(reuse) => {
                let bar = look.glyphs.bar(reuse, BAR);
                let blank = " ".repeat(BAR.saturating_sub(bar.chars().count()));
                Cell::new(Tone::Strong, format!("{bar}{blank}{:>8}", percent(reuse)))
            }
            None => Cell::absent(),
        },
        order: |a, b| by_number(a, b, LegRow::reuse),
    },
    Column {
        head: "10 s",
        about: "the same over the last 10 seconds of the capture",
        width: 7,
        grows: false,
        right: true,
        rank: 3,
        cell: |row, _| {
            row.lately
                .reuse()
                .map_or_else(Cell::absent, |reuse| Cell::plain(percent(reuse)))
        },
        order: |a, b| by_number(a, b, |row| row.lately.reuse()),
    },
    Column {
        head: "hs/s",
        about: "handshakes a second, over the whole capture",
        width: 6,
        grows: false,
        right: true,
        rank: 5,
        cell: |row, _| Cell::plain(three_digits(row.handshakes_per_second)),
        order: |a, b| by_number(a, b, |row| Some(row.handshakes_per_second)),
    },
    Column {
        head: "req/conn",
        about: "requests on each connection that had any, on average",
        width: 9,
        grows: false,
        right: true,
        rank: 6,
        cell: |row, _| {
            row.per_connection()
                .map_or_else(Cell::absent, |n| Cell::plain(three_digits(n)))
        },
        order: |a, b| by_number(a, b, LegRow::per_connection),
    },
    Column {
        head: "closed c/s/r",
        about: "connections closed by the client, by the server, by a reset",
        width: 14,
        grows: false,
        right: true,
        rank: 7,
        cell: |row, _| {
            let Closers {
                client,
                server,
                reset,
            } = row.closers;
            Cell::plain(format!("{}/{}/{}", count(client), count(server), count(reset)))
        },
        order: |a, b| a.closers.server.cmp(&b.closers.server),
    },
    Column {
        head: "avoidable",
        about: "handshakes that reuse would have avoided",
        width: 10,
        grows: false,
        right: true,
        rank: 9,
        cell: |row, _| match row.avoidable.filter(|_| row.rated > 0) {
            Some(n) => Cell::count(n),
            None => Cell::absent(),
        },
        order: |a, b| a.avoidable.cmp(&b.avoidable),
    },
    Column {
        head: "failed",
        about: "connects that were refused or never answered",
        width: 7,
        grows: false,
        right: true,
        rank: 8,
        cell: |row, _| match row.failed {
            0 => Cell::count(0),
            n => Cell::new(Tone::Doubtful, count(n)),
        },
        order: |a, b| a.failed.cmp(&b.failed),
    },
    Column {
        head: "cause",
        about: "id of the cause that most connections show; view 3 and `flowcheck explain` say more",
        width: 6,
        grows: false,
        right: false,
        rank: 4,
        cell: |row, _| match row.cause {
            Some((id, Severity::Fault, _)) => Cell::new(Tone::Doubtful, id.as_str()),
            Some((id, Severity::Normal, _)) => Cell::new(Tone::Dim, id.as_str()),
            None => Cell::absent(),
        },
        order: |a, b| a.cause.map(|cause| cause.0).cmp(&b.cause.map(|cause| cause.0)),
    },
];

/// The heaviest first.
pub const FIRST: Sort = Sort {
    column: 2,
    descending: true,
};

/// The rows of `snapshot` that match; rows that sort alike stand by name.
#[must_use]
pub fn rows(snapshot: &Snapshot, filter: &Query, grouping: Grouping, sort: Sort) -> Vec<LegRow> {
    let mut rows: BTreeMap<LegName, LegRow> = BTreeMap::new();
    let pools = snapshot.pools.iter();
    let pools: BTreeMap<IpAddr, TopCause> = pools
        .map(|pool| (pool.client, pool.causes.first().map(top)))
        .collect();
    for leg in snapshot.legs.iter().filter(|leg| filter.matches(*leg)) {
        let name = grouping.of(leg.name);
        let pool = leg.name.client.and_then(|client| pools.get(&client));
        let row = LegRow {
            name,
            ..LegRow::of(leg, pool.copied().flatten())
        };
        match rows.entry(name) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(row);
            }
            std::collections::btree_map::Entry::Occupied(mut place) => place.get_mut().add(&row),
        }
    }
    let mut rows: Vec<LegRow> = rows.into_values().collect();
    if let Some(column) = COLUMNS.get(sort.column) {
        rows.sort_by(|a, b| sort.apply((column.order)(a, b)));
    }
    rows
}
