//! Verdicts of legs and of the capture.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::bill::bill;
use super::causes::{self, Findings, PoolCauses};
use super::projection::{self, Host};
use super::snapshot::{CheckSeries, Leg, LegName, Pool, Status, Verdict};
use super::tiers::{self, Tier};
use super::verdict::{Case, Judgement};
use crate::aggregate::{Figures, LegSummary, PrefixRow, Summary, WindowFigures};
use crate::lang::tr;
use crate::thresholds::Thresholds;
use crate::time::Timestamp;
use crate::tr;

/// Everything that the figures say.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// The capture's verdict.
    pub verdict: Verdict,
    /// Legs with their verdicts, by requests descending.
    pub legs: Vec<Leg>,
    /// Clients and the servers they use.
    pub pools: Vec<Pool>,
    /// Proxies with legs on both sides.
    pub tiers: Vec<Tier>,
    /// What this capture cannot show, and what would.
    pub not_seen: Vec<String>,
    /// What each host's kernel has to hold.
    pub hosts: Vec<Host>,
    /// Why connections ended, for the list of connections.
    pub findings: Findings,
}

/// Judges every leg, and the capture by its legs. `unseen` packets were dropped by the kernel or
/// the interface, or are damaged in the file; `shown` names where the capture was taken.
#[must_use]
pub fn diagnose(summary: &Summary, unseen: u64, shown: &str, thresholds: &Thresholds) -> Diagnosis {
    let total = summary.totals.counts.requests.rated();
    let mut legs: Vec<Leg> = summary
        .legs
        .iter()
        .enumerate()
        .map(|(place, leg)| {
            let dropped = dropped_of(unseen, &leg.figures, total);
            judged_leg(leg, place, summary, dropped, thresholds)
        })
        .collect();
    let statuses: Vec<Status> = legs.iter().map(|leg| leg.verdict.status).collect();
    let mut findings = causes::find(summary, &statuses);
    for (leg, causes) in legs.iter_mut().zip(&mut findings.legs) {
        leg.causes = std::mem::take(causes);
    }
    let tiers = tiers::tiers(summary, &mut legs);
    legs.sort_by(|a, b| {
        let requests = |leg: &Leg| leg.figures.counts.requests.total;
        requests(b)
            .cmp(&requests(a))
            .then_with(|| b.verdict.status.cmp(&a.verdict.status))
            .then_with(|| a.name.cmp(&b.name))
    });
    let mut verdict = capture_verdict(&legs, total, thresholds);
    verdict.reasons.extend(tiers::not_judged(summary));
    let pools = pools(&legs, &mut findings);
    let mut not_seen = not_seen(summary);
    not_seen.extend(tiers::not_seen(summary, shown));
    Diagnosis {
        verdict,
        legs,
        pools,
        tiers,
        not_seen,
        hosts: projection::hosts(summary),
        findings,
    }
}

fn judged_leg(leg: &LegSummary, place: usize, summary: &Summary, dropped: u64, t: &Thresholds) -> Leg {
    let whole = Case {
        figures: &leg.figures,
        prefixes: &leg.prefixes,
        dropped,
    }
    .judge(t);
    let judgement = match latest_window(leg, dropped, t) {
        Some(latest) if leg.windows.len() > 1 => {
            let text = tr!("in the latest window: {reason}", reason = latest.reason);
            whole.worse(Judgement::new(latest.status, text))
        }
        _ => whole,
    };
    let since = since(&leg.windows, judgement.status, t);
    let checks = summary.checks.iter().filter(|row| row.leg == place);
    Leg {
        name: LegName {
            client: leg.client,
            server: leg.server,
        },
        figures: leg.figures.clone(),
        recent: Some(leg.recent.clone()),
        lately: leg.lately,
        verdict: Verdict {
            status: judgement.status,
            since,
            reasons: vec![judgement.reason],
        },
        by_prefix: leg.prefixes.clone(),
        checks: checks
            .filter_map(|row| {
                let source = leg.client?;
                Some(CheckSeries {
                    source,
                    period: row.period,
                    count: row.count,
                    target: row.target.clone(),
                })
            })
            .collect(),
        paired_with: None,
        openings: leg.openings.clone(),
        bill: bill(leg, summary),
        causes: Vec::new(),
    }
}

