//! Figures of a running capture for Prometheus and what else reads OpenMetrics.
//!
//! Counters, so that whoever asks twice has the time in between, and no ratios: those are recording rules. A counter never
//! goes back, also where the report takes something back (a connection that turns out to be a health check): it waits
//! until it is passed. Labels are bounded by the report's own caps: legs, pools, hosts.

mod families;
mod family;

use std::collections::HashMap;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::registry::Registry;

use crate::aggregate::TimelineRow;
use crate::diagnose::Snapshot;
use crate::host::HostView;
use family::{Family, Labels};

/// The media type of what is written (OpenMetrics 1.0 section 5.1).
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Every name begins so.
const PREFIX: &str = "flowcheck";

/// What is told at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The report so far.
    pub snapshot: &'a Snapshot,
    /// What was counted so far, and the connections open now.
    pub tally: TimelineRow,
    /// What the kernel of the capturing host says.
    pub host: &'a HostView,
}

/// What was told, so that no counter goes back.
#[derive(Debug, Default)]
pub struct Metrics {
    told: HashMap<(&'static str, Labels), Vec<u64>>,
}

/// Families on their way to the encoder.
#[derive(Debug)]
struct Families(Vec<Family>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        self.0.iter().try_for_each(|family| family.encode(&mut encoder))
    }
}

impl Metrics {
    /// The exposition of a moment, in the text format of OpenMetrics 1.0.
    ///
    /// # Errors
    /// None that can come about: text takes all that is written.
    pub fn render(&mut self, moment: &Moment<'_>) -> Result<String, std::fmt::Error> {
        let mut families = families::all(moment);
        for family in &mut families {
            for (labels, value) in &mut family.rows {
                if let Some(counts) = value.counts_mut() {
                    self.keep_up(family.name, labels, counts);
                }
            }
        }
        let mut registry = Registry::with_prefix(PREFIX);
        registry.register_collector(Box::new(Families(families)));
        let mut out = String::new();
        text::encode(&mut out, &registry)?;
        Ok(out)
    }

    fn keep_up(&mut self, name: &'static str, labels: &Labels, counts: &mut [u64]) {
        let told = self.told.entry((name, labels.clone())).or_default();
        told.resize(counts.len(), 0);
        for (told, count) in told.iter_mut().zip(counts) {
            *told = (*told).max(*count);
            *count = *told;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::family::Value;
    use super::*;
    use crate::report::fixture;

    fn rendered(metrics: &mut Metrics, snapshot: &Snapshot) -> String {
        let moment = Moment {
            snapshot,
            tally: TimelineRow {
                open: 3,
                ..TimelineRow::default()
            },
            host: &HostView::default(),
        };
        metrics.render(&moment).unwrap()
    }

    fn value(text: &str, row: &str) -> Option<f64> {
        let line = text.lines().find(|line| line.starts_with(row))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    #[test]
    fn figures_are_those_of_the_report() {
        let snapshot = fixture::churn();
        let text = rendered(&mut Metrics::default(), &snapshot);
        let leg = &snapshot.legs[0];
        let counts = &leg.figures.counts;
        let labels = format!(
            "{{client=\"{}\",server=\"{}\"}}",
            leg.name.client.unwrap(),
            leg.name.server.unwrap()
        );
        let row = |name: &str| value(&text, &format!("flowcheck_{name}{labels}"));
        assert_eq!(row("requests_total"), Some(counts.requests.rated() as f64));
        assert_eq!(row("handshakes_total"), Some(counts.handshakes as f64));
        assert_eq!(
            row("reused_requests_total"),
            Some(counts.requests.reused() as f64)
        );
        assert_eq!(value(&text, "flowcheck_open_connections "), Some(3.0));
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn a_counter_waits_until_it_is_passed() {
        let (mut metrics, mut snapshot) = (Metrics::default(), fixture::churn());
        let total = |text: &str| value(text, "flowcheck_requests_total{").unwrap();
        let first = total(&rendered(&mut metrics, &snapshot));
        snapshot.legs[0].figures.counts.requests.total -= 1;
        assert_eq!(
            total(&rendered(&mut metrics, &snapshot)).total_cmp(&first),
            std::cmp::Ordering::Equal
        );
        snapshot.legs[0].figures.counts.requests.total += 3;
        assert!(total(&rendered(&mut metrics, &snapshot)) > first);
    }

    #[test]
    fn names_off_the_wire_stay_in_their_quotes() {
        let label = Value::Counter(1);
        let family = Family::new(
            "odd",
            "Odd.",
            vec![(vec![("name", "a\"b\\c\nd".to_owned())], label)],
        );
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Families(vec![family])));
        let mut out = String::new();
        text::encode(&mut out, &registry).unwrap();
        assert!(out.contains(r#"odd_total{name="a\"b\\c\nd"} 1"#), "{out}");
    }
}
