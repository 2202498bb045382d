//! INT, TERM and HUP end the capture, a second one the program; USR1 asks for the report so far.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;
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
    // In the handler itself, so that the second one ends the program whatever its threads do.
    let once = Arc::new(AtomicBool::new(false));
    let mut ending = vec![SIGINT, SIGTERM];
    if !ignores_hangup() {
        ending.push(SIGHUP);
    }
    for &signal in &ending {
        flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(&once)).map_err(failed)?;
        flag::register(signal, Arc::clone(&once)).map_err(failed)?;
    }
    let mut signals = Signals::new(ending.iter().chain(&[SIGUSR1])).map_err(failed)?;
    let wanted = Wanted::default();
    let asked = wanted.clone();
    let heed = move || {
        for signal in signals.forever() {
            if signal == SIGUSR1 {
                asked.0.fetch_add(1, Ordering::Relaxed);
            } else {
                watch.stop();
            }
        }
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(heed)
        .map_err(failed)?;
    Ok(wanted)
}

/// Whether it was started by nohup, which has to keep its promise.
fn ignores_hangup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    ignored.is_some_and(|set| set & (1 << (SIGHUP - 1)) != 0)
}
