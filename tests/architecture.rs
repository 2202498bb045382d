//! Holds `src/` to the plan: which room knows which, who names which crate, who may print, read a clock or start a
//! thread, how long a file may be, and what each room says about itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What a room may import beside the base (the top-level files: `frame`, `time`, `limits`, `index` ...). `room` is all
/// that room exports, `room::Name` that name only.
///
/// `classify` holds the words of a connection's facts; the rooms that find them may use those words and nothing else.
const ROOMS: &[(&str, &[&str])] = &[
    ("source", &[]),
    (
        "pipeline",
        &[
            "source",
            "engine",
            "aggregate",
            "diagnose",
            "query",
            "classify::Class",
            "classify::ConnectionFacts",
            "classify::Endpoint",
        ],
    ),
    ("decode", &["classify::Path", "classify::Tunnel"]),
    (
        "flow",
        &[
            "decode",
            "classify::Closer",
            "classify::RoleEvidence",
            "classify::History",
        ],
    ),
    ("reassembly", &[]),
    ("http", &["classify::Version", "classify::Protocol"]),
    (
        "engine",
        &[
            "decode",
            "flow",
            "reassembly",
            "http",
            "classify",
            "aggregate",
            "diagnose",
            "query",
        ],
    ),
    ("classify", &[]),
    ("aggregate", &["classify"]),
    (
        "diagnose",
        &["aggregate", "classify", "host", "source::SourceSummary"],
    ),
    ("compare", &["diagnose", "aggregate"]),
    ("fleet", &["diagnose", "aggregate", "classify::Endpoint"]),
    (
        "report",
        &[
            "compare",
            "fleet",
            "diagnose",
            "aggregate",
            "classify",
            "host",
            "source::SourceSummary",
            "source::Joined",
            "source::Damage",
        ],
    ),
    ("tui", &["report", "query", "diagnose", "aggregate", "classify"]),
    (
        "cli",
        &[
            "source",
            "pipeline",
            "engine",
            "compare",
            "fleet",
            "diagnose",
            "aggregate",
            "classify",
            "report",
            "query",
            "tui",
            "privileges",
            "host",
            "exporter",
        ],
    ),
    ("privileges", &[]),
    ("query", &["classify", "diagnose"]),
    ("host", &["classify::Endpoint"]),
    ("exporter", &[]),
];

/// Crates that only these rooms may name.
const CRATES: &[(&str, &[&str])] = &[
    ("pcap", &["source"]),
    ("nix", &["source", "privileges", "host"]),
    ("netlink_packet_core", &["host"]),
    ("netlink_packet_sock_diag", &["host"]),
    ("netlink_sys", &["host"]),
    ("caps", &["source", "privileges"]),
    ("landlock", &["privileges"]),
    ("signal_hook", &["cli"]),
    ("flate2", &["source"]),
    ("zstd", &["source"]),
    ("etherparse", &["decode"]),
    ("indexmap", &["engine", "aggregate"]),
    ("httparse", &["http"]),
    ("wide", &["http"]),
    ("prometheus_client", &["report"]),
    (
        "prefetch_index",
        &["index.rs", "source", "flow", "engine", "aggregate"],
    ),
    ("crossbeam_channel", &["pipeline"]),
    ("serde", &["report", "cli"]),
    ("serde_json", &["report", "cli"]),
    ("schemars", &["report", "cli"]),
    ("anstyle", &["report", "cli", "tui"]),
    ("unicode_width", &["report", "cli", "tui"]),
    ("jiff", &["report", "cli", "tui"]),
    ("maud", &["report"]),
    ("sha2", &["report"]),
    ("base64", &["report"]),
    ("anstream", &["cli"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("parquet", &["report"]),
    ("polib", &["lang.rs"]),
    ("indicatif", &["cli"]),
    ("ratatui", &["tui"]),
    ("crossterm", &["tui"]),
    ("rustix", &["pipeline", "tui"]),
];

/// Words of code that only these rooms or files may hold.
const WORDS: &[(&str, &[&str])] = &[
    ("println!", &["cli"]),
    ("print!", &["cli"]),
    ("eprintln!", &["cli", "main.rs"]),
    ("eprint!", &["cli"]),
    ("stdout(", &["cli", "tui/keys.rs"]),
    ("stderr(", &["cli", "main.rs"]),
    ("Instant::now", &["cli", "tui", "source/live", "host", "exporter"]),
    ("SystemTime::now", &["cli", "source/live", "host"]),
    ("thread::", &["pipeline", "cli", "host", "exporter"]),
    ("mpsc", &["pipeline", "cli"]),
    ("fs::", &["source", "cli", "host"]),
    ("unsafe ", &[]),
    ("static mut", &[]),
    (".unwrap()", &[]),
    ("todo!", &[]),
    ("unimplemented!", &[]),
    ("dbg!", &[]),
];

const LONGEST_FILE: usize = 400;

/// A file without its tests.
struct Source {
    /// From `src/`, with `/`.
    name: String,
    /// The production lines.
    text: String,
    /// The same without comments.
    code: String,
}

impl Source {
    fn room(&self) -> Option<&str> {
        self.name.split_once('/').map(|(room, _)| room)
    }

    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| {
            self.name == *place
                || self
                    .name
                    .strip_prefix(place)
                    .is_some_and(|rest| rest.starts_with(['/', '.']))
        })
    }
}

