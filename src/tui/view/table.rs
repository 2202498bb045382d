//! A table: heads, rows, the row that is selected.

use ratatui::layout::Rect;

use super::paint::Paint;
use crate::tui::columns::{Column, Fit};
use crate::tui::cursor::Cursor;
use crate::tui::rows::Sort;
use crate::tui::theme::Tone;

/// The heads; the one that rows are sorted by has an arrow.
pub(super) fn heads<R, O>(
    paint: &mut Paint<'_>,
    area: Rect,
    columns: &[Column<R, O>],
    fit: &Fit,
    sort: Sort,
) {
    if area.height == 0 {
        return;
    }
    for slot in &fit.slots {
        let Some(column) = columns.get(slot.column) else {
            continue;
        };
        let sorted = slot.column == sort.column;
        let arrow = if sorted {
            paint.look.glyphs.sorted(sort.descending)
        } else {
            ""
        };
        let text = format!("{}{arrow}", column.head);
        let tone = if sorted { Tone::Heading } else { Tone::Dim };
        let (x, width) = (area.x + slot.x, slot.width);
        if column.right {
            paint.right(x, area.y, width, tone, &text);
        } else {
            paint.text(x, area.y, width, tone, &text);
        }
    }
}

/// The rows that fit; `first` is the place of the first of them in the table.
pub(super) fn rows<R, O>(
    paint: &mut Paint<'_>,
    area: Rect,
    columns: &[Column<R, O>],
    fit: &Fit,
    (rows, first): (&[R], usize),
    cursor: Cursor,
) {
    let skipped = cursor.top.saturating_sub(first);
    // Rows that have not come yet leave their places empty.
    let missing = first.saturating_sub(cursor.top);
    for (line, row) in (missing..usize::from(area.height)).zip(rows.iter().skip(skipped)) {
        let line = Rect {
            y: area.y + line as u16,
            height: 1,
            ..area
        };
        cells(paint, line, columns, fit, row);
    }
    let selected = cursor
        .at
        .checked_sub(cursor.top)
        .filter(|line| *line < area.height.into());
    let there = cursor
        .at
        .checked_sub(first)
        .is_some_and(|place| place < rows.len());
    if let Some(line) = selected.filter(|_| there) {
        let line = Rect {
            y: area.y + line as u16,
            height: 1,
            ..area
        };
        paint.tint(line, Tone::Selected);
    }
}

/// Rows that stay, each behind a sign.
pub(super) fn pinned<R, O>(
    paint: &mut Paint<'_>,
    area: Rect,
    columns: &[Column<R, O>],
    fit: &Fit,
    rows: &[R],
) {
    for (y, row) in (area.y..area.bottom()).zip(rows) {
        let line = Rect { y, height: 1, ..area };
        cells(paint, line, columns, fit, row);
        let sign = paint.look.glyphs.pin();
        paint.right(area.x, y, area.width, Tone::Heading, sign);
    }
}

fn cells<R, O>(paint: &mut Paint<'_>, line: Rect, columns: &[Column<R, O>], fit: &Fit, row: &R) {
    for slot in &fit.slots {
        let Some(column) = columns.get(slot.column) else {
            continue;
        };
        let cell = (column.cell)(row, &paint.look);
        let (x, width) = (line.x + slot.x, slot.width);
        if column.right {
            paint.right(x, line.y, width, cell.tone, &cell.text);
        } else {
            paint.text(x, line.y, width, cell.tone, &cell.text);
        }
    }
}
