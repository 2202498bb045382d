//! The slot between a screen and the analysis.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{View, ViewQuery};

/// Answers are this far apart at least.
const REST: Duration = Duration::from_millis(100);

#[derive(Default)]
struct Slots {
    /// What was asked last and is not answered.
    asked: Option<Arc<ViewQuery>>,
    answer: Option<Arc<View>>,
    is_over: bool,
}

/// A screen's end of one analysis; clones are the same screen.
#[derive(Clone, Default)]
pub struct Screen(Arc<(Mutex<Slots>, Condvar)>);

impl Screen {
    /// Asks; what was asked before and is not answered yet is forgotten.
    pub fn ask(&self, query: ViewQuery) {
        self.slots().asked = Some(Arc::new(query));
        self.0.1.notify_all();
    }

    /// The latest answer.
    #[must_use]
    pub fn answer(&self) -> Option<Arc<View>> {
        self.slots().answer.clone()
    }

    /// Nothing more is asked, or can be answered.
    pub fn close(&self) {
        self.slots().is_over = true;
        self.0.1.notify_all();
    }

    /// Whether nothing more will be answered: the last answer stays.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.slots().is_over
    }

    /// Waits for what is asked next; `None` when it is over.
    pub(super) fn next(&self) -> Option<Arc<ViewQuery>> {
        let waits = |slots: &mut Slots| slots.asked.is_none() && !slots.is_over;
        let waited = self.0.1.wait_while(self.slots(), waits);
        let mut slots = waited.unwrap_or_else(PoisonError::into_inner);
        if slots.is_over { None } else { slots.asked.take() }
    }

    pub(super) fn put(&self, view: View) {
        self.slots().answer = Some(Arc::new(view));
    }

    /// Waits until another answer may be given, or it is over.
    pub(super) fn rest(&self) {
        let goes_on = |slots: &mut Slots| !slots.is_over;
        drop(self.0.1.wait_timeout_while(self.slots(), REST, goes_on));
    }

    /// Nothing that holds the lock can panic halfway.
    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
