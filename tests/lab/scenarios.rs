//! nginx as a proxy, in several configurations.

use std::process::Command;

use serde_json::Value;

use super::net::{CLI, FRONT, NGX, Net, SERVER, TC1};
use super::nginx::{Folder, logged, nginx, requests};
use super::process::Live;

const BACKEND: &str =
    "keepalive_requests 100000; server { listen 8080; location / { return 200 \"hello\\n\"; } }";

/// What one run of a scenario left.
struct Figures {
    /// Of the capture, from the report.
    live: Value,
    /// Of the file that it recorded, by `read`.
    read: Value,
    /// Requests that the backend logged.
    logged: u64,
    /// Connections that the proxy's kernel began.
    opened: u64,
}

/// Requests through a proxy with this configuration, watched on `bond0`.
fn proxied(test: &str, http: &str, count: u32) -> Option<Figures> {
    let net = Net::new(test)?;
    let folder = Folder::new(test);
    let _backend = nginx(&net, TC1, &folder, "backend", BACKEND);
    let _proxy = nginx(&net, NGX, &folder, "proxy", http);
    let file = folder.path("dump.pcapng");
    let before = net.active_opens(NGX);
    let mut live = Live::start(&net, NGX, &["-i", "bond0", "--json", "-w", &file, "port", "8080"]);
    requests(&net, CLI, &format!("http://{FRONT}:80"), count);
    // One line of status: the second in which the requests came is over.
    live.wait_for("handshakes/s");
    let ended = live.stop();
    let read = Command::new(env!("CARGO_BIN_EXE_flowcheck"))
        .args(["read", &file, "--json"])
        .output()
        .expect("the binary runs");
    let figures = Figures {
        live: ended.report(),
        read: serde_json::from_slice(&read.stdout).expect("a report"),
        logged: logged(&folder, "backend"),
        opened: net.active_opens(NGX) - before,
    };
    assert_eq!(figures.live["capture"]["kernel_dropped"], 0);
    assert!(ended.said("packets captured") && ended.said("packets received by filter"));
    assert!(ended.said("0 packets dropped by kernel"));
    figures.agree();
    Some(figures)
}

impl Figures {
    /// The capture says what the server, the kernel and the recording say.
    fn agree(&self) {
        let totals = &self.live["totals"];
        assert_eq!(totals["requests"]["total"], self.logged, "nginx's access log");
        assert_eq!(totals["responses"]["total"], self.logged, "nginx's access log");
        assert_eq!(
            totals["connections"]["opened"], self.opened,
            "the kernel's TcpActiveOpens"
        );
        for part in ["connections", "classes", "requests", "responses", "closes"] {
            assert_eq!(totals[part], self.read["totals"][part], "{part} of the recording");
        }
        let packets = |report: &Value| report["capture"]["packets"].clone();
        assert_eq!(packets(&self.live), packets(&self.read));
        assert_eq!(self.live["verdict"]["status"], self.read["verdict"]["status"]);
        assert_eq!(
            self.live["legs"][0]["server"],
            format!("{SERVER}:8080"),
            "the leg to the backend"
        );
    }
}

#[test]
fn a_proxy_that_closes_each_connection_fails() {
    let proxy =
        "server { listen 80; location / { proxy_http_version 1.0; proxy_pass http://10.77.0.11:8080; } }";
    let Some(figures) = proxied("closes", proxy, 200) else {
        return;
    };
    assert_eq!((figures.logged, figures.opened), (200, 200));
    assert_eq!(figures.live["verdict"]["status"], "fail");
}

#[test]
fn a_proxy_with_a_pool_passes() {
    let proxy = "upstream back { server 10.77.0.11:8080; keepalive 32; keepalive_requests 100000; }\n\
                 server { listen 80; location / { proxy_http_version 1.1; proxy_set_header Connection \"\"; \
                 proxy_pass http://back; } }";
    let Some(figures) = proxied("pool", proxy, 400) else {
        return;
    };
    assert_eq!(figures.logged, 400);
    assert!(figures.opened < 40, "{} connections", figures.opened);
    assert_eq!(figures.live["verdict"]["status"], "pass");
}

#[test]
fn a_header_that_is_not_cleared_fails() {
    // keepalive is configured, but `Connection: close` is still sent to the backend.
    let proxy = "upstream back { server 10.77.0.11:8080; keepalive 32; }\n\
                 server { listen 80; location / { proxy_http_version 1.1; proxy_set_header Connection close; \
                 proxy_pass http://back; } }";
    let Some(figures) = proxied("header", proxy, 200) else {
        return;
    };
    assert_eq!((figures.logged, figures.opened), (200, 200));
    assert_eq!(figures.live["totals"]["requests"]["announced_close"], 200);
    assert_eq!(figures.live["verdict"]["status"], "fail");
}

#[test]
fn both_sides_of_a_proxy_are_one_capture() {
    let Some(net) = Net::new("both sides") else { return };
    let folder = Folder::new("sides");
    // The front over bond0, the back over lo.
    let _backend = nginx(
        &net,
        TC1,
        &folder,
        "backend",
        "server { listen 127.0.0.1:8081; location / { return 200 \"hello\\n\"; } }",
    );
    let proxy =
        "server { listen 8080; location / { proxy_http_version 1.0; proxy_pass http://127.0.0.1:8081; } }";
    let _proxy = nginx(&net, TC1, &folder, "proxy", proxy);
    let before = net.active_opens(TC1);
    let args = ["-i", "eth0", "-i", "lo", "--json", "tcp"];
    let mut live = Live::start(&net, TC1, &args);
    requests(&net, NGX, &format!("http://{SERVER}:8080"), 100);
    live.wait_for("handshakes/s");
    let report = live.stop().report();
    let opened = net.active_opens(TC1) - before;
    assert_eq!((logged(&folder, "proxy"), logged(&folder, "backend")), (100, 100));
    assert_eq!(report["capture"]["sources"][0]["name"], "eth0");
    assert_eq!(report["capture"]["sources"][1]["name"], "lo");
    let legs = report["legs"].as_array().expect("legs");
    let leg = |server: &str| {
        let found = legs.iter().find(|leg| leg["server"] == server);
        found.unwrap_or_else(|| panic!("no leg to {server}"))
    };
    let back = leg("127.0.0.1:8081");
    assert_eq!(back["requests"]["total"], 100);
    assert_eq!(back["connections"]["opened"], opened);
    assert_eq!(leg("10.77.0.11:8080")["requests"]["total"], 100);
}
