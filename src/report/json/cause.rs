//! Causes of the JSON report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Slug;
use super::number::Number;
use crate::diagnose::catalogue::CauseId;
use crate::diagnose::{self, CloseLimit};
use crate::frame::{Interface, InterfaceId};
use crate::report::explain::place;
use crate::time::SECOND;

/// What makes connections short, and what to change.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Cause {
    pub(super) id: Slug,
    /// Causes that look the same in packets.
    pub(super) or: Vec<Slug>,
    pub(super) split_by: Option<String>,
    pub(super) slug: Slug,
    pub(super) title: Slug,
    #[schemars(extend("enum" = ["leg", "pool"]))]
    pub(super) scope: Slug,
    #[schemars(extend("enum" = ["fault", "normal"]))]
    pub(super) severity: Slug,
    #[schemars(extend("enum" = ["certain", "likely", "possible"]))]
    pub(super) confidence: Slug,
    pub(super) connections: u64,
    pub(super) requests: u64,
    pub(super) share_of_closes: Option<Number>,
    /// The limit that it is, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) limit: Option<Limit>,
    pub(super) evidence: Vec<Evidence>,
    pub(super) fix: Vec<Fix>,
    pub(super) cannot_tell: Option<String>,
}

/// A limit, told from numbers.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Limit {
    /// Idle time, requests, or age of a connection.
    #[schemars(extend("enum" = ["idle", "requests", "age"]))]
    pub(super) what: Slug,
    /// Requests, or seconds.
    pub(super) value: Number,
    /// What sets it.
    pub(super) directive: Slug,
    /// As somebody would have configured it.
    pub(super) configured: String,
}

impl Limit {
    fn new(limit: diagnose::CloseLimit, id: CauseId) -> Self {
        let (what, value) = match limit {
            CloseLimit::Idle(span) => ("idle", span as f64 / SECOND as f64),
            CloseLimit::Requests(requests) => ("requests", requests.into()),
            CloseLimit::Age(span) => ("age", span as f64 / SECOND as f64),
        };
        Self {
            what: what.into(),
            value: Number(value),
            directive: limit.directive(id).into(),
            configured: limit.configured(),
        }
    }
}

/// Something that was seen, and where.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Evidence {
    pub(super) text: String,
    pub(super) frames: Vec<FrameRef>,
}

/// A packet: Wireshark's `frame.number` in a source.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct FrameRef {
    pub(super) source: u16,
    pub(super) frame: u64,
}

/// What to change, and where.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Fix {
    #[serde(rename = "where")]
    pub(super) place: Slug,
    pub(super) text: String,
}

impl Cause {
    /// A cause with the catalogue's words.
    pub(crate) fn new(cause: &diagnose::Cause, interfaces: &[Interface]) -> Self {
        let entry = cause.id.entry();
        let evidence = |evidence: &diagnose::Evidence| Evidence {
            text: evidence.text.clone(),
            frames: evidence
                .frames
                .iter()
                .map(|frame| frame_ref(*frame, interfaces))
                .collect(),
        };
        let fixes = entry.map(|entry| entry.fixes.iter()).unwrap_or_default();
        let fix = fixes.map(|fix| Fix {
            place: fix.place.as_str().into(),
            text: if fix.versions.is_empty() {
                fix.text.clone()
            } else {
                format!("{}: {}", place(fix), fix.text)
            },
        });
        Self {
            id: cause.id.as_str().into(),
            or: cause.or.iter().map(|id| id.as_str().into()).collect(),
            split_by: cause.split_by.clone(),
            slug: entry.map_or("", |entry| entry.slug).into(),
            title: entry.map_or("", |entry| entry.title.as_str()).into(),
            scope: cause.scope.as_str().into(),
            severity: cause.severity.as_str().into(),
            confidence: cause.confidence.as_str().into(),
            connections: cause.connections,
            requests: cause.requests,
            share_of_closes: cause.share.map(|share| Number::rounded(share, 4)),
            limit: cause.limit.map(|limit| Limit::new(limit, cause.id)),
            evidence: cause.evidence.iter().map(evidence).collect(),
            fix: fix.collect(),
            cannot_tell: cause.cannot_tell.clone(),
        }
    }
}

fn frame_ref((interface, frame): (InterfaceId, u64), interfaces: &[Interface]) -> FrameRef {
    let source = interfaces
        .get(usize::from(interface.0))
        .map_or(0, |interface| interface.source);
    FrameRef { source, frame }
}
