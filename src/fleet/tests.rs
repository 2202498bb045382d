//! Points, peers, hosts and timelines, on reports made by hand.

use std::net::IpAddr;
use std::num::NonZeroU64;

use super::*;
use crate::aggregate::Openings;
use crate::classify::Endpoint;
use crate::diagnose::{Host, LegName, PortsTo, Status, TimelineRow};
use crate::time::{SECOND, Timestamp};

fn address(last: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, last])
}

fn server(last: u8) -> Endpoint {
    Endpoint {
        address: address(last),
        port: 8080,
    }
}

/// A leg with `first` of `requests` on connections of their own, numbered from `from` on.
fn leg(client: u8, to: u8, requests: u64, (from, first): (u64, u64)) -> Leg {
    let mut figures = Figures::default();
    figures.counts.requests.total = requests;
    figures.counts.requests.first = first;
    figures.counts.handshakes = first;
    figures.counts.connections.total = first;
    figures.counts.connections.opened = first;
    figures.counts.connections.established = first;
    figures.counts.closes.client = first;
    figures.avoidable = Some(first);
    let mut openings = Openings::default();
    for n in from..from + first {
        // Spread as hashes are.
        openings.note(NonZeroU64::new(n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1).unwrap());
    }
    Leg {
        name: LegName {
            client: Some(address(client)),
            server: Some(server(to)),
        },
        figures,
        recent: None,
        lately: diagnose::Lately::default(),
        verdict: diagnose::Verdict::default(),
        by_prefix: Vec::new(),
        checks: Vec::new(),
        paired_with: None,
        openings,
        bill: diagnose::Bill::default(),
        causes: Vec::new(),
    }
}

fn host(last: u8, time_wait: u64) -> Host {
    Host {
        address: address(last),
        time_wait,
        time_wait_peak: None,
        fin_wait_2: 0,
        close_wait: 0,
        conntrack_entries: 2 * time_wait,
        ports: vec![PortsTo {
            to: server(11),
            in_use: time_wait,
        }],
        actual: None,
    }
}

fn part(point: &str, legs: Vec<Leg>, hosts: Vec<Host>) -> Part {
    let mut snapshot = Snapshot {
        hosts,
        ..Snapshot::default()
    };
    snapshot.totals.avoidable = Some(0);
    for leg in &legs {
        snapshot.totals.counts.merge(&leg.figures.counts);
        snapshot.totals.avoidable = snapshot
            .totals
            .avoidable
            .zip(leg.figures.avoidable)
            .map(|(a, b)| a + b);
    }
    snapshot.legs = legs;
    Part {
        point: point.to_owned(),
        snapshot,
    }
}

#[test]
fn the_fuller_view_counts_and_of_equal_ones_the_clients() {
    let at_client = part(
        "nginx",
        vec![leg(1, 11, 500, (1, 50)), leg(1, 12, 500, (100, 50))],
        vec![],
    );
    let at_server = |first| {
        part(
            "apache",
            vec![leg(1, 11, 500, (1, first)), leg(2, 11, 9, (300, 9))],
            vec![],
        )
    };
    let fleet = merge(vec![at_client.clone(), at_server(50)]);
    assert_eq!(fleet.whole.totals.counts.connections.total, 109);
    let [twice] = &fleet.twice[..] else {
        panic!("{:?}", fleet.twice)
    };
    assert_eq!((&*twice.counted.0, &*twice.also.0), ("nginx", "apache"));
    assert!(twice.in_common.exact && twice.in_common.count == 50);
    // It began earlier, and saw ten more.
    let fleet = merge(vec![at_client, at_server(60)]);
    assert_eq!(fleet.whole.totals.counts.connections.total, 119);
    assert_eq!(fleet.twice[0].counted.0, "apache");
    let counted: u64 = fleet.points.iter().map(|point| point.counted).sum();
    assert_eq!(counted, 119);
}

#[test]
fn some_in_common_counts_twice_and_is_said() {
    let fleet = merge(vec![
        part("a", vec![leg(1, 11, 100, (1, 40))], vec![]),
        part("b", vec![leg(1, 11, 100, (31, 40))], vec![]),
    ]);
    assert_eq!(fleet.whole.totals.counts.connections.total, 80);
    assert!(fleet.twice.is_empty());
    let warnings = &fleet.whole.capture.warnings;
    assert!(
        warnings
            .iter()
            .any(|warning| warning.starts_with("10 connections count twice")),
        "{warnings:?}"
    );
}

/// The same part, captured from `start` to `end`.
fn at(mut part: Part, start: i64, end: i64) -> Part {
    part.snapshot.capture.start = Some(Timestamp::from_nanos(start * SECOND));
    part.snapshot.capture.end = Some(Timestamp::from_nanos(end * SECOND));
    part
}

