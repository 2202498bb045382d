//! What makes two captures hard to hold against each other.

use super::figure::Figure;
use super::pairs::LegPair;
use super::row::Row;
use crate::diagnose::{Capture, Snapshot};
use crate::lang::tr;
use crate::time::{Nanos, SECOND};
use crate::tr;

/// A load that differs by more than this factor is named.
const LOADS: f64 = 2.0;
/// TIME-WAIT (60 s) and connection tracking (120 s) are complete in a capture this long.
const LONG: Nanos = 120 * SECOND;

pub(super) fn notes(before: &Snapshot, after: &Snapshot, legs: &[LegPair], totals: &[Row]) -> Vec<String> {
    let sides = [(tr("before"), before), (tr("after"), after)];
    let mut notes = Vec::new();
    notes.extend(load(totals));
    notes.extend(short(&sides));
    for (name, side) in &sides {
        notes.extend(unseen(name, &side.capture));
        if side.totals.counts.requests.estimated {
            notes.push(tr!("{name}: requests are estimated, not read", name));
        }
    }
    if before.capture.filter != after.capture.filter {
        let filter = |capture: &Capture| capture.filter.clone().unwrap_or_else(|| tr("none").to_owned());
        notes.push(tr!(
            "the filters differ: before {before}, after {after}",
            before = filter(&before.capture),
            after = filter(&after.capture)
        ));
    }
    if before.thresholds != after.thresholds {
        notes.push(tr("the verdicts were made with different thresholds").to_owned());
    }
    notes.extend(unmatched(legs));
    notes
}

/// A pool that is too small shows under load only.
fn load(totals: &[Row]) -> Option<String> {
    let rate = totals.iter().find(|row| row.figure == Figure::RequestRate)?;
    let (was, is) = (rate.before?, rate.after?);
    if was <= 0.0 || is <= 0.0 || (was / is).max(is / was) < LOADS {
        return None;
    }
    let lesson = if is < was {
        tr("; under a lighter load a pool that is too small may look right")
    } else {
        ""
    };
    Some(tr!(
        "the loads differ: {was} requests/s before, {is} after{lesson}",
        was = format!("{was:.1}"),
        is = format!("{is:.1}"),
        lesson
    ))
}

fn short(sides: &[(&str, &Snapshot)]) -> Option<String> {
    let lengths: Vec<String> = sides
        .iter()
        .filter_map(|(name, side)| {
            let length = side.capture.duration().filter(|length| *length < LONG)?;
            let length = format!("{:.1}", length as f64 / SECOND as f64);
            Some(tr!("{name} is {length} s long", name, length))
        })
        .collect();
    (!lengths.is_empty()).then(|| {
        tr!(
            "{lengths}: kernels go on gathering TIME-WAIT for 60 s, connection tracking for 120 s",
            lengths = lengths.join(tr(", "))
        )
    })
}

fn unseen(name: &str, capture: &Capture) -> Option<String> {
    let dropped = capture.kernel_dropped().unwrap_or(0) + capture.interface_dropped().unwrap_or(0);
    let unseen = dropped.saturating_add(capture.damaged_packets());
    (unseen > 0).then(|| {
        tr!(
            "{name}: {unseen} packets were dropped or damaged, its figures are bounds",
            name,
            unseen
        )
    })
}

fn unmatched(legs: &[LegPair]) -> Option<String> {
    let gone = legs.iter().filter(|pair| pair.after.is_none()).count();
    let fresh = legs.iter().filter(|pair| pair.before.is_none()).count();
    (gone + fresh > 0).then(|| tr!("legs on one side only: {gone} before, {fresh} after", gone, fresh))
}
