use super::*;
use crate::classify::Endpoint;
use crate::diagnose::{LegName, Verdict};
use crate::source::SourceSummary;

fn leg(last: u8, requests: u64, first: u64, status: Status) -> Leg {
    let mut figures = Figures::default();
    figures.counts.requests.total = requests;
    figures.counts.requests.first = first;
    figures.counts.connections.total = first;
    figures.concurrency.closed_before_last_first = Some(first);
    figures.avoidable = Some(first);
    let address = std::net::IpAddr::from([10, 0, 0, last]);
    Leg {
        name: LegName {
            client: Some([10, 0, 1, 1].into()),
            server: Some(Endpoint { address, port: 8080 }),
        },
        figures,
        recent: None,
        lately: crate::aggregate::Lately::default(),
        verdict: Verdict {
            status,
            ..Verdict::default()
        },
        by_prefix: Vec::new(),
        bill: crate::diagnose::Bill::default(),
        causes: Vec::new(),
        checks: Vec::new(),
        paired_with: None,
        openings: crate::aggregate::Openings::default(),
    }
}

fn snapshot(legs: Vec<Leg>) -> Snapshot {
    let verdict = Verdict {
        status: legs
            .iter()
            .map(|leg| leg.verdict.status)
            .max()
            .unwrap_or_default(),
        ..Verdict::default()
    };
    Snapshot {
        verdict,
        legs,
        ..Snapshot::default()
    }
}

fn results(text: &str, narrow: Option<&str>, snapshot: &Snapshot) -> Vec<Judgement> {
    let (outcomes, _) = judge(&[text.parse().unwrap()], narrow, snapshot);
    outcomes.iter().map(|outcome| outcome.result).collect()
}

use Judgement::{Failed, Held, Unjudged};

#[test]
fn every_figure_and_operator_is_understood() {
    for text in [
        "pass",
        "reuse>=0.9",
        "avoidable <= 0.02",
        "handshake-rate<10",
        "failed=0",
        "lost==0",
        "reuse>90%",
    ] {
        assert!(text.parse::<Expectation>().is_ok(), "{text}");
    }
    let error = |text: &str| text.parse::<Expectation>().unwrap_err();
    assert_eq!(error("reuse"), ExpectError::NoComparison);
    assert_eq!(error("reused>=1"), ExpectError::NoFigure("reused".into()));
    assert_eq!(error("reuse>=much"), ExpectError::NoNumber("much".into()));
    assert_eq!(error("reuse>=-1"), ExpectError::NoNumber("-1".into()));
    assert_eq!(error("reuse>=NaN"), ExpectError::NoNumber("NaN".into()));
    assert!(error("reused>=1").to_string().contains("handshakes-per-request"));
}

#[test]
fn percent_is_a_hundredth() {
    assert_eq!(
        results("reuse>=90%", None, &snapshot(vec![leg(1, 100, 10, Status::Pass)])),
        [Held]
    );
    assert_eq!(
        results("reuse>=91%", None, &snapshot(vec![leg(1, 100, 10, Status::Pass)])),
        [Failed]
    );
}

#[test]
fn pass_is_the_captures_verdict() {
    for (status, want) in [
        (Status::Pass, Held),
        (Status::Warn, Failed),
        (Status::Fail, Failed),
        (Status::Inconclusive, Unjudged),
    ] {
        assert_eq!(
            results("pass", None, &snapshot(vec![leg(1, 100, 1, status)])),
            [want]
        );
    }
    assert_eq!(results("pass", None, &Snapshot::default()), [Unjudged]);
}

#[test]
fn a_leg_narrows_and_one_that_matches_nothing_is_unjudged_with_a_warning() {
    let both = snapshot(vec![leg(1, 100, 1, Status::Pass), leg(2, 100, 90, Status::Fail)]);
    assert_eq!(results("reuse>=0.9", None, &both), [Held, Failed]);
    assert_eq!(
        results("reuse>=0.9", Some("10.0.1.1 -> 10.0.0.1:8080"), &both),
        [Held]
    );
    assert_eq!(results("pass", Some("10.0.0.1:"), &both), [Held]);
    let (outcomes, warnings) = judge(&["pass".parse().unwrap()], Some("elsewhere"), &both);
    assert_eq!(outcomes[0].result, Unjudged);
    assert_eq!(warnings.len(), 1);
}