#[test]
fn without_handshakes_ends_and_times_tell() {
    let bare = |connections| {
        let mut leg = leg(1, 11, 100, (1, connections));
        leg.openings = Openings::default();
        leg
    };
    // Captured from the beginning at one, in the middle at the other.
    let whole = at(part("a", vec![leg(1, 11, 100, (1, 40))], vec![]), 0, 60);
    let fleet = merge(vec![whole, at(part("b", vec![bare(38)], vec![]), 12, 60)]);
    assert_eq!(fleet.whole.totals.counts.connections.total, 40);
    assert_eq!(
        (fleet.twice[0].by, fleet.twice[0].connections),
        (SameBy::Ends, 38)
    );
    // At another time they are others; and two stretches of one point are not the same connections.
    for (point, start) in [("b", 600), ("a", 60), ("a", 10)] {
        let parts = vec![
            at(part("a", vec![bare(40)], vec![]), 0, 60),
            at(part(point, vec![bare(38)], vec![]), start, start + 60),
        ];
        assert_eq!(merge(parts).whole.totals.counts.connections.total, 78);
    }
    // Openings that differ tell that these are others.
    let some = |from| {
        let mut some = bare(40);
        some.openings = leg(1, 11, 9, (from, 9)).openings;
        some
    };
    let parts = [("a", 1), ("b", 100)].map(|(point, from)| at(part(point, vec![some(from)], vec![]), 0, 60));
    assert_eq!(merge(parts.into()).whole.totals.counts.connections.total, 80);
}

#[test]
fn many_clients_behind_one_address_count_where_they_are_told_apart() {
    let nodes = (0..50_u8).map(|n| {
        let from = u64::from(n) * 1_000;
        part(
            &format!("node{n:02}"),
            vec![leg(100 + n, 11, 400, (from, 300))],
            vec![],
        )
    });
    let mut behind = leg(1, 11, 20_000, (0, 300));
    for n in 1..50 {
        let more = leg(1, 11, 0, (n * 1_000, 300));
        behind.figures.add(&more.figures);
        behind.openings.merge(&more.openings);
    }
    let tomcat = part("tomcat", vec![behind], vec![]);
    let fleet = merge(nodes.clone().chain([tomcat.clone()]).collect());
    assert_eq!(fleet.whole.totals.counts.connections.total, 15_000);
    let [twice] = &fleet.twice[..] else {
        panic!("{:?}", fleet.twice)
    };
    assert!(twice.also.0 == "tomcat" && twice.more > 20, "{twice:?}");
    // Of half of them it holds more; what can't be told is said.
    let fleet = merge(nodes.take(25).chain([tomcat]).collect());
    let counted = fleet.whole.totals.counts.connections.total;
    assert!((15_000..20_000).contains(&counted), "{counted}");
    assert!(
        fleet
            .whole
            .capture
            .warnings
            .iter()
            .any(|warning| warning.contains("can't be told from a sample"))
    );
}

#[test]
fn what_was_dropped_leaves_no_verdict() {
    let lossy = |point: &str, from| {
        let mut leg = leg(1, 11, 1_000, (from, 4));
        leg.figures.avoidable = Some(0);
        let mut part = part(point, vec![leg], vec![]);
        part.snapshot.capture.sources = vec![crate::source::SourceSummary {
            kernel_dropped: Some(500),
            ..crate::source::SourceSummary::default()
        }];
        part
    };
    let status = |parts| merge(parts).whole.legs[0].verdict.status;
    assert_eq!(status(vec![lossy("a", 1), lossy("a", 50)]), Status::Inconclusive);
    let mut sound = [lossy("a", 1), lossy("a", 50)];
    for part in &mut sound {
        part.snapshot.capture.sources.clear();
    }
    assert_eq!(status(sound.into()), Status::Pass);
}

#[test]
fn of_the_stretches_of_a_point_the_latest_counts_beside_the_whole() {
    let stretch = |start, requests, first, status| {
        let mut leg = leg(1, 11, requests, (start as u64 * 1_000, first));
        leg.verdict = diagnose::Verdict {
            status,
            since: Some(Timestamp::from_nanos(start * SECOND)),
            reasons: vec!["why".to_owned()],
        };
        at(part("n", vec![leg], vec![]), start, start + 60)
    };
    let verdict = |parts| merge(parts).whole.legs[0].verdict.clone();
    let (bad, good) = (
        |at| stretch(at, 40, 39, Status::Fail),
        |at| stretch(at, 4_800, 1, Status::Pass),
    );
    assert_eq!(verdict(vec![bad(0), good(60)]).status, Status::Pass);
    let broke_again = verdict(vec![bad(0), good(60), bad(120), bad(180)]);
    assert_eq!(broke_again.status, Status::Fail);
    assert_eq!(broke_again.since, Some(Timestamp::from_nanos(120 * SECOND)));
    assert_eq!(broke_again.reasons, ["at n: why"]);
}

