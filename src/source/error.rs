//! Why a source could not be opened: each text names the input, the cause and the next step.

use std::io;
use std::path::Path;

use super::filter::FilterError;

/// An input that can't be read at all, or a filter that can't be compiled.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The path leads nowhere.
    #[error("{name}: no such file; check the path, or write a filter after `--`")]
    NotFound {
        /// The input as the user named it.
        name: String,
    },
    /// The path is a directory.
    #[error("{name} is a directory; name the capture files in it, for example {name}/*.pcap")]
    Directory {
        /// The input as the user named it.
        name: String,
    },
    /// The file may not be read by this user.
    #[error(
        "{name}: permission denied; tcpdump writes captures as root or as user tcpdump: read it with sudo, or change \
         its owner"
    )]
    Permission {
        /// The input as the user named it.
        name: String,
    },
    /// The operating system would not open or read it.
    #[error("{name}: cannot read: {error}")]
    Io {
        /// The input as the user named it.
        name: String,
        /// What the system said.
        error: io::Error,
    },
    /// The bytes are no capture.
    #[error("{name} is no capture: at byte {offset} {found}; {next_step}")]
    NotACapture {
        /// The input as the user named it.
        name: String,
        /// Where in the uncompressed bytes a capture header was expected.
        offset: u64,
        /// What is there instead.
        found: String,
        /// What the user can do.
        next_step: String,
    },
    /// No input was named.
    #[error("no capture named; name a file, or - for standard input")]
    Nothing,
    /// Standard input was named twice.
    #[error("standard input (-) is named twice; it can be read only once")]
    StdinTwice,
    /// More files than can be told apart.
    #[error("{count} files are more than {max}; join some with mergecap first")]
    TooManyFiles {
        /// How many were named.
        count: usize,
        /// How many are possible.
        max: usize,
    },
    /// The BPF filter was refused.
    #[error(transparent)]
    Filter(#[from] FilterError),
}

impl SourceError {
    pub(super) fn from_io(path: &Path, error: io::Error) -> Self {
        let name = display_name(path);
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NotFound { name },
            io::ErrorKind::IsADirectory => Self::Directory { name },
            io::ErrorKind::PermissionDenied => Self::Permission { name },
            _ => Self::Io { name, error },
        }
    }
}

/// How messages call an input: the path as given, or `standard input` for `-`.
pub(super) fn display_name(path: &Path) -> String {
    if is_stdin(path) {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Whether a path stands for standard input.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}
