//! A cause as the report says it.

use crate::diagnose::catalogue::CauseId;
use crate::frame::InterfaceId;
use crate::time::Nanos;

/// Where a cause shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// On one leg.
    Leg,
    /// Across all legs of a client.
    Pool,
}

/// Whether something is to be done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// It makes connections short, or requests fail.
    Fault,
    /// It needs no change.
    Normal,
}

/// How sure it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Confidence {
    /// Packets say it.
    Certain,
    /// Nothing else known fits.
    Likely,
    /// Something else would look the same.
    Possible,
}

macro_rules! slugs {
    ($($type:ident { $($variant:ident = $slug:literal),* })*) => {
        $(impl $type {
            /// The slug used in every output.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $slug,)*
                }
            }

            /// What a slug stands for.
            #[must_use]
            pub fn from_slug(slug: &str) -> Option<Self> {
                match slug {
                    $($slug => Some(Self::$variant),)*
                    _ => None,
                }
            }
        })*
    };
}

slugs! {
    Scope { Leg = "leg", Pool = "pool" }
    Severity { Fault = "fault", Normal = "normal" }
    Confidence { Certain = "certain", Likely = "likely", Possible = "possible" }
}

/// Something that was seen, and the last frames of some connections that show it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// In words.
    pub text: String,
    /// Interface and frame number.
    pub frames: Vec<(InterfaceId, u64)>,
}

/// A limit that the numbers of a cause show: what it ended was never beyond it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CloseLimit {
    /// Connections are closed once they were idle for so long.
    Idle(Nanos),
    /// Connections are closed with this request.
    Requests(u32),
    /// Connections are closed at this age.
    Age(Nanos),
}

impl CloseLimit {
    /// As somebody would have configured it: `20 s`, `100`.
    #[must_use]
    pub fn configured(self) -> String {
        match self {
            Self::Idle(span) | Self::Age(span) => super::limits::configured(span),
            Self::Requests(requests) => requests.to_string(),
        }
    }

    /// The directive that sets it: nginx's where the client closes, Tomcat's where the server does.
    #[must_use]
    pub const fn directive(self, id: CauseId) -> &'static str {
        let by_server = matches!(id, CauseId::T2 | CauseId::T3);
        match self {
            Self::Idle(_) if by_server => "keepAliveTimeout",
            Self::Idle(_) => "keepalive_timeout",
            Self::Requests(_) if by_server => "maxKeepAliveRequests",
            Self::Requests(_) => "keepalive_requests",
            Self::Age(_) => "keepalive_time",
        }
    }
}

/// What makes connections short, or fail.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// Which.
    pub id: CauseId,
    /// Which others look the same in this capture.
    pub or: Vec<CauseId>,
    /// What would tell them apart.
    pub split_by: Option<String>,
    /// Where it shows.
    pub scope: Scope,
    /// Whether something is to be done.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// How many connections ended so.
    pub connections: u64,
    /// Requests on them.
    pub requests: u64,
    /// Share of all closes of the leg or pool; of the connects, for those that failed.
    pub share: Option<f64>,
    /// The limit that it is, if it is one.
    pub limit: Option<CloseLimit>,
    /// What was seen.
    pub evidence: Vec<Evidence>,
    /// What this capture can't tell, and what would.
    pub cannot_tell: Option<String>,
}
