//! nginx as a proxy, in several configurations.

use super::figures::{Figures, leg};
use super::net::{CLI, FRONT, NGX, Net, SERVER, TC1};
use super::nginx::{Folder, logged, nginx, requests};
use super::process::{Live, Server};

const BACKEND: &str =
    "keepalive_requests 100000; server { listen 8080; location / { return 200 \"hello\\n\"; } }";

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

    /// Captures while `drive` runs and for so many seconds after it; the figures are those of log and kernel.
    fn capture(&self, seconds: u32, drive: impl FnOnce()) -> (Figures, u64) {
        let args = ["-i", "bond0", "port", "8080"];
        let figures = Figures::capture(&self.net, NGX, &self.folder, &args, seconds, drive);
        let logged = logged(&self.folder, "backend");
        figures.agree(logged, figures.opened);
        (figures, logged)
    }
}

/// Requests through a proxy with this configuration, watched on `bond0`.
fn proxied(test: &str, http: &str, count: u32) -> Option<(Figures, u64)> {
    let scenario = Scenario::new(test, http)?;
    let (figures, logged) = scenario.capture(1, || scenario.requests(count));
    assert_eq!(figures.leg(&format!("{SERVER}:8080"))["requests"]["total"], count);
    Some((figures, logged))
}

#[test]
fn a_proxy_that_closes_each_connection_fails() {
    let proxy =
        "server { listen 80; location / { proxy_http_version 1.0; proxy_pass http://10.77.0.11:8080; } }";
    let Some((figures, logged)) = proxied("closes", proxy, 200) else {
        return;
    };
    assert_eq!((logged, figures.opened), (200, 200));
    assert_eq!(figures.live["verdict"]["status"], "fail");
}

#[test]
fn a_proxy_with_a_pool_passes() {
    let proxy = "upstream back { server 10.77.0.11:8080; keepalive 32; keepalive_requests 100000; }\n\
                 server { listen 80; location / { proxy_http_version 1.1; proxy_set_header Connection \"\"; \
                 proxy_pass http://back; } }";
    let Some((figures, logged)) = proxied("pool", proxy, 400) else {
        return;
    };
    assert_eq!(logged, 400);
    assert!(figures.opened < 40, "{} connections", figures.opened);
    assert_eq!(figures.live["verdict"]["status"], "pass");
}

#[test]
fn a_header_that_is_not_cleared_fails() {
    // keepalive is configured, but `Connection: close` is still sent to the backend.
    let proxy = "upstream back { server 10.77.0.11:8080; keepalive 32; }\n\
                 server { listen 80; location / { proxy_http_version 1.1; proxy_set_header Connection close; \
                 proxy_pass http://back; } }";
    let Some((figures, logged)) = proxied("header", proxy, 200) else {
        return;
    };
    assert_eq!((logged, figures.opened), (200, 200));
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
    let (figures, logged) = scenario.capture(1, || scenario.requests(400));
    assert_eq!(logged, 400);
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
    let (figures, logged) = scenario.capture(1, || scenario.requests(20));
    assert_eq!((logged, figures.opened), (0, 20));
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
    let (figures, logged) = scenario.capture(1, || {
        scenario.requests(8);
        // A SYN is unanswered when the capture goes on for three seconds; a file ends with its last packet.
        std::thread::sleep(std::time::Duration::from_millis(3_500));
        requests(&scenario.net, NGX, &format!("http://{SERVER}:8080"), 1);
    });
    assert_eq!((logged, figures.opened), (1, 9));
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
    let (figures, logged) = scenario.capture(4, || {
        for _ in 0..3 {
            scenario.requests(20);
            // Longer than the server keeps a connection.
            std::thread::sleep(std::time::Duration::from_millis(1_500));
        }
    });
    assert_eq!(logged, 60);
    assert_eq!(figures.live["totals"]["closes"]["server"], figures.opened);
    assert_eq!(figures.live["totals"]["connections"]["open_at_end"], 0);
}

#[test]
fn a_pool_that_is_too_small_recycles() {
    let proxy = "upstream back { server 10.77.0.11:8080; keepalive 1; keepalive_requests 100000; }\n\
                 server { listen 80; location / { proxy_http_version 1.1; proxy_set_header Connection \"\"; \
                 proxy_pass http://back; } }";
    let Some((figures, logged)) = proxied("small", proxy, 400) else {
        return;
    };
    assert_eq!(logged, 400);
    let closed = &figures.live["totals"]["closes"];
    assert!(
        closed["client"].as_u64() > Some(0),
        "nginx closes what its pool can't keep: {closed}"
    );
}
