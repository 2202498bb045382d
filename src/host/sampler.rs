//! Readings once a second, on a thread of their own.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::ifaddrs::getifaddrs;

use super::kernel::Kernel;
use super::sockets::Sockets;
use super::view::{HostView, Reading, Tally};
use crate::time::Timestamp;

/// Between two readings.
const SECOND: Duration = Duration::from_secs(1);

/// Each socket is looked at when there are so many times more than at the last look ...
const GROWN: f64 = 1.05;

/// ... or after this time. A look walks the kernel's table whatever is in it, some milliseconds, and 60,000 sockets take
/// 25 ms more.
const LOOK: Duration = Duration::from_secs(10);

/// Looking takes at most one part in so many of a processor.
const SHARE: u32 = 50;

/// Reads the kernel.
pub struct Sampler {
    kernel: Kernel,
    sockets: Option<Sockets>,
    /// When each socket may be looked at again, and when it is.
    looks: [Instant; 2],
    /// How many there were at the last look.
    looked_at: u64,
    view: HostView,
}

impl Sampler {
    /// The first reading.
    #[must_use]
    pub fn begin() -> Self {
        let mut kernel = Kernel::default();
        let sockets = Sockets::open().map_err(|error| kernel.problem(unreadable(&error)));
        let mut sampler = Self {
            kernel,
            sockets: sockets.ok(),
            looks: [Instant::now(); 2],
            looked_at: 0,
            view: HostView::default(),
        };
        sampler.read(true);
        sampler.view.start = sampler.view.end;
        if let Some(sockets) = &mut sampler.sockets {
            sockets.begin();
            sampler.view.legs.clone_from(&sockets.legs);
        }
        sampler
    }

    /// Goes on until `wait` says that the capture is over: it returns then, or when the time it is given has passed.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn watch(mut self, wait: impl Fn(Duration) -> bool + Send + 'static) -> io::Result<Watched> {
        let view = Arc::new(Mutex::new(self.view.clone()));
        let shared = Arc::clone(&view);
        let go_on = move || {
            let mut is_over = false;
            while !is_over {
                is_over = wait(SECOND);
                self.read(is_over);
                lock(&shared).clone_from(&self.view);
            }
        };
        let thread = thread::Builder::new().name("host".to_owned()).spawn(go_on)?;
        Ok(Watched { view, thread })
    }

    /// One reading; each socket only if it is time, or `certainly`.
    fn read(&mut self, certainly: bool) {
        let view = &mut self.view;
        let kernel = &mut self.kernel;
        let (counters, open) = kernel.counters();
        view.end = Reading {
            at: Some(clock()),
            counters,
            limits: kernel.limits(),
            conntrack: kernel.conntrack_count(),
            open,
            time_wait: kernel.time_wait(),
            sockets: view.end.sockets,
        };
        view.most_time_wait = view.most_time_wait.max(view.end.time_wait);
        view.most_conntrack = view.most_conntrack.max(view.end.conntrack);
        view.readings += 1;
        if let Ok(known) = getifaddrs() {
            let addresses = known.filter_map(|entry| {
                let address = entry.address?;
                let v4 = address.as_sockaddr_in().map(|address| address.ip().into());
                v4.or_else(|| address.as_sockaddr_in6().map(|address| address.ip().into()))
            });
            for address in addresses {
                if !view.addresses.contains(&address) {
                    view.addresses.push(address);
                }
            }
        }
        let there = open.unwrap_or(0) + view.end.time_wait.unwrap_or(0);
        let grown = there as f64 > self.looked_at as f64 * GROWN;
        let now = Instant::now();
        let [may, must] = self.looks;
        let wanted = certainly || now >= must || grown && now >= may;
        if let Some(sockets) = self.sockets.as_mut().filter(|_| wanted) {
            match sockets.look() {
                Ok(states) => {
                    view.end.sockets = Some(states);
                    view.most.raise(&states);
                    view.legs.clone_from(&sockets.legs);
                    view.incomplete = sockets.incomplete;
                }
                // What is left of the answer would be taken for the next one's.
                Err(error) => {
                    kernel.problem(unreadable(&error));
                    self.sockets = None;
                }
            }
            let may = now + now.elapsed() * SHARE;
            self.looks = [may, may.max(now + LOOK)];
            self.looked_at = there;
        }
        view.problems.clone_from(&kernel.problems);
    }
}

/// A [`Sampler`] on its way.
pub struct Watched {
    view: Arc<Mutex<HostView>>,
    thread: JoinHandle<()>,
}

impl Watched {
    /// The last second.
    #[must_use]
    pub fn tally(&self) -> Tally {
        lock(&self.view).tally()
    }

    /// What was read so far.
    #[must_use]
    pub fn so_far(&self) -> HostView {
        lock(&self.view).clone()
    }

    /// Everything, once the capture is over.
    #[must_use]
    pub fn finish(self) -> HostView {
        // A thread that panicked has said so on its own; what it had read is there.
        let _ = self.thread.join();
        lock(&self.view).clone()
    }
}

fn lock(view: &Mutex<HostView>) -> MutexGuard<'_, HostView> {
    // Plain values: whoever panicked left them whole.
    view.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unreadable(error: &io::Error) -> String {
    format!("sockets: sock_diag: {error}")
}

/// The time of day.
fn clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn readings_end_with_the_capture() {
        let asked = AtomicU32::new(0);
        let watched = Sampler::begin()
            .watch(move |_| asked.fetch_add(1, Ordering::Relaxed) == 2)
            .unwrap();
        let view = watched.finish();
        assert_eq!(view.readings, 4, "one before, two on the way, one at the end");
        assert!(view.start.at <= view.end.at);
        assert!(view.end.sockets.is_some(), "{:?}", view.problems);
        assert!(view.owns("127.0.0.1".parse().unwrap()));
    }
}
