//! Connections as rows while they are read, beside the list of the report; JUnit's XML; docs/feeds.md; and tables as
//! DuckDB reads them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use flowcheck::report::columns::{COLUMNS, Column, Kind};
use serde_json::Value;

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/captures");

fn flowcheck(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowcheck"));
    command.args(args).env("TZ", "UTC").stdin(Stdio::null());
    command
}

/// Standard output of a run that ends with `code`.
fn printed(code: i32, args: &[&str]) -> String {
    let output = flowcheck(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn capture(name: &str) -> String {
    format!("{CAPTURES}/{name}")
}

fn captures() -> Vec<String> {
    let names = fs::read_dir(CAPTURES).unwrap().map(|entry| entry.unwrap().path());
    let names = names.filter(|path| path.to_string_lossy().contains(".pcap"));
    let mut names: Vec<String> = names.map(|path| path.to_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    assert!(names.len() > 20, "the captures are found");
    names
}

fn lines(ndjson: &str) -> Vec<Value> {
    ndjson
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// By id and last frame: one that resumed has several rows.
fn by_id(rows: Vec<Value>) -> BTreeMap<(u64, u64), Value> {
    let key = |row: &Value| (row["id"].as_u64().unwrap(), row["last_frame"].as_u64().unwrap());
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

#[test]
fn rows_are_those_of_the_list_but_for_what_is_known_later() {
    for file in captures() {
        let streamed = printed(0, &["read", &file, "-q", "--format", "ndjson"]);
        let again = printed(0, &["read", &file, "-q", "--format", "ndjson", "--threads", "3"]);
        assert_eq!(streamed, again, "{file}: any number of threads");
        let listed = printed(0, &["read", &file, "-q", "--format", "ndjson", "--connections"]);
        let (streamed, listed) = (by_id(lines(&streamed)), by_id(lines(&listed)));
        assert_eq!(streamed.len(), listed.len(), "{file}");
        for (id, mut row) in listed {
            let early = &streamed[&id];
            assert!(
                early["cause"].is_null() && early["generation"].is_null(),
                "{early}"
            );
            row["cause"] = Value::Null;
            row["generation"] = Value::Null;
            if row["class"] == "check" {
                // The first four of a series are not known as such yet.
                row["class"] = early["class"].clone();
            }
            assert_eq!(*early, row, "{file}");
        }
    }
}

#[test]
fn csv_says_the_same_as_ndjson() {
    for name in [
        "churn.pcap",
        "multi-interface.pcapng.gz",
        "vlan.pcap",
        "ipv6.pcap.zst",
    ] {
        let file = capture(name);
        let rows = lines(&printed(0, &["read", &file, "-q", "--format", "ndjson"]));
        let csv = printed(0, &["read", &file, "-q", "--format", "csv"]);
        let cells: Vec<Vec<&str>> = csv
            .split_terminator("\r\n")
            .map(|line| line.split(',').collect())
            .collect();
        let keys: Vec<&str> = COLUMNS.iter().map(|column| column.key).collect();
        assert_eq!(cells[0], keys, "{name}");
        assert_eq!(cells.len(), rows.len() + 1, "{name}");
        for (cells, row) in cells[1..].iter().zip(&rows) {
            for (cell, key) in cells.iter().zip(&keys) {
                let said = match &row[key] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    // Small spans have an exponent in JSON.
                    Value::Number(n) if n.is_f64() => n.as_f64().unwrap().to_string(),
                    other => other.to_string(),
                };
                assert_eq!(*cell, said, "{name}: {key}");
            }
        }
    }
}

#[test]
fn lines_are_valid_by_their_schema() {
    let schema: Value = serde_json::from_str(&printed(0, &["schema", "connections"])).unwrap();
    assert_eq!(schema["title"], "flowcheck.connections/1");
    let validator = jsonschema::validator_for(&schema).unwrap();
    for name in ["churn.pcap", "refused.pcap", "vlan.pcap"] {
        for more in [&[][..], &["--connections"]] {
            let file = capture(name);
            let args = [&["read", file.as_str(), "-q", "--format", "ndjson"], more].concat();
            for line in lines(&printed(0, &args)) {
                assert!(validator.is_valid(&line), "{line}");
            }
        }
    }
}

#[test]
fn where_narrows_rows_and_waits_for_the_end_only_if_it_must() {
    let file = capture("churn.pcap");
    let all = lines(&printed(0, &["read", &file, "-q", "--format", "ndjson"]));
    let some = lines(&printed(
        0,
        &[
            "read",
            &file,
            "-q",
            "--format",
            "ndjson",
            "--where",
            "closer:client",
        ],
    ));
    let expected: Vec<Value> = all.into_iter().filter(|row| row["closer"] == "client").collect();
    assert!(!some.is_empty());
    assert_eq!(some, expected);
    let mut csv = flowcheck(&["read", &file, "--format", "csv", "--where", "closer:client"]);
    let said = csv.output().unwrap().stderr;
    assert!(String::from_utf8_lossy(&said).contains("--where left out "));
    for expression in ["verdict:fail", "generation>0"] {
        let rows = lines(&printed(
            0,
            &["read", &file, "-q", "--format", "ndjson", "--where", expression],
        ));
        assert!(!rows.is_empty(), "{expression}");
        assert!(
            rows.iter().all(|row| !row["generation"].is_null()),
            "{expression} is answered from the list"
        );
    }
}

#[test]
fn anonymous_rows_name_nobody() {
    let file = capture("churn.pcap");
    for format in ["ndjson", "csv"] {
        let rows = printed(0, &["read", &file, "-q", "--format", format, "--anonymize"]);
        assert!(rows.contains("198.18.") && !rows.contains("10.77."), "{rows}");
    }
}

#[test]
fn interfaces_are_named_as_in_the_list() {
    let several = [capture("churn.pcap"), capture("keepalive.pcap")];
    let row = |more: &[&str]| {
        let args = [
            &["read", &several[0], &several[1], "-q", "--format", "ndjson"],
            more,
        ]
        .concat();
        by_id(lines(&printed(0, &args))).into_values().next().unwrap()
    };
    assert_eq!(row(&[])["interface"], several[0].as_str());
    assert_eq!(row(&[])["interface"], row(&["--connections"])["interface"]);
    assert_eq!(row(&["--anonymize"])["interface"], "churn.pcap");
    assert_eq!(
        row(&["--anonymize"])["interface"],
        row(&["--connections", "--anonymize"])["interface"]
    );
}

/// The capture again and again, each time later, as one stream.
fn repeated(capture: &[u8], times: u32) -> Vec<u8> {
    let mut stream = capture[..24].to_vec();
    for round in 0..times {
        let mut at = 24;
        while at < capture.len() {
            let word = |at: usize| u32::from_le_bytes(capture[at..at + 4].try_into().unwrap());
            let end = at + 16 + word(at + 8) as usize;
            stream.extend((word(at) + 10 * round).to_le_bytes());
            stream.extend(&capture[at + 4..end]);
            at = end;
        }
    }
    stream
}

#[test]
fn rows_come_while_the_capture_is_still_being_written() {
    let once = fs::read(capture("churn.pcap")).unwrap();
    let stream = repeated(&once, 4_000_000 / once.len() as u32 + 1);
    for format in ["ndjson", "csv"] {
        let mut child = flowcheck(&["read", "-", "-q", "--format", format])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (first, came) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            let mut rows = 0;
            for line in stdout.lines() {
                rows += usize::from(!line.unwrap().is_empty());
                let _ = first.send(());
            }
            rows
        });
        let part = stream.clone();
        let writer = std::thread::spawn(move || {
            stdin.write_all(&part).unwrap();
            stdin
        });
        let early = came.recv_timeout(Duration::from_mins(2));
        let stdin = writer.join().unwrap();
        drop(stdin);
        let rows = reader.join().unwrap();
        assert!(child.wait().unwrap().success());
        early.expect("a row came before the end of the capture");
        assert!(rows > 100, "{rows}");
    }
}

#[test]
fn junit_names_legs_and_expectations() {
    let file = capture("churn.pcap");
    let xml = printed(
        1,
        &[
            "read",
            &file,
            "-q",
            "--format",
            "junit",
            "--expect",
            "reuse>=0.9",
            "--expect",
            "failed=0",
        ],
    );
    assert!(
        xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "),
        "{xml}"
    );
    assert!(xml.contains("<failure type=\"fail\" message="), "{xml}");
    assert!(
        xml.contains("name=\"reuse&gt;=0.9: 10.77.0.1 -&gt; 10.77.0.11:8080\""),
        "{xml}"
    );
    assert!(
        xml.contains("<failure type=\"expectation\" message=\"it is 0\">"),
        "{xml}"
    );
    let right = printed(
        0,
        &[
            "read",
            &capture("keepalive.pcap"),
            "-q",
            "--format",
            "junit",
            "--expect",
            "pass",
        ],
    );
    assert!(!right.contains("<failure"), "{right}");
    // A parser that knows more of XML than this test.
    let Ok(mut python) = Command::new("python3")
        .args([
            "-c",
            "import sys, xml.dom.minidom as m; m.parseString(sys.stdin.buffer.read())",
        ])
        .stdin(Stdio::piped())
        .spawn()
    else {
        println!("SKIPPED: no python3 to parse the XML with");
        return;
    };
    python.stdin.take().unwrap().write_all(xml.as_bytes()).unwrap();
    assert!(python.wait().unwrap().success(), "{xml}");
}

/// The table of docs/feeds.md.
fn table() -> String {
    let types = |column: &Column| match column.kind {
        Kind::Text => ("text", "STRING"),
        Kind::Whole => ("whole number", "INT64"),
        Kind::Seconds => ("number", "DOUBLE"),
        Kind::Time => ("number", "TIMESTAMP"),
        Kind::Flag => ("true, false", "BOOLEAN"),
        Kind::Vlan => ("whole number or text", "STRING"),
    };
    let unit = |column: &Column| match column.kind {
        Kind::Seconds => "s",
        Kind::Time => "s since the epoch",
        Kind::Whole if column.key.starts_with("bytes_") => "bytes",
        _ => "",
    };
    let mut out =
        "| column | JSON, CSV | Parquet | unit | empty | meaning |\n|---|---|---|---|---|---|\n".to_owned();
    for column in COLUMNS {
        let (plain, parquet) = types(column);
        let empty = match (column.known_late, column.optional) {
            (true, true) => "before the end, and can be",
            (true, false) => "before the end",
            (false, true) => "can be",
            (false, false) => "never",
        };
        let words = if column.slugs.is_empty() {
            String::new()
        } else {
            format!(": `{}`", column.slugs.join("`, `"))
        };
        let line = format!(
            "| `{}` | {plain} | {parquet} | {} | {empty} | {}{words} |\n",
            column.key,
            unit(column),
            column.about
        );
        out.push_str(&line);
    }
    out
}

#[test]
fn every_column_is_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/feeds.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once("<!-- columns -->\n").unwrap();
    let (written, after) = rest.split_once("<!-- /columns -->").unwrap();
    let table = table();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(
            &path,
            format!("{before}<!-- columns -->\n{table}<!-- /columns -->{after}"),
        )
        .unwrap();
        return;
    }
    assert_eq!(
        written, table,
        "UPDATE_GOLDEN=1 cargo test --test feeds writes it anew"
    );
}

