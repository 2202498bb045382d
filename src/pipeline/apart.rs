//! Two threads that share the work begin on a processor each.
//!
//! Linux knows how busy a thread is after some tens of milliseconds (its average has a half-life of 32 ms,
//! Documentation/scheduler/sched-pelt), and until then may put one that it wakes on the processor of the one that woke it. Two
//! threads that wait for each other then run by turns on one processor, while the other is idle, for up to thirty milliseconds: seen on a
//! virtual machine with two processors.

#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::{Apart, Stay};
#[cfg(target_os = "linux")]
pub(super) use linux::{Apart, Stay};

#[cfg(target_os = "linux")]
mod linux {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

    /// For so many blocks the kernel is told where, some sixty milliseconds if nothing holds the reader up; after them it decides.
    const LEAD: u32 = 512;

    /// Where each of two threads begins.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Apart {
        all: CpuSet,
        here: CpuSet,
        elsewhere: CpuSet,
    }

    impl Apart {
        /// By the processor that the calling thread is on; `None` if there is no other, or the system does not say.
        pub(in super::super) fn of_this_thread() -> Option<Self> {
            let all = sched_getaffinity(None).ok()?;
            let processor = sched_getcpu();
            if processor >= CpuSet::MAX_CPU || !all.is_set(processor) || all.count() < 2 {
                return None;
            }
            let mut here = CpuSet::new();
            here.set(processor);
            let mut elsewhere = all;
            elsewhere.unset(processor);
            Some(Self { all, here, elsewhere })
        }

        /// The calling thread is to stay there.
        pub(in super::super) fn here(&self) -> Stay {
            Stay::on(&self.here, self.all)
        }

        /// The calling thread is to be on one of the others.
        pub(in super::super) fn elsewhere(&self) -> Stay {
            Stay::on(&self.elsewhere, self.all)
        }
    }

    /// A thread is told where to be, until this ends or is dropped: then it may be everywhere again.
    pub(in super::super) struct Stay {
        all: CpuSet,
        /// Blocks until it ends; 0 when it has.
        left: u32,
    }

    impl Stay {
        fn on(processors: &CpuSet, all: CpuSet) -> Self {
            // Where that is not allowed, the kernel decides from the beginning.
            let told = sched_setaffinity(None, processors);
            Self {
                all,
                left: told.map_or(0, |()| LEAD),
            }
        }

        /// The thread has done another block; after some it ends.
        pub(in super::super) fn block(&mut self) {
            match self.left {
                0 => {}
                1 => self.end(),
                _ => self.left -= 1,
            }
        }

        fn end(&mut self) {
            if self.left > 0 {
                self.left = 0;
                // They were allowed before.
                let _ = sched_setaffinity(None, &self.all);
            }
        }
    }

    impl Drop for Stay {
        fn drop(&mut self) {
            self.end();
        }
    }

    #[cfg(test)]
    mod tests {
        use std::thread;

        use super::*;

        #[test]
        fn each_has_a_processor_and_then_all_of_them() {
            let Some(apart) = Apart::of_this_thread() else {
                // One processor: there is nowhere else.
                return;
            };
            let allowed = || sched_getaffinity(None).expect("Linux says");
            let stay = apart.here();
            assert!(allowed() == apart.here);
            let other = thread::spawn(move || {
                let mut stay = apart.elsewhere();
                (1..LEAD).for_each(|_| stay.block());
                assert!(allowed() == apart.elsewhere, "one is left");
                assert!(!apart.here.is_set(sched_getcpu()));
                stay.block();
                allowed() == apart.all
            });
            assert!(other.join().expect("it ends"));
            drop(stay);
            assert!(allowed() == apart.all);
        }
    }
}

/// Other systems decide themselves.
#[cfg(not(target_os = "linux"))]
mod elsewhere {
    #[derive(Clone, Copy)]
    pub(in super::super) struct Apart;

    pub(in super::super) struct Stay;

    impl Apart {
        pub(in super::super) fn of_this_thread() -> Option<Self> {
            None
        }

        pub(in super::super) fn here(&self) -> Stay {
            Stay
        }

        pub(in super::super) fn elsewhere(&self) -> Stay {
            Stay
        }
    }

    impl Stay {
        pub(in super::super) fn block(&mut self) {}
    }
}
