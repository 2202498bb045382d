//! Feeds: connections as rows, one after the other, in the columns of the one list.

mod csv;
mod ndjson;
#[cfg(feature = "parquet")]
mod table;

use std::io::{self, Write};

use super::columns::Connection;
use crate::diagnose::{ConnectionRecord, Snapshot};

/// How rows are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// A JSON object a line, with the keys of the report's `connections`.
    Ndjson,
    /// RFC 4180, with a head line.
    Csv,
    /// Apache Parquet.
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Format {
    /// Whether one list can follow another in one output.
    #[must_use]
    pub const fn can_be_repeated(self) -> bool {
        match self {
            Self::Ndjson | Self::Csv => true,
            #[cfg(feature = "parquet")]
            Self::Parquet => false,
        }
    }
}

/// Rows are gathered up to so many bytes: a call for each would cost more than most rows.
const AT_ONCE: usize = 1 << 15;

/// A feed on its way. What was not [finished](Self::finish) is incomplete.
pub struct Feed {
    begun: bool,
    rows: Rows,
    gathered: Vec<u8>,
}

enum Rows {
    Ndjson,
    Csv,
    #[cfg(feature = "parquet")]
    Parquet(Box<table::Table>),
}

impl Feed {
    /// Nothing is written yet.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self {
            begun: false,
            rows: match format {
                Format::Ndjson => Rows::Ndjson,
                Format::Csv => Rows::Csv,
                #[cfg(feature = "parquet")]
                Format::Parquet => Rows::Parquet(Box::default()),
            },
            gathered: Vec::with_capacity(AT_ONCE + (AT_ONCE >> 3)),
        }
    }

    /// What stands before the first row.
    fn begin(&mut self) {
        if !std::mem::replace(&mut self.begun, true) && matches!(self.rows, Rows::Csv) {
            csv::head(&mut self.gathered);
        }
    }

    /// Adds a row, and writes what was gathered if it is enough.
    ///
    /// # Errors
    /// What `out` could not take.
    pub fn row(&mut self, out: &mut dyn Write, row: &Connection<'_>) -> io::Result<()> {
        self.begin();
        match &mut self.rows {
            Rows::Ndjson => ndjson::row(&mut self.gathered, row)?,
            Rows::Csv => csv::row(&mut self.gathered, row)?,
            #[cfg(feature = "parquet")]
            Rows::Parquet(table) => table.row(&mut self.gathered, row)?,
        }
        if self.gathered.len() >= AT_ONCE {
            self.hand_on(out)?;
        }
        Ok(())
    }

    /// Writes what was gathered. (A table's rows are gathered by the ten thousand nevertheless.)
    ///
    /// # Errors
    /// What `out` could not take.
    pub fn hand_on(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&self.gathered)?;
        self.gathered.clear();
        Ok(())
    }

    /// Writes everything, and what stands after the last row.
    ///
    /// # Errors
    /// What `out` could not take.
    pub fn finish(mut self, out: &mut dyn Write) -> io::Result<()> {
        self.begin();
        #[cfg(feature = "parquet")]
        if let Rows::Parquet(table) = self.rows {
            table.finish(&mut self.gathered)?;
            return out.write_all(&self.gathered);
        }
        self.hand_on(out)
    }
}

/// Writes the connections of a snapshot's list.
///
/// # Errors
/// What `out` could not take.
pub fn list(out: &mut dyn Write, format: Format, snapshot: &Snapshot) -> io::Result<()> {
    list_of(
        out,
        format,
        snapshot,
        snapshot.connections.as_deref().unwrap_or_default(),
    )
}

/// The same of these connections of the snapshot.
///
/// # Errors
/// What `out` could not take.
pub fn list_of(
    out: &mut dyn Write,
    format: Format,
    snapshot: &Snapshot,
    records: &[ConnectionRecord],
) -> io::Result<()> {
    let mut feed = Feed::new(format);
    for record in records {
        feed.row(out, &Connection::new(snapshot, record))?;
    }
    feed.finish(out)
}
