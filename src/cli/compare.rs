//! `flowcheck compare`.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::args::{CommonArgs, Format};
use super::config::{self, Product, ReadConfig};
use super::error::Error;
use super::exit::Exit;
use super::output::Output;
use super::result::text_options;
use super::stop::Stop;
use super::thresholds::TypedThresholds;
use super::{page, saved, say, wiring};
use crate::compare::{self, Comparison};
use crate::diagnose::expect::{self, Outcome};
use crate::diagnose::{ExchangeRecord, Snapshot};
use crate::report::anonymize::Anonymizer;
use crate::report::{html, json, text};

#[derive(clap::Args, Debug)]
pub(super) struct CompareArgs {
    /// The capture before the change, or its JSON report
    #[arg(value_name = "BEFORE")]
    before: OsString,
    /// The capture after it, or its JSON report
    #[arg(value_name = "AFTER")]
    after: OsString,
    /// A BPF filter for the captures
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,

    #[command(flatten)]
    pub(super) common: CommonArgs,

    #[command(flatten)]
    thresholds: TypedThresholds,
}

/// Reads both sides, prints what became of the figures and judges the expectations on the one after.
pub(super) fn compare(typed: CompareArgs) -> Result<Exit, Error> {
    let product = text_or_json(&typed.common, "compared")?;
    let mut config = config::of_several(typed.common, &typed.thresholds, &typed.filter)?;
    if typed.before == "-" && typed.after == "-" {
        let problem = "both sides can't come from standard input";
        return Err(Error::argument("- -", problem));
    }
    let mut output = Output::open(config.report.output.as_deref())?;
    let page = page::open(&config.report)?;
    let mut before = side(&mut config, &typed.before)?;
    let mut after = side(&mut config, &typed.after)?;
    // Judged before addresses are replaced: --leg names real ones.
    let report = &config.report;
    let (mut outcomes, warnings) = expect::judge(&report.expectations, report.leg.as_deref(), &after);
    let mut names = [&typed.before, &typed.after].map(|name| name.to_string_lossy().into_owned());
    if report.anonymize {
        let mut anonymizer = Anonymizer::default();
        anonymizer.snapshot(&mut before);
        anonymizer.snapshot(&mut after);
        anonymizer.outcomes(&mut outcomes);
        names = ["before", "after"].map(str::to_owned);
    }
    let comparison = compare::compare((&names[0], &before), (&names[1], &after));
    if !report.quiet {
        for (name, side) in names.iter().zip([&before, &after]) {
            for warning in &side.capture.warnings {
                say(&format!("warning: {name}: {warning}"));
            }
        }
        for warning in &warnings {
            say(&format!("warning: {warning}"));
        }
    }
    output.write(|out| print(out, product, &comparison, &outcomes, report));
    output.finish()?;
    if let Some(mut page) = page {
        let sides = (&before, &after);
        page.write(|out| html::write_comparison(out, &comparison, sides, &outcomes, &page::options(report)));
        page.finish()?;
    }
    Ok(Exit::of(&outcomes))
}

fn print(
    out: &mut dyn std::io::Write,
    product: Product,
    comparison: &Comparison,
    outcomes: &[Outcome],
    config: &config::ReportConfig,
) -> std::io::Result<()> {
    if product == Product::Json {
        json::comparison::write(out, comparison, outcomes)
    } else {
        text::comparison::write(out, comparison, outcomes, &text_options(config))
    }
}

/// Of what is made of several captures there are two forms; connections are not `done` to.
pub(super) fn text_or_json(typed: &CommonArgs, done: &str) -> Result<Product, Error> {
    match typed.format {
        _ if typed.json => Ok(Product::Json),
        Some(Format::Json) => Ok(Product::Json),
        None | Some(Format::Text) => Ok(Product::Text),
        Some(Format::Ndjson | Format::Csv | Format::Parquet) => Err(Error::argument(
            "--format",
            format!("lists connections, which are not {done}; use text or json"),
        )),
        Some(Format::Junit) => Err(Error::argument(
            "--format junit",
            "is for one capture: `flowcheck read FILE --format junit`; use text or json",
        )),
    }
}

/// What is known of one side.
fn side(config: &mut ReadConfig, file: &OsStr) -> Result<Snapshot, Error> {
    let path = Path::new(file);
    let Some(snapshot) = saved::read(path)? else {
        config.files = vec![path.to_owned()];
        return wiring::analyse(config, &Stop::default(), &mut |_: &ExchangeRecord| ());
    };
    if config.filter.is_some() {
        let name = path.display();
        say(&format!(
            "warning: {name}: is a report; the filter does not change it"
        ));
    }
    Ok(snapshot)
}
