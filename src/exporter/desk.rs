//! Where clients and the analysis meet: a flag, and the latest exposition.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// An exposition is fresh for so long.
const FRESH: Duration = Duration::from_secs(1);

/// The analysis looks at the flag with every block, ten times a second on a silent wire. It is waited for so long at most.
const PATIENCE: Duration = Duration::from_secs(3);

/// An exposition and when it was told.
type Told = Option<(Instant, Arc<str>)>;

/// The place where an exposition is asked for and told.
#[derive(Debug, Default)]
pub struct Desk {
    wanted: AtomicBool,
    told: Mutex<Told>,
    news: Condvar,
}

impl Desk {
    /// Whether somebody waits for an exposition. Costs nothing to ask.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    /// Here it is.
    pub fn tell(&self, text: String) {
        self.wanted.store(false, Ordering::Relaxed);
        *self.lock() = Some((Instant::now(), text.into()));
        self.news.notify_all();
    }

    /// An exposition at most a second old; the latest if the analysis is busy for longer than a client waits, `None` if there
    /// was none.
    pub(super) fn ask(&self) -> Option<Arc<str>> {
        let is_fresh = |told: &Told| told.as_ref().is_some_and(|(at, _)| at.elapsed() < FRESH);
        let mut told = self.lock();
        if !is_fresh(&told) {
            self.wanted.store(true, Ordering::Relaxed);
            let waited = self
                .news
                .wait_timeout_while(told, PATIENCE, |told| !is_fresh(told));
            told = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        told.as_ref().map(|(_, text)| Arc::clone(text))
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        // A value that is replaced as a whole: whoever panicked left it whole.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn who_asks_gets_what_is_told_then_and_again_within_a_second() {
        let desk = Arc::new(Desk::default());
        let other = Arc::clone(&desk);
        let asking = thread::spawn(move || other.ask());
        while !desk.is_wanted() {
            thread::yield_now();
        }
        desk.tell("one".to_owned());
        assert_eq!(asking.join().unwrap().as_deref(), Some("one"));
        assert_eq!(desk.ask().as_deref(), Some("one"));
        assert!(!desk.is_wanted());
    }

    #[test]
    fn nobody_waits_for_ever() {
        assert_eq!(Desk::default().ask(), None);
    }
}
