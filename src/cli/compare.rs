//! `flowcheck compare`.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use super::args::{CommonArgs, Format};
use super::config::{self, Product, ReadConfig};
use super::error::Error;
use super::exit::Exit;
use super::output::Output;
use super::result::text_options;
use super::stop::Stop;
use super::thresholds::TypedThresholds;
use super::{say, wiring};
use crate::compare::{self, Comparison};
use crate::diagnose::expect::{self, Outcome};
use crate::diagnose::{ExchangeRecord, Snapshot};
use crate::report::anonymize::Anonymizer;
use crate::report::{json, text};

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
    common: CommonArgs,

    #[command(flatten)]
    thresholds: TypedThresholds,
}

/// Reads both sides, prints what became of the figures and judges the expectations on the one after.
pub(super) fn compare(typed: CompareArgs) -> Result<Exit, Error> {
    let product = product(&typed.common)?;
    let filter = Some(typed.filter.join(" ")).filter(|filter| !filter.trim().is_empty());
    let common = config::common(typed.common, &typed.thresholds, filter.as_deref())?;
    let mut config = ReadConfig {
        files: Vec::new(),
        filter,
        count: None,
        from: None,
        to: None,
        screen: None,
        ladder: None,
        report: common,
    };
    if typed.before == "-" && typed.after == "-" {
        let problem = "both sides can't come from standard input";
        return Err(Error::argument("- -", problem));
    }
    let mut output = Output::open(config.report.output.as_deref())?;
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

fn product(typed: &CommonArgs) -> Result<Product, Error> {
    match typed.format {
        _ if typed.json => Ok(Product::Json),
        Some(Format::Json) => Ok(Product::Json),
        None | Some(Format::Text) => Ok(Product::Text),
        Some(Format::Ndjson | Format::Csv | Format::Parquet) => Err(Error::argument(
            "--format",
            "lists connections, which are not compared; use text or json",
        )),
        Some(Format::Junit) => Err(Error::argument(
            "--format junit",
            "is for one capture: `flowcheck read AFTER --format junit`; use text or json",
        )),
    }
}

/// What is known of one side.
fn side(config: &mut ReadConfig, file: &OsStr) -> Result<Snapshot, Error> {
    let path = Path::new(file);
    if !starts_as_json(path) {
        config.files = vec![path.to_owned()];
        return wiring::analyse(config, &Stop::default(), &mut |_: &ExchangeRecord| ());
    }
    let name = path.display().to_string();
    if config.filter.is_some() {
        say(&format!(
            "warning: {name}: is a report; the filter does not change it"
        ));
    }
    let wrong = |source| Error::Report {
        name: name.clone(),
        source,
    };
    let file = File::open(path).map_err(|error| wrong(error.into()))?;
    json::read(BufReader::new(file)).map_err(wrong)
}

/// Whether the file is an object of JSON by its first character that is no blank.
fn starts_as_json(path: &Path) -> bool {
    // A pipe would lose what is looked at.
    if !path.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let mut start = [0; 64];
    let read = File::open(path).and_then(|mut file| file.read(&mut start));
    let start = start.get(..read.unwrap_or(0)).unwrap_or_default();
    start.trim_ascii_start().first() == Some(&b'{')
}
