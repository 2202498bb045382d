//! Tiers of the JSON report: the same requests before and behind a proxy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Slug;
use super::number::Number;
use crate::diagnose;

/// A proxy with legs on both sides.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Tier {
    /// Where it is asked: address and port.
    pub(super) front: String,
    /// The address that it asks from.
    pub(super) back: String,
    /// The legs before it, added up.
    pub(super) before: Side,
    /// The legs behind it, added up.
    pub(super) behind: Side,
    /// Sampled exchanges behind it that lie within one before it that asks for the same.
    pub(super) matched: u64,
    /// Exchanges sampled behind it.
    pub(super) sampled: u64,
    /// What else says so, the surest there is.
    #[schemars(extend("enum" = ["request_id", "forwarded_for", "address", "times"]))]
    pub(super) by: Slug,
}

/// Legs added up.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Side {
    /// `CLIENT -> SERVER:PORT` each.
    pub(super) legs: Vec<String>,
    pub(super) connections: u64,
    pub(super) requests: u64,
    /// Null without requests.
    pub(super) reuse_ratio: Option<Number>,
    /// The worst of the legs.
    #[schemars(extend("enum" = ["pass", "warn", "fail", "inconclusive"]))]
    pub(super) verdict: Slug,
}

impl From<&diagnose::Tier> for Tier {
    fn from(tier: &diagnose::Tier) -> Self {
        Self {
            front: tier.front.to_string(),
            back: tier.back.to_string(),
            before: (&tier.before).into(),
            behind: (&tier.behind).into(),
            matched: tier.matched,
            sampled: tier.sampled,
            by: tier.by.as_str().into(),
        }
    }
}

impl From<&diagnose::TierSide> for Side {
    fn from(side: &diagnose::TierSide) -> Self {
        Self {
            legs: side.legs.iter().map(ToString::to_string).collect(),
            connections: side.connections,
            requests: side.requests,
            reuse_ratio: side.reuse.map(|reuse| Number::rounded(reuse, 6)),
            verdict: side.status.as_str().into(),
        }
    }
}
