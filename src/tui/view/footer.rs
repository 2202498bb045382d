//! The last line: what is to be told, else the keys that matter and the columns that have no room.

use ratatui::layout::Rect;

use super::paint::Paint;
use crate::tui::app::{App, Mode};
use crate::tui::columns::Cell;
use crate::tui::keymap;
use crate::tui::theme::Tone;

pub(super) fn draw(paint: &mut Paint<'_>, area: Rect, app: &App) {
    if area.height == 0 {
        return;
    }
    if let Some(message) = &app.message {
        paint.line(area, &[Cell::new(Tone::Heading, message.clone())]);
        return;
    }
    let mut cells = Vec::new();
    if let Mode::Help { .. } = app.mode {
        cells.extend([
            Cell::new(Tone::Strong, "?"),
            Cell::new(Tone::Dim, "back"),
            Cell::new(Tone::Strong, "q"),
            Cell::new(Tone::Dim, "quit"),
        ]);
        paint.line(area, &cells);
        return;
    }
    let hidden = super::columns(app).hidden;
    if !hidden.is_empty() {
        let words = format!("no room for {}", hidden.join(", "));
        cells.push(Cell::new(Tone::Unsure, words));
    }
    if app.ended && app.settings.live {
        cells.push(Cell::new(Tone::Strong, "capture ended"));
    }
    let hints = keymap::of_view(app.view).filter(|binding| !binding.hint.is_empty());
    let keys: Vec<Cell> = hints
        .flat_map(|binding| {
            let key = binding.shown.split("  ").next().unwrap_or_default();
            [Cell::new(Tone::Strong, key), Cell::new(Tone::Dim, binding.hint)]
        })
        .collect();
    // Keys first: they are what a new user looks for; what they leave goes to the columns.
    let x = paint.line(area, &keys);
    let rest = Rect {
        x: x + 1,
        width: area.right().saturating_sub(x + 1),
        ..area
    };
    if rest.width > 0 {
        paint.line(rest, &cells);
    }
}
