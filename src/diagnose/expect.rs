//! Expectations (`--expect`): what must hold, judged on every leg that carries requests.
//!
//! What is not known (unknown firsts, requests hidden by gaps, dropped packets) is counted once for the least and once
//! for the most: an expectation holds if both bounds satisfy it, fails if neither does, and is unjudged between.

use std::str::FromStr;

use super::snapshot::{Leg, Snapshot, Status};
use crate::aggregate::{Figures, avoidable};
use crate::tr;

/// One expectation as the user wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    text: String,
    wanted: Wanted,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Wanted {
    Pass,
    Figure {
        figure: Figure,
        operator: Operator,
        value: f64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    Reuse,
    Avoidable,
    HandshakeRate,
    HandshakesPerRequest,
    Failed,
    Resets,
    Lost,
    Requests,
}

const FIGURES: [(&str, Figure); 8] = [
    ("reuse", Figure::Reuse),
    ("avoidable", Figure::Avoidable),
    ("handshake-rate", Figure::HandshakeRate),
    ("handshakes-per-request", Figure::HandshakesPerRequest),
    ("failed", Figure::Failed),
    ("resets", Figure::Resets),
    ("lost", Figure::Lost),
    ("requests", Figure::Requests),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    AtLeast,
    AtMost,
    Above,
    Below,
    Equal,
}

/// Longer spellings before their own beginnings.
const OPERATORS: [(&str, Operator); 6] = [
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("==", Operator::Equal),
    (">", Operator::Above),
    ("<", Operator::Below),
    ("=", Operator::Equal),
];

/// Why an expectation can't be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpectError {
    /// Neither `pass` nor a comparison.
    #[error(
        "expected `pass` or a figure, a comparison and a number, such as 'reuse>=0.9' (in quotes: > and < are the shell's)"
    )]
    NoComparison,
    /// No such figure.
    #[error("no figure {0:?}; there are {known}", known = known_figures())]
    NoFigure(String),
    /// What is compared with is no number.
    #[error("{0:?} is no number of 0 or more")]
    NoNumber(String),
}

fn known_figures() -> String {
    FIGURES.map(|(name, _)| name).join(", ")
}

impl FromStr for Expectation {
    type Err = ExpectError;

    fn from_str(text: &str) -> Result<Self, ExpectError> {
        let text = text.trim();
        if text == "pass" {
            return Ok(Self {
                text: text.to_owned(),
                wanted: Wanted::Pass,
            });
        }
        let at = text.find(['<', '>', '=']).ok_or(ExpectError::NoComparison)?;
        let (name, rest) = text.split_at(at);
        let (spelling, operator) = OPERATORS
            .into_iter()
            .find(|(sign, _)| rest.starts_with(sign))
            .ok_or(ExpectError::NoComparison)?;
        let name = name.trim();
        let figure = FIGURES
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, figure)| figure);
        let figure = figure.ok_or_else(|| ExpectError::NoFigure(name.to_owned()))?;
        let number = rest.get(spelling.len()..).unwrap_or_default().trim();
        let (digits, unit) = number
            .strip_suffix('%')
            .map_or((number, 1.0), |digits| (digits, 0.01));
        let value = digits
            .trim()
            .parse::<f64>()
            .ok()
            .filter(|n| n.is_finite() && *n >= 0.0);
        let value = value.ok_or_else(|| ExpectError::NoNumber(number.to_owned()))? * unit;
        Ok(Self {
            text: text.to_owned(),
            wanted: Wanted::Figure {
                figure,
                operator,
                value,
            },
        })
    }
}

/// How an expectation came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// It held whatever is not known.
    Held,
    /// It failed whatever is not known.
    Failed,
    /// The capture cannot tell.
    Unjudged,
}

impl Judgement {
    /// The slug used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Unjudged => "unjudged",
        }
    }
}

/// One expectation, judged on one leg or on the capture.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The expectation as written.
    pub expect: String,
    /// The leg; `None` where the capture as a whole was judged, or nothing could be.
    pub leg: Option<String>,
    /// How it came out.
    pub result: Judgement,
    /// The figure with everything unknown counted for the least.
    pub low: Option<f64>,
    /// The figure with everything unknown counted for the most.
    pub high: Option<f64>,
}

