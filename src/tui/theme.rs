//! What text means, and how it looks: colour only repeats what words and glyphs say.

use ratatui::style::{Color, Modifier, Style};

use crate::diagnose::Status;

/// What a piece of text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// A figure that matters.
    Strong,
    /// A label, or nothing worth a look.
    Dim,
    /// The head of a table, a title.
    Heading,
    /// As it should be.
    Good,
    /// Worth a look.
    Doubtful,
    /// Wrong.
    Bad,
    /// Not known.
    Unsure,
    /// Where the cursor is.
    Selected,
    /// The view that is shown.
    Tab,
    /// What makes all figures unsafe.
    Banner,
}

impl Tone {
    /// How an answer looks.
    #[must_use]
    pub const fn of(status: Status) -> Self {
        match status {
            Status::Pass => Self::Good,
            Status::Warn => Self::Doubtful,
            Status::Fail => Self::Bad,
            Status::Inconclusive => Self::Unsure,
        }
    }
}

/// A set of looks. None needs more than the terminal's own 16 colours, and none tells good from bad by red and green.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// For dark backgrounds.
    #[default]
    Dark,
    /// For light backgrounds.
    Light,
    /// No colours.
    Mono,
}

impl Theme {
    /// Every theme, in the order in which a key goes through them.
    pub const ALL: [Self; 3] = [Self::Dark, Self::Light, Self::Mono];

    /// Its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Mono => "mono",
        }
    }

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        let place = Self::ALL.iter().position(|theme| *theme == self);
        Self::ALL[(place.unwrap_or(0) + 1) % Self::ALL.len()]
    }

    /// How `tone` looks.
    #[must_use]
    pub const fn style(self, tone: Tone) -> Style {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        match (tone, self) {
            (Tone::Plain, _) => Style::new(),
            (Tone::Strong, _) => bold,
            (Tone::Selected, _) => Style::new().add_modifier(Modifier::REVERSED),
            (Tone::Tab, _) => bold.add_modifier(Modifier::REVERSED),
            (Tone::Banner, Self::Mono) => bold.add_modifier(Modifier::REVERSED),
            (Tone::Banner, _) => bold.fg(Color::White).bg(Color::Red),
            (Tone::Dim, Self::Dark) => Style::new().fg(Color::Gray),
            (Tone::Dim, Self::Light) => Style::new().fg(Color::DarkGray),
            (Tone::Dim, Self::Mono) => Style::new().add_modifier(Modifier::DIM),
            (Tone::Heading, Self::Dark) => bold.fg(Color::Cyan),
            (Tone::Heading, Self::Light) => bold.fg(Color::Blue),
            (Tone::Good, Self::Dark) => bold.fg(Color::LightBlue),
            (Tone::Good, Self::Light) => bold.fg(Color::Blue),
            (Tone::Doubtful, Self::Dark) => bold.fg(Color::Yellow),
            (Tone::Doubtful, Self::Light) => bold.fg(Color::Magenta),
            (Tone::Bad, Self::Dark) => bold.fg(Color::LightRed),
            (Tone::Bad, Self::Light) => bold.fg(Color::Red),
            (Tone::Bad, Self::Mono) => bold.add_modifier(Modifier::UNDERLINED),
            (Tone::Unsure, Self::Dark) => bold.fg(Color::LightMagenta),
            (Tone::Unsure, Self::Light) => bold.fg(Color::DarkGray),
            (_, Self::Mono) => bold,
        }
    }
}
