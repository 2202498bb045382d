//! The screen on a real terminal: every key, other sizes, stops, and the terminal as it was afterwards.

use std::path::Path;

use super::net::{NGX, Net, SERVER, TC1, run};
use super::nginx::{Folder, nginx, requests};
use super::tmux::Tmux;

const PROGRAM: &str = env!("CARGO_BIN_EXE_flowcheck");

fn capture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name);
    path.to_str().expect("a name").to_owned()
}

/// Keys by tmux's names, and what the screen shows after them; with `!` what it shows no more.
const KEYS: &[(&str, &str)] = &[
    ("?", "the next view, the one before"),
    ("j", "!the keys of this view, and back"),
    ("k", "the keys of this view, and back"),
    ("Escape", "legs: 2"),
    ("F1", "the next view, the one before"),
    ("BSpace", "legs: 2"),
    ("Tab", "1 of 308"),
    ("j", "2 of 308"),
    ("Down", "3 of 308"),
    ("k", "2 of 308"),
    ("Up", "1 of 308"),
    ("PageDown", "22 of 308"),
    ("C-f", "43 of 308"),
    ("C-b", "22 of 308"),
    ("PageUp", "1 of 308"),
    ("G", "308 of 308"),
    ("Home", "1 of 308"),
    ("End", "308 of 308"),
    ("g", "1 of 308"),
    ("s", "sort state"),
    (">", "sort class"),
    ("F6", "sort requests▼"),
    ("S", "sort requests▲"),
    ("<", "sort class▲"),
    ("p", "◆"),
    ("p", "!◆"),
    ("t", "of 308"),
    ("a", "+0."),
    ("a", "!+0."),
    ("y", "copied: ip.addr == 10.77.0.1"),
    ("/", "Enter shows it"),
    ("x", "/ x"),
    ("BSpace", "!/ x"),
    ("C-u", "Enter shows it"),
    ("Escape", "!Enter shows it"),
    ("Enter", "looking|HTTP/1.1 200"),
    ("PageDown", "10.77.0.1:"),
    ("Escape", "of 308"),
    ("3", "can't tell"),
    ("s", "sort share"),
    ("l", "P2: "),
    ("h", "can't tell"),
    ("Right", "P2: "),
    ("Left", "can't tell"),
    ("4", "handshakes "),
    ("+", "1 s:"),
    ("-", "1 s:"),
    ("h", "1 s:"),
    ("l", "1 s:"),
    ("5", "local ports"),
    ("BTab", "1 s:"),
    ("1", "legs: 2"),
    ("t", "servers: 2"),
    ("t", "clients: 1"),
    ("t", "legs: 2"),
    ("Enter", "10.77.0.11:8080: 1 of "),
    ("Escape", "legs: 2"),
    ("Space", "FROZEN"),
    ("Space", "!FROZEN"),
    ("n", "legs: 2|/etc/hosts"),
    ("c", "theme: light"),
    ("c", "theme: mono"),
    ("c", "theme: dark"),
    ("C-l", "legs: 2"),
];

#[test]
fn every_key_does_what_the_help_says() {
    let Some(tmux) = Tmux::new("keys", 100, 30) else {
        return;
    };
    let before = tmux.modes();
    tmux.line(&format!(
        "clear; {PROGRAM} read --tui {}",
        capture("small-pool-and-http10.pcap.gz")
    ));
    tmux.wait_for("legs: 2");
    for (key, expected) in KEYS {
        tmux.key(key);
        match expected.strip_prefix('!') {
            Some(gone) => tmux.wait_without(gone),
            None => match expected.split_once('|') {
                Some((one, other)) => tmux.wait_for_either(one, other),
                None => tmux.wait_for(expected),
            },
        };
    }
    assert!(
        tmux.copied().starts_with("ip.addr == 10.77.0.1 && tcp.port == "),
        "{}",
        tmux.copied()
    );
    tmux.key("2");
    tmux.key("/");
    tmux.letters("class:per_request reqs>");
    tmux.wait_for("at character");
    tmux.letters("0");
    tmux.wait_without("at character");
    tmux.key("Enter");
    tmux.wait_for("show class:per_request reqs>0");
    tmux.key("q");
    tmux.wait_for("ready>");
    let left = tmux.history();
    assert!(
        left.contains("WARN  Connections close too early") && left.contains("CAPTURE"),
        "{left}"
    );
    assert!(!left.contains("legs: 2"), "the screen is gone: {left}");
    assert_eq!(tmux.modes(), before);
}

