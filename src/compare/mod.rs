//! Whether a change worked: two reports side by side.
//!
//! In: two [`Snapshot`]s, from captures or from reports read back. Out: a [`Comparison`]: rows
//! of figures with those differences marked that noise can't explain, causes that came and went, and a judgement.
//! May touch: `diagnose`, `aggregate`. Never: files, packets, printing.

mod causes;
mod figure;
mod hosts;
mod judgement;
mod noise;
mod notes;
mod pairs;
mod row;
#[cfg(test)]
mod tests;

pub use causes::{CauseChange, Fate, Seen};
pub use figure::{Figure, Unit, Wish};
pub use hosts::{HostPair, Projected};
pub use judgement::{Judgement, Outcome};
pub use pairs::LegPair;
pub use row::{Change, Row};

use crate::diagnose::{Snapshot, Verdict};
use crate::time::Nanos;

/// What one side is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    /// The file as the user named it.
    pub name: String,
    /// The capture's verdict.
    pub verdict: Verdict,
    /// From the first packet to the last.
    pub duration: Option<Nanos>,
    /// Packets analysed.
    pub packets: u64,
}

/// Two captures side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What was before the change.
    pub before: Side,
    /// What is after it.
    pub after: Side,
    /// Whether it worked.
    pub judgement: Judgement,
    /// What makes the two hard to hold against each other.
    pub notes: Vec<String>,
    /// Figures of all legs together.
    pub totals: Vec<Row>,
    /// Legs that are on both sides, then those on one.
    pub legs: Vec<LegPair>,
    /// Causes of all legs and pools together.
    pub causes: Vec<CauseChange>,
    /// What kernels have to hold.
    pub hosts: Vec<HostPair>,
}

/// Puts `before` and `after` side by side; the names are the files'.
#[must_use]
pub fn compare(before: (&str, &Snapshot), after: (&str, &Snapshot)) -> Comparison {
    let ((before_name, before), (after_name, after)) = (before, after);
    let noise = (
        noise::Noise::of(&before.timeline),
        noise::Noise::of(&after.timeline),
    );
    let spans = (figure::View::seconds(before), figure::View::seconds(after));
    let totals = row::rows(
        figure::View::new(&before.totals, spans.0, noise.0),
        figure::View::new(&after.totals, spans.1, noise.1),
    );
    let legs = pairs::pairs(before, after, spans, noise);
    let causes = causes::changes(before, after);
    let hosts = hosts::pairs(before, after);
    let judgement = judgement::judge(before, after, &totals, &legs, &causes);
    Comparison {
        notes: notes::notes(before, after, &legs, &totals),
        before: side(before_name, before),
        after: side(after_name, after),
        judgement,
        totals,
        legs,
        causes,
        hosts,
    }
}

fn side(name: &str, snapshot: &Snapshot) -> Side {
    Side {
        name: name.to_owned(),
        verdict: snapshot.verdict.clone(),
        duration: snapshot.capture.duration(),
        packets: snapshot.capture.packets,
    }
}
