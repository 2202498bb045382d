//! The same requests before and behind a proxy.

use super::page::{Page, Tone};
use super::units::{count, counted, percent};
use super::verdict::word;
use crate::diagnose::{PairedBy, Snapshot, Tier, TierSide};
use crate::lang::tr;
use crate::tr;

/// Proxies shown at most.
const SHOWN: usize = 10;
/// Columns of a verdict and what is said under it; `INCONCLUSIVE` takes more.
const INDENT: usize = 6;

pub(super) fn print(page: &mut Page, snapshot: &Snapshot) {
    if snapshot.tiers.is_empty() {
        return;
    }
    page.heading(tr("TIERS (the same requests before and behind a proxy)"));
    for tier in snapshot.tiers.iter().take(SHOWN) {
        one(page, tier);
    }
    let more = snapshot.tiers.len().saturating_sub(SHOWN);
    if more > 0 {
        let text = tr!("  and {n} more (all of them: --json)", n = count(more as u64));
        page.put(Tone::Dim, &text).end();
    }
}

/// `CLIENTS -> PROXY` in front of it, `PROXY -> SERVERS` behind it.
pub(in crate::report) fn names(tier: &Tier) -> (String, String) {
    let clients = match tier.before.legs.as_slice() {
        [one] => one
            .client
            .map_or_else(|| "*".to_owned(), |client| client.to_string()),
        many => counted(many.len() as u64, "client", "clients"),
    };
    let servers = match tier.behind.legs.as_slice() {
        [one] => one
            .server
            .map_or_else(|| "*".to_owned(), |server| server.to_string()),
        many => counted(many.len() as u64, "server", "servers"),
    };
    (
        format!("{clients} -> {}", tier.front),
        format!("{} -> {servers}", tier.back),
    )
}

/// What says that they belong together.
pub(in crate::report) fn evidence(tier: &Tier) -> String {
    let by = match tier.by {
        PairedBy::RequestId => "both carry the same X-Request-ID",
        PairedBy::ForwardedFor => "X-Forwarded-For names the client in front",
        PairedBy::Address => "the proxy has one address on both sides",
        PairedBy::Times => "shifted in time they would not",
    };
    tr!(
        "{n} of {exchanges} sampled behind lie within one in front that asks for the same; {by}",
        n = count(tier.matched),
        exchanges = counted(tier.sampled, "exchange", "exchanges"),
        by = tr(by)
    )
}

fn one(page: &mut Page, tier: &Tier) {
    let (front, back) = names(tier);
    side(page, &front, &tier.before);
    side(page, &back, &tier.behind);
    page.left(Tone::Plain, "", INDENT)
        .wrapped(Tone::Dim, INDENT, &evidence(tier));
}

fn side(page: &mut Page, name: &str, side: &TierSide) {
    let status = format!("{} ", word(side.status));
    page.left(Tone::of(side.status), &status, INDENT)
        .put(Tone::Strong, name)
        .end();
    let reused = side.reuse.map_or_else(String::new, |reuse| {
        tr!(", {share} reused", share = percent(reuse))
    });
    let text = tr!(
        "{requests} on {connections}{reused}",
        requests = counted(side.requests, "request", "requests"),
        connections = counted(side.connections, "connection", "connections"),
        reused
    );
    page.left(Tone::Plain, "", INDENT)
        .wrapped(Tone::Plain, INDENT, &text);
}
