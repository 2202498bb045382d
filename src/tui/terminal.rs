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
    inner: ratatui::Terminal<CrosstermBackend<W>>,
    mouse: bool,
    /// It shows the screen at the moment.
    taken: bool,
    panicked: Arc<AtomicBool>,
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
        let mut terminal = Self {
            inner: ratatui::Terminal::new(CrosstermBackend::new(out))?,
            mouse,
            taken: false,
            panicked,
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
        self.inner.clear()
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
        self.inner.clear()
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