#[test]
fn exports_are_files_of_their_own() {
    let Some(tmux) = Tmux::new("exports", 100, 30) else {
        return;
    };
    let folder = Folder::new("exports");
    tmux.line(&format!("cd {}; clear", folder.path("")));
    tmux.line(&format!(
        "{PROGRAM} read --tui {}",
        capture("small-pool-and-http10.pcap.gz")
    ));
    tmux.wait_for("legs: 2");
    tmux.key("e");
    tmux.wait_for("report written to flowcheck-");
    tmux.key("2");
    tmux.key("e");
    tmux.wait_for("308 connections written to flowcheck-");
    tmux.key("Enter");
    tmux.wait_for("HTTP/1.1 200");
    tmux.key("e");
    tmux.wait_for("packets written to flowcheck-");
    tmux.key("q");
    tmux.wait_for("ready>");
    let of = |ending: &str| {
        let names = std::fs::read_dir(folder.path("")).expect("a folder").flatten();
        let mut names = names
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|it| it == ending));
        names.next().unwrap_or_else(|| panic!("no {ending}"))
    };
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(of("json")).expect("a report")).expect("JSON");
    assert_eq!(report["totals"]["requests"]["total"], 1_025);
    assert_eq!(
        std::fs::read_to_string(of("ndjson"))
            .expect("lines")
            .lines()
            .count(),
        308
    );
    let packets = of("pcapng");
    let read = run(PROGRAM, &["read", "--json", packets.to_str().expect("a name")]);
    let read: serde_json::Value = serde_json::from_str(&read).expect("a report");
    assert_eq!(read["totals"]["connections"]["total"], 1, "{read}");
}

#[test]
fn no_size_hurts_and_a_stopped_screen_comes_back() {
    let Some(tmux) = Tmux::new("sizes", 80, 24) else {
        return;
    };
    let before = tmux.modes();
    tmux.line(&format!(
        "clear; {PROGRAM} read --tui --no-mouse --ascii {}",
        capture("churn.pcap")
    ));
    tmux.wait_for("X FAIL");
    tmux.resize(120, 40);
    tmux.wait_for("closed c/s/r");
    tmux.resize(60, 16);
    tmux.wait_for("no room for");
    for (width, height) in [(30, 6), (8, 2), (1, 1), (200, 50)] {
        tmux.resize(width, height);
        tmux.key("Tab");
    }
    tmux.resize(80, 24);
    tmux.key("1");
    tmux.wait_for("legs: 2");
    tmux.key("C-z");
    tmux.wait_for("ready>");
    tmux.line("fg");
    tmux.wait_for("legs: 2");
    tmux.key("C-c");
    tmux.wait_for("ready>");
    assert_eq!(tmux.modes(), before);
}

#[test]
fn term_hup_and_int_leave_a_sane_terminal() {
    let Some(tmux) = Tmux::new("signals", 80, 24) else {
        return;
    };
    let before = tmux.modes();
    for signal in ["TERM", "HUP", "INT"] {
        tmux.line(&format!(
            "clear; {PROGRAM} read --tui {}; echo code $?",
            capture("churn.pcap")
        ));
        tmux.wait_for("legs: 2");
        run("kill", &["-s", signal, &tmux.child("flowcheck").to_string()]);
        tmux.wait_for("code 0");
        assert_eq!(tmux.modes(), before, "after {signal}");
    }
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    let file = capture("churn.pcap");
    // A file, and a stream that falls silent: keys come from standard input or from the terminal behind standard output.
    ends_without_terminal(&format!("{PROGRAM} read --tui {file}"));
    ends_without_terminal(&format!("(cat {file}; exec sleep 40) | {PROGRAM} read --tui -"));
}

