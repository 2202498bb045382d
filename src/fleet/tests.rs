//! Points, peers, hosts and timelines, on reports made by hand.

use std::net::IpAddr;
use std::num::NonZeroU64;

use super::*;
use crate::aggregate::Openings;
use crate::classify::Endpoint;
use crate::diagnose::{Host, LegName, PortsTo, Timeline, TimelineRow};
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

#[test]
fn without_handshakes_nothing_tells_and_that_is_said() {
    let bare = || {
        let mut leg = leg(1, 11, 100, (1, 40));
        leg.openings = Openings::default();
        leg
    };
    let fleet = merge(vec![
        part("a", vec![bare()], vec![]),
        part("b", vec![bare()], vec![]),
    ]);
    assert_eq!(fleet.whole.totals.counts.connections.total, 80);
    let warnings = &fleet.whole.capture.warnings;
    assert!(
        warnings
            .iter()
            .any(|warning| warning.contains("without the beginning")),
        "{warnings:?}"
    );
    // Two stretches of one point are not the same connections.
    let fleet = merge(vec![
        part("a", vec![bare()], vec![]),
        part("a", vec![bare()], vec![]),
    ]);
    assert!(fleet.whole.capture.warnings.is_empty());
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
    let fleet = merge(vec![nginx(1), nginx(2), part("tomcat", both, vec![host(11, 10)])]);
    assert_eq!(of(&fleet, 11), Some(10));
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
    // The one that is right among those that are wrong.
    assert_eq!(points(&[950, 970, 960, 4]), ["node4"]);
    let two = merge(vec![
        part("a", vec![leg(1, 11, 100, (1, 50))], vec![]),
        part("b", vec![], vec![]),
    ]);
    assert!(two.unlike.is_empty() && two.not_compared.is_some());
    let nothing = merge(Vec::new());
    assert!(nothing.points.is_empty() && nothing.whole.legs.is_empty());
}
