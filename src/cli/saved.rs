//! Reports saved as JSON, in place of captures.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use super::config::{Product, ReadConfig};
use super::error::Error;
use crate::diagnose::Snapshot;
use crate::fleet::Part;
use crate::report::json;

/// What `read` makes of a file that is a report; `None` of any other.
fn opened<T>(
    path: &Path,
    read: fn(BufReader<File>) -> Result<T, json::SavedError>,
) -> Result<Option<T>, Error> {
    if !starts_as_json(path) {
        return Ok(None);
    }
    let wrong = |source| Error::Report {
        name: path.display().to_string(),
        source,
    };
    let file = File::open(path).map_err(|error| wrong(error.into()))?;
    read(BufReader::new(file)).map_err(wrong).map(Some)
}

/// The report in a file that is one; `None` of any other.
pub(super) fn read(path: &Path) -> Result<Option<Snapshot>, Error> {
    opened(path, json::read)
}

/// The reports in a file that is one, with the names of their capture points if it is a merged one; `None` of any other.
pub(super) fn parts(path: &Path) -> Result<Option<Vec<json::SavedReport>>, Error> {
    opened(path, json::read_parts)
}

/// What a file of a saved report holds.
pub(super) enum Saved {
    /// A report of one capture.
    One(Box<Snapshot>),
    /// Those of several capture points, which `merge` put together.
    Merged(Vec<Part>),
}

impl Saved {
    fn of(mut reports: Vec<json::SavedReport>) -> Self {
        match reports.pop() {
            Some(report) if report.point.is_none() => Self::One(Box::new(report.snapshot)),
            last => {
                let parts = reports.into_iter().chain(last).map(|report| Part {
                    point: report.point.unwrap_or_default(),
                    snapshot: report.snapshot,
                });
                Self::Merged(parts.collect())
            }
        }
    }
}

/// The report that `read` was given in place of a capture; an error where packets are asked for, which it has not.
pub(super) fn of(config: &ReadConfig) -> Result<Option<Saved>, Error> {
    let [path] = config.files.as_slice() else {
        return Ok(None);
    };
    let Some(reports) = parts(path)? else {
        return Ok(None);
    };
    let report = &config.report;
    let rows = matches!(report.product, Product::Rows(_) | Product::Exchanges { .. });
    let asked = [
        (config.filter.is_some(), "a filter"),
        (config.count.is_some(), "-c"),
        (config.from.is_some() || config.to.is_some(), "--from and --to"),
        (config.ladder.is_some(), "--ladder"),
        (config.screen.is_some(), "--tui"),
        (
            report.connections.is_some() || rows,
            "lists of connections or requests",
        ),
    ];
    match asked.iter().find(|(asked, _)| *asked) {
        None => Ok(Some(Saved::of(reports))),
        Some((_, what)) => {
            let problem = format!("is a saved report, which has no packets for {what}; name the capture");
            Err(Error::argument(path.display().to_string(), problem))
        }
    }
}

/// Whether the file is an object of JSON by its first character that is no blank.
fn starts_as_json(path: &Path) -> bool {
    // A pipe would lose what is looked at.
    if !path.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let mut start = [0; 64];
    let read = File::open(path).and_then(|mut file| file.read(&mut start));
    let start = start.get(..read.unwrap_or(0)).unwrap_or_default();
    start.trim_ascii_start().first() == Some(&b'{')
}
