//! Which key does what: one table, which also prints the help.

mod bindings;

pub use bindings::BINDINGS;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{Command, View};
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
