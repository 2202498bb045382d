//! A real Prometheus asks a running capture, and its figures are nginx's and the kernel's.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::net::{CLI, FRONT, NGX, Net, REQUIRED, TC1, run};
use super::nginx::{Folder, logged, nginx, requests};
use super::process::{Live, Server};

const RULES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/contrib/prometheus/flowcheck.rules.yml"
);

const DASHBOARD: &str = include_str!("../../contrib/grafana/flowcheck.json");

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

fn missing() -> bool {
    let there = |program: &str| {
        let mut command = Command::new(program);
        let asked = command
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        asked.status().is_ok_and(|status| status.success())
    };
    let missing = !there("prometheus") || !there("promtool");
    assert!(
        !missing || std::env::var_os(REQUIRED).is_none(),
        "prometheus and promtool are missing"
    );
    if missing {
        eprintln!("*** SKIPPED, prometheus and promtool are missing");
    }
    missing
}

fn prometheus(net: &Net, folder: &Folder) -> Server {
    let (config, data) = (folder.path("prometheus.yml"), folder.path("data"));
    let text = format!(
        "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [{RULES}]\n\
         scrape_configs: [{{ job_name: flowcheck, static_configs: [{{ targets: ['127.0.0.1:9184'] }}] }}]\n"
    );
    fs::write(&config, text).expect("a file");
    let child = net
        .command(NGX, "prometheus")
        .args(["--log.level=error", "--web.listen-address=127.0.0.1:9090"])
        .args([
            format!("--config.file={config}"),
            format!("--storage.tsdb.path={data}"),
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("prometheus runs");
    Server(child)
}

fn answer(net: &Net, query: &str) -> Value {
    let data = format!("query={query}");
    let found = net
        .command(NGX, "curl")
        .args([
            "-s",
            "-G",
            "http://127.0.0.1:9090/api/v1/query",
            "--data-urlencode",
            &data,
        ])
        .output()
        .expect("curl runs");
    serde_json::from_slice(&found.stdout).unwrap_or_default()
}

/// The values that a query finds, with their labels.
fn ask(net: &Net, query: &str) -> Vec<(Value, f64)> {
    let answer = answer(net, query);
    let rows = answer["data"]["result"].as_array().cloned().unwrap_or_default();
    let value = |row: &Value| row["value"][1].as_str().and_then(|text| text.parse().ok());
    rows.iter()
        .map(|row| (row["metric"].clone(), value(row).expect("a number")))
        .collect()
}

/// Asks until the only value is this one.
fn wait_for(net: &Net, query: &str, wanted: f64) {
    let begin = Instant::now();
    loop {
        let found = ask(net, query);
        if matches!(&found[..], [(_, value)] if value.total_cmp(&wanted).is_eq()) {
            return;
        }
        assert!(
            begin.elapsed() < PATIENCE,
            "{query}: {wanted} wanted, {found:?} found"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn prometheus_counts_what_nginx_and_the_kernel_count() {
    let Some(net) = Net::new("metrics").filter(|_| !missing()) else {
        return;
    };
    let folder = Folder::new("metrics");
    let backend = "server { listen 8080; location / { return 200 \"hello\\n\"; } }";
    let proxy =
        "server { listen 80; location / { proxy_http_version 1.0; proxy_pass http://10.77.0.11:8080; } }";
    let _servers = [
        nginx(&net, TC1, &folder, "backend", backend),
        nginx(&net, NGX, &folder, "proxy", proxy),
    ];
    let before = net.active_opens(NGX);
    let mut live = Live::start(
        &net,
        NGX,
        &["-i", "bond0", "--json", "--metrics", "9184", "port", "8080"],
    );
    live.wait_for("metrics at http://127.0.0.1:9184/metrics");
    let _prometheus = prometheus(&net, &folder);
    wait_for(&net, "up", 1.0);

    requests(&net, CLI, &format!("http://{FRONT}:80"), 300);
    let (logged, opened) = (logged(&folder, "backend"), net.active_opens(NGX) - before);
    wait_for(&net, "sum(flowcheck_requests_total)", logged as f64);
    wait_for(&net, "sum(flowcheck_responses_total)", logged as f64);
    wait_for(&net, "sum(flowcheck_handshakes_total)", 300.0);
    wait_for(&net, "sum(flowcheck_closes_total)", 300.0);
    wait_for(&net, "sum(flowcheck_requests_per_connection_count)", 300.0);
    wait_for(
        &net,
        "sum(flowcheck_requests_per_connection_bucket{le=\"1.0\"})",
        300.0,
    );
    wait_for(&net, "sum(flowcheck_dropped_packets_total)", 0.0);
    let causes = ask(&net, "flowcheck_endings_total");
    assert!(
        causes
            .iter()
            .any(|(labels, value)| labels["cause"] == "N1" && *value >= 299.0),
        "{causes:?}"
    );
    // Prometheus itself opens connections in this namespace: towards flowcheck, which it keeps none of.
    assert!(opened >= 300, "{opened}");
    // The running server has read the rules: of the requests that came while it looked, none was on a used connection.
    requests(&net, CLI, &format!("http://{FRONT}:80"), 100);
    wait_for(&net, "instance:flowcheck_reuse:ratio_rate5m", 0.0);

    dashboard_asks_what_prometheus_understands(&net);

    let report = live.stop().report();
    assert_eq!(report["totals"]["requests"]["total"], logged + 100);
    assert_eq!(report["totals"]["connections"]["established"], 400);
}

fn dashboard_asks_what_prometheus_understands(net: &Net) {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels
        .iter()
        .filter_map(|panel| panel["targets"].as_array())
        .flatten();
    let queries: Vec<&str> = targets.filter_map(|target| target["expr"].as_str()).collect();
    assert!(queries.len() > 15);
    for query in queries {
        let query = query.replace("$instance", ".*");
        let answer = answer(net, &query);
        assert_eq!(answer["status"], "success", "{query}: {answer}");
    }
}

#[test]
fn rules_and_alerts_are_what_their_examples_say() {
    if missing() {
        return;
    }
    run("promtool", &["check", "rules", RULES]);
    let examples = RULES.replace(".rules.yml", ".test.yml");
    run("promtool", &["test", "rules", &examples]);
}
