//! Where results go.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::error::Error;
use super::words;

/// Standard output or a file; once the reader of a pipe has gone, what is written is dropped.
pub(super) struct Output {
    out: Box<dyn Write>,
    name: String,
    /// A file whose earlier content is removed when there is something to put in its place.
    stale: Option<File>,
    failed: Option<io::Error>,
}

impl Output {
    /// Opens the output before any packet is read, so that a bad path is known at once.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else {
            // Not line by line: a report is written in large pieces.
            let out = Box::new(BufWriter::with_capacity(1 << 16, io::stdout()));
            return Ok(Self {
                out,
                name: "standard output".to_owned(),
                stale: None,
                failed: None,
            });
        };
        Self::file("-o", path)
    }

    /// The same for a file that `option` names.
    pub(super) fn file(option: &str, path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        if words::starts_as_capture(path) {
            let problem = "is a capture and would be overwritten; name another file";
            return Err(Error::argument(format!("{option} {name}"), problem));
        }
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path);
        let file = file.map_err(Error::output(&name))?;
        // A device or a FIFO has no length to set.
        let regular = file.metadata().is_ok_and(|metadata| metadata.is_file());
        let stale = if regular {
            Some(file.try_clone().map_err(Error::output(&name))?)
        } else {
            None
        };
        Ok(Self {
            out: Box::new(BufWriter::new(file)),
            name,
            stale,
            failed: None,
        })
    }

    /// Writes by `write`, unless writing has failed before.
    pub(super) fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if let Some(file) = self.stale.take() {
            self.failed = file.set_len(0).err();
        }
        if self.failed.is_none() {
            self.failed = write(&mut *self.out).err();
        }
    }

    /// Hands on what was written so far.
    #[cfg(feature = "live")]
    pub(super) fn flush(&mut self) {
        if self.stale.is_none() {
            self.write(|out| out.flush());
        }
    }

    /// Whether nothing more can be written.
    pub(super) fn is_closed(&self) -> bool {
        self.failed.is_some()
    }

    /// Hands everything on. A closed pipe has had enough, which is no error.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        self.write(|out| out.flush());
        match self.failed {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::output(&self.name)(error)),
            _ => Ok(()),
        }
    }
}

/// Whether two paths name one file, which would hold the mixture of both; what is no regular file takes anything.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok().filter(|path| path.is_file());
    one == other || real(one).is_some_and(|one| real(other) == Some(one))
}

/// Writes something to standard output.
pub(super) fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let mut output = Output::open(None)?;
    output.write(write);
    output.finish()
}
