//! Openings of connections in the JSON report.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aggregate;

/// Which connections a leg had, to tell whether another capture saw the same; null where no handshake was captured.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Openings {
    /// Connections of which the initial sequence numbers of both ends were captured.
    pub(super) count: u64,
    /// The least 64 hashes of those numbers: 8 bytes each, the first one first, in base64 (RFC 4648).
    pub(super) least: String,
}

impl Openings {
    pub(super) fn of(openings: &aggregate::Openings) -> Option<Self> {
        let least: Vec<u8> = openings
            .least()
            .iter()
            .flat_map(|hash| hash.to_be_bytes())
            .collect();
        (openings.count() > 0).then(|| Self {
            count: openings.count(),
            least: STANDARD.encode(least),
        })
    }

    /// The same for the analysis; `None` if it is not base64 of whole hashes.
    pub(super) fn restore(&self) -> Option<aggregate::Openings> {
        let bytes = STANDARD.decode(&self.least).ok()?;
        let (hashes, rest) = bytes.as_chunks::<8>();
        let least = hashes.iter().map(|hash| u64::from_be_bytes(*hash)).collect();
        rest.is_empty()
            .then(|| aggregate::Openings::from_parts(self.count, least))
    }
}
