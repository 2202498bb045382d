//! Runs the binary as a user does.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// No capture of these tests takes seconds; one that takes this long never ends.
const LONGEST: Duration = Duration::from_secs(15);

/// What a run left behind.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// The JSON report, or what came instead.
    pub fn report(&self) -> Result<Value, String> {
        serde_json::from_str(&self.stdout).map_err(|error| {
            let code = self.code;
            format!(
                "no JSON report ({error}); exit {code:?}, stderr: {}",
                self.stderr.trim()
            )
        })
    }
}

/// A directory of its own for the files of one test.
pub fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&path).expect("the target directory can be written");
    path
}

pub fn write(directory: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, bytes).expect("the target directory can be written");
    path
}

/// `flowcheck ARGS`, with `input` on stdin.
pub fn flowcheck<S: AsRef<std::ffi::OsStr>>(args: &[S], input: Option<&[u8]>) -> Outcome {
    let mut child = Command::new(env!("CARGO_BIN_EXE_flowcheck"))
        .args(args)
        .stdin(if input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let feeder = child
        .stdin
        .take()
        .zip(input.map(<[u8]>::to_vec))
        .map(|(mut stdin, bytes)| {
            // A program that stops reading early closes the pipe; that is its right.
            std::thread::spawn(move || drop(stdin.write_all(&bytes)))
        });
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let started = Instant::now();
    let (code, late) = loop {
        if let Some(status) = child.try_wait().expect("the binary can be waited for") {
            break (status.code(), false);
        }
        if started.elapsed() > LONGEST {
            child
                .kill()
                .and_then(|()| child.wait())
                .expect("the binary can be ended");
            break (None, true);
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    if let Some(feeder) = feeder {
        feeder.join().expect("writing does not panic");
    }
    let text = |reader: std::thread::JoinHandle<Vec<u8>>| {
        String::from_utf8_lossy(&reader.join().expect("reading does not panic")).into_owned()
    };
    let (stdout, mut stderr) = (text(stdout), text(stderr));
    if late {
        write!(stderr, "[still running after {LONGEST:?}]").expect("a string can be written");
    }
    Outcome { code, stdout, stderr }
}

/// Reads a pipe to its end on a thread of its own.
fn drain(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut out = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut out).expect("a pipe can be read");
        }
        out
    })
}

/// `flowcheck read FILE --json --connections ARGS`.
pub fn read(file: &Path, args: &[String]) -> Outcome {
    let mut all = vec!["read".to_owned(), file.to_string_lossy().into_owned()];
    all.extend(["--json".to_owned(), "--connections".to_owned()]);
    all.extend_from_slice(args);
    flowcheck(&all, None)
}
