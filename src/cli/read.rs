//! `flowcheck read`.

use std::sync::Arc;

use super::config::ReadConfig;
use super::error::Error;
use super::exit::Exit;
use super::ladder;
use super::merge::Results;
use super::page::Examples;
use super::result::{self, Lines};
use super::saved::{self, Saved};
use super::screen;
use super::stop::Stop;
use super::wiring;
use crate::aggregate::Ended;
use crate::diagnose::ExchangeRecord;
use crate::frame::Interface;
use crate::pipeline::{Observer, SoFar};

/// Said in a page.
const SAVED: &str =
    "A saved report has no packets: read the capture to see those of single connections here.";

/// Reads captures or a saved report, prints what was asked for and judges the expectations.
pub(super) fn read(config: ReadConfig) -> Result<Exit, Error> {
    match saved::of(&config)? {
        Some(Saved::One(snapshot)) => {
            let lines = Lines::open(&config.report, &config.files)?;
            return result::conclude(&config.report, lines, *snapshot, (&[], Examples::None(SAVED)));
        }
        Some(Saved::Merged(parts)) => return Results::open(&config.report)?.present(parts, &config.report),
        None => {}
    }
    let config = Arc::new(config);
    if let Some(wanted) = &config.ladder {
        return ladder::ladder(&config, wanted);
    }
    let lines = Lines::open(&config.report, &config.files)?;
    let stop = Stop::default();
    let (lines, mut snapshot) = if let Some(screen) = config.screen {
        (lines, screen::show(screen, &config)?)
    } else {
        let mut reading = Reading { lines, stop: &stop };
        let snapshot = wiring::analyse(&config, &stop, &mut reading)?;
        (reading.lines, snapshot)
    };
    let examples = Examples::read(&config, &snapshot)?;
    // Listed for the screen or the page alone.
    config.report.trim(&mut snapshot);
    result::conclude(&config.report, lines, snapshot, (&[], examples))
}

/// What is printed while a capture is read.
struct Reading<'a> {
    lines: Lines<'a>,
    stop: &'a Stop,
}

impl Observer for Reading<'_> {
    fn exchange(&mut self, exchange: &ExchangeRecord) {
        self.lines.exchange(exchange);
    }

    fn ended(&mut self, ended: Ended, interface: Option<&Interface>) {
        self.lines.ended(ended, interface);
    }

    fn progress(&mut self, _: &SoFar<'_>) {
        // `| head` has seen enough; expectations and a page need the rest.
        if self.lines.has_been_enough() {
            self.stop.now();
        }
    }
}
