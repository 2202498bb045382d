//! What the program prints in Chinese.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use flowcheck::classify::{Class, CloseReason, Closer};
use flowcheck::diagnose::catalogue::words;
use serde_json::Value;

use super::{captures, flowcheck, list, root};

/// Slugs that reports show as they are: classes, closers, how connections were closed, names of explained words.
fn slugs() -> BTreeSet<&'static str> {
    let classes = Class::ALL.iter().map(|class| class.as_str());
    let reasons = CloseReason::ALL.iter().map(|reason| reason.as_str());
    let closers = Closer::ALL.iter().map(|closer| closer.as_str());
    let words = words().iter().map(|word| word.name);
    classes.chain(reasons).chain(closers).chain(words).collect()
}

/// `10.77.0.1:32772`, `[fd77::1]:80`.
fn is_end(text: &str) -> bool {
    text.parse::<std::net::SocketAddr>().is_ok()
}

/// Running text: without slugs that stand alone, rows of the list of connections, and what is code by its form.
fn running(text: &str, slugs: &BTreeSet<&str>) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let row = line.split_whitespace().next().is_some_and(is_end);
        let words = line.split_whitespace().filter(|word| {
            let code = word.contains(['=', '>', '<', '$']) || word.contains("://");
            let option = word.trim_start_matches(['（', '(']).starts_with('-') && word.len() > 1;
            !(code || option || row && slugs.contains(word))
        });
        let mut words: Vec<&str> = words.collect();
        let number = |word: &str| word.replace(',', "").parse::<f64>().is_ok();
        // A slug alone, or with its number: a class among the figures.
        if words.first().is_some_and(|word| slugs.contains(word))
            && words.get(1).is_none_or(|word| number(word))
        {
            words.remove(0);
        }
        out.push_str(&words.join(" "));
        out.push(' ');
    }
    out
}

/// English words of `text` that Chinese reports do not use, with what stands around them. Terms of several words are taken
/// out first, wherever lines end.
pub(crate) fn leftovers(
    text: &str,
    terms: &BTreeSet<String>,
    used: &mut BTreeSet<String>,
) -> BTreeSet<String> {
    let mut text = running(text, &slugs());
    let mut phrases: Vec<&String> = terms.iter().filter(|term| term.contains(' ')).collect();
    phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
    for phrase in phrases {
        if text.contains(phrase.as_str()) {
            used.insert(phrase.clone());
            text = text.replace(phrase.as_str(), "\u{b7}");
        }
    }
    let mut found = BTreeSet::new();
    let mut at = 0;
    for part in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && !"_-./:".contains(c)) {
        let from = at;
        at += part.len();
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let word = word.trim_start_matches(['-', '.', '/', ':']);
        let letters = word.chars().filter(char::is_ascii_alphabetic).count();
        // Numbers, addresses, paths and names of files are no words.
        if letters < 2 || word.contains(['/', '.', ':']) {
            continue;
        }
        if terms.contains(word) {
            used.insert(word.to_owned());
        } else {
            let before: String = text[..from].chars().rev().take(20).collect();
            let around: String = before
                .chars()
                .rev()
                .chain(text[from..].chars().take(40))
                .collect();
            found.insert(format!("{word}: ... {around} ..."));
        }
    }
    found
}

/// Captures merged as if they were of several hosts.
const MERGED: [&str; 6] = [
    "story-right.pcap.zst",
    "story-pool-of-2.pcap.zst",
    "keepalive.pcap",
    "churn.pcap",
    "refused.pcap",
    "midstream.pcap.gz",
];

#[test]
fn no_english_is_left_in_chinese_reports() {
    let terms = list("terms.txt");
    let mut used = BTreeSet::new();
    let mut left = BTreeSet::new();
    for name in captures() {
        for more in [
            &[][..],
            &["--connections", "--explain"],
            &["--where", "reqs>1", "--expect", "reuse>=0"],
        ] {
            let mut args = vec!["read", name.as_str(), "--utc", "--quiet", "--lang", "zh"];
            args.extend(more);
            let text = Command::new(env!("CARGO_BIN_EXE_flowcheck"))
                .current_dir(root().join("captures"))
                .args(&args)
                .output()
                .unwrap();
            let text = String::from_utf8(text.stdout).unwrap().replace(&name, "");
            left.extend(leftovers(&text, &terms, &mut used));
        }
    }
    let names = captures();
    for (before, after) in names.iter().zip(names.iter().skip(1)) {
        let text = flowcheck(&["compare", before, after, "--utc", "--quiet", "--lang", "zh"]);
        let text = text.replace(before.as_str(), "").replace(after.as_str(), "");
        left.extend(leftovers(&text, &terms, &mut used));
    }
    let hosts: Vec<String> = (1..).zip(MERGED).map(|(n, name)| format!("{n}={name}")).collect();
    let mut merge = vec!["merge", "--utc", "--quiet", "--lang", "zh"];
    merge.extend(hosts.iter().map(String::as_str));
    let text = flowcheck(&merge);
    assert!(
        text.contains("与同类主机不同") && text.contains("抓包点 6"),
        "{text}"
    );
    let text = MERGED.iter().fold(text, |text, name| text.replace(name, ""));
    left.extend(leftovers(&text, &terms, &mut used));
    left.extend(leftovers(&super::pages::words(&merge), &terms, &mut used));
    for id in flowcheck::diagnose::catalogue::CauseId::ALL {
        let text = flowcheck(&["explain", id.as_str(), "--lang", "zh"]);
        let told = text.lines().skip(1).filter(|line| !line.contains("http"));
        left.extend(leftovers(&told.collect::<Vec<_>>().join("\n"), &terms, &mut used));
    }
    for word in words() {
        let text = flowcheck(&["explain", word.name, "--lang", "zh"]);
        let told = text.lines().skip(1);
        left.extend(leftovers(&told.collect::<Vec<_>>().join("\n"), &terms, &mut used));
    }
    assert!(
        left.is_empty(),
        "English in Chinese reports (what is a term belongs into tests/lang/terms.txt): {left:#?}"
    );
    let stale: Vec<_> = terms.difference(&used).collect();
    assert!(
        stale.is_empty(),
        "terms.txt has words that no report uses: {stale:?}"
    );
}

