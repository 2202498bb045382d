//! The last line: what is to be told, else the keys that matter and the columns that have no room.

use ratatui::layout::Rect;

use super::paint::Paint;
use crate::tui::app::{App, Mode};
use crate::tui::columns::Cell;
use crate::tui::keymap;
use crate::tui::theme::Tone;

/// Keys that are told of before anything else.
const FIRST_KEYS: usize = 2;

pub(super) fn draw(paint: &mut Paint<'_>, area: Rect, app: &App) {
    if area.height == 0 {
        return;
    }
    if let Some(message) = &app.message {
        paint.line(area, &[Cell::new(Tone::Heading, message.clone())]);
        return;
    }
    let key = |key: &str, hint: &str| [Cell::new(Tone::Strong, key), Cell::new(Tone::Dim, hint)];
    if let Mode::Filter { text, problem } = &app.mode {
        prompt(paint, area, text, problem.as_deref());
        return;
    }
    let hints = keymap::of_now(app).filter(|binding| !binding.hint.is_empty());
    let mut cells: Vec<Cell> = hints
        .flat_map(|binding| key(binding.shown.split("  ").next().unwrap_or_default(), binding.hint))
        .collect();
    // The first keys are what a new user looks for; then what is not seen; then the others.
    let others = cells.split_off(cells.len().min(FIRST_KEYS * 2));
    if app.ended && app.settings.live {
        cells.push(Cell::new(Tone::Strong, "capture ended"));
    }
    if let Some(far) = &app.reading {
        cells.push(Cell::new(Tone::Strong, format!("reading: {far} so far")));
    }
    let hidden = match app.mode {
        Mode::Browse => super::columns(app).hidden,
        _ => Vec::new(),
    };
    if !hidden.is_empty() {
        cells.push(Cell::new(
            Tone::Unsure,
            format!("no room for {}", hidden.join(", ")),
        ));
    }
    cells.extend(others);
    paint.line(area, &cells);
}

/// What is written of a filter, and what is wrong with it.
fn prompt(paint: &mut Paint<'_>, area: Rect, text: &str, problem: Option<&str>) {
    let tone = if problem.is_some() {
        Tone::Bad
    } else {
        Tone::Strong
    };
    let x = paint.line(
        area,
        &[
            Cell::new(Tone::Heading, "/"),
            Cell::new(tone, text),
            Cell::new(Tone::Selected, " "),
        ],
    );
    let rest = Rect {
        x,
        width: area.right().saturating_sub(x),
        ..area
    };
    let words = problem.unwrap_or(
        "Enter shows it, Esc goes back; fields: client server port class reqs closer cause idle state ...",
    );
    let tone = if problem.is_some() { Tone::Bad } else { Tone::Dim };
    paint.line(rest, &[Cell::new(tone, words)]);
}