fn production() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    let mut test_only = BTreeSet::new();
    let mut sources = Vec::new();
    for path in paths {
        let name = path
            .strip_prefix(&root)
            .expect("below src")
            .to_string_lossy()
            .replace('\\', "/");
        let whole = fs::read_to_string(&path).expect("source files are text");
        test_only.extend(test_modules(&name, &whole));
        let text = without_tests(&whole);
        let code = text.lines().map(without_comment).collect::<Vec<_>>().join("\n");
        sources.push(Source { name, text, code });
    }
    sources.retain(|source| {
        let is_test = |module: &String| {
            source
                .name
                .strip_prefix(module.as_str())
                .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        let by_name = source.name.ends_with("tests.rs") || source.name.contains("/tests/");
        !by_name && !test_only.iter().any(is_test)
    });
    assert!(sources.len() > 10, "the sources are found");
    sources
}

fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            walk(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

/// `#[cfg(test)] mod name;` makes `name.rs` and `name/` tests.
fn test_modules(file: &str, text: &str) -> Vec<String> {
    let folder = match file.strip_suffix("/mod.rs").or(file.strip_suffix(".rs")) {
        Some("lib" | "main") | None => String::new(),
        Some(folder) => format!("{folder}/"),
    };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let module = |line: &str| {
        let rest = line
            .split_once("mod ")
            .filter(|(before, _)| before.is_empty() || before.starts_with("pub"))?
            .1;
        rest.strip_suffix(';').map(|name| format!("{folder}{name}"))
    };
    lines
        .windows(2)
        .filter(|pair| pair[0] == "#[cfg(test)]")
        .filter_map(|pair| module(pair[1]))
        .collect()
}

/// Leaves out items under `#[cfg(test)]`: to the closing brace at the same indentation, or the one line.
fn without_tests(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        for line in lines.by_ref() {
            let here = line.len() - line.trim_start().len();
            let ends = line.trim_end().ends_with([';', '}']) && here == indent;
            if ends && !line.trim_start().starts_with("#[") {
                break;
            }
        }
    }
    out
}

fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match c {
            '"' if before != '\\' && before != '\'' => quoted = !quoted,
            '/' if !quoted && line[at..].starts_with("//") => return &line[..at],
            _ => {}
        }
        before = c;
    }
    line
}

/// Paths behind `crate::` as `room` or `room::Name`, groups taken apart.
fn imports(code: &str) -> Vec<String> {
    let mut out = Vec::new();
    for part in code.split("crate::").skip(1) {
        let flat: String = part.chars().take_while(|c| *c != ';').collect();
        let room: String = flat
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        if room.is_empty() {
            // `use crate::{a, b::C}`: each by itself.
            let inner = flat.trim_start_matches('{').split('}').next().unwrap_or_default();
            out.extend(
                inner
                    .split(',')
                    .map(|name| name.trim().to_owned())
                    .filter(|name| !name.is_empty()),
            );
            continue;
        }
        let rest = flat[room.len()..].strip_prefix("::").unwrap_or_default();
        if let Some(group) = rest.strip_prefix('{') {
            let inner = group.split('}').next().unwrap_or_default();
            let names = inner.split(',').map(str::trim).filter(|name| !name.is_empty());
            out.extend(
                names.map(|name| format!("{room}::{}", name.split([' ', ':']).next().unwrap_or(name))),
            );
        } else {
            let name: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            out.push(if name.is_empty() {
                room
            } else {
                format!("{room}::{name}")
            });
        }
    }
    out
}

