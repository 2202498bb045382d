//! Legs that belong together: what a proxy is asked on one, it asks on another.
//!
//! Exchanges are sampled. One behind the proxy lies within one in front of it, and asks for the same: each is matched to
//! one of its own ([`matching`]). Legs whose exchanges find their matches belong together if something
//! else says so, too: an id that both carry, the address that X-Forwarded-For names, the proxy's own address, or that far
//! fewer match when the times of one side are shifted: then it is no chance that they fit.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::collector::Aggregate;
use super::event::SampledExchange;
use super::matching::{self, Match, Sides};
use crate::classify::Endpoint;
use crate::time::Nanos;

/// What says that legs belong together, the surest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PairedBy {
    /// Both carry the same X-Request-ID.
    RequestId,
    /// X-Forwarded-For behind names the client in front.
    ForwardedFor,
    /// The server in front and the client behind have one address.
    Address,
    /// Their times fit, and shifted they do not.
    Times,
}

impl PairedBy {
    /// Everything that may.
    pub const ALL: [Self; 4] = [Self::RequestId, Self::ForwardedFor, Self::Address, Self::Times];

    /// The slug used by programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequestId => "request_id",
            Self::ForwardedFor => "forwarded_for",
            Self::Address => "address",
            Self::Times => "times",
        }
    }
}

/// A proxy: the server that is asked, and the client that asks on.
#[derive(Clone, Debug, PartialEq)]
pub struct TierFigures {
    /// Where it is asked.
    pub front: Endpoint,
    /// Where it asks from.
    pub back: IpAddr,
    /// Exchanges behind it that lie within one in front.
    pub matched: u64,
    /// Of so many that were sampled behind it.
    pub sampled_back: u64,
    /// Of so many that were sampled in front.
    pub sampled_front: u64,
    /// What says so.
    pub by: PairedBy,
    /// The places of the legs: in front, behind, and how many exchanges they share.
    pub legs: Vec<(usize, usize, u64)>,
}

/// What the exchanges of a leg say of other legs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    /// Exchanges sampled.
    pub sampled: u64,
    /// Their requests came through a proxy.
    pub from_proxy: u64,
    /// A proxy answered them.
    pub by_proxy: u64,
}

/// Fewer matches prove nothing ...
const MATCHES: u64 = 10;
/// ... but for those with ids of their own.
const MATCHES_BY_ID: u64 = 3;
/// The share of the lesser side's exchanges that must find a match.
const SHARE: f64 = 0.8;
/// Times may fit by chance if shifted ones match more than this share of them ...
const SHIFTED_SHARE: f64 = 0.8;
/// ... or if the difference is less than this many standard errors of a count with that share.
const ERRORS: f64 = 5.0;
/// Shifts, in median lengths of the exchanges in front.
const SHIFTS: [i64; 4] = [-8, -3, 3, 8];
/// Servers and clients looked at, those with the most exchanges.
const SIDES: usize = 16;

impl Aggregate {
    pub(super) fn take_samples(&mut self, engine: usize, samples: &[SampledExchange]) {
        if samples.is_empty() {
            return;
        }
        self.paired.take();
        let Some(side) = self.sides.get(engine) else {
            return;
        };
        let ours = samples.iter().map(|sample| SampledExchange {
            leg: side.pair(sample.leg).number,
            ..*sample
        });
        self.samples.extend(ours);
    }

    pub(super) fn hints(&self) -> Vec<Hint> {
        let mut hints = vec![Hint::default(); self.legs.len()];
        for sample in &self.samples {
            if let Some(hint) = self.place_of(sample.leg.0).and_then(|place| hints.get_mut(place)) {
                hint.sampled += 1;
                hint.from_proxy += u64::from(sample.from_proxy);
                hint.by_proxy += u64::from(sample.by_proxy);
            }
        }
        hints
    }

    /// Samples are few and seldom, snapshots many: what was matched stands until there are new samples. Names of legs and
    /// their places do not change once there is a sample of them.
    pub(super) fn tiers(&self) -> Vec<TierFigures> {
        self.paired.get_or_init(|| self.matched_anew()).clone()
    }

    /// Whether there is a server that somebody else asks than a client that asks elsewhere: a proxy may lie between them.
    fn may_be_tiers(&self) -> bool {
        let ends = |sample: &SampledExchange| match self.numbers.ends(sample.leg) {
            Some((Some(client), Some(server))) => Some((client, server)),
            _ => None,
        };
        let mut legs = self.samples.iter().filter_map(ends);
        let Some((client, server)) = legs.next() else {
            return false;
        };
        // Where any two legs have an end in common, all of them have the same client or all the same server.
        let (mut one_client, mut one_server) = (true, true);
        legs.any(|leg| {
            one_client &= leg.0 == client;
            one_server &= leg.1 == server;
            !one_client && !one_server
        })
    }

