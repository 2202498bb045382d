//! The thresholds as options; their defaults live in `crate::thresholds` alone.

use crate::thresholds::Thresholds;
use crate::time::{Nanos, parse_span};

/// Thresholds that were typed.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Thresholds")]
#[expect(clippy::doc_markdown, reason = "shown as help")]
pub(super) struct TypedThresholds {
    /// One request, closed within this of its response: per_request (default 500ms)
    #[arg(long, value_name = "TIME", value_parser = parse_span, hide_short_help = true)]
    per_request_close: Option<Nanos>,
    /// One request, still open after this: unreused (default 1s)
    #[arg(long, value_name = "TIME", value_parser = parse_span, hide_short_help = true)]
    unreused_open: Option<Nanos>,
    /// A SYN is unanswered after this much capture (default 3s)
    #[arg(long, value_name = "TIME", value_parser = parse_span, hide_short_help = true)]
    unanswered_after: Option<Nanos>,
    /// First request of an older connection, this near to the capture's start or a loss: unknown first (default 1s)
    #[arg(long, value_name = "TIME", value_parser = parse_span, hide_short_help = true)]
    unknown_first_within: Option<Nanos>,
    /// Health checks come at least so often in a row (default 5)
    #[arg(long, value_name = "N", hide_short_help = true)]
    check_count: Option<u32>,
    /// ... with intervals within this share of their median (default 0.1)
    #[arg(long, value_name = "SHARE", value_parser = parse_share, hide_short_help = true)]
    check_jitter: Option<f64>,
    /// ... and a median interval of at least this (default 1s)
    #[arg(long, value_name = "TIME", value_parser = parse_span, hide_short_help = true)]
    check_period: Option<Nanos>,
    /// A leg with fewer requests is inconclusive (default 30)
    #[arg(long, value_name = "N", hide_short_help = true)]
    min_requests: Option<u64>,
    /// A prefix, host or window with fewer requests is not judged on its own (default 100)
    #[arg(long, value_name = "N", hide_short_help = true)]
    min_part_requests: Option<u64>,
    /// fail: so many attempts, and more failed than established (default 5)
    #[arg(long, value_name = "N", hide_short_help = true)]
    min_attempts: Option<u64>,
    /// fail: so many requests lost ... (default 2)
    #[arg(long, value_name = "N", hide_short_help = true)]
    min_lost: Option<u64>,
    /// ... and more than this share of all (default 0.01)
    #[arg(long, value_name = "SHARE", value_parser = parse_share, hide_short_help = true)]
    lost_share: Option<f64>,
    /// fail: avoidable handshakes per request (default 0.5)
    #[arg(long, value_name = "SHARE", value_parser = parse_share, hide_short_help = true)]
    fail_avoidable: Option<f64>,
    /// pass: avoidable handshakes per request ... (default 0.02)
    #[arg(long, value_name = "SHARE", value_parser = parse_share, hide_short_help = true)]
    pass_avoidable: Option<f64>,
    /// ... or so many of them (default 2)
    #[arg(long, value_name = "N", hide_short_help = true)]
    pass_avoidable_count: Option<u64>,
    /// pass: failed connects per attempt (default 0.001)
    #[arg(long, value_name = "SHARE", value_parser = parse_share, hide_short_help = true)]
    pass_failed: Option<f64>,
    /// A close after this much idle time is an idle timeout's (default 500ms)
    #[arg(long, value_name = "TIME", value_parser = parse_span, hide_short_help = true)]
    idle_close: Option<Nanos>,
    /// Length of the windows in which legs are judged anew (default 5m)
    #[arg(long, value_name = "TIME", value_parser = parse_window, hide_short_help = true)]
    window: Option<Nanos>,
    /// A leg with less than this share of the requests lowers the verdict to warn at most (default 0.01)
    #[arg(long, value_name = "SHARE", value_parser = parse_share, hide_short_help = true)]
    minor_leg: Option<f64>,
}

fn parse_share(text: &str) -> Result<f64, String> {
    let share = text
        .parse::<f64>()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a share from 0 to 1".to_owned())
}

fn parse_window(text: &str) -> Result<Nanos, String> {
    let span = parse_span(text)?;
    if span < crate::time::SECOND {
        Err("a window is 1s or longer".to_owned())
    } else {
        Ok(span)
    }
}

impl TypedThresholds {
    /// The defaults with what was typed in their place.
    pub(super) fn resolve(&self) -> Thresholds {
        let mut all = Thresholds::default();
        macro_rules! set {
            ($($name:ident),*) => { $(if let Some(typed) = self.$name { all.$name = typed; })* };
        }
        set!(
            per_request_close,
            unreused_open,
            unanswered_after,
            unknown_first_within,
            check_count,
            check_jitter
        );
        set!(
            check_period,
            min_requests,
            min_part_requests,
            min_attempts,
            min_lost,
            lost_share,
            fail_avoidable
        );
        set!(
            pass_avoidable,
            pass_avoidable_count,
            pass_failed,
            idle_close,
            window,
            minor_leg
        );
        all
    }
}
