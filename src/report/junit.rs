//! JUnit's XML, as CI servers read it: a test case for each leg, and one for each judged expectation.
//!
//! There is no standard; this keeps to what Jenkins, GitLab and GitHub's actions agree on. A leg fails with the verdict
//! `fail`, and is skipped with `inconclusive`. An expectation that could not be judged is an error: the test could not be made.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::diagnose::expect::{Judgement, Outcome};
use crate::diagnose::{Leg, Severity, Snapshot, Status};

/// How a test case came out; what is said of it.
enum Result<'a> {
    Passed(&'a [String]),
    Failed(&'static str, Vec<Cow<'a, str>>),
    Error(Vec<Cow<'a, str>>),
    Skipped(&'a [String]),
}

struct Case<'a> {
    name: String,
    result: Result<'a>,
}

/// Writes the verdicts of legs and the expectations as one XML document.
///
/// # Errors
/// What `out` could not take.
pub fn write(out: &mut dyn Write, snapshot: &Snapshot, outcomes: &[Outcome]) -> io::Result<()> {
    let suites = [
        ("legs", snapshot.legs.iter().map(of_leg).collect::<Vec<_>>()),
        (
            "expectations",
            outcomes
                .iter()
                .map(|outcome| of_expectation(outcome, snapshot))
                .collect(),
        ),
    ];
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    let all = suites.iter().flat_map(|(_, cases)| cases);
    let time = snapshot.capture.duration().map_or(0.0, |span| span as f64 / 1e9);
    writeln!(
        out,
        "<testsuites name=\"flowcheck\" {} time=\"{time:.3}\">",
        counts(all)
    )?;
    for (name, cases) in &suites {
        writeln!(
            out,
            "  <testsuite name=\"flowcheck.{name}\" {}>",
            counts(cases.iter())
        )?;
        for case in cases {
            write_case(out, name, case)?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn of_leg(leg: &Leg) -> Case<'_> {
    let reasons = &leg.verdict.reasons;
    let result = match leg.verdict.status {
        Status::Pass | Status::Warn => Result::Passed(reasons),
        Status::Fail => {
            let faults = leg
                .causes
                .iter()
                .filter(|cause| cause.severity == Severity::Fault);
            let causes = faults.filter_map(|cause| {
                let id = cause.id.as_str();
                let title = &cause.id.entry()?.title;
                Some(Cow::Owned(format!("{id}: {title}; `flowcheck explain {id}`")))
            });
            Result::Failed(
                "fail",
                reasons
                    .iter()
                    .map(|reason| Cow::Borrowed(reason.as_str()))
                    .chain(causes)
                    .collect(),
            )
        }
        Status::Inconclusive => Result::Skipped(reasons),
    };
    Case {
        name: format!("{}: {}", leg.name, leg.verdict.status.as_str()),
        result,
    }
}

fn of_expectation<'a>(outcome: &Outcome, snapshot: &'a Snapshot) -> Case<'a> {
    let name = match &outcome.leg {
        Some(leg) => format!("{}: {leg}", outcome.expect),
        None => outcome.expect.clone(),
    };
    let figure = match (outcome.low, outcome.high) {
        (Some(low), Some(high)) if (low - high).abs() < 1e-9 => Some(format!("it is {}", short(low))),
        (Some(low), Some(high)) => Some(format!(
            "it is between {} and {}: the capture does not show which",
            short(low),
            short(high)
        )),
        _ => None,
    };
    // Without a figure the verdict is what was judged.
    let reasons = match (&outcome.leg, &figure) {
        (_, Some(_)) => &[][..],
        (None, None) => &snapshot.verdict.reasons,
        (Some(name), None) => {
            let mut legs = snapshot.legs.iter();
            let leg = legs.find(|leg| leg.name.to_string() == *name);
            leg.map_or(&[][..], |leg| &leg.verdict.reasons)
        }
    };
    let because = || {
        let reasons = reasons.iter().map(|reason| Cow::Borrowed(reason.as_str()));
        figure
            .clone()
            .map(Cow::Owned)
            .into_iter()
            .chain(reasons)
            .collect()
    };
    let result = match outcome.result {
        Judgement::Held => Result::Passed(&[]),
        Judgement::Failed => Result::Failed("expectation", because()),
        Judgement::Unjudged => Result::Error(because()),
    };
    Case { name, result }
}

/// Six digits after the point at most.
fn short(figure: f64) -> String {
    let text = format!("{figure:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn counts<'a>(cases: impl Iterator<Item = &'a Case<'a>>) -> String {
    let (mut tests, mut failures, mut errors, mut skipped) = (0, 0, 0, 0);
    for case in cases {
        tests += 1;
        match case.result {
            Result::Passed(_) => {}
            Result::Failed(..) => failures += 1,
            Result::Error(_) => errors += 1,
            Result::Skipped(_) => skipped += 1,
        }
    }
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
}

fn write_case(out: &mut dyn Write, suite: &str, case: &Case<'_>) -> io::Result<()> {
    write!(
        out,
        "    <testcase classname=\"flowcheck.{suite}\" name=\"{}\"",
        escaped(&case.name)
    )?;
    match &case.result {
        Result::Passed([]) => return writeln!(out, "/>"),
        Result::Passed(said) => write!(out, ">\n      <system-out>{}</system-out>", lines(said))?,
        Result::Failed(kind, because) => write!(
            out,
            ">\n      <failure type=\"{kind}\" message=\"{}\">{}</failure>",
            escaped(first(because, "it does not hold")),
            lines(because)
        )?,
        Result::Error(because) => write!(
            out,
            ">\n      <error type=\"unjudged\" message=\"the capture does not show enough to judge it\">{}</error>",
            lines(because)
        )?,
        Result::Skipped(because) => write!(
            out,
            ">\n      <skipped message=\"{}\"/>",
            escaped(first(because, "the capture cannot tell"))
        )?,
    }
    writeln!(out, "\n    </testcase>")
}

fn first<'a>(sentences: &'a [impl AsRef<str>], otherwise: &'a str) -> &'a str {
    sentences.first().map_or(otherwise, AsRef::as_ref)
}

fn lines(sentences: &[impl AsRef<str>]) -> String {
    let sentences: Vec<String> = sentences
        .iter()
        .map(|sentence| escaped(sentence.as_ref()))
        .collect();
    sentences.join("\n")
}

/// Text for XML 1.0, in an element or an attribute in double quotes: characters that XML cannot hold, or that would change
/// what is seen, are replaced by U+FFFD, as on a terminal.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in super::one_line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn document(snapshot: &Snapshot, outcomes: &[Outcome]) -> String {
        let mut out = Vec::new();
        write(&mut out, snapshot, outcomes).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(
            escaped("a<b> & \"c\" 'd'\0\x1b\r\n\u{ffff}\u{202e}é"),
            "a&lt;b&gt; &amp; &quot;c&quot; &apos;d&apos;\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}é"
        );
    }

    #[test]
    fn legs_and_expectations_are_cases() {
        let snapshot = fixture::mixed();
        let outcome = |result, low, high| Outcome {
            expect: "reuse>=0.9".to_owned(),
            leg: None,
            result,
            low,
            high,
        };
        let text = document(
            &snapshot,
            &[
                outcome(Judgement::Held, Some(0.95), Some(0.95)),
                outcome(Judgement::Failed, Some(0.5), Some(0.5)),
                outcome(Judgement::Unjudged, Some(0.5), Some(0.95)),
            ],
        );
        let cases = text.matches("<testcase ").count();
        assert_eq!(cases, snapshot.legs.len() + 3);
        assert!(
            text.contains("<testsuite name=\"flowcheck.expectations\" tests=\"3\" failures=\"1\" errors=\"1\" skipped=\"0\">"),
            "{text}"
        );
        assert!(
            text.contains("<failure type=\"expectation\" message=\"it is 0.5\">"),
            "{text}"
        );
        assert!(text.contains("it is between 0.5 and 0.95"), "{text}");
        let failed = snapshot
            .legs
            .iter()
            .filter(|leg| leg.verdict.status == Status::Fail)
            .count();
        assert_eq!(text.matches("<failure type=\"fail\"").count(), failed);
    }

    #[test]
    fn nothing_at_all_is_a_document_too() {
        let text = document(&Snapshot::default(), &[]);
        assert!(
            text.starts_with(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"flowcheck\" tests=\"0\""
            ),
            "{text}"
        );
        assert!(text.ends_with("</testsuites>\n"), "{text}");
    }
}
