//! What is printed of an analysis, whichever way its packets came.

use std::path::PathBuf;

use super::config::{Product, ReportConfig};
use super::error::Error;
use super::exit::Exit;
use super::output::{self, Output};
use super::page::{self, Examples};
use super::streaming::Streaming;
use super::{color, say};
use crate::aggregate::Ended;
use crate::diagnose::expect::{self, Outcome};
use crate::diagnose::{ExchangeRecord, Snapshot};
use crate::frame::Interface;
use crate::query;
use crate::report::anonymize::Anonymizer;
use crate::report::{feed, html, json, junit, lines, text};

/// Where results go, and how they are made anonymous on the way.
pub(super) struct Lines<'a> {
    config: &'a ReportConfig,
    pub(super) output: Output,
    /// Where the page for a browser goes.
    page: Option<Output>,
    /// Where the report as JSON goes, beside what is printed.
    saved: Option<Output>,
    anonymizer: Option<Anonymizer>,
    streaming: Option<Streaming>,
}

impl<'a> Lines<'a> {
    /// Opens the output; `sources` are the files that are read.
    pub(super) fn open(config: &'a ReportConfig, sources: &[PathBuf]) -> Result<Self, Error> {
        Ok(Self {
            config,
            output: Output::open(config.output.as_deref())?,
            page: page::open(config)?,
            saved: open_saved(config)?,
            anonymizer: config.anonymize.then(Anonymizer::default),
            streaming: match config.product {
                Product::Rows(format) if config.streams => Some(Streaming::new(format, config, sources)),
                _ => None,
            },
        })
    }

    /// Prints an exchange, if exchanges are what is wanted.
    pub(super) fn exchange(&mut self, exchange: &ExchangeRecord) {
        let Product::Exchanges { whole_targets } = self.config.product else {
            return;
        };
        let hidden = self
            .anonymizer
            .as_mut()
            .map(|anonymizer| anonymizer.exchange(exchange));
        let shown = hidden.as_ref().unwrap_or(exchange);
        self.output
            .write(|out| lines::exchange(out, shown, whole_targets));
    }

    /// Prints a connection that ended, if that is what is wanted.
    pub(super) fn ended(&mut self, ended: Ended, interface: Option<&Interface>) {
        if let Some(streaming) = &mut self.streaming {
            streaming.ended(&mut self.output, self.anonymizer.as_mut(), ended, interface);
        }
    }

    /// Nobody reads what is printed any more, and nothing else is wanted.
    pub(super) fn has_been_enough(&self) -> bool {
        let config = self.config;
        let no_file = config.html.is_none() && config.saved.is_none();
        self.output.is_closed() && config.expectations.is_empty() && no_file
    }

    /// Hands on what was printed so far.
    #[cfg(feature = "live")]
    pub(super) fn flush(&mut self) {
        if let Some(streaming) = &mut self.streaming {
            streaming.hand_on(&mut self.output);
        }
        self.output.flush();
    }

    /// Prints a report and says how the expectations were judged.
    pub(super) fn report(&mut self, snapshot: &mut Snapshot) -> Vec<Outcome> {
        let config = self.config;
        // Judged before addresses are replaced: --leg names real ones.
        let (mut outcomes, warnings) = expect::judge(&config.expectations, config.leg.as_deref(), snapshot);
        snapshot.capture.warnings.extend(warnings);
        if let Some((query, most)) = &config.narrowed {
            query::narrow(query, *most, snapshot);
        }
        if let Some(anonymizer) = &mut self.anonymizer {
            anonymizer.snapshot(snapshot);
            anonymizer.outcomes(&mut outcomes);
        }
        self.output.write(|out| match config.product {
            Product::Json => json::write(out, snapshot, &outcomes),
            Product::JsonLine => json::write_line(out, snapshot, &outcomes),
            Product::Rows(format) if !config.streams => feed::list(out, format, snapshot),
            Product::Junit => junit::write(out, snapshot, &outcomes),
            Product::Rows(_) | Product::Exchanges { .. } => Ok(()),
            Product::Text => text::write(out, snapshot, &outcomes, &text_options(config)),
        });
        outcomes
    }
}

/// Opens the file of `--report` before any packet is read; `None` where none is asked for.
fn open_saved(config: &ReportConfig) -> Result<Option<Output>, Error> {
    let Some(path) = &config.saved else {
        return Ok(None);
    };
    let page = config.html.as_ref().map(|page| &page.file);
    let others = [(config.output.as_ref(), "-o"), (page, "--html")];
    if path.as_os_str() == "-" {
        let problem = "writes a file; --json prints the report on standard output";
        return Err(Error::argument("--report -", problem));
    }
    let same = |other: Option<&PathBuf>| other.is_some_and(|other| output::is_same(other, path));
    match others.iter().find(|(other, _)| same(*other)) {
        None => Output::file("--report", path).map(Some),
        Some((_, option)) => {
            let problem = format!("is the file of {option}, too; name another one");
            Err(Error::argument(format!("--report {}", path.display()), problem))
        }
    }
}

/// How to print text.
pub(super) fn text_options(config: &ReportConfig) -> text::Options {
    let stdout = std::io::stdout();
    text::Options {
        width: if config.output.is_some() {
            text::PLAIN_WIDTH
        } else {
            color::width(&stdout)
        },
        color: color::wanted(config.color, config.output.is_none().then_some(&stdout)),
        zone: config.zone.clone(),
        explain: config.explain,
    }
}

/// Prints the report and those of its warnings that are not `said` already, writes the page, and judges the expectations.
pub(super) fn conclude(
    config: &ReportConfig,
    mut lines: Lines<'_>,
    mut snapshot: Snapshot,
    (said, examples): (&[String], Examples),
) -> Result<Exit, Error> {
    let outcomes = lines.report(&mut snapshot);
    let streamed = lines.streaming.take();
    let streamed = streamed.map(|streaming| streaming.finish(&mut lines.output));
    if !config.quiet {
        // Rows of connections have no room for it.
        let rows = matches!(config.product, Product::Rows(_));
        if let Some(narrowed) = snapshot.narrowed.as_ref().filter(|_| rows) {
            let left_out = streamed.or(narrowed.connections_left_out).unwrap_or(0);
            say(&format!("--where left out {left_out} connections"));
        }
        warn(&snapshot, said);
    }
    lines.output.finish()?;
    if let Some(mut saved) = lines.saved {
        saved.write(|out| json::write(out, &snapshot, &outcomes));
        saved.finish()?;
    }
    if let Some(mut page) = lines.page {
        let examples = examples.hidden(lines.anonymizer.as_mut());
        page.write(|out| {
            html::write(
                out,
                &snapshot,
                &outcomes,
                examples.packets(),
                &page::options(config),
            )
        });
        page.finish()?;
    }
    Ok(Exit::of(&outcomes))
}

/// Says the warnings of a report that are not `said` already.
pub(super) fn warn(snapshot: &Snapshot, said: &[String]) {
    let warnings = snapshot.capture.warnings.iter();
    warnings
        .filter(|warning| !said.contains(warning))
        .for_each(|warning| say(&format!("warning: {warning}")));
}
