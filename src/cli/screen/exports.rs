//! What the screen writes to files: never over one that is there.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use crate::diagnose::Snapshot;
use crate::report::{json, lines};
use crate::tui::rows::connections::{Held, ViewQuery};

/// Files of the same second that are told apart.
const TRIES: u32 = 100;

/// Writes the report, or the connections that `query` asks for, into the current folder; says where, or why not.
pub(super) fn export(snapshot: &Arc<Snapshot>, held: &mut Held, query: Option<&ViewQuery>) -> String {
    let ending = if query.is_some() { "ndjson" } else { "json" };
    let written = fresh(ending).and_then(|(name, file)| {
        let mut out = BufWriter::new(file);
        let n = match query {
            None => json::write(&mut out, snapshot, &[]).map(|()| None),
            Some(query) => {
                let rows = held.answer(snapshot, query).rows;
                lines::connections_of(&mut out, snapshot, &rows).map(|()| Some(rows.len()))
            }
        };
        out.flush().and(n).map(|n| (name, n))
    });
    match written {
        Ok((name, None)) => format!("report written to {name}"),
        Ok((name, Some(n))) => format!("{n} connections written to {name}"),
        Err(error) => refused(&error),
    }
}

pub(super) fn refused(error: &io::Error) -> String {
    format!("cannot write into the current folder: {error}")
}

/// A file that was not there.
pub(super) fn fresh(ending: &str) -> io::Result<(String, File)> {
    let now = jiff::Zoned::now().strftime("%Y%m%d-%H%M%S").to_string();
    for n in 1..TRIES {
        let name = match n {
            1 => format!("flowcheck-{now}.{ending}"),
            n => format!("flowcheck-{now}-{n}.{ending}"),
        };
        match OpenOptions::new().write(true).create_new(true).open(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (name, file)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
