//! README holds what it shows: outputs, options, exit codes and limits are those of the program.
//!
//! `UPDATE_GOLDEN=1 cargo test --test readme` writes the present outputs into it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};

use flowcheck::limits;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
/// The same in Chinese.
const README_ZH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.zh-CN.md");

fn readme() -> String {
    fs::read_to_string(README).unwrap()
}

fn flowcheck(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flowcheck"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(args)
        .env("TZ", "UTC")
        .env_remove("COLUMNS")
        .output()
        .unwrap()
}

/// What a shell prints for `flowcheck ARGS`, with `| head -N` or `>/dev/null; echo $?` after it.
fn shell(command: &str) -> String {
    let (command, exit_only) = match command.strip_suffix(" >/dev/null; echo $?") {
        Some(command) => (command, true),
        None => (command, false),
    };
    let (command, lines) = match command.split_once(" | head -") {
        Some((command, lines)) => (command, lines.parse().unwrap()),
        None => (command, usize::MAX),
    };
    let words: Vec<&str> = command.split(' ').map(|word| word.trim_matches('\'')).collect();
    assert_eq!(words[0], "flowcheck", "{command}");
    let output = flowcheck(&words[1..]);
    if exit_only {
        return format!("{}\n", output.status.code().unwrap());
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let mut shown = String::new();
    for line in text.lines().take(lines) {
        shown += line.trim_end();
        shown.push('\n');
    }
    shown
}

/// The page with the outputs of its `console` blocks as they are now.
fn refreshed(page: &str) -> String {
    let mut fresh = String::new();
    let mut in_console = false;
    for line in page.lines() {
        if line.starts_with("```") {
            in_console = line == "```console";
        }
        let command = line.strip_prefix("$ ").filter(|_| in_console);
        if !in_console || line.starts_with("```") || command.is_some() {
            fresh += line;
            fresh += "\n";
        }
        if let Some(command) = command {
            fresh += &shell(command);
        }
    }
    fresh
}

#[test]
fn outputs_shown_are_the_programs() {
    for path in [README, README_ZH] {
        let page = fs::read_to_string(path).unwrap();
        assert!(page.contains("$ flowcheck read captures/churn.pcap"));
        let fresh = refreshed(&page);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(path, fresh).unwrap();
        } else {
            assert!(
                page == fresh,
                "{path} shows old output: UPDATE_GOLDEN=1 cargo test --test readme\n{fresh}"
            );
        }
    }
}

/// What must be alike in all languages: headings by their level, list items, cells and figures of tables, where links lead, and
/// code without its comments and the outputs shown.
fn skeleton(page: &str) -> Vec<String> {
    let mut bones = Vec::new();
    let mut block: Option<&str> = None;
    for line in page.lines() {
        if let Some(kind) = line.strip_prefix("```") {
            block = if block.is_some() { None } else { Some(kind) };
            bones.push(line.to_owned());
        } else if let Some(kind) = block {
            let code = line
                .split(" # ")
                .next()
                .unwrap_or(line)
                .trim_end()
                .replace(" --lang zh", "");
            if kind != "console" || line.starts_with("$ ") {
                bones.push(code);
            }
        } else {
            bones.extend(prose(line));
        }
    }
    bones
}

/// The same of a line outside code. Where lines end within a paragraph differs.
fn prose(line: &str) -> Vec<String> {
    let mut bones = Vec::new();
    let hashes = line.chars().take_while(|c| *c == '#').count();
    if hashes > 0 {
        bones.push(format!("heading {hashes}"));
    } else if line.starts_with("* ") {
        bones.push("item".to_owned());
    } else if line.starts_with('|') {
        let words = line.split(|c: char| !c.is_ascii_digit() && c != ',' && c != '.');
        let words = words
            .map(|word| word.trim_matches([',', '.']))
            .filter(|word| word.len() > 1);
        let mut figures: Vec<&str> = words.collect();
        figures.sort_unstable();
        bones.push(format!(
            "{} cells, {}",
            line.matches('|').count(),
            figures.join(" ")
        ));
    } else if line
        .split_once(". ")
        .is_some_and(|(n, _)| n.parse::<u8>().is_ok())
    {
        bones.push("step".to_owned());
    }
    // Headings have other anchors in other languages.
    let links = line.split("](").skip(1).filter_map(|part| part.split_once(')'));
    let links = links.filter(|(link, _)| !link.starts_with('#') && !link.starts_with("README"));
    bones.extend(links.map(|(link, _)| format!("link {link}")));
    bones
}

#[test]
fn the_chinese_page_has_all_that_the_english_one_has() {
    let chinese = fs::read_to_string(README_ZH).unwrap();
    let (en, zh) = (skeleton(&readme()), skeleton(&chinese));
    if let Some(place) = (0..en.len().max(zh.len())).find(|place| en.get(*place) != zh.get(*place)) {
        panic!(
            "README.md and README.zh-CN.md differ at {:?} and {:?}, after {:?}",
            en.get(place),
            zh.get(place),
            place.checked_sub(1).map(|before| &en[before])
        );
    }
    assert!(readme().contains("(README.zh-CN.md)") && chinese.contains("(README.md)"));
    // Code in running text is the same, in whatever order a language has it.
    let spans = |page: &str| -> BTreeSet<String> {
        let text = page
            .split("```")
            .step_by(2)
            .collect::<String>()
            .replace('\n', " ");
        let spans = text.split('`').skip(1).step_by(2);
        spans.map(str::to_owned).collect()
    };
    // Words that reports say in their own language.
    let said = [
        ("THIS HOST", "本机"),
        ("no sure difference", "无明确差异"),
        ("no difference", "没有差异"),
        ("gone", "已消失"),
        (
            "load balancer -> nginx -> Tomcats",
            "负载均衡 -> nginx -> 多台 Tomcat",
        ),
    ];
    let (mut en, mut zh) = (spans(&readme()), spans(&chinese));
    for (english, own) in said {
        assert!(en.remove(english) && zh.remove(own), "{english}: {own}");
    }
    let differ: Vec<_> = en.symmetric_difference(&zh).collect();
    assert!(differ.is_empty(), "code named on one page alone: {differ:#?}");
}

