//! Network namespaces of a test's own: cli -- ngx -- tc1, where ngx's interface to tc1 is called `bond0`; with two servers
//! cli -- ngx -- switch -- tc1, tc2.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// Set where a test that can't run must fail.
pub(crate) const REQUIRED: &str = "FLOWCHECK_LAB";

/// Where the client is.
pub(crate) const CLI: &str = "cli";
/// Where nginx is.
pub(crate) const NGX: &str = "ngx";
/// Where the server is.
pub(crate) const TC1: &str = "tc1";
/// Where the second server is; its interface is called `bond0` too.
pub(crate) const TC2: &str = "tc2";
/// What connects ngx with two servers.
const SWITCH: &str = "sw";

/// The address of ngx that the client uses.
pub(crate) const FRONT: &str = "10.76.0.1";
/// The address of the server.
pub(crate) const SERVER: &str = "10.77.0.11";

/// Runs a command that must succeed; returns what it printed.
pub(crate) fn run(program: &str, args: &[&str]) -> String {
    let output = output(program, args);
    assert!(
        output.status.success(),
        "{program} {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn output(program: &str, args: &[&str]) -> Output {
    Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"))
}

/// The namespaces, gone at the end of the test.
pub(crate) struct Net {
    names: Vec<(&'static str, String)>,
}

impl Net {
    /// Three of them; `None` where that isn't possible, which is said, or where it must be possible a failure.
    pub(crate) fn new(test: &str) -> Option<Self> {
        let net = Self::make(test, &[CLI, NGX, TC1], missing())?;
        net.link((NGX, "bond0", "10.77.0.1/24"), (TC1, "eth0", "10.77.0.11/24"));
        Some(net)
    }

    /// With two servers; also `None` if `more` is missing.
    pub(crate) fn with_two_servers(test: &str, more: Option<String>) -> Option<Self> {
        let net = Self::make(test, &[CLI, NGX, SWITCH, TC1, TC2], missing().or(more))?;
        net.ip(SWITCH, &["link", "add", "switch", "type", "bridge"]);
        net.ip(SWITCH, &["link", "set", "switch", "up"]);
        let ends = [
            (NGX, "bond0", "10.77.0.1/24"),
            (TC1, "eth0", "10.77.0.11/24"),
            (TC2, "bond0", "10.77.0.12/24"),
        ];
        for end in ends {
            let port = format!("to-{}", end.0);
            net.link(end, (SWITCH, &port, ""));
            net.ip(SWITCH, &["link", "set", &port, "master", "switch"]);
        }
        Some(net)
    }

    fn make(test: &str, roles: &[&'static str], missing: Option<String>) -> Option<Self> {
        if let Some(missing) = missing {
            assert!(std::env::var_os(REQUIRED).is_none(), "{test}: {missing}");
            // Not by a macro: those are only shown of tests that fail.
            let _ = writeln!(std::io::stderr(), "\n*** {test}: SKIPPED, {missing}");
            return None;
        }
        let mine = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let net = Self {
            names: roles
                .iter()
                .map(|role| (*role, format!("flowcheck-{mine}-{role}")))
                .collect(),
        };
        for (_, name) in &net.names {
            run("ip", &["netns", "add", name]);
            run("ip", &["-n", name, "link", "set", "lo", "up"]);
        }
        if roles.contains(&NGX) {
            net.link((CLI, "eth0", "10.76.0.9/24"), (NGX, "eth0", "10.76.0.1/24"));
        }
        Some(net)
    }

    /// Hosts with these last numbers of their addresses, 10.77.0.0/24, on one switch; each has one interface, `bond0`. Also
    /// `None` if `more` is missing.
    pub(crate) fn of_hosts(test: &str, hosts: &[(&'static str, u8)], more: Option<String>) -> Option<Self> {
        let mut roles: Vec<&'static str> = hosts.iter().map(|(role, _)| *role).collect();
        roles.push(SWITCH);
        let net = Self::make(test, &roles, missing().or(more))?;
        net.ip(SWITCH, &["link", "add", "switch", "type", "bridge"]);
        net.ip(SWITCH, &["link", "set", "switch", "up"]);
        for (role, last) in hosts {
            let port = format!("to-{role}");
            net.link(
                (role, "bond0", &format!("10.77.0.{last}/24")),
                (SWITCH, &port, ""),
            );
            net.ip(SWITCH, &["link", "set", &port, "master", "switch"]);
        }
        Some(net)
    }

    pub(crate) fn link(&self, a: (&str, &str, &str), b: (&str, &str, &str)) {
        let (one, other) = (self.name(a.0), self.name(b.0));
        let peer = ["type", "veth", "peer", "name", b.1, "netns", other];
        run("ip", &[&["link", "add", a.1, "netns", one][..], &peer].concat());
        for (name, (_, interface, address)) in [(one, a), (other, b)] {
            if !address.is_empty() {
                run("ip", &["-n", name, "address", "add", address, "dev", interface]);
            }
            run("ip", &["-n", name, "link", "set", interface, "up"]);
        }
    }

    /// The namespace's name.
    pub(crate) fn name(&self, role: &str) -> &str {
        let known = self.names.iter().find(|(known, _)| *known == role);
        known.map(|(_, name)| name.as_str()).expect("one of the roles")
    }

    /// A command in a namespace.
    pub(crate) fn command(&self, role: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", self.name(role), program])
            .stdin(Stdio::null());
        command
    }

    /// `ip` about a namespace.
    pub(crate) fn ip(&self, role: &str, args: &[&str]) -> String {
        run("ip", &[&["-n", self.name(role)], args].concat())
    }

    /// Connections that the kernel of a namespace began.
    pub(crate) fn active_opens(&self, role: &str) -> u64 {
        let snmp = run("ip", &["netns", "exec", self.name(role), "cat", "/proc/net/snmp"]);
        let mut tcp = snmp.lines().filter_map(|line| line.strip_prefix("Tcp: "));
        let (names, values) = (tcp.next().unwrap_or_default(), tcp.next().unwrap_or_default());
        let mut both = names.split(' ').zip(values.split(' '));
        let value = both
            .find(|(name, _)| *name == "ActiveOpens")
            .map(|(_, value)| value);
        value.and_then(|value| value.parse().ok()).expect("a counter")
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for (_, name) in &self.names {
            output("ip", &["netns", "delete", name]);
        }
    }
}

/// What a live test lacks here.
fn missing() -> Option<String> {
    let root = fs::read_to_string("/proc/self/status")
        .unwrap_or_default()
        .lines()
        .any(|line| line.starts_with("Uid:\t0\t"));
    if !root {
        return Some("network namespaces need root".to_owned());
    }
    for (program, args) in [("ip", "-V"), ("nginx", "-v"), ("curl", "-V")] {
        let found = Command::new(program).arg(args).output();
        if found.is_err() {
            return Some(format!("{program} is not installed"));
        }
    }
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let probe = format!("flowcheck-{}-{number}-probe", std::process::id());
    let made = output("ip", &["netns", "add", &probe]);
    output("ip", &["netns", "delete", &probe]);
    (!made.status.success()).then(|| "network namespaces can't be made here".to_owned())
}
