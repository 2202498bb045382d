//! What the mouse does.

use super::commands;
use crate::tui::action::{Effect, View};
use crate::tui::app::{App, Mode};
use crate::tui::{layout, view};

/// A click at `(x, y)`: on a view's name, on the head of a column, on a row.
pub(super) fn click(app: &mut App, (x, y): (u16, u16), double: bool, effects: &mut Vec<Effect>) {
    match app.mode {
        Mode::Browse => {}
        Mode::Help { .. } => {
            app.mode = Mode::Browse;
            return;
        }
        Mode::Filter { .. } | Mode::Ladder { .. } => return,
    }
    let areas = layout::areas(app);
    let on = |area: ratatui::layout::Rect| area.contains((x, y).into());
    if on(areas.tabs) {
        let tab = view::tabs::places(areas.tabs)
            .into_iter()
            .find(|(area, _)| on(*area));
        if let Some((_, view)) = tab {
            commands::show(app, view);
        }
    } else if on(areas.head) {
        if let Some((now, _)) = app.sorting()
            && let Some(column) = view::column_at(app, x)
        {
            super::sort(app, now.by(column));
        }
    } else if on(areas.body) && app.view != View::Timeline {
        select(app, (y - areas.body.y).into());
        if double {
            commands::open(app, effects);
        }
    }
}

/// Selects the row so many lines below the table's first.
fn select(app: &mut App, line: usize) {
    let (cursor, rows) = match app.view {
        View::Legs => (&mut app.legs.cursor, app.legs.rows.len()),
        View::Causes => (&mut app.causes.cursor, app.causes.rows.len()),
        View::Host => (&mut app.hosts.cursor, app.hosts.rows.len()),
        View::Connections => (&mut app.connections.cursor, app.connections.listing.total),
        View::Timeline => return,
    };
    let row = cursor.top + line;
    if row < rows {
        cursor.at = row;
    }
    if app.view == View::Connections {
        app.connections.moved = true;
        let id = app.connections.record().map(|record| record.facts.id);
        app.connections.selected = id;
    }
}