/// The latest window's answer, if it has enough requests of its own, or nothing but failing connects.
fn latest_window(leg: &LegSummary, dropped: u64, t: &Thresholds) -> Option<Judgement> {
    let present = leg.windows.last()?;
    let failing = Case {
        figures: &present.figures,
        prefixes: &[],
        dropped: 0,
    }
    .failing(t);
    let case = Case {
        figures: &leg.recent,
        prefixes: &[],
        // When they were dropped is not known.
        dropped,
    };
    let enough = leg.recent.counts.requests.rated() >= t.min_part_requests;
    failing.or_else(|| enough.then(|| case.judge(t)))
}

/// The start of the latest unbroken run of windows with this answer; windows without an answer do not break it.
fn since(windows: &[WindowFigures], status: Status, t: &Thresholds) -> Option<Timestamp> {
    if status == Status::Inconclusive {
        return None;
    }
    let answers = windows.iter().rev().map(|window| {
        let case = Case {
            figures: &window.figures,
            prefixes: &[],
            dropped: 0,
        };
        (window.start, case.judge(t).status)
    });
    answers
        .filter(|(_, answer)| *answer != Status::Inconclusive)
        .skip_while(|(_, answer)| *answer != status)
        .take_while(|(_, answer)| *answer == status)
        .last()
        .map(|(start, _)| start)
}

/// The capture's verdict by those of its legs; `total` are the requests that are rated.
#[must_use]
pub fn verdict_of_legs(legs: &[Leg], total: u64, thresholds: &Thresholds) -> Verdict {
    capture_verdict(legs, total, thresholds)
}

/// The verdict of figures, and why; `dropped` packets that may have been theirs were not captured.
#[must_use]
pub fn judge_figures(
    figures: &Figures,
    prefixes: &[PrefixRow],
    dropped: u64,
    thresholds: &Thresholds,
) -> (Status, String) {
    let case = Case {
        figures,
        prefixes,
        dropped,
    };
    let judgement = case.judge(thresholds);
    (judgement.status, judgement.reason)
}

/// Of the packets that a capture lacks those that may be a leg's, by its share of the requests that are rated.
#[must_use]
pub fn dropped_of(unseen: u64, leg: &Figures, total: u64) -> u64 {
    let share = leg.counts.requests.rated() as f64 / total.max(1) as f64;
    #[expect(clippy::cast_sign_loss, reason = "a share of a count")]
    let dropped = (unseen as f64 * share).ceil() as u64;
    dropped
}

fn capture_verdict(legs: &[Leg], total: u64, t: &Thresholds) -> Verdict {
    let mut verdict = Verdict::default();
    let mut left_out = Vec::new();
    for leg in legs {
        let requests = leg.figures.counts.requests.rated();
        let minor = total > 0 && (requests as f64) < t.minor_leg * total as f64;
        let status = if minor {
            leg.verdict.status.min(Status::Warn)
        } else {
            leg.verdict.status
        };
        let reason = leg.verdict.reasons.first().map_or("", String::as_str);
        if status == Status::Inconclusive {
            left_out.push(format!("{}: {reason}", leg.name));
            continue;
        }
        let note = if minor && leg.verdict.status > status {
            tr(" (under 1 % of the requests)")
        } else {
            ""
        };
        raise(
            &mut verdict,
            status,
            leg.verdict.since,
            format!("{}: {reason}{note}", leg.name),
        );
    }
    for (client, together) in small_legs(legs, t) {
        let judgement = Case {
            figures: &together.figures,
            prefixes: &[],
            dropped: 0,
        }
        .judge(t);
        if judgement.status != Status::Inconclusive {
            let text = tr!(
                "{n} small legs of {client} together: {reason}",
                n = together.legs,
                client,
                reason = judgement.reason
            );
            raise(&mut verdict, judgement.status, None, text);
        }
    }
    if legs.is_empty() {
        let text = "no connection between a client and a server was seen: an empty wire proves nothing";
        verdict.reasons.push(tr(text).to_owned());
    } else if !left_out.is_empty() {
        let more = left_out.len();
        let shown = if verdict.status == Status::Inconclusive {
            5
        } else {
            1
        };
        let names: Vec<_> = left_out.into_iter().take(shown).collect();
        let rest = more - names.len();
        let more = if rest > 0 {
            tr!(", and {rest} more", rest)
        } else {
            String::new()
        };
        verdict.reasons.push(tr!(
            "not judged: {names}{more}",
            names = names.join(tr("; ")),
            more
        ));
    }
    verdict
}

