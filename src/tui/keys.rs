//! Waiting for keys on a terminal that may go away.

use std::io::{self, IsTerminal};
use std::time::Duration;

use crossterm::event;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Where keys come from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    /// Standard input is the terminal; if it is not, keys are read from the controlling one, which is what standard output
    /// goes to.
    from_stdin: bool,
}

impl Keys {
    pub(super) fn new() -> Self {
        Self {
            from_stdin: io::stdin().is_terminal(),
        }
    }

    /// Whether an event can be read, after so long at most.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] if the terminal is gone: crossterm, asked for events then, would never return.
    pub(super) fn come(self, wait: Duration) -> io::Result<bool> {
        let (stdin, stdout) = (io::stdin(), io::stdout());
        let terminal = if self.from_stdin {
            PollFd::new(&stdin, PollFlags::IN)
        } else {
            PollFd::new(&stdout, PollFlags::IN)
        };
        let mut waiting = [terminal];
        let mut wait = Timespec {
            tv_sec: wait.as_secs().cast_signed(),
            tv_nsec: wait.subsec_nanos().into(),
        };
        loop {
            match poll(&mut waiting, Some(&wait)) {
                Ok(_) => break,
                // A signal: perhaps the terminal has another size now, which crossterm knows, or it hangs up.
                Err(Errno::INTR) => wait = Timespec::default(),
                Err(error) => return Err(error.into()),
            }
        }
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        if waiting.iter().any(|terminal| terminal.revents().intersects(gone)) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        event::poll(Duration::ZERO)
    }
}
