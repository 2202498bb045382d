//! Captures that end by themselves.

use super::net::{NGX, Net, SERVER, TC1};
use super::nginx::{Folder, nginx, requests};
use super::process::Live;

#[test]
fn a_count_ends_the_capture_at_that_packet() {
    let Some(net) = Net::new("count") else { return };
    let folder = Folder::new("count");
    let backend = "server { listen 8080; location / { return 200 \"hello\\n\"; } }";
    let _backend = nginx(&net, TC1, &folder, "backend", backend);
    for interfaces in [&["-i", "bond0"][..], &["-i", "bond0", "-i", "lo"], &["-i", "any"]] {
        let args = [interfaces, &["-c", "13", "--json", "port", "8080"]].concat();
        let live = Live::start(&net, NGX, &args);
        requests(&net, NGX, &format!("http://{SERVER}:8080"), 20);
        let ended = live.wait();
        assert_eq!(ended.report()["capture"]["packets"], 13, "{interfaces:?}");
        assert!(ended.said("13 packets captured"), "{:#?}", ended.said);
    }
}

#[test]
fn a_duration_ends_the_capture_and_expectations_are_judged() {
    let Some(net) = Net::new("duration") else { return };
    let args = [
        "-i",
        "bond0",
        "--duration",
        "1s",
        "--expect",
        "pass",
        "--immediate-mode",
    ];
    let ended = Live::start(&net, NGX, &args).wait();
    assert_eq!(
        ended.code,
        Some(3),
        "an empty wire proves nothing: {:#?}",
        ended.said
    );
    assert!(ended.stdout.starts_with("INCONCLUSIVE"), "{}", ended.stdout);
}
