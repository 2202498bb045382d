//! nginx as a proxy, in several configurations.

use std::process::Command;

use serde_json::Value;

use super::net::{CLI, FRONT, NGX, Net, SERVER, TC1};
use super::nginx::{Folder, logged, nginx, requests};
use super::process::{Live, Server};

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

/// A proxy in front of a backend, the client's requests, and what was captured on `bond0` meanwhile.
struct Scenario {
    net: Net,
    folder: Folder,
    _servers: Vec<Server>,
}

impl Scenario {
    fn new(test: &str, proxy: &str) -> Option<Self> {
        Self::with_backend(test, BACKEND, proxy)
    }

    fn with_backend(test: &str, backend: &str, proxy: &str) -> Option<Self> {
        let net = Net::new(test)?;
        net.ip(TC1, &["address", "add", "10.77.0.12/24", "dev", "eth0"]);
        let folder = Folder::new(test);
        let servers = vec![
            nginx(&net, TC1, &folder, "backend", backend),
            nginx(&net, NGX, &folder, "proxy", proxy),
        ];
        Some(Self {
            net,
            folder,
            _servers: servers,
        })
    }

    /// So many requests of the client.
    fn requests(&self, count: u32) {
        requests(&self.net, CLI, &format!("http://{FRONT}:80"), count);
    }

    /// Captures while `drive` runs and for so many seconds after it.
    fn capture(&self, seconds: u32, drive: impl FnOnce()) -> Figures {
        let file = self.folder.path("dump.pcapng");
        let before = self.net.active_opens(NGX);
        let args = ["-i", "bond0", "--json", "-w", &file, "port", "8080"];
        let mut live = Live::start(&self.net, NGX, &args);
        drive();
        for _ in 0..seconds {
            live.wait_for("handshakes/s");
        }
        let ended = live.stop();
        let read = Command::new(env!("CARGO_BIN_EXE_flowcheck"))
            .args(["read", &file, "--json"])
            .output()
            .expect("the binary runs");
        let figures = Figures {
            live: ended.report(),
            read: serde_json::from_slice(&read.stdout).expect("a report"),
            logged: logged(&self.folder, "backend"),
            opened: self.net.active_opens(NGX) - before,
        };
        assert_eq!(figures.live["capture"]["kernel_dropped"], 0);
        assert!(ended.said("packets captured") && ended.said("packets received by filter"));
        assert!(ended.said("0 packets dropped by kernel"));
        figures.agree();
        figures
    }
}

/// Requests through a proxy with this configuration, watched on `bond0`.
fn proxied(test: &str, http: &str, count: u32) -> Option<Figures> {
    let scenario = Scenario::new(test, http)?;
    let figures = scenario.capture(1, || scenario.requests(count));
    assert_eq!(figures.leg(&format!("{SERVER}:8080"))["requests"]["total"], count);
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
    }

    fn leg(&self, server: &str) -> &Value {
        leg(&self.live, server)
    }
}

fn leg<'a>(report: &'a Value, server: &str) -> &'a Value {
    let mut legs = report["legs"].as_array().expect("legs").iter();
    let found = legs.find(|leg| leg["server"] == server);
    found.unwrap_or_else(|| panic!("no leg to {server}"))
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
    let back = leg(&report, "127.0.0.1:8081");
    assert_eq!(back["requests"]["total"], 100);
    assert_eq!(back["connections"]["opened"], opened);
    assert_eq!(leg(&report, "10.77.0.11:8080")["requests"]["total"], 100);
}

