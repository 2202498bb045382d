//! What kernels have to hold, where it is much.

use super::page::{Page, Tone};
use super::units::count;
use crate::diagnose::{LOCAL_PORTS, Snapshot};
use crate::lang::{of_them, tr};
use crate::tr;

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
    page.heading(tr("KERNEL (held when the capture ends)"));
    for host in hosts().take(SHOWN) {
        let entries = [
            (host.conntrack_entries, "conntrack entries"),
            (host.time_wait, "TIME-WAIT"),
            (host.fin_wait_2, "FIN-WAIT-2"),
            (host.close_wait, "CLOSE-WAIT"),
        ];
        let entries = entries.iter().filter(|(n, _)| *n > 0);
        let entries: Vec<String> = entries.map(|(n, what)| of_them(&count(*n), what)).collect();
        let ports = host.ports.iter().max_by_key(|ports| ports.in_use);
        let ports = ports.filter(|ports| ports.in_use >= WORTH_SAYING).map(|ports| {
            tr!(
                "; {used} of {all} local ports towards {server}",
                used = count(ports.in_use),
                all = count(LOCAL_PORTS),
                server = ports.to
            )
        });
        let peak = host.time_wait_peak.map_or(0, |peak| peak.sockets);
        let peak = if peak > host.time_wait {
            tr!("; at most {n} in TIME-WAIT at once", n = count(peak))
        } else {
            String::new()
        };
        let text = format!(
            "{}: {}{peak}{}",
            host.address,
            entries.join(tr(", ")),
            ports.unwrap_or_default()
        );
        page.put(Tone::Plain, "  ").wrapped(Tone::Plain, 4, &text);
    }
}
