//! Exit codes: a promise to scripts.

use std::process::ExitCode;

use crate::diagnose::expect::{Judgement, Outcome};

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Exit {
    /// The report was made, and every expectation held.
    Done = 0,
    /// An expectation failed.
    Failed = 1,
    /// Wrong usage, no readable capture, no room for the output.
    CouldNotRun = 2,
    /// No expectation failed, but one could not be judged.
    Unjudged = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// One that failed outweighs one that could not be judged.
    pub(super) fn of(outcomes: &[Outcome]) -> Self {
        let any = |result| outcomes.iter().any(|outcome| outcome.result == result);
        match (any(Judgement::Failed), any(Judgement::Unjudged)) {
            (true, _) => Self::Failed,
            (false, true) => Self::Unjudged,
            (false, false) => Self::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_outcome_decides() {
        let outcome = |result| Outcome {
            expect: String::new(),
            leg: None,
            result,
            low: None,
            high: None,
        };
        let exit =
            |results: &[Judgement]| Exit::of(&results.iter().copied().map(outcome).collect::<Vec<_>>());
        assert_eq!(exit(&[]), Exit::Done);
        assert_eq!(exit(&[Judgement::Held, Judgement::Unjudged]), Exit::Unjudged);
        assert_eq!(
            exit(&[Judgement::Unjudged, Judgement::Failed, Judgement::Held]),
            Exit::Failed
        );
    }
}
