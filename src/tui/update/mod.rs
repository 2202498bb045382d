//! What each action makes of the screen: pure, so that everything can be tested without a terminal.

mod asking;
mod clicks;
mod commands;
mod filtering;
mod leaving;

use super::action::{Action, Effect};
use super::app::{App, Rungs};
use super::rows::{causes, hosts, legs};
use super::{layout, rows};
use crate::diagnose::Ladder;
use std::sync::Arc;

/// Carries out `action`; what is to be done outside comes back.
#[must_use]
pub fn update(app: &mut App, action: Action) -> Vec<Effect> {
    let mut effects = Vec::new();
    match action {
        Action::Do(command) => {
            app.message = None;
            commands::carry_out(app, command, &mut effects);
        }
        Action::Click { x, y, double } => {
            app.message = None;
            clicks::click(app, (x, y), double, &mut effects);
        }
        Action::Resize(width, height) => {
            app.size = (width, height);
            keep_within(app);
        }
        Action::Snapshot(snapshot) => {
            app.latest = snapshot;
            if !app.frozen {
                show_latest(app);
            }
        }
        Action::Listed(listing) => asking::listed(app, listing),
        Action::Laddered(id, found) => laddered(app, id, found),
        Action::Reading(far) => app.reading = Some(far),
        Action::Ended => {
            app.ended = true;
            app.reading = None;
        }
        Action::Said(text) => app.message = Some(text),
    }
    effects.extend(asking::ask(app));
    effects
}

/// Takes in the packets of a connection, if they are still wanted.
fn laddered(app: &mut App, id: u64, found: Result<Arc<Ladder>, String>) {
    if let Some((record, rungs)) = &mut app.ladder
        && record.facts.id == id
    {
        if let Ok(ladder) = &found {
            // What is open has gone on.
            *record = ladder.connection.clone();
        }
        *rungs = found.map_or_else(Rungs::Missing, Rungs::There);
    }
}

/// Shows the newest snapshot.
fn show_latest(app: &mut App) {
    app.shown = Arc::clone(&app.latest);
    follow(app);
    app.connections.asked = None;
    make_rows(app);
}

/// Where the selected connection is next is asked for, unless the cursor was never moved from the top.
fn follow(app: &mut App) {
    let table = &mut app.connections;
    table.follow = table.selected.filter(|_| table.moved);
}

/// Makes the rows of all tables anew.
fn make_rows(app: &mut App) {
    let height = height(app);
    app.legs.replace(
        legs::rows(&app.shown, &app.filter, app.grouping, app.legs.sort),
        height,
    );
    app.causes
        .replace(causes::rows(&app.shown, &app.filter, app.causes.sort), height);
    app.hosts.replace(hosts::rows(&app.shown, app.hosts.sort), height);
}

/// Rows of a table that fit on the screen.
fn height(app: &App) -> usize {
    layout::areas(app).body.height.into()
}

fn keep_within(app: &mut App) {
    let height = height(app);
    app.legs.cursor.keep_within(app.legs.rows.len(), height);
    app.causes.cursor.keep_within(app.causes.rows.len(), height);
    app.hosts.cursor.keep_within(app.hosts.rows.len(), height);
    let connections = &mut app.connections;
    connections.cursor.keep_within(connections.listing.total, height);
}

/// Sorts the table that is shown.
fn sort(app: &mut App, sort: rows::Sort) {
    if let Some(place) = app.sort_mut() {
        *place = sort;
    }
    follow(app);
    make_rows(app);
}
