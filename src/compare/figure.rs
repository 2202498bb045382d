//! The figures that are put side by side.

use super::noise::{Noise, Rate, quantiles_agree, rates_agree};
use crate::aggregate::{Distribution, Figures};
use crate::diagnose::Snapshot;
use crate::time::SECOND;

/// How a figure is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// A whole number.
    Count,
    /// A share of 1.
    Share,
    /// Events a second.
    PerSecond,
    /// A mean.
    Mean,
    /// Microseconds.
    Micros,
}

/// Which way is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    /// Less.
    Low,
    /// More.
    High,
    /// Neither: it says how much was going on.
    None,
}

macro_rules! figures {
    ($($name:ident $slug:literal $title:literal $unit:ident $wish:ident;)*) => {
        /// A figure of a leg or of the capture.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[expect(missing_docs, reason = "their titles say it")]
        pub enum Figure {
            $($name,)*
        }

        impl Figure {
            /// Every figure, in the order of reports.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The slug used by programs.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            /// In words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// How it is written.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self { $(Self::$name => Unit::$unit,)* }
            }

            /// Which way is better.
            #[must_use]
            pub const fn wish(self) -> Wish {
                match self { $(Self::$name => Wish::$wish,)* }
            }
        }
    };
}

figures! {
    Requests "requests" "requests" Count None;
    RequestRate "requests_per_s" "requests/s" PerSecond None;
    Reuse "reuse_ratio" "reuse" Share High;
    Avoidable "avoidable_per_request" "avoidable handshakes per request" Share Low;
    HandshakeRate "handshakes_per_s" "handshakes/s" PerSecond Low;
    PerConnection "requests_per_connection" "requests per connection" Mean High;
    ClosedByServer "closed_by_server" "closed by the server" Share None;
    Failed "failed_per_attempt" "failed connects" Share Low;
    Retransmitted "syn_retransmitted_per_attempt" "SYNs retransmitted per connect" Share Low;
    Lost "lost_per_request" "lost requests" Share Low;
    Resets "resets_per_connection" "resets per connection" Share Low;
    Connect "connect_time_p50_us" "time to connect, median" Micros Low;
    FirstByte "first_byte_p50_us" "time to first byte, median" Micros Low;
    FirstByteTail "first_byte_p99_us" "time to first byte, 99 %" Micros Low;
    PeakBusy "peak_busy" "busy at once, at most" Count None;
    PeakOpen "peak_open" "open at once, at most" Count None;
}

/// One side's figures, and what they are worth.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    figures: &'a Figures,
    seconds: f64,
    noise: Noise,
}

impl<'a> View<'a> {
    pub(super) const fn new(figures: &'a Figures, seconds: f64, noise: Noise) -> Self {
        Self {
            figures,
            seconds,
            noise,
        }
    }

    /// The capture's length, at least one second.
    pub(super) fn seconds(snapshot: &Snapshot) -> f64 {
        snapshot.capture.duration().unwrap_or(0).max(SECOND) as f64 / SECOND as f64
    }

    /// Events and what they are counted over, for the figures that are rates.
    fn rate(&self, figure: Figure) -> Option<Rate> {
        let counts = &self.figures.counts;
        let (connections, requests) = (&counts.connections, &counts.requests);
        let resets = counts.closes.reset_by_client + counts.closes.reset_by_server;
        let (by_request, by_second) = (self.noise.by_request, self.noise.by_second);
        let (events, over, burstiness) = match figure {
            // Firsts stand for reuse: they are what varies.
            Figure::Reuse | Figure::PerConnection => (requests.first, requests.rated() as f64, by_request),
            Figure::Avoidable => (self.figures.avoidable?, requests.rated() as f64, by_request),
            Figure::HandshakeRate => (counts.handshakes, self.seconds, by_second),
            Figure::RequestRate => (requests.total, self.seconds, by_second),
            Figure::ClosedByServer => {
                let server = counts.closes.server + counts.closes.reset_by_server;
                (server, counts.closes.total() as f64, by_request)
            }
            Figure::Failed => (
                self.figures.failed_connects(),
                connections.opened as f64,
                by_request,
            ),
            Figure::Retransmitted => (counts.syn_retransmitted, connections.opened as f64, by_request),
            Figure::Lost => (requests.lost, requests.total as f64, by_request),
            Figure::Resets => (resets, connections.total as f64, by_request),
            _ => return None,
        };
        Some(Rate {
            events: events as f64,
            over,
            is_share: matches!(figure.unit(), Unit::Share | Unit::Mean) && figure != Figure::Retransmitted,
            burstiness,
        })
    }

    fn quantile(&self, figure: Figure) -> Option<(&'a Distribution, f64)> {
        let counts = &self.figures.counts;
        match figure {
            Figure::Connect => Some((&counts.connect_time_us, 0.5)),
            Figure::FirstByte => Some((&counts.first_byte_us, 0.5)),
            Figure::FirstByteTail => Some((&counts.first_byte_us, 0.99)),
            _ => None,
        }
    }

    /// The figure, where the capture has it.
    pub(super) fn value(&self, figure: Figure) -> Option<f64> {
        let (counts, concurrency) = (&self.figures.counts, &self.figures.concurrency);
        match figure {
            Figure::Requests => Some(counts.requests.total as f64),
            Figure::PeakBusy => Some(concurrency.peak_busy as f64),
            Figure::PeakOpen => Some(concurrency.peak_open as f64),
            Figure::Reuse => self.figures.reuse_ratio().map(|(value, ..)| value),
            Figure::PerConnection => counts.requests_per_connection.mean(),
            Figure::Connect | Figure::FirstByte | Figure::FirstByteTail => {
                let (distribution, q) = self.quantile(figure)?;
                distribution.quantile(q)
            }
            _ => {
                let rate = self.rate(figure)?;
                (rate.over > 0.0).then(|| rate.events / rate.over)
            }
        }
    }

    /// Whether chance may have made both sides' figures of one; `None` where it is not known what chance does.
    pub(super) fn agrees(&self, other: &Self, figure: Figure) -> Option<bool> {
        if let (Some(a), Some(b)) = (self.quantile(figure), other.quantile(figure)) {
            return Some(quantiles_agree(a.0, b.0, a.1));
        }
        Some(rates_agree(self.rate(figure)?, other.rate(figure)?))
    }
}
