//! Five nginx and the two Tomcats that they share, one nginx as it comes from the distribution: captured at all seven, merged.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::net::{CLI, Net, TC1, TC2};
use super::nginx::{Folder, logged, nginx, requests};
use super::process::Live;
use super::tomcat;

/// The hosts with nginx, by the last number of their addresses.
const NODES: [(&str, u8); 5] = [
    ("node1", 1),
    ("node2", 2),
    ("node3", 3),
    ("node4", 4),
    ("node5", 5),
];
/// Requests to each of them.
const REQUESTS: u32 = 200;

const RIGHT: &str = "upstream back { server 10.77.0.11:8080; server 10.77.0.12:8080; keepalive 16; }\n\
     server { listen 80; location / { rewrite ^ /hello.txt break; proxy_pass http://back; proxy_http_version 1.1; proxy_set_header Connection \"\"; } }";
/// HTTP/1.0 and Connection: close to the servers.
const WRONG: &str = "upstream back { server 10.77.0.11:8080; server 10.77.0.12:8080; }\n\
     server { listen 80; location / { rewrite ^ /hello.txt break; proxy_pass http://back; proxy_http_version 1.0; proxy_set_header Connection close; } }";

fn merge(words: &[String]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_flowcheck"))
        .args(["merge", "--json", "-q"])
        .args(words)
        .output()
        .expect("the binary runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// nginx logs a request after the client has its response.
fn all_logged(folder: &Folder, role: &str) {
    let ends = Instant::now() + Duration::from_secs(10);
    while logged(folder, role) < u64::from(REQUESTS) && Instant::now() < ends {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(logged(folder, role), u64::from(REQUESTS), "{role}");
}

fn unlike_one(found: &Value) -> (&str, Vec<&str>) {
    let only_here = found["only_here"].as_array().expect("a list").iter();
    (
        found["point"].as_str().expect("a name"),
        only_here.filter_map(Value::as_str).collect(),
    )
}

/// The points that are unlike their peers, and the causes that only they have.
fn unlike(report: &Value) -> Vec<(&str, Vec<&str>)> {
    report["merged"]["unlike"]
        .as_array()
        .expect("a list")
        .iter()
        .map(unlike_one)
        .collect()
}

#[test]
fn five_hosts_as_one_and_the_one_that_is_wrong() {
    let others = [(CLI, 9), (TC1, 11), (TC2, 12)];
    let hosts = [&NODES[..], &others].concat();
    let Some(net) = Net::of_hosts("fleet", &hosts, tomcat::missing()) else {
        return;
    };
    let folder = Folder::new("fleet");
    let keeps = "maxKeepAliveRequests=\"-1\" keepAliveTimeout=\"60000\"";
    let _tomcats = [(TC1, "10.77.0.11"), (TC2, "10.77.0.12")]
        .map(|(role, address)| tomcat::tomcat(&net, role, &folder, role, &[(address, keeps)]));
    let _proxies = NODES.map(|(role, _)| {
        nginx(
            &net,
            role,
            &folder,
            role,
            if role == "node5" { WRONG } else { RIGHT },
        )
    });
    for role in [TC1, TC2] {
        tomcat::ready(&folder, role);
    }
    let points: Vec<&str> = NODES.iter().map(|(role, _)| *role).chain([TC1, TC2]).collect();
    let before: Vec<u64> = NODES.iter().map(|(role, _)| net.active_opens(role)).collect();
    let captures: Vec<Live> = points
        .iter()
        .map(|role| {
            let [file, page] = ["pcapng", "html"].map(|ending| folder.path(&format!("{role}.{ending}")));
            let args = [
                "-i", "bond0", "-w", &file, "--html", &page, "--json", "port", "8080",
            ];
            Live::start(&net, role, &args)
        })
        .collect();
    for (role, last) in NODES {
        requests(&net, CLI, &format!("http://10.77.0.{last}"), REQUESTS);
        all_logged(&folder, role);
    }
    std::thread::sleep(Duration::from_millis(500));
    let ended: Vec<_> = captures.into_iter().map(Live::stop).collect();
    let opened: u64 = NODES
        .iter()
        .zip(&before)
        .map(|((role, _), before)| net.active_opens(role) - before)
        .sum();

    let named = |ending: &str| -> Vec<String> {
        points
            .iter()
            .map(|role| format!("{role}={}", folder.path(&format!("{role}{ending}"))))
            .collect()
    };
    for (role, ended) in points.iter().zip(&ended) {
        let _ = ended.report();
        let page = std::fs::read_to_string(folder.path(&format!("{role}.html"))).expect("a page");
        assert!(
            page.starts_with("<!DOCTYPE html>") && page.contains(":8080"),
            "{role}"
        );
        std::fs::write(folder.path(&format!("{role}.json")), &ended.stdout).expect("a file");
    }
    let live = merge(&named(".json"));
    let read = merge(&[named(".pcapng"), vec!["--".to_owned(), "port 8080".to_owned()]].concat());
    let asked = u64::from(REQUESTS) * 5;
    for (report, from) in [(&live, "live"), (&read, "captures")] {
        let totals = &report["totals"];
        assert_eq!(totals["requests"]["total"], asked, "{from}: nginx's logs");
        assert_eq!(totals["responses"]["total"], asked, "{from}: nginx's logs");
        assert_eq!(
            totals["connections"]["opened"], opened,
            "{from}: the kernels' ActiveOpens"
        );
        assert_eq!(unlike(report), [("node5", vec!["N1"])], "{from}");
        let twice = report["merged"]["seen_twice"].as_array().expect("a list");
        assert_eq!(twice.len(), 10, "{from}: five nginx to each of two Tomcats");
        // What the Tomcats' hosts saw is there, and counts at the nginx that asked.
        for point in report["merged"]["points"].as_array().expect("points") {
            let nginx = point["connects"] == true;
            assert_eq!(
                nginx,
                point["name"]
                    .as_str()
                    .is_some_and(|name| name.starts_with("node"))
            );
            let counted = point["connections_counted"].as_u64().expect("a count");
            let all = point["connections"]["total"].as_u64().expect("a count");
            assert_eq!(counted, if nginx { all } else { 0 }, "{from}: {}", point["name"]);
            assert!(all > 0);
        }
    }
    // Without the Tomcats' captures it is the same.
    let nodes = merge(&named(".json")[..5]);
    for figure in [
        "connections",
        "requests",
        "responses",
        "closes",
        "avoidable_handshakes",
        "first_byte_us",
    ] {
        assert_eq!(nodes["totals"][figure], live["totals"][figure], "{figure}");
    }
}
