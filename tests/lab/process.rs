//! Processes of a test: each is ended by its id, at the latest when the test ends.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::net::{Net, run};

/// Nothing here takes as long; what does never ends.
const LONGEST: Duration = Duration::from_secs(30);

/// `flowcheck live` on its way.
pub(crate) struct Live {
    child: Child,
    stdout: Option<JoinHandle<String>>,
    lines: Receiver<String>,
    /// What was said so far.
    said: Vec<String>,
}

/// What it left behind.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) said: Vec<String>,
}

impl Live {
    /// Starts it in a namespace and waits until it captures.
    pub(crate) fn start(net: &Net, role: &str, args: &[&str]) -> Self {
        let mut command = net.command(role, env!("CARGO_BIN_EXE_flowcheck"));
        command.arg("live").args(args);
        let mut live = Self::spawn(&mut command);
        live.wait_for("capturing on");
        live
    }

    fn spawn(command: &mut Command) -> Self {
        let (mut live, mut stdout) = Self::unread(command);
        live.stdout = Some(std::thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).expect("text");
            text
        }));
        live
    }

    /// Starts it by a command and gives the caller what it prints.
    pub(crate) fn unread(command: &mut Command) -> (Self, ChildStdout) {
        let mut child = command
            .env_remove("SUDO_UID")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let stdout = child.stdout.take().expect("a pipe");
        let stderr = child.stderr.take().expect("a pipe");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let live = Self {
            child,
            stdout: None,
            lines,
            said: Vec::new(),
        };
        (live, stdout)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until a line with `text` was said.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let ends = Instant::now() + LONGEST;
        loop {
            match self
                .lines
                .recv_timeout(ends.saturating_duration_since(Instant::now()))
            {
                Ok(line) => {
                    let found = line.contains(text);
                    self.said.push(line);
                    if found {
                        return;
                    }
                }
                Err(error) => panic!("{text:?} was never said ({error}): {:#?}", self.said),
            }
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        run("kill", &["-s", name, &self.id().to_string()]);
    }

    /// Interrupts it and waits for its end.
    pub(crate) fn stop(self) -> Ended {
        self.signal("INT");
        self.wait()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Ended {
        let ends = Instant::now() + LONGEST;
        loop {
            match self
                .lines
                .recv_timeout(ends.saturating_duration_since(Instant::now()))
            {
                Ok(line) => self.said.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("still running: {:#?}", self.said),
            }
        }
        let code = self.child.wait().expect("a child").code();
        let stdout = self.stdout.take().map(|stdout| stdout.join().expect("text"));
        Ended {
            code,
            stdout: stdout.unwrap_or_default(),
            said: std::mem::take(&mut self.said),
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// The JSON report of a run that succeeded.
    pub(crate) fn report(&self) -> Value {
        assert_eq!(self.code, Some(0), "{:#?}", self.said);
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    pub(crate) fn said(&self, text: &str) -> bool {
        self.said.iter().any(|line| line.contains(text))
    }
}

/// A server that runs until the test ends.
pub(crate) struct Server(pub(crate) Child);

impl Drop for Server {
    fn drop(&mut self) {
        // TERM, so that it ends the processes that it started.
        let _ = Command::new("kill")
            .args(["-s", "TERM", &self.0.id().to_string()])
            .status();
        let _ = self.0.wait();
    }
}
