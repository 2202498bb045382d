//! What kernels have to hold, where it is much.

use super::page::{Page, Tone};
use super::units::count;
use crate::diagnose::{LOCAL_PORTS, Snapshot};

/// Fewer entries than this are no news.
const WORTH_SAYING: u64 = 1_000;
/// Hosts shown at most.
const SHOWN: usize = 5;

pub(super) fn print(page: &mut Page, snapshot: &Snapshot) {
    let hosts = || {
        snapshot
            .hosts
            .iter()
            .filter(|host| host.time_wait.max(host.conntrack_entries) >= WORTH_SAYING)
    };
    if hosts().next().is_none() {
        return;
    }
    page.heading("KERNEL (held when the capture ends)");
    for host in hosts().take(SHOWN) {
        let entries = [
            (host.conntrack_entries, "conntrack entries"),
            (host.time_wait, "TIME-WAIT"),
            (host.fin_wait_2, "FIN-WAIT-2"),
            (host.close_wait, "CLOSE-WAIT"),
        ];
        let entries = entries.iter().filter(|(n, _)| *n > 0);
        let entries: Vec<String> = entries.map(|(n, what)| format!("{} {what}", count(*n))).collect();
        let ports = host.ports.iter().max_by_key(|ports| ports.in_use);
        let ports = ports.filter(|ports| ports.in_use >= WORTH_SAYING).map(|ports| {
            format!(
                "; {} of {} local ports towards {}",
                count(ports.in_use),
                count(LOCAL_PORTS),
                ports.to
            )
        });
        let peak = host.time_wait_peak.map_or(0, |peak| peak.sockets);
        let peak = if peak > host.time_wait {
            format!("; at most {} in TIME-WAIT at once", count(peak))
        } else {
            String::new()
        };
        let text = format!(
            "{}: {}{peak}{}",
            host.address,
            entries.join(", "),
            ports.unwrap_or_default()
        );
        page.put(Tone::Plain, "  ").wrapped(Tone::Plain, 4, &text);
    }
}
