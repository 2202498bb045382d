use jiff::tz::TimeZone;

use super::{Options, write};
use crate::diagnose::expect;
use crate::diagnose::{Snapshot, Status};
use crate::report::fixture;
use crate::report::text::page::columns;

fn print(snapshot: &Snapshot, width: usize, color: bool) -> String {
    let wanted = ["pass".parse().unwrap(), "reuse>=0.9".parse().unwrap()];
    let (outcomes, _) = expect::judge(&wanted, None, snapshot);
    let mut out = Vec::new();
    write(
        &mut out,
        snapshot,
        &outcomes,
        &Options {
            width,
            color,
            zone: TimeZone::UTC,
            explain: false,
        },
    )
    .unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_first_line_is_the_answer() {
    let first = |snapshot: &Snapshot| print(snapshot, 80, false).lines().next().unwrap().to_owned();
    assert_eq!(
        first(&fixture::churn()),
        "FAIL  Connections are not reused: 198 of 200 requests opened one needlessly."
    );
    let mut healthy = fixture::mixed();
    healthy.verdict.status = Status::Pass;
    assert_eq!(
        first(&healthy),
        "PASS  Connections are reused: at least 98.6 % of 60,277 requests."
    );
    assert_eq!(
        first(&Snapshot::default()),
        "INCONCLUSIVE  The capture holds no packet."
    );
}

#[test]
fn no_line_is_wider_than_the_page() {
    for snapshot in [
        fixture::churn(),
        fixture::mixed(),
        fixture::live(),
        Snapshot::default(),
    ] {
        for width in [80, 100, 140] {
            let mut snapshot = snapshot.clone();
            snapshot.connections = None;
            let text = print(&snapshot, width, false);
            for line in text.lines() {
                assert!(columns(line) <= width, "{width}: {line}");
                assert_eq!(line, line.trim_end());
            }
        }
    }
}

#[test]
fn colour_changes_no_text() {
    let (plain, colored) = (
        print(&fixture::mixed(), 80, false),
        print(&fixture::mixed(), 80, true),
    );
    assert!(!plain.contains('\x1b'));
    assert_eq!(anstream::adapter::strip_str(&colored).to_string(), plain);
}

#[test]
fn hostile_text_cannot_steer_the_terminal() {
    let text = print(&fixture::mixed(), 100, false);
    assert!(text.contains("/health\u{fffd}[2J") && text.contains("lo.pcapng\u{fffd}"));
    assert!(!text.chars().any(|c| c != '\n' && c.is_control()));
}

#[test]
fn what_passes_is_not_commented_and_what_fails_comes_first() {
    let text = print(&fixture::mixed(), 80, false);
    let at = |needle: &str| {
        text.find(needle)
            .unwrap_or_else(|| panic!("{needle} is not in\n{text}"))
    };
    let legs = at("\nLEGS");
    let leg = |name: &str| legs + text[legs..].find(name).unwrap();
    assert!(
        leg("\nFAIL") < leg("\nWARN")
            && leg("\nWARN") < leg("\nPASS")
            && leg("\nPASS") < leg("\nINCONCLUSIVE")
    );
    assert!(!text.contains("no avoidable handshake"));
    assert!(at("shop.example/api: 700 requests") > leg("\nFAIL"));
    assert!(!text.contains("/static"));
}

#[test]
fn many_legs_are_counted() {
    let mut snapshot = fixture::mixed();
    let leg = snapshot.legs[0].clone();
    snapshot.legs.extend(vec![leg; 40]);
    let text = print(&snapshot, 100, false);
    assert!(
        text.contains("and 24 more: 23 pass, 1 inconclusive (all of them: --json)"),
        "{text}"
    );
}

/// `cargo test --lib show_reports -- --ignored --nocapture`: for eyes.
#[test]
#[ignore = "prints reports for a look at them"]
fn show_reports() {
    for (snapshot, width) in [
        (fixture::churn(), 80),
        (fixture::mixed(), 80),
        (fixture::mixed(), 140),
        (Snapshot::default(), 80),
    ] {
        println!("{}\n{}", print(&snapshot, width, false), "=".repeat(width));
    }
}

#[test]
fn the_host_tells_what_it_holds_and_which_limits_are_near() {
    let text = print(&fixture::live(), 160, false);
    for line in [
        "THIS HOST (what its kernel says)",
        "near         TIME-WAIT 28,011 and 3 open of 28,232 ports on 10.77.0.1 -> 10.77.0.11:8080",
        "near         TIME-WAIT 32,768 of 32,768 tcp_max_tw_buckets; 1,200 more sockets found no place",
        "10.77.0.1    TIME-WAIT 28,100 expected, 28,011 held (250 when the capture began); ports towards 10.77.0.11:8080 \
         28,103 expected, 28,014 in use",
        "sockets      ESTABLISHED 3, TIME-WAIT 28,011",
        "counted      TcpActiveOpens 60,000, TCPTimeWaitOverflow 1,200 during the capture",
        "limits       ports 32768 to 60999 (28,232), tcp_max_tw_buckets 32,768, tcp_tw_reuse 2 (on loopback only), somaxconn 4,096",
        "not read     connection tracking: this kernel has none loaded",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!print(&fixture::mixed(), 160, false).contains("THIS HOST"));
}
