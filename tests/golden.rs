//! Golden reports: what `flowcheck read` prints of every file in captures/, text and JSON, to the letter.
//!
//! A change that means to change a report runs `UPDATE_GOLDEN=1 cargo test --test golden` and shows the difference to
//! whoever reviews it. The figures themselves are held against the servers' logs in `captures.rs`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn captures() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(Path::new(ROOT).join("captures"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".pcap"))
        .collect();
    names.sort();
    names
}

fn report(name: &str, format: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_flowcheck"))
        .current_dir(Path::new(ROOT).join("captures"))
        .args(["read", name, "--utc", "--quiet", "--format", format])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    // The version changes with every release; what is said does not.
    let text = String::from_utf8(output.stdout).unwrap();
    text.replace(concat!("\"", env!("CARGO_PKG_VERSION"), "\""), "\"VERSION\"")
}

#[test]
fn every_capture_has_the_report_that_was_reviewed() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let folder: PathBuf = Path::new(ROOT).join("tests/golden");
    let mut differ = Vec::new();
    for name in captures() {
        for (format, ending) in [("text", "txt"), ("json", "json")] {
            let path = folder.join(format!("{name}.{ending}"));
            let now = report(&name, format);
            if update {
                fs::create_dir_all(&folder).unwrap();
                fs::write(&path, now).unwrap();
                continue;
            }
            let before = fs::read_to_string(&path).unwrap_or_default();
            if let Some((line, (was, is))) =
                before.lines().zip(now.lines()).enumerate().find(|(_, (was, is))| was != is)
            {
                differ.push(format!("{}:{}\n  was {was}\n  is  {is}", path.display(), line + 1));
            } else if before != now {
                differ.push(format!("{}: {} bytes, now {}", path.display(), before.len(), now.len()));
            }
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