/// Keeps the worst status, its earliest `since`, and the reasons of the legs that have it.
fn raise(verdict: &mut Verdict, status: Status, since: Option<Timestamp>, reason: String) {
    const MOST_REASONS: usize = 5;
    if status > verdict.status {
        *verdict = Verdict {
            status,
            since,
            reasons: vec![reason],
        };
    } else if status == verdict.status {
        verdict.since = match (verdict.since, since) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if verdict.reasons.len() < MOST_REASONS {
            verdict.reasons.push(reason);
        }
    }
}

struct Together {
    legs: usize,
    figures: Figures,
}

/// Legs of one client that are each too small to be judged, added up.
fn small_legs(legs: &[Leg], t: &Thresholds) -> BTreeMap<IpAddr, Together> {
    let mut groups: BTreeMap<IpAddr, Together> = BTreeMap::new();
    for leg in legs {
        let small = leg.figures.counts.requests.rated() < t.min_requests;
        let Some(client) = leg
            .name
            .client
            .filter(|_| small && leg.verdict.status == Status::Inconclusive)
        else {
            continue;
        };
        let empty = || Together {
            legs: 0,
            figures: Figures::of_no_leg(),
        };
        let group = groups.entry(client).or_insert_with(empty);
        group.legs += 1;
        group.figures.add(&leg.figures);
        let (sum, part) = (&mut group.figures.concurrency, &leg.figures.concurrency);
        sum.peak_busy += part.peak_busy;
        let closed = sum.closed_before_last_first.unwrap_or(0) + part.closed_before_last_first.unwrap_or(0);
        sum.closed_before_last_first = Some(closed);
    }
    groups.retain(|_, group| group.legs > 1);
    groups
}

fn pools(legs: &[Leg], findings: &mut Findings) -> Vec<Pool> {
    let mut found: BTreeMap<IpAddr, PoolCauses> = std::mem::take(&mut findings.pools)
        .into_iter()
        .filter_map(|pool| Some((pool.client?, pool)))
        .collect();
    let mut pools: BTreeMap<IpAddr, Vec<_>> = BTreeMap::new();
    for leg in legs {
        if let (Some(client), Some(server)) = (leg.name.client, leg.name.server) {
            pools.entry(client).or_default().push(server);
        }
    }
    pools
        .into_iter()
        .map(|(client, mut servers)| {
            servers.sort_unstable();
            let found = found.remove(&client).unwrap_or_default();
            Pool {
                client,
                servers,
                idle_pool_size: found.size.map(u64::from),
                causes: found.causes,
            }
        })
        .collect()
}

fn not_seen(summary: &Summary) -> Vec<String> {
    let mut lines = Vec::new();
    let totals = &summary.totals.counts;
    if totals.connections.total == 0 {
        let text = "no TCP connection was captured: check the interface (a proxy reaches local servers over lo) and the filter";
        lines.push(tr(text).to_owned());
    }
    if totals.connections.one_way > 0 {
        let text = tr!(
            "{n} connections show one direction only: one slave of a bond, or an asymmetric mirror; capture where both pass",
            n = totals.connections.one_way
        );
        lines.push(text);
    }
    if totals.connections.heads_cut > 0 {
        let text = tr!(
            "heads are cut by the snapshot length, or refer to HTTP/2 fields that the capture lacks, on {n} connections: \
             announced closes, Host and Content-Length are not known; capture with a snapshot length of 256 or more \
             (tcpdump -s 256), and HTTP/2 from its beginning",
            n = totals.connections.heads_cut
        );
        lines.push(text);
    }
    if totals.gap_bytes > 0 {
        let text = tr!(
            "{n} bytes that the receivers got are not in the capture: a larger buffer (tcpdump -B) or snaplen shows them",
            n = totals.gap_bytes
        );
        lines.push(text);
    }
    lines
}
