//! What the kernel of the capturing host says, beside what the packets let expect.

use super::page::{Item, Page, Tone};
use super::units::{count, counted};
use crate::diagnose::{Host, OwnHost, Snapshot};
use crate::host::{Limits, State, States};
use crate::lang::tr;
use crate::report::{near, one_line};
use crate::tr;

/// Legs and limits shown at most.
const SHOWN: usize = 5;

pub(super) fn print(page: &mut Page, snapshot: &Snapshot) {
    let items = items(snapshot);
    if !items.is_empty() {
        page.heading(tr("THIS HOST (what its kernel says)"));
        page.items(&items);
    }
}

/// What is to be said; nothing without a view of the host.
pub(in crate::report) fn items(snapshot: &Snapshot) -> Vec<Item> {
    let Some(own) = &snapshot.own_host else {
        return Vec::new();
    };
    let near = own.near.iter().take(SHOWN);
    let mut items: Vec<Item> = near
        .map(|near| Item::new("near", Tone::Bad, near::words(near)))
        .collect();
    if let Some(more) = own.near.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let text = tr!(
            "and {limits}",
            limits = counted(more as u64, "more limit", "more limits")
        );
        items.push(Item::new("", Tone::Dim, text));
    }
    let hosts = snapshot.hosts.iter();
    items.extend(hosts.filter_map(compared).take(SHOWN));
    if let Some(states) = own.view.end.sockets {
        items.push(Item::new("sockets", Tone::Plain, states_in_words(&states)));
    }
    counters(&mut items, own);
    let limits = limits(&own.view.end.limits);
    if !limits.is_empty() {
        items.push(Item::new("limits", Tone::Plain, limits.join(tr(", "))));
    }
    for problem in &own.view.problems {
        items.push(Item::new("not read", Tone::Doubtful, one_line(problem)));
    }
    items
}

/// `10.77.0.1    TIME-WAIT 735 expected, 751 held; ...`
fn compared(host: &Host) -> Option<Item> {
    let actual = host.actual.as_ref()?;
    let pairs = [
        ("TIME-WAIT", host.time_wait, actual.time_wait),
        ("FIN-WAIT-2", host.fin_wait_2, actual.fin_wait_2),
        ("CLOSE-WAIT", host.close_wait, actual.close_wait),
    ];
    let told = pairs
        .iter()
        .filter(|(state, expected, held)| *state == "TIME-WAIT" || expected + held > 0);
    let before = match actual.time_wait_at_start {
        0 => String::new(),
        n => tr!(" ({n} when the capture began)", n = count(n)),
    };
    let told: Vec<String> = told
        .map(|(state, expected, held)| {
            let before = if *state == "TIME-WAIT" {
                before.as_str()
            } else {
                ""
            };
            tr!(
                "{state} {expected} expected, {held} held{before}",
                state,
                expected = count(*expected),
                held = count(*held),
                before
            )
        })
        .collect();
    let ports = actual.ports.iter().max_by_key(|ports| ports.in_use);
    let ports = ports.filter(|ports| ports.in_use > 0).map(|most| {
        let expected = host.ports.iter().find(|ports| ports.to == most.to);
        tr!(
            "; ports towards {server} {expected} expected, {used} in use",
            server = most.to,
            expected = count(expected.map_or(0, |ports| ports.in_use)),
            used = count(most.in_use)
        )
    });
    let words = told.join(tr("; ")) + &ports.unwrap_or_default();
    Some(Item::new(host.address.to_string(), Tone::Plain, words))
}

fn states_in_words(states: &States) -> String {
    let some = State::ALL.into_iter().filter(|state| states.of(*state) > 0);
    let words: Vec<String> = some
        .map(|state| format!("{} {}", state.as_str(), count(states.of(state))))
        .collect();
    if words.is_empty() {
        return tr("none with a connection").to_owned();
    }
    words.join(tr(", "))
}

/// Counters that are not 0, and connection tracking.
fn counters(items: &mut Vec<Item>, own: &OwnHost) {
    let counted = own.view.tally().counters;
    let named = [
        ("TcpActiveOpens", counted.active_opens),
        ("TcpPassiveOpens", counted.passive_opens),
        ("TcpAttemptFails", counted.attempt_fails),
        ("TCPTimeWaitOverflow", counted.time_wait_overflow),
        ("ListenOverflows", counted.listen_overflows),
        ("ListenDrops", counted.listen_drops),
        ("conntrack drops", counted.conntrack_drops),
    ];
    let some = named
        .iter()
        .filter_map(|(name, n)| Some((name, n.filter(|n| *n > 0)?)));
    let words: Vec<String> = some
        .map(|(name, n)| format!("{} {}", tr(name), count(n)))
        .collect();
    if !words.is_empty() {
        let text = tr!("{counters} during the capture", counters = words.join(tr(", ")));
        items.push(Item::new("counted", Tone::Plain, text));
    }
    if let Some(entries) = own.view.end.conntrack {
        let most = own.view.most_conntrack.unwrap_or(entries);
        let words = tr!(
            "{entries} entries, {most} at most",
            entries = count(entries),
            most = count(most)
        );
        items.push(Item::new("conntrack", Tone::Plain, words));
    }
}

fn limits(limits: &Limits) -> Vec<String> {
    let ports = limits.port_range.zip(limits.ports);
    let ports = ports
        .map(|((first, last), all)| tr!("ports {first} to {last} ({all})", first, last, all = count(all)));
    let reuse = limits.time_wait_reuse.map(|reuse| match reuse {
        0 => tr("tcp_tw_reuse 0 (never)").to_owned(),
        1 => tr("tcp_tw_reuse 1 (after a second)").to_owned(),
        2 => tr("tcp_tw_reuse 2 (on loopback only)").to_owned(),
        other => format!("tcp_tw_reuse {other}"),
    });
    let named = |name: &str, n: Option<u64>| n.map(|n| format!("{name} {}", count(n)));
    [
        ports,
        named("tcp_max_tw_buckets", limits.time_wait_buckets),
        reuse,
        named("somaxconn", limits.somaxconn),
        named("nf_conntrack_max", limits.conntrack),
    ]
    .into_iter()
    .flatten()
    .collect()
}