fn report(broken: &[String]) {
    assert!(
        broken.is_empty(),
        "{} broken:\n{}",
        broken.len(),
        broken.join("\n")
    );
}

#[test]
fn rooms_import_only_what_the_plan_allows() {
    let mut broken = Vec::new();
    for source in production() {
        let allowed = match source.room() {
            None if matches!(source.name.as_str(), "lib.rs" | "main.rs") => continue,
            // The base: used by everybody, knows nobody.
            None => &[][..],
            Some(room) => {
                let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
                    broken.push(format!("{}: room {room} is not in the plan", source.name));
                    continue;
                };
                allowed
            }
        };
        for import in imports(&source.code) {
            let room = import.split("::").next().unwrap_or_default();
            let is_room = ROOMS.iter().any(|(name, _)| *name == room);
            let own = source.room() == Some(room);
            if is_room && !own && !allowed.contains(&room) && !allowed.contains(&import.as_str()) {
                broken.push(format!("{}: may not use {import}", source.name));
            }
        }
    }
    report(&broken);
}

#[test]
fn crates_are_named_by_their_rooms_only() {
    let mut broken = Vec::new();
    for source in production() {
        for (name, rooms) in CRATES {
            let path = format!("{name}::");
            let named = source.code.match_indices(&path).any(|(at, _)| {
                let before = source.code[..at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
            });
            if named && !source.is_in(rooms) {
                broken.push(format!(
                    "{}: names {name}, which belongs to {rooms:?}",
                    source.name
                ));
            }
        }
    }
    report(&broken);
}

#[test]
fn only_the_edges_print_read_clocks_and_start_threads() {
    let mut broken = Vec::new();
    for source in production() {
        for (index, line) in source.code.lines().enumerate() {
            for (word, places) in WORDS {
                let found = line.match_indices(word).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    word.starts_with('.') || !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
                });
                if found && !source.is_in(places) {
                    broken.push(format!(
                        "{}: {word} near production line {}: {}",
                        source.name,
                        index + 1,
                        line.trim()
                    ));
                }
            }
        }
    }
    report(&broken);
}

#[test]
fn every_room_says_what_it_takes_hands_on_touches_and_never_does() {
    let mut broken = Vec::new();
    let sources = production();
    for (room, _) in ROOMS {
        let mut files = sources
            .iter()
            .filter(|source| source.room() == Some(room))
            .peekable();
        if files.peek().is_none() {
            continue;
        }
        let Some(opening) = files.find(|source| source.name == format!("{room}/mod.rs")) else {
            broken.push(format!("{room} has no mod.rs"));
            continue;
        };
        let doc: Vec<&str> = opening
            .text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .collect();
        let doc = doc.join("\n");
        let mut at = 0;
        for part in ["In:", "Out:", "May touch:", "Never:"] {
            match doc[at..].find(part) {
                Some(found) => at += found,
                None => broken.push(format!("{room}/mod.rs: no `{part}` in its place")),
            }
        }
    }
    report(&broken);
}

#[test]
fn files_are_short() {
    let too_long = |source: &Source| {
        let lines = source.text.lines().count();
        (lines > LONGEST_FILE).then(|| format!("{}: {lines} lines", source.name))
    };
    report(&production().iter().filter_map(too_long).collect::<Vec<_>>());
}

#[test]
fn the_reader_of_this_test_reads_right() {
    let found = imports(
        "use crate::time::{Nanos, SECOND};\nuse crate::{limits, http::Head};\nlet x = crate::flow::Table::new();",
    );
    assert_eq!(
        found,
        [
            "time::Nanos",
            "time::SECOND",
            "limits",
            "http::Head",
            "flow::Table"
        ]
    );
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {\n    }\n}\nfn c() {}\n#[cfg(test)]\nmod more;\nfn d() {}\n";
    assert_eq!(without_tests(text), "fn a() {}\nfn c() {}\nfn d() {}\n");
    assert_eq!(
        test_modules("room/mod.rs", "#[cfg(test)]\nmod more;\nmod less;"),
        ["room/more"]
    );
    assert_eq!(
        without_comment("let a = \"http://x\"; // note"),
        "let a = \"http://x\"; "
    );
}
