//! What the screen writes to files: never over one that is there.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use crate::diagnose::Snapshot;
use crate::report::text::units::counted;
use crate::report::{feed, json};
use crate::tui::rows::connections::{Held, ViewQuery};

/// Files of the same second that are told apart.
const TRIES: u32 = 100;

/// Writes the report into `folder`; says where, or why not.
pub(super) fn report(snapshot: &Snapshot, folder: &Path) -> String {
    let written = write(folder, "json", |out| json::write(out, snapshot, &[]));
    written.map_or_else(
        |error| refused(&error),
        |name| format!("report written to {name}"),
    )
}

/// Writes the connections that `query` asks for into the current folder, a line of JSON each; says where, or why not.
pub(super) fn connections(snapshot: &Arc<Snapshot>, held: &mut Held, query: &ViewQuery) -> String {
    let rows = held.answer(snapshot, query).rows;
    let written = write(Path::new(""), "ndjson", |out| {
        feed::list_of(out, feed::Format::Ndjson, snapshot, &rows)
    });
    let many = counted(rows.len() as u64, "connection", "connections");
    written.map_or_else(
        |error| refused(&error),
        |name| format!("{many} written to {name}"),
    )
}

fn write(
    folder: &Path,
    ending: &str,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<String> {
    let (name, file) = fresh(folder, ending)?;
    let mut out = BufWriter::new(file);
    write(&mut out)?;
    out.flush()?;
    Ok(name)
}

pub(super) fn refused(error: &io::Error) -> String {
    format!("cannot write a file: {error}")
}

/// A file that was not there, readable by its owner alone.
pub(super) fn fresh(folder: &Path, ending: &str) -> io::Result<(String, File)> {
    let now = jiff::Zoned::now().strftime("%Y%m%d-%H%M%S").to_string();
    for n in 1..TRIES {
        let name = match n {
            1 => format!("flowcheck-{now}.{ending}"),
            n => format!("flowcheck-{now}-{n}.{ending}"),
        };
        let path = folder.join(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (path.display().to_string(), file)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
