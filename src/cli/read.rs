//! `flowcheck read`.

use std::sync::Arc;

use super::config::ReadConfig;
use super::error::Error;
use super::exit::Exit;
use super::ladder;
use super::page::Examples;
use super::result::{self, Lines};
use super::saved;
use super::screen;
use super::stop::Stop;
use super::wiring;
use crate::diagnose::ExchangeRecord;

/// Said in a page.
const SAVED: &str =
    "A saved report has no packets: read the capture to see those of single connections here.";

/// Reads captures or a saved report, prints what was asked for and judges the expectations.
pub(super) fn read(config: ReadConfig) -> Result<Exit, Error> {
    if let Some(snapshot) = saved::of(&config)? {
        let lines = Lines::open(&config.report)?;
        return result::conclude(&config.report, lines, snapshot, (&[], Examples::None(SAVED)));
    }
    let config = Arc::new(config);
    if let Some(wanted) = &config.ladder {
        return ladder::ladder(&config, wanted);
    }
    let mut lines = Lines::open(&config.report)?;
    let mut snapshot = if let Some(screen) = config.screen {
        screen::show(screen, &config)?
    } else {
        let stop = Stop::default();
        wiring::analyse(&config, &stop, &mut |exchange: &ExchangeRecord| {
            lines.exchange(exchange);
            // `| head` has seen enough; expectations and a page need the rest.
            let enough = lines.output.is_closed() && config.report.html.is_none();
            if enough && config.report.expectations.is_empty() {
                stop.now();
            }
        })?
    };
    let examples = Examples::read(&config, &snapshot)?;
    // Listed for the screen or the page alone.
    config.report.trim(&mut snapshot);
    result::conclude(&config.report, lines, snapshot, (&[], examples))
}
