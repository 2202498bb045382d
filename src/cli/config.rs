//! What the program will do: what was typed, validated, with its defaults.

#[cfg(feature = "parquet")]
use std::io::IsTerminal;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::LazyLock;

use jiff::tz::TimeZone;

use super::args::{CommonArgs, Format, ReadArgs, ReportArgs, When};
use super::error::Error;
use super::moment::Moment;
use super::screen::{self, ScreenConfig};
use super::thresholds::TypedThresholds;
use super::words;
use crate::diagnose::Snapshot;
use crate::diagnose::expect::Expectation;
use crate::limits::LISTED_CONNECTIONS;
use crate::pipeline;
use crate::query::{Field, Query};
use crate::report::feed;
use crate::source::filter::ports;
use crate::thresholds::Thresholds;

/// What to print.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Product {
    Text,
    Json,
    /// The same in a line, after the lines of `live --ndjson`.
    #[cfg_attr(
        not(feature = "live"),
        expect(dead_code, reason = "live alone prints lines before the report")
    )]
    JsonLine,
    /// Connections as rows.
    Rows(feed::Format),
    Junit,
    /// One line an exchange, with query strings or without.
    Exchanges {
        whole_targets: bool,
    },
}

/// A `read` that can be carried out.
#[derive(Debug)]
pub(super) struct ReadConfig {
    pub(super) files: Vec<PathBuf>,
    pub(super) filter: Option<String>,
    pub(super) count: Option<u64>,
    pub(super) from: Option<Moment>,
    pub(super) to: Option<Moment>,
    pub(super) ladder: Option<LadderConfig>,
    /// How the screen is to look, if one is wanted.
    pub(super) screen: Option<ScreenConfig>,
    pub(super) report: ReportConfig,
}

/// Whose packets to print, and where to write them.
#[derive(Debug)]
pub(super) struct LadderConfig {
    /// The connection's id.
    pub(super) id: u64,
    pub(super) export: Option<PathBuf>,
}

/// A page for a browser.
#[derive(Debug)]
pub(super) struct PageConfig {
    /// Where it goes.
    pub(super) file: PathBuf,
    /// Whether it shows the packets of some connections, which are looked for in the list of all.
    pub(super) examples: bool,
}

/// What to make of packets, wherever they come from.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(super) struct ReportConfig {
    /// The machine's is looked for when a time of day is read or printed: that takes longer than all else before the first
    /// packet of a file.
    pub(super) zone: LazyLock<TimeZone>,
    pub(super) thresholds: Thresholds,
    /// Named ones first, then those in the filter.
    pub(super) server_ports: Vec<u16>,
    pub(super) client_groups: Vec<Vec<IpAddr>>,
    /// How many connections to keep for listing.
    pub(super) connections: Option<usize>,
    /// Rows are written when connections end, not listed when all was read.
    pub(super) streams: bool,
    pub(super) product: Product,
    pub(super) output: Option<PathBuf>,
    /// The page for a browser, beside what is printed.
    pub(super) html: Option<PageConfig>,
    /// The report as JSON, beside what is printed.
    pub(super) saved: Option<PathBuf>,
    pub(super) anonymize: bool,
    /// Engines that analyse.
    pub(super) threads: usize,
    pub(super) color: When,
    /// Text reports say how their figures are counted.
    pub(super) explain: bool,
    pub(super) quiet: bool,
    pub(super) expectations: Vec<Expectation>,
    pub(super) leg: Option<String>,
    /// Which legs and connections are shown, and how many connections.
    pub(super) narrowed: Option<(Query, usize)>,
}

impl ReportConfig {
    /// How many connections the analysis has to keep.
    pub(super) fn kept(&self) -> Option<usize> {
        if self.html.as_ref().is_some_and(|page| page.examples) {
            return Some(self.connections.unwrap_or(0).max(LISTED_CONNECTIONS));
        }
        self.connections
    }

