//! The keys of a view and what its columns mean.

use ratatui::layout::Rect;

use super::paint::Paint;
use crate::tui::action::View;
use crate::tui::columns::{Cell, Column};
use crate::tui::keymap;
use crate::tui::look::wrap;
use crate::tui::rows::{causes, connections, hosts, legs};
use crate::tui::theme::Tone;

/// Columns of the terminal for keys and heads.
const LEAD: usize = 16;

/// Every line of a view's help, wrapped to `width`.
#[must_use]
pub(in crate::tui) fn lines(view: View, width: usize) -> Vec<(Cell, String)> {
    let mut lines = Vec::new();
    for binding in keymap::of_view(view) {
        item(&mut lines, Tone::Strong, binding.shown, binding.about, width);
    }
    let columns = match view {
        View::Legs => about(legs::COLUMNS),
        View::Connections => about(connections::COLUMNS),
        View::Causes => about(causes::COLUMNS),
        View::Host => about(hosts::COLUMNS),
        View::Timeline => vec![
            ("handshakes", "handshakes completed, in each step of time"),
            ("requests", "complete request heads"),
            ("reuse", "share of them on connections that had served before"),
            ("open", "open connections at the end of the step"),
        ],
    };
    lines.push((Cell::default(), String::new()));
    for (head, words) in columns {
        item(&mut lines, Tone::Heading, head, words, width);
    }
    lines
}

fn about<R, O>(columns: &[Column<R, O>]) -> Vec<(&'static str, &'static str)> {
    columns.iter().map(|column| (column.head, column.about)).collect()
}

fn item(lines: &mut Vec<(Cell, String)>, tone: Tone, lead: &str, words: &str, width: usize) {
    let wrapped = wrap(words, width.saturating_sub(LEAD + 3).max(12));
    for (place, words) in wrapped.into_iter().enumerate() {
        let lead = if place == 0 {
            Cell::new(tone, lead)
        } else {
            Cell::default()
        };
        lines.push((lead, words));
    }
}

pub(super) fn draw(paint: &mut Paint<'_>, area: Rect, view: View, top: usize) {
    let lines = lines(view, area.width.into());
    for (y, (lead, words)) in (area.y..area.bottom()).zip(lines.iter().skip(top)) {
        paint.text(
            area.x + 1,
            y,
            (LEAD as u16).min(area.width),
            lead.tone,
            &lead.text,
        );
        let x = area.x + LEAD as u16 + 2;
        paint.text(x, y, area.right().saturating_sub(x), Tone::Plain, words);
    }
}
