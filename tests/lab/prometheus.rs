//! A real Prometheus in a namespace.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::net::{Net, REQUIRED};
use super::nginx::Folder;
use super::process::Server;

/// The rules and alerts.
pub(crate) const RULES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/contrib/prometheus/flowcheck.rules.yml"
);

/// Longer than anything takes that is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// Whether prometheus or promtool is missing, which is said.
pub(crate) fn is_missing() -> bool {
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

/// A server that asks every second.
pub(crate) struct Prometheus<'a> {
    net: &'a Net,
    role: &'static str,
    _server: Server,
}

impl<'a> Prometheus<'a> {
    /// Starts it in a namespace, with rules from a file, for these exporters.
    pub(crate) fn start(
        net: &'a Net,
        role: &'static str,
        folder: &Folder,
        rules: &str,
        targets: &[&str],
    ) -> Self {
        let (config, data) = (folder.path("prometheus.yml"), folder.path("data"));
        let text = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [{rules}]\n\
             scrape_configs: [{{ job_name: flowcheck, static_configs: [{{ targets: {targets:?} }}] }}]\n"
        );
        fs::write(&config, text).expect("a file");
        let child = net
            .command(role, "prometheus")
            .args(["--log.level=error", "--web.listen-address=127.0.0.1:9090"])
            .args([
                format!("--config.file={config}"),
                format!("--storage.tsdb.path={data}"),
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus runs");
        Self {
            net,
            role,
            _server: Server(child),
        }
    }

    /// What it answers to a query.
    pub(crate) fn answer(&self, query: &str) -> Value {
        let data = format!("query={query}");
        let found = self
            .net
            .command(self.role, "curl")
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
    pub(crate) fn ask(&self, query: &str) -> Vec<(Value, f64)> {
        let answer = self.answer(query);
        let rows = answer["data"]["result"].as_array().cloned().unwrap_or_default();
        let value = |row: &Value| row["value"][1].as_str().and_then(|text| text.parse().ok());
        rows.iter()
            .map(|row| (row["metric"].clone(), value(row).expect("a number")))
            .collect()
    }

    /// Asks until the only value is this one.
    pub(crate) fn wait_for(&self, query: &str, wanted: f64) {
        self.wait_until(
            query,
            |found| matches!(found, [(_, value)] if value.total_cmp(&wanted).is_eq()),
        );
    }

    /// Asks until the answer is as wanted; returns it.
    pub(crate) fn wait_until(
        &self,
        query: &str,
        is_wanted: impl Fn(&[(Value, f64)]) -> bool,
    ) -> Vec<(Value, f64)> {
        let begin = Instant::now();
        loop {
            let found = self.ask(query);
            if is_wanted(&found) {
                return found;
            }
            assert!(begin.elapsed() < PATIENCE, "{query}: {found:?} found");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}
