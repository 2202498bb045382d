//! The host unlike its peers.
//!
//! Each point is held against the median of the others of its kind (those that open connections, those that only accept
//! them), with their spread: the median of the distances from that median. Medians of the others do not mind a second odd one among
//! them. What is outside of three times the spread, of what chance explains and of what is worth a word, is said.

use std::collections::BTreeSet;

use super::points::Point;
use crate::diagnose::catalogue::CauseId;

/// A figure by which points are held against each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Measure {
    /// Avoidable handshakes per request.
    Avoidable,
    /// Requests that reused a connection, of all.
    Reuse,
    /// Connects that failed, of all.
    Failed,
    /// Requests lost, of all.
    Lost,
    /// Connections that were reset, of those that ended.
    Resets,
    /// Sockets in TIME-WAIT for each handshake of its own: who closes.
    TimeWait,
}

impl Measure {
    /// Every one, the most telling first.
    pub const ALL: [Self; 6] = [
        Self::Avoidable,
        Self::Reuse,
        Self::Failed,
        Self::Lost,
        Self::Resets,
        Self::TimeWait,
    ];

    /// The slug used by programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Avoidable => "avoidable_per_request",
            Self::Reuse => "reuse_ratio",
            Self::Failed => "failed_per_attempt",
            Self::Lost => "lost_per_request",
            Self::Resets => "resets_per_close",
            Self::TimeWait => "time_wait_per_handshake",
        }
    }

    /// What a share of it is called.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Avoidable => "avoidable",
            Self::Reuse => "reused",
            Self::Failed => "of the connects failed",
            Self::Lost => "of the requests lost",
            Self::Resets => "of the connections reset",
            Self::TimeWait => "of its handshakes in TIME-WAIT on it",
        }
    }

    /// Differences below are not worth a word.
    const fn worth(self) -> f64 {
        match self {
            Self::Lost => 0.005,
            Self::Resets | Self::TimeWait => 0.1,
            _ => 0.02,
        }
    }

    /// How many, of how many; `None` where that is not known or too few.
    fn of(self, point: &Point) -> Option<(f64, f64)> {
        /// Less says nothing.
        const ENOUGH: u64 = 20;
        let counts = &point.figures.counts;
        let (n, of) = match self {
            Self::Avoidable => (point.figures.avoidable?, counts.requests.rated()),
            Self::Reuse => (counts.requests.reused(), counts.requests.rated()),
            Self::Failed => (point.figures.failed_connects(), counts.connections.opened),
            Self::Lost => (counts.requests.lost, counts.requests.rated()),
            Self::Resets => (
                counts.closes.reset_by_client + counts.closes.reset_by_server,
                counts.closes.total(),
            ),
            Self::TimeWait => (point.time_wait()?, counts.handshakes),
        };
        (of >= ENOUGH).then_some((n as f64, of as f64))
    }
}

/// A figure of a point that is unlike that of its peers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlier {
    /// Which.
    pub measure: Measure,
    /// What the point has.
    pub value: f64,
    /// The median of the others.
    pub median: f64,
    /// The least of the others.
    pub least: f64,
    /// The most of the others.
    pub most: f64,
    /// How many others there are.
    pub others: usize,
}

/// A point that is unlike its peers.
#[derive(Clone, Debug, PartialEq)]
pub struct Unlike {
    /// Its name.
    pub point: String,
    /// By which figures.
    pub figures: Vec<Outlier>,
    /// Faults that only it has.
    pub only_here: Vec<CauseId>,
    /// Faults that all of the others have.
    pub only_there: Vec<CauseId>,
}

