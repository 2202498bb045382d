//! Names of the files of a recording, as tcpdump makes them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::source::written::Format;
use crate::time::Timestamp;

/// Puts a time into a name; `None` where the name has a conversion that does not exist.
pub type Dated = Box<dyn Fn(&str, Timestamp) -> Option<String> + Send>;

/// Where to record, and when to begin another file.
pub struct RecordOptions {
    /// The file; with `seconds` its name holds conversions of strftime(3).
    pub path: PathBuf,
    /// Begin another file after so many seconds (`-G`).
    pub seconds: Option<u64>,
    /// Begin another file after so many bytes (`-C`).
    pub bytes: Option<u64>,
    /// How many files there are: with `bytes` the oldest is written anew, with `seconds` alone the capture ends (`-W`).
    pub files: Option<u64>,
    /// Puts the time into the name.
    pub dated: Dated,
    /// Who writes, for messages.
    pub user: String,
    /// Bytes kept of each packet.
    pub snaplen: u32,
}

impl RecordOptions {
    pub(super) fn format(&self) -> Format {
        Format::of(&self.path)
    }

    /// The folder that holds every file of the recording.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        let mut folder = self.path.parent().unwrap_or(Path::new(""));
        while self.seconds.is_some() && folder.to_string_lossy().contains('%') {
            folder = folder.parent().unwrap_or(Path::new(""));
        }
        if folder.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            folder.to_owned()
        }
    }

    /// The file that begins at `start`, the `number`-th by size within its time. Numbers follow the name; with `-W` all
    /// have one, of as many digits as the largest.
    pub(super) fn name(&self, start: Timestamp, number: u64) -> PathBuf {
        let dated = self
            .seconds
            .and_then(|_| (self.dated)(&self.path.to_string_lossy(), start));
        let mut name: OsString = dated.map_or_else(|| self.path.clone().into(), OsString::from);
        if self.bytes.is_some() {
            match self.files {
                Some(files) => {
                    let digits = files.saturating_sub(1).to_string().len();
                    name.push(format!("{number:0digits$}"));
                }
                None if number > 0 => name.push(number.to_string()),
                None => {}
            }
        }
        name.into()
    }
}
