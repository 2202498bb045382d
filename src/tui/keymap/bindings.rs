//! The table of keys.

use crossterm::event::KeyCode;

use super::{
    ALL, Binding, CAUSES, CONNECTIONS, EVERYWHERE, FILTER, HOST, LADDER, LEGS, READING, TABLES, TIMELINE,
    VIEWS, char, code, ctrl,
};
use crate::tui::action::{Command, Motion, View};

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
