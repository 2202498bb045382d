//! Endings added up by cause, and what is made of them.

use std::collections::BTreeMap;

use super::cause::{Cause, Confidence, Evidence, Scope, Severity};
use super::rules::Rules;
use super::view::{LegView, PoolView};
use super::words;
use crate::aggregate::CloseSample;
use crate::classify::Ending;
use crate::diagnose::Status;
use crate::diagnose::catalogue::CauseId;

/// A cause on fewer connections than this, or on less than this share of the closes, is noise.
const LEAST: f64 = 2.0;
const LEAST_SHARE: f64 = 0.01;
/// Frames named as evidence.
const FRAMES: usize = 3;

/// The connections of one cause.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally<'a> {
    pub(super) connections: f64,
    pub(super) requests: f64,
    pub(super) closes: Vec<&'a CloseSample>,
}

impl Tally<'_> {
    /// How many, in whole connections.
    pub(super) fn count(&self) -> u64 {
        self.connections.round() as u64
    }
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Tallies<'a>(BTreeMap<CauseId, Tally<'a>>);

impl<'a> Tallies<'a> {
    /// The endings of a leg, by its rules.
    pub(super) fn of(leg: &LegView<'a>, rules: &Rules) -> Self {
        let mut tallies = Self::default();
        for (ending, sample, weight) in leg.closes.samples() {
            if matches!(
                ending,
                Ending::Refused | Ending::Unanswered | Ending::GaveUpConnecting
            ) {
                continue;
            }
            if let Some(id) = rules.cause(ending, sample) {
                let tally = tallies.0.entry(id).or_default();
                tally.connections += weight;
                tally.requests += weight * f64::from(sample.requests);
                tally.closes.push(sample);
            }
        }
        tallies
    }

    /// Takes these out.
    pub(super) fn take(&mut self, ids: &[CauseId]) -> Self {
        let found = ids.iter().filter_map(|id| self.0.remove_entry(id));
        Self(found.collect())
    }

    pub(super) fn add(&mut self, other: Self) {
        for (id, tally) in other.0 {
            let mine = self.0.entry(id).or_default();
            mine.connections += tally.connections;
            mine.requests += tally.requests;
            mine.closes.extend(tally.closes);
        }
    }

    /// The causes of a leg.
    pub(super) fn causes(&self, leg: &LegView<'a>, rules: &Rules) -> Vec<Cause> {
        let closes = leg.figures.counts.closes.total();
        let mut causes = self.above_noise(closes, Scope::Leg, leg.status, rules);
        causes.extend(self.dilution(leg, rules, closes));
        causes
    }

    /// The causes of a pool.
    pub(super) fn causes_of_pool(&self, pool: &PoolView<'a>, rules: &[Rules]) -> Vec<Cause> {
        let closes = pool
            .legs
            .iter()
            .map(|leg| leg.figures.counts.closes.total())
            .sum();
        let status = pool.legs.iter().map(|leg| leg.status).max().unwrap_or_default();
        let Some(rules) = rules.first() else {
            return Vec::new();
        };
        let mut causes = self.above_noise(closes, Scope::Pool, status, rules);
        causes.sort_by_key(|cause| (cause.severity, std::cmp::Reverse(cause.connections)));
        causes
    }

    fn above_noise(&self, closes: u64, scope: Scope, status: Status, rules: &Rules) -> Vec<Cause> {
        let found = self.0.iter().filter(|(_, tally)| {
            tally.connections >= LEAST && tally.connections >= LEAST_SHARE * closes as f64
        });
        found
            .map(|(id, tally)| {
                let (or, split_by) = words::alike(*id, tally, rules);
                Cause {
                    id: *id,
                    confidence: confidence(*id, &or),
                    or,
                    split_by,
                    scope,
                    severity: severity(*id, status),
                    connections: tally.count(),
                    requests: tally.requests.round() as u64,
                    share: share(tally.connections, closes),
                    limit: words::limit(*id, tally, rules),
                    evidence: vec![Evidence {
                        text: words::evidence(*id, tally, rules),
                        frames: tally
                            .closes
                            .iter()
                            .take(FRAMES)
                            .map(|close| close.frame)
                            .collect(),
                    }],
                    cannot_tell: id.entry().and_then(|entry| entry.limits.clone()),
                }
            })
            .collect()
    }

    /// Idle timeouts, and requests rarer than they are.
    fn dilution(&self, leg: &LegView<'a>, rules: &Rules, closes: u64) -> Option<Cause> {
        let timeouts = [CauseId::T3, CauseId::P4].map(|id| self.0.get(&id));
        let (tally, window) = match timeouts {
            [Some(tally), _] => (tally, rules.server_idle?),
            [None, Some(tally)] => (tally, rules.client.idle?),
            [None, None] => return None,
        };
        let (first, last) = (tally.closes.first()?, tally.closes.last()?);
        let span = last.end.since(first.start).max(1) as f64;
        let requests = leg.figures.counts.requests.rated() as f64;
        let rare = requests * window.from as f64 / span < 2.0;
        (rare && tally.connections >= LEAST).then(|| Cause {
            id: CauseId::P19,
            or: Vec::new(),
            split_by: None,
            scope: Scope::Leg,
            severity: Severity::Normal,
            confidence: Confidence::Likely,
            connections: tally.count(),
            requests: tally.requests.round() as u64,
            share: share(tally.connections, closes),
            limit: None,
            evidence: vec![Evidence {
                text: words::dilution(requests, span, window),
                frames: Vec::new(),
            }],
            cannot_tell: CauseId::P19.entry().and_then(|entry| entry.limits.clone()),
        })
    }
}

fn share(connections: f64, closes: u64) -> Option<f64> {
    (closes > 0).then(|| (connections / closes as f64).min(1.0))
}

/// What a leg that passes can live with is no fault.
fn severity(id: CauseId, status: Status) -> Severity {
    use CauseId as C;
    match id {
        C::P10 | C::P15 | C::P16 | C::P19 | C::N7 | C::X10 => Severity::Normal,
        C::T2 | C::T3 | C::T9 | C::P3 | C::P4 | C::P5 | C::N8 if status == Status::Pass => Severity::Normal,
        _ => Severity::Fault,
    }
}

fn confidence(id: CauseId, or: &[CauseId]) -> Confidence {
    use CauseId as C;
    match id {
        _ if !or.is_empty() => Confidence::Possible,
        C::N1 | C::N2 | C::N3 | C::N4 | C::N8 | C::N9 | C::T1 | C::T2 | C::T4 | C::T6 | C::T7 | C::P16 => {
            Confidence::Certain
        }
        _ => Confidence::Likely,
    }
}
