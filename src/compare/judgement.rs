//! Whether the change worked, in one sentence.

use super::causes::{CauseChange, Fate};
use super::figure::Figure;
use super::pairs::LegPair;
use super::row::{Change, Row};
use crate::diagnose::{Snapshot, Status};
use crate::lang::tr;
use crate::tr;

/// What the change did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// What was wrong is right.
    Fixed,
    /// Better, and not right yet.
    Better,
    /// It was right, and is.
    Right,
    /// Nothing that chance does not explain, and what was wrong is wrong.
    Unchanged,
    /// Some of it better, some of it worse.
    Mixed,
    /// Worse.
    Worse,
    /// The captures do not tell.
    Undecided,
}

impl Outcome {
    /// The slug used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Better => "better",
            Self::Right => "right",
            Self::Unchanged => "unchanged",
            Self::Mixed => "mixed",
            Self::Worse => "worse",
            Self::Undecided => "undecided",
        }
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// In a word.
    pub outcome: Outcome,
    /// In a sentence or two.
    pub sentence: String,
}

/// What decides: reuse and what fails. Times and rates depend on the load, too.
const DECISIVE: [Figure; 5] = [
    Figure::Reuse,
    Figure::Avoidable,
    Figure::Failed,
    Figure::Lost,
    Figure::Resets,
];
/// Legs with a smaller share of the requests are shown and decide nothing.
const MINOR: f64 = 0.01;

pub(super) fn judge(
    before: &Snapshot,
    after: &Snapshot,
    totals: &[Row],
    legs: &[LegPair],
    causes: &[CauseChange],
) -> Judgement {
    let outcome = outcome(before, after, totals, legs, causes);
    Judgement {
        outcome,
        sentence: sentence(outcome, before, after, totals, causes),
    }
}

fn outcome(
    before: &Snapshot,
    after: &Snapshot,
    totals: &[Row],
    legs: &[LegPair],
    causes: &[CauseChange],
) -> Outcome {
    let (was, is) = (before.verdict.status, after.verdict.status);
    if was == Status::Inconclusive || is == Status::Inconclusive {
        return Outcome::Undecided;
    }
    let major = legs.iter().filter(|pair| pair.weight >= MINOR);
    let rows = || totals.iter().chain(major.clone().flat_map(|pair| &pair.rows));
    let any = |change| rows().any(|row| DECISIVE.contains(&row.figure) && row.change == change);
    let fault = |fates: &[Fate]| {
        causes
            .iter()
            .any(|cause| cause.is_fault() && fates.contains(&cause.fate))
    };
    let better = any(Change::Better) || is < was;
    let worse = any(Change::Worse) || is > was;
    // One cause hides another: what comes to light once the first is gone makes nothing worse by itself.
    let (better, worse) = if better || worse {
        (better, worse)
    } else {
        (fault(&[Fate::Gone, Fate::Less]), fault(&[Fate::New, Fate::More]))
    };
    match (better, worse) {
        (true, false) if is == Status::Pass && was != Status::Pass => Outcome::Fixed,
        (true, false) => Outcome::Better,
        (true, true) => Outcome::Mixed,
        (false, true) => Outcome::Worse,
        (false, false) if is == Status::Pass => Outcome::Right,
        (false, false) => Outcome::Unchanged,
    }
}

fn sentence(
    outcome: Outcome,
    before: &Snapshot,
    after: &Snapshot,
    totals: &[Row],
    causes: &[CauseChange],
) -> String {
    let faults = |fates: &[Fate]| names(causes, fates);
    let gone = listed(tr("gone: "), &faults(&[Fate::Gone]));
    let fresh = listed(tr("now: "), &faults(&[Fate::New, Fate::More]));
    let still = listed(tr("still: "), &faults(&[Fate::Same, Fate::Less]));
    let figures = figures(totals);
    let (lead, rest) = match outcome {
        Outcome::Fixed => ("The change worked", vec![figures, gone]),
        Outcome::Better => ("Not right yet", vec![figures, gone, fresh, still]),
        Outcome::Right => ("It was right and is right", vec![figures]),
        Outcome::Unchanged => (
            "Nothing changed that chance does not explain",
            vec![figures, still],
        ),
        Outcome::Mixed => ("Better here, worse there", vec![figures, gone, fresh, still]),
        Outcome::Worse => (
            "The change did harm, or something else did",
            vec![figures, fresh, still],
        ),
        Outcome::Undecided => ("The captures do not tell", vec![why_undecided(before, after)]),
    };
    let rest: Vec<String> = rest.into_iter().filter(|part| !part.is_empty()).collect();
    let lead = tr(lead);
    if rest.is_empty() {
        tr!("{lead}.", lead)
    } else {
        tr!("{lead}: {rest}.", lead, rest = rest.join(tr("; ")))
    }
}

/// Faults with one of these fates, those that are still there with their titles.
fn names(causes: &[CauseChange], fates: &[Fate]) -> Vec<String> {
    let wanted = causes
        .iter()
        .filter(|cause| cause.is_fault() && fates.contains(&cause.fate));
    wanted
        .map(|cause| match cause.id.entry().filter(|_| cause.after.is_some()) {
            Some(entry) => tr!("{id} ({title})", id = entry.id.as_str(), title = entry.title),
            None => cause.id.as_str().to_owned(),
        })
        .collect()
}

fn listed(lead: &str, names: &[String]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        format!("{lead}{}", names.join(tr(", ")))
    }
}

/// `reuse 0.0 % -> 99.6 %, 488 -> 1.4 handshakes/s`.
fn figures(totals: &[Row]) -> String {
    let of = |figure| {
        let row = totals.iter().find(|row| row.figure == figure)?;
        Some((row.before?, row.after?))
    };
    let share = |share: f64| format!("{:.1} %", share * 100.0);
    let reuse =
        of(Figure::Reuse).map(|(was, is)| tr!("reuse {was} -> {is}", was = share(was), is = share(is)));
    let rate = of(Figure::HandshakeRate).map(|(was, is)| {
        tr!(
            "{was} -> {is} handshakes/s",
            was = format!("{was:.1}"),
            is = format!("{is:.1}")
        )
    });
    let failed = of(Figure::Failed)
        .filter(|(was, is)| *was > 0.0 || *is > 0.0)
        .map(|(was, is)| tr!("failed connects {was} -> {is}", was = share(was), is = share(is)));
    let parts: Vec<String> = [reuse, rate, failed].into_iter().flatten().collect();
    parts.join(tr(", "))
}

fn why_undecided(before: &Snapshot, after: &Snapshot) -> String {
    let sides = [("before", before), ("after", after)].into_iter();
    let open = sides.filter(|(_, side)| side.verdict.status == Status::Inconclusive);
    let reasons = open.map(|(name, side)| {
        let reason = side.verdict.reasons.first().map_or("", String::as_str);
        tr!("{name} is inconclusive ({reason})", name = tr(name), reason)
    });
    reasons.collect::<Vec<_>>().join(tr("; "))
}