#[test]
fn one_server_of_two_churns() {
    let backend = "keepalive_requests 100000;\n\
                   server { listen 10.77.0.11:8080; location / { return 200 \"hello\\n\"; } }\n\
                   server { listen 10.77.0.12:8080; keepalive_timeout 0; location / { return 200 \"hello\\n\"; } }";
    let proxy = "upstream back { server 10.77.0.11:8080; server 10.77.0.12:8080; keepalive 32; }\n\
                 server { listen 80; location / { proxy_http_version 1.1; proxy_set_header Connection \"\"; \
                 proxy_pass http://back; } }";
    let Some(scenario) = Scenario::with_backend("two", backend, proxy) else {
        return;
    };
    let figures = scenario.capture(1, || scenario.requests(400));
    assert_eq!(figures.logged, 400);
    let (good, bad) = (figures.leg("10.77.0.11:8080"), figures.leg("10.77.0.12:8080"));
    assert_eq!(good["verdict"]["status"], "pass", "{}", good["verdict"]);
    assert_eq!(bad["verdict"]["status"], "fail", "{}", bad["verdict"]);
    assert_eq!(bad["requests"]["total"], bad["connections"]["opened"]);
}

#[test]
fn a_server_that_refuses_fails() {
    let proxy = "server { listen 80; location / { proxy_pass http://10.77.0.11:8080; } }";
    let backend = "server { listen 10.77.0.12:8080; }";
    let Some(scenario) = Scenario::with_backend("refuses", backend, proxy) else {
        return;
    };
    let figures = scenario.capture(1, || scenario.requests(20));
    assert_eq!((figures.logged, figures.opened), (0, 20));
    assert_eq!(figures.live["totals"]["connections"]["refused"], 20);
    assert_eq!(figures.live["verdict"]["status"], "fail");
}

#[test]
fn syns_that_nobody_answers_fail() {
    let proxy =
        "server { listen 80; location / { proxy_connect_timeout 1s; proxy_pass http://10.77.0.99:8080; } }";
    let Some(scenario) = Scenario::new("unanswered", proxy) else {
        return;
    };
    // A neighbour that does not exist: frames leave, and nothing comes back.
    let neighbour = [
        "neighbour",
        "add",
        "10.77.0.99",
        "lladdr",
        "02:00:00:00:00:99",
        "dev",
        "bond0",
    ];
    scenario.net.ip(NGX, &neighbour);
    let figures = scenario.capture(1, || {
        scenario.requests(8);
        // A SYN is unanswered when the capture goes on for three seconds; a file ends with its last packet.
        std::thread::sleep(std::time::Duration::from_millis(3_500));
        requests(&scenario.net, NGX, &format!("http://{SERVER}:8080"), 1);
    });
    assert_eq!((figures.logged, figures.opened), (1, 9));
    let leg = figures.leg("10.77.0.99:8080");
    assert_eq!(leg["connections"]["unanswered"], 8);
    assert_eq!(leg["verdict"]["status"], "fail", "{}", leg["verdict"]);
}

#[test]
fn a_server_that_closes_idle_connections_is_the_closer() {
    let backend = "keepalive_timeout 1s; server { listen 8080; location / { return 200 \"hello\\n\"; } }";
    let proxy = "upstream back { server 10.77.0.11:8080; keepalive 32; }\n\
                 server { listen 80; location / { proxy_http_version 1.1; proxy_set_header Connection \"\"; \
                 proxy_pass http://back; } }";
    let Some(scenario) = Scenario::with_backend("idle", backend, proxy) else {
        return;
    };
    let figures = scenario.capture(4, || {
        for _ in 0..3 {
            scenario.requests(20);
            // Longer than the server keeps a connection.
            std::thread::sleep(std::time::Duration::from_millis(1_500));
        }
    });
    assert_eq!(figures.logged, 60);
    assert_eq!(figures.live["totals"]["closes"]["server"], figures.opened);
    assert_eq!(figures.live["totals"]["connections"]["open_at_end"], 0);
}

#[test]
fn a_pool_that_is_too_small_recycles() {
    let proxy = "upstream back { server 10.77.0.11:8080; keepalive 1; keepalive_requests 100000; }\n\
                 server { listen 80; location / { proxy_http_version 1.1; proxy_set_header Connection \"\"; \
                 proxy_pass http://back; } }";
    let Some(figures) = proxied("small", proxy, 400) else {
        return;
    };
    assert_eq!(figures.logged, 400);
    let closed = &figures.live["totals"]["closes"];
    assert!(
        closed["client"].as_u64() > Some(0),
        "nginx closes what its pool can't keep: {closed}"
    );
}
