//! The analysis goes on beside the screen and never waits for it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::super::error::Error;
use crate::diagnose::{ExchangeRecord, Snapshot};
use crate::lang;
use crate::pipeline::{Observer, SoFar};

/// The screen gets news so often at most.
const NEWS: Duration = Duration::from_millis(100);
/// The analysis may spend one part in so many of its time on them.
const SHARE: u32 = 20;

/// What has become of the capture.
pub(in super::super) struct Stream {
    /// The latest, if it is a new one.
    pub(in super::super) snapshot: Option<Arc<Snapshot>>,
    /// No more will come.
    pub(in super::super) ended: bool,
    /// What the user must know.
    pub(in super::super) warning: Option<String>,
}

/// What the analysis leaves for the screen: the latest of it, which the next one replaces.
#[derive(Default)]
pub(in super::super) struct Mailbox {
    left: Mutex<Left>,
    changed: Condvar,
}

#[derive(Default)]
struct Left {
    snapshot: Option<Arc<Snapshot>>,
    ended: bool,
    /// Warnings that were told.
    said: Vec<String>,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Left> {
        // Plain values: whoever panicked left them whole.
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, snapshot: Arc<Snapshot>, ended: bool) {
        let mut left = self.lock();
        left.snapshot = Some(snapshot);
        left.ended |= ended;
        self.changed.notify_all();
    }

    /// What was left since it was last asked.
    pub(super) fn take(&self) -> Stream {
        let mut left = self.lock();
        let snapshot = left.snapshot.take();
        let warnings = snapshot.iter().flat_map(|snapshot| &snapshot.capture.warnings);
        let warning = warnings.into_iter().find(|warning| !left.said.contains(warning));
        let warning = warning.cloned();
        left.said.extend(warning.clone());
        Stream {
            snapshot,
            ended: left.ended,
            warning,
        }
    }

    /// Waits until the analysis has ended, so long at most; whether it has.
    pub(super) fn wait_for_end(&self, span: Duration) -> bool {
        let goes_on = |left: &mut Left| !left.ended;
        let waited = self.changed.wait_timeout_while(self.lock(), span, goes_on);
        waited.unwrap_or_else(PoisonError::into_inner).0.ended
    }
}

/// Analyses on a thread of its own while something is shown of it; what `show` returns ends the analysis by `stop`. Returns
/// the last snapshot, and whether it had come before that.
pub(in super::super) fn beside(
    analyse: impl FnOnce(&Mailbox) -> Snapshot + Send,
    show: impl FnOnce(&Mailbox) -> Result<(), Error>,
    stop: impl FnOnce(),
) -> Result<(Snapshot, bool), Error> {
    let mailbox = &Mailbox::default();
    thread::scope(|scope| {
        let lang = lang::spoken();
        let analysis = move || {
            let _speaking = lang::speak(lang);
            let snapshot = Arc::new(analyse(mailbox));
            mailbox.leave(Arc::clone(&snapshot), true);
            snapshot
        };
        let analysis = thread::Builder::new()
            .name("analysis".to_owned())
            .spawn_scoped(scope, analysis);
        let analysis = analysis.map_err(|source| Error::System {
            what: "cannot start a thread",
            source,
        })?;
        let shown = show(mailbox);
        let had_ended = mailbox.lock().ended;
        stop();
        // A thread that panicked has said so on its own.
        let snapshot = analysis.join().unwrap_or_default();
        shown?;
        mailbox.lock().snapshot = None;
        Ok((Arc::unwrap_or_clone(snapshot), had_ended))
    })
}

/// Leaves news, as long as that costs little.
pub(in super::super) struct Feeder<'a, F> {
    mailbox: &'a Mailbox,
    next: Instant,
    make: F,
}

impl<'a, F: FnMut(&SoFar<'_>) -> Snapshot> Feeder<'a, F> {
    /// News are made by `make`.
    pub(in super::super) fn new(mailbox: &'a Mailbox, make: F) -> Self {
        Self {
            mailbox,
            next: Instant::now(),
            make,
        }
    }
}

impl<F: FnMut(&SoFar<'_>) -> Snapshot> Observer for Feeder<'_, F> {
    fn exchange(&mut self, _: &ExchangeRecord) {}

    fn progress(&mut self, so_far: &SoFar<'_>) {
        let begun = Instant::now();
        if begun < self.next {
            return;
        }
        let snapshot = (self.make)(so_far);
        self.mailbox.leave(Arc::new(snapshot), false);
        self.next = Instant::now() + NEWS.max(begun.elapsed() * SHARE);
    }
}