#[test]
fn anchors_lead_to_headings() {
    for path in [README, README_ZH] {
        let page = fs::read_to_string(path).unwrap();
        let anchor = |heading: &str| -> String {
            let kept = heading
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.collect::<String>().to_lowercase().replace(' ', "-")
        };
        let headings: BTreeSet<String> = page
            .lines()
            .filter(|line| line.starts_with('#'))
            .map(|line| anchor(line.trim_start_matches('#').trim()))
            .collect();
        for link in page.split("](#").skip(1).filter_map(|part| part.split_once(')')) {
            assert!(headings.contains(link.0), "{path}: no heading for #{}", link.0);
        }
    }
}

/// Options in code spans and blocks that speak of flowcheck (other tools have options too).
fn options_named(page: &str) -> BTreeSet<String> {
    let spans = page
        .split('`')
        .flat_map(str::lines)
        .filter(|code| code.contains("flowcheck ") || code.starts_with("--"))
        .filter(|code| cfg!(feature = "live") || !code.contains("flowcheck live"));
    spans
        .flat_map(|code| code.split([' ', '=']))
        .filter(|word| word.starts_with("--") && word.len() > 2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn options_named_exist() {
    let help = |command| String::from_utf8(flowcheck(&[command, "--help"]).stdout).unwrap();
    let help = help("read") + &help("live");
    let known: BTreeSet<&str> = help
        .split([' ', ',', '\n', '=', '['])
        .filter(|word| word.starts_with("--"))
        .collect();
    let named = options_named(&readme());
    assert!(named.len() >= 10, "{named:?}");
    for option in named {
        assert!(
            known.contains(option.as_str()),
            "{option} is in README.md, not in the help"
        );
    }
}

#[test]
fn exit_codes_of_the_table_happen_and_no_others() {
    let page = readme();
    let table = page.split("| exit code | means |").nth(1).unwrap();
    let listed: BTreeSet<i32> = table
        .lines()
        .skip(2)
        .map_while(|row| row.strip_prefix("| ")?.split(' ').next()?.parse().ok())
        .collect();
    let runs: [&[&str]; 8] = [
        &["read", "captures/churn.pcap"],
        &["read", "captures/keepalive.pcap", "--expect", "pass"],
        &["read", "captures/churn.pcap", "--expect", "pass"],
        &["read", "captures/empty.pcap", "--expect", "pass"],
        &["read", "captures/README.md"],
        &["read", "captures/no-such.pcap"],
        &["read", "--no-such-option"],
        &["schema"],
    ];
    let seen: BTreeSet<i32> = runs
        .iter()
        .map(|args| flowcheck(args).status.code().unwrap())
        .collect();
    assert_eq!(listed, seen);
}

/// 65536 as 65,536.
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let grouped: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap())
        .collect();
    grouped.join(",")
}

#[test]
fn limits_are_those_of_the_code() {
    let page = readme();
    let kib = |bytes: usize| format!("{} KiB", bytes >> 10);
    let mib = |bytes: usize| format!("{} MiB", bytes >> 20);
    let two = |a: String, b: String| format!("{a}; {b}");
    for (what, limit) in [
        ("connections open at once", grouped(limits::CONNECTIONS)),
        (
            "legs; clients of one server shown apart",
            two(grouped(limits::LEGS), grouped(limits::CLIENTS_PER_SERVER)),
        ),
        (
            "connections listed by `--connections`",
            grouped(limits::LISTED_CONNECTIONS),
        ),
        (
            "bytes of connections in a page (`--html`)",
            grouped(limits::PAGE_CONNECTION_BYTES),
        ),
        (
            "closed connections remembered for late packets",
            format!("{}, for 3 s", grouped(limits::TOMBSTONES)),
        ),
        (
            "out-of-order bytes a direction; in all",
            two(mib(limits::OUT_OF_ORDER_BYTES), mib(limits::OUT_OF_ORDER_TOTAL)),
        ),
        (
            "message head; header fields",
            two(kib(limits::HEAD_BYTES), grouped(limits::HEADER_FIELDS)),
        ),
        (
            "bytes kept in all of heads, field blocks and tables, hellos, waiting requests that are not complete",
            mib(limits::HELD_BYTES),
        ),
        ("TLS hello", kib(limits::HELLO_BYTES)),
        ("pipelined requests a connection", grouped(limits::PIPELINED)),
        (
            "URI prefixes kept apart on a leg",
            grouped(limits::PREFIXES_PER_LEG),
        ),
        (
            "rows of the timeline",
            format!("{}, then its step grows", grouped(limits::TIMELINE_ROWS)),
        ),
        ("files read as one capture", grouped(limits::FILES)),
        ("one packet", mib(limits::RECORD_BYTES)),
        (
            "packets of live interfaces that wait for each other",
            mib(limits::LIVE_HELD_BYTES),
        ),
    ] {
        let row = format!("| {what} | {limit} |");
        assert!(page.contains(&row), "README.md has no row {row}");
    }
}

#[test]
fn the_oldest_rust_is_the_manifests() {
    let oldest = format!(" {} or newer", env!("CARGO_PKG_RUST_VERSION"));
    assert!(readme().contains(&oldest), "README.md does not say{oldest}");
}