    fn matched_anew(&self) -> Vec<TierFigures> {
        if self.may_be_tiers() {
            self.matched_sides()
        } else {
            Vec::new()
        }
    }

    fn matched_sides(&self) -> Vec<TierFigures> {
        let sides = Sides::of(&self.samples, &self.numbers, SIDES);
        let mut tiers: Vec<TierFigures> = Vec::new();
        for (front, fronts) in &sides.servers {
            for (back, backs) in &sides.clients {
                // Who asks both is no proxy between them, nor is who asks nothing else but that server.
                let one_side = fronts.iter().all(|exchange| exchange.client == *back)
                    || backs.iter().all(|exchange| exchange.server == *front);
                if one_side || !begins_well(fronts, backs) {
                    continue;
                }
                tiers.extend(self.tier((*front, fronts), (*back, backs)));
            }
        }
        // A proxy asks from one address for each server in front; what is surer, and more of it, wins.
        tiers.sort_by(|a, b| {
            let weight = |tier: &TierFigures| (tier.by, std::cmp::Reverse(tier.matched));
            weight(a)
                .cmp(&weight(b))
                .then_with(|| (a.front, a.back).cmp(&(b.front, b.back)))
        });
        tiers
    }

    fn tier(
        &self,
        (front, fronts): (Endpoint, &[matching::Exchange]),
        (back, backs): (IpAddr, &[matching::Exchange]),
    ) -> Option<TierFigures> {
        let lesser = fronts.len().min(backs.len()) as f64;
        let enough = |matches: &[Match], least: u64| {
            matches.len() as u64 >= least && matches.len() as f64 >= SHARE * lesser
        };
        let by_id = matching::matches(fronts, backs, |exchange| exchange.sample.id);
        let (matches, by) = if enough(&by_id, MATCHES_BY_ID) {
            (by_id, PairedBy::RequestId)
        } else {
            let matches = matching::matches(fronts, backs, |exchange| exchange.sample.asked);
            if !enough(&matches, MATCHES) {
                return None;
            }
            let by = evidence(&matches, front.address == back)
                .or_else(|| no_chance(fronts, backs, matches.len()).then_some(PairedBy::Times))?;
            (matches, by)
        };
        let mut legs: BTreeMap<(usize, usize), u64> = BTreeMap::new();
        for found in &matches {
            let places = self.place_of(found.front.0).zip(self.place_of(found.back.0))?;
            *legs.entry(places).or_default() += 1;
        }
        Some(TierFigures {
            front,
            back,
            matched: matches.len() as u64,
            sampled_back: backs.len() as u64,
            sampled_front: fronts.len() as u64,
            by,
            legs: legs
                .into_iter()
                .map(|((front, back), n)| (front, back, n))
                .collect(),
        })
    }
}

/// Whether the first exchanges behind find matches: most pairs of legs have nothing in common, and are told so soon.
fn begins_well(fronts: &[matching::Exchange], backs: &[matching::Exchange]) -> bool {
    /// Exchanges tried, and how many of them must find one.
    const TRIED: usize = 200;
    const FOUND: usize = 3;
    let tried = &backs[..backs.len().min(TRIED)];
    let Some(until) = tried.iter().map(|exchange| exchange.sample.began).max() else {
        return false;
    };
    let near: Vec<matching::Exchange> = fronts
        .iter()
        .filter(|exchange| exchange.sample.began <= until)
        .copied()
        .collect();
    let by_name = |name: fn(&matching::Exchange) -> u64| matching::matches(&near, tried, name).len();
    by_name(|exchange| exchange.sample.asked) >= FOUND || by_name(|exchange| exchange.sample.id) >= FOUND
}

/// What else says that these are the same requests.
fn evidence(matches: &[Match], one_address: bool) -> Option<PairedBy> {
    let forwarded = matches.iter().filter(|found| found.forwarded).count();
    if forwarded as f64 >= 0.9 * matches.len() as f64 {
        return Some(PairedBy::ForwardedFor);
    }
    one_address.then_some(PairedBy::Address)
}

/// Whether far fewer of the exchanges behind find a match at other times than their own.
fn no_chance(fronts: &[matching::Exchange], backs: &[matching::Exchange], matched: usize) -> bool {
    let mut lengths: Vec<Nanos> = fronts
        .iter()
        .map(|exchange| exchange.sample.ended.since(exchange.sample.began))
        .collect();
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or(0).max(1);
    let most = SHIFTS.iter().map(|shift| {
        let span = median.saturating_mul(*shift);
        let shifted: Vec<matching::Exchange> = backs.iter().map(|exchange| exchange.shifted(span)).collect();
        matching::matches(fronts, &shifted, |exchange| exchange.sample.asked).len()
    });
    let by_chance = most.max().unwrap_or(0) as f64;
    let matched = matched as f64;
    let share = (by_chance / matched).max(0.05);
    let error = (matched * share * (1.0 - share)).max(0.0).sqrt();
    share <= SHIFTED_SHARE && matched - by_chance >= ERRORS * error
}

