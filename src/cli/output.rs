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
    failed: Option<io::Error>,
}

impl Output {
    /// Opens the output before any packet is read, so that a bad path is known at once.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else {
            // Not line by line: a report is written in large pieces.
            return Ok(Self::new(
                Box::new(BufWriter::with_capacity(1 << 16, io::stdout())),
                "standard output",
            ));
        };
        let name = path.display().to_string();
        if words::starts_as_capture(path) {
            return Err(Error::argument(
                format!("-o {name}"),
                "is a capture and would be overwritten; name another file",
            ));
        }
        let file = File::create(path).map_err(Error::output(&name))?;
        Ok(Self::new(Box::new(BufWriter::new(file)), &name))
    }

    fn new(out: Box<dyn Write>, name: &str) -> Self {
        Self {
            out,
            name: name.to_owned(),
            failed: None,
        }
    }

    /// Writes by `write`, unless writing has failed before.
    pub(super) fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if self.failed.is_none() {
            self.failed = write(&mut *self.out).err();
        }
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

/// Writes something to standard output.
pub(super) fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let mut output = Output::open(None)?;
    output.write(write);
    output.finish()
}
