//! Parts of the flow table: asked for when they are needed, and taken in when they come.

use super::{height, layout};
use crate::tui::action::{Effect, View};
use crate::tui::app::{App, Mode};
use crate::tui::rows::connections::{Listing, ViewQuery};

/// What has to be shown now.
pub(super) fn query(app: &App) -> ViewQuery {
    let connections = &app.connections;
    ViewQuery {
        scope: connections.scope,
        filter: app.filter.clone(),
        sort: connections.sort,
        grouped: connections.grouped,
        first: connections.cursor.top,
        height: height(app),
        follow: connections.follow,
        pinned: connections.pinned.clone(),
    }
}

/// Asks for what is shown, unless it is here.
pub(super) fn ask(app: &mut App) -> Option<Effect> {
    // A frozen display keeps its rows, but the packets of one of them can still be asked for.
    let for_packets = matches!(app.mode, Mode::Ladder { .. }) && !app.ended;
    if app.view != View::Connections || (app.is_fixed() && !for_packets) {
        return None;
    }
    let query = query(app);
    if app.connections.asked.as_ref() == Some(&query) {
        return None;
    }
    app.connections.asked = Some(query.clone());
    Some(Effect::Ask(query))
}

/// Takes in what was asked for.
pub(super) fn listed(app: &mut App, listing: Listing) {
    if app.is_fixed() {
        return;
    }
    let height: usize = layout::areas(app).body.height.into();
    let connections = &mut app.connections;
    if connections.follow.take().is_some() {
        if let Some(place) = listing.place {
            connections.cursor.at = place;
        }
        // What came is of the place where the connection was; at its new place it is asked for anew.
        connections.cursor.keep_within(listing.total, height);
        if connections.cursor.top == listing.first {
            connections.asked.as_mut().map(|asked| asked.follow.take());
        }
    }
    connections.cursor.keep_within(listing.total, height);
    let selected = connections.cursor.at.checked_sub(listing.first);
    let selected = selected.and_then(|place| listing.rows.get(place));
    if let Some(record) = selected {
        connections.selected = Some(record.facts.id);
    }
    connections.listing = listing;
}
