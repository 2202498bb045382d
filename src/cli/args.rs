//! What can be typed: clap's derive and nothing else.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use super::screen::ScreenArgs;
use super::thresholds::TypedThresholds;

const ABOUT: &str = "Are HTTP connections reused? If not, who closes them, and since when?";

const LONG_ABOUT: &str = "\
Are HTTP connections reused? If not, who closes them, and since when?

flowcheck reads packet captures (tcpdump -w) and judges every leg between a client and a server: how many \
requests paid for a TCP handshake, how many of those a connection pool would have avoided, who sent the first FIN, \
which connects failed. It says `inconclusive` about what the capture does not show.";

const EXAMPLES: &str = "\
Examples:
  flowcheck read dump.pcap                           is keepalive working?
  flowcheck read dump.pcap0 dump.pcap1 port 8080     rotated files as one capture, then a BPF filter
  tcpdump -i bond0 -w - port 8080 | flowcheck read - straight from tcpdump
  flowcheck read --tui dump.pcap                     walk about in legs, connections, causes
  flowcheck read dump.pcap --json | jq .verdict      for programs
  flowcheck read dump.pcap --expect pass             exit 1 if it does not pass
  flowcheck explain P2                               what a cause in the report means, and what to change
  flowcheck compare before.pcap after.pcap           did the change work?

`flowcheck read --help` explains every option.";

const READ_EXAMPLES: &str = "\
Examples:
  flowcheck read dump.pcap
  flowcheck read bond0.pcap lo.pcap                  both sides of a proxy, merged by time
  flowcheck read dump.pcap.zst 'host 10.0.0.5 and port 8080'
  flowcheck read dump.pcap --from 14:00 --to 14:05   five minutes of it
  flowcheck read dump.pcap --connections --format csv -o connections.csv
  flowcheck read dump.pcap --connections --where 'cause:P1 !port:8081'
  flowcheck read dump.pcap --ladder 4711 --export 4711.pcap
  flowcheck read dump.pcap --html report.html        a page for those who don't use a terminal
  flowcheck read report.json --html report.html      the same of a report saved with --json
  flowcheck read dump.pcap --requests | jq 'select(.status >= 500)'
  flowcheck read dump.pcap --expect 'reuse>=0.9' --expect 'failed=0'

Files and filter:
  The first word is a file. A later word is a file if it exists and starts as a capture does; the BPF filter \
(pcap-filter(7)) starts at the first word that does not, or after `--`. pcap and pcapng are read, plain, gzip or zstd.

Expectations:
  pass                     the verdict is pass (warn does not hold)
  reuse>=0.9               share of requests on connections that had served before
  avoidable<=0.02          avoidable handshakes per request
  handshakes-per-request   first requests per request: 1 is pure churn
  handshake-rate<=10       handshakes in the busiest second
  failed, resets, lost, requests   counts
  Each is judged on every leg that carries requests.

Exit codes:
  0  the report was made, every expectation held
  1  an expectation failed
  2  could not run: usage, no such file, no capture
  3  an expectation could not be judged: the capture does not show enough";

#[cfg(feature = "live")]
const LIVE_EXAMPLES: &str = "\
Examples:
  flowcheck live -i bond0 port 8080
  flowcheck live -i bond0 -i lo tcp                  both sides of a proxy
  flowcheck live -i bond0 --duration 5m --json -o report.json port 8080
  flowcheck live -i bond0 --duration 60s --expect pass port 8080
  flowcheck live -i bond0 -w dump.pcapng port 8080   keep the packets, too
  flowcheck live -i bond0 --ndjson port 8080 | jq .requests

Signals:
  INT or TERM    stop, read what the kernel still has, report; a second one ends the program at once
  USR1           the report so far, and go on

Privileges:
  As root the interfaces are opened first; then root is given up for the user of -Z. As a user the program needs \
CAP_NET_RAW: sudo setcap cap_net_raw+ep $(command -v flowcheck)

Exit codes:
  0    the report was made, every expectation held
  1    an expectation failed
  2    could not run: usage, no such interface, no permission
  3    an expectation could not be judged: the capture does not show enough
  130  interrupted twice";

