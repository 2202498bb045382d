//! Signals, privileges, interfaces that go, and what can't be captured on.

use std::fs;
use std::process::{Command, Stdio};

use super::net::{CLI, NGX, Net, SERVER, TC1};
use super::nginx::{Folder, nginx, requests};
use super::process::Live;

const BACKEND: &str = "server { listen 8080; location / { return 200 \"hello\\n\"; } }";

#[test]
fn usr1_reports_and_goes_on_and_term_ends_as_int_does() {
    let Some(net) = Net::new("usr1") else { return };
    let folder = Folder::new("usr1");
    let _backend = nginx(&net, TC1, &folder, "backend", BACKEND);
    let live = Live::start(&net, NGX, &["-i", "bond0", "--ndjson", "port", "8080"]);
    requests(&net, NGX, &format!("http://{SERVER}:8080"), 50);
    live.signal("USR1");
    requests(&net, NGX, &format!("http://{SERVER}:8080"), 50);
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    live.signal("TERM");
    let ended = live.wait();
    assert_eq!(ended.code, Some(0), "{:#?}", ended.said);
    let lines: Vec<serde_json::Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    let of = |schema: &str| -> Vec<&serde_json::Value> {
        lines.iter().filter(|line| line["schema"] == schema).collect()
    };
    let reports = of("flowcheck.report/1");
    assert_eq!(reports.len(), 2, "{}", ended.stdout);
    assert_eq!(reports[1]["totals"]["requests"]["total"], 100);
    let seconds = of("flowcheck.second/1");
    let last = seconds.last().expect("a second passed");
    assert_eq!(last["total"]["requests"], 100, "{last}");
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let Some(net) = Net::new("interrupts") else { return };
    let folder = Folder::new("interrupts");
    let _backend = nginx(&net, TC1, &folder, "backend", BACKEND);
    // Nobody reads its lines, so it can't end in good order.
    let mut command = net.command(NGX, env!("CARGO_BIN_EXE_flowcheck"));
    command.args(["live", "-i", "bond0", "--requests", "port", "8080"]);
    let (mut live, _unread) = Live::unread(&mut command);
    live.wait_for("capturing on");
    requests(&net, NGX, &format!("http://{SERVER}:8080"), 1_000);
    live.signal("INT");
    // Two that come before the first was delivered are one.
    std::thread::sleep(std::time::Duration::from_millis(500));
    live.signal("INT");
    let ended = live.wait();
    assert_eq!(ended.code, Some(130), "{:#?}", ended.said);
}

#[test]
fn a_hangup_ends_the_capture_but_not_under_nohup() {
    let Some(net) = Net::new("hangup") else { return };
    let live = Live::start(&net, NGX, &["-i", "bond0", "--json"]);
    live.signal("HUP");
    assert_eq!(live.wait().report()["verdict"]["status"], "inconclusive");
    let mut command = net.command(NGX, "nohup");
    command.args([env!("CARGO_BIN_EXE_flowcheck"), "live", "-i", "bond0", "--json"]);
    let (mut live, unread) = Live::unread(&mut command);
    live.wait_for("capturing on");
    live.signal("HUP");
    live.wait_for("handshakes/s");
    live.wait_for("handshakes/s");
    live.signal("INT");
    let report = std::io::read_to_string(unread).expect("a report");
    assert!(report.contains("flowcheck.report/1"), "{report}");
    assert_eq!(live.wait().code, Some(0));
}

#[test]
fn root_is_given_up() {
    let Some(net) = Net::new("privileges") else { return };
    let live = Live::start(&net, NGX, &["-i", "bond0"]);
    let status = fs::read_to_string(format!("/proc/{}/status", live.id())).expect("a process");
    let field = |name: &str| {
        let value = status.lines().find_map(|row| row.strip_prefix(name));
        value.unwrap_or_default().split_whitespace().collect::<Vec<_>>()
    };
    let nobody = super::net::run("id", &["-u", "nobody"]);
    assert_eq!(field("Uid:"), [nobody.trim(); 4]);
    for set in ["CapEff:", "CapPrm:", "CapInh:", "CapAmb:"] {
        assert_eq!(field(set), ["0000000000000000"], "{set}");
    }
    assert_eq!(field("NoNewPrivs:"), ["1"]);
    assert_eq!(live.stop().code, Some(0));
}

