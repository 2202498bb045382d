//! Opening what the user named as one capture.

use std::path::PathBuf;
use std::sync::Arc;

use super::error::{SourceError, is_stdin};
use super::file::{CaptureFile, Shared};
use super::merge::Merge;
use super::progress::Progress;
use super::selection::{OpenOptions, Selection};
use super::{Next, Source, SourceSummary};
use crate::frame::Block;
use crate::limits::FILES;

/// Capture files opened as one source.
pub struct Capture {
    source: Box<dyn Source>,
    progress: Arc<Progress>,
}

/// Opens captures, `-` being standard input, as one capture.
///
/// Returns when each input has been recognised: a single stream is waited for until its header has come, one among
/// several until its first packet has.
///
/// # Errors
/// An input that does not exist, can't be read or is no capture.
pub fn open(paths: &[PathBuf], options: OpenOptions) -> Result<Capture, SourceError> {
    if paths.len() > FILES {
        return Err(SourceError::TooManyFiles {
            count: paths.len(),
            max: FILES,
        });
    }
    if paths.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(SourceError::StdinTwice);
    }
    let progress = Arc::new(Progress::new(total_bytes(paths)));
    let shared = Shared {
        progress: Arc::clone(&progress),
        ..Shared::default()
    };
    let source = match paths {
        [] => return Err(SourceError::Nothing),
        [path] => select(CaptureFile::open(path, 0, &shared)?, options),
        several => select(Merge::open(several, shared)?, options),
    };
    Ok(Capture { source, progress })
}

/// Wraps a source only if something is to be left out.
fn select(source: impl Source + 'static, options: OpenOptions) -> Box<dyn Source> {
    if options.is_everything() {
        Box::new(source)
    } else {
        Box::new(Selection::new(source, options))
    }
}

impl Capture {
    /// How far reading has come.
    #[must_use]
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }
}

impl Source for Capture {
    fn next(&mut self, recycled: Block) -> Next {
        self.source.next(recycled)
    }

    fn is_prompt(&self) -> bool {
        self.progress.bytes_total().is_some()
    }

    fn summaries(&self) -> Vec<SourceSummary> {
        self.source.summaries()
    }
}

/// The size of all inputs; `None` if one is a stream.
fn total_bytes(paths: &[PathBuf]) -> Option<u64> {
    paths.iter().try_fold(0_u64, |sum, path| {
        let metadata = (!is_stdin(path)).then(|| path.metadata().ok())??;
        metadata.is_file().then(|| sum.saturating_add(metadata.len()))
    })
}
