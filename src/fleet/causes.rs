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

/// Adds a view's causes. Shares are made whole by [`finish`]: until then they hold what they are of.
pub(super) fn add(whole: &mut Vec<Cause>, seen: Seen<'_>, offset: Offset) {
    for cause in seen.causes {
        let of = cause.share.map(|share| base(cause, share, seen));
        let mut cause = cause.clone();
        for evidence in &mut cause.evidence {
            let frames = evidence.frames.iter();
            evidence.frames = frames
                .filter_map(|(interface, frame)| Some((offset.interface(*interface)?, *frame)))
                .collect();
        }
        cause.share = of;
        match whole
            .iter_mut()
            .find(|known| (known.id, known.scope) == (cause.id, cause.scope))
        {
            Some(known) => join(known, cause),
            None => whole.push(cause),
        }
    }
}

/// What a share is of: the closes, or the connects.
fn base(cause: &Cause, share: f64, seen: Seen<'_>) -> f64 {
    let estimate = cause.connections as f64 / share.max(f64::MIN_POSITIVE);
    let off = |n: u64| (n as f64 - estimate).abs();
    if off(seen.attempts) < off(seen.closes) {
        seen.attempts as f64
    } else {
        seen.closes as f64
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
    known.share = match (known.share, more.share) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    };
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

/// Shares of what all views together had; faults first, by connections.
pub(super) fn finish(causes: &mut [Cause]) {
    for cause in &mut *causes {
        cause.share = cause.share.map(|of| {
            if of > 0.0 {
                (cause.connections as f64 / of).min(1.0)
            } else {
                0.0
            }
        });
    }
    causes.sort_by_key(|cause| (cause.severity, Reverse(cause.connections), cause.id.as_str()));
}
