//! Files read again for the packets of one connection, on a thread of its own: the screen goes on meanwhile.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::super::config::ReadConfig;
use super::super::{ladder, words};
use super::exports;
use crate::diagnose::ConnectionRecord;
use crate::report::text::units::counted;
use crate::source::Exported;
use crate::tui::Action;

/// Reads, and hands over what was found.
pub(super) struct Again {
    config: Arc<ReadConfig>,
    found: (Sender<Action>, Receiver<Action>),
}

impl Again {
    pub(super) fn new(config: Arc<ReadConfig>) -> Self {
        Self {
            config,
            found: channel(),
        }
    }

    /// What was found since it was last asked.
    pub(super) fn news(&self) -> impl Iterator<Item = Action> + '_ {
        self.found.1.try_iter()
    }

    /// Looks for the packets of `record`.
    pub(super) fn ladder(&self, record: &ConnectionRecord) {
        let (id, record) = (record.facts.id, record.clone());
        self.start(move |config| {
            let found = can_be_read(config).and_then(|()| {
                let read = ladder::read_again(config, None, record);
                read.map(|(ladder, _)| Arc::new(ladder))
                    .map_err(|error| error.to_string())
            });
            Action::Laddered(id, found)
        });
    }

    /// Writes the packets of `record` to a file of its own.
    pub(super) fn export(&self, record: &ConnectionRecord) {
        let record = record.clone();
        self.start(move |config| Action::Said(export(config, record).unwrap_or_else(|why| why)));
    }

    fn start(&self, work: impl FnOnce(&ReadConfig) -> Action + Send + 'static) {
        let (config, sender) = (Arc::clone(&self.config), self.found.0.clone());
        let work = move || {
            // Whoever left the screen meanwhile wants it no more.
            let _ = sender.send(work(&config));
        };
        let started = thread::Builder::new().name("again".to_owned()).spawn(work);
        if let Err(error) = started {
            let _ = self
                .found
                .0
                .send(Action::Said(format!("cannot start a thread: {error}")));
        }
    }
}

fn can_be_read(config: &ReadConfig) -> Result<(), String> {
    let files = words::must_be_files(
        &config.files,
        "its packets can't be read again; save it to a file first",
    );
    files.map_err(|error| error.to_string())
}

fn export(config: &ReadConfig, record: ConnectionRecord) -> Result<String, String> {
    can_be_read(config)?;
    let (name, _) = exports::fresh(Path::new(""), "pcapng").map_err(|error| exports::refused(&error))?;
    let read = ladder::read_again(config, Some(&PathBuf::from(&name)), record);
    let exported = read.map_err(|error| error.to_string())?.1;
    let Exported { packets, .. } = exported.unwrap_or_default();
    Ok(format!(
        "{} written to {name}",
        counted(packets, "packet", "packets")
    ))
}
