//! Causes of the JSON report.

use schemars::JsonSchema;
use serde::Serialize;

use super::number::Number;
use crate::diagnose;
use crate::frame::{Interface, InterfaceId};
use crate::report::explain::place;

/// What makes connections short, and what to change.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Cause {
    id: &'static str,
    /// Causes that look the same in packets.
    or: Vec<&'static str>,
    split_by: Option<String>,
    slug: &'static str,
    title: &'static str,
    #[schemars(extend("enum" = ["leg", "pool"]))]
    scope: &'static str,
    #[schemars(extend("enum" = ["fault", "normal"]))]
    severity: &'static str,
    #[schemars(extend("enum" = ["certain", "likely", "possible"]))]
    confidence: &'static str,
    connections: u64,
    requests: u64,
    share_of_closes: Option<Number>,
    evidence: Vec<Evidence>,
    fix: Vec<Fix>,
    cannot_tell: Option<String>,
}

/// Something that was seen, and where.
#[derive(Serialize, JsonSchema)]
struct Evidence {
    text: String,
    frames: Vec<FrameRef>,
}

/// A packet: Wireshark's `frame.number` in a source.
#[derive(Serialize, JsonSchema)]
struct FrameRef {
    source: u16,
    frame: u64,
}

/// What to change, and where.
#[derive(Serialize, JsonSchema)]
struct Fix {
    #[serde(rename = "where")]
    place: &'static str,
    text: String,
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
            place: fix.place.as_str(),
            text: if fix.versions.is_empty() {
                fix.text.clone()
            } else {
                format!("{}: {}", place(fix), fix.text)
            },
        });
        Self {
            id: cause.id.as_str(),
            or: cause.or.iter().map(|id| id.as_str()).collect(),
            split_by: cause.split_by.clone(),
            slug: entry.map_or("", |entry| entry.slug),
            title: entry.map_or("", |entry| entry.title.as_str()),
            scope: cause.scope.as_str(),
            severity: cause.severity.as_str(),
            confidence: cause.confidence.as_str(),
            connections: cause.connections,
            requests: cause.requests,
            share_of_closes: cause.share.map(|share| Number::rounded(share, 4)),
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
