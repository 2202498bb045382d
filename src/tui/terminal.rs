//! The terminal: taken over at the beginning, and as it was at the end, whatever ends the program.

use std::io::{self, Write};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use ratatui::backend::CrosstermBackend;

use super::app::App;
use super::view::draw;

/// A terminal that shows a screen of its own until this is dropped.
pub struct Terminal<W: Write> {
    inner: ratatui::Terminal<CrosstermBackend<Lasting<W>>>,
    mouse: bool,
    /// It shows the screen at the moment.
    taken: bool,
    panicked: Arc<AtomicBool>,
    gone: Arc<AtomicBool>,
}

/// A terminal may go away at any time. What is written to it then is lost, as is who would read it: an error would only be told
/// to a terminal again.
struct Lasting<W> {
    out: W,
    gone: Arc<AtomicBool>,
}

impl<W> Lasting<W> {
    fn or_lost<T>(&self, written: io::Result<T>, all: T) -> io::Result<T> {
        /// What a terminal says that is not there any more.
        const EIO: i32 = 5;
        const ENXIO: i32 = 6;
        match written {
            Err(error)
                if matches!(error.raw_os_error(), Some(EIO | ENXIO))
                    || error.kind() == io::ErrorKind::BrokenPipe =>
            {
                self.gone.store(true, Ordering::Relaxed);
                Ok(all)
            }
            written => written,
        }
    }
}

impl<W: Write> Write for Lasting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.or_lost(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.out.flush();
        self.or_lost(written, ())
    }
}

impl<W: Write> Terminal<W> {
    /// Takes over the terminal behind `out`; `restore` makes another writer to it, for the message of a panic.
    ///
    /// # Errors
    /// What the terminal would not do.
    pub fn take(out: W, mouse: bool, restore: impl Fn() -> W + Send + Sync + 'static) -> io::Result<Self> {
        let panicked = Arc::new(AtomicBool::new(false));
        let (noted, before) = (Arc::clone(&panicked), panic::take_hook());
        panic::set_hook(Box::new(move |info| {
            // Any thread's: its message is to be read on the terminal as it was.
            if !noted.swap(true, Ordering::Relaxed) {
                let _ = give_back(&mut restore());
            }
            before(info);
        }));
        let gone = Arc::<AtomicBool>::default();
        let out = Lasting {
            out,
            gone: Arc::clone(&gone),
        };
        let mut terminal = Self {
            inner: ratatui::Terminal::new(CrosstermBackend::new(out))?,
            mouse,
            taken: false,
            panicked,
            gone,
        };
        terminal.resume()?;
        Ok(terminal)
    }

    /// Shows the screen.
    ///
    /// # Errors
    /// What the terminal would not do.
    pub fn resume(&mut self) -> io::Result<()> {
        self.taken = true;
        enable_raw_mode()?;
        let out = self.inner.backend_mut();
        execute!(out, EnterAlternateScreen, cursor::Hide)?;
        if self.mouse {
            execute!(out, EnableMouseCapture)?;
        }
        self.begin_anew()
    }

    /// Nothing is on the screen. Not ratatui's `clear`, which asks where the cursor is, and waits for the answer for ever if the
    /// terminal goes away meanwhile.
    fn begin_anew(&mut self) -> io::Result<()> {
        let size = self.inner.size()?;
        self.inner.resize(size.into())
    }

    /// Gives the terminal back as it was.
    ///
    /// # Errors
    /// What the terminal would not do.
    pub fn leave(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.taken) || self.has_panicked() {
            return Ok(());
        }
        give_back(self.inner.backend_mut())
    }

    /// Whether some thread panicked; the terminal is as it was, then.
    #[must_use]
    pub fn has_panicked(&self) -> bool {
        self.panicked.load(Ordering::Relaxed)
    }

    /// Whether the terminal has gone away.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// What the terminal would not say.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        self.inner.size().map(|size| (size.width, size.height))
    }

    /// Shows `app`.
    ///
    /// # Errors
    /// What the terminal could not take.
    pub fn show(&mut self, app: &App) -> io::Result<()> {
        self.inner.draw(|frame| draw(frame, app)).map(|_| ())
    }

    /// Forgets what is shown, so that everything is drawn anew.
    ///
    /// # Errors
    /// What the terminal would not do.
    pub fn clear(&mut self) -> io::Result<()> {
        self.begin_anew()
    }

    /// Puts `text` into the terminal's clipboard, if it lets programs do so (OSC 52).
    ///
    /// # Errors
    /// What the terminal could not take.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(self.inner.backend_mut(), CopyToClipboard::to_clipboard_from(text))
    }
}

/// The mouse too: a terminal without it takes no notice.
fn give_back(out: &mut impl Write) -> io::Result<()> {
    let written = execute!(out, DisableMouseCapture, LeaveAlternateScreen, cursor::Show);
    disable_raw_mode()?;
    written
}

impl<W: Write> Drop for Terminal<W> {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ends(i32);

    impl Write for Ends {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(self.0))
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::Error::from_raw_os_error(self.0))
        }
    }

    #[test]
    fn a_terminal_that_is_gone_takes_everything_and_others_do_not() {
        for (error, is_gone) in [(5, true), (6, true), (28, false)] {
            let gone = Arc::<AtomicBool>::default();
            let mut out = Lasting {
                out: Ends(error),
                gone: Arc::clone(&gone),
            };
            assert_eq!(out.write_all(b"x").is_ok(), is_gone);
            assert_eq!(out.flush().is_ok(), is_gone);
            assert_eq!(gone.load(Ordering::Relaxed), is_gone);
        }
    }
}
