//! A real Prometheus asks a running capture, and its figures are nginx's and the kernel's.

use serde_json::Value;

use super::net::{CLI, FRONT, NGX, Net, TC1, run};
use super::nginx::{Folder, logged, nginx, requests};
use super::process::Live;
use super::prometheus::{Prometheus, RULES, is_missing};

const DASHBOARD: &str = include_str!("../../contrib/grafana/flowcheck.json");

#[test]
fn prometheus_counts_what_nginx_and_the_kernel_count() {
    let Some(net) = Net::new("metrics").filter(|_| !is_missing()) else {
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
    let prometheus = Prometheus::start(&net, NGX, &folder, RULES, &["127.0.0.1:9184"]);
    prometheus.wait_for("up", 1.0);

    requests(&net, CLI, &format!("http://{FRONT}:80"), 300);
    let (logged, opened) = (logged(&folder, "backend"), net.active_opens(NGX) - before);
    prometheus.wait_for("sum(flowcheck_requests_total)", logged as f64);
    prometheus.wait_for("sum(flowcheck_responses_total)", logged as f64);
    prometheus.wait_for("sum(flowcheck_handshakes_total)", 300.0);
    prometheus.wait_for("sum(flowcheck_closes_total)", 300.0);
    prometheus.wait_for("sum(flowcheck_requests_per_connection_count)", 300.0);
    prometheus.wait_for("sum(flowcheck_requests_per_connection_bucket{le=\"1.0\"})", 300.0);
    prometheus.wait_for("sum(flowcheck_dropped_packets_total)", 0.0);
    let causes = prometheus.ask("flowcheck_endings_total");
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
    prometheus.wait_for("instance:flowcheck_reuse:ratio_rate5m", 0.0);

    dashboard_asks_what_prometheus_understands(&prometheus);

    let report = live.stop().report();
    assert_eq!(report["totals"]["requests"]["total"], logged + 100);
    assert_eq!(report["totals"]["connections"]["established"], 400);
}

fn dashboard_asks_what_prometheus_understands(prometheus: &Prometheus<'_>) {
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
        let answer = prometheus.answer(&query);
        assert_eq!(answer["status"], "success", "{query}: {answer}");
    }
}

#[test]
fn rules_and_alerts_are_what_their_examples_say() {
    if is_missing() {
        return;
    }
    run("promtool", &["check", "rules", RULES]);
    let examples = RULES.replace(".rules.yml", ".test.yml");
    run("promtool", &["test", "rules", &examples]);
}
