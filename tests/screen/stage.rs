//! A screen over a real capture: keys in, the drawn buffer out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use flowcheck::diagnose::{ExchangeRecord, Snapshot};
use flowcheck::tui::rows::connections::Held;
use flowcheck::tui::{Action, App, Effect, Glyphs, Names, Settings, Theme, draw, keymap, update};
use flowcheck::{engine, pipeline, source};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Style;

pub(crate) fn capture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name)
}

/// What is known of a capture, with all its connections.
pub(crate) fn snapshot(file: &Path) -> Snapshot {
    let source = source::open(&[file.to_path_buf()], source::OpenOptions::default()).expect("a capture");
    let config = engine::Config {
        keep_connections: Some(1_000_000),
        ..engine::Config::default()
    };
    let mut snapshot = pipeline::analyse(Box::new(source), &config, 1, &mut |_: &ExchangeRecord| {});
    // The same wherever the tests run.
    for source in &mut snapshot.capture.sources {
        source.name = file.file_name().expect("a name").to_string_lossy().into_owned();
    }
    snapshot
}

pub(crate) struct Stage {
    pub(crate) app: App,
    held: Held,
    /// Where packets are.
    file: Option<PathBuf>,
    /// What was to be done outside.
    pub(crate) effects: Vec<Effect>,
}

impl Stage {
    pub(crate) fn new(snapshot: Snapshot, size: (u16, u16)) -> Self {
        let settings = Settings {
            theme: Theme::Dark,
            glyphs: Glyphs::Unicode,
            zone: TimeZone::UTC,
            names: Names::from([([10, 77, 0, 11].into(), "tc-漢字".to_owned())]),
            filter: flowcheck::query::Query::default(),
            live: false,
            recording: false,
        };
        let mut stage = Self {
            app: App::new(settings, size),
            held: Held::default(),
            file: None,
            effects: Vec::new(),
        };
        stage.act(Action::Snapshot(Arc::new(snapshot)));
        stage.act(Action::Ended);
        stage
    }

    pub(crate) fn of(name: &str, size: (u16, u16)) -> Self {
        Self::over(capture(name), size)
    }

    /// The same of any file.
    pub(crate) fn over(file: PathBuf, size: (u16, u16)) -> Self {
        let mut stage = Self::new(snapshot(&file), size);
        stage.file = Some(file);
        stage
    }

    /// Carries out an action and what follows from it.
    pub(crate) fn act(&mut self, action: Action) {
        let mut effects = update(&mut self.app, action);
        while let Some(effect) = effects.pop() {
            if let Effect::Ask(query) = &effect {
                let listing = self.held.answer(&self.app.shown, query);
                effects.extend(update(&mut self.app, Action::Listed(listing)));
            } else if let Effect::Ladder(record) = effect {
                let file = self.file.as_ref().expect("a capture");
                let source = source::open(std::slice::from_ref(file), source::OpenOptions::default());
                let source = Box::new(source.expect("a capture"));
                let id = record.facts.id;
                let ladder = pipeline::ladder(source, &engine::Config::default(), *record, &mut |_, _| ());
                effects.extend(update(&mut self.app, Action::Laddered(id, Ok(Arc::new(ladder)))));
            } else {
                self.effects.push(effect);
            }
        }
    }

    /// Presses keys: letters stand for themselves, `<Esc>` and the like for keys with names.
    pub(crate) fn press(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let named = NAMED.iter().find(|(name, _)| rest.starts_with(name));
            let code = if let Some((name, code)) = named {
                rest = &rest[name.len()..];
                *code
            } else {
                rest = &rest[first.len_utf8()..];
                KeyCode::Char(first)
            };
            let event = KeyEvent::new(code, KeyModifiers::NONE);
            if let Some(command) = keymap::command(&self.app, event) {
                self.act(Action::Do(command));
            }
        }
        self
    }

    pub(crate) fn buffer(&self) -> Buffer {
        let (width, height) = self.app.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
        terminal.draw(|frame| draw(frame, &self.app)).expect("drawn");
        terminal.backend().buffer().clone()
    }

    /// The screen's text.
    pub(crate) fn text(&self) -> String {
        lines(&self.buffer()).join("\n")
    }
}

const NAMED: [(&str, KeyCode); 12] = [
    ("<Esc>", KeyCode::Esc),
    ("<Enter>", KeyCode::Enter),
    ("<Tab>", KeyCode::Tab),
    ("<BackTab>", KeyCode::BackTab),
    ("<PgDn>", KeyCode::PageDown),
    ("<PgUp>", KeyCode::PageUp),
    ("<Up>", KeyCode::Up),
    ("<Down>", KeyCode::Down),
    ("<Left>", KeyCode::Left),
    ("<Right>", KeyCode::Right),
    ("<Home>", KeyCode::Home),
    ("<End>", KeyCode::End),
];

/// The lines of a screen; a wide character takes the place of the blank behind it.
pub(crate) fn lines(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    let row = |y: u16| {
        let (mut line, mut skip) = (String::new(), 0);
        for x in 0..area.width {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                line.push_str(symbol);
                skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        line.trim_end().to_owned()
    };
    (0..area.height).map(row).collect()
}

/// Text and styles: under each line that has any, a letter for the style of each place; what they mean stands at the end.
pub(crate) fn portrait(buffer: &Buffer) -> String {
    let mut known: Vec<Style> = Vec::new();
    let mut out = String::new();
    for (y, line) in lines(buffer).into_iter().enumerate() {
        let mut styles = String::new();
        for x in 0..buffer.area.width {
            let style = buffer[(x, y as u16)].style();
            let plain = Style::new()
                .fg(ratatui::style::Color::Reset)
                .bg(ratatui::style::Color::Reset);
            if style == plain || style == Style::reset() || Some(style) == bare(style) {
                styles.push(' ');
                continue;
            }
            let place = known.iter().position(|other| *other == style).unwrap_or_else(|| {
                known.push(style);
                known.len() - 1
            });
            styles.push(char::from(b'a' + place as u8));
        }
        writeln!(out, "|{line}").expect("a string");
        if !styles.trim().is_empty() {
            writeln!(out, ":{}", styles.trim_end()).expect("a string");
        }
    }
    let named: BTreeMap<char, String> = (b'a'..)
        .zip(&known)
        .map(|(letter, style)| (char::from(letter), words(*style)))
        .collect();
    for (letter, words) in named {
        writeln!(out, "{letter} {words}").expect("a string");
    }
    out
}

/// `style` if it is none.
fn bare(style: Style) -> Option<Style> {
    let nothing = style.add_modifier.is_empty()
        && style.fg.is_none_or(|color| color == ratatui::style::Color::Reset)
        && style.bg.is_none_or(|color| color == ratatui::style::Color::Reset);
    nothing.then_some(style)
}

fn words(style: Style) -> String {
    let mut words = Vec::new();
    words.extend(
        style
            .fg
            .filter(|color| *color != ratatui::style::Color::Reset)
            .map(|color| color.to_string()),
    );
    words.extend(
        style
            .bg
            .filter(|color| *color != ratatui::style::Color::Reset)
            .map(|color| format!("on {color}")),
    );
    words.extend(
        style
            .add_modifier
            .iter_names()
            .map(|(name, _)| name.to_lowercase()),
    );
    words.join(" ")
}
