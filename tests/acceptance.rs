//! What scripts build on: exit codes of `--expect` over the captures that README shows.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::Command;

fn exit_of(file: &str, expect: &str) -> Option<i32> {
    Command::new(env!("CARGO_BIN_EXE_flowcheck"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["read", file, "--expect", expect])
        .output()
        .unwrap()
        .status
        .code()
}

#[test]
fn an_expectation_decides_the_exit_code() {
    for expect in ["pass", "reuse>=0.9"] {
        assert_eq!(exit_of("captures/churn.pcap", expect), Some(1), "{expect}");
        assert_eq!(exit_of("captures/keepalive.pcap", expect), Some(0), "{expect}");
        assert_eq!(exit_of("captures/empty.pcap", expect), Some(3), "{expect}");
        assert_eq!(exit_of("captures/README.md", expect), Some(2), "{expect}");
    }
}

#[test]
fn one_direction_proves_nothing() {
    assert_eq!(exit_of("captures/one-direction.pcap", "pass"), Some(3));
}

#[test]
fn a_warning_is_no_pass() {
    assert_eq!(exit_of("captures/vlan.pcap", "pass"), Some(1));
}

#[test]
fn refused_and_lost_can_be_forbidden() {
    assert_eq!(exit_of("captures/refused.pcap", "failed=0"), Some(1));
    assert_eq!(exit_of("captures/idle-race.pcap", "lost=0"), Some(1));
    assert_eq!(exit_of("captures/websocket.pcap", "lost=0"), Some(0));
}