#[cfg(test)]
mod tests {
    use super::super::event::{LegNamed, LegRef};
    use super::super::naming::Side;
    use super::*;
    use crate::thresholds::Thresholds;
    use crate::time::{MILLISECOND, Timestamp};

    const CLIENT: u32 = 0;
    const PROXY: u32 = 1;

    fn aggregate() -> Aggregate {
        let mut aggregate = Aggregate::new(Thresholds::default(), None);
        let mut side = Side::default();
        for (leg, client, server) in [(CLIENT, [10, 0, 0, 1], 1), (PROXY, [10, 0, 0, 2], 3)] {
            let named = LegNamed {
                client: Some(client.into()),
                server: Some(Endpoint {
                    address: [10, 0, 1, server].into(),
                    port: 80,
                }),
            };
            aggregate.name_leg(&mut side, LegRef(leg), &named);
        }
        aggregate.sides.push(side);
        aggregate
    }

    /// The n-th exchange as both legs show it, `within` each other.
    fn exchanges(n: u64, within: bool) -> [SampledExchange; 2] {
        let at = |millis: i64| Timestamp::from_nanos((n as i64 * 20 + millis) * MILLISECOND);
        let sample = |leg, began, ended| SampledExchange {
            leg: LegRef(leg),
            asked: n + 1,
            id: n + 1,
            forwarded: None,
            from_proxy: leg == PROXY,
            by_proxy: false,
            began: at(began),
            ended: at(ended),
        };
        let behind = if within { (2, 8) } else { (12, 18) };
        [sample(CLIENT, 0, 10), sample(PROXY, behind.0, behind.1)]
    }

    #[test]
    fn what_is_kept_is_what_would_be_matched_anew() {
        let mut aggregate = aggregate();
        let mut told = Vec::new();
        for n in 0..60 {
            // Samples come now and then, snapshots all the time; later ones fit no more.
            if n % 3 != 0 {
                aggregate.take_samples(0, &exchanges(n, n < 40));
            }
            aggregate.take_samples(0, &[]);
            for _ in 0..2 {
                assert_eq!(aggregate.tiers(), aggregate.matched_anew(), "{n}");
            }
            told.push(aggregate.tiers().first().map(|tier| tier.matched));
        }
        told.dedup();
        assert!(told.len() > 10 && told.first() == Some(&None), "{told:?}");
        assert_eq!(
            told.last(),
            Some(&None),
            "in the end they have too little in common"
        );
    }

    #[test]
    fn legs_with_one_client_or_one_server_are_no_tiers() {
        let ends = |client: u8, server: u8| LegNamed {
            client: Some([10, 0, 0, client].into()),
            server: Some(Endpoint {
                address: [10, 0, 1, server].into(),
                port: 80,
            }),
        };
        for (other, may_be) in [((1, 9), false), ((7, 1), false), ((1, 1), false), ((7, 9), true)] {
            let mut aggregate = Aggregate::new(Thresholds::default(), None);
            let mut side = Side::default();
            for (leg, (client, server)) in [(CLIENT, (1, 1)), (PROXY, other)] {
                aggregate.name_leg(&mut side, LegRef(leg), &ends(client, server));
            }
            aggregate.sides.push(side);
            for n in 0..20 {
                aggregate.take_samples(0, &exchanges(n, true));
            }
            assert_eq!(aggregate.may_be_tiers(), may_be, "{other:?}");
            assert_eq!(aggregate.matched_anew(), aggregate.matched_sides());
            assert_eq!(!aggregate.matched_anew().is_empty(), may_be, "{other:?}");
        }
    }

    #[test]
    fn nothing_is_matched_again_without_new_samples() {
        let mut aggregate = aggregate();
        for n in 0..20 {
            aggregate.take_samples(0, &exchanges(n, true));
        }
        let matched = aggregate.tiers();
        assert_eq!(matched.len(), 1);
        // What was matched would be another thing without them.
        let samples = std::mem::take(&mut aggregate.samples);
        assert_eq!(aggregate.tiers(), matched);
        aggregate.samples = samples;
        aggregate.take_samples(0, &exchanges(20, true));
        assert_eq!(aggregate.tiers()[0].matched, matched[0].matched + 1);
    }
}
