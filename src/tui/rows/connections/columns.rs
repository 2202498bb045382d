//! Columns of the flow table. Slugs are those of every other output.

use super::ViewQuery;
use super::state::{State, age, history, idle};
use crate::classify::Class;
use crate::diagnose::{ConnectionRecord, LegName};
use crate::query::Field;
use crate::report::text::units::count;
use crate::time::{Nanos, Timestamp};
use crate::tui::columns::{Cell, Column};
use crate::tui::look;
use crate::tui::theme::Tone;

/// What connections are sorted by.
pub struct By {
    /// The field that a query sorts by, where they are not all here.
    pub(super) field: Field,
    /// The same as a number: 100,000 of them are sorted while a key is pressed.
    pub(super) key: fn(&ConnectionRecord, &Keys) -> u64,
}

/// What keys need beside the connection.
pub(super) struct Keys {
    /// The present, in packet time.
    pub(super) now: Timestamp,
    /// The place of its leg among the names, sorted.
    pub(super) leg: u32,
}

pub(super) const fn leg(record: &ConnectionRecord) -> LegName {
    LegName {
        client: Some(record.facts.client.address),
        server: Some(record.facts.server),
    }
}

/// The place of `start` below.
pub(super) const START: usize = 2;
/// The head of the column that is not needed within one leg.
pub const LEG: &str = "leg";

/// A span in the order of numbers; none is least.
fn of_span(span: Option<Nanos>) -> u64 {
    span.map_or(0, |span| span.max(0).cast_unsigned() + 1)
}

/// The table's columns.
pub const COLUMNS: &[Column<ConnectionRecord, By>] = &[
    Column {
        head: LEG,
        about: "client address -> server address:port",
        width: 28,
        grows: true,
        right: false,
        rank: 0,
        cell: |row, look| Cell::plain(look.leg(leg(row))),
        // Names are read from A on, so they stand the other way round than figures.
        order: By {
            field: Field::Server,
            key: |_, keys| u64::MAX - u64::from(keys.leg),
        },
    },
    Column {
        head: "port",
        about: "the client's port",
        width: 5,
        grows: false,
        right: true,
        rank: 0,
        cell: |row, _| Cell::plain(row.facts.client.port.to_string()),
        order: By {
            field: Field::Client,
            key: |row, _| row.facts.client.port.into(),
        },
    },
    Column {
        head: "start",
        about: "time of its first packet",
        width: 12,
        grows: false,
        right: true,
        rank: 6,
        cell: |row, look| Cell::new(Tone::Dim, look.time(row.facts.start)),
        order: By {
            field: Field::Start,
            key: |row, _| row.facts.start.nanos().cast_unsigned() ^ (1 << 63),
        },
    },
    Column {
        head: "state",
        about: "opening, busy (a request waits), idle, closed, reset, refused, no answer, lost (its ports were taken over)",
        width: 9,
        grows: false,
        right: false,
        rank: 2,
        cell: |row, _| {
            let state = State::of(&row.facts);
            let tone = match state {
                State::Busy | State::Idle | State::Opening => Tone::Strong,
                State::Closed | State::Lost => Tone::Plain,
                State::Reset => Tone::Doubtful,
                State::Refused | State::Unanswered => Tone::Bad,
            };
            Cell::new(tone, state.as_str())
        },
        order: By {
            field: Field::State,
            key: |row, _| State::of(&row.facts) as u64,
        },
    },
    Column {
        head: "class",
        about: "what it was used for; `flowcheck explain per_request` says more",
        width: 12,
        grows: false,
        right: false,
        rank: 1,
        cell: |row, _| {
            let tone = match row.class {
                Class::Persistent | Class::Multiplexed => Tone::Good,
                Class::PerRequest | Class::Unreused => Tone::Doubtful,
                Class::Failed => Tone::Bad,
                Class::Undetermined => Tone::Unsure,
                Class::Check | Class::Tunnel | Class::Tls | Class::Other => Tone::Plain,
            };
            Cell::new(tone, row.class.as_str())
        },
        order: By {
            field: Field::Class,
            key: |row, _| row.class as u64,
        },
    },
    Column {
        head: "requests",
        about: "complete request heads",
        width: 9,
        grows: false,
        right: true,
        rank: 1,
        cell: |row, _| Cell::count(row.facts.requests.into()),
        order: By {
            field: Field::Requests,
            key: |row, _| row.facts.requests.into(),
        },
    },
    Column {
        head: "closer",
        about: "who sent the first FIN, or RST before any FIN",
        width: 15,
        grows: false,
        right: false,
        rank: 4,
        cell: |row, _| match row.facts.closer {
            Some(closer) => Cell::plain(closer.as_str()),
            None => Cell::absent(),
        },
        order: By {
            field: Field::Closer,
            key: |row, _| row.facts.closer.map_or(0, |closer| 1 + closer as u64),
        },
    },
    Column {
        head: "idle",
        about: "from its last response to its close, or while it is open to now",
        width: 8,
        grows: false,
        right: true,
        rank: 5,
        cell: |row, look| {
            idle(&row.facts, look.now).map_or_else(Cell::absent, |span| Cell::plain(look::span(span)))
        },
        order: By {
            field: Field::Idle,
            key: |row, keys| of_span(idle(&row.facts, keys.now)),
        },
    },
    Column {
        head: "age",
        about: "from its first packet to its close, or while it is open to now",
        width: 8,
        grows: false,
        right: true,
        rank: 7,
        cell: |row, look| Cell::plain(look::span(age(&row.facts, look.now))),
        order: By {
            field: Field::Duration,
            key: |row, keys| of_span(Some(age(&row.facts, keys.now))),
        },
    },
    Column {
        head: "cause",
        about: "id of what ended it; `flowcheck explain ID` says more",
        width: 6,
        grows: false,
        right: false,
        rank: 3,
        cell: |row, _| {
            row.cause
                .map_or_else(Cell::absent, |cause| Cell::plain(cause.as_str()))
        },
        order: By {
            field: Field::Cause,
            key: |row, _| row.cause.map_or(0, |cause| 1 + cause as u64),
        },
    },
    Column {
        head: "history",
        about: "order of first events in tcpdump's flags, those of the server behind <",
        width: 29,
        grows: false,
        right: false,
        rank: 8,
        cell: |row, _| Cell::new(Tone::Dim, history(row.facts.history)),
        order: By {
            field: Field::History,
            key: |row, _| row.facts.history.rank(),
        },
    },
    Column {
        head: "bytes",
        about: "TCP payload in both directions",
        width: 11,
        grows: false,
        right: true,
        rank: 9,
        cell: |row, _| {
            Cell::new(
                Tone::Dim,
                count(row.facts.bytes_to_server + row.facts.bytes_to_client),
            )
        },
        order: By {
            field: Field::Bytes,
            key: |row, _| row.facts.bytes_to_server + row.facts.bytes_to_client,
        },
    },
];

impl ViewQuery {
    /// The field that rows are sorted by.
    #[must_use]
    pub fn field(&self) -> Field {
        if self.grouped {
            Field::Server
        } else {
            COLUMNS
                .get(self.sort.column)
                .map_or(Field::Start, |column| column.order.field)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_sort_by_length_and_none_is_least() {
        assert!(of_span(None) < of_span(Some(0)) && of_span(Some(0)) < of_span(Some(5)));
    }

    #[test]
    fn start_is_where_the_first_order_looks_for_it() {
        assert_eq!(COLUMNS[START].head, "start");
    }
}
