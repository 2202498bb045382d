//! `flowcheck live`.

mod args;
mod config;
mod interfaces;
mod signals;
mod watching;

use std::path::Path;

pub(super) use args::LiveArgs;
pub(super) use interfaces::interfaces;

use super::error::Error;
use super::exit::Exit;
use super::result::{self, Lines};
use super::{say, wiring};
use crate::source::live;
use crate::{pipeline, privileges};
use config::LiveConfig;
use watching::Watching;

/// Captures and analyses until it is told to end, and reports.
pub(super) fn live(typed: LiveArgs) -> Result<Exit, Error> {
    if typed.list {
        return interfaces();
    }
    run(&config::resolve(typed)?)
}

fn run(config: &LiveConfig) -> Result<Exit, Error> {
    let source = live::open(&config.options)?;
    let lines = Lines::open(&config.report)?;
    give_up_privileges(config, None)?;
    let watch = source.watch();
    let wanted = signals::listen(source.watch())?;
    if !config.report.quiet {
        say(&format!(
            "capturing on {}, filter {:?}; Ctrl-C ends it",
            config.options.interfaces.join(", "),
            config.filter
        ));
    }
    let mut watching = Watching::new(config, lines, source.watch(), wanted);
    let mut snapshot = pipeline::analyse(
        Box::new(source),
        &wiring::engine_config(&config.report),
        config.report.threads,
        &mut watching,
    );
    snapshot.capture.filter = Some(config.filter.clone());
    let known = watch.known();
    let (lines, said) = watching.finish(&known, snapshot.capture.packets);
    result::conclude(&config.report, lines, snapshot, &said)
}

/// From here on the process can do nothing that reading packets does not need.
fn give_up_privileges(config: &LiveConfig, writable: Option<&Path>) -> Result<(), Error> {
    let identity = privileges::drop_to(config.user.as_deref())?;
    let sandbox = privileges::sandbox(writable);
    if config.verbose {
        let became = if identity.dropped { "now" } else { "still" };
        say(&format!(
            "privileges: {became} user {}, no new ones",
            identity.name
        ));
        say(&format!("sandbox: {sandbox}"));
    }
    Ok(())
}
