//! What can be typed: clap's derive and nothing else.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use super::help::{self, with_fields};
use super::screen::ScreenArgs;
use super::thresholds::TypedThresholds;
use crate::lang::Lang;

/// The whole command line.
#[derive(Parser, Debug)]
#[command(name = "flowcheck", version, about = help::ABOUT, long_about = help::LONG_ABOUT, after_help = help::EXAMPLES)]
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
    #[command(override_usage = "flowcheck read [OPTIONS] FILE... [FILTER...]", after_long_help = with_fields(help::READ_EXAMPLES), after_help = "`flowcheck read --help` says more and shows examples.")]
    Read(Box<ReadArgs>),
    /// Capture on network interfaces and analyse, until interrupted
    #[cfg(feature = "live")]
    #[command(override_usage = "flowcheck live -i IF [-i IF]... [OPTIONS] [FILTER...]", after_long_help = with_fields(help::LIVE_EXAMPLES), after_help = "`flowcheck live --help` says more and shows examples.")]
    Live(Box<super::live::LiveArgs>),
    /// List what can be captured on, and why not if not
    #[cfg(feature = "live")]
    #[command(after_help = help::INTERFACES_EXAMPLES)]
    Interfaces,
    /// Say what a cause (P2), a verdict or a word of the reports means, and what to change
    #[command(after_help = help::EXPLAIN_EXAMPLES)]
    Explain {
        /// An id or slug of a cause, a verdict, or a word
        #[arg(required = true, value_name = "NAME")]
        name: Vec<String>,
        #[command(flatten)]
        lang: LangArgs,
    },
    /// Put two captures, or their JSON reports, side by side: did the change work?
    #[command(override_usage = "flowcheck compare [OPTIONS] BEFORE AFTER [FILTER...]", after_long_help = help::COMPARE_EXAMPLES, after_help = "`flowcheck compare --help` says more and shows examples.")]
    Compare(Box<super::compare::CompareArgs>),
    /// Put the captures or JSON reports of several hosts together: all as one, a line a host, the host unlike its peers
    #[command(override_usage = "flowcheck merge [OPTIONS] [NAME=]FILE... [-- FILTER...]", after_long_help = help::MERGE_EXAMPLES, after_help = "`flowcheck merge --help` says more and shows examples.")]
    Merge(Box<super::merge::MergeArgs>),
    /// Print the JSON Schema of the report that --json makes
    #[command(after_help = help::SCHEMA_EXAMPLES)]
    Schema {
        /// Whose
        #[arg(value_enum, default_value = "report")]
        format: Schema,
    },
    /// Print what makes a shell complete commands, options and their values
    #[command(after_help = help::COMPLETIONS_EXAMPLES)]
    Completions {
        /// For which shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Write the manual pages, flowcheck(1) and one for each command, into a folder
    #[command(hide = true)]
    Man {
        /// The folder, which is there
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// Shells that can be taught.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum Shell {
    /// Bash
    Bash,
    /// Z shell
    Zsh,
    /// Fish
    Fish,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum Schema {
    /// Of `read` and `live`
    Report,
    /// Of `compare`
    Comparison,
    /// Of a line of --format ndjson
    Connections,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum Format {
    /// For people
    Text,
    /// One object; its schema: `flowcheck schema`
    Json,
    /// One connection a line, as JSON, when it ends (with --connections: listed when all was read, with causes)
    Ndjson,
    /// The same with a head line
    Csv,
    /// The same as a table for DuckDB, Spark and others, where it is built in
    Parquet,
    /// Verdicts of legs and expectations as test cases, for CI servers
    Junit,
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
        long, value_name = "ID", conflicts_with_all = ["requests", "connections", "narrowed", "expect", "html", "saved"],
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
    /// Also write the report to this file as JSON, as --json prints it
    #[arg(long = "report", value_name = "FILE", help_heading = "Output")]
    pub(super) saved: Option<PathBuf>,
    /// Print one line of JSON for every request instead of a report
    #[arg(long, conflicts_with_all = ["json", "connections"], help_heading = "Output")]
    pub(super) requests: bool,
    /// With --requests: targets with their query strings, which may hold secrets
    #[arg(long, requires = "requests", help_heading = "Output")]
    pub(super) targets: bool,
}

/// Languages that can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum LangArg {
    /// English
    En,
    /// Chinese
    Zh,
}

/// In which language.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(super) struct LangArgs {
    /// The language of sentences and headings; fields, slugs, ids and directives are the same in all
    #[arg(
        long,
        value_enum,
        default_value = "en",
        value_name = "LANG",
        env = "FLOWCHECK_LANG",
        hide_env_values = true,
        help_heading = "Output"
    )]
    lang: LangArg,
}

impl LangArgs {
    pub(super) const fn lang(self) -> Lang {
        match self.lang {
            LangArg::En => Lang::En,
            LangArg::Zh => Lang::Zh,
        }
    }
}

impl Command {
    /// The language of what is printed.
    pub(super) fn lang(&self) -> Lang {
        match self {
            Self::Read(typed) => typed.report.common.lang.lang(),
            #[cfg(feature = "live")]
            Self::Live(typed) => typed.report.common.lang.lang(),
            Self::Compare(typed) => typed.common.lang.lang(),
            Self::Merge(typed) => typed.common.lang.lang(),
            Self::Explain { lang, .. } => lang.lang(),
            _ => Lang::En,
        }
    }
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
    #[command(flatten)]
    pub(super) lang: LangArgs,
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