const COMPARE_EXAMPLES: &str = "\
Examples:
  flowcheck compare before.pcap after.pcap
  flowcheck compare monday.json friday.json          reports made with read --json or live --json
  flowcheck compare before.json after.pcap port 8080
  flowcheck compare before.pcap after.pcap --expect pass --expect 'reuse>=0.9'

The answer:
  fixed      what was wrong is right
  better     better, and not right yet
  right      it was right, and is
  unchanged  nothing that chance does not explain, and what was wrong is wrong
  mixed      some of it better, some of it worse
  worse      worse than before
  undecided  one of the captures is inconclusive

A difference is marked when chance makes one like it in less than one case of a thousand, and it is more than 5 %. How \
bursty the traffic is, each capture's own timeline says. Capture both under the same load, for two minutes or longer.

Exit codes:
  0  the comparison was made, every expectation held on AFTER
  1  an expectation failed
  2  could not run: usage, no such file, neither capture nor report
  3  an expectation could not be judged: the capture does not show enough";

/// What a command's help ends with, and before it what --where takes.
fn with_fields(examples: &str) -> String {
    format!("Expressions of --where:\n{}\n{examples}", crate::query::help())
}

/// The whole command line.
#[derive(Parser, Debug)]
#[command(name = "flowcheck", version, about = ABOUT, long_about = LONG_ABOUT, after_help = EXAMPLES)]
#[command(
    disable_help_subcommand = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Analyse capture files, or a capture from standard input
    #[command(override_usage = "flowcheck read [OPTIONS] FILE... [FILTER...]", after_long_help = with_fields(READ_EXAMPLES), after_help = "`flowcheck read --help` says more and shows examples.")]
    Read(Box<ReadArgs>),
    /// Capture on network interfaces and analyse, until interrupted
    #[cfg(feature = "live")]
    #[command(override_usage = "flowcheck live -i IF [-i IF]... [OPTIONS] [FILTER...]", after_long_help = with_fields(LIVE_EXAMPLES), after_help = "`flowcheck live --help` says more and shows examples.")]
    Live(Box<super::live::LiveArgs>),
    /// List what can be captured on, and why not if not
    #[cfg(feature = "live")]
    Interfaces,
    /// Say what a cause (P2), a verdict or a word of the reports means, and what to change
    Explain {
        /// An id or slug of a cause, a verdict, or a word
        #[arg(required = true, value_name = "NAME")]
        name: Vec<String>,
    },
    /// Put two captures, or their JSON reports, side by side: did the change work?
    #[command(override_usage = "flowcheck compare [OPTIONS] BEFORE AFTER [FILTER...]", after_long_help = COMPARE_EXAMPLES, after_help = "`flowcheck compare --help` says more and shows examples.")]
    Compare(Box<super::compare::CompareArgs>),
    /// Print the JSON Schema of the report that --json makes
    Schema {
        /// Whose
        #[arg(value_enum, default_value = "report")]
        format: Schema,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum Schema {
    /// Of `read` and `live`
    Report,
    /// Of `compare`
    Comparison,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum Format {
    /// For people
    Text,
    /// One object; its schema: `flowcheck schema`
    Json,
    /// One connection a line, as JSON
    Ndjson,
    /// One connection a line, with a head line
    Csv,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
#[expect(clippy::doc_markdown, reason = "shown as help")]
pub(super) enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Also into files and pipes
    Always,
    /// Plain text
    Never,
}

#[derive(clap::Args, Debug)]
pub(super) struct ReadArgs {
    /// Capture files (`-`: standard input), then a BPF filter
    #[arg(required = true, value_name = "FILE")]
    pub(super) words: Vec<OsString>,
    /// A filter that could be taken for a file or an option
    #[arg(last = true, value_name = "FILTER", hide = true)]
    pub(super) filter: Vec<OsString>,

    /// Walk about in the figures on the terminal; the report follows at the end
    #[arg(long, conflicts_with_all = ["requests", "anonymize"], help_heading = "Screen")]
    pub(super) tui: bool,
    #[command(flatten)]
    pub(super) screen: ScreenArgs,

    #[command(flatten)]
    pub(super) report: ReportArgs,

    /// Print the packets of one connection, named by its id (as --connections lists it), instead of a report
    #[arg(
        long, value_name = "ID", conflicts_with_all = ["requests", "connections", "narrowed", "expect", "html"],
        help_heading = "Output"
    )]
    pub(super) ladder: Option<u64>,
    /// With --ladder: write these packets to a file, pcap if its name ends in .pcap, else pcapng
    #[arg(
        long,
        value_name = "FILE",
        requires = "ladder",
        conflicts_with = "anonymize",
        help_heading = "Output"
    )]
    pub(super) export: Option<PathBuf>,

    /// Stop after this many packets
    #[arg(short = 'c', long = "count", value_name = "N", help_heading = "Selection")]
    pub(super) count: Option<u64>,
    /// From this time on: 14:00, 14:00:05.5, RFC 3339, or +90s after the first packet
    #[arg(long, value_name = "TIME", help_heading = "Selection")]
    pub(super) from: Option<String>,
    /// Up to this time, written like --from
    #[arg(long, value_name = "TIME", help_heading = "Selection")]
    pub(super) to: Option<String>,

    #[command(flatten)]
    pub(super) thresholds: TypedThresholds,
}

