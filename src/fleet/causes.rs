//! Causes of several views of a leg or pool, added up.

use std::cmp::Reverse;

use super::capture::Offset;
use crate::diagnose::{Cause, Confidence};

/// Evidence kept of a cause.
const EVIDENCE: usize = 6;

/// The causes of one view, and what their shares are of.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) causes: &'a [Cause],
    /// Connections that were closed.
    pub(super) closes: u64,
    /// Connects that were tried.
    pub(super) attempts: u64,
}

/// What a cause's share is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Of {
    Closes,
    Attempts,
}

/// The causes of all views of a leg or pool.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    causes: Vec<(Cause, Option<Of>)>,
    closes: u64,
    attempts: u64,
}

impl Sum {
    /// Adds a view's.
    pub(super) fn add(&mut self, seen: Seen<'_>, offset: Offset) {
        self.closes = self.closes.saturating_add(seen.closes);
        self.attempts = self.attempts.saturating_add(seen.attempts);
        for cause in seen.causes {
            let of = cause.share.map(|share| Of::new(cause, share, seen));
            let mut cause = cause.clone();
            for evidence in &mut cause.evidence {
                let frames = evidence.frames.iter();
                evidence.frames = frames
                    .filter_map(|(interface, frame)| Some((offset.interface(*interface)?, *frame)))
                    .collect();
            }
            let same =
                |known: &&mut (Cause, Option<Of>)| (known.0.id, known.0.scope) == (cause.id, cause.scope);
            match self.causes.iter_mut().find(same) {
                Some((known, known_of)) => {
                    *known_of = known_of.or(of);
                    join(known, cause);
                }
                None => self.causes.push((cause, of)),
            }
        }
    }

    /// All of them, with shares of what all views had; faults first, by connections.
    pub(super) fn finish(self) -> Vec<Cause> {
        let causes = self.causes.into_iter().map(|(mut cause, of)| {
            let all = of.map(|of| match of {
                Of::Closes => self.closes,
                Of::Attempts => self.attempts,
            });
            cause.share = all.map(|all| (cause.connections as f64 / all.max(1) as f64).min(1.0));
            cause
        });
        let mut causes: Vec<Cause> = causes.collect();
        causes.sort_by_key(|cause| (cause.severity, Reverse(cause.connections), cause.id.as_str()));
        causes
    }
}

impl Of {
    /// The closes, or the connects: whichever makes the share that the view has.
    fn new(cause: &Cause, share: f64, seen: Seen<'_>) -> Self {
        let estimate = cause.connections as f64 / share.max(f64::MIN_POSITIVE);
        let off = |n: u64| (n as f64 - estimate).abs();
        if off(seen.attempts) < off(seen.closes) {
            Self::Attempts
        } else {
            Self::Closes
        }
    }
}

const fn doubt(confidence: Confidence) -> u8 {
    match confidence {
        Confidence::Certain => 0,
        Confidence::Likely => 1,
        Confidence::Possible => 2,
    }
}

fn join(known: &mut Cause, more: Cause) {
    known.connections = known.connections.saturating_add(more.connections);
    known.requests = known.requests.saturating_add(more.requests);
    known.severity = known.severity.min(more.severity);
    if doubt(more.confidence) > doubt(known.confidence) {
        known.confidence = more.confidence;
    }
    if known.limit != more.limit {
        known.limit = None;
    }
    for id in more.or {
        if !known.or.contains(&id) {
            known.or.push(id);
        }
    }
    known.split_by = known.split_by.take().or(more.split_by);
    known.cannot_tell = known.cannot_tell.take().or(more.cannot_tell);
    let room = EVIDENCE.saturating_sub(known.evidence.len());
    known.evidence.extend(more.evidence.into_iter().take(room));
}
