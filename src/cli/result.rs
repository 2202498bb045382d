//! What is printed of an analysis, whichever way its packets came.

use super::config::{Product, ReportConfig};
use super::error::Error;
use super::exit::Exit;
use super::output::Output;
use super::page::{self, Examples};
use super::{color, say};
use crate::diagnose::expect::{self, Outcome};
use crate::diagnose::{ExchangeRecord, Snapshot};
use crate::query;
use crate::report::anonymize::Anonymizer;
use crate::report::{html, json, lines, text};

/// Where results go, and how they are made anonymous on the way.
pub(super) struct Lines<'a> {
    config: &'a ReportConfig,
    pub(super) output: Output,
    /// Where the page for a browser goes.
    page: Option<Output>,
    anonymizer: Option<Anonymizer>,
}

impl<'a> Lines<'a> {
    /// Opens the output.
    pub(super) fn open(config: &'a ReportConfig) -> Result<Self, Error> {
        Ok(Self {
            config,
            output: Output::open(config.output.as_deref())?,
            page: page::open(config)?,
            anonymizer: config.anonymize.then(Anonymizer::default),
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
            Product::ConnectionsNdjson => lines::connections_ndjson(out, snapshot),
            Product::ConnectionsCsv => lines::connections_csv(out, snapshot),
            Product::Exchanges { .. } => Ok(()),
            Product::Text => text::write(out, snapshot, &outcomes, &text_options(config)),
        });
        outcomes
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
    if !config.quiet {
        // Lines of connections have no room for it.
        let lines = matches!(
            config.product,
            Product::ConnectionsCsv | Product::ConnectionsNdjson
        );
        if let Some(narrowed) = snapshot.narrowed.as_ref().filter(|_| lines) {
            let left_out = narrowed.connections_left_out.unwrap_or(0);
            say(&format!("--where left out {left_out} connections"));
        }
        warn(&snapshot, said);
    }
    lines.output.finish()?;
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
