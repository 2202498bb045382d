//! Counters and limits from `/proc/net` and `/proc/sys/net`, as text the kernel prints.

use std::fs;
use std::io::ErrorKind;
use std::str::FromStr;

use super::view::{Counters, Limits};

/// Reads what it is asked for, and keeps what could not be read.
#[derive(Default)]
pub(super) struct Kernel {
    pub(super) problems: Vec<String>,
}

/// Why connection tracking has no files.
const NO_CONNTRACK: &str = "connection tracking: this kernel has none loaded";

impl Kernel {
    pub(super) fn counters(&mut self) -> Counters {
        let snmp = self.text("/proc/net/snmp");
        let netstat = self.text("/proc/net/netstat");
        let tcp = |name| column(&snmp, "Tcp:", name);
        let more = |name| column(&netstat, "TcpExt:", name);
        Counters {
            active_opens: tcp("ActiveOpens"),
            passive_opens: tcp("PassiveOpens"),
            attempt_fails: tcp("AttemptFails"),
            time_wait_overflow: more("TCPTimeWaitOverflow"),
            listen_overflows: more("ListenOverflows"),
            listen_drops: more("ListenDrops"),
            conntrack_drops: self
                .conntrack("/proc/net/stat/nf_conntrack")
                .map(|text| dropped(&text)),
        }
    }

    pub(super) fn limits(&mut self) -> Limits {
        let range = self.text("/proc/sys/net/ipv4/ip_local_port_range");
        let range = port_range(&range);
        let reserved = self.text("/proc/sys/net/ipv4/ip_local_reserved_ports");
        Limits {
            port_range: range,
            ports: range.map(|range| given_out(range, &reserved)),
            time_wait_buckets: self.number("/proc/sys/net/ipv4/tcp_max_tw_buckets"),
            somaxconn: self.number("/proc/sys/net/core/somaxconn"),
            time_wait_reuse: self.number("/proc/sys/net/ipv4/tcp_tw_reuse"),
            conntrack: self
                .conntrack("/proc/sys/net/netfilter/nf_conntrack_max")
                .and_then(|text| text.trim().parse().ok()),
        }
    }

    /// Entries of connection tracking.
    pub(super) fn conntrack_count(&mut self) -> Option<u64> {
        let text = self.conntrack("/proc/sys/net/netfilter/nf_conntrack_count")?;
        text.trim().parse().ok()
    }

    fn number(&mut self, path: &str) -> Option<u64> {
        self.text(path).trim().parse().ok()
    }

    fn text(&mut self, path: &str) -> String {
        fs::read_to_string(path).unwrap_or_else(|error| {
            self.problem(format!("{path}: {error}"));
            String::new()
        })
    }

    /// A file that is there only with connection tracking.
    fn conntrack(&mut self, path: &str) -> Option<String> {
        match fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.problem(NO_CONNTRACK.to_owned());
                None
            }
            Err(error) => {
                self.problem(format!("{path}: {error}"));
                None
            }
        }
    }

    /// Each is told once.
    pub(super) fn problem(&mut self, problem: String) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// A counter of `/proc/net/snmp` and `netstat`: a line of names and a line of numbers, both begun by `prefix`.
fn column(text: &str, prefix: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(prefix));
    let (names, values) = (lines.next()?, lines.next()?);
    let mut both = names.split_whitespace().zip(values.split_whitespace());
    both.find(|(known, _)| *known == name)?.1.parse().ok()
}

/// The columns `drop` and `early_drop` of `/proc/net/stat/nf_conntrack`: names, then a line of hexadecimal numbers for
/// each processor.
fn dropped(text: &str) -> u64 {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
    let wanted = |(name, value): (&&str, &str)| {
        let value = matches!(*name, "drop" | "early_drop").then_some(value)?;
        u64::from_str_radix(value, 16).ok()
    };
    lines
        .flat_map(|line| names.iter().zip(line.split_whitespace()).filter_map(wanted))
        .sum()
}

fn port_range(text: &str) -> Option<(u16, u16)> {
    let mut ends = text.split_whitespace().map(u16::from_str);
    Some((ends.next()?.ok()?, ends.next()?.ok()?))
}

/// Ports of `range` without the reserved ones, which are a list such as `8080,9000-9010`.
fn given_out((first, last): (u16, u16), reserved: &str) -> u64 {
    let all = u64::from(last.saturating_sub(first)) + 1;
    let taken = reserved.trim().split(',').filter_map(|part| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let from = from.parse::<u16>().ok()?.max(first);
        let to = to.parse::<u16>().ok()?.min(last);
        Some(u64::from(to.checked_sub(from)?) + 1)
    });
    all.saturating_sub(taken.sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_stands_below_its_name() {
        let text = "Ip: Forwarding\nIp: 1\nTcp: RtoMin ActiveOpens\nTcp: 200 4711\n";
        assert_eq!(column(text, "Tcp:", "ActiveOpens"), Some(4711));
        assert_eq!(column(text, "Tcp:", "PassiveOpens"), None);
        assert_eq!(column("", "Tcp:", "ActiveOpens"), None);
    }

    #[test]
    fn processors_are_added_up() {
        let text = "entries  drop early_drop\n00000005  00000010 00000001\n00000005  00000002 00000000\n";
        assert_eq!(dropped(text), 0x13);
        assert_eq!(dropped(""), 0);
    }

    #[test]
    fn reserved_ports_are_not_given_out() {
        assert_eq!(port_range("32768\t60999\n"), Some((32_768, 60_999)));
        assert_eq!(given_out((32_768, 60_999), "\n"), 28_232);
        assert_eq!(given_out((32_768, 60_999), "8080,40000,60990-61010\n"), 28_221);
        assert_eq!(given_out((10, 12), "1-65535"), 0);
    }

    #[test]
    fn what_is_missing_is_told_once() {
        let mut kernel = Kernel::default();
        assert_eq!(kernel.number("/proc/no/such"), None);
        assert_eq!(kernel.number("/proc/no/such"), None);
        assert_eq!(kernel.problems.len(), 1);
        assert!(kernel.conntrack("/proc/no/such").is_none());
        assert_eq!(kernel.problems[1], NO_CONNTRACK);
    }

    #[test]
    fn this_kernel_has_its_counters() {
        let mut kernel = Kernel::default();
        let (counters, limits) = (kernel.counters(), kernel.limits());
        assert!(
            counters.active_opens.is_some() && counters.listen_drops.is_some(),
            "{counters:?}"
        );
        assert!(limits.ports > Some(0) && limits.somaxconn > Some(0), "{limits:?}");
    }
}
