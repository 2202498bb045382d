//! Causes read back.

use super::{SavedError, known};
use crate::diagnose::catalogue::CauseId;
use crate::diagnose::{self, CloseLimit, Confidence, Scope, Severity};
use crate::frame::InterfaceId;
use crate::report::json::cause::{Cause, Evidence, Limit};
use crate::time::SECOND;

fn id(text: &str) -> Result<CauseId, SavedError> {
    let ids = CauseId::ALL.iter();
    known("causes.id", text, ids.copied().find(|id| id.as_str() == text))
}

impl Cause {
    /// Title and fixes are the catalogue's.
    pub(super) fn restore(self) -> Result<diagnose::Cause, SavedError> {
        let or = self.or.iter().map(|text| id(text));
        Ok(diagnose::Cause {
            id: id(&self.id)?,
            or: or.collect::<Result<_, _>>()?,
            split_by: self.split_by,
            scope: known("causes.scope", &self.scope, Scope::from_slug(&self.scope))?,
            severity: known(
                "causes.severity",
                &self.severity,
                Severity::from_slug(&self.severity),
            )?,
            confidence: known(
                "causes.confidence",
                &self.confidence,
                Confidence::from_slug(&self.confidence),
            )?,
            connections: self.connections,
            requests: self.requests,
            share: self.share_of_closes.map(|share| share.0),
            limit: self.limit.map(|limit| limit.restore()).transpose()?,
            evidence: self.evidence.into_iter().map(Into::into).collect(),
            cannot_tell: self.cannot_tell,
        })
    }
}

impl Limit {
    fn restore(&self) -> Result<CloseLimit, SavedError> {
        let value = self.value.0.max(0.0);
        let span = (value * SECOND as f64).round() as i64;
        let limit = match &*self.what {
            "idle" => Some(CloseLimit::Idle(span)),
            "requests" => Some(CloseLimit::Requests(value as u32)),
            "age" => Some(CloseLimit::Age(span)),
            _ => None,
        };
        known("causes.limit.what", &self.what, limit)
    }
}

impl From<Evidence> for diagnose::Evidence {
    /// A restored capture has one interface for each source.
    fn from(evidence: Evidence) -> Self {
        let frames = evidence.frames.into_iter();
        Self {
            text: evidence.text,
            frames: frames
                .map(|frame| (InterfaceId(frame.source), frame.frame))
                .collect(),
        }
    }
}
