//! `flowcheck read`.

use std::sync::Arc;

use super::config::ReadConfig;
use super::error::Error;
use super::exit::Exit;
use super::ladder;
use super::result::{self, Lines};
use super::screen;
use super::stop::Stop;
use super::wiring;
use crate::diagnose::ExchangeRecord;

/// Reads captures, prints what was asked for and judges the expectations.
pub(super) fn read(config: ReadConfig) -> Result<Exit, Error> {
    let config = Arc::new(config);
    if let Some(wanted) = &config.ladder {
        return ladder::ladder(&config, wanted);
    }
    let mut lines = Lines::open(&config.report)?;
    if let Some(screen) = config.screen {
        let mut snapshot = screen::show(screen, &config)?;
        if config.report.connections.is_none() {
            // Listed for the screen alone.
            snapshot.connections = None;
            snapshot.capture.connections_omitted = 0;
        }
        return result::conclude(&config.report, lines, snapshot, &[]);
    }
    let stop = Stop::default();
    let snapshot = wiring::analyse(&config, &stop, &mut |exchange: &ExchangeRecord| {
        lines.exchange(exchange);
        // `| head` has seen enough; expectations need the rest.
        if lines.output.is_closed() && config.report.expectations.is_empty() {
            stop.now();
        }
    })?;
    result::conclude(&config.report, lines, snapshot, &[])
}
