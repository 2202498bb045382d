//! A `live` that can be carried out: what was typed, validated, with its defaults.

use std::fs;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use super::super::config::{self, Product, ReportConfig};
use super::super::error::Error;
use super::super::screen::{self, ScreenConfig};
use super::args::{DirectionArg, LiveArgs};
use super::recording;
use crate::limits::SNAPLEN;
use crate::report::feed;
use crate::source::filter::Filter;
use crate::source::live::{Direction, LiveOptions, RecordOptions};

/// What is captured without a filter.
const EVERYTHING: &str = "tcp";

/// Engines unless told otherwise: one analyses more packets a second than a ring hands over, and each further thread has
/// to be woken.
const ENGINES: usize = 1;

pub(super) struct LiveConfig {
    pub(super) options: LiveOptions,
    pub(super) filter: String,
    pub(super) user: Option<String>,
    pub(super) record: Option<RecordOptions>,
    /// How the screen is to look, where there is one.
    pub(super) screen: Option<ScreenConfig>,
    pub(super) ndjson: bool,
    pub(super) verbose: bool,
    /// Where metrics are to be given.
    pub(super) metrics: Option<SocketAddr>,
    pub(super) report: ReportConfig,
}

/// Checks what was typed and fills in the rest.
pub(super) fn resolve(typed: LiveArgs) -> Result<LiveConfig, Error> {
    if typed.count == Some(0) {
        let problem = "nothing would be captured; leave -c out to go on until interrupted";
        return Err(Error::argument("-c 0", problem));
    }
    let buffer_bytes = u64::from(typed.buffer_kib) * 1024;
    let buffer_bytes = i32::try_from(buffer_bytes).ok().filter(|bytes| *bytes > 0);
    let buffer_bytes = buffer_bytes.ok_or_else(|| {
        let problem = "the ring may be 1 KiB to 2097151 KiB (2 GiB) large";
        Error::argument(format!("-B {}", typed.buffer_kib), problem)
    })?;
    let snaplen = match typed.snaplen {
        0 => SNAPLEN,
        fits if fits <= SNAPLEN => fits,
        more => {
            let problem = "more than 262144 bytes of a packet can't be kept; leave -s out for all of it";
            return Err(Error::argument(format!("-s {more}"), problem));
        }
    };
    let filter = filter(&typed)?;
    let record = recording::resolve(&typed, snaplen)?;
    // Said before the interfaces are opened, which may need other privileges.
    Filter::compile(&filter)?;
    let threads = typed.report.common.threads.map_or(ENGINES, usize::from);
    let mut report = config::report(typed.report, &typed.thresholds, Some(&filter))?;
    report.threads = threads;
    // Now, before the program gives its rights away.
    LazyLock::force(&report.zone);
    if typed.ndjson {
        match report.product {
            Product::Text => report.product = Product::JsonLine,
            Product::Json | Product::JsonLine | Product::Exchanges { .. } => {}
            Product::Rows(feed::Format::Ndjson) => {}
            Product::Rows(_) | Product::Junit => {
                let problem =
                    "prints lines of JSON, between which no other format can stand; leave one of them out";
                return Err(Error::argument("--ndjson --format", problem));
            }
        }
    }
    let plain = typed.no_tui
        || typed.metrics.is_some()
        || typed.ndjson
        || report.anonymize
        || report.product != Product::Text;
    let screen = (!plain && screen::has_terminal()).then(|| typed.screen.resolve());
    Ok(LiveConfig {
        options: LiveOptions {
            interfaces: typed.interfaces,
            filter: Some(filter.clone()),
            snaplen,
            buffer_bytes: buffer_bytes.unsigned_abs(),
            promiscuous: !typed.no_promiscuous,
            link_type: typed.link_type,
            direction: match typed.direction {
                DirectionArg::In => Direction::In,
                DirectionArg::Out => Direction::Out,
                DirectionArg::Inout => Direction::Both,
            },
            immediate: typed.immediate_mode,
            reopen: typed.reopen,
            count: typed.count,
            duration: typed
                .duration
                .map(|span| Duration::from_nanos(span.unsigned_abs())),
        },
        filter,
        user: typed.user,
        record,
        screen,
        ndjson: typed.ndjson,
        verbose: typed.verbose,
        metrics: typed.metrics,
        report,
    })
}

fn filter(typed: &LiveArgs) -> Result<String, Error> {
    let text = if let Some(path) = &typed.filter_file {
        fs::read_to_string(path).map_err(|error| {
            let problem = format!("cannot read the filter: {error}");
            Error::argument(format!("-F {}", path.display()), problem)
        })?
    } else {
        let words: Vec<&str> = typed
            .words
            .iter()
            .chain(&typed.more)
            .map(String::as_str)
            .collect();
        words.join(" ")
    };
    let text = text.trim();
    Ok(if text.is_empty() { EVERYTHING } else { text }.to_owned())
}
