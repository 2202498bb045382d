//! A figure before and after.

use super::figure::{Figure, Unit, View, Wish};

/// What became of a figure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Chance may have made the difference, if there is one.
    Noise,
    /// It is better, and chance does not explain it.
    Better,
    /// It is worse, and chance does not explain it.
    Worse,
    /// It differs, which is neither good nor bad.
    Other,
    /// One side has no such figure, or what chance makes of it is not known.
    Unknown,
}

impl Change {
    /// The slug used by programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Noise => "noise",
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Other => "differs",
            Self::Unknown => "unknown",
        }
    }
}

/// A figure before and after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Which.
    pub figure: Figure,
    /// Before; `None` where that capture does not have it.
    pub before: Option<f64>,
    /// After.
    pub after: Option<f64>,
    /// What became of it.
    pub change: Change,
}

/// Differences below this part of the larger figure are not worth a mark, however sure they are.
const WORTH: f64 = 0.05;
/// Spans of time move with the load of the hosts: a fifth, and a tenth of a millisecond, is nothing.
const WORTH_OF_SPAN: f64 = 0.2;
const WORTH_MICROS: f64 = 100.0;

/// All figures that one of the two has.
pub(super) fn rows(before: View<'_>, after: View<'_>) -> Vec<Row> {
    let rows = Figure::ALL.iter().map(|figure| row(*figure, &before, &after));
    rows.filter(|row| row.before.is_some() || row.after.is_some())
        .collect()
}

fn row(figure: Figure, before: &View<'_>, after: &View<'_>) -> Row {
    let (was, is) = (before.value(figure), after.value(figure));
    let change = match (was, is, before.agrees(after, figure)) {
        (Some(was), Some(is), Some(agree)) => change(figure, was, is, agree),
        _ => Change::Unknown,
    };
    Row {
        figure,
        before: was,
        after: is,
        change,
    }
}

fn change(figure: Figure, was: f64, is: f64, agree: bool) -> Change {
    // For a share near 1 its complement is what counts: from 99 % to 99.9 % a fault has become ten times as rare.
    let (a, b) = if figure == Figure::Reuse {
        (1.0 - was, 1.0 - is)
    } else {
        (was, is)
    };
    let worth = match figure.unit() {
        Unit::Micros => (WORTH_OF_SPAN * a.max(b)).max(WORTH_MICROS),
        _ => WORTH * a.max(b),
    };
    if agree || (a - b).abs() < worth {
        return Change::Noise;
    }
    match figure.wish() {
        Wish::None => Change::Other,
        Wish::Low if is < was => Change::Better,
        Wish::High if is > was => Change::Better,
        Wish::Low | Wish::High => Change::Worse,
    }
}
