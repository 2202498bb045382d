//! Exchanges behind a proxy matched to those in front of it: the same request, within its time, each once.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::event::{LegRef, SampledExchange};
use super::naming::Numbers;
use crate::classify::Endpoint;
use crate::time::{Nanos, Timestamp};

/// A sampled exchange and its ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange {
    pub(super) sample: SampledExchange,
    pub(super) client: IpAddr,
    pub(super) server: Endpoint,
}

impl Exchange {
    /// The same at another time.
    pub(super) fn shifted(mut self, span: Nanos) -> Self {
        self.sample.began = self.sample.began.plus(span);
        self.sample.ended = self.sample.ended.plus(span);
        self
    }
}

/// Exchanges by who was asked, and by who asked.
#[derive(Debug, Default)]
pub(super) struct Sides {
    pub(super) servers: Vec<(Endpoint, Vec<Exchange>)>,
    pub(super) clients: Vec<(IpAddr, Vec<Exchange>)>,
}

impl Sides {
    /// The `at_most` servers and clients with the most exchanges.
    pub(super) fn of(samples: &[SampledExchange], numbers: &Numbers, at_most: usize) -> Self {
        let mut servers: BTreeMap<Endpoint, Vec<Exchange>> = BTreeMap::new();
        let mut clients: BTreeMap<IpAddr, Vec<Exchange>> = BTreeMap::new();
        // Engines tell of them in no order.
        let mut samples = samples.to_vec();
        samples.sort_unstable_by_key(|sample| {
            (sample.began, sample.ended, sample.leg.0, sample.asked, sample.id)
        });
        for sample in samples {
            let Some((Some(client), Some(server))) = numbers.ends(sample.leg) else {
                continue;
            };
            let exchange = Exchange {
                sample,
                client,
                server,
            };
            servers.entry(server).or_default().push(exchange);
            clients.entry(client).or_default().push(exchange);
        }
        Self {
            servers: busiest(servers, at_most),
            clients: busiest(clients, at_most),
        }
    }
}

fn busiest<K: Ord + Copy>(all: BTreeMap<K, Vec<Exchange>>, at_most: usize) -> Vec<(K, Vec<Exchange>)> {
    let mut all: Vec<(K, Vec<Exchange>)> = all.into_iter().collect();
    all.sort_by_key(|(_, exchanges)| std::cmp::Reverse(exchanges.len()));
    all.truncate(at_most);
    all
}

/// An exchange behind that lies within one in front.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Match {
    pub(super) front: LegRef,
    pub(super) back: LegRef,
    /// X-Forwarded-For behind names the client in front.
    pub(super) forwarded: bool,
}

/// One side of a match in the order of time.
struct Event<'a> {
    key: u64,
    at: Timestamp,
    /// Those in front come first where times are equal.
    back: bool,
    exchange: &'a Exchange,
}

/// The most matches that there can be: in the order of their starts, each exchange behind takes that of those in front
/// under way which ends first after it. `key` names what both must have in common; 0 is no name.
pub(super) fn matches(fronts: &[Exchange], backs: &[Exchange], key: impl Fn(&Exchange) -> u64) -> Vec<Match> {
    let mut events: Vec<Event<'_>> = Vec::with_capacity(fronts.len() + backs.len());
    for (exchanges, back) in [(fronts, false), (backs, true)] {
        events.extend(exchanges.iter().map(|exchange| Event {
            key: key(exchange),
            at: exchange.sample.began,
            back,
            exchange,
        }));
    }
    events.retain(|event| event.key != 0);
    // The rest of the order makes it the same for any number of engines.
    events.sort_by_key(|event| {
        let sample = &event.exchange.sample;
        (event.key, event.at, event.back, sample.ended, sample.leg.0)
    });
    let mut found = Vec::new();
    for group in events.chunk_by(|a, b| a.key == b.key) {
        match_group(group, &mut found);
    }
    found
}

/// Exchanges in front that are looked at for each behind.
const LOOKED_AT: usize = 64;

fn match_group(group: &[Event<'_>], found: &mut Vec<Match>) {
    let mut under_way: BTreeMap<(Timestamp, usize), &Exchange> = BTreeMap::new();
    for (place, event) in group.iter().enumerate() {
        if !event.back {
            under_way.insert((event.exchange.sample.ended, place), event.exchange);
            continue;
        }
        // What ended before this began can hold nothing that comes later.
        while under_way
            .first_key_value()
            .is_some_and(|(place, _)| place.0 < event.at)
        {
            under_way.pop_first();
        }
        let back = event.exchange;
        let within = under_way
            .range((back.sample.ended, 0)..)
            .take(LOOKED_AT)
            .find(|(_, front)| may_be_one(front, back))
            .map(|(place, front)| (*place, *front));
        let Some((place, front)) = within else { continue };
        under_way.remove(&place);
        found.push(Match {
            front: front.sample.leg,
            back: back.sample.leg,
            forwarded: back.sample.forwarded == Some(front.client),
        });
    }
}

/// Whether nothing speaks against it.
fn may_be_one(front: &Exchange, back: &Exchange) -> bool {
    let other_legs = front.client != back.client && front.server != back.server;
    let other_client = back
        .sample
        .forwarded
        .is_some_and(|forwarded| forwarded != front.client);
    other_legs && !other_client
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(leg: u32, asked: u64, began: i64, ended: i64) -> Exchange {
        let address = |last: u32| IpAddr::from([10, 0, 0, last as u8]);
        Exchange {
            sample: SampledExchange {
                leg: LegRef(leg),
                asked,
                id: 0,
                forwarded: None,
                from_proxy: false,
                by_proxy: false,
                began: Timestamp::from_nanos(began),
                ended: Timestamp::from_nanos(ended),
            },
            client: address(leg),
            server: Endpoint {
                address: address(100 + leg),
                port: 80,
            },
        }
    }

    fn count(fronts: &[Exchange], backs: &[Exchange]) -> usize {
        matches(fronts, backs, |exchange| exchange.sample.asked).len()
    }

    #[test]
    fn one_within_the_other_that_asks_for_the_same_matches() {
        let front = [exchange(1, 7, 100, 200)];
        assert_eq!(count(&front, &[exchange(2, 7, 110, 190)]), 1);
        assert_eq!(count(&front, &[exchange(2, 8, 110, 190)]), 0);
        assert_eq!(count(&front, &[exchange(2, 7, 90, 190)]), 0);
        assert_eq!(count(&front, &[exchange(2, 7, 110, 210)]), 0);
        assert_eq!(count(&front, &[exchange(1, 7, 110, 190)]), 0);
    }

    #[test]
    fn each_matches_once_and_as_many_as_can() {
        // The second in front holds either; the first only the first.
        let front = [exchange(1, 7, 100, 200), exchange(1, 7, 105, 400)];
        let back = [exchange(2, 7, 110, 190), exchange(2, 7, 120, 390)];
        assert_eq!(count(&front, &back), 2);
        assert_eq!(count(&front[1..], &back), 1);
    }

    #[test]
    fn a_forwarded_address_rules_others_out() {
        let mut back = exchange(2, 7, 110, 190);
        back.sample.forwarded = Some(IpAddr::from([10, 0, 0, 3]));
        assert_eq!(count(&[exchange(1, 7, 100, 200)], &[back]), 0);
        let found = matches(&[exchange(3, 7, 100, 200)], &[back], |e| e.sample.asked);
        assert!(found[0].forwarded);
    }
}