#[test]
fn unknown_firsts_and_hidden_requests_are_counted_for_and_against() {
    let mut unsure = leg(1, 100, 5, Status::Pass);
    unsure.figures.counts.requests.unknown_first = 10;
    let legs = snapshot(vec![unsure]);
    assert_eq!(results("reuse>=0.85", None, &legs), [Held]);
    assert_eq!(results("reuse>=0.9", None, &legs), [Unjudged]);
    assert_eq!(results("reuse>=0.96", None, &legs), [Failed]);
    assert_eq!(results("handshakes-per-request<=0.1", None, &legs), [Unjudged]);
    let mut hiding = leg(1, 100, 5, Status::Pass);
    hiding.figures.counts.hidden_requests = 10;
    assert_eq!(results("reuse>=0.9", None, &snapshot(vec![hiding])), [Unjudged]);
}

#[test]
fn dropped_packets_leave_no_zero_certain() {
    let mut legs = snapshot(vec![leg(1, 100, 1, Status::Pass)]);
    assert_eq!(results("resets<=0", None, &legs), [Held]);
    legs.capture.sources.push(SourceSummary {
        kernel_dropped: Some(7),
        ..SourceSummary::default()
    });
    assert_eq!(results("resets<=0", None, &legs), [Unjudged]);
    assert_eq!(results("resets=3", None, &legs), [Unjudged]);
    assert_eq!(results("resets<=7", None, &legs), [Held]);
}

#[test]
fn damage_leaves_no_zero_certain() {
    let mut legs = snapshot(vec![leg(1, 100, 1, Status::Pass)]);
    (legs.capture.packets, legs.capture.bytes) = (100, 100 * 184);
    legs.capture.sources.push(SourceSummary {
        damaged_places: 2,
        skipped_bytes: 20 * 200,
        ..SourceSummary::default()
    });
    assert_eq!(legs.capture.damaged_packets(), 20);
    assert_eq!(results("resets<=0", None, &legs), [Unjudged]);
    assert_eq!(results("resets<=20", None, &legs), [Held]);
    // A few bytes hide one packet a place at the least.
    legs.capture.sources[0].skipped_bytes = 3;
    assert_eq!(legs.capture.damaged_packets(), 2);
    // A short snapshot length makes records short.
    legs.capture.sources[0].skipped_bytes = 8_000;
    legs.capture.sources[0].snaplen = 64;
    assert_eq!(legs.capture.damaged_packets(), 100);
}

#[test]
fn a_server_that_refuses_everything_fails_failed_without_any_request() {
    let mut down = leg(1, 0, 0, Status::Fail);
    down.figures.counts.connections.refused = 4;
    let legs = snapshot(vec![down]);
    assert_eq!(results("failed<=0", None, &legs), [Failed]);
    assert_eq!(results("reuse>=0.9", None, &legs), [Unjudged]);
    assert_eq!(results("requests>=1", None, &legs), [Unjudged]);
}

#[test]
fn what_one_direction_cannot_show_is_unjudged() {
    let mut one_way = leg(1, 100, 10, Status::Inconclusive);
    one_way.figures.counts.connections.one_way = 10;
    let legs = snapshot(vec![one_way]);
    for text in ["avoidable<=0.02", "handshake-rate<=10", "failed<=0", "lost<=0"] {
        assert_eq!(results(text, None, &legs), [Unjudged], "{text}");
    }
    assert_eq!(results("reuse>=0.9", None, &legs), [Held]);
}

#[test]
fn an_avoidable_figure_that_is_not_known_is_unjudged() {
    let mut star = leg(1, 100, 10, Status::Pass);
    star.figures.avoidable = None;
    assert_eq!(results("avoidable<=0.5", None, &snapshot(vec![star])), [Unjudged]);
}
