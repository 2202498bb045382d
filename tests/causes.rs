//! The catalogue of causes: the documentation is made from it, and every id is explained.
//!
//! `UPDATE_GOLDEN=1 cargo test --test causes` writes docs/causes.md.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use flowcheck::diagnose::catalogue::CauseId;
use flowcheck::report::explain;

fn flowcheck(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flowcheck"))
        .args(args)
        .output()
        .unwrap()
}

#[test]
fn the_documentation_is_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/causes.md");
    let now = explain::markdown();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &now).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == now,
        "docs/causes.md is not what the catalogue says; see the head of this test"
    );
}

#[test]
fn every_cause_is_explained_with_a_fix_and_a_source() {
    for id in CauseId::ALL {
        let output = flowcheck(&["explain", &id.as_str().to_lowercase()]);
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.starts_with(id.as_str()), "{text}");
        for part in ["  what", "  evidence", "  fix", "  source"] {
            assert!(text.contains(part), "{id:?}: no {part}");
        }
    }
}

#[test]
fn words_and_verdicts_are_explained() {
    for name in [
        "inconclusive",
        "warn",
        "avoidable",
        "reuse ratio",
        "leg",
        "pool",
        "per_request",
    ] {
        let output = flowcheck(&["explain", name]);
        assert_eq!(output.status.code(), Some(0), "{name}");
        assert!(!output.stdout.is_empty());
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_known_ones() {
    let output = flowcheck(&["explain", "P99"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    for known in ["P99", "N1", "X10", "inconclusive", "avoidable"] {
        assert!(text.contains(known), "{text}");
    }
}
