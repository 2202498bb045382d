//! The loop: keys and news in, the screen out.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{self, Event, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};

use super::action::{Action, Command, Effect, Export, Motion};
use super::app::{App, Mode, Settings};
use super::keymap;
use super::keys::Keys;
use super::rows::connections::{Listing, ViewQuery};
use super::terminal::Terminal;
use super::update::update;
use crate::diagnose::{ConnectionRecord, Snapshot};

/// How long a key is waited for before news are looked for.
const TICK: Duration = Duration::from_millis(50);
/// Two clicks within this open what they are on.
const DOUBLE_CLICK: Duration = Duration::from_millis(400);

/// What the screen needs from the program around it.
pub trait Outside {
    /// What has happened since it was last asked.
    fn news(&mut self) -> Vec<Action>;

    /// Whether the program has been told to end.
    fn must_end(&self) -> bool;

    /// The part of the flow table that `query` asks for, of `snapshot` where that holds it; else it comes with the news.
    fn listing(&mut self, snapshot: &Arc<Snapshot>, query: &ViewQuery) -> Option<Listing>;

    /// Looks for the packets of a connection; they come with the news.
    fn ladder(&mut self, record: &ConnectionRecord);

    /// Writes something to a file of its own and says where, or why not.
    fn export(&mut self, snapshot: &Arc<Snapshot>, what: &Export) -> String;

    /// Stops the program until it is told to go on.
    fn suspend(&mut self);
}

/// Shows the screen until it is left.
///
/// # Errors
/// What the terminal would not do.
pub fn run<W: Write>(
    terminal: &mut Terminal<W>,
    settings: Settings,
    outside: &mut dyn Outside,
) -> io::Result<()> {
    let mut app = App::new(settings, terminal.size()?);
    let mut mouse = Mouse::default();
    let keys = Keys::new();
    let mut changed = true;
    while !outside.must_end() && !terminal.has_panicked() && !terminal.is_gone() {
        for action in outside.news() {
            changed = true;
            if act(terminal, &mut app, outside, action)? {
                return Ok(());
            }
        }
        if std::mem::take(&mut changed) {
            terminal.show(&app)?;
        }
        let mut wait = TICK;
        // Keys that have come together are carried out together, and drawn once.
        loop {
            match keys.come(wait) {
                Ok(true) => {}
                Ok(false) => break,
                // Nobody is there any more.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error),
            }
            wait = Duration::ZERO;
            changed = true;
            if let Some(action) = action(&app, &mut mouse, &event::read()?)
                && act(terminal, &mut app, outside, action)?
            {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Carries out an action and what follows from it; whether the screen is left.
fn act<W: Write>(
    terminal: &mut Terminal<W>,
    app: &mut App,
    outside: &mut dyn Outside,
    action: Action,
) -> io::Result<bool> {
    let mut effects = update(app, action);
    while !effects.is_empty() {
        let mut next = Vec::new();
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(true),
                Effect::Ask(query) => {
                    if let Some(listing) = outside.listing(&app.shown, &query) {
                        next.extend(update(app, Action::Listed(listing)));
                    }
                }
                Effect::Ladder(record) => outside.ladder(&record),
                Effect::Copy(text) => terminal.copy(&text)?,
                Effect::Export(what) => {
                    let said = outside.export(&app.shown, &what);
                    next.extend(update(app, Action::Said(said)));
                }
                Effect::Redraw => terminal.clear()?,
                Effect::Suspend => {
                    terminal.leave()?;
                    outside.suspend();
                    terminal.resume()?;
                    let (width, height) = terminal.size()?;
                    next.extend(update(app, Action::Resize(width, height)));
                }
            }
        }
        effects = next;
    }
    Ok(false)
}

/// The last click, to tell double ones.
#[derive(Debug, Default)]
struct Mouse {
    last: Option<(Instant, u16, u16)>,
}

impl Mouse {
    fn click(&mut self, now: Instant, x: u16, y: u16) -> bool {
        let before = self.last.replace((now, x, y));
        let double = before.is_some_and(|(then, _, row)| row == y && now.duration_since(then) < DOUBLE_CLICK);
        if double {
            self.last = None;
        }
        double
    }
}

fn action(app: &App, mouse: &mut Mouse, event: &Event) -> Option<Action> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => keymap::command(app, *key).map(Action::Do),
        Event::Mouse(event) => of_mouse(app, mouse, *event),
        Event::Resize(width, height) => Some(Action::Resize(*width, *height)),
        _ => None,
    }
}

fn of_mouse(app: &App, mouse: &mut Mouse, event: MouseEvent) -> Option<Action> {
    let wheel = |by| {
        let motion = if matches!(
            (&app.mode, app.view),
            (Mode::Browse, super::action::View::Timeline)
        ) {
            Motion::Aside(by)
        } else {
            Motion::Rows(by)
        };
        Some(Action::Do(Command::Move(motion)))
    };
    match event.kind {
        MouseEventKind::ScrollDown => wheel(3),
        MouseEventKind::ScrollUp => wheel(-3),
        MouseEventKind::Down(MouseButton::Left) => Some(Action::Click {
            x: event.column,
            y: event.row,
            double: mouse.click(Instant::now(), event.column, event.row),
        }),
        _ => None,
    }
}
