//! What can be typed after `live`: tcpdump's letters with tcpdump's meanings.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ValueEnum;

use super::super::args::ReportArgs;
use super::super::screen::ScreenArgs;
use super::super::thresholds::TypedThresholds;
use super::metrics;
use crate::time::{Nanos, parse_span};

/// Which packets, as seen from this host.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(in super::super) enum DirectionArg {
    /// Received
    In,
    /// Sent
    Out,
    /// Both
    Inout,
}

#[derive(clap::Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(in super::super) struct LiveArgs {
    /// A BPF filter (pcap-filter(7)); without one: tcp
    #[arg(value_name = "FILTER")]
    pub(super) words: Vec<String>,
    /// Filter words that could be taken for options
    #[arg(last = true, value_name = "FILTER", hide = true)]
    pub(super) more: Vec<String>,

    /// Capture on this interface; may be repeated; any for all
    #[arg(short = 'i', long = "interface", value_name = "IF", help_heading = "Capture")]
    pub(super) interfaces: Vec<String>,
    /// List the interfaces and end, as `flowcheck interfaces`
    #[arg(short = 'D', long = "list-interfaces", help_heading = "Capture")]
    pub(super) list: bool,
    /// End after this many packets
    #[arg(short = 'c', long = "count", value_name = "N", help_heading = "Capture")]
    pub(super) count: Option<u64>,
    /// End after this time: 90s, 5m, 1h
    #[arg(long, value_name = "TIME", value_parser = parse_span, help_heading = "Capture")]
    pub(super) duration: Option<Nanos>,
    /// Read the filter from this file; words of a filter are ignored then
    #[arg(short = 'F', value_name = "FILE", help_heading = "Capture")]
    pub(super) filter_file: Option<PathBuf>,
    /// Bytes kept of each packet; 0 for the default, 262144
    #[arg(
        short = 's',
        long = "snapshot-length",
        value_name = "BYTES",
        default_value = "0",
        hide_default_value = true,
        help_heading = "Capture"
    )]
    pub(super) snaplen: u32,
    /// Size of the kernel's ring for each interface in KiB (default 65536)
    #[arg(
        short = 'B',
        long = "buffer-size",
        value_name = "KIB",
        default_value = "65536",
        hide_default_value = true,
        help_heading = "Capture"
    )]
    pub(super) buffer_kib: u32,
    /// Do not put the interface into promiscuous mode
    #[arg(short = 'p', long = "no-promiscuous-mode", help_heading = "Capture")]
    pub(super) no_promiscuous: bool,
    /// Capture with this link type (EN10MB, LINUX_SLL2 ...)
    #[arg(short = 'y', long = "linktype", value_name = "TYPE", help_heading = "Capture")]
    pub(super) link_type: Option<String>,
    /// Only packets received, or only those sent
    #[arg(
        short = 'Q',
        long = "direction",
        value_enum,
        value_name = "DIRECTION",
        default_value = "inout",
        hide_default_value = true,
        help_heading = "Capture"
    )]
    pub(super) direction: DirectionArg,
    /// Take packets one by one as they come, at a higher cost for each
    #[arg(long, help_heading = "Capture")]
    pub(super) immediate_mode: bool,
    /// Open an interface again that was deleted and made anew: keeps the capability CAP_NET_RAW, which is else given up
    #[arg(long, help_heading = "Capture")]
    pub(super) reopen: bool,
    /// As root: become this user when the interfaces are open (default: who called sudo, else nobody; root: stay root)
    #[arg(
        short = 'Z',
        long = "relinquish-privileges",
        value_name = "USER",
        help_heading = "Capture"
    )]
    pub(super) user: Option<String>,

    /// Record what is analysed: pcap if the name ends in .pcap, else pcapng
    #[arg(short = 'w', long = "write", value_name = "FILE", help_heading = "Recording")]
    pub(super) write: Option<PathBuf>,
    /// Begin another file after so many seconds; its name holds strftime(3) conversions
    #[arg(short = 'G', value_name = "SECONDS", requires = "write", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Recording")]
    pub(super) rotate_seconds: Option<u64>,
    /// Begin another file after so many millions of bytes
    #[arg(short = 'C', value_name = "MB", requires = "write", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Recording")]
    pub(super) rotate_megabytes: Option<u64>,
    /// Keep so many files: with -C the oldest is written anew, with -G alone the capture ends
    #[arg(short = 'W', value_name = "N", requires = "write", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Recording")]
    pub(super) rotate_files: Option<u64>,
    /// Hand each packet to the file as it comes; accepted for the fingers of tcpdump users, it is always so within a tick
    #[arg(
        short = 'U',
        long = "packet-buffered",
        hide_short_help = true,
        help_heading = "Recording"
    )]
    pub(super) packet_buffered: bool,

    /// No screen: a status line a second on standard error, as where there is no terminal
    #[arg(long, help_heading = "Screen")]
    pub(super) no_tui: bool,
    #[command(flatten)]
    pub(super) screen: ScreenArgs,
    /// Print a line of JSON every second instead of the status line, and the report as the last one
    #[arg(long, conflicts_with = "requests", help_heading = "Output")]
    pub(super) ndjson: bool,
    /// Give figures to Prometheus at http://ADDRESS/metrics: ADDRESS:PORT, or a PORT alone on loopback; no
    /// screen then
    #[arg(long, value_name = "ADDRESS", value_parser = metrics::address, help_heading = "Output")]
    pub(super) metrics: Option<SocketAddr>,
    /// Hand on each line as it comes; accepted for the fingers of tcpdump users, it is always so
    #[arg(short = 'l', hide_short_help = true, help_heading = "Output")]
    pub(super) line_buffered: bool,
    /// Say what else is done: privileges, sandbox
    #[arg(short = 'v', help_heading = "Output")]
    pub(super) verbose: bool,

    #[command(flatten)]
    pub(in super::super) report: ReportArgs,

    #[command(flatten)]
    pub(super) thresholds: TypedThresholds,
}
