//! Three exporters on hosts of their own, one Prometheus: the host unlike its peers is told, and nothing else.

use std::time::{Duration, Instant};

use super::net::{CLI, Net, TC1};
use super::nginx::{Folder, nginx, requests};
use super::process::Live;
use super::prometheus::{Prometheus, RULES, is_missing};

const NODES: [(&str, u8); 3] = [("node1", 1), ("node2", 2), ("node3", 3)];

/// How long requests are made at the least: longer than the rules look back.
const LOAD: Duration = Duration::from_secs(24);

/// A proxy whose connections end after so many requests.
fn proxy(requests: u32) -> String {
    format!(
        "upstream back {{ server 10.77.0.11:8080; keepalive 16; keepalive_requests {requests}; }}\n\
         server {{ listen 80; keepalive_requests 100000; location / {{ proxy_pass http://back; proxy_http_version 1.1; \
         proxy_set_header Connection \"\"; }} }}"
    )
}

/// The rules as they are, but for their spans: seconds instead of minutes.
fn hurried() -> String {
    let rules = std::fs::read_to_string(RULES).expect("the rules");
    let hurried = rules
        .replace("interval: 15s", "interval: 1s")
        .replace("[5m]", "[15s]")
        .replace("for: 10m", "for: 6s")
        .replace("for: 5m", "for: 3s")
        .replace("for: 1m", "for: 1s");
    assert!(!hurried.contains("m]") && hurried.matches("for: ").count() == 5);
    hurried
}

#[test]
fn the_host_unlike_its_peers_is_told_and_no_other() {
    let hosts = [&NODES[..], &[(CLI, 9), (TC1, 11)]].concat();
    let Some(net) = Net::of_hosts("peers", &hosts, None).filter(|_| !is_missing()) else {
        return;
    };
    let folder = Folder::new("peers");
    let backend =
        "keepalive_requests 1000000; server { listen 8080; location / { return 200 \"hello\\n\"; } }";
    let _backend = nginx(&net, TC1, &folder, "backend", backend);
    // Every sixteenth request of the last one opens a connection: little, and the others' hardly ever do.
    let _proxies = NODES.map(|(role, last)| {
        let requests = if last == 3 { 16 } else { 10_000 };
        nginx(&net, role, &folder, role, &proxy(requests))
    });
    let exporters = NODES.map(|(role, last)| {
        let address = format!("10.77.0.{last}:9184");
        let options = ["-i", "bond0", "--json", "--metrics", &address, "port", "8080"];
        let mut live = Live::start(&net, role, &options);
        live.wait_for("metrics at");
        live
    });
    let rules = folder.path("rules.yml");
    std::fs::write(&rules, hurried()).expect("a file");
    let targets = ["10.77.0.1:9184", "10.77.0.2:9184", "10.77.0.3:9184"];
    let prometheus = Prometheus::start(&net, CLI, &folder, &rules, &targets);
    prometheus.wait_for("sum(up)", 3.0);

    let mut told: Vec<(String, String)> = Vec::new();
    let alerts = "ALERTS{alertstate=\"firing\"}";
    let begin = Instant::now();
    while begin.elapsed() < LOAD || (told.is_empty() && begin.elapsed() < 2 * LOAD) {
        std::thread::scope(|scope| {
            for (_, last) in NODES {
                let net = &net;
                scope.spawn(move || requests(net, CLI, &format!("http://10.77.0.{last}"), 160));
            }
        });
        for (labels, _) in prometheus.ask(alerts) {
            let label = |name: &str| labels[name].as_str().unwrap_or_default().to_owned();
            told.push((label("alertname"), label("instance")));
        }
    }
    told.sort();
    told.dedup();
    let above = prometheus.ask("instance:flowcheck_avoidable:above_median");
    let expected = ("NodeUnlikePeers".to_owned(), "10.77.0.3:9184".to_owned());
    assert_eq!(told, [expected], "{above:?}");
    // One pool of the whole fleet: between the odd one's share and that of the others.
    let fleet = prometheus.ask("fleet:flowcheck_avoidable:ratio_rate5m");
    assert!(
        matches!(&fleet[..], [(_, ratio)] if (0.002..0.06).contains(ratio)),
        "{fleet:?}"
    );
    prometheus.wait_until(
        "fleet:flowcheck_projected_time_wait:sum",
        |found| matches!(found, [(_, sockets)] if *sockets > 0.0),
    );
    for exporter in exporters {
        let report = exporter.stop().report();
        assert!(
            report["totals"]["requests"]["total"]
                .as_u64()
                .is_some_and(|n| n >= 1_000)
        );
    }
}
