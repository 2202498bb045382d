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
use crate::aggregate::Ended;
use crate::diagnose::ExchangeRecord;
use crate::frame::Interface;
use crate::pipeline::{Observer, SoFar};

/// Reads captures, prints what was asked for and judges the expectations.
pub(super) fn read(config: ReadConfig) -> Result<Exit, Error> {
    let config = Arc::new(config);
    if let Some(wanted) = &config.ladder {
        return ladder::ladder(&config, wanted);
    }
    let lines = Lines::open(&config.report, &config.files)?;
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
    let mut reading = Reading { lines, stop: &stop };
    let snapshot = wiring::analyse(&config, &stop, &mut reading)?;
    result::conclude(&config.report, reading.lines, snapshot, &[])
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
        // `| head` has seen enough; expectations need the rest.
        if self.lines.has_been_enough() {
            self.stop.now();
        }
    }
}
