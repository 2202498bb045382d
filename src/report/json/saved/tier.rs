//! Tiers read back.

use super::capture::endpoint;
use super::leg::{name, status};
use super::{SavedError, known, parsed};
use crate::diagnose::{self, PairedBy};
use crate::report::json::tier::{Side, Tier};

impl Tier {
    pub(super) fn restore(self) -> Result<diagnose::Tier, SavedError> {
        let by = PairedBy::ALL.into_iter().find(|by| by.as_str() == self.by);
        Ok(diagnose::Tier {
            front: endpoint("tiers.front", &self.front)?,
            back: parsed("tiers.back", &self.back)?,
            before: self.before.restore()?,
            behind: self.behind.restore()?,
            matched: self.matched,
            sampled: self.sampled,
            by: known("tiers.by", &self.by, by)?,
        })
    }
}

impl Side {
    fn restore(self) -> Result<diagnose::TierSide, SavedError> {
        let legs = self.legs.iter().map(|leg| name("tiers.legs", leg));
        Ok(diagnose::TierSide {
            legs: legs.collect::<Result<_, _>>()?,
            connections: self.connections,
            requests: self.requests,
            reuse: self.reuse_ratio.map(|ratio| ratio.0),
            status: status("tiers.verdict", &self.verdict)?,
        })
    }
}
