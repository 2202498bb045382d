//! What is made of the command line's definitions: completions, manual pages, suggestions; and the Debian package's unit.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn flowcheck(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flowcheck"))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn printed(args: &[&str]) -> String {
    let output = flowcheck(args);
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn has(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if found.is_err() {
        println!("SKIPPED: {program} is not installed");
    }
    found.is_ok()
}

/// Whether `program ARGS` takes `input`, and what it printed on either output.
fn takes(program: &str, args: &[&str], input: &str) -> (bool, String) {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn shells_take_their_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&["completions", shell]);
        assert!(script.contains("where") && script.contains("junit"), "{shell}");
        if has(shell) {
            let (taken, said) = takes(shell, &["-n"], &script);
            assert!(taken && said.is_empty(), "{shell}: {said}");
        }
    }
}

#[test]
fn bash_completes_commands_options_and_values() {
    if !has("bash") {
        return;
    }
    let script = printed(&["completions", "bash"]);
    let complete = |words: &str, place: u32| {
        let ask = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD={place}\n_flowcheck flowcheck \"${{COMP_WORDS[$COMP_CWORD]}}\" \
             \"${{COMP_WORDS[$((COMP_CWORD-1))]}}\"\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
        );
        takes("bash", &["--norc"], &ask).1
    };
    assert_eq!(complete("flowcheck comp", 1), "compare\ncompletions\n");
    assert_eq!(complete("flowcheck read --form", 2), "--format\n");
    assert_eq!(complete("flowcheck read --format j", 3), "json\njunit\n");
}

#[test]
fn manual_pages_are_whole_and_groff_has_nothing_to_say() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("man");
    fs::create_dir_all(&folder).unwrap();
    assert!(flowcheck(&["man", folder.to_str().unwrap()]).status.success());
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    for page in ["flowcheck.1", "flowcheck-read.1", "flowcheck-compare.1"] {
        assert!(names.iter().any(|name| name == page), "{names:?}");
    }
    let groff = has("groff");
    for name in &names {
        let page = fs::read_to_string(folder.join(name)).unwrap();
        let title = format!(".TH \"{}\" \"1\"", name.trim_end_matches(".1").to_uppercase());
        assert!(page.starts_with(&title), "{name}");
        if groff {
            let (taken, said) = takes("groff", &["-man", "-Tutf8", "-ww", "-z"], &page);
            assert!(taken && said.is_empty(), "{name}: {said}");
        }
    }
    let read = fs::read_to_string(folder.join("flowcheck-read.1")).unwrap();
    for part in [".SH \"EXAMPLES\"", ".SH \"EXIT CODES\"", ".BR flowcheck (1)"] {
        assert!(read.contains(part), "{part}");
    }
    fs::remove_dir_all(&folder).unwrap();
    let nowhere = flowcheck(&["man", folder.to_str().unwrap()]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("name a folder"));
}

#[test]
fn what_is_mistyped_is_answered_with_what_was_perhaps_meant() {
    for (args, meant) in [
        (&["raed", "x"][..], "'read'"),
        (&["read", "x", "--formt", "csv"], "'--format'"),
        (&["read", "x", "--format", "parqet"], "'parquet'"),
        (&["completions", "bsh"], "'bash'"),
        (&["read", "x", "--where", "clint:10.0.0.1"], "\"client\""),
    ] {
        let output = flowcheck(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(meant), "{args:?}: {said}");
    }
}

#[cfg(feature = "live")]
#[test]
fn a_mistyped_interface_is_answered_with_the_nearest() {
    let output = flowcheck(&["live", "-i", "ol", "--no-tui"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("ol: no such interface, perhaps \"lo\"; known are: "),
        "{said}"
    );
}

#[test]
fn every_command_teaches_by_examples() {
    let help = printed(&["--help"]);
    let commands = help
        .split_once("Commands:\n")
        .and_then(|(_, rest)| rest.split_once("\n\n"))
        .unwrap()
        .0;
    // What a command does may go on in a line of its own, further in.
    let commands = commands
        .lines()
        .filter(|line| line.len() > 2 && !line[2..].starts_with(' '))
        .filter_map(|line| line.split_whitespace().next());
    let mut count = 0;
    for command in commands {
        let help = printed(&[command, "--help"]);
        assert!(
            help.contains(&format!("Examples:\n  flowcheck {command}")),
            "{command}: {help}"
        );
        count += 1;
    }
    assert!(count >= 5, "{help}");
}

#[test]
fn the_unit_gives_up_what_it_can() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/flowcheck@.service");
    let unit = fs::read_to_string(path).unwrap();
    for line in [
        "DynamicUser=yes",
        "AmbientCapabilities=CAP_NET_RAW",
        "CapabilityBoundingSet=CAP_NET_RAW",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
    ] {
        assert!(unit.lines().any(|other| other == line), "{line}");
    }
    assert!(unit.contains("flowcheck live -i %i --no-tui"));
}
