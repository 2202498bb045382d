//! The screen, made from [`App`] alone.

mod causes;
mod footer;
pub(super) mod header;
pub(super) mod help;
mod hosts;
pub(super) mod ladder;
mod paint;
mod table;
pub(super) mod tabs;
pub(super) mod timeline;

use ratatui::Frame;
use ratatui::layout::Rect;

use super::action::View;
use super::app::{App, Mode};
use super::columns::{Column, Fit, fit};
use super::layout;
use super::rows::{causes as cause_rows, connections, hosts as host_rows, legs};
use super::table::{Row, Table};
use super::theme::Tone;
use paint::Paint;

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, app: &App) {
    let whole = frame.area();
    // A screen that has just changed its size is drawn by the size that it has.
    let resized;
    let app = if (whole.width, whole.height) == app.size {
        app
    } else {
        resized = App {
            size: (whole.width, whole.height),
            ..app.clone()
        };
        &resized
    };
    let areas = layout::areas(app);
    let mut paint = Paint::new(frame.buffer_mut(), app);
    header::draw(&mut paint, &areas, app);
    tabs::draw(&mut paint, areas.tabs, app);
    match &app.mode {
        Mode::Help { top } => help::draw(&mut paint, layout::over_all(&areas), app.view, *top),
        Mode::Ladder { top } => ladder::draw(&mut paint, layout::over_all(&areas), app, *top),
        Mode::Browse | Mode::Filter { .. } => body(&mut paint, &areas, app),
    }
    footer::draw(&mut paint, areas.footer, app);
    paint.scrub();
}

fn body(paint: &mut Paint<'_>, areas: &layout::Areas, app: &App) {
    let fit = columns(app);
    match app.view {
        View::Legs => list(paint, areas, legs::COLUMNS, &fit, &app.legs),
        View::Connections => flow_table(paint, areas, &fit, app),
        View::Causes => {
            list(paint, areas, cause_rows::COLUMNS, &fit, &app.causes);
            causes::detail(paint, areas.detail, app);
        }
        View::Timeline => timeline::draw(paint, areas.body, app),
        View::Host => {
            list(paint, areas, host_rows::COLUMNS, &fit, &app.hosts);
            hosts::detail(paint, areas.detail, app);
        }
    }
}

/// A table all of whose rows are here.
fn list<R: Row, O>(
    paint: &mut Paint<'_>,
    areas: &layout::Areas,
    columns: &[Column<R, O>],
    fit: &Fit,
    table: &Table<R>,
) {
    table::heads(paint, areas.head, columns, fit, table.sort);
    table::rows(paint, areas.body, columns, fit, (&table.rows, 0), table.cursor);
}

fn flow_table(paint: &mut Paint<'_>, areas: &layout::Areas, fit: &Fit, app: &App) {
    let (table, columns) = (&app.connections, connections::COLUMNS);
    let listing = &table.listing;
    table::heads(paint, areas.head, columns, fit, table.sort);
    table::pinned(paint, areas.pinned, columns, fit, &listing.pinned);
    let rows = (&listing.rows[..], listing.first);
    table::rows(paint, areas.body, columns, fit, rows, table.cursor);
    if listing.total == 0 {
        let words = if table.scope.is_all() && app.filter.is_empty() {
            "no connections"
        } else {
            "no connection matches"
        };
        let Rect { x, y, width, .. } = areas.body;
        paint.text(x, y, width, Tone::Dim, words);
    }
}

/// The places of the columns of the view that is shown.
#[must_use]
pub(super) fn columns(app: &App) -> Fit {
    let width = app.size.0;
    match app.view {
        View::Legs => fit(legs::COLUMNS, width, &[]),
        View::Connections => {
            let scope = app.connections.scope;
            let one_leg = scope.client.is_some() && scope.server.is_some();
            let left_out: &[&str] = if one_leg { &[connections::LEG] } else { &[] };
            fit(connections::COLUMNS, width, left_out)
        }
        View::Causes => fit(cause_rows::COLUMNS, width, &[]),
        View::Host => fit(host_rows::COLUMNS, width, &[]),
        View::Timeline => Fit::default(),
    }
}

/// The column whose head stands at `x`.
#[must_use]
pub(super) fn column_at(app: &App, x: u16) -> Option<usize> {
    let slots = columns(app).slots;
    let slot = slots
        .into_iter()
        .find(|slot| (slot.x..slot.x + slot.width).contains(&x));
    slot.map(|slot| slot.column)
}