#[test]
fn a_user_without_the_capability_is_told_which() {
    let Some(net) = Net::new("capability") else { return };
    let copy = Folder::new("capability");
    let program = copy.path("flowcheck");
    fs::copy(env!("CARGO_BIN_EXE_flowcheck"), &program).expect("a copy");
    let output = net
        .command(NGX, "setpriv")
        .args([
            "--reuid=nobody",
            "--regid=nogroup",
            "--clear-groups",
            &program,
            "live",
            "-i",
            "bond0",
        ])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let advice = format!("sudo setcap cap_net_raw+ep {program}");
    assert!(said.contains("CAP_NET_RAW") && said.contains(&advice), "{said}");
}

#[test]
fn what_cannot_be_captured_on_is_named() {
    let Some(net) = Net::new("names") else { return };
    let cases: &[(&[&str], &[&str])] = &[
        (&["-i", "bond1"], &["bond1: no such interface", "bond0", "any"]),
        (&[], &["no interface named", "bond0"]),
        (&["-i", "bond0", "-i", "bond0"], &["bond0: named twice"]),
        (
            &["-i", "bond0", "prt", "80"],
            &["filter \"prt 80\"", "pcap-filter(7)"],
        ),
        (&["-i", "bond0", "-y", "PPP"], &["-y PPP", "EN10MB"]),
        (&["-i", "bond0", "-Z", "no-such-user"], &["-Z no-such-user"]),
        (&["-i", "bond0", "-w", "-"], &["-w -", "standard output"]),
        (
            &["-i", "bond0", "-w", "/no/such/dump.pcap"],
            &["/no/such/dump.pcap", "nobody"],
        ),
        (&["-i", "bond0", "-w", "x.pcap", "-G", "5"], &["-G", "%H%M%S"]),
        (&["-i", "bond0", "-c", "0"], &["-c 0"]),
    ];
    for (args, words) in cases {
        let mut command = net.command(NGX, env!("CARGO_BIN_EXE_flowcheck"));
        let output = command.arg("live").args(*args).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{args:?}: {said}");
        for word in *words {
            assert!(said.contains(word), "{args:?}: no {word:?} in {said}");
        }
    }
}

#[test]
fn an_interface_that_goes_is_told_and_the_rest_goes_on() {
    let Some(net) = Net::new("goes") else { return };
    let folder = Folder::new("goes");
    let _backend = nginx(&net, TC1, &folder, "backend", BACKEND);
    let mut live = Live::start(&net, TC1, &["-i", "eth0", "-i", "lo", "--json", "port", "8080"]);
    requests(&net, NGX, &format!("http://{SERVER}:8080"), 40);
    net.ip(TC1, &["link", "set", "eth0", "down"]);
    live.wait_for("eth0: the interface went down");
    net.ip(TC1, &["link", "set", "eth0", "up"]);
    live.wait_for("eth0: the interface is up again");
    requests(&net, NGX, &format!("http://{SERVER}:8080"), 10);
    live.wait_for("handshakes/s");
    net.ip(TC1, &["link", "delete", "eth0"]);
    live.wait_for("eth0: the interface disappeared");
    requests(&net, TC1, "http://127.0.0.1:8080", 7);
    let ended = live.stop();
    let report = ended.report();
    assert_eq!(report["totals"]["requests"]["total"], 57, "{:#?}", ended.said);
}

/// eth0 of the server's namespace, deleted and made anew.
fn renew(net: &Net) {
    net.ip(TC1, &["link", "delete", "eth0"]);
    net.link((NGX, "bond0", "10.77.0.1/24"), (TC1, "eth0", "10.77.0.11/24"));
}

