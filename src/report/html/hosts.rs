//! What the kernels of both ends hold, and what the capturing host's says.

use maud::html;

use super::document::Section;
use super::table::{Cell, Column, facts, table};
use crate::diagnose::{LOCAL_PORTS, Snapshot};
use crate::report::text::{self, count};
use crate::tr;

/// Hosts shown at most, those that hold most.
const SHOWN: usize = 200;

const COLUMNS: [Column; 7] = [
    Column {
        name: "host",
        about: "address",
        number: false,
    },
    Column {
        name: "TIME-WAIT",
        about: "sockets when the capture ends, projected",
        number: true,
    },
    Column {
        name: "at most",
        about: "the most in TIME-WAIT at once",
        number: true,
    },
    Column {
        name: "FIN-WAIT-2",
        about: "waiting for the peer's FIN",
        number: true,
    },
    Column {
        name: "CLOSE-WAIT",
        about: "not closed by the application after the peer's FIN",
        number: true,
    },
    Column {
        name: "conntrack",
        about: "entries of connection tracking",
        number: true,
    },
    Column {
        name: "local ports to one server",
        about: "most in use towards one server",
        number: true,
    },
];

/// What each host has to hold.
pub(super) fn section(snapshot: &Snapshot) -> Option<Section> {
    if snapshot.hosts.is_empty() {
        return None;
    }
    let rows = snapshot.hosts.iter().take(SHOWN).map(|host| {
        let ports = host.ports.iter().max_by_key(|ports| ports.in_use);
        vec![
            Cell::words(host.address.to_string()),
            Cell::count(host.time_wait),
            host.time_wait_peak
                .map_or_else(Cell::unknown, |peak| Cell::count(peak.sockets)),
            Cell::count(host.fin_wait_2),
            Cell::count(host.close_wait),
            Cell::count(host.conntrack_entries),
            ports.map_or_else(Cell::unknown, |ports| Cell::count(ports.in_use)),
        ]
    });
    let left_out = snapshot.hosts.len().saturating_sub(SHOWN) as u64;
    let body = html! {
        p.dim {
            (tr!(
                "Projected from the packets for when the capture ends, by what Linux does unless told otherwise: a socket stays in \
                 TIME-WAIT for 60 s, a host has {ports} local ports towards each server.",
                ports = count(LOCAL_PORTS)
            ))
        }
        (table("hosts", &COLUMNS, rows.collect()))
        @if left_out > 0 { p.dim { (tr!("and {n} more hosts (all of them: --json)", n = count(left_out))) } }
    };
    Some(Section::new("kernel", "What kernels hold", body))
}

/// What the capturing host's kernel says.
pub(super) fn own(snapshot: &Snapshot) -> Option<Section> {
    let items = text::own_host_items(snapshot);
    if items.is_empty() {
        return None;
    }
    let rows = items.into_iter().map(|item| {
        let words = html! { span class=[item.is_doubtful().then_some("doubt")] { (item.text) } };
        (item.label, words)
    });
    Some(Section::new("host", "What this host's kernel says", facts(rows)))
}
