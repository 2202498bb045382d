//! A metric family: a name, what it means, and a row for each set of labels.

use std::collections::HashMap;
use std::fmt::Error;

use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

/// Names and values.
pub(super) type Labels = Vec<(&'static str, String)>;

/// A row's value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// It only grows.
    Counter(u64),
    /// It comes and goes.
    Gauge(u64),
    /// Counts at most as large as each bound, then of all; and their sum.
    Histogram { counts: Vec<u64>, sum: u64 },
    /// Labels that say something about the program.
    Info,
}

/// Upper bounds of histograms of requests per connection: nginx's and Tomcat's round limits.
pub(super) const BOUNDS: [u64; 13] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

impl Value {
    /// What must not go back.
    pub(super) fn counts_mut(&mut self) -> Option<&mut [u64]> {
        match self {
            Self::Counter(count) => Some(std::slice::from_mut(count)),
            Self::Histogram { counts, .. } => Some(counts),
            Self::Gauge(_) | Self::Info => None,
        }
    }

    fn metric_type(&self) -> MetricType {
        match self {
            Self::Counter(_) => MetricType::Counter,
            Self::Gauge(_) => MetricType::Gauge,
            Self::Histogram { .. } => MetricType::Histogram,
            Self::Info => MetricType::Info,
        }
    }

    fn encode(&self, mut encoder: MetricEncoder<'_>, labels: &Labels) -> Result<(), Error> {
        match self {
            Self::Counter(count) => encoder.encode_counter::<NoLabelSet, _, u64>(count, None),
            Self::Gauge(value) => encoder.encode_gauge(&i64::try_from(*value).unwrap_or(i64::MAX)),
            Self::Histogram { counts, sum } => {
                let bounds = BOUNDS.iter().map(|bound| *bound as f64).chain([f64::INFINITY]);
                // The encoder adds them up again.
                let before = [0].iter().chain(counts);
                let own = counts
                    .iter()
                    .zip(before)
                    .map(|(upto, before)| upto.saturating_sub(*before));
                let buckets: Vec<(f64, u64)> = bounds.zip(own).collect();
                let all = counts.last().copied().unwrap_or(0);
                let exemplars: Option<&HashMap<usize, _>> = None;
                encoder.encode_histogram::<NoLabelSet>(*sum as f64, all, &buckets, exemplars)
            }
            Self::Info => encoder.encode_info(labels),
        }
    }
}

/// A family.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    help: &'static str,
    pub(super) rows: Vec<(Labels, Value)>,
}

impl Family {
    pub(super) fn new(name: &'static str, help: &'static str, rows: Vec<(Labels, Value)>) -> Self {
        Self { name, help, rows }
    }

    pub(super) fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let Some((_, first)) = self.rows.first() else {
            return Ok(());
        };
        let mut family = encoder.encode_descriptor(self.name, self.help, None, first.metric_type())?;
        for (labels, value) in &self.rows {
            if labels.is_empty() || matches!(value, Value::Info) {
                // Alone in its family.
                return value.encode(family, labels);
            }
            value.encode(family.encode_family(labels)?, labels)?;
        }
        Ok(())
    }
}