#[cfg(not(feature = "parquet"))]
#[test]
fn tables_are_refused_with_the_next_step_where_they_are_not_built_in() {
    let output = flowcheck(&["read", &capture("churn.pcap"), "--format", "parquet"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--features parquet"));
}

/// A Python that has DuckDB: FLOWCHECK_PYTHON, that of `make parquet`, or the machine's.
#[cfg(feature = "parquet")]
fn duckdb() -> Option<std::path::PathBuf> {
    let of_make = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/duckdb/bin/python");
    let named = std::env::var_os("FLOWCHECK_PYTHON").map(std::path::PathBuf::from);
    let candidates = named.into_iter().chain([of_make, "python3".into()]);
    candidates.into_iter().find(|python| {
        let has = Command::new(python)
            .args(["-c", "import duckdb"])
            .stderr(Stdio::null())
            .status();
        has.is_ok_and(|status| status.success())
    })
}

#[cfg(feature = "parquet")]
#[test]
fn duckdb_reads_the_same_from_tables_as_from_lines() {
    const SCRIPT: &str = "
import duckdb, json, sys
table, lines = sys.argv[1:]
db = duckdb.connect()
db.execute(\"SET TimeZone = 'UTC'\")
found = db.execute(f\"SELECT * REPLACE (epoch_us(start) AS start, epoch_us(\\\"end\\\") AS \\\"end\\\") FROM read_parquet('{table}')\")
keys = [column[0] for column in found.description]
rows = [dict(zip(keys, row)) for row in found.fetchall()]
expected = [json.loads(line) for line in open(lines)]
assert len(rows) == len(expected), (len(rows), len(expected))
for row, wanted in zip(rows, expected):
    for key in ('start', 'end'):
        wanted[key] = round(wanted[key] * 1e6)
    if wanted['vlan'] is not None:
        wanted['vlan'] = str(wanted['vlan'])
    assert row == wanted, (row, wanted)
[(kind,)] = db.execute(f\"SELECT decode(value) FROM parquet_kv_metadata('{table}') WHERE decode(key) = 'schema'\").fetchall()
assert kind == 'flowcheck.connections/1', kind
[(packing,)] = db.execute(f\"SELECT DISTINCT compression FROM parquet_metadata('{table}')\").fetchall() or [('ZSTD',)]
assert packing == 'ZSTD', packing
types = dict((row[0], row[1]) for row in db.execute(f\"DESCRIBE SELECT * FROM read_parquet('{table}')\").fetchall())
assert types['start'] == 'TIMESTAMP WITH TIME ZONE' and types['id'] == 'BIGINT' and types['client'] == 'VARCHAR', types
assert types['announced'] == 'BOOLEAN' and types['idle_before_close_s'] == 'DOUBLE', types
";
    let Some(python) = duckdb() else {
        let required = std::env::var_os("FLOWCHECK_DUCKDB").is_some_and(|how| how == "required");
        assert!(!required, "no Python with DuckDB: pip install duckdb");
        println!("SKIPPED: no Python with DuckDB (pip install duckdb, or FLOWCHECK_PYTHON=/path/to/python)");
        return;
    };
    let folder = std::env::temp_dir().join(format!("flowcheck-tables-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (table, written) = (path("connections.parquet"), path("connections.ndjson"));
    for name in [
        "churn.pcap",
        "vlan.pcap",
        "nanosecond.pcap.gz",
        "multi-interface.pcapng.gz",
        "empty.pcap",
    ] {
        for more in [&[][..], &["--connections"]] {
            let file = capture(name);
            for (format, to) in [("parquet", &table), ("ndjson", &written)] {
                let args = [
                    &["read", file.as_str(), "-q", "--format", format, "-o", to.as_str()],
                    more,
                ]
                .concat();
                printed(0, &args);
            }
            let output = Command::new(&python)
                .args(["-c", SCRIPT, &table, &written])
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{name} {more:?}: {said}");
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}
