//! `flowcheck live`.

mod args;
mod config;
mod interfaces;
mod metrics;
mod recording;
mod screen;
mod signals;
mod watching;

use std::sync::Arc;

pub(super) use args::LiveArgs;
pub(super) use interfaces::interfaces;

use super::error::Error;
use super::exit::Exit;
use super::page::Examples;
use super::result::{self, Lines};
use super::{say, wiring};
use crate::diagnose::look_at_own_host;
use crate::host::Sampler;
use crate::source::Source;
use crate::source::live::{self, Live, RecordOptions};
use crate::{pipeline, privileges};
use config::LiveConfig;
use metrics::Giving;
use watching::Watching;

/// Said in a page.
const NOT_KEPT: &str = "Packets of single connections are not kept while capturing: record them with -w, and read that file with \
     --html, to see them here.";

/// Captures and analyses until it is told to end, and reports.
pub(super) fn live(typed: LiveArgs) -> Result<Exit, Error> {
    if typed.list {
        return interfaces();
    }
    run(config::resolve(typed)?)
}

fn run(mut config: LiveConfig) -> Result<Exit, Error> {
    let record = config.record.take();
    let config = &config;
    let source = live::open(&config.options)?;
    let lines = Lines::open(&config.report, &[])?;
    let exporter = metrics::bind(config)?;
    let watch = source.watch();
    let folder = record.as_ref().map(RecordOptions::folder);
    let source = restrict(config, source, record)?;
    let end = Arc::clone(&watch);
    let host = Sampler::begin().watch(move |span| end.wait_for_end(span));
    let host = host.map_err(|source| Error::System {
        what: "cannot watch this host's kernel",
        source,
    })?;
    if let Some(wanted) = config.screen {
        let running = screen::Running {
            source,
            watch: &watch,
            host,
            folder,
        };
        let snapshot = screen::run(wanted, config, running)?;
        return result::conclude(&config.report, lines, snapshot, (&[], Examples::None(NOT_KEPT)));
    }
    let wanted = signals::listen(Arc::clone(&watch))?;
    if !config.report.quiet {
        say(&format!(
            "capturing on {}, filter {:?}; Ctrl-C ends it",
            config.options.interfaces.join(", "),
            config.filter
        ));
    }
    let giving = exporter.map(|exporter| Giving::begin(exporter, config));
    let mut watching = Watching::new(config, lines, Arc::clone(&watch), wanted, host);
    watching.giving = giving.transpose()?;
    let mut snapshot = pipeline::analyse(
        source,
        &wiring::engine_config(&config.report),
        config.report.threads,
        &mut watching,
    );
    snapshot.capture.filter = Some(config.filter.clone());
    let (lines, said, host) = watching.finish(&watch.known(), snapshot.capture.packets);
    look_at_own_host(&mut snapshot, host.finish());
    result::conclude(&config.report, lines, snapshot, (&said, Examples::None(NOT_KEPT)))
}

/// From here on the process can do nothing that reading packets and recording them does not need. The recording begins as
/// the user who will go on with it.
fn restrict(
    config: &LiveConfig,
    source: Live,
    record: Option<RecordOptions>,
) -> Result<Box<dyn Source>, Error> {
    let identity = privileges::drop_to(config.user.as_deref(), config.options.reopen)?;
    let folder = record.as_ref().map(RecordOptions::folder);
    let source: Box<dyn Source> = match record {
        Some(mut record) => {
            record.user.clone_from(&identity.name);
            Box::new(source.record(record)?)
        }
        None => Box::new(source),
    };
    let sandbox = privileges::sandbox(folder.as_deref());
    if config.verbose {
        let became = if identity.dropped { "now" } else { "still" };
        let kept = if config.options.reopen {
            "CAP_NET_RAW kept, "
        } else {
            ""
        };
        say(&format!(
            "privileges: {became} user {}, {kept}no new ones",
            identity.name
        ));
        say(&format!("sandbox: {sandbox}"));
    }
    Ok(source)
}
