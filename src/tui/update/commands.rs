//! What keys do.

use super::{filtering, follow, height, leaving, make_rows, show_latest, sort};
use crate::query::Query;
use crate::tui::action::{Command, Effect, Motion, View};
use crate::tui::app::{App, Mode, Rungs};
use crate::tui::rows::Sort;
use crate::tui::rows::connections::Scope;
use crate::tui::view::{help, ladder, timeline};

pub(super) fn carry_out(app: &mut App, command: Command, effects: &mut Vec<Effect>) {
    let leaving_once = std::mem::take(&mut app.leaving);
    match command {
        Command::Show(view) => show(app, view),
        Command::Step(by) => show(app, app.view.step(by)),
        Command::Move(motion) => go(app, motion),
        Command::Open => open(app, effects),
        Command::Back => back(app),
        Command::Sort(by) => next_column(app, by),
        Command::Reverse => {
            if let Some((now, _)) = app.sorting() {
                sort(app, now.by(now.column));
            }
        }
        Command::Freeze => {
            app.frozen = !app.frozen;
            if !app.frozen {
                show_latest(app);
            }
        }
        Command::Group => group(app),
        Command::Names => names(app),
        Command::Times => app.relative = !app.relative,
        Command::Pin => pin(app),
        Command::Zoom(closer) => app.lens.zoom(closer, app.shown.timeline.rows.len()),
        Command::Copy => leaving::copy(app, effects),
        Command::Export => leaving::export(app, effects),
        Command::Theme => {
            app.settings.theme = app.settings.theme.next();
            app.message = Some(format!("theme: {}", app.settings.theme.as_str()));
        }
        Command::Help => {
            app.mode = match app.mode {
                Mode::Help { .. } => Mode::Browse,
                _ => Mode::Help { top: 0 },
            }
        }
        Command::Filter => filtering::begin(app),
        Command::Type(c) => filtering::change(app, |text| text.push(c)),
        Command::Erase => filtering::change(app, |text| {
            text.pop();
        }),
        Command::Clear => filtering::change(app, String::clear),
        Command::Accept => filtering::accept(app),
        Command::Suspend => effects.push(Effect::Suspend),
        Command::Redraw => effects.push(Effect::Redraw),
        Command::Quit => {
            app.leaving = leaving_once;
            leaving::quit(app, effects);
        }
        Command::Interrupt => effects.push(Effect::Quit),
    }
}

/// Shows a view; the flow table then holds all connections.
pub(super) fn show(app: &mut App, view: View) {
    if view == View::Connections && app.view != view && app.connections.opened.take().is_some() {
        narrow(app, Scope::default());
    }
    app.view = view;
}

fn go(app: &mut App, motion: Motion) {
    let width = app.size.0;
    let lines = match &app.mode {
        Mode::Help { .. } => help::lines(app.view, width.into()).len(),
        Mode::Ladder { .. } => ladder::lines(app, width).len(),
        Mode::Browse | Mode::Filter { .. } => 0,
    };
    if let Mode::Help { top } | Mode::Ladder { top } = &mut app.mode {
        let mut cursor = crate::tui::cursor::Cursor { at: *top, top: *top };
        cursor.go(motion, lines, 1);
        *top = cursor.at;
        return;
    }
    let height = height(app);
    match app.view {
        View::Legs => app.legs.go(motion, height),
        View::Causes => app.causes.go(motion, height),
        View::Host => app.hosts.go(motion, height),
        View::Timeline => {
            let (rows, columns) = (app.shown.timeline.rows.len(), timeline::columns(app));
            app.lens.go(motion, rows, columns);
        }
        View::Connections => {
            let is_fixed = app.is_fixed();
            let table = &mut app.connections;
            table.moved = motion != Motion::First;
            table.cursor.go(motion, table.listing.total, height);
            if is_fixed {
                let (first, rows) = (table.listing.first, table.listing.rows.len());
                table.cursor.at = table.cursor.at.clamp(first, first + rows.saturating_sub(1));
                table.cursor.keep_within(table.listing.total, height);
            }
            table.selected = table.record().map(|record| record.facts.id);
        }
    }
}

/// Shows the connections of the selected row, or the packets of the selected connection.
pub(super) fn open(app: &mut App, effects: &mut Vec<Effect>) {
    if app.view == View::Connections {
        if let Some(record) = app.connections.record().cloned() {
            effects.push(Effect::Ladder(Box::new(record.clone())));
            app.connections.asked = None;
            app.ladder = Some((record, Rungs::Coming));
            app.mode = Mode::Ladder { top: 0 };
        }
        return;
    }
    let look = app.look();
    let (scope, name) = match app.view {
        View::Legs => {
            let Some(row) = app.legs.selected() else { return };
            (Scope::of(row.name), look.leg(row.name))
        }
        View::Causes => {
            let Some(row) = app.causes.selected() else { return };
            let scope = Scope {
                cause: Some(row.cause.id),
                ..Scope::of(row.place)
            };
            (
                scope,
                format!("{}, {}", look.leg(row.place), row.cause.id.as_str()),
            )
        }
        _ => return,
    };
    app.connections.opened = Some((name, app.view));
    narrow(app, scope);
    app.view = View::Connections;
}

fn narrow(app: &mut App, scope: Scope) {
    app.connections.scope = scope;
    app.connections.cursor = crate::tui::cursor::Cursor::default();
    app.connections.selected = None;
    app.connections.follow = None;
    app.connections.moved = false;
}

fn back(app: &mut App) {
    match app.mode {
        Mode::Browse => {}
        Mode::Filter { .. } => return filtering::give_up(app),
        // Help over a ladder: back to the view.
        Mode::Help { .. } | Mode::Ladder { .. } => {
            app.mode = Mode::Browse;
            app.ladder = None;
            return;
        }
    }
    if app.view == View::Connections
        && let Some((_, from)) = app.connections.opened.take()
    {
        narrow(app, Scope::default());
        app.view = from;
    } else if !app.filter.is_empty() {
        filtering::show(app, Query::default());
    }
}

fn next_column(app: &mut App, by: usize) {
    let Some((now, heads)) = app.sorting() else { return };
    let by = if by == usize::MAX { heads.len() - 1 } else { by };
    let column = (now.column + by) % heads.len();
    sort(app, Sort { column, ..now });
}

fn group(app: &mut App) {
    if app.view == View::Connections {
        app.connections.grouped = !app.connections.grouped;
        follow(app);
    } else {
        app.grouping = app.grouping.next();
        app.message = Some(format!("added up by {}", app.grouping.as_str()));
        make_rows(app);
    }
}

fn names(app: &mut App) {
    if app.settings.names.is_empty() {
        app.message = Some("/etc/hosts names no address".to_owned());
    } else {
        app.named = !app.named;
    }
}

fn pin(app: &mut App) {
    let table = &mut app.connections;
    let Some(id) = table.selected else { return };
    match table.pinned.iter().position(|pinned| *pinned == id) {
        Some(place) => {
            table.pinned.remove(place);
        }
        None => table.pinned.push(id),
    }
}
