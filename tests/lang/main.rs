//! Reports in other languages: no message is missing, none is left over, and what programs read stays the same.
//!
//! The English text in the code is the message; `lang/zh.po` and `src/diagnose/catalogue/zh/` hold the Chinese. Texts that are
//! no language (slugs, names of fields) are listed in `same.txt`, words that Chinese reports use as they are in `terms.txt`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod catalogue;
mod causes;
mod literals;
mod pages;
mod reports;
mod sources;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The captures of the repository.
fn captures() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root().join("captures"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".pcap"))
        .collect();
    names.sort();
    names
}

/// What `flowcheck ARGS` prints, run among the captures.
fn flowcheck(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_flowcheck"))
        .current_dir(root().join("captures"))
        .env_remove("FLOWCHECK_LANG")
        .args(args)
        .output()
        .unwrap();
    // 3: there was nothing to hold an expectation against.
    assert!(
        matches!(output.status.code(), Some(0 | 3)),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A file for what a test makes.
fn made(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("lang-{}-{name}", std::process::id()))
}

/// The lines of a list beside this file; `\n` stands for a line break.
fn list(name: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("tests/lang").join(name)).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("## "));
    lines.map(|line| line.replace("\\n", "\n")).collect()
}
