//! nginx in front of Tomcats, in the configurations that people have: one start of Tomcat for all of them.

use std::fs;
use std::time::Duration;

use super::figures::Figures;
use super::net::{CLI, FRONT, NGX, Net, TC1, TC2};
use super::nginx::{Folder, nginx, requests};
use super::process::Server;
use super::tomcat;

/// Tomcats that keep connections for as long as nginx wants.
const GOOD: [&str; 2] = ["10.77.0.11", "10.77.0.12"];
/// Closes after 100 requests, Tomcat's default.
const CAPPED: &str = "10.77.0.21";
/// Closes after a second without a request.
const HASTY: &str = "10.77.0.31";
/// Closes after each response.
const CHURNING: &str = "10.77.0.41";
/// Has this address, and nothing listens.
const CLOSED: &str = "10.77.0.51";
/// Nobody has this address.
const NOBODY: &str = "10.77.0.99";

const KEEPS: &str = "maxKeepAliveRequests=\"-1\" keepAliveTimeout=\"60000\"";
/// Connections are reused.
const REUSE: &str = "proxy_http_version 1.1; proxy_set_header Connection \"\";";

/// The namespaces with both Tomcats running.
struct Lab {
    net: Net,
    folder: Folder,
    _tomcats: [Server; 2],
}

impl Lab {
    fn new() -> Option<Self> {
        let net = Net::with_two_servers("behind", tomcat::missing())?;
        let folder = Folder::new("behind");
        for address in [CAPPED, HASTY, CHURNING, CLOSED] {
            net.ip(TC1, &["address", "add", &format!("{address}/24"), "dev", "eth0"]);
        }
        let one = [
            (GOOD[0], KEEPS),
            (CAPPED, "maxKeepAliveRequests=\"100\" keepAliveTimeout=\"60000\""),
            (HASTY, "maxKeepAliveRequests=\"-1\" keepAliveTimeout=\"1000\""),
            (CHURNING, "maxKeepAliveRequests=\"1\""),
        ];
        let two = [(GOOD[1], KEEPS), ("127.0.0.1", KEEPS)];
        let tomcats = [
            tomcat::tomcat(&net, TC1, &folder, "one", &one),
            tomcat::tomcat(&net, TC2, &folder, "two", &two),
        ];
        for name in ["one", "two"] {
            tomcat::ready(&folder, name);
        }
        // A neighbour that does not exist: frames leave, and nothing comes back.
        let lladdr = ["lladdr", "02:00:00:00:00:99", "dev", "bond0"];
        net.ip(NGX, &[&["neighbour", "add", NOBODY][..], &lladdr].concat());
        Some(Self {
            net,
            folder,
            _tomcats: tomcats,
        })
    }

    /// `flowcheck live -i bond0 port 8080` at an nginx with this upstream and this location, while `drive` runs with the
    /// lab.
    fn run(&self, name: &str, upstream: &str, location: &str, seconds: u32, drive: impl FnOnce()) -> Figures {
        let proxy = self.proxy(name, NGX, FRONT, upstream, location);
        let figures = self.on_bond0(seconds, drive);
        drop(proxy);
        figures.agree(self.passed_on(name), figures.opened);
        figures
    }

    fn on_bond0(&self, seconds: u32, drive: impl FnOnce()) -> Figures {
        let args = ["-i", "bond0", "port", "8080"];
        Figures::capture(&self.net, NGX, &self.folder, &args, seconds, drive)
    }

    fn proxy(&self, name: &str, role: &str, listen: &str, upstream: &str, location: &str) -> Server {
        let log = self.folder.path(&format!("{name}.upstream"));
        let http = format!(
            "log_format upstream \"$upstream_connect_time\"; keepalive_requests 100000;\n\
             upstream tomcats {{ {upstream} }}\n\
             server {{ listen {listen}:80; access_log {log} upstream; location / {{ {location} \
             rewrite ^ /hello.txt break; proxy_pass http://tomcats; }} }}"
        );
        nginx(&self.net, role, &self.folder, name, &http)
    }

    /// Requests that nginx passed on to a server that it was connected with: one for each time that its log has.
    fn passed_on(&self, name: &str) -> u64 {
        let log = fs::read_to_string(self.folder.path(&format!("{name}.upstream"))).expect("a log");
        let times = log.split_whitespace().map(|time| time.trim_end_matches(','));
        times.filter(|time| time.parse::<f64>().is_ok()).count() as u64
    }

