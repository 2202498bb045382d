//! The code against the catalogue.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{catalogue, list, literals, root};

/// Where sentences are made. Everything that reads as language there is a message.
const SPOKEN: [&str; 23] = [
    "src/report/text",
    "src/report/html",
    "src/report/near.rs",
    "src/report/explain.rs",
    "src/compare",
    "src/fleet",
    "src/diagnose/verdict.rs",
    "src/diagnose/judge.rs",
    "src/diagnose/tiers.rs",
    "src/diagnose/expect.rs",
    "src/diagnose/own_host.rs",
    "src/diagnose/bill.rs",
    "src/diagnose/projection.rs",
    "src/diagnose/causes",
    "src/pipeline/assemble.rs",
    "src/cli/page.rs",
    "src/cli/read.rs",
    "src/source/book.rs",
    "src/source/lane.rs",
    "src/source/live/lane.rs",
    "src/source/live/mod.rs",
    "src/source/filter/compiled.rs",
    "src/cli/live/mod.rs",
];

fn walk(path: &Path, found: &mut Vec<String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            walk(&entry.unwrap().path(), found);
        }
    } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs") {
        found.push(fs::read_to_string(path).unwrap());
    }
}

fn sources(places: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for place in places {
        walk(&root().join(place), &mut found);
    }
    assert!(!found.is_empty());
    found
}

/// Whether there are letters beside the placeholders.
fn is_language(text: &str) -> bool {
    let mut depth = 0;
    let mut letters = 0;
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            c if depth == 0 && c.is_ascii_alphabetic() => {
                letters += 1;
                if letters == 2 {
                    return true;
                }
                continue;
            }
            _ => {}
        }
        letters = 0;
    }
    false
}

#[test]
fn every_text_is_a_message_or_known_to_be_none() {
    let messages = catalogue::messages();
    let known: BTreeSet<&str> = messages.iter().map(|message| message.english.as_str()).collect();
    let same = list("same.txt");
    let texts: BTreeSet<String> = sources(&SPOKEN)
        .iter()
        .flat_map(|source| literals::of(source))
        .filter(|text| is_language(text))
        .collect();
    let missing: Vec<_> = texts
        .iter()
        .filter(|text| !known.contains(text.as_str()) && !same.contains(*text))
        .collect();
    assert!(
        missing.is_empty(),
        "no message in lang/zh.po (or, if it is no language, no line in tests/lang/same.txt): {missing:#?}"
    );
    let stale: Vec<_> = same.iter().filter(|text| !texts.contains(*text)).collect();
    assert!(
        stale.is_empty(),
        "same.txt has lines that nothing says: {stale:#?}"
    );
}

#[test]
fn every_text_handed_to_the_catalogue_is_in_it() {
    let messages = catalogue::messages();
    let has = |context: &str, text: &str| {
        messages
            .iter()
            .any(|message| message.context == context && message.english == text)
    };
    let mut missing = Vec::new();
    let rooms = [
        "src/report",
        "src/diagnose",
        "src/compare",
        "src/fleet",
        "src/pipeline",
        "src/source",
        "src/cli",
    ];
    for source in sources(&rooms) {
        for (call, context) in [("tr!(", ""), ("tr(", ""), ("of_them(", "n"), ("counted(", "n")] {
            for (at, _) in source.match_indices(call) {
                let before = source[..at].chars().next_back().unwrap_or(' ');
                if before.is_alphanumeric() || before == '_' {
                    continue;
                }
                let arguments = arguments(&source[at + call.len()..]);
                let texts = if context.is_empty() {
                    &arguments[..arguments.len().min(1)]
                } else {
                    &arguments[..]
                };
                for text in texts {
                    for text in literals::of(text)
                        .iter()
                        .filter(|_| text.trim_start().starts_with('"'))
                    {
                        if is_language(text) && !has(context, text) {
                            missing.push(format!("{context:?} {text:?}"));
                        }
                    }
                }
            }
        }
    }
    assert!(missing.is_empty(), "not in lang/zh.po: {missing:#?}");
}

/// The arguments of a call, up to its closing bracket.
fn arguments(text: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut escaped, mut from) = (0, false, false, 0);
    let mut found = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => {
                found.push(&text[from..at]);
                return found;
            }
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    found
}

#[test]
fn no_message_is_left_over() {
    let texts: BTreeSet<String> = sources(&["src"])
        .iter()
        .flat_map(|source| literals::of(source))
        .collect();
    let messages = catalogue::messages();
    let stale: Vec<_> = messages
        .iter()
        .map(|message| &message.english)
        .filter(|english| !texts.contains(*english))
        .collect();
    assert!(
        stale.is_empty(),
        "lang/zh.po has messages that nothing says: {stale:#?}"
    );
}