/// What is the same for every way to take in packets.
#[derive(clap::Args, Debug)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    pub(super) common: CommonArgs,

    /// List the connections too, N at most
    #[arg(
        long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "1000000",
        help_heading = "Output"
    )]
    pub(super) connections: Option<usize>,
    /// Show only the legs and connections that match, such as 'class:per_request server:10.0.0.11 reqs>5'; figures and
    /// verdict stay those of all
    #[arg(
        long = "where",
        value_name = "EXPR",
        conflicts_with = "requests",
        help_heading = "Output"
    )]
    pub(super) narrowed: Option<String>,
    /// Print one line of JSON for every request instead of a report
    #[arg(long, conflicts_with_all = ["json", "connections"], help_heading = "Output")]
    pub(super) requests: bool,
    /// With --requests: targets with their query strings, which may hold secrets
    #[arg(long, requires = "requests", help_heading = "Output")]
    pub(super) targets: bool,
}

/// What is the same for every report.
#[derive(clap::Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(super) struct CommonArgs {
    /// What to print
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Output")]
    pub(super) format: Option<Format>,
    /// The same as --format json
    #[arg(long, conflicts_with = "format", help_heading = "Output")]
    pub(super) json: bool,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub(super) output: Option<PathBuf>,
    /// Also write the report to this file as a page for a browser, complete in itself
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) html: Option<PathBuf>,
    /// Replace addresses, host names and paths consistently, for sharing
    #[arg(long, help_heading = "Output")]
    pub(super) anonymize: bool,

    /// Say at the end how the figures are counted, with their formulas
    #[arg(long, help_heading = "Output")]
    pub(super) explain: bool,
    /// Times in UTC instead of local time
    #[arg(long, help_heading = "Output")]
    pub(super) utc: bool,
    /// Colours
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        value_name = "WHEN",
        help_heading = "Output"
    )]
    pub(super) color: When,
    /// Threads that analyse (default: as many as suit the machine, 4 at most, and one for live; the report is the same for any number)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64), help_heading = "Analysis")]
    pub(super) threads: Option<u8>,

    /// No progress bar and no warnings on standard error
    #[arg(long, short, help_heading = "Output")]
    pub(super) quiet: bool,
    /// Addresses as numbers, as always; accepted for the fingers of tcpdump users
    #[arg(short = 'n', action = clap::ArgAction::Count, hide_short_help = true, help_heading = "Output")]
    pub(super) numeric: u8,

    /// A port that servers listen on, for connections whose SYN is not in the capture
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Selection")]
    pub(super) server_port: Vec<u16>,
    /// Source addresses of one host, to be seen as one client
    #[arg(long, value_name = "ADDRESS,ADDRESS", help_heading = "Selection")]
    pub(super) client_group: Vec<String>,

    /// What must hold, or exit 1: pass, 'reuse>=0.9', 'avoidable<=0.02' ...
    #[arg(long, value_name = "EXPECTATION", help_heading = "Expectations")]
    pub(super) expect: Vec<String>,
    /// Judge expectations only on legs whose `CLIENT -> SERVER:PORT` contains this
    #[arg(long, value_name = "LEG", requires = "expect", help_heading = "Expectations")]
    pub(super) leg: Option<String>,
}
