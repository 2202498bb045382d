//! The names of the views.

use ratatui::layout::Rect;

use super::paint::Paint;
use crate::tui::action::View;
use crate::tui::app::{App, Mode};
use crate::tui::theme::Tone;

/// Columns that words beside the names take at least.
const LEAST: usize = 16;

/// Where each view's name stands.
#[must_use]
pub(in crate::tui) fn places(area: Rect) -> Vec<(Rect, View)> {
    let mut x = area.x;
    let place = |(place, view): (usize, &View)| {
        let width = words(place, *view).len() as u16;
        let here = Rect { x, width, ..area }.intersection(area);
        x = x.saturating_add(width + 1);
        (here, *view)
    };
    View::ALL.iter().enumerate().map(place).collect()
}

fn words(place: usize, view: View) -> String {
    format!(" {} {} ", place + 1, view.as_str())
}

pub(super) fn draw(paint: &mut Paint<'_>, area: Rect, app: &App) {
    if area.height == 0 {
        return;
    }
    let mut end = area.x;
    for (place, (here, view)) in places(area).into_iter().enumerate() {
        let tone = if view == app.view { Tone::Tab } else { Tone::Dim };
        paint.text(here.x, here.y, here.width, tone, &words(place, view));
        end = here.right();
    }
    let rest = area.right().saturating_sub(end + 1);
    let words = match (&app.mode, app.view) {
        (Mode::Help { .. }, _) => format!("help: {}", app.view.as_str()),
        (Mode::Ladder { .. }, _) => of_ladder(app),
        (_, View::Connections) => of_connections(app),
        (_, View::Legs) => app.grouping.as_str().to_owned() + "s: " + &app.legs.rows.len().to_string(),
        _ => return,
    };
    // A few letters of it would say nothing.
    if usize::from(rest) >= LEAST.min(words.len()) {
        paint.right(end + 1, area.y, rest, Tone::Heading, &words);
    }
}

fn of_ladder(app: &App) -> String {
    let Some((record, _)) = &app.ladder else {
        return String::new();
    };
    let facts = &record.facts;
    let cause = record.cause.map_or("", |cause| cause.as_str());
    format!("connection {}: {} {cause}", facts.id, record.class.as_str())
}

fn of_connections(app: &App) -> String {
    use crate::report::text::units::count;
    let table = &app.connections;
    let place = (table.cursor.at + 1).min(table.listing.total);
    let places = format!("{} of {}", count(place as u64), count(table.listing.total as u64));
    let places = match table.listing.beyond {
        0 => places,
        n => format!("{places}, {} more not kept", count(n)),
    };
    match &table.opened {
        Some((name, _)) => format!("{name}: {places}"),
        None => places,
    }
}
