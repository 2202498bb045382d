//! The flow table: one row a connection.

mod brief;
mod columns;
mod held;
mod order;
mod state;

pub use columns::{COLUMNS, LEG};
pub use held::Held;
pub use state::{State, history};

use std::net::IpAddr;

use super::Sort;
use crate::classify::Endpoint;
use crate::diagnose::catalogue::CauseId;
use crate::diagnose::{ConnectionRecord, LegName};
use crate::query::Query;

/// Which connections are wanted, by what they belong to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Scope {
    /// Of this client address.
    pub client: Option<IpAddr>,
    /// Of this server.
    pub server: Option<Endpoint>,
    /// That ended for this reason.
    pub cause: Option<CauseId>,
}

impl Scope {
    /// Those of a leg, a server or a client.
    #[must_use]
    pub const fn of(name: LegName) -> Self {
        Self {
            client: name.client,
            server: name.server,
            cause: None,
        }
    }

    /// Whether it takes in all connections.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether connections of a leg can be within.
    pub(super) fn holds_leg(&self, client: IpAddr, server: Endpoint) -> bool {
        self.client.is_none_or(|other| other == client) && self.server.is_none_or(|other| other == server)
    }
}

impl ViewQuery {
    /// Scope and filter as one expression.
    #[must_use]
    pub fn expression(&self) -> String {
        let mut terms = vec![self.filter.text().to_owned()];
        terms.extend(self.scope.client.map(|client| format!("client:{client}")));
        terms.extend(self.scope.server.map(|server| format!("server:{server}")));
        terms.extend(self.scope.cause.map(|cause| format!("cause:{}", cause.as_str())));
        terms.join(" ").trim().to_owned()
    }
}

/// Which part of the table is wanted.
#[derive(Clone, PartialEq, Debug)]
pub struct ViewQuery {
    /// Of which connections.
    pub scope: Scope,
    /// And of them those that match this.
    pub filter: Query,
    /// In which order.
    pub sort: Sort,
    /// Those of a leg together.
    pub grouped: bool,
    /// The place of the first row.
    pub first: usize,
    /// How many rows.
    pub height: usize,
    /// A connection whose place is wanted.
    pub follow: Option<u64>,
    /// Connections that are always wanted.
    pub pinned: Vec<u64>,
}

/// The part of the table that was asked for.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Listing {
    /// Rows of the scope.
    pub total: usize,
    /// The place of the first of `rows`.
    pub first: usize,
    /// The rows.
    pub rows: Vec<ConnectionRecord>,
    /// The place of the connection to follow, if it is there.
    pub place: Option<usize>,
    /// The pinned connections.
    pub pinned: Vec<ConnectionRecord>,
    /// Connections that are kept no more, or were not listed.
    pub beyond: u64,
}

/// The latest first.
pub const FIRST: Sort = Sort {
    column: columns::START,
    descending: true,
};
