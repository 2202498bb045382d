//! Signals while the screen is shown: the terminal has to be given back before anything else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGUSR1};
use signal_hook::{SigId, flag, low_level};

use super::super::error::Error;

/// Listens until it is dropped; what signals do without it they do again then.
pub(in super::super) struct Signals {
    ids: Vec<SigId>,
    end: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    go_on: Arc<AtomicBool>,
}

impl Signals {
    pub(in super::super) fn listen() -> Result<Self, Error> {
        let mut signals = Self {
            ids: Vec::new(),
            end: Arc::default(),
            stop: Arc::default(),
            go_on: Arc::default(),
        };
        let all = [
            (SIGINT, &signals.end),
            (SIGTERM, &signals.end),
            (SIGHUP, &signals.end),
            (SIGTSTP, &signals.stop),
            (SIGCONT, &signals.go_on),
            // Asks for the report so far where there is no screen; here it has to do no harm.
            (SIGUSR1, &signals.go_on),
        ];
        for (signal, to) in all {
            let id = flag::register(signal, Arc::clone(to)).map_err(|source| Error::System {
                what: "cannot listen for signals",
                source,
            })?;
            signals.ids.push(id);
        }
        Ok(signals)
    }

    /// Whether the program was told to end.
    pub(super) fn must_end(&self) -> bool {
        self.end.load(Ordering::Relaxed)
    }

    /// Whether it was told to stop since it was last asked.
    pub(super) fn must_stop(&self) -> bool {
        self.stop.swap(false, Ordering::Relaxed)
    }

    /// Whether it goes on after a stop, since it was last asked.
    pub(super) fn goes_on(&self) -> bool {
        self.go_on.swap(false, Ordering::Relaxed)
    }
}

/// Stops this process as Ctrl-Z does elsewhere; returns when it goes on.
pub(super) fn suspend() {
    // Without job control nothing happens, and the screen comes back.
    let _ = low_level::emulate_default_handler(SIGTSTP);
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.ids.drain(..).for_each(|id| {
            low_level::unregister(id);
        });
    }
}