fn ends_without_terminal(command: &str) {
    let Some(tmux) = Tmux::new("gone", 80, 24) else {
        return;
    };
    tmux.line(command);
    tmux.wait_for("legs: 2");
    let id = tmux.child("flowcheck");
    drop(tmux);
    // What it leaves of itself, if nobody asks how it ended, is a zombie.
    let state = || {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        stat.rsplit(')').next()?.trim_start().chars().next()
    };
    let ends = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while state().is_some_and(|state| state != 'Z') {
        assert!(
            std::time::Instant::now() < ends,
            "{command}: it goes on without a terminal"
        );
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn without_a_terminal_there_is_no_screen() {
    let output = std::process::Command::new(PROGRAM)
        .args(["read", "--tui", &capture("churn.pcap")])
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("--tui") && said.contains("no terminal"), "{said}");
}

/// A capture that a test sends on, half by half, to a screen that reads it from standard input.
struct Halves {
    folder: std::path::PathBuf,
    bytes: Vec<u8>,
}

impl Halves {
    fn new(test: &str) -> Self {
        let name = format!("flowcheck-{test}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        run("mkfifo", &[folder.join("pipe").to_str().expect("a name")]);
        let bytes = std::fs::read(capture("churn.pcap")).expect("a capture");
        Self { folder, bytes }
    }

    fn command(&self) -> String {
        let pipe = self.folder.join("pipe");
        format!("clear; {PROGRAM} read --tui - < {}; echo code $?", pipe.display())
    }

    /// Waits for the reader.
    fn open(&self) -> std::fs::File {
        let mut options = std::fs::OpenOptions::new();
        options
            .write(true)
            .open(self.folder.join("pipe"))
            .expect("a pipe")
    }
}

impl Drop for Halves {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_stream_is_shown_while_it_comes() {
    use std::io::Write as _;

    let Some(tmux) = Tmux::new("stream", 120, 30) else {
        return;
    };
    let before = tmux.modes();
    let halves = Halves::new("stream");
    tmux.line(&halves.command());
    let mut pipe = halves.open();
    let (half, rest) = halves.bytes.split_at(halves.bytes.len() / 2);
    pipe.write_all(half).expect("it reads");
    tmux.wait_for("reading: ");
    tmux.wait_for("10.77.0.1 -> 10.77.0.12:8080");
    tmux.key("2");
    tmux.wait_for("per_request");
    // By a cause that the first half shows.
    tmux.wait_for(" us N1");
    tmux.wait_for("1 of 153");
    tmux.key("/");
    tmux.letters("cause:N1 verdict:fail");
    tmux.key("Enter");
    tmux.wait_for("show cause:N1 verdict:fail");
    tmux.wait_for("per_request");
    tmux.key("/");
    tmux.key("C-u");
    tmux.key("Enter");
    tmux.wait_without("show cause:N1");
    pipe.write_all(rest).expect("it reads");
    tmux.wait_for("1 of 300");
    tmux.wait_for("reading: ");
    drop(pipe);
    tmux.wait_without("reading: ");
    tmux.wait_for("1 of 300");
    tmux.key("q");
    tmux.wait_for("code 0");
    let left = tmux.history();
    assert!(
        left.contains("FAIL  Connections are not reused: 287 of 300")
            && !left.contains("the screen was left"),
        "{left}"
    );
    assert_eq!(tmux.modes(), before);
}

#[test]
fn a_stream_that_says_nothing_can_be_left() {
    use std::io::Write as _;

    let Some(tmux) = Tmux::new("silent", 120, 30) else {
        return;
    };
    let halves = Halves::new("silent");
    tmux.line(&halves.command());
    let mut pipe = halves.open();
    pipe.write_all(&halves.bytes[..halves.bytes.len() / 2])
        .expect("it reads");
    tmux.wait_for("reading: ");
    tmux.key("q");
    tmux.wait_for("code 0");
    let left = tmux.history();
    assert!(
        left.contains("the screen was left while the capture was being read") && left.contains("CAPTURE"),
        "{left}"
    );
    drop(pipe);
}

#[test]
fn a_live_capture_under_load() {
    let Some(net) = Net::new("screen") else { return };
    let Some(tmux) = Tmux::new("live", 100, 30) else {
        return;
    };
    let folder = Folder::new("screen");
    let _backend = nginx(
        &net,
        TC1,
        &folder,
        "backend",
        "server { listen 8080; location / { return 200 \"hello\\n\"; } }",
    );
    let before = tmux.modes();
    let live = format!(
        "ip netns exec {} {PROGRAM} live -i bond0 port 8080",
        net.name(NGX)
    );
    tmux.line(&format!("clear; {live}"));
    tmux.wait_for("on bond0");
    requests(&net, NGX, &format!("http://{SERVER}:8080"), 400);
    tmux.wait_for("requests 400");
    tmux.wait_for(&format!("-> {SERVER}:8080"));
    tmux.key("Space");
    tmux.wait_for("FROZEN");
    requests(&net, NGX, &format!("http://{SERVER}:8080"), 100);
    tmux.wait_for("FROZEN +");
    assert!(tmux.screen().contains("requests 400"), "{}", tmux.screen());
    tmux.key("Space");
    tmux.wait_for("requests 500");
    tmux.key("2");
    tmux.wait_for("persistent");
    requests(&net, NGX, &format!("http://{SERVER}:8080"), 100);
    tmux.wait_for("requests 600");
    tmux.key("/");
    tmux.letters("reqs>0 state:closed");
    tmux.key("Enter");
    tmux.wait_for("show reqs>0 state:closed");
    tmux.wait_for("closed");
    tmux.key("p");
    tmux.wait_for("◆");
    tmux.key("Enter");
    tmux.wait_for("GET /r");
    tmux.wait_for("HTTP/1.1 200");
    tmux.key("Escape");
    tmux.key("Escape");
    tmux.key("e");
    tmux.wait_for("only to the folder of -w");
    for key in ["Tab", "Tab", "Tab", "?", "Escape", "1"] {
        tmux.key(key);
    }
    tmux.key("C-z");
    tmux.wait_for("ready>");
    tmux.line("clear; fg; echo code $?");
    tmux.wait_for("requests 600");
    run("kill", &["-s", "TERM", &tmux.child("flowcheck").to_string()]);
    tmux.wait_for("code 0");
    let left = tmux.history();
    assert!(
        left.contains("PASS  Connections are reused") && left.contains("CAPTURE"),
        "{left}"
    );
    assert_eq!(tmux.modes(), before);
    tmux.line(&format!(
        "clear; {live} -w {}; echo code $?",
        folder.path("dump.pcap")
    ));
    tmux.wait_for("on bond0");
    tmux.key("e");
    tmux.wait_for("report written to");
    tmux.key("q");
    tmux.wait_for("q again ends");
    tmux.key("q");
    tmux.wait_for("code 0");
    assert_eq!(tmux.modes(), before);
}

/// Set in the run of a test that is to panic.
const PANICS: &str = "FLOWCHECK_TEST_PANICS";

#[test]
fn a_panic_leaves_a_sane_terminal() {
    if std::env::var_os(PANICS).is_some() {
        let terminal = flowcheck::tui::Terminal::take(std::io::stdout(), true, std::io::stdout);
        let _terminal = terminal.expect("a terminal");
        panic!("as it was meant");
    }
    let Some(tmux) = Tmux::new("panic", 120, 30) else {
        return;
    };
    let before = tmux.modes();
    let own = std::env::current_exe().expect("this program");
    let test = "screen::a_panic_leaves_a_sane_terminal";
    tmux.line(&format!(
        "clear; {PANICS}=1 {} --exact {test} --nocapture; echo code $?",
        own.display()
    ));
    let screen = tmux.wait_for("code 101");
    assert!(screen.contains("as it was meant"), "{screen}");
    assert_eq!(tmux.modes(), before);
}
