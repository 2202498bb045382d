//! A report that was read back says the same.

use super::*;
use crate::report::fixture;
use crate::report::json::write;

fn text_of(snapshot: &Snapshot) -> String {
    let mut out = Vec::new();
    write(&mut out, snapshot, &[]).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_report_read_back_is_the_same_report() {
    for mut snapshot in [fixture::churn(), fixture::mixed()] {
        snapshot.connections = None;
        let once = text_of(&snapshot);
        let again = read(once.as_bytes()).unwrap();
        assert_eq!(text_of(&again), once);
    }
}

#[test]
fn what_is_wrong_is_named() {
    let problem = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
    assert!(problem("").contains("no JSON report"), "{}", problem(""));
    assert!(problem("{}").contains("schema"), "{}", problem("{}"));
    let newer = r#"{"schema": "flowcheck.report/9"}"#;
    assert!(
        problem(newer).contains("flowcheck.report/9"),
        "{}",
        problem(newer)
    );
    let text = text_of(&fixture::churn());
    let wrong = text.replacen("\"status\": \"", "\"status\": \"per", 1);
    assert!(problem(&wrong).contains("verdict.status"), "{}", problem(&wrong));
}

#[test]
fn numbers_that_nothing_counts_are_refused() {
    let text = text_of(&fixture::churn());
    for number in [
        "9007199254740993",
        "-9007199254740993",
        "1.8e308",
        "18446744073709551615",
    ] {
        let wrong = text.replacen("\"total\": ", &format!("\"total\": {number}, \"was\": "), 1);
        assert_ne!(wrong, text);
        let problem = read(wrong.as_bytes()).unwrap_err().to_string();
        assert!(problem.contains("no JSON report"), "{number}: {problem}");
    }
}