    /// The client's requests.
    fn requests(&self, count: u32) {
        requests(&self.net, CLI, &format!("http://{FRONT}:80"), count);
    }
}

fn servers(addresses: &[&str]) -> String {
    let servers = addresses
        .iter()
        .map(|address| format!("server {address}:8080 max_fails=0; "));
    servers.collect()
}

fn pause(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

#[test]
fn nginx_in_front_of_tomcats() {
    let Some(lab) = Lab::new() else { return };
    defaults(&lab);
    keepalive(&lab);
    header_not_cleared(&lab);
    pool_too_small(&lab);
    cap_of_tomcat(&lab);
    idle_timeout_of_tomcat(&lab);
    idle_timeout_of_nginx(&lab);
    refused(&lab);
    dropped(&lab);
    one_of_two_churns(&lab);
    over_lo(&lab);
}

/// nginx as it comes.
fn defaults(lab: &Lab) {
    let figures = lab.run("defaults", &servers(&GOOD), "proxy_http_version 1.0;", 1, || {
        lab.requests(400);
    });
    assert_eq!(figures.opened, 400);
    assert_eq!(figures.live["verdict"]["status"], "fail");
    assert!(figures.causes().contains(&"N1"), "{:?}", figures.causes());
    let (expected, held) = figures.time_wait("10.77.0.1");
    assert_eq!(expected, held, "TIME-WAIT of nginx's host");
    let own = &figures.live["host_view"][0];
    assert_eq!(own["problems"], serde_json::json!([]));
    assert!(
        own["legs"][0]["side"] == "client" && own["limits"]["ports"].as_u64() > Some(0),
        "{own}"
    );
}

fn keepalive(lab: &Lab) {
    let upstream = servers(&GOOD) + "keepalive 32; keepalive_requests 100000;";
    let figures = lab.run("keepalive", &upstream, REUSE, 1, || {
        lab.requests(400);
    });
    assert!(figures.opened < 40, "{}", figures.opened);
    assert_eq!(figures.live["verdict"]["status"], "pass");
}

/// `Connection: close` is still sent.
fn header_not_cleared(lab: &Lab) {
    let upstream = servers(&GOOD) + "keepalive 32;";
    let location = "proxy_http_version 1.1; proxy_set_header Connection close;";
    let figures = lab.run("header", &upstream, location, 1, || lab.requests(200));
    assert_eq!(figures.opened, 200);
    assert_eq!(figures.live["totals"]["requests"]["announced_close"], 200);
    assert_eq!(figures.live["verdict"]["status"], "fail");
}

fn pool_too_small(lab: &Lab) {
    let upstream = servers(&GOOD[..1]) + "keepalive 1; keepalive_requests 100000;";
    let figures = lab.run("small", &upstream, REUSE, 1, || {
        lab.requests(400);
    });
    let closed = &figures.live["totals"]["closes"];
    assert!(closed["client"].as_u64() > Some(0), "{closed}");
    assert_eq!(closed["server"], 0, "{closed}");
}

/// maxKeepAliveRequests.
fn cap_of_tomcat(lab: &Lab) {
    let upstream = servers(&[CAPPED]) + "keepalive 32; keepalive_requests 100000;";
    let figures = lab.run("cap", &upstream, REUSE, 1, || lab.requests(1_000));
    let leg = figures.leg(&format!("{CAPPED}:8080"));
    assert_eq!(leg["requests_per_connection"]["max"], 100, "{leg}");
    // Tomcat says so in the last response, and either side may be first to close.
    let announced = leg["responses"]["announced_close"].as_u64();
    assert!(announced >= Some(8), "{leg}");
}

/// keepAliveTimeout.
fn idle_timeout_of_tomcat(lab: &Lab) {
    let upstream = servers(&[HASTY]) + "keepalive 32; keepalive_requests 100000;";
    let figures = lab.run("hasty", &upstream, REUSE, 4, || {
        for _ in 0..2 {
            lab.requests(40);
            pause(1_600);
        }
    });
    let totals = &figures.live["totals"];
    assert_eq!(totals["closes"]["server"], figures.opened);
    assert_eq!(totals["connections"]["open_at_end"], 0);
}

/// keepalive_timeout.
fn idle_timeout_of_nginx(lab: &Lab) {
    let upstream = servers(&GOOD[..1]) + "keepalive 32; keepalive_timeout 1s;";
    let figures = lab.run("impatient", &upstream, REUSE, 4, || {
        for _ in 0..2 {
            lab.requests(40);
            pause(1_600);
        }
    });
    let totals = &figures.live["totals"];
    assert_eq!(totals["closes"]["client"], figures.opened);
    let (expected, held) = figures.time_wait("10.77.0.1");
    assert_eq!(expected, figures.opened);
    // What was in TIME-WAIT before is held as well.
    assert!(held >= expected, "{held} of {expected}");
}

fn refused(lab: &Lab) {
    let upstream = servers(&[CLOSED, GOOD[0]]);
    let figures = lab.run("refused", &upstream, "", 1, || lab.requests(40));
    let leg = figures.leg(&format!("{CLOSED}:8080"));
    assert_eq!(leg["connections"]["refused"], leg["connections"]["opened"]);
    assert!(
        leg["connections"]["refused"].as_u64() >= Some(5),
        "{}",
        leg["connections"]
    );
    assert_eq!(leg["verdict"]["status"], "fail", "{}", leg["verdict"]);
}

/// SYNs that nobody answers.
fn dropped(lab: &Lab) {
    let upstream = servers(&[NOBODY, GOOD[0]]);
    let proxy = lab.proxy("dropped", NGX, FRONT, &upstream, "proxy_connect_timeout 1s;");
    let figures = lab.on_bond0(1, || {
        lab.requests(16);
        // A SYN is unanswered when the capture goes on for three seconds; a file ends with its last packet.
        pause(3_500);
        requests(&lab.net, NGX, &format!("http://{}:8080", GOOD[0]), 1);
    });
    drop(proxy);
    figures.agree(lab.passed_on("dropped") + 1, figures.opened);
    let leg = figures.leg(&format!("{NOBODY}:8080"));
    assert_eq!(leg["connections"]["unanswered"], leg["connections"]["opened"]);
    assert!(
        leg["connections"]["unanswered"].as_u64() >= Some(5),
        "{}",
        leg["connections"]
    );
    assert_eq!(leg["verdict"]["status"], "fail", "{}", leg["verdict"]);
}

fn one_of_two_churns(lab: &Lab) {
    let upstream = servers(&[GOOD[1], CHURNING]) + "keepalive 32; keepalive_requests 100000;";
    let figures = lab.run("two", &upstream, REUSE, 1, || {
        lab.requests(400);
    });
    let good = figures.leg(&format!("{}:8080", GOOD[1]));
    let bad = figures.leg(&format!("{CHURNING}:8080"));
    assert_eq!(good["verdict"]["status"], "pass", "{}", good["verdict"]);
    assert_eq!(bad["verdict"]["status"], "fail", "{}", bad["verdict"]);
    assert_eq!(bad["requests"]["total"], bad["connections"]["opened"]);
}

/// nginx and Tomcat on one host: in front bond0, behind lo.
fn over_lo(lab: &Lab) {
    let _proxy = lab.proxy(
        "lo",
        TC2,
        GOOD[1],
        &servers(&["127.0.0.1"]),
        "proxy_http_version 1.0;",
    );
    let front = format!("http://{}:80", GOOD[1]);
    let before = lab.net.active_opens(NGX);
    let args = ["-i", "bond0", "-i", "lo", "tcp"];
    let figures = Figures::capture(&lab.net, TC2, &lab.folder, &args, 1, || {
        requests(&lab.net, NGX, &front, 200);
    });
    let in_front = lab.net.active_opens(NGX) - before;
    assert_eq!(lab.passed_on("lo"), 200);
    figures.agree(400, figures.opened + in_front);
    let back = figures.leg("127.0.0.1:8080");
    assert_eq!(back["connections"]["opened"], figures.opened);
    assert_eq!(back["requests"]["total"], 200);
    assert_eq!(back["verdict"]["status"], "fail", "{}", back["verdict"]);
    let (expected, held) = figures.time_wait("127.0.0.1");
    assert_eq!(expected, held, "TIME-WAIT of both ends on lo");
}
