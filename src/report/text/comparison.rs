//! Two captures side by side, for people: the answer, figures, causes, kernels, legs, and what to mind.

use std::io::{self, Write};

use super::page::{Page, Tone, columns};
use super::units::{count, percent, rounded, span, three_digits};
use super::{MAX_WIDTH, Options, PLAIN_WIDTH, verdict};
use crate::compare::{
    CauseChange, Change, Comparison, Fate, HostPair, LegPair, Outcome, Projected, Row, Side, Unit,
};
use crate::diagnose::Status;
use crate::diagnose::expect;
use crate::lang::tr;
use crate::report::explain::place;
use crate::report::one_line;
use crate::time::SECOND;
use crate::tr;

/// Columns of a figure's title, and of each side.
const TITLE: usize = 34;
const VALUE: usize = 14;
/// Legs and hosts shown at most.
const SHOWN: usize = 10;
/// Hosts that hold fewer entries are no news.
const WORTH_SAYING: u64 = 100;

/// Writes the comparison; expectations were judged on the capture after the change.
///
/// # Errors
/// What `out` could not take.
pub fn write(
    out: &mut dyn Write,
    comparison: &Comparison,
    outcomes: &[expect::Outcome],
    options: &Options,
) -> io::Result<()> {
    let mut page = Page::new(options.width.clamp(PLAIN_WIDTH, MAX_WIDTH), options.color);
    answer(&mut page, comparison);
    verdict::print_expectations(&mut page, outcomes);
    page.heading(tr("FIGURES"));
    page.left(Tone::Plain, "", TITLE + 2)
        .right(Tone::Dim, tr("before"), VALUE)
        .right(Tone::Dim, tr("after"), VALUE)
        .end();
    rows(&mut page, comparison.totals.iter(), 2);
    causes(&mut page, &comparison.causes);
    kernels(&mut page, &comparison.hosts);
    if comparison.legs.len() > 1 {
        legs(&mut page, &comparison.legs);
    }
    if !comparison.notes.is_empty() {
        page.heading(tr("MIND"));
        for note in &comparison.notes {
            page.put(Tone::Dim, "  - ")
                .wrapped(Tone::Plain, 4, &one_line(note));
        }
    }
    out.write_all(page.finish().as_bytes())
}

const fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Fixed | Outcome::Right => Tone::Good,
        Outcome::Better | Outcome::Mixed => Tone::Doubtful,
        Outcome::Unchanged | Outcome::Worse => Tone::Bad,
        Outcome::Undecided => Tone::Unsure,
    }
}

fn answer(page: &mut Page, comparison: &Comparison) {
    let word = tr(comparison.judgement.outcome.as_str()).to_uppercase();
    let indent = columns(&word) + 2;
    page.left(tone(comparison.judgement.outcome), &word, indent)
        .wrapped(Tone::Strong, indent, &one_line(&comparison.judgement.sentence));
    page.end();
    for (name, side) in [("before", &comparison.before), ("after", &comparison.after)] {
        let status = side.verdict.status;
        page.put(Tone::Plain, "  ")
            .left(Tone::Dim, tr(name), 8)
            .left(Tone::of(status), &verdict::word(status), 14)
            .wrapped(Tone::Plain, 24, &about(side));
    }
}

fn about(side: &Side) -> String {
    let length = side.duration.map_or_else(String::new, |length| {
        tr(", ").to_owned() + &span(length as f64 / SECOND as f64 * 1e6)
    });
    tr!(
        "{source}{length}, {n} packets",
        source = one_line(&side.name),
        length,
        n = count(side.packets)
    )
}

pub(in crate::report) fn value(unit: Unit, value: Option<f64>) -> String {
    let Some(value) = value else {
        return "-".to_owned();
    };
    match unit {
        Unit::Count => rounded(value),
        Unit::Share => percent(value),
        Unit::PerSecond | Unit::Mean => three_digits(value),
        Unit::Micros => span(value),
    }
}

const fn word(change: Change) -> (Tone, &'static str) {
    match change {
        Change::Better => (Tone::Good, "better"),
        Change::Worse => (Tone::Bad, "worse"),
        Change::Other => (Tone::Strong, "differs"),
        Change::Noise => (Tone::Dim, "no sure difference"),
        Change::Unknown => (Tone::Plain, ""),
    }
}

fn rows<'a>(page: &mut Page, rows: impl Iterator<Item = &'a Row>, indent: usize) {
    for row in rows {
        // Nothing on either side: nothing to say.
        if row.before.unwrap_or(0.0) == 0.0 && row.after.unwrap_or(0.0) == 0.0 {
            continue;
        }
        let unit = row.figure.unit();
        let (tone, word) = word(row.change);
        page.left(Tone::Plain, "", indent)
            .left(Tone::Plain, tr(row.figure.title()), TITLE + 2 - indent)
            .right(Tone::Plain, &value(unit, row.before), VALUE)
            .right(Tone::Strong, &value(unit, row.after), VALUE)
            .put(Tone::Plain, "  ")
            .put(tone, tr(word))
            .end();
    }
}

