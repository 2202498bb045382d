//! Connects that failed or took long, and probes.

use super::cause::{Cause, Confidence, Evidence, Scope, Severity};
use super::schedule;
use super::view::LegView;
use crate::aggregate::CloseSample;
use crate::classify::{Class, Ending, Signs};
use crate::diagnose::catalogue::CauseId;
use crate::lang::tr;
use crate::time::{SECOND, Timestamp};
use crate::tr;

/// Local ports that Linux gives out by default (32768 to 60999), and how long TIME-WAIT holds one.
const PORTS: f64 = 28_232.0;
const TIME_WAIT: i64 = 60 * SECOND;

/// Causes of what happened before the first request.
pub(super) fn causes(leg: &LegView<'_>) -> Vec<Cause> {
    let counts = &leg.figures.counts;
    let opened = counts.connections.opened;
    let mut found = Vec::new();
    let refused = leg.closes.count(Ending::Refused);
    found.push(cause(
        CauseId::X1,
        refused,
        opened,
        leg.samples(&[Ending::Refused]),
        || tr!("{refused} of {opened} SYNs were answered by RST", refused, opened),
    ));
    found.push(unanswered(leg, opened));
    let late = leg.closes.count(Ending::GaveUpConnecting);
    found.push(cause(
        CauseId::X8,
        late,
        opened,
        leg.samples(&[Ending::GaveUpConnecting]),
        || tr!("{late} late SYN-ACKs were answered by RST", late),
    ));
    let challenged = marked(leg, |close| close.signs.has(Signs::CHALLENGED));
    let samples = || {
        leg.samples(&Ending::ALL)
            .filter(|close| close.signs.has(Signs::CHALLENGED))
    };
    found.push(cause(CauseId::X6, challenged, opened, samples(), || {
        tr!(
            "{challenged} SYNs were answered by an acknowledgment of something else, and reset",
            challenged
        )
    }));
    let held = ports_held(leg);
    found.push(cause(CauseId::X7, if held >= 0.95 * PORTS { held as u64 } else { 0 }, opened, std::iter::empty(), || {
        tr!(
            "{held} connections closed first by the client within 60 s hold nearly all of {ports} local ports",
            held = format!("{held:.0}"),
            ports = PORTS
        )
    }));
    let checks = counts.requests.checks
        + counts
            .classes
            .get(Class::Check)
            .saturating_sub(counts.requests.checks);
    found.push(cause(
        CauseId::X10,
        checks,
        opened,
        leg.samples(&[Ending::NoRequest]),
        || tr!("{checks} connections were health checks", checks),
    ));
    let bare = marked(leg, |close| close.signs.has(Signs::BARE_UPGRADE));
    let samples = || {
        leg.samples(&Ending::ALL)
            .filter(|close| close.signs.has(Signs::BARE_UPGRADE))
    };
    found.push(cause(CauseId::N7, bare, opened, samples(), || {
        tr!(
            "{bare} connections carried Connection: upgrade without an Upgrade field",
            bare
        )
    }));
    found.into_iter().flatten().collect()
}

/// SYNs that were sent again or given up, and the requests that met a full queue.
fn unanswered(leg: &LegView<'_>, opened: u64) -> Option<Cause> {
    let failed = leg.closes.count(Ending::Unanswered);
    let given_up = marked_of(leg, &[Ending::Unanswered], |close| close.syn_repeated);
    let again = marked(leg, |close| close.syn_repeated).saturating_sub(given_up);
    let unheard = marked(leg, |close| close.signs.has(Signs::FIRST_REPEATED));
    // On a lossy way the server has to send again, too.
    let lossy = 2 * marked(leg, |close| close.signs.has(Signs::SERVER_REPEATED)) > unheard;
    if unheard >= 2 && again >= 1 && !lossy {
        let samples = leg
            .samples(&Ending::ALL)
            .filter(|close| close.signs.has(Signs::FIRST_REPEATED));
        return cause(CauseId::X2, unheard + again + failed, opened, samples, || {
            tr!(
                "{syns} SYNs were sent again, and {unheard} requests on complete handshakes were not acknowledged and sent again",
                syns = again + failed,
                unheard
            )
        });
    }
    let samples = leg
        .samples(&Ending::ALL)
        .filter(|close| close.syn_repeated || close.requests == 0 && close.idle.is_none());
    let mut found = cause(CauseId::X3, failed + again, opened, samples, || {
        tr!(
            "{failed} SYNs were never answered, {again} only when sent again",
            failed,
            again
        )
    })?;
    let closes = || leg.samples(&Ending::ALL).filter(|close| close.syn_repeated);
    if let Some(text) = schedule::told(closes()) {
        let frames = closes().take(3).map(|close| close.frame).collect();
        found.evidence.push(Evidence { text, frames });
    }
    Some(found)
}

fn marked(leg: &LegView<'_>, is: impl Fn(&CloseSample) -> bool) -> u64 {
    marked_of(leg, &Ending::ALL, is)
}

fn marked_of(leg: &LegView<'_>, kinds: &[Ending], is: impl Fn(&CloseSample) -> bool) -> u64 {
    let samples = leg.closes.samples();
    let found = samples.filter(|(ending, sample, _)| kinds.contains(ending) && is(sample));
    found.map(|(_, _, weight)| weight).sum::<f64>().round() as u64
}

/// The most closes by the client within the time that TIME-WAIT holds a port.
fn ports_held(leg: &LegView<'_>) -> f64 {
    let closes = leg.closes.samples();
    let mut closes: Vec<(Timestamp, f64)> = closes
        .filter(|(ending, close, _)| ending.is_close() && close.by_client && !close.by_reset)
        .map(|(_, close, weight)| (close.end, weight))
        .collect();
    closes.sort_unstable_by_key(|(end, _)| *end);
    let (mut first, mut sum, mut most) = (0, 0.0, 0.0_f64);
    for (end, weight) in &closes {
        sum += weight;
        while closes[first].0.plus(TIME_WAIT) < *end {
            sum -= closes[first].1;
            first += 1;
        }
        most = most.max(sum);
    }
    most
}

fn cause<'a>(
    id: CauseId,
    connections: u64,
    opened: u64,
    samples: impl Iterator<Item = &'a CloseSample>,
    text: impl FnOnce() -> String,
) -> Option<Cause> {
    let share = connections as f64 / opened.max(1) as f64;
    let normal = matches!(id, CauseId::X10 | CauseId::N7);
    (connections >= 2 && (share >= 0.01 || normal)).then(|| Cause {
        id,
        or: if id == CauseId::X3 {
            vec![CauseId::X4, CauseId::X5]
        } else {
            Vec::new()
        },
        split_by: (id == CauseId::X3).then(|| tr("nstat, dmesg and conntrack -S on the server").to_owned()),
        scope: Scope::Leg,
        severity: if normal { Severity::Normal } else { Severity::Fault },
        confidence: if id == CauseId::X3 {
            Confidence::Possible
        } else {
            Confidence::Likely
        },
        connections,
        requests: 0,
        share: (opened > 0).then_some(share.min(1.0)),
        limit: None,
        evidence: vec![Evidence {
            text: text(),
            frames: samples.take(3).map(|close| close.frame).collect(),
        }],
        cannot_tell: id.entry().and_then(|entry| entry.limits.clone()),
    })
}
