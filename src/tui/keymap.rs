//! Which key does what: one table, which also prints the help.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{Command, Motion, View};
use super::app::{App, Mode};

/// Where a key means something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Where(u8);

const LEGS: Where = Where(1);
const CONNECTIONS: Where = Where(1 << 1);
const CAUSES: Where = Where(1 << 2);
const TIMELINE: Where = Where(1 << 3);
const HOST: Where = Where(1 << 4);
const HELP: Where = Where(1 << 5);
const FILTER: Where = Where(1 << 6);
const LADDER: Where = Where(1 << 7);
const TABLES: Where = LEGS.and(CONNECTIONS).and(CAUSES).and(HOST);
const VIEWS: Where = TABLES.and(TIMELINE);
const READING: Where = HELP.and(LADDER);
const ALL: Where = VIEWS.and(READING);
const EVERYWHERE: Where = ALL.and(FILTER);

impl Where {
    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn takes_in(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    const fn of(app: &App) -> Self {
        match app.mode {
            Mode::Help { .. } => HELP,
            Mode::Filter { .. } => FILTER,
            Mode::Ladder { .. } => LADDER,
            Mode::Browse => Self::of_view(app.view),
        }
    }

    const fn of_view(view: View) -> Self {
        match view {
            View::Legs => LEGS,
            View::Connections => CONNECTIONS,
            View::Causes => CAUSES,
            View::Timeline => TIMELINE,
            View::Host => HOST,
        }
    }
}

/// A key, perhaps with Ctrl.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Key {
    code: KeyCode,
    ctrl: bool,
}

const fn char(c: char) -> Key {
    code(KeyCode::Char(c))
}

const fn ctrl(c: char) -> Key {
    Key {
        code: KeyCode::Char(c),
        ctrl: true,
    }
}

const fn code(code: KeyCode) -> Key {
    Key { code, ctrl: false }
}

/// Some keys and what they do.
pub struct Binding {
    keys: &'static [Key],
    place: Where,
    command: Command,
    /// The keys as the help names them; empty where another line tells of them.
    pub shown: &'static str,
    /// What they do.
    pub about: &'static str,
    /// The same in a word, for the last line.
    pub hint: &'static str,
}

macro_rules! key {
    ($place:expr, $command:expr, [$($key:expr),*], $shown:literal, $about:literal, $hint:literal) => {
        Binding {
            keys: &[$($key),*],
            place: $place,
            command: $command,
            shown: $shown,
            about: $about,
            hint: $hint,
        }
    };
}

const fn go(motion: Motion) -> Command {
    Command::Move(motion)
}

