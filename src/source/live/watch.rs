//! What other threads may know of a capture that is running, and how they end it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::SourceSummary;
use crate::frame::Interface;

/// The capture as of the last second; shared between the thread that reads and those that watch.
#[derive(Debug, Default)]
pub struct Watch {
    stop: AtomicBool,
    known: Mutex<Known>,
    is_over: Mutex<bool>,
    over: Condvar,
    notes: Mutex<Vec<String>>,
}

/// What is known of the sources.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// One for each interface, in the order given.
    pub sources: Vec<SourceSummary>,
    /// Packets that passed the kernel's filter, dropped ones included, as libpcap counts them.
    pub received: u64,
    /// The same interfaces, by id.
    pub interfaces: Vec<Interface>,
}

impl Watch {
    /// Ends the capture: what the kernel has is still read and handed on.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// What is known.
    #[must_use]
    pub fn known(&self) -> Known {
        self.lock().clone()
    }

    /// Waits until the last packet was read, `span` at most; returns whether it was.
    #[must_use]
    pub fn wait_for_end(&self, span: Duration) -> bool {
        let is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.over.wait_timeout_while(is_over, span, |is_over| !*is_over);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// The last packet was read.
    pub(super) fn end(&self) {
        *self.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.over.notify_all();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(super) fn tell(&self, sources: Vec<SourceSummary>, received: u64) {
        let mut known = self.lock();
        known.sources = sources;
        known.received = received;
    }

    pub(super) fn begin(&self, interfaces: Vec<Interface>) {
        self.lock().interfaces = interfaces;
    }

    /// What the user must know, for the first source's warnings.
    pub(super) fn note(&self, note: String) {
        self.notes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(note);
    }

    pub(super) fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Plain values: whoever panicked left them whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