/// Captures whose Chinese reports are held to the letter.
const GOLDEN: [&str; 4] = [
    "churn.pcap",
    "idle-race.pcap",
    "pool-and-idle-timeout.pcap.gz",
    "one-direction.pcap",
];

#[test]
fn chinese_reports_are_those_that_were_reviewed() {
    let folder = root().join("tests/golden/zh");
    let mut differ = Vec::new();
    for name in GOLDEN {
        let now = flowcheck(&["read", name, "--utc", "--quiet", "--lang", "zh"]);
        let path = folder.join(format!("{name}.txt"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &now).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != now {
            differ.push(format!("{}: now\n{now}", path.display()));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn no_line_of_a_chinese_report_is_wider_than_the_page() {
    for name in captures() {
        let text = flowcheck(&["read", &name, "--utc", "--quiet", "--lang", "zh"]);
        for line in text.lines().filter(|line| !line.contains(&*name)) {
            let wide = line
                .chars()
                .filter(|c| ('\u{2e80}'..='\u{ffef}').contains(c))
                .count();
            assert!(line.chars().count() + wide <= 80, "{name}: {line}");
        }
    }
}

/// Fields that hold sentences or titles.
const SENTENCES: [&str; 9] = [
    "reasons",
    "not_seen",
    "warnings",
    "text",
    "title",
    "split_by",
    "cannot_tell",
    "sentence",
    "notes",
];

/// `value` with sentences taken out.
fn bare(value: &mut Value, key: &str) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(key, value)| bare(value, key)),
        Value::Array(values) if SENTENCES.contains(&key) && values.iter().all(Value::is_string) => {
            values.fill(Value::Null);
        }
        Value::Array(values) => values.iter_mut().for_each(|value| bare(value, key)),
        Value::String(_) if SENTENCES.contains(&key) => *value = Value::Null,
        _ => {}
    }
}

#[test]
fn what_programs_read_is_the_same_in_all_languages() {
    for name in captures() {
        let both = |args: &[&str]| {
            ["en", "zh"].map(|lang| {
                let mut all = vec!["read", name.as_str(), "--quiet", "--lang", lang];
                all.extend(args);
                flowcheck(&all)
            })
        };
        let [en, zh] = both(&["--format", "csv"]);
        assert_eq!(en, zh, "{name}");
        let [en, zh] = both(&["--connections", "--format", "ndjson"]);
        assert_eq!(en, zh, "{name}");
        let [en, zh] = both(&["--json", "--connections"]);
        let [mut en, mut zh] = [en, zh].map(|text| serde_json::from_str::<Value>(&text).unwrap());
        bare(&mut en, "");
        bare(&mut zh, "");
        assert_eq!(en, zh, "{name}: more than sentences differs");
    }
}

#[test]
fn a_saved_report_keeps_its_sentences() {
    let file = super::made("saved.json");
    let json = flowcheck(&["read", "churn.pcap", "--json", "--lang", "zh"]);
    assert!(json.contains("连接没有复用"), "{json}");
    fs::write(&file, json).unwrap();
    let path = file.to_str().unwrap();
    let text = flowcheck(&["read", path, "--utc"]);
    assert!(
        text.starts_with("FAIL  Connections are not reused") && text.contains("连接没有复用"),
        "{text}"
    );
    let text = flowcheck(&["read", path, "--utc", "--lang", "zh"]);
    assert!(text.starts_with("不通过  连接没有复用"), "{text}");
    fs::remove_file(file).unwrap();
}

#[test]
fn the_language_can_be_said_once_and_is_not_guessed() {
    let first = |name: &str, value: &str, args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_flowcheck"))
            .current_dir(root().join("captures"))
            .env_remove("FLOWCHECK_LANG")
            .env(name, value)
            .args(["read", "churn.pcap", "--utc"])
            .args(args)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_whitespace().next().unwrap_or_default().to_owned()
    };
    assert_eq!(first("FLOWCHECK_LANG", "zh", &[]), "不通过");
    assert_eq!(first("FLOWCHECK_LANG", "zh", &["--lang", "en"]), "FAIL");
    assert_eq!(first("LC_ALL", "zh_CN.UTF-8", &[]), "FAIL");
}
