//! From a configuration to a snapshot: source and analysis joined.

use std::path::PathBuf;

use super::config::{Product, ReadConfig, ReportConfig};
use super::error::Error;
use super::moment::Edge;
use super::progress::Progress;
use super::stop::Stop;
use super::words;
use crate::diagnose::Snapshot;
use crate::engine;
use crate::frame::Block;
use crate::pipeline::{self, Observer};
use crate::source::filter::Filter;
use crate::source::{self, Capture, Moment, Next, OpenOptions, Source};
use crate::time::Timestamp;

/// Reads and analyses what `config` names, until `stop`; `observer` gets every exchange if they are wanted.
pub(super) fn analyse(
    config: &ReadConfig,
    stop: &Stop,
    observer: &mut dyn Observer,
) -> Result<Snapshot, Error> {
    let capture = source(config)?;
    let progress = capture.progress();
    let total = progress.bytes_total();
    let _bar = Progress::start(config.report.quiet, total, move || progress.bytes_read());
    let engine = engine_config(&config.report);
    let mut snapshot = pipeline::analyse(stop.wrap(capture), &engine, config.report.threads, observer);
    snapshot.capture.filter.clone_from(&config.filter);
    Ok(snapshot)
}

/// Opens the files, with what is to be left out of them.
pub(super) fn source(config: &ReadConfig) -> Result<Capture, Error> {
    Ok(source::open(&config.files, options(config)?)?)
}

pub(super) fn engine_config(config: &ReportConfig) -> engine::Config {
    engine::Config {
        thresholds: config.thresholds.clone(),
        server_ports: config.server_ports.clone(),
        client_groups: config.client_groups.clone(),
        keep_connections: config.kept(),
        tell_connections: config.streams,
        keep_exchanges: matches!(config.product, Product::Exchanges { .. }),
    }
}

fn options(config: &ReadConfig) -> Result<OpenOptions, Error> {
    let filter = config.filter.as_deref().map(Filter::compile).transpose()?;
    let by_clock = [&config.from, &config.to]
        .into_iter()
        .flatten()
        .any(super::moment::Moment::needs_start);
    // A time of day means nothing before the day is known.
    let first = if by_clock {
        first_packet(&config.files)?
    } else {
        None
    };
    let moment = |typed: &Option<super::moment::Moment>, edge| {
        let typed = typed.as_ref()?;
        Some(match typed {
            super::moment::Moment::After(span) => Moment::After(*span),
            typed => Moment::At(typed.resolve(edge, first.unwrap_or_default(), &config.report.zone)),
        })
    };
    Ok(OpenOptions {
        count: config.count,
        from: moment(&config.from, Edge::From),
        to: moment(&config.to, Edge::To),
        filter,
    })
}

/// The time of the capture's first packet.
fn first_packet(files: &[PathBuf]) -> Result<Option<Timestamp>, Error> {
    words::must_be_files(
        files,
        "its day is not known yet; give --from and --to with a date, or as a span (+90s)",
    )?;
    let mut capture = source::open(files, OpenOptions::default())?;
    loop {
        match capture.next(Block::default()) {
            Next::Block(block) if block.records.is_empty() => {}
            Next::Block(block) => return Ok(block.records.first().map(|record| record.timestamp)),
            Next::Idle { .. } => {}
            Next::End => return Ok(None),
        }
    }
}