    /// Leaves of a list that was kept for more than to be printed what `--connections` asked for.
    pub(super) fn trim(&self, snapshot: &mut Snapshot) {
        let Some(most) = self.connections else {
            snapshot.connections = None;
            snapshot.capture.connections_omitted = 0;
            return;
        };
        if let Some(list) = &mut snapshot.connections {
            snapshot.capture.connections_omitted += list.len().saturating_sub(most) as u64;
            list.truncate(most);
        }
    }
}

/// Checks what was typed and fills in the rest.
pub(super) fn resolve(typed: ReadArgs) -> Result<ReadConfig, Error> {
    let split = words::split(typed.words, typed.filter)?;
    let mut report = report(typed.report, &typed.thresholds, split.filter.as_deref())?;
    let ladder = typed.ladder.map(|id| LadderConfig {
        id,
        export: typed.export,
    });
    if ladder.is_some() {
        if !matches!(report.product, Product::Text | Product::Json) {
            let problem = "is text or JSON: --format text, --format json";
            return Err(Error::argument("--ladder", problem));
        }
        report.connections = Some(LISTED_CONNECTIONS);
    }
    let zone = &report.zone;
    let moment = |option: &str, text: &Option<String>| {
        let parsed = text
            .as_ref()
            .map(|text| Moment::parse(text, zone).map_err(|problem| (text, problem)));
        parsed
            .transpose()
            .map_err(|(text, problem)| Error::argument(format!("{option} {text}"), problem))
    };
    let (from, to) = (moment("--from", &typed.from)?, moment("--to", &typed.to)?);
    let reversed = match (&from, &to) {
        (Some(Moment::After(from)), Some(Moment::After(to))) => from > to,
        (Some(Moment::At(from)), Some(Moment::At(to))) => from > to,
        _ => false,
    };
    if reversed {
        return Err(Error::argument(
            "--from",
            "is later than --to; nothing would be read",
        ));
    }
    if typed.count == Some(0) {
        return Err(Error::argument(
            "-c 0",
            "nothing would be read; leave -c out to read all packets",
        ));
    }
    if let Some(page) = &mut report.html {
        page.examples = words::must_be_files(&split.files, "").is_ok();
    }
    let screen = if typed.tui {
        screen::needs_terminal()?;
        if report.streams {
            // The screen keeps them all the same.
            report.streams = false;
            report.connections = Some(LISTED_CONNECTIONS);
        }
        Some(typed.screen.resolve())
    } else {
        None
    };
    Ok(ReadConfig {
        files: split.files,
        filter: split.filter,
        count: typed.count,
        from,
        to,
        ladder,
        screen,
        report,
    })
}

/// The same for `read` and `live`; ports in the filter are the servers'.
pub(super) fn report(
    typed: ReportArgs,
    thresholds: &TypedThresholds,
    filter: Option<&str>,
) -> Result<ReportConfig, Error> {
    let product = product(&typed)?;
    let query = typed.narrowed.as_deref().map(query).transpose()?;
    let rows = matches!(product, Product::Rows(_));
    let streams = rows && typed.connections.is_none() && !query.as_ref().is_some_and(needs_the_end);
    let connections = typed
        .connections
        .or((rows && !streams).then_some(LISTED_CONNECTIONS));
    let narrowed = query.map(|query| (query, connections.unwrap_or(LISTED_CONNECTIONS)));
    // Which ones match is not known before the end.
    let kept = |most: usize| {
        if narrowed.is_some() {
            most.max(LISTED_CONNECTIONS)
        } else {
            most
        }
    };
    Ok(ReportConfig {
        connections: connections.map(kept),
        streams,
        product,
        narrowed,
        saved: typed.saved,
        ..common(typed.common, thresholds, filter)?
    })
}

/// For captures that are analysed one by one; their files are named later.
pub(super) fn of_several(
    typed: CommonArgs,
    thresholds: &TypedThresholds,
    filter: &[String],
) -> Result<ReadConfig, Error> {
    let filter = Some(filter.join(" ")).filter(|filter| !filter.trim().is_empty());
    Ok(ReadConfig {
        files: Vec::new(),
        count: None,
        from: None,
        to: None,
        screen: None,
        ladder: None,
        report: common(typed, thresholds, filter.as_deref())?,
        filter,
    })
}