/// The points that are unlike their peers, the most unlike first; or why that can't be told.
pub(super) fn unlike(points: &[Point]) -> (Vec<Unlike>, Option<String>) {
    let kind = |connects: bool| -> Vec<&Point> {
        let busy = points
            .iter()
            .filter(|point| point.figures.counts.connections.total > 0);
        busy.filter(|point| point.connects == connects).collect()
    };
    let kinds = [kind(true), kind(false)];
    let mut found: Vec<(f64, Unlike)> = Vec::new();
    for peers in kinds.iter().filter(|peers| peers.len() >= 3) {
        found.extend(peers.iter().filter_map(|point| held_against(point, peers)));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.point.cmp(&b.1.point)));
    let told = kinds.iter().any(|peers| peers.len() >= 3);
    let why = (!told && points.len() > 1).then(|| {
        "which host is unlike its peers can be told of three or more that do the same; compare puts two side by side".to_owned()
    });
    (found.into_iter().map(|(_, unlike)| unlike).collect(), why)
}

fn held_against(point: &Point, peers: &[&Point]) -> Option<(f64, Unlike)> {
    let others: Vec<&Point> = peers
        .iter()
        .copied()
        .filter(|other| other.name != point.name)
        .collect();
    let figures: Vec<(f64, Outlier)> = Measure::ALL
        .iter()
        .filter_map(|measure| outlier(*measure, point, &others))
        .collect();
    let own = point.main_faults();
    let here: Vec<CauseId> = own
        .iter()
        .filter(|id| {
            others
                .iter()
                .all(|other| other.faults.get(id).is_none_or(|n| *n == 0))
        })
        .copied()
        .collect();
    let mut common: Option<BTreeSet<CauseId>> = None;
    for other in &others {
        let theirs = other.main_faults();
        common = Some(common.map_or_else(|| theirs.clone(), |known| &known & &theirs));
    }
    let elsewhere: Vec<CauseId> = common
        .unwrap_or_default()
        .into_iter()
        .filter(|id| point.faults.get(id).is_none_or(|n| *n == 0))
        .collect();
    let causes = here.len() + elsewhere.len();
    let how_far = figures.iter().map(|(far, _)| *far).fold(0.0, f64::max);
    (causes > 0 || !figures.is_empty()).then(|| {
        let unlike = Unlike {
            point: point.name.clone(),
            figures: figures.into_iter().map(|(_, outlier)| outlier).collect(),
            only_here: here,
            only_there: elsewhere,
        };
        (how_far + causes as f64 / 1e3, unlike)
    })
}

fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    match (sorted.get(middle.wrapping_sub(1)), sorted.get(middle)) {
        (Some(low), Some(high)) if sorted.len().is_multiple_of(2) => low.midpoint(*high),
        (_, Some(high)) => *high,
        _ => 0.0,
    }
}

/// How far off a point's figure is, if it is unlike the others'.
fn outlier(measure: Measure, point: &Point, others: &[&Point]) -> Option<(f64, Outlier)> {
    /// Of a normal distribution the median distance is its deviation divided by this.
    const DEVIATION: f64 = 1.4826;
    const TIMES: f64 = 3.0;
    let (n, of) = measure.of(point)?;
    let value = n / of;
    let mut theirs: Vec<f64> = others
        .iter()
        .filter_map(|other| measure.of(other))
        .map(|(n, of)| n / of)
        .collect();
    if theirs.len() < 2 {
        return None;
    }
    theirs.sort_by(f64::total_cmp);
    let middle = median(&theirs);
    let mut distances: Vec<f64> = theirs.iter().map(|other| (other - middle).abs()).collect();
    distances.sort_by(f64::total_cmp);
    let share = middle.clamp(0.0, 1.0);
    let chance = (share * (1.0 - share) / of).sqrt();
    let spread = (DEVIATION * median(&distances)).max(chance);
    let bound = (TIMES * spread).max(measure.worth());
    let distance = (value - middle).abs();
    let outside = theirs.first().zip(theirs.last());
    let (least, most) = outside.map(|(least, most)| (*least, *most))?;
    (distance > bound).then_some((
        distance,
        Outlier {
            measure,
            value,
            median: middle,
            least,
            most,
            others: theirs.len(),
        },
    ))
}
