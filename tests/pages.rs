//! Pages for a browser, in a browser: Chromium without a window, by `tests/pages/check.py`.
//!
//! Where Chromium or Python is missing this says that it was skipped; with `FLOWCHECK_LAB` set that is a failure.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::files::{PLAIN, frames, pcap};
use common::run::{directory, flowcheck, write};
use common::script;
use common::wire::Link;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Hosts, paths and a health check's target that would act if they were not text; a cookie and query strings that are
/// nobody's business.
const HOSTILE: &str = r#"
[hostile]
repeat 120 every 0.02 {
    conn a$i 10.0.0.1:* -> 10.0.0.11:8080
    open a$i
    exchange a$i path=/<svg/onload=hit()>/x?token=verysecret host=<script>hit()</script> req="Cookie: id=verysecret"
    close a$i by client
    conn b$i 10.0.0.1:* -> 10.0.0.11:8080
    open b$i
    exchange b$i path=/<img/src=x/onerror=hit()>/y?token=verysecret host=other.example req="Connection: close"
    close b$i by server
}
repeat 12 every 1 {
    conn c$i 10.0.0.2:* -> 10.0.0.12:8080
    open c$i
    exchange c$i path=/</script><script>hit()</script> host=<b>check</b>
    close c$i by client
}
"#;

fn present(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// Whether the test can run; says so if not, and fails where it has to.
fn can_run() -> bool {
    let browser = ["chromium", "chromium-browser", "google-chrome", "chrome"]
        .into_iter()
        .any(present);
    if browser && present("python3") {
        return true;
    }
    let problem = "no chromium or no python3: pages are not looked at in a browser";
    assert!(std::env::var_os("FLOWCHECK_LAB").is_none(), "{problem}");
    eprintln!("SKIPPED: {problem}");
    false
}

/// `flowcheck ARGS --html NAME`; the page's path.
fn page(folder: &Path, name: &str, args: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let mut all = args.to_vec();
    all.extend(["--utc", "--quiet", "--html", path.to_str().unwrap()]);
    let outcome = flowcheck(&all, None);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    path
}

fn capture(name: &str) -> String {
    format!("{ROOT}/captures/{name}")
}

fn hostile(folder: &Path) -> PathBuf {
    let packets = script::capture_of(HOSTILE).packets;
    write(
        folder,
        "hostile.pcap",
        &pcap(&frames(&packets, Link::Ethernet), Link::Ethernet, PLAIN),
    )
}

#[test]
fn pages_render_sort_filter_and_load_nothing() {
    if !can_run() {
        return;
    }
    let folder = directory("pages");
    let hostile = hostile(&folder);
    let hostile = page(
        &folder,
        "hostile.html",
        &["read", hostile.to_str().unwrap(), "--connections"],
    );
    let timeouts = capture("client-idle-timeout.pcap.gz");
    let chinese = ["read", &timeouts, "--connections", "--lang", "zh"];
    let chinese = page(&folder, "chinese.html", &chinese);
    let timeouts = page(&folder, "timeouts.html", &["read", &timeouts, "--connections"]);
    let (before, after) = (
        capture("story-defaults.pcap.zst"),
        capture("story-pool-of-2.pcap.zst"),
    );
    let compared = page(&folder, "compared.html", &["compare", &before, &after]);
    let named = [
        ("node4", "churn.pcap"),
        ("node1", "story-right.pcap.zst"),
        ("node2", "story-pool-of-2.pcap.zst"),
    ]
    .map(|(node, name)| format!("{node}={}", capture(name)));
    let merged = [&["merge"], &named.each_ref().map(String::as_str)[..]].concat();
    let merged = page(&folder, "merged.html", &merged);
    let empty = page(&folder, "empty.html", &["read", &capture("empty.pcap")]);
    let output = Command::new("python3")
        .arg(format!("{ROOT}/tests/pages/check.py"))
        .args([hostile, timeouts, compared, empty, merged, chinese])
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    println!("{}", text(&output.stdout));
}

#[test]
fn what_the_wire_says_reaches_a_page_as_text_and_secrets_do_not() {
    let folder = directory("pages-text");
    let hostile = hostile(&folder);
    let page = page(
        &folder,
        "hostile.html",
        &["read", hostile.to_str().unwrap(), "--connections"],
    );
    let page = std::fs::read_to_string(page).unwrap();
    for shown in ["&lt;svg", "&lt;img", "&lt;script&gt;hit()", "Why connections end"] {
        assert!(page.contains(shown), "{shown}");
    }
    for hidden in ["verysecret", "<svg/onload", "<img", "<script>hit", "Cookie:"] {
        assert!(!page.contains(hidden), "{hidden}");
    }
}
