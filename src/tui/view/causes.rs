//! All that is to be said of the selected cause.

use ratatui::layout::Rect;

use super::paint::Paint;
use crate::report::explain::place;
use crate::tui::app::App;
use crate::tui::look::wrap;
use crate::tui::rows::causes::CauseRow;
use crate::tui::theme::Tone;

const LEAD: u16 = 11;

pub(super) fn detail(paint: &mut Paint<'_>, area: Rect, app: &App) {
    let Some(row) = app.causes.selected() else {
        paint.text(
            area.x,
            area.y,
            area.width,
            Tone::Dim,
            "no causes: nothing ended a connection, or nothing is known yet",
        );
        return;
    };
    let mut y = area.y;
    for (lead, tone, words) in lines(row, paint) {
        let width = area.width.saturating_sub(LEAD + 1);
        for (place, line) in wrap(&words, width.into()).iter().enumerate() {
            if y >= area.bottom() {
                return;
            }
            if place == 0 {
                paint.text(area.x, y, LEAD, Tone::Dim, lead);
            }
            paint.text(area.x + LEAD + 1, y, width, tone, line);
            y += 1;
        }
    }
}

/// What stands in front, what it is, and the words.
fn lines(row: &CauseRow, paint: &Paint<'_>) -> Vec<(&'static str, Tone, String)> {
    let cause = &row.cause;
    let mut lines = vec![("", Tone::Strong, format!("{}: {}", row.ids(), row.title()))];
    lines.push(("where", Tone::Plain, paint.look.leg(row.place)));
    let Some(entry) = cause.id.entry() else {
        return lines;
    };
    let mut lead = "evidence";
    for evidence in &cause.evidence {
        lines.push((lead, Tone::Plain, evidence.text.clone()));
        lead = "";
    }
    let mut lead = "fix";
    for fix in &entry.fixes {
        lines.push((lead, Tone::Strong, format!("{}: {}", place(fix), fix.text)));
        lead = "";
    }
    if let Some(split) = &cause.split_by {
        lines.push(("told apart", Tone::Plain, format!("by {split}")));
    }
    if let Some(unknown) = &cause.cannot_tell {
        lines.push(("can't tell", Tone::Unsure, unknown.clone()));
    }
    lines.push(("what", Tone::Plain, entry.what.clone()));
    lines
}
