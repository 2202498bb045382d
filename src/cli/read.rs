//! `flowcheck read`.

use super::config::{Product, ReadConfig};
use super::error::Error;
use super::exit::Exit;
use super::output::Output;
use super::stop::Stop;
use super::{color, say, wiring};
use crate::diagnose::{ExchangeRecord, Snapshot};
use crate::diagnose::expect::{self, Outcome};
use crate::report::anonymize::Anonymizer;
use crate::report::{json, lines, text};

/// Reads captures, prints what was asked for and judges the expectations.
pub(super) fn read(config: &ReadConfig) -> Result<Exit, Error> {
    let mut output = Output::open(config.output.as_deref())?;
    let mut anonymizer = config.anonymize.then(Anonymizer::default);
    let stop = Stop::default();
    let mut snapshot = wiring::analyse(config, &stop, &mut |exchange: &ExchangeRecord| {
        let Product::Exchanges { whole_targets } = config.product else {
            return;
        };
        let hidden = anonymizer
            .as_mut()
            .map(|anonymizer| anonymizer.exchange(exchange));
        output.write(|out| lines::exchange(out, hidden.as_ref().unwrap_or(exchange), whole_targets));
        // `| head` has seen enough; expectations need the rest.
        if output.is_closed() && config.expectations.is_empty() {
            stop.now();
        }
    })?;
    // Judged before addresses are replaced: --leg names real ones.
    let (mut outcomes, warnings) = expect::judge(&config.expectations, config.leg.as_deref(), &snapshot);
    snapshot.capture.warnings.extend(warnings);
    if let Some(anonymizer) = &mut anonymizer {
        anonymizer.snapshot(&mut snapshot);
        anonymizer.outcomes(&mut outcomes);
    }
    if !config.quiet {
        snapshot
            .capture
            .warnings
            .iter()
            .for_each(|warning| say(&format!("warning: {warning}")));
    }
    write(config, &mut output, &snapshot, &outcomes);
    output.finish()?;
    Ok(Exit::of(&outcomes))
}

fn write(config: &ReadConfig, output: &mut Output, snapshot: &Snapshot, outcomes: &[Outcome]) {
    output.write(|out| match config.product {
        Product::Json => json::write(out, snapshot, outcomes),
        Product::ConnectionsNdjson => lines::connections_ndjson(out, snapshot),
        Product::ConnectionsCsv => lines::connections_csv(out, snapshot),
        Product::Exchanges { .. } => Ok(()),
        Product::Text => {
            let stdout = std::io::stdout();
            let options = text::Options {
                width: if config.output.is_some() {
                    text::PLAIN_WIDTH
                } else {
                    color::width(&stdout)
                },
                color: color::wanted(config.color, config.output.is_none().then_some(&stdout)),
                zone: config.zone.clone(),
            };
            text::write(out, snapshot, outcomes, &options)
        }
    });
}
