//! Why connections end, under each leg and each pool.

use std::collections::BTreeSet;

use super::page::{Page, Tone};
use super::units::{counted, percent};
use crate::diagnose::catalogue::CauseId;
use crate::diagnose::{Cause, Pool, Severity, Snapshot};
use crate::lang::tr;
use crate::report::explain::place;
use crate::tr;

/// Pools shown at most.
const SHOWN: usize = 10;

/// Causes at this indent: what, how much of it, what was seen, and what to change.
pub(super) fn print(page: &mut Page, causes: &[Cause], indent: usize, told: &mut BTreeSet<CauseId>) {
    for cause in causes {
        let Some(entry) = cause.id.entry() else { continue };
        let fault = cause.severity == Severity::Fault;
        let tone = if fault { Tone::Doubtful } else { Tone::Dim };
        let ids: Vec<&str> = [cause.id].iter().chain(&cause.or).map(|id| id.as_str()).collect();
        let share = cause
            .share
            .map_or(String::new(), |share| tr!(" ({share})", share = percent(share)));
        let head = tr!(
            "{ids}: {title}{share}",
            ids = ids.join(tr(" or ")),
            title = entry.title,
            share
        );
        page.left(Tone::Plain, "", indent)
            .wrapped(tone, indent + 2, &head);
        let mut line = |text: &str| {
            page.left(Tone::Plain, "", indent + 2)
                .wrapped(Tone::Dim, indent + 4, text);
        };
        cause.evidence.iter().for_each(|evidence| line(&evidence.text));
        if let Some(split) = &cause.split_by {
            line(&tr!("told apart by {split}", split));
        }
        // What to change is said once.
        if fault && told.insert(cause.id) {
            entry.fixes.iter().for_each(|fix| {
                line(&tr!(
                    "fix in {place}: {text}",
                    place = place(fix),
                    text = fix.text
                ));
            });
        }
    }
}

/// What shows only across the servers of a client.
pub(super) fn pools(page: &mut Page, snapshot: &Snapshot, told: &mut BTreeSet<CauseId>) {
    let pools: Vec<&Pool> = snapshot
        .pools
        .iter()
        .filter(|pool| !pool.causes.is_empty())
        .collect();
    for pool in pools.iter().take(SHOWN) {
        let servers = match pool.servers.as_slice() {
            [one] => one.to_string(),
            many => counted(many.len() as u64, "server", "servers"),
        };
        page.heading(&tr!("POOL {client} -> {servers}", client = pool.client, servers));
        print(page, &pool.causes, 2, told);
    }
    let more = pools.len().saturating_sub(SHOWN);
    if more > 0 {
        page.put(
            Tone::Dim,
            &tr!("  and {more} more pools (all of them: --json)", more),
        )
        .end();
    }
}
