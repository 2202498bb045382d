//! Whether to print colours, and how wide.

use std::io::Stdout;

use anstream::{AutoStream, ColorChoice};

use super::args::When;
use crate::report::text::PLAIN_WIDTH;

/// Whether colours are wanted on `terminal`, a file if `None`; `Auto` follows `NO_COLOR`, `CLICOLOR_FORCE` and `TERM`.
pub(super) fn wanted(when: When, terminal: Option<&Stdout>) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => terminal.is_some_and(|stdout| AutoStream::choice(stdout) != ColorChoice::Never),
    }
}

/// Columns of the terminal behind `stdout`.
pub(super) fn width(stdout: &Stdout) -> usize {
    terminal_size::terminal_size_of(stdout).map_or(PLAIN_WIDTH, |(width, _)| usize::from(width.0))
}
