//! INT, TERM and HUP end the capture, a second one the program; USR1 asks for the report so far.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

use super::super::error::Error;
use crate::source::live::Watch;

/// Interrupted twice.
const INTERRUPTED: i32 = 130;

/// How many reports so far were asked for and not yet made.
#[derive(Clone, Default)]
pub(super) struct Wanted(Arc<AtomicU32>);

impl Wanted {
    /// Whether a report so far is wanted; asks no more.
    pub(super) fn take(&self) -> bool {
        self.0.swap(0, Ordering::Relaxed) > 0
    }
}

/// Listens on a thread of its own until the program ends.
pub(super) fn listen(watch: Arc<Watch>) -> Result<Wanted, Error> {
    let failed = |error| Error::System {
        what: "cannot listen for signals",
        source: error,
    };
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGUSR1]).map_err(failed)?;
    let wanted = Wanted::default();
    let asked = wanted.clone();
    let heed = move || {
        let mut stopping = false;
        for signal in signals.forever() {
            match signal {
                SIGUSR1 => {
                    asked.0.fetch_add(1, Ordering::Relaxed);
                }
                _ if stopping => std::process::exit(INTERRUPTED),
                _ => {
                    stopping = true;
                    watch.stop();
                }
            }
        }
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(heed)
        .map_err(failed)?;
    Ok(wanted)
}