#[test]
fn an_interface_that_comes_back_is_opened_again_where_privileges_allow() {
    let Some(net) = Net::new("reopen") else { return };
    let folder = Folder::new("reopen");
    let _backend = nginx(&net, TC1, &folder, "backend", BACKEND);
    let args = ["-i", "eth0", "--reopen", "-v", "--json", "port", "8080"];
    let mut live = Live::start(&net, TC1, &args);
    let status = fs::read_to_string(format!("/proc/{}/status", live.id())).expect("a process");
    for set in [
        "CapEff:\t0000000000002000",
        "CapPrm:\t0000000000002000",
        "NoNewPrivs:\t1",
    ] {
        assert!(status.contains(set), "{set}: {status}");
    }
    assert!(!status.contains("Uid:\t0"), "{status}");
    requests(&net, NGX, &format!("http://{SERVER}:8080"), 40);
    for count in [10, 5] {
        renew(&net);
        live.wait_for("eth0: the interface is back and captured on again");
        requests(&net, NGX, &format!("http://{SERVER}:8080"), count);
        live.wait_for("handshakes/s");
        live.wait_for("handshakes/s");
    }
    net.ip(TC1, &["link", "delete", "eth0"]);
    live.wait_for("eth0: the interface disappeared");
    let ended = live.stop();
    assert!(ended.said("CAP_NET_RAW kept"), "{:#?}", ended.said);
    let report = ended.report();
    assert_eq!(report["totals"]["requests"]["total"], 55, "{:#?}", ended.said);
    let warnings = report["capture"]["warnings"].to_string();
    assert!(
        warnings.contains("what passed meanwhile was not captured"),
        "{warnings}"
    );
}

#[test]
fn an_interface_that_comes_back_without_privileges_is_told() {
    let Some(net) = Net::new("gone") else { return };
    let args = ["-i", "eth0", "-i", "lo", "--json", "port", "8080"];
    let mut live = Live::start(&net, TC1, &args);
    renew(&net);
    live.wait_for("eth0: the interface is back, but nothing is captured on it");
    let warnings = live.stop().report()["capture"]["warnings"].to_string();
    assert!(warnings.contains("--reopen keeps it"), "{warnings}");
}

#[test]
fn when_the_last_interface_goes_the_report_is_made() {
    let Some(net) = Net::new("last") else { return };
    let live = Live::start(&net, CLI, &["-i", "eth0", "--json"]);
    net.ip(CLI, &["link", "delete", "eth0"]);
    let ended = live.wait();
    assert_eq!(ended.report()["verdict"]["status"], "inconclusive");
    assert!(ended.said("eth0: the interface disappeared"), "{:#?}", ended.said);
}

#[test]
fn a_closed_pipe_ends_the_capture_quietly() {
    let Some(net) = Net::new("pipe") else { return };
    let mut command = net.command(NGX, env!("CARGO_BIN_EXE_flowcheck"));
    let mut child = command
        .args(["live", "-i", "bond0", "--ndjson", "-q"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_full_disk_does_not_end_the_analysis() {
    let Some(net) = Net::new("disk") else { return };
    let folder = Folder::new("disk");
    let disk = Disk::new(&folder);
    let _backend = nginx(&net, TC1, &folder, "backend", BACKEND);
    let file = format!("{}/dump.pcap", disk.0);
    let mut live = Live::start(&net, NGX, &["-i", "bond0", "--json", "-w", &file, "port", "8080"]);
    requests(&net, NGX, &format!("http://{SERVER}:8080"), 1_000);
    live.wait_for("dump.pcap: cannot write: No space left on device");
    requests(&net, NGX, &format!("http://{SERVER}:8080"), 10);
    live.wait_for("handshakes/s");
    let report = live.stop().report();
    assert_eq!(report["totals"]["requests"]["total"], 1_010);
    let read = Command::new(env!("CARGO_BIN_EXE_flowcheck"))
        .args(["read", "--json", &file])
        .output()
        .expect("it runs");
    let read: serde_json::Value = serde_json::from_slice(&read.stdout).expect("a report");
    assert_eq!(
        read["capture"]["sources"][0]["truncated_at_byte"],
        serde_json::Value::Null
    );
}

/// A disk of 64 KiB.
struct Disk(String);

impl Disk {
    fn new(folder: &Folder) -> Self {
        let path = folder.path("disk");
        fs::create_dir_all(&path).expect("a folder");
        super::net::run(
            "mount",
            &["-t", "tmpfs", "-o", "size=64k,mode=1777", "tmpfs", &path],
        );
        Self(path)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
