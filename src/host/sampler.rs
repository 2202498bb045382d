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

/// Looking at the sockets takes at most one part in so many of a processor: where there are very many, they are looked at
/// less often.
const SHARE: u32 = 20;

/// Reads the kernel.
pub struct Sampler {
    kernel: Kernel,
    sockets: Option<Sockets>,
    /// When the sockets may be looked at again.
    next_look: Instant,
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
            next_look: Instant::now(),
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

    /// One reading; the sockets only if it is their time, or `certainly`.
    fn read(&mut self, certainly: bool) {
        let view = &mut self.view;
        let kernel = &mut self.kernel;
        view.end = Reading {
            at: Some(clock()),
            counters: kernel.counters(),
            limits: kernel.limits(),
            conntrack: kernel.conntrack_count(),
            sockets: view.end.sockets,
        };
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
        let now = Instant::now();
        if let Some(sockets) = self
            .sockets
            .as_mut()
            .filter(|_| certainly || now >= self.next_look)
        {
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
            self.next_look = now + now.elapsed() * SHARE;
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
