//! A real terminal of a test's own, by tmux.

use std::fs;
use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use super::net::REQUIRED;

/// Nothing here takes as long; what does never comes.
const LONGEST: Duration = Duration::from_secs(30);

/// A terminal with a shell in it, gone at the end of the test.
pub(crate) struct Tmux {
    socket: String,
}

impl Tmux {
    /// Opens it; `None` where tmux is not there, which is said, or where it must be there a failure.
    pub(crate) fn new(test: &str, width: u16, height: u16) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            let missing = "tmux is not installed";
            assert!(std::env::var_os(REQUIRED).is_none(), "{test}: {missing}");
            // Not by a macro: those are only shown of tests that fail.
            let _ = writeln!(std::io::stderr(), "\n*** {test}: SKIPPED, {missing}");
            return None;
        }
        let socket = format!("flowcheck-{test}-{}", std::process::id());
        let tmux = Self { socket };
        let (width, height) = (width.to_string(), height.to_string());
        tmux.run(&["new-session", "-d", "-x", &width, "-y", &height, "sh"]);
        tmux.run(&["set-option", "-g", "set-clipboard", "on"]);
        tmux.line("PS1='ready> '; export TZ=UTC; unset NO_COLOR");
        tmux.wait_for("ready>");
        Some(tmux)
    }

    fn run(&self, args: &[&str]) -> String {
        let output = Command::new("tmux")
            .args(["-f", "/dev/null", "-L", &self.socket, "-u"])
            .args(args)
            .output()
            .expect("tmux runs");
        assert!(
            output.status.success(),
            "tmux {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Presses a key, by tmux's name for it.
    pub(crate) fn key(&self, key: &str) {
        self.run(&["send-keys", key]);
    }

    /// Types letters.
    pub(crate) fn letters(&self, text: &str) {
        self.run(&["send-keys", "-l", text]);
    }

    /// Types a line to the shell.
    pub(crate) fn line(&self, text: &str) {
        self.letters(text);
        self.key("Enter");
    }

    pub(crate) fn resize(&self, width: u16, height: u16) {
        let (width, height) = (width.to_string(), height.to_string());
        self.run(&["resize-window", "-x", &width, "-y", &height]);
    }

    /// What is on the screen.
    pub(crate) fn screen(&self) -> String {
        self.run(&["capture-pane", "-p"])
    }

    /// And what has gone from it above.
    pub(crate) fn history(&self) -> String {
        self.run(&["capture-pane", "-p", "-J", "-S", "-"])
    }

    /// What was copied last.
    pub(crate) fn copied(&self) -> String {
        self.run(&["show-buffer"])
    }

    /// Waits until the screen shows `text`.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    /// Waits until the screen shows one of the two.
    pub(crate) fn wait_for_either(&self, one: &str, other: &str) -> String {
        self.wait(one, |screen| screen.contains(one) || screen.contains(other))
    }

    /// Waits until the screen shows `text` no more.
    pub(crate) fn wait_without(&self, text: &str) -> String {
        self.wait(text, |screen| !screen.contains(text))
    }

    fn wait(&self, what: &str, is_there: impl Fn(&str) -> bool) -> String {
        let ends = Instant::now() + LONGEST;
        loop {
            let screen = self.screen();
            if is_there(&screen) {
                return screen;
            }
            assert!(Instant::now() < ends, "{what:?}: in vain:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What the shell says of its terminal.
    pub(crate) fn modes(&self) -> String {
        self.line("clear; stty -a; echo 'that is' all");
        let screen = self.wait_for("that is all");
        screen
            .lines()
            .filter(|line| line.contains(';') || line.contains("echo"))
            .collect()
    }

    /// The id of the program that the shell has started, by its name.
    pub(crate) fn child(&self, name: &str) -> u32 {
        let shell = self.run(&["display-message", "-p", "#{pane_pid}"]);
        let ends = Instant::now() + LONGEST;
        loop {
            let found = children(shell.trim())
                .into_iter()
                .find(|(_, command)| command == name);
            if let Some((id, _)) = found {
                return id;
            }
            assert!(Instant::now() < ends, "{name} does not run");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = Command::new("tmux")
            .args(["-L", &self.socket, "kill-server"])
            .output();
    }
}

/// Ids and names of a process's children, from proc(5).
fn children(parent: &str) -> Vec<(u32, String)> {
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    let child = |id: u32| {
        let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let field = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim)
        };
        (field("PPid:") == Some(parent)).then(|| (id, field("Name:").unwrap_or_default().to_owned()))
    };
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(child)
        .collect()
}