const fn fate(fate: Fate) -> (Tone, &'static str) {
    match fate {
        Fate::Gone => (Tone::Good, "gone"),
        Fate::New => (Tone::Bad, "new"),
        Fate::More => (Tone::Bad, "more"),
        Fate::Less => (Tone::Doubtful, "less"),
        Fate::Same => (Tone::Doubtful, "as before"),
        Fate::Unsure => (Tone::Unsure, "can't tell"),
    }
}

fn causes(page: &mut Page, causes: &[CauseChange]) {
    if causes.is_empty() {
        return;
    }
    page.heading(tr("CAUSES"));
    for cause in causes {
        let Some(entry) = cause.id.entry() else { continue };
        let (tone, word) = if cause.is_fault() {
            fate(cause.fate)
        } else {
            (Tone::Dim, fate(cause.fate).1)
        };
        page.put(Tone::Plain, "  ").left(tone, tr(word), 12);
        let text = tr!(
            "{ids}: {title}{share}",
            ids = cause.id.as_str(),
            title = entry.title,
            share = shares(cause)
        );
        page.wrapped(Tone::Plain, 14, &text);
        let remains = cause.after.is_some_and(|after| after.fault);
        for fix in entry.fixes.iter().filter(|_| remains) {
            page.left(Tone::Plain, "", 14).wrapped(
                Tone::Dim,
                16,
                &tr!("fix in {place}: {text}", place = place(fix), text = fix.text),
            );
        }
    }
}

/// `, 78,000 connections (100.0 %) before, 3 (12.0 %) after`.
fn shares(cause: &CauseChange) -> String {
    let side = |seen: Option<crate::compare::Seen>| {
        seen.map(|seen| {
            tr!(
                "{n} connections ({share})",
                n = count(seen.connections),
                share = percent(seen.share())
            )
        })
    };
    match (side(cause.before), side(cause.after)) {
        (Some(before), Some(after)) => tr!("; {before} before, {after} after", before, after),
        (Some(before), None) => tr!("; {before} before, none after", before),
        (None, Some(after)) => tr!("; none before, {after} after", after),
        (None, None) => String::new(),
    }
}

fn kernels(page: &mut Page, hosts: &[HostPair]) {
    let most = |side: &Option<Projected>| side.map_or(0, |held| held.time_wait.max(held.conntrack_entries));
    let told: Vec<&HostPair> = hosts
        .iter()
        .filter(|pair| most(&pair.before).max(most(&pair.after)) >= WORTH_SAYING)
        .collect();
    if told.is_empty() {
        return;
    }
    page.heading(tr("KERNEL (held when each capture ends)"));
    for pair in told.iter().take(SHOWN) {
        let part = |name: &str, of: fn(&Projected) -> u64| {
            let side = |held: &Option<Projected>| {
                held.as_ref()
                    .map_or_else(|| "-".to_owned(), |held| count(of(held)))
            };
            let (before, after) = (side(&pair.before), side(&pair.after));
            let nothing = |text: &str| text == "0" || text == "-";
            (!nothing(&before) || !nothing(&after)).then(|| format!("{} {before} -> {after}", tr(name)))
        };
        let parts = [
            part("TIME-WAIT", |held| held.time_wait),
            part("conntrack", |held| held.conntrack_entries),
            part("local ports to one server", |held| held.ports),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        page.put(Tone::Plain, "  ").wrapped(
            Tone::Plain,
            4,
            &format!("{}: {}", pair.address, parts.join(tr(", "))),
        );
    }
}

fn legs(page: &mut Page, legs: &[LegPair]) {
    page.heading(tr("LEGS"));
    for pair in legs.iter().take(SHOWN) {
        let status = |side: Option<Status>| side.map_or_else(|| "-".to_owned(), verdict::word);
        let name = match (pair.before, pair.after) {
            (Some((was, _)), Some((is, _))) if was != is => tr!("{was}, after {is}", was, is),
            (Some((name, _)), Some(_)) => name.to_string(),
            (Some((name, _)), None) => tr!("{name} (not in the capture after)", name),
            (None, Some((name, _))) => tr!("{name} (not in the capture before)", name),
            (None, None) => continue,
        };
        let (was, is) = (pair.before.map(|leg| leg.1), pair.after.map(|leg| leg.1));
        let tone = is.map_or(Tone::Dim, Tone::of);
        page.put(Tone::Plain, "  ")
            .left(tone, &format!("{} -> {}", status(was), status(is)), 16)
            .wrapped(Tone::Strong, 18, &name);
        let changed = pair
            .rows
            .iter()
            .filter(|row| !matches!(row.change, Change::Noise | Change::Unknown));
        rows(page, changed, 4);
    }
    let more = legs.len().saturating_sub(SHOWN);
    if more > 0 {
        let text = tr!(
            "  and {n} more legs (all of them: --json)",
            n = count(more as u64)
        );
        page.put(Tone::Dim, &text).end();
    }
}
