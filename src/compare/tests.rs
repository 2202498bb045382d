//! Judgements, fates and pairs, on figures made by hand.

use std::net::IpAddr;

use super::*;
use crate::classify::Endpoint;
use crate::diagnose::catalogue::CauseId;
use crate::diagnose::{Cause, Confidence, Leg, LegName, Scope, Severity, Status};

fn name(client: u8, server: u8, port: u16) -> LegName {
    let address = |last| IpAddr::from([10, 0, 0, last]);
    LegName {
        client: Some(address(client)),
        server: Some(Endpoint {
            address: address(server),
            port,
        }),
    }
}

fn cause(id: CauseId, or: &[CauseId], connections: u64) -> Cause {
    Cause {
        id,
        or: or.to_vec(),
        split_by: None,
        scope: Scope::Leg,
        severity: Severity::Fault,
        confidence: Confidence::Likely,
        connections,
        requests: connections,
        share: None,
        limit: None,
        evidence: Vec::new(),
        cannot_tell: None,
    }
}

fn leg(name: LegName, requests: u64, first: u64, causes: Vec<Cause>) -> Leg {
    let mut figures = crate::aggregate::Figures::default();
    let counts = &mut figures.counts;
    counts.requests.total = requests;
    counts.requests.first = first;
    counts.handshakes = first;
    counts.connections.opened = first;
    counts.closes.client = first;
    Leg {
        name,
        figures,
        recent: None,
        lately: crate::diagnose::Lately::default(),
        verdict: Verdict::default(),
        by_prefix: Vec::new(),
        checks: Vec::new(),
        paired_with: None,
        openings: crate::aggregate::Openings::default(),
        bill: crate::diagnose::Bill::default(),
        causes,
    }
}

fn snapshot(status: Status, legs: Vec<Leg>) -> Snapshot {
    let mut snapshot = Snapshot::default();
    snapshot.verdict.status = status;
    for leg in &legs {
        snapshot.totals.counts.merge(&leg.figures.counts);
    }
    snapshot.legs = legs;
    snapshot
}

fn one(status: Status, requests: u64, first: u64, causes: Vec<Cause>) -> Snapshot {
    snapshot(status, vec![leg(name(1, 11, 8080), requests, first, causes)])
}

fn fates(before: &Snapshot, after: &Snapshot) -> Vec<(CauseId, Fate)> {
    let comparison = compare(("a", before), ("b", after));
    let causes = comparison.causes.iter();
    causes.map(|cause| (cause.id, cause.fate)).collect()
}

fn outcome(before: &Snapshot, after: &Snapshot) -> Outcome {
    compare(("a", before), ("b", after)).judgement.outcome
}

#[test]
fn a_cause_is_gone_only_where_it_would_have_shown() {
    let before = one(Status::Fail, 1_000, 100, vec![cause(CauseId::P1, &[], 100)]);
    let long = one(Status::Pass, 1_000, 4, Vec::new());
    let short = one(Status::Pass, 40, 4, Vec::new());
    assert_eq!(fates(&before, &long), [(CauseId::P1, Fate::Gone)]);
    assert_eq!(fates(&before, &short), [(CauseId::P1, Fate::Unsure)]);
    assert_eq!(fates(&long, &before), [(CauseId::P1, Fate::New)]);
}

#[test]
fn more_of_a_cause_is_told_by_the_request() {
    let some = |connections| {
        one(
            Status::Fail,
            1_000,
            500,
            vec![cause(CauseId::P2, &[], connections)],
        )
    };
    assert_eq!(fates(&some(100), &some(110)), [(CauseId::P2, Fate::Same)]);
    assert_eq!(fates(&some(100), &some(300)), [(CauseId::P2, Fate::More)]);
    assert_eq!(fates(&some(300), &some(100)), [(CauseId::P2, Fate::Less)]);
}

#[test]
fn two_names_for_what_looks_the_same_are_one_cause() {
    let before = one(
        Status::Fail,
        1_000,
        500,
        vec![cause(CauseId::P1, &[CauseId::P2], 500)],
    );
    let after = one(Status::Fail, 1_000, 500, vec![cause(CauseId::P2, &[], 500)]);
    assert_eq!(fates(&before, &after), [(CauseId::P2, Fate::Same)]);
    assert_eq!(fates(&after, &before), [(CauseId::P2, Fate::Same)]);
}

#[test]
fn a_cause_that_comes_to_light_is_not_worse() {
    let before = one(Status::Fail, 1_000, 1_000, vec![cause(CauseId::N1, &[], 1_000)]);
    let after = one(Status::Warn, 1_000, 300, vec![cause(CauseId::P2, &[], 300)]);
    let judgement = compare(("a", &before), ("b", &after)).judgement;
    assert_eq!(judgement.outcome, Outcome::Better);
    let sentence = judgement.sentence;
    assert!(
        sentence.contains("gone: N1") && sentence.contains("now: P2 ("),
        "{sentence}"
    );
}

#[test]
fn outcomes() {
    let churn = || one(Status::Fail, 1_000, 1_000, Vec::new());
    let right = || one(Status::Pass, 1_000, 10, Vec::new());
    let blind = one(Status::Inconclusive, 0, 0, Vec::new());
    assert_eq!(outcome(&churn(), &right()), Outcome::Fixed);
    assert_eq!(outcome(&right(), &churn()), Outcome::Worse);
    assert_eq!(outcome(&right(), &right()), Outcome::Right);
    assert_eq!(outcome(&churn(), &churn()), Outcome::Unchanged);
    assert_eq!(outcome(&churn(), &blind), Outcome::Undecided);
    let two = |first: u64, second: u64| {
        let legs = vec![
            leg(name(1, 11, 8080), 1_000, first, Vec::new()),
            leg(name(1, 12, 8080), 1_000, second, Vec::new()),
        ];
        snapshot(Status::Fail, legs)
    };
    assert_eq!(outcome(&two(1_000, 10), &two(10, 1_000)), Outcome::Mixed);
}

#[test]
fn legs_are_paired_by_name_then_by_server_then_by_port() {
    let legs = |names: &[LegName]| {
        let legs = names.iter().map(|name| leg(*name, 100, 10, Vec::new()));
        snapshot(Status::Warn, legs.collect())
    };
    let before = legs(&[
        name(1, 11, 8080),
        name(1, 12, 8080),
        name(1, 13, 9090),
        name(1, 14, 7070),
    ]);
    let after = legs(&[
        name(1, 11, 8080),
        name(2, 12, 8080),
        name(2, 23, 9090),
        name(2, 14, 6060),
    ]);
    let comparison = compare(("a", &before), ("b", &after));
    let pairs = comparison.legs.iter().map(|pair| {
        let port = |leg: Option<(LegName, Status)>| leg.and_then(|leg| Some(leg.0.server?.port));
        (port(pair.before), port(pair.after))
    });
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort_unstable();
    assert_eq!(
        pairs,
        [
            (None, Some(6060)),
            (Some(7070), None),
            (Some(8080), Some(8080)),
            (Some(8080), Some(8080)),
            (Some(9090), Some(9090)),
        ]
    );
    assert!(
        comparison
            .notes
            .iter()
            .any(|note| note.contains("1 before, 1 after"))
    );
}
