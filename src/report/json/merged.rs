//! What the JSON report of several capture points says beside what every report does.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Slug;
use super::figures::Figures;
use super::number::Number;
use crate::fleet::{self, Fleet};
use crate::report::text::fleet as words;
use crate::report::when::rfc3339;

/// The capture points, and how they differ.
#[derive(Serialize, JsonSchema)]
pub(super) struct Merged<'a> {
    points: Vec<Point>,
    /// Points unlike their peers, the most unlike first.
    unlike: Vec<Unlike>,
    /// Of which points nothing can be said of that, and why.
    not_compared: Vec<String>,
    /// Legs whose connections were captured at more than one point, and count once.
    seen_twice: Vec<SeenTwice>,
    /// What does not add up: the highest of any one part stands for it.
    highest_of_parts: [&'static str; 4],
    /// The reports that were merged, so that more can be merged with them.
    parts: Vec<Part<'a>>,
}

/// What one capture point saw, whoever else saw it.
#[derive(Serialize, JsonSchema)]
struct Point {
    name: String,
    /// Reports of it that were merged.
    parts: u64,
    start: Option<String>,
    end: Option<String>,
    packets: u64,
    /// Packets that the kernel or the interface dropped.
    dropped: Option<u64>,
    #[schemars(extend("enum" = ["pass", "warn", "fail", "inconclusive"]))]
    verdict: Slug,
    /// The address with most of its connections.
    address: Option<String>,
    /// Whether that address opens connections.
    connects: bool,
    /// Connections of it that count in the figures of all.
    connections_counted: u64,
    /// The most sockets in TIME-WAIT of that address, projected.
    time_wait: Option<u64>,
    /// Its entries of connection tracking when the capture ends, projected.
    conntrack_entries: Option<u64>,
    /// Its local ports in use towards the server that has most of them, projected.
    ephemeral_ports: Option<u64>,
    faults: Vec<Fault>,
    #[serde(flatten)]
    figures: Figures,
}

/// A fault, and how many connections it ended or kept from being made.
#[derive(Serialize, JsonSchema)]
struct Fault {
    cause: Slug,
    connections: u64,
}

/// A point that is unlike its peers.
#[derive(Serialize, JsonSchema)]
struct Unlike {
    point: String,
    /// In words.
    sentence: String,
    figures: Vec<Outlier>,
    /// Faults that only it has.
    only_here: Vec<Slug>,
    /// Faults that all of the others have.
    only_there: Vec<Slug>,
}

/// A figure that is unlike the others'.
#[derive(Serialize, JsonSchema)]
struct Outlier {
    #[schemars(extend("enum" = ["avoidable_per_request", "reuse_ratio", "failed_per_attempt", "lost_per_request", "resets_per_close", "closed_by_itself", "time_wait"]))]
    figure: Slug,
    value: Number,
    /// The median of the others.
    median: Number,
    least: Number,
    most: Number,
    /// How many others have such a figure.
    others: u64,
}

/// A leg that was captured at two points.
#[derive(Serialize, JsonSchema)]
struct SeenTwice {
    /// Where it counts.
    counted: View,
    /// Where it does not.
    also: View,
    /// How many more legs count parts of it: of many clients behind one address.
    more: u64,
    /// What tells: the openings of its connections, or the same ends at the same time.
    #[schemars(extend("enum" = ["openings", "ends"]))]
    by: Slug,
    /// Connections at the place where it does not count.
    connections: u64,
    /// Of them those that were captured at both.
    in_common: u64,
    /// Whether that is an estimate from a sample.
    estimated: bool,
}

/// A leg at a point.
#[derive(Serialize, JsonSchema)]
struct View {
    point: String,
    /// `CLIENT -> SERVER:PORT`.
    leg: String,
}

/// A report that was merged.
#[derive(Serialize, JsonSchema)]
struct Part<'a> {
    point: &'a str,
    report: super::Report<'a>,
}

/// The same read back.
#[derive(Deserialize)]
pub(super) struct SavedMerged {
    pub(super) parts: Vec<SavedPart>,
}

/// A report of a merged one.
#[derive(Deserialize)]
pub(super) struct SavedPart {
    pub(super) point: String,
    pub(super) report: super::saved::Saved,
}

impl<'a> Merged<'a> {
    pub(super) fn new(fleet: &'a Fleet) -> Self {
        let parts = fleet.parts.iter();
        Self {
            points: fleet.points.iter().map(Into::into).collect(),
            unlike: fleet.unlike.iter().map(Into::into).collect(),
            not_compared: fleet.not_compared.clone(),
            seen_twice: fleet.twice.iter().map(Into::into).collect(),
            highest_of_parts: [
                "peak_busy",
                "peak_open",
                "handshakes.per_second_peak",
                "hosts.projection.time_wait_peak",
            ],
            parts: parts
                .map(|part| Part {
                    point: &part.point,
                    report: super::Report::new(&part.snapshot, &[]),
                })
                .collect(),
        }
    }
}

impl From<&fleet::Point> for Point {
    fn from(point: &fleet::Point) -> Self {
        let host = point.host.as_ref();
        let faults = point.faults.iter();
        Self {
            name: point.name.clone(),
            parts: point.parts as u64,
            start: point.start.map(rfc3339),
            end: point.end.map(rfc3339),
            packets: point.packets,
            dropped: point.dropped,
            verdict: point.status.as_str().into(),
            address: point.address.map(|address| address.to_string()),
            connects: point.connects,
            connections_counted: point.counted,
            time_wait: point.time_wait(),
            conntrack_entries: host.map(|host| host.conntrack_entries),
            ephemeral_ports: point.ports(),
            faults: faults
                .map(|(id, connections)| Fault {
                    cause: id.as_str().into(),
                    connections: *connections,
                })
                .collect(),
            figures: (&point.figures).into(),
        }
    }
}

impl From<&fleet::Unlike> for Unlike {
    fn from(unlike: &fleet::Unlike) -> Self {
        let ids = |ids: &[crate::diagnose::catalogue::CauseId]| -> Vec<Slug> {
            ids.iter().map(|id| id.as_str().into()).collect()
        };
        Self {
            point: unlike.point.clone(),
            sentence: words::sentence(unlike),
            figures: unlike.figures.iter().map(Into::into).collect(),
            only_here: ids(&unlike.only_here),
            only_there: ids(&unlike.only_there),
        }
    }
}

impl From<&fleet::Outlier> for Outlier {
    fn from(outlier: &fleet::Outlier) -> Self {
        let share = |value| Number::rounded(value, 6);
        Self {
            figure: outlier.measure.as_str().into(),
            value: share(outlier.value),
            median: share(outlier.median),
            least: share(outlier.least),
            most: share(outlier.most),
            others: outlier.others as u64,
        }
    }
}

impl From<&fleet::SeenTwice> for SeenTwice {
    fn from(twice: &fleet::SeenTwice) -> Self {
        let view = |(point, leg): &(String, crate::diagnose::LegName)| View {
            point: point.clone(),
            leg: leg.to_string(),
        };
        Self {
            counted: view(&twice.counted),
            also: view(&twice.also),
            more: twice.more as u64,
            by: match twice.by {
                fleet::SameBy::Openings => "openings",
                fleet::SameBy::Ends => "ends",
            }
            .into(),
            connections: twice.connections,
            in_common: twice.in_common.count,
            estimated: !twice.in_common.exact,
        }
    }
}
