//! The host unlike its peers.
//!
//! Each point is held against the median of the others of its kind (those that open connections, those that only accept
//! them), with their spread: the median of the distances from that median. Medians of the others do not mind a second odd one among
//! them. What is outside of three times the spread, of what chance explains and of what is worth a word, is said.

use std::collections::BTreeSet;

use super::points::Point;
use crate::diagnose::catalogue::CauseId;
use crate::lang::tr;
use crate::tr;

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
    /// Connections that the host closed itself, of those that were closed: who closes keeps the sockets in TIME-WAIT.
    Closes,
    /// Sockets in TIME-WAIT on it at once, projected: a number.
    TimeWait,
}

impl Measure {
    /// Every one, the most telling first.
    pub const ALL: [Self; 7] = [
        Self::Avoidable,
        Self::Reuse,
        Self::Failed,
        Self::Lost,
        Self::Resets,
        Self::Closes,
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
            Self::Closes => "closed_by_itself",
            Self::TimeWait => "time_wait",
        }
    }

    /// Whether it is a number, not a share.
    #[must_use]
    pub const fn is_number(self) -> bool {
        matches!(self, Self::TimeWait)
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
            Self::Closes => "of the closes by itself",
            Self::TimeWait => "sockets in TIME-WAIT at once",
        }
    }

    /// Differences below are not worth a word.
    const fn worth(self) -> f64 {
        match self {
            Self::Lost => 0.005,
            Self::Resets | Self::Closes => 0.1,
            // A host does not notice fewer sockets.
            Self::TimeWait => 500.0,
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
            Self::Closes => point.closed_by_itself,
            Self::TimeWait => return Some((point.time_wait()? as f64, 1.0)),
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
    /// How many others have such a figure.
    pub others: usize,
    /// Whether those are all of its peers.
    pub all: bool,
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

/// What is compared, and what is not, with the reason.
#[derive(Clone, Debug, Default)]
pub(super) struct Compared {
    pub(super) unlike: Vec<Unlike>,
    pub(super) not: Vec<String>,
}

/// The points that are unlike their peers, the most unlike first; and those of which nothing can be said.
pub(super) fn compared(points: &[Point]) -> Compared {
    /// Of two nobody can say which is the odd one.
    const PEERS: usize = 3;
    let mut not = Vec::new();
    let mut found: Vec<(f64, Unlike)> = Vec::new();
    for (connects, does) in [(true, "open connections"), (false, "only accept connections")] {
        let busy = points
            .iter()
            .filter(|point| point.figures.counts.connections.total > 0);
        let kind: Vec<&Point> = busy.filter(|point| point.connects == connects).collect();
        // A mirror of another one is not another host.
        let mirrors = |point: &&Point| {
            let mut others = kind.iter().filter(|other| other.name != point.name);
            others.any(|other| point.elsewhere.contains(&other.name))
        };
        let peers: Vec<&Point> = kind.iter().copied().filter(|point| !mirrors(point)).collect();
        if peers.is_empty() || points.len() < 2 {
            continue;
        }
        if let [alone] = &peers[..] {
            not.push(tr!(
                "{point}: there is no other one that has connections and does the same ({does})",
                point = alone.name,
                does = tr(does)
            ));
            continue;
        }
        if peers.len() < PEERS {
            let names: Vec<&str> = peers.iter().map(|point| point.name.as_str()).collect();
            not.push(tr!(
                "{points}: which host is unlike its peers can be told of three or more that {does}; compare puts two side by side",
                points = names.join(tr(", ")),
                does = tr(does)
            ));
            continue;
        }
        let figures = Measure::ALL.iter().filter(|measure| !measure.is_number());
        let measured = figures.map(|measure| peers.iter().filter_map(|point| measure.of(point)).count());
        if measured.max().unwrap_or(0) < PEERS {
            not.push(tr!(
                "hosts that {does} have too few requests and connections to be held against each other",
                does = tr(does)
            ));
            continue;
        }
        found.extend(peers.iter().filter_map(|point| held_against(point, &peers)));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.point.cmp(&b.1.point)));
    Compared {
        unlike: found.into_iter().map(|(_, unlike)| unlike).collect(),
        not,
    }
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
    let known: Vec<(f64, f64)> = others.iter().filter_map(|other| measure.of(other)).collect();
    if known.len() < 2 {
        return None;
    }
    let mut theirs: Vec<f64> = known.iter().map(|(n, of)| n / of).collect();
    theirs.sort_by(f64::total_cmp);
    let middle = median(&theirs);
    let mut distances: Vec<f64> = theirs.iter().map(|other| (other - middle).abs()).collect();
    distances.sort_by(f64::total_cmp);
    let chance = if measure.is_number() {
        // Load differs between hosts: what is not several times as much is no news.
        middle
    } else {
        chance((n, of), &known, middle)
    };
    let spread = (DEVIATION * median(&distances)).max(chance);
    let bound = (TIMES * spread).max(measure.worth());
    let distance = (value - middle).abs();
    let (least, most) = theirs
        .first()
        .zip(theirs.last())
        .map(|(least, most)| (*least, *most))?;
    let outlier = Outlier {
        measure,
        value,
        median: middle,
        least,
        most,
        others: theirs.len(),
        all: theirs.len() == others.len(),
    };
    let far = if measure.is_number() { 0.0 } else { distance };
    (distance > bound).then_some((far, outlier))
}

/// How far chance puts the share of a point from that of the others, if it is like the median of them: one standard
/// deviation, by what is known of all of them together.
fn chance((n, of): (f64, f64), others: &[(f64, f64)], median: f64) -> f64 {
    let theirs: f64 = others.iter().map(|(_, of)| of).sum();
    let share = ((n + median * theirs) / (of + theirs)).clamp(0.0, 1.0);
    (share * (1.0 - share) / of).sqrt()
}
