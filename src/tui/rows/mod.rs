//! The rows of each table, their columns, and how they are sorted.

pub mod causes;
pub mod connections;
pub mod hosts;
pub mod legs;

use std::cmp::Ordering;

/// Which column rows are sorted by, and which way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sort {
    /// The column's place among all columns of the table.
    pub column: usize,
    /// The largest first.
    pub descending: bool,
}

impl Sort {
    /// `ordering` of ascending rows, as this sorts them.
    #[must_use]
    pub fn apply(self, ordering: Ordering) -> Ordering {
        if self.descending {
            ordering.reverse()
        } else {
            ordering
        }
    }

    /// By `column`; by the same again the other way round.
    #[must_use]
    pub fn by(self, column: usize) -> Self {
        Self {
            column,
            descending: if self.column == column {
                !self.descending
            } else {
                self.descending
            },
        }
    }
}

/// Numbers that may be missing: what is missing is least.
fn by_number<R>(a: &R, b: &R, number: impl Fn(&R) -> Option<f64>) -> Ordering {
    let number = |row| number(row).unwrap_or(f64::NEG_INFINITY);
    number(a).total_cmp(&number(b))
}

impl crate::tui::table::Row for legs::LegRow {
    type Id = crate::diagnose::LegName;

    fn id(&self) -> Self::Id {
        self.name
    }
}

impl crate::tui::table::Row for causes::CauseRow {
    type Id = (crate::diagnose::LegName, crate::diagnose::catalogue::CauseId);

    fn id(&self) -> Self::Id {
        (self.place, self.cause.id)
    }
}

impl crate::tui::table::Row for hosts::HostRow {
    type Id = std::net::IpAddr;

    fn id(&self) -> Self::Id {
        self.address
    }
}