/// Judges every expectation, on legs whose name contains `narrow` if that is given. The second list holds warnings.
#[must_use]
pub fn judge(
    expectations: &[Expectation],
    narrow: Option<&str>,
    snapshot: &Snapshot,
) -> (Vec<Outcome>, Vec<String>) {
    let legs: Vec<&Leg> = snapshot
        .legs
        .iter()
        .filter(|leg| narrow.is_none_or(|part| leg.name.to_string().contains(part)))
        .collect();
    let capture = &snapshot.capture;
    let dropped = capture.kernel_dropped().unwrap_or(0) + capture.interface_dropped().unwrap_or(0);
    let unseen = dropped.saturating_add(capture.damaged_packets());
    let mut warnings = Vec::new();
    if let Some(part) = narrow.filter(|_| legs.is_empty()) {
        warnings.push(tr!(
            "--leg {part} matches no leg of this capture; legs are written CLIENT -> SERVER:PORT, and a part is enough",
            part = format!("{part:?}")
        ));
    }
    let mut outcomes = Vec::new();
    for expectation in expectations {
        let before = outcomes.len();
        match expectation.wanted {
            Wanted::Pass if narrow.is_none() => {
                outcomes.push(expectation.outcome(None, passed(snapshot.verdict.status), None));
            }
            Wanted::Pass => {
                let judged = legs.iter().filter(|leg| {
                    leg.figures.counts.requests.rated() > 0 || leg.figures.failed_connects() > 0
                });
                outcomes.extend(
                    judged.map(|leg| expectation.outcome(Some(leg), passed(leg.verdict.status), None)),
                );
            }
            Wanted::Figure {
                figure,
                operator,
                value,
            } => {
                outcomes.extend(legs.iter().filter(|leg| figure.applies(&leg.figures)).map(|leg| {
                    let bounds = figure.bounds(&leg.figures, unseen);
                    let result = bounds.map_or(Judgement::Unjudged, |bounds| operator.judge(bounds, value));
                    expectation.outcome(Some(leg), result, bounds)
                }));
            }
        }
        if outcomes.len() == before {
            outcomes.push(expectation.outcome(None, Judgement::Unjudged, None));
        }
    }
    (outcomes, warnings)
}

const fn passed(status: Status) -> Judgement {
    match status {
        Status::Pass => Judgement::Held,
        Status::Warn | Status::Fail => Judgement::Failed,
        Status::Inconclusive => Judgement::Unjudged,
    }
}

impl Expectation {
    fn outcome(&self, leg: Option<&Leg>, result: Judgement, bounds: Option<(f64, f64)>) -> Outcome {
        Outcome {
            expect: self.text.clone(),
            leg: leg.map(|leg| leg.name.to_string()),
            result,
            low: bounds.map(|(low, _)| low),
            high: bounds.map(|(_, high)| high),
        }
    }
}

impl Figure {
    /// Legs without requests are not judged, but what went wrong on them counts: a server that refuses every
    /// connection has no request.
    fn applies(self, figures: &Figures) -> bool {
        figures.counts.requests.rated() > 0
            || match self {
                Self::Failed => figures.failed_connects() > 0,
                Self::Resets => resets(figures) > 0,
                Self::Lost => figures.counts.requests.lost > 0,
                _ => false,
            }
    }

    /// The least and the most this figure can be; `None` if the capture does not show it. Each of the `dropped` packets
    /// may have carried a request, a first or a reset.
    fn bounds(self, figures: &Figures, dropped: u64) -> Option<(f64, f64)> {
        let counts = &figures.counts;
        let requests = &counts.requests;
        let hidden = counts.hidden_requests.saturating_add(dropped);
        let rated = requests.rated();
        let most = rated.saturating_add(hidden) as f64;
        let most_firsts = requests
            .first
            .saturating_add(requests.unknown_first)
            .saturating_add(hidden);
        let counted = |n: u64| Some((n as f64, n.saturating_add(dropped) as f64));
        let two_way = !figures.lacks_a_direction();
        match self {
            Self::Reuse if rated > 0 => {
                let high = (most - requests.first as f64) / most;
                Some((((most - most_firsts as f64) / most).max(0.0), high))
            }
            Self::HandshakesPerRequest if rated > 0 => {
                Some((requests.first as f64 / most, (most_firsts as f64 / most).min(1.0)))
            }
            Self::Avoidable if rated > 0 && two_way => {
                let low = figures.avoidable? as f64 / most;
                let high = avoidable(most_firsts, &figures.concurrency)? as f64 / most;
                Some((low, high.max(low)))
            }
            Self::HandshakeRate if two_way => counted(figures.concurrency.peak_handshakes),
            Self::Failed if two_way => counted(figures.failed_connects()),
            Self::Resets => counted(resets(figures)),
            Self::Lost if two_way => counted(requests.lost),
            Self::Requests => Some((
                requests.total as f64,
                requests.total.saturating_add(hidden) as f64,
            )),
            _ => None,
        }
    }
}

const fn resets(figures: &Figures) -> u64 {
    figures.counts.closes.reset_by_client + figures.counts.closes.reset_by_server
}

impl Operator {
    fn holds(self, figure: f64, value: f64) -> bool {
        match self {
            Self::AtLeast => figure >= value,
            Self::AtMost => figure <= value,
            Self::Above => figure > value,
            Self::Below => figure < value,
            Self::Equal => (figure - value).abs() < 1e-9,
        }
    }

    fn judge(self, (low, high): (f64, f64), value: f64) -> Judgement {
        match (self.holds(low, value), self.holds(high, value)) {
            (true, true) => Judgement::Held,
            // Neither end equals it, but something between may.
            (false, false) if self == Self::Equal && low < value && value < high => Judgement::Unjudged,
            (false, false) => Judgement::Failed,
            _ => Judgement::Unjudged,
        }
    }
}

#[cfg(test)]
#[path = "expect_tests.rs"]
mod tests;
