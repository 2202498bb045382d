//! How far reading has come, on standard error.

use std::io::IsTerminal;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The bar appears when reading takes longer than this, and is drawn anew as often.
const TICK: Duration = Duration::from_millis(150);

const BYTES: &str = "{bar:32} {percent:>3} %  {bytes} of {total_bytes}, {eta} left";
const STREAM: &str = "{spinner} {bytes} read";

/// A bar that a thread of its own redraws until it is dropped; no packet ever waits for it.
pub(super) struct Progress {
    done: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts drawing what `read` says, unless standard error is no terminal or `quiet`.
    pub(super) fn start(quiet: bool, total: Option<u64>, read: impl Fn() -> u64 + Send + 'static) -> Self {
        if quiet || !std::io::stderr().is_terminal() {
            return Self {
                done: None,
                thread: None,
            };
        }
        let (done, finished) = mpsc::channel();
        let draw = move || {
            let mut bar = None;
            while finished.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                bar.get_or_insert_with(|| new_bar(total)).set_position(read());
            }
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
        };
        let thread = thread::Builder::new()
            .name("progress".to_owned())
            .spawn(draw)
            .ok();
        Self {
            done: Some(done),
            thread,
        }
    }
}

fn new_bar(total: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    let template = if total.is_some() { BYTES } else { STREAM };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("━╸─")),
        Err(_) => bar,
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
