//! Why connections end, under each leg and each pool.

use std::collections::BTreeSet;

use super::page::{Page, Tone};
use super::units::percent;
use crate::diagnose::catalogue::CauseId;
use crate::diagnose::{Cause, Pool, Severity, Snapshot};
use crate::report::explain::place;

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
            .map_or(String::new(), |share| format!(" ({})", percent(share)));
        let head = format!("{}: {}{share}", ids.join(" or "), entry.title);
        page.left(Tone::Plain, "", indent)
            .wrapped(tone, indent + 2, &head);
        let mut line = |text: &str| {
            page.left(Tone::Plain, "", indent + 2)
                .wrapped(Tone::Dim, indent + 4, text);
        };
        cause.evidence.iter().for_each(|evidence| line(&evidence.text));
        if let Some(split) = &cause.split_by {
            line(&format!("told apart by {split}"));
        }
        // What to change is said once.
        if fault && told.insert(cause.id) {
            entry
                .fixes
                .iter()
                .for_each(|fix| line(&format!("fix in {}: {}", place(fix), fix.text)));
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
            many => format!("{} servers", many.len()),
        };
        page.heading(&format!("POOL {} -> {servers}", pool.client));
        print(page, &pool.causes, 2, told);
    }
    let more = pools.len().saturating_sub(SHOWN);
    if more > 0 {
        page.put(
            Tone::Dim,
            &format!("  and {more} more pools (all of them: --json)"),
        )
        .end();
    }
}