#[test]
fn the_same_capture_twice_is_no_second_host_and_no_second_row() {
    let node = |n: u8, first| {
        part(
            &format!("node{n}"),
            vec![leg(n, 11, 1_000, (u64::from(n) * 1_000, first))],
            vec![],
        )
    };
    let mut mirror = node(1, 400);
    mirror.point = "mirror".to_owned();
    let fleet = merge(vec![node(1, 400), mirror.clone(), node(2, 4), node(3, 5)]);
    assert_eq!(
        fleet
            .unlike
            .iter()
            .map(|unlike| &*unlike.point)
            .collect::<Vec<_>>(),
        ["mirror"]
    );
    assert_eq!(
        fleet
            .points
            .iter()
            .find(|point| point.name == "node1")
            .unwrap()
            .counted,
        0
    );
    mirror.point = "node1".to_owned();
    let fleet = merge(vec![node(1, 400), mirror, node(2, 4), node(3, 5)]);
    let point = &fleet.points[0];
    assert_eq!(
        (point.figures.counts.connections.total, point.counted, point.parts),
        (400, 400, 2)
    );
}

#[test]
fn what_a_kernel_holds_adds_up_unless_its_own_capture_shows_all() {
    let nginx = |n: u8| {
        let first = (u64::from(n) * 100, 20);
        part(
            &format!("nginx{n}"),
            vec![leg(n, 11, 100, first)],
            vec![host(n, 20), host(11, 5)],
        )
    };
    let of = |fleet: &Fleet, last: u8| {
        let hosts = fleet.whole.hosts.iter();
        hosts
            .clone()
            .find(|host| host.address == address(last))
            .map(|host| host.time_wait)
    };
    let fleet = merge(vec![nginx(1), nginx(2)]);
    assert_eq!((of(&fleet, 1), of(&fleet, 11)), (Some(20), Some(10)));
    assert_eq!(fleet.points[0].time_wait(), Some(20));
    let both = vec![leg(1, 11, 100, (100, 20)), leg(2, 11, 100, (200, 20))];
    let fleet = merge(vec![nginx(1), nginx(2), part("tomcat", both, vec![host(11, 12)])]);
    assert_eq!(of(&fleet, 11), Some(12));
    // A capture of one of them again takes nothing away.
    let mut copy = nginx(1);
    copy.point = "copy".to_owned();
    assert_eq!(of(&merge(vec![nginx(1), nginx(2), copy]), 11), Some(10));
}

#[test]
fn timelines_meet_on_the_coarser_step() {
    let line = |start: i64, step_s: u64, requests: &[u64]| {
        let row = |requests: &u64| TimelineRow {
            requests: *requests,
            open: *requests,
            ..TimelineRow::default()
        };
        Timeline {
            start: Some(Timestamp::from_nanos(start * SECOND)),
            step_s,
            rows: requests.iter().map(row).collect(),
        }
    };
    let mut a = part("a", vec![leg(1, 11, 100, (1, 4))], vec![]);
    a.snapshot.timeline = line(100, 2, &[1, 2, 3]);
    let mut b = part("b", vec![leg(2, 11, 100, (10, 4))], vec![]);
    b.snapshot.timeline = line(104, 5, &[10, 20]);
    let timeline = merge(vec![b, a]).whole.timeline;
    assert_eq!(
        (timeline.step_s, timeline.start),
        (10, Some(Timestamp::from_nanos(100 * SECOND)))
    );
    let rows: Vec<(u64, u64)> = timeline.rows.iter().map(|row| (row.requests, row.open)).collect();
    assert_eq!(rows, [(36, 23), (0, 0)]);
}

#[test]
fn the_odd_one_is_found_even_beside_a_second_one() {
    let points = |firsts: &[u64]| {
        let parts = firsts.iter().zip(1..).map(|(first, n)| {
            let from = (u64::from(n) * 10_000, *first);
            part(&format!("node{n}"), vec![leg(n, 11, 1_000, from)], vec![])
        });
        let unlike = merge(parts.collect()).unlike;
        unlike.into_iter().map(|unlike| unlike.point).collect::<Vec<_>>()
    };
    assert_eq!(points(&[4, 9, 6, 5, 410]), ["node5"]);
    assert_eq!(points(&[4, 9, 6, 5, 300, 410]), ["node6", "node5"]);
    assert!(points(&[40, 60, 50, 55, 45]).is_empty());
    // One in a few is chance.
    let failed = |refused: u64, n: u8| {
        let mut leg = leg(n, 11, 21, (u64::from(n) * 100, 21));
        leg.figures.counts.connections.refused = refused;
        part(&format!("n{n}"), vec![leg], vec![])
    };
    assert!(
        merge(vec![failed(1, 1), failed(0, 2), failed(0, 3), failed(0, 4)])
            .unlike
            .is_empty()
    );
    // Too few to say anything of.
    let few = |n: u8| {
        part(
            &format!("n{n}"),
            vec![leg(n, 11, 3, (u64::from(n) * 100, 3))],
            vec![],
        )
    };
    assert!(merge(vec![few(1), few(2), few(3)]).not_compared[0].contains("too few"));
    // The one that is right among those that are wrong.
    assert_eq!(points(&[950, 970, 960, 4]), ["node4"]);
    let two = merge(vec![
        part("a", vec![leg(1, 11, 100, (1, 50))], vec![]),
        part("b", vec![], vec![]),
    ]);
    assert!(two.unlike.is_empty() && !two.not_compared.is_empty());
    let nothing = merge(Vec::new());
    assert!(nothing.points.is_empty() && nothing.whole.legs.is_empty());
}
