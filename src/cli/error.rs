//! Why a command could not run, in one line that names what is wrong and the next step.

use std::io;

use crate::source::SourceError;
use crate::source::filter::FilterError;

/// What ends a command with exit code 2.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// An argument cannot mean anything.
    #[error("{argument}: {problem}")]
    Argument {
        /// The argument as typed.
        argument: String,
        /// What is wrong with it, and what to write instead.
        problem: String,
    },
    /// A result cannot be written.
    #[error("{name}: cannot write the report")]
    Output {
        /// Where it was to go.
        name: String,
        /// The system's answer.
        source: io::Error,
    },
    /// The operating system would not.
    #[error("{what}")]
    System {
        /// What it was to do.
        what: &'static str,
        /// Its answer.
        source: io::Error,
    },
    /// An interface cannot be captured on.
    #[cfg(feature = "live")]
    #[error(transparent)]
    Live(#[from] crate::source::live::LiveError),
    /// Privileges cannot be given up.
    #[cfg(feature = "live")]
    #[error(transparent)]
    Privileges(#[from] crate::privileges::PrivilegeError),
    /// A capture cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A saved report cannot be read.
    #[error("{name}")]
    Report {
        /// The file.
        name: String,
        /// What is wrong with it.
        source: crate::report::json::SavedError,
    },
    /// A filter cannot be used.
    #[error(transparent)]
    Filter(#[from] FilterError),
}

impl Error {
    pub(super) fn argument(argument: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Argument {
            argument: argument.into(),
            problem: problem.into(),
        }
    }

    pub(super) fn output(name: &str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Output {
            name: name.to_owned(),
            source,
        }
    }
}
