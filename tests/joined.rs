//! Captures one after another on standard input, and the report beside rows.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::io::Write;
use std::path::Path;

use common::run::{directory, flowcheck, write};
use serde_json::Value;

fn capture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new("captures").join(name)).unwrap()
}

/// A pcap file in so many, each with its header.
fn parts(whole: &[u8], count: usize) -> Vec<Vec<u8>> {
    let (header, records) = whole.split_at(24);
    let mut ends = vec![0];
    let mut at = 0;
    while at < records.len() {
        let length = records[at + 8..at + 12].try_into().unwrap();
        at += 16 + u32::from_le_bytes(length) as usize;
        ends.push(at);
    }
    let share = ends.len().div_ceil(count);
    ends.chunks(share)
        .enumerate()
        .map(|(n, chunk)| {
            let next = ends.get((n + 1) * share).unwrap_or(&at);
            [header, &records[chunk[0]..*next]].concat()
        })
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read(args: &[&str], input: Option<&[u8]>) -> Value {
    let outcome = flowcheck(&[&["read"], args].concat(), input);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    outcome.report().unwrap()
}

fn forget(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for field in ["frames", "first_frame", "last_frame", "interface"] {
                fields.remove(field);
            }
            fields.values_mut().for_each(forget);
        }
        Value::Array(values) => values.iter_mut().for_each(forget),
        _ => {}
    }
}

/// What does not say which file a packet is in.
fn without_files(mut report: Value) -> Value {
    report["capture"]["sources"] = Value::Null;
    forget(&mut report);
    report
}

#[test]
fn the_parts_of_a_capture_are_the_capture() {
    for name in ["churn.pcap", "keepalive.pcap", "idle-race.pcap"] {
        let whole = capture(name);
        let parts = parts(&whole, 5);
        assert_eq!(parts.len(), 5);
        let mut expected = read(&["-", "--json", "--connections"], Some(&whole));
        let zipped: Vec<Vec<u8>> = parts.iter().map(|part| gzip(part)).collect();
        let mixed: Vec<Vec<u8>> = (0..5).map(|n| [&parts, &zipped][n % 2][n].clone()).collect();
        for (how, files) in [("plain", &parts), ("gzip", &zipped), ("mixed", &mixed)] {
            let mut report = read(&["-", "--json", "--connections"], Some(&files.concat()));
            let source = report["capture"]["sources"][0].take();
            let captures = source["captures"].as_array().unwrap();
            let packets: u64 = captures
                .iter()
                .map(|capture| capture["packets"].as_u64().unwrap())
                .sum();
            assert_eq!(
                (captures.len(), packets),
                (5, source["packets"].as_u64().unwrap())
            );
            let begins: Vec<u64> = captures
                .iter()
                .map(|capture| capture["stored_at_byte"].as_u64().unwrap())
                .collect();
            let starts: Vec<u64> = (0..5)
                .map(|n| files[..n].iter().map(|file| file.len() as u64).sum())
                .collect();
            assert_eq!(begins, starts, "{name} {how}");
            // Frame numbers count through the stream, so that all else is the same.
            expected["capture"]["sources"][0] = Value::Null;
            assert_eq!(report, expected, "{name} {how}");
        }
    }
}

#[test]
fn a_stream_of_files_is_what_naming_them_is() {
    let (early, late) = ("captures/churn.pcap", "captures/keepalive.pcap");
    let named = read(&[early, late, "--json", "--connections"], None);
    let mut order = [(early, 0), (late, 1)];
    // Standard input is not put into order: who joins files does.
    order.sort_by_key(|(name, _)| read(&[name, "--json"], None)["capture"]["start"].to_string());
    let files: Vec<Vec<u8>> = order
        .iter()
        .map(|(name, _)| std::fs::read(name).unwrap())
        .collect();
    let streamed = read(&["-", "--json", "--connections"], Some(&files.concat()));
    assert_eq!(without_files(streamed), without_files(named));
}

#[test]
fn a_damaged_file_in_a_stream_is_told_and_the_next_is_read() {
    let parts = parts(&capture("churn.pcap"), 4);
    let cut = &parts[1][..parts[1].len() - 30];
    let report = read(
        &["-", "--json"],
        Some(&[&parts[0][..], cut, &parts[2], &parts[3]].concat()),
    );
    let source = &report["capture"]["sources"][0];
    let lost = 3_000 - source["packets"].as_u64().unwrap();
    assert_eq!((lost, source["damaged_places"].as_u64().unwrap()), (1, 1));
    let at = source["damage"][0]["stored_at_byte"].as_u64().unwrap() as usize;
    assert!(at > parts[0].len() && at < parts[0].len() + cut.len());
    let captures = source["captures"].as_array().unwrap();
    let damaged: Vec<_> = captures
        .iter()
        .map(|capture| capture["damaged_places"].as_u64().unwrap())
        .collect();
    assert_eq!(damaged, [0, 1, 0, 0]);
    let warnings = report["capture"]["warnings"].as_array().unwrap();
    assert!(
        warnings
            .iter()
            .any(|text| text.as_str().unwrap().contains(&format!("byte {at};")))
    );
}

#[test]
fn the_report_is_written_beside_rows() {
    let folder = directory("beside");
    let name = |file: &str| folder.join(file).to_str().unwrap().to_owned();
    let (saved, rows) = (name("report.json"), name("rows.csv"));
    let churn = "captures/churn.pcap";
    let expected = read(&[churn, "--json"], None);
    let file = |path: &str| std::fs::read_to_string(path).unwrap();
    for format in ["ndjson", "csv", "text", "json", "junit"] {
        let alone = flowcheck(&["read", churn, "--format", format], None);
        let both = flowcheck(
            &["read", churn, "--format", format, "-o", &rows, "--report", &saved],
            None,
        );
        assert_eq!(
            (both.code, both.stdout.as_str()),
            (Some(0), ""),
            "{}",
            both.stderr
        );
        assert_eq!(file(&rows), alone.stdout, "{format}");
        assert_eq!(
            serde_json::from_str::<Value>(&file(&saved)).unwrap(),
            expected,
            "{format}"
        );
    }
    // A report can be read back, and written again.
    let again = name("again.json");
    let outcome = flowcheck(&["read", &saved, "--report", &again], None);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(file(&again), file(&saved));

    let page = name("page.html");
    for (args, problem) in [
        (&["--report", churn][..], "is a capture and would be overwritten"),
        (&["-o", &saved, "--report", &saved], "is the file of -o, too"),
        (
            &["--html", &page, "--report", &page],
            "is the file of --html, too",
        ),
        (
            &["--report", "nowhere/report.json"],
            "nowhere/report.json: cannot write",
        ),
        (&["--report", "-"], "writes a file"),
        (
            &[
                "-o",
                &saved,
                "--report",
                &format!("{}/./report.json", folder.display()),
            ],
            "is the file of -o, too",
        ),
        (&["--ladder", "1", "--report", &saved], "--ladder"),
    ] {
        let outcome = flowcheck(&[&["read", churn], args].concat(), None);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(outcome.stderr.contains(problem), "{args:?}: {}", outcome.stderr);
    }
    // Whoever reads rows may have seen enough; the report is of all all the same.
    write(&folder, "report.json", b"");
    let outcome = std::process::Command::new("sh")
        .args([
            "-c",
            "\"$0\" read captures/churn.pcap --format ndjson --report \"$1\" | head -1",
        ])
        .args([env!("CARGO_BIN_EXE_flowcheck"), &saved])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(outcome.stdout).unwrap().lines().count(), 1);
    assert_eq!(serde_json::from_str::<Value>(&file(&saved)).unwrap(), expected);
}