/// Every key, in the order of the help.
pub const BINDINGS: &[Binding] = &[
    key!(
        ALL,
        Command::Help,
        [char('?'), code(KeyCode::F(1))],
        "?  F1",
        "the keys of this view, and back",
        "help"
    ),
    key!(
        ALL,
        Command::Quit,
        [char('q')],
        "q",
        "leaves; the report follows on the terminal",
        "quit"
    ),
    key!(
        EVERYWHERE,
        Command::Interrupt,
        [ctrl('c')],
        "Ctrl-C",
        "the same at once",
        ""
    ),
    key!(
        EVERYWHERE,
        Command::Suspend,
        [ctrl('z')],
        "Ctrl-Z",
        "stops; `fg` comes back",
        ""
    ),
    key!(
        EVERYWHERE,
        Command::Redraw,
        [ctrl('l')],
        "Ctrl-L",
        "draws everything anew",
        ""
    ),
    key!(
        VIEWS,
        Command::Step(1),
        [code(KeyCode::Tab)],
        "Tab  Shift-Tab",
        "the next view, the one before",
        "views"
    ),
    key!(
        VIEWS,
        Command::Step(View::ALL.len() - 1),
        [code(KeyCode::BackTab)],
        "",
        "",
        ""
    ),
    key!(
        VIEWS,
        Command::Show(View::Legs),
        [char('1')],
        "1 2 3 4 5",
        "Legs, Connections, Causes, Timeline, Host",
        ""
    ),
    key!(VIEWS, Command::Show(View::Connections), [char('2')], "", "", ""),
    key!(VIEWS, Command::Show(View::Causes), [char('3')], "", "", ""),
    key!(VIEWS, Command::Show(View::Timeline), [char('4')], "", "", ""),
    key!(VIEWS, Command::Show(View::Host), [char('5')], "", "", ""),
    key!(
        TABLES.and(READING),
        go(Motion::Rows(1)),
        [code(KeyCode::Down), char('j')],
        "up down  k j",
        "a row up or down",
        ""
    ),
    key!(
        TABLES.and(READING),
        go(Motion::Rows(-1)),
        [code(KeyCode::Up), char('k')],
        "",
        "",
        ""
    ),
    key!(
        TABLES.and(READING),
        go(Motion::Pages(1)),
        [code(KeyCode::PageDown), ctrl('f')],
        "PgUp PgDn",
        "a screen up or down; also Ctrl-B, Ctrl-F",
        ""
    ),
    key!(
        TABLES.and(READING),
        go(Motion::Pages(-1)),
        [code(KeyCode::PageUp), ctrl('b')],
        "",
        "",
        ""
    ),
    key!(
        ALL,
        go(Motion::First),
        [code(KeyCode::Home), char('g')],
        "g G",
        "to the beginning or the end; also Home, End",
        ""
    ),
    key!(ALL, go(Motion::Last), [code(KeyCode::End), char('G')], "", "", ""),
    key!(
        LEGS,
        Command::Open,
        [code(KeyCode::Enter), code(KeyCode::Right), char('l')],
        "Enter",
        "the connections of this row; also l, right",
        "connections"
    ),
    key!(
        CAUSES,
        Command::Open,
        [code(KeyCode::Enter), code(KeyCode::Right), char('l')],
        "Enter",
        "the connections that ended so; also l, right",
        "connections"
    ),
    key!(
        VIEWS,
        Command::Back,
        [code(KeyCode::Esc), code(KeyCode::Backspace)],
        "Esc",
        "back to where this was opened",
        ""
    ),
    key!(
        CONNECTIONS,
        Command::Back,
        [code(KeyCode::Left), char('h')],
        "",
        "",
        ""
    ),
    key!(
        READING,
        Command::Back,
        [
            code(KeyCode::Esc),
            code(KeyCode::Backspace),
            code(KeyCode::Left),
            char('h')
        ],
        "Esc",
        "back to the view",
        ""
    ),
    key!(
        CONNECTIONS,
        Command::Open,
        [code(KeyCode::Enter), code(KeyCode::Right), char('l')],
        "Enter",
        "the packets of this connection; also l, right",
        "packets"
    ),
    key!(
        TABLES,
        Command::Filter,
        [char('/')],
        "/",
        "shows what matches: class:per_request server:10.0.0.11 reqs>5 cause:P1 !port:8081",
        "filter"
    ),
    key!(
        FILTER,
        Command::Accept,
        [code(KeyCode::Enter)],
        "Enter",
        "shows what matches",
        "show"
    ),
    key!(
        FILTER,
        Command::Back,
        [code(KeyCode::Esc)],
        "Esc",
        "as it was before",
        "back"
    ),
    key!(
        FILTER,
        Command::Erase,
        [code(KeyCode::Backspace)],
        "Backspace",
        "takes back a character",
        ""
    ),
    key!(
        FILTER,
        Command::Clear,
        [ctrl('u')],
        "Ctrl-U",
        "takes back all of it",
        "clear"
    ),
    key!(
        TIMELINE,
        go(Motion::Aside(1)),
        [code(KeyCode::Right), char('l')],
        "left right  h l",
        "earlier or later",
        ""
    ),
    key!(
        TIMELINE,
        go(Motion::Aside(-1)),
        [code(KeyCode::Left), char('h')],
        "",
        "",
        ""
    ),
    key!(
        TIMELINE,
        go(Motion::Pages(1)),
        [code(KeyCode::PageDown), ctrl('f')],
        "PgUp PgDn",
        "a screen earlier or later",
        ""
    ),
    key!(
        TIMELINE,
        go(Motion::Pages(-1)),
        [code(KeyCode::PageUp), ctrl('b')],
        "",
        "",
        ""
    ),
    key!(
        TIMELINE,
        Command::Zoom(true),
        [char('+'), char('='), code(KeyCode::Up), char('k')],
        "+ -",
        "less time in more detail, and back; also up, down",
        "zoom"
    ),
    key!(
        TIMELINE,
        Command::Zoom(false),
        [char('-'), code(KeyCode::Down), char('j')],
        "",
        "",
        ""
    ),
    key!(
        TABLES,
        Command::Sort(1),
        [char('s'), char('>'), code(KeyCode::F(6))],
        "s  < >",
        "sorts by the next column, or the one before",
        "sort"
    ),
    key!(TABLES, Command::Sort(usize::MAX), [char('<')], "", "", ""),
    key!(
        TABLES,
        Command::Reverse,
        [char('S')],
        "S",
        "sorts the other way round",
        ""
    ),
    key!(
        LEGS,
        Command::Group,
        [char('t')],
        "t",
        "adds legs up by server, by client, or not",
        "group"
    ),
    key!(
        CONNECTIONS,
        Command::Group,
        [char('t')],
        "t",
        "keeps the connections of a leg together, or not",
        "group"
    ),
    key!(
        CONNECTIONS,
        Command::Pin,
        [char('p')],
        "p",
        "pins this connection to the top, or lets it go",
        "pin"
    ),
    key!(
        VIEWS,
        Command::Freeze,
        [char(' ')],
        "Space",
        "freezes the display, while the capture goes on",
        "freeze"
    ),
    key!(
        VIEWS,
        Command::Names,
        [char('n')],
        "n",
        "names from /etc/hosts for addresses, or numbers",
        ""
    ),
    key!(
        VIEWS,
        Command::Times,
        [char('a')],
        "a",
        "times of the day, or from the start",
        ""
    ),
    key!(
        TABLES.and(LADDER),
        Command::Copy,
        [char('y')],
        "y",
        "copies a Wireshark filter for this row (OSC 52)",
        ""
    ),
    key!(
        CONNECTIONS,
        Command::Export,
        [char('e')],
        "e",
        "writes these connections to a file, a line of JSON each",
        "export"
    ),
    key!(
        LADDER,
        Command::Export,
        [char('e')],
        "e",
        "writes these packets to a file, as pcapng",
        "export"
    ),
    key!(
        LEGS.and(CAUSES).and(TIMELINE).and(HOST),
        Command::Export,
        [char('e')],
        "e",
        "writes the report to a file as JSON",
        "export"
    ),
    key!(
        VIEWS,
        Command::Theme,
        [char('c')],
        "c",
        "the next theme: dark, light, mono",
        ""
    ),
];