/// The same for every report, as text.
pub(super) fn common(
    typed: CommonArgs,
    thresholds: &TypedThresholds,
    filter: Option<&str>,
) -> Result<ReportConfig, Error> {
    let zone = if typed.utc {
        || TimeZone::UTC
    } else {
        TimeZone::system
    };
    let client_groups = typed
        .client_group
        .iter()
        .map(|text| client_group(text))
        .collect::<Result<_, _>>()?;
    let expectations = typed.expect.iter().map(|text| {
        text.parse()
            .map_err(|problem: crate::diagnose::expect::ExpectError| {
                Error::argument(format!("--expect {text}"), problem.to_string())
            })
    });
    let expectations = expectations.collect::<Result<_, _>>()?;
    let thresholds = thresholds.resolve();
    if thresholds.pass_avoidable > thresholds.fail_avoidable {
        let problem = "is more than --fail-avoidable: nothing could be a warn";
        return Err(Error::argument(
            format!("--pass-avoidable {}", thresholds.pass_avoidable),
            problem,
        ));
    }
    let mut server_ports = typed.server_port;
    server_ports.extend(filter.iter().flat_map(|filter| ports(filter)));
    Ok(ReportConfig {
        zone: LazyLock::new(zone),
        thresholds,
        server_ports,
        client_groups,
        connections: None,
        streams: false,
        product: Product::Text,
        output: typed.output,
        html: typed.html.map(|file| PageConfig {
            file,
            examples: false,
        }),
        saved: None,
        anonymize: typed.anonymize,
        threads: typed.threads.map_or_else(pipeline::engines, usize::from),
        color: typed.color,
        explain: typed.explain,
        quiet: typed.quiet,
        expectations,
        leg: typed.leg,
        narrowed: None,
    })
}

fn product(typed: &ReportArgs) -> Result<Product, Error> {
    if typed.requests {
        return match typed.common.format {
            None | Some(Format::Ndjson) => Ok(Product::Exchanges {
                whole_targets: typed.targets,
            }),
            Some(_) => Err(Error::argument(
                "--requests",
                "prints lines of JSON; leave --format out",
            )),
        };
    }
    Ok(match typed.common.format {
        _ if typed.common.json => Product::Json,
        None | Some(Format::Text) => Product::Text,
        Some(Format::Json) => Product::Json,
        Some(Format::Ndjson) => Product::Rows(feed::Format::Ndjson),
        Some(Format::Csv) => Product::Rows(feed::Format::Csv),
        Some(Format::Parquet) => Product::Rows(parquet(&typed.common)?),
        Some(Format::Junit) => Product::Junit,
    })
}

#[cfg(feature = "parquet")]
fn parquet(typed: &CommonArgs) -> Result<feed::Format, Error> {
    if typed.output.is_none() && std::io::stdout().is_terminal() {
        let problem = "is no text for a terminal; name a file: -o connections.parquet";
        return Err(Error::argument("--format parquet", problem));
    }
    Ok(feed::Format::Parquet)
}

#[cfg(not(feature = "parquet"))]
fn parquet(_: &CommonArgs) -> Result<feed::Format, Error> {
    let problem = "is not built into this flowcheck; build it with `cargo install --features parquet`, or use csv or ndjson, \
                   which DuckDB and Spark read, too";
    Err(Error::argument("--format parquet", problem))
}

/// Whether it asks for what is not known when a connection ends: causes, generations, or what only legs have.
fn needs_the_end(query: &Query) -> bool {
    query.asks_legs() || query.asks_for(Field::Cause) || query.asks_for(Field::Generation)
}

fn query(text: &str) -> Result<Query, Error> {
    Query::parse(text).map_err(|problem| Error::argument(format!("--where {text}"), problem.to_string()))
}

fn client_group(text: &str) -> Result<Vec<IpAddr>, Error> {
    let address = |part: &str| {
        let problem = format!("{part:?} is no IP address; write addresses with commas: 10.0.0.1,10.0.0.2");
        part.trim()
            .parse()
            .map_err(|_| Error::argument(format!("--client-group {text}"), problem))
    };
    text.split(',').map(address).collect()
}
