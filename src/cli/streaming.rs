//! Connections as rows while they are read: each when it ends, and none is kept.

use std::path::{Path, PathBuf};

use super::config::ReportConfig;
use super::output::Output;
use crate::aggregate::Ended;
use crate::frame::Interface;
use crate::query::{ConnectionRow, Query};
use crate::report::anonymize::Anonymizer;
use crate::report::columns::Connection;
use crate::report::feed::{Feed, Format};
use crate::time::Nanos;

/// A feed, and what is left out of it.
pub(super) struct Streaming {
    feed: Feed,
    query: Option<Query>,
    /// Rows that do not match.
    left_out: u64,
    /// The names of the sources, if there are several: interfaces without a name go by them.
    sources: Vec<String>,
    idle_close: Nanos,
}

impl Streaming {
    pub(super) fn new(format: Format, config: &ReportConfig, sources: &[PathBuf]) -> Self {
        let name = |path: &PathBuf| {
            let whole = path.display().to_string();
            // Folders say who one is.
            match Path::new(&whole).file_name().filter(|_| config.anonymize) {
                Some(base) => base.to_string_lossy().into_owned(),
                None => whole,
            }
        };
        let several = sources.len() > 1;
        Self {
            feed: Feed::new(format),
            query: config.narrowed.as_ref().map(|(query, _)| query.clone()),
            left_out: 0,
            sources: sources.iter().filter(|_| several).map(name).collect(),
            idle_close: config.thresholds.idle_close,
        }
    }

    pub(super) fn ended(
        &mut self,
        output: &mut Output,
        anonymizer: Option<&mut Anonymizer>,
        mut ended: Ended,
        interface: Option<&Interface>,
    ) {
        let source = |interface: &Interface| self.sources.get(usize::from(interface.source));
        let interface = interface.and_then(|interface| {
            let name = interface.name.as_deref();
            name.or_else(|| source(interface).map(String::as_str))
        });
        if let Some(query) = &self.query {
            let row = ConnectionRow {
                facts: &ended.facts,
                class: ended.class,
                cause: None,
                generation: None,
                interface,
                idle_close: self.idle_close,
            };
            if !query.matches(&row) {
                self.left_out += 1;
                return;
            }
        }
        if let Some(anonymizer) = anonymizer {
            anonymizer.facts(&mut ended.facts);
        }
        let row = Connection {
            facts: &ended.facts,
            class: ended.class,
            generation: None,
            cause: None,
            interface,
            idle_close: self.idle_close,
        };
        output.write(|out| self.feed.row(out, &row));
    }

    /// Hands on the rows so far.
    #[cfg(feature = "live")]
    pub(super) fn hand_on(&mut self, output: &mut Output) {
        output.write(|out| self.feed.hand_on(out));
    }

    /// Writes what is left; says how many rows were left out.
    pub(super) fn finish(self, output: &mut Output) -> u64 {
        output.write(|out| self.feed.finish(out));
        self.left_out
    }
}