/// What a key asks for, here and now.
#[must_use]
pub fn command(app: &App, event: KeyEvent) -> Option<Command> {
    let place = Where::of(app);
    let pressed = Key {
        code: event.code,
        ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
    };
    if let (Mode::Filter { .. }, KeyCode::Char(c), false) = (&app.mode, event.code, pressed.ctrl) {
        return Some(Command::Type(c));
    }
    let means = |binding: &&Binding| binding.place.takes_in(place) && binding.keys.contains(&pressed);
    BINDINGS.iter().find(means).map(|binding| binding.command)
}

/// The keys of a view, as the help names them.
pub fn of_view(view: View) -> impl Iterator<Item = &'static Binding> {
    told(Where::of_view(view))
}

/// The keys that mean something now.
pub fn of_now(app: &App) -> impl Iterator<Item = &'static Binding> + use<> {
    told(Where::of(app))
}

fn told(place: Where) -> impl Iterator<Item = &'static Binding> {
    BINDINGS
        .iter()
        .filter(move |binding| binding.place.takes_in(place) && !binding.shown.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for place in (0..8).map(|bit| Where(1 << bit)) {
            let mut keys: Vec<Key> = Vec::new();
            let here = BINDINGS.iter().filter(|binding| binding.place.takes_in(place));
            for key in here.flat_map(|binding| binding.keys) {
                assert!(!keys.contains(key), "{key:?} in {place:?}");
                keys.push(*key);
            }
        }
    }

    #[test]
    fn every_key_is_told_of_in_the_help_of_its_view() {
        for binding in BINDINGS {
            let told = |other: &Binding| {
                !other.shown.is_empty() && other.place.takes_in(binding.place) && {
                    std::mem::discriminant(&other.command) == std::mem::discriminant(&binding.command)
                }
            };
            assert!(BINDINGS.iter().any(told), "{:?}", binding.keys);
            assert_eq!(
                binding.shown.is_empty(),
                binding.about.is_empty(),
                "{:?}",
                binding.keys
            );
        }
    }
}
