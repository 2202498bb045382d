//! The binary as its users run it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Whether this build has libpcap, and so BPF filters.
const FILTERS: bool = cfg!(feature = "live");

fn flowcheck(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowcheck"));
    command
        .args(args)
        .env("TZ", "UTC")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> (i32, String, String) {
    text_of(&flowcheck(args).output().unwrap())
}

fn text_of(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// A folder of its own for each test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("flowcheck-cli-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A pcap file without packets: little-endian, microseconds, Ethernet.
fn empty_pcap() -> Vec<u8> {
    let mut bytes = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
    bytes.extend([0; 8]);
    bytes.extend(262_144_u32.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes
}

/// The same with one ARP packet.
fn arp_pcap() -> Vec<u8> {
    let mut bytes = empty_pcap();
    let mut packet = vec![0xff; 6];
    packet.extend([2, 0, 0, 0, 0, 1, 0x08, 0x06]);
    packet.extend([0; 28]);
    for field in [1_700_000_000, 0, packet.len() as u32, packet.len() as u32] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend(packet);
    bytes
}

#[test]
fn without_a_command_help_is_shown_and_nothing_ran() {
    let (code, out, err) = run(&[]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("flowcheck read dump.pcap"), "{err}");
}

#[test]
fn help_and_version_are_results() {
    for args in [
        &["--help"][..],
        &["-h"],
        &["read", "--help"],
        &["read", "-h"],
        &["--version"],
    ] {
        let (code, out, err) = run(args);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        assert!(out.contains("flowcheck"), "{args:?}");
    }
    let (_, help, _) = run(&["read", "--help"]);
    for word in [
        "--expect",
        "Exit codes",
        "--min-requests",
        "port 8080",
        "FILE... [FILTER...]",
    ] {
        assert!(help.contains(word), "{word}");
    }
}

#[test]
fn usage_errors_end_with_2_and_name_the_argument() {
    let folder = Folder::new("usage");
    let empty = folder.write("empty.pcap", &empty_pcap());
    let cases: &[(&[&str], &str)] = &[
        (&["read"], "FILE"),
        (&["reed", "x"], "reed"),
        (&["read", &empty, "--expect", "reuse"], "reuse>=0.9"),
        (&["read", &empty, "--expect", "speed>=1"], "handshake-rate"),
        (&["read", &empty, "--from", "noon"], "--from noon"),
        (
            &["read", &empty, "--client-group", "10.0.0.1,x"],
            "\"x\" is no IP address",
        ),
        (&["read", &empty, "--server-port", "0"], "--server-port"),
        (&["read", &empty, "-c", "0"], "-c 0"),
        (&["read", &empty, "--min-requests", "many"], "--min-requests"),
        (&["read", &empty, "--window", "5"], "unit"),
        (&["read", &empty, "--pass-avoidable", "0.9"], "--fail-avoidable"),
        (&["read", &empty, "--requests", "--format", "csv"], "--requests"),
        (&["read", &empty, "--requests", "--json"], "--json"),
        (&["read", &empty, "--targets"], "--requests"),
        (&["read", &empty, "--leg", "x"], "--expect"),
        (&["read", &empty, "-x"], "'-- -x'"),
        (
            &["read", &empty, "port", "80", "other.pcap"],
            "other.pcap: no such file",
        ),
        (&["read", &empty, "tcp", &empty], "files first"),
    ];
    for (args, needle) in cases {
        let (code, out, err) = run(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(err.contains(needle), "{args:?}: {err}");
    }
}

#[test]
fn what_cannot_be_read_is_one_line_that_names_it() {
    let folder = Folder::new("unreadable");
    let text = folder.write("notes.txt", b"just some notes\n");
    let zero = folder.write("zero", b"");
    let missing = folder.0.join("missing.pcap").to_str().unwrap().to_owned();
    let directory = folder.0.to_str().unwrap().to_owned();
    for name in [text, zero, missing, directory] {
        let (code, out, err) = run(&["read", &name, "--expect", "pass"]);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(
            err.starts_with("flowcheck: ") && err.contains(&name) && err.lines().count() == 1,
            "{err}"
        );
    }
}

#[test]
fn an_empty_capture_is_reported_and_judges_nothing() {
    let folder = Folder::new("empty");
    let empty = folder.write("empty.pcap", &empty_pcap());
    let (code, out, err) = run(&["read", &empty]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("INCONCLUSIVE"), "{out}");
    assert_eq!(run(&["read", &empty, "--expect", "pass"]).0, 3);
    assert_eq!(
        run(&["read", &empty, "--expect", "reuse>=0.9", "--expect", "failed=0"]).0,
        3
    );
}

#[test]
fn options_may_stand_before_between_and_after_the_words() {
    let folder = Folder::new("order");
    let arp = folder.write("arp.pcap", &arp_pcap());
    for args in [
        &["read", "--json", &arp, "-n", &arp, "-q"][..],
        &["read", &arp, &arp, "--json", "-nn", "--utc"],
        &["read", &arp, &arp, "--format=json", "--color=always"],
    ] {
        let (code, out, err) = run(args);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            report["capture"]["sources"].as_array().unwrap().len(),
            2,
            "{args:?}"
        );
        assert_eq!(report["capture"]["packets"], 2);
    }
}

#[test]
fn standard_input_is_a_capture_too() {
    let mut child = flowcheck(&["read", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&arp_pcap()).unwrap();
    let (code, out, _) = text_of(&child.wait_with_output().unwrap());
    assert_eq!(code, 0);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&out).unwrap()["capture"]["packets"],
        1
    );
}

#[test]
fn pipes_of_the_shell_are_captures_too() {
    let folder = Folder::new("substitution");
    let arp = folder.write("arp.pcap", &arp_pcap());
    let script = r#""$0" read <(cat "$1") <(cat "$1") --json"#;
    let bash = Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_flowcheck"), &arp])
        .output();
    let Ok(output) = bash else { return };
    let (code, out, err) = text_of(&output);
    assert_eq!(code, 0, "{err}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["capture"]["packets"], 2);
}

#[test]
fn from_and_to_select_by_span_date_and_time_of_day() {
    let folder = Folder::new("range");
    let arp = folder.write("arp.pcap", &arp_pcap());
    let packets = |args: &[&str]| {
        let (code, out, err) = run(&[&["read", arp.as_str(), "--json", "--utc"], args].concat());
        assert_eq!(code, 0, "{args:?}: {err}");
        serde_json::from_str::<serde_json::Value>(&out).unwrap()["capture"]["packets"]
            .as_u64()
            .unwrap()
    };
    // The packet is of 2023-11-14 22:13:20 UTC.
    for (args, want) in [
        (["--from", "22:13:20"], 1),
        (["--from", "22:13:21"], 0),
        (["--to", "22:14"], 1),
        (["--from", "+1s"], 0),
        (["--to", "2023-11-14T22:13:19Z"], 0),
        (["--to", "2023-11-14T23:13:20+01:00"], 1),
    ] {
        assert_eq!(packets(&args), want, "{args:?}");
    }
}

#[test]
fn every_format_of_an_empty_capture_is_well_formed() {
    let folder = Folder::new("formats");
    let empty = folder.write("empty.pcap", &empty_pcap());
    assert_eq!(
        run(&["read", &empty, "--requests"]),
        (0, String::new(), String::new())
    );
    assert_eq!(
        run(&["read", &empty, "--format", "ndjson"]),
        (0, String::new(), String::new())
    );
    let (_, csv, _) = run(&["read", &empty, "--format", "csv"]);
    assert!(
        csv.starts_with("id,generation,client,server,") && csv.ends_with("role_evidence\r\n"),
        "{csv}"
    );
}

#[test]
fn the_report_is_valid_by_the_printed_schema() {
    let folder = Folder::new("schema");
    let arp = folder.write("arp.pcap", &arp_pcap());
    let (code, schema, _) = run(&["schema"]);
    assert_eq!(code, 0);
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let (_, report, _) = run(&["read", &arp, "--json", "--expect", "pass", "--connections"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert!(validator.is_valid(&report), "{report}");
    assert_eq!(report["schema"], "flowcheck.report/1");
    assert_eq!(report["expectations"][0]["result"], "unjudged");
}

#[test]
fn results_go_to_the_file_named_and_never_over_a_capture() {
    let folder = Folder::new("output");
    let empty = folder.write("empty.pcap", &empty_pcap());
    let out = folder.0.join("report.json").to_str().unwrap().to_owned();
    assert_eq!(
        run(&["read", &empty, "--json", "-o", &out]),
        (0, String::new(), String::new())
    );
    assert!(fs::read_to_string(&out).unwrap().starts_with("{\n  \"schema\""));
    let (code, _, err) = run(&["read", &empty, "-o", &empty]);
    assert!(code == 2 && err.contains("overwritten"), "{err}");
    assert_eq!(fs::read(Path::new(&empty)).unwrap(), empty_pcap());
    let (code, _, err) = run(&["read", &empty, "-o", "/nowhere/report"]);
    assert!(
        code == 2 && err.starts_with("flowcheck: /nowhere/report: ") && err.lines().count() == 1,
        "{err}"
    );
}

#[test]
fn colour_is_for_terminals_or_on_demand() {
    let folder = Folder::new("color");
    let empty = folder.write("empty.pcap", &empty_pcap());
    assert!(!run(&["read", &empty]).1.contains('\x1b'));
    assert!(run(&["read", &empty, "--color", "always"]).1.contains('\x1b'));
    assert!(!run(&["read", &empty, "--color=never"]).1.contains('\x1b'));
}

#[test]
fn a_closed_pipe_is_a_quiet_success() {
    let folder = Folder::new("pipe");
    let empty = folder.write("empty.pcap", &empty_pcap());
    for args in [
        &["read", empty.as_str()][..],
        &["read", &empty, "--json"],
        &["schema"],
    ] {
        let mut child = flowcheck(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let (code, _, err) = text_of(&child.wait_with_output().unwrap());
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
    }
}

#[test]
fn a_full_disk_is_no_success() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let (code, _, err) = text_of(
        &flowcheck(&["schema"])
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap(),
    );
    assert!(
        code == 2 && err.starts_with("flowcheck: standard output: "),
        "{err}"
    );
}

#[test]
fn a_cut_capture_is_reported_with_a_warning_unless_quiet() {
    let folder = Folder::new("cut");
    let mut bytes = arp_pcap();
    bytes.extend(arp_pcap().into_iter().skip(24).take(30));
    let cut = folder.write("cut.pcap", &bytes);
    let (code, out, err) = run(&["read", &cut]);
    assert_eq!(code, 0);
    assert!(
        err.starts_with("flowcheck: warning: ") && err.contains("cut.pcap"),
        "{err}"
    );
    assert!(out.contains("warning"), "{out}");
    let (code, quiet, err) = run(&["read", &cut, "-q"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(quiet, out);
}

/// One exchange on a connection of its own: SYN, SYN-ACK, ACK, request, response, FIN by the server, FIN, ACK.
fn churn_pcap(connections: u16) -> Vec<u8> {
    const CLIENT: [u8; 4] = [10, 9, 8, 1];
    const SERVER: [u8; 4] = [10, 9, 8, 2];
    let request: &[u8] = b"GET /app?token=secret HTTP/1.1\r\nHost: shop.example\r\n\r\n";
    let response: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let (asked, answered) = (1 + request.len() as u32, 1 + response.len() as u32);
    let steps: [(bool, u8, u32, u32, &[u8]); 8] = [
        (true, 0x02, 0, 0, b""),
        (false, 0x12, 0, 1, b""),
        (true, 0x10, 1, 1, b""),
        (true, 0x18, 1, 1, request),
        (false, 0x18, 1, asked, response),
        (false, 0x11, answered, asked, b""),
        (true, 0x11, asked, answered + 1, b""),
        (false, 0x10, answered + 1, asked + 1, b""),
    ];
    let mut bytes = empty_pcap();
    let mut clock = 0;
    for connection in 0..connections {
        for (by_client, flags, seq, ack, payload) in steps {
            let (from, to) = if by_client {
                (CLIENT, SERVER)
            } else {
                (SERVER, CLIENT)
            };
            let ports = [40_000 + connection, 8_080];
            let ports = if by_client { ports } else { [ports[1], ports[0]] };
            let mut packet = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
            packet.extend((40 + payload.len() as u16).to_be_bytes());
            packet.extend([0, 1, 0x40, 0, 64, 6, 0, 0]);
            packet.extend([from, to].concat());
            packet.extend(ports.map(u16::to_be_bytes).concat());
            packet.extend(
                [1_000 + seq, if ack == 0 { 0 } else { 1_000 + ack }]
                    .map(u32::to_be_bytes)
                    .concat(),
            );
            packet.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
            packet.extend(payload);
            clock += 1_000;
            for field in [
                1_700_000_000 + clock / 1_000_000,
                clock % 1_000_000,
                packet.len() as u32,
                packet.len() as u32,
            ] {
                bytes.extend(field.to_le_bytes());
            }
            bytes.extend(packet);
        }
    }
    bytes
}

#[test]
fn churn_fails_and_its_expectations_with_it() {
    let folder = Folder::new("churn");
    let churn = folder.write("churn.pcap", &churn_pcap(60));
    let (code, out, _) = run(&["read", &churn, "--expect", "pass", "--expect", "requests=60"]);
    assert_eq!(code, 1, "{out}");
    assert!(
        out.starts_with("FAIL  Connections are not reused: 59 of 60 requests opened one needlessly.\n"),
        "{out}"
    );
    assert!(
        out.contains("failed    pass") && out.contains("held      requests=60"),
        "{out}"
    );
    assert_eq!(run(&["read", &churn, "--expect", "reuse>=0.9"]).0, 1);
    assert_eq!(run(&["read", &churn, "--expect", "failed=0"]).0, 0);
    assert_eq!(
        run(&["read", &churn, "--expect", "failed=0", "--leg", "10.1.1.1"]).0,
        3
    );
}

#[test]
fn a_filter_is_libpcaps_or_said_to_be_missing() {
    let folder = Folder::new("filter");
    let churn = folder.write("churn.pcap", &churn_pcap(3));
    let (code, _, err) = run(&["read", &churn, "prot", "8080"]);
    assert!(
        code == 2 && err.contains("prot 8080") && err.lines().count() == 1,
        "{err}"
    );
    let (code, out, err) = run(&["read", &churn, "src", "port", "8080", "--json"]);
    if FILTERS {
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            (&report["capture"]["packets"], &report["capture"]["filter"]),
            (&12.into(), &"src port 8080".into())
        );
    } else {
        assert!(code == 2 && err.contains("libpcap"), "{err}");
    }
}

#[test]
fn connections_and_requests_are_lines() {
    let folder = Folder::new("lines");
    let churn = folder.write("churn.pcap", &churn_pcap(3));
    let (_, ndjson, _) = run(&["read", &churn, "--format", "ndjson", "--connections"]);
    let (_, report, _) = run(&["read", &churn, "--json", "--connections"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let lines: Vec<serde_json::Value> = ndjson
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(report["connections"], serde_json::Value::from(lines.clone()));
    assert_eq!(
        (&lines[0]["class"], &lines[0]["closer"]),
        (&"per_request".into(), &"server".into())
    );
    assert_eq!(run(&["read", &churn, "--format", "csv"]).1.lines().count(), 4);
    let (_, limited, _) = run(&["read", &churn, "--json", "--connections=2"]);
    let limited: serde_json::Value = serde_json::from_str(&limited).unwrap();
    assert_eq!(
        (
            limited["connections"].as_array().unwrap().len(),
            &limited["capture"]["connections_omitted"]
        ),
        (2, &1.into())
    );
    let (_, requests, _) = run(&["read", &churn, "--requests"]);
    assert!(
        requests.lines().count() == 3
            && requests.contains("\"target\":\"/app\"")
            && !requests.contains("secret")
    );
    assert!(
        run(&["read", &churn, "--requests", "--targets"])
            .1
            .contains("/app?token=secret")
    );
}

#[test]
fn an_anonymous_report_names_nobody() {
    let folder = Folder::new("anonymous");
    let churn = folder.write("churn.pcap", &churn_pcap(60));
    let filter: &[&str] = if FILTERS { &["host", "10.9.8.1"] } else { &[] };
    for options in [
        &["--json", "--connections"][..],
        &["--requests", "--targets"],
        &["--format=csv"],
        &["--connections"],
    ] {
        let args = [&["read", &churn, "--anonymize", "--expect=pass"], filter, options].concat();
        let (code, out, err) = run(&args);
        assert_eq!(code, 1, "{err}");
        for secret in ["10.9.8", "shop", "/app", "secret", folder.0.to_str().unwrap()] {
            assert!(
                !out.contains(secret) && !err.contains(secret),
                "{options:?} {secret}: {out}{err}"
            );
        }
        assert!(out.contains("198.18.0.1"), "{options:?}: {out}");
    }
}

#[test]
fn a_page_is_written_beside_the_report_and_its_errors_name_it() {
    let folder = Folder::new("html");
    let churn = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/churn.pcap");
    let page = folder.0.join("page.html").to_str().unwrap().to_owned();
    let (_, without, _) = run(&["read", churn]);
    let (code, out, err) = run(&["read", churn, "--html", &page]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out, without, "what is printed is the same");
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.starts_with("<!DOCTYPE html>") && text.ends_with("</html>"));
    assert!(text.contains("One of them: connection 1,") && !text.contains("id=\"connections\""));
    let (_, out, _) = run(&["read", churn, "--html", &page, "--connections=3", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["connections"].as_array().unwrap().len(), 3);
    assert_eq!(report["capture"]["connections_omitted"], 297);
    assert!(
        fs::read_to_string(&page)
            .unwrap()
            .contains("297 more were not listed")
    );

    let nowhere = folder.0.join("no/page.html").to_str().unwrap().to_owned();
    for (args, named) in [
        (
            &["read", churn, "--html", &nowhere][..],
            "no/page.html: cannot write the report",
        ),
        (
            &["read", churn, "--html", churn],
            "is a capture and would be overwritten",
        ),
        (
            &["read", churn, "--html", &page, "-o", &page],
            "is the file of -o, too",
        ),
        (
            &["compare", churn, churn, "--html", &nowhere],
            "no/page.html: cannot write the report",
        ),
        (&["read", churn, "--ladder", "1", "--html", &page], "--ladder"),
    ] {
        let (code, out, err) = run(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(err.contains(named), "{args:?}: {err}");
    }
    assert!(
        fs::metadata("/dev/full").is_err()
            || run(&["read", churn, "--html", "/dev/full"])
                .2
                .contains("/dev/full: cannot")
    );
}

#[test]
fn pages_of_streams_and_of_saved_reports_say_what_they_lack() {
    let folder = Folder::new("html-saved");
    let churn = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/churn.pcap");
    let page = folder.0.join("page.html").to_str().unwrap().to_owned();
    let mut child = flowcheck(&["read", "-", "--html", &page]);
    let output = child
        .stdin(fs::File::open(churn).map(Stdio::from).unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.contains("A stream can't be read again for the packets"));

    let saved = folder.0.join("saved.json").to_str().unwrap().to_owned();
    assert_eq!(run(&["read", churn, "--json", "-o", &saved]).0, 0);
    let (code, out, err) = run(&["read", &saved, "--html", &page]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out, run(&["read", churn]).1, "a saved report is the report");
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.contains("A saved report has no packets") && text.contains("id=\"N1\""));
    for more in [
        &["--connections"][..],
        &["--requests"],
        &["-c", "5"],
        &["--ladder", "1"],
    ] {
        let (code, _, err) = run(&[&["read", &saved], more].concat());
        assert_eq!(code, 2, "{more:?}");
        assert!(err.contains("is a saved report"), "{more:?}: {err}");
    }
}

#[test]
fn an_anonymous_page_has_no_address_of_the_network() {
    let folder = Folder::new("html-anonymous");
    let churn = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/churn.pcap");
    let page = folder.0.join("page.html").to_str().unwrap().to_owned();
    let args = [
        "read",
        churn,
        "--html",
        &page,
        "--connections",
        "--anonymize",
        "--quiet",
    ];
    assert_eq!(run(&args).0, 0);
    let text = fs::read_to_string(&page).unwrap();
    for secret in ["10.77.", "/app/", "captures/"] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(text.contains("One of them: connection 1,") && text.contains("198.18.0."));
}
