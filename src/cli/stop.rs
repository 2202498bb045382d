//! A source that can be ended early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::frame::Block;
use crate::source::{Next, Source, SourceSummary};

/// Ends the source it was made for, from any thread.
#[derive(Clone, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// No further block is handed on.
    pub(super) fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// `source` until it ends or is stopped.
    pub(super) fn wrap(&self, source: impl Source + 'static) -> Box<dyn Source> {
        Box::new(Stoppable {
            source,
            stop: self.clone(),
        })
    }
}

struct Stoppable<S> {
    source: S,
    stop: Stop,
}

impl<S: Source> Source for Stoppable<S> {
    fn next(&mut self, recycled: Block) -> Next {
        if self.stop.0.load(Ordering::Relaxed) {
            Next::End
        } else {
            self.source.next(recycled)
        }
    }

    fn is_prompt(&self) -> bool {
        self.source.is_prompt()
    }

    fn summaries(&self) -> Vec<SourceSummary> {
        self.source.summaries()
    }
}
