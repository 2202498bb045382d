//! The screen, joined to what it shows: when it is wanted, how it looks, what it asks for.

mod again;
mod beside;
mod exports;
mod names;
mod patient;
mod reading;
mod running;
mod signals;

use std::io::{self, BufWriter, IsTerminal, Stdout};
#[cfg(feature = "live")]
use std::path::PathBuf;

use clap::ValueEnum;

use super::color;
use super::config::ReportConfig;
use super::error::Error;
#[cfg(feature = "live")]
use crate::pipeline;
#[cfg(feature = "live")]
use crate::tui;
use crate::tui::{Glyphs, Settings, Terminal, Theme};
use beside::Stream;
#[cfg(feature = "live")]
pub(super) use beside::{Feeder, Mailbox, beside};
pub(super) use reading::show;
#[cfg(feature = "live")]
pub(super) use signals::Signals;

/// Looks of the screen.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum ThemeArg {
    /// For dark backgrounds
    Dark,
    /// For light backgrounds
    Light,
    /// No colours
    Mono,
}

#[derive(clap::Args, Debug)]
pub(super) struct ScreenArgs {
    /// Leave the mouse to the terminal, so that it can select text
    #[arg(long, help_heading = "Screen")]
    no_mouse: bool,
    /// Draw with ASCII signs only
    #[arg(long, help_heading = "Screen")]
    ascii: bool,
    /// Colours of the screen
    #[arg(
        long,
        value_enum,
        value_name = "THEME",
        default_value = "dark",
        hide_default_value = true,
        help_heading = "Screen"
    )]
    theme: ThemeArg,
}

/// How the screen is to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ScreenConfig {
    mouse: bool,
    glyphs: Glyphs,
    theme: Theme,
}

impl ScreenArgs {
    pub(super) fn resolve(&self) -> ScreenConfig {
        ScreenConfig {
            mouse: !self.no_mouse,
            glyphs: if self.ascii {
                Glyphs::Ascii
            } else {
                Glyphs::Unicode
            },
            theme: match self.theme {
                ThemeArg::Dark => Theme::Dark,
                ThemeArg::Light => Theme::Light,
                ThemeArg::Mono => Theme::Mono,
            },
        }
    }
}

impl ScreenConfig {
    fn settings(self, report: &ReportConfig, live: bool, recording: bool) -> Settings {
        let color = color::wanted(report.color, Some(&io::stdout()));
        Settings {
            theme: if color { self.theme } else { Theme::Mono },
            glyphs: self.glyphs,
            zone: report.zone.clone(),
            names: names::known(),
            filter: report
                .narrowed
                .as_ref()
                .map(|(query, _)| query.clone())
                .unwrap_or_default(),
            live,
            recording,
        }
    }

    fn terminal(self) -> Result<Terminal<BufWriter<Stdout>>, Error> {
        Terminal::take(BufWriter::new(io::stdout()), self.mouse, || {
            BufWriter::new(io::stdout())
        })
        .map_err(failed)
    }
}

/// Whether a screen can be shown.
pub(super) fn has_terminal() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    io::stdout().is_terminal() && !dumb
}

/// Says why there can't be a screen.
pub(super) fn needs_terminal() -> Result<(), Error> {
    if has_terminal() {
        return Ok(());
    }
    let problem = "standard output is no terminal that can show a screen; leave --tui out for the report";
    Err(Error::argument("--tui", problem))
}

fn failed(source: io::Error) -> Error {
    Error::System {
        what: "the terminal cannot show a screen",
        source,
    }
}

/// What is to be shown of a capture that is running.
#[cfg(feature = "live")]
pub(super) struct Shown<'a> {
    /// How.
    pub(super) config: ScreenConfig,
    /// Figures and their zone.
    pub(super) report: &'a ReportConfig,
    /// Where packets are recorded, and files may be written.
    pub(super) folder: Option<PathBuf>,
    /// Where connections are asked for.
    pub(super) screen: pipeline::Screen,
}

/// Shows a capture that is running, until the screen is left; news of it come to `mailbox`.
#[cfg(feature = "live")]
pub(super) fn show_live(shown: Shown<'_>, signals: Signals, mailbox: &Mailbox) -> Result<(), Error> {
    let settings = shown.config.settings(shown.report, true, shown.folder.is_some());
    let mut outside = running::Running::new(shown.screen, signals, shown.folder, true, || mailbox.take());
    let mut terminal = shown.config.terminal()?;
    tui::screen::run(&mut terminal, settings, &mut outside).map_err(failed)?;
    terminal.leave().map_err(failed)
}
