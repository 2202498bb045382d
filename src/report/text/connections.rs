//! The connections, if they were asked for.

use super::page::{Page, Tone, columns};
use super::units::count;
use crate::diagnose::Snapshot;
use crate::lang::tr;
use crate::report::columns::{COLUMNS, Column, Connection, Value};
use crate::report::{display_safe, one_line};
use crate::tr;

/// What fits on a line; the rest is in CSV and JSON.
const SHOWN: [&str; 8] = [
    "client",
    "server",
    "class",
    "requests",
    "closer",
    "close_reason",
    "idle_before_close_s",
    "cause",
];

pub(super) fn print(page: &mut Page, snapshot: &Snapshot) {
    let Some(records) = &snapshot.connections else {
        return;
    };
    page.heading(tr("CONNECTIONS"));
    if let Some(narrowed) = &snapshot.narrowed {
        let left_out = count(narrowed.connections_left_out.unwrap_or(0));
        let words = tr!(
            "where {expression}: {n} left out",
            expression = one_line(&narrowed.expression),
            n = left_out
        );
        page.put(Tone::Plain, "  ").wrapped(Tone::Dim, 2, &words);
    }
    let shown: Vec<&Column> = COLUMNS
        .iter()
        .filter(|column| SHOWN.contains(&column.key))
        .collect();
    let cells = |record| -> Vec<(bool, String)> {
        let row = Connection::new(snapshot, record);
        shown.iter().map(|column| cell(&(column.value)(&row))).collect()
    };
    let mut widths: Vec<usize> = shown.iter().map(|column| columns(tr(column.header))).collect();
    for record in records {
        for (width, (_, text)) in widths.iter_mut().zip(cells(record)) {
            *width = (*width).max(columns(&text));
        }
    }
    for (column, width) in shown.iter().zip(&widths) {
        page.put(Tone::Plain, "  ")
            .left(Tone::Dim, tr(column.header), *width);
    }
    page.end();
    for record in records {
        for ((number, text), width) in cells(record).into_iter().zip(&widths) {
            page.put(Tone::Plain, "  ");
            if number {
                page.right(Tone::Plain, &text, *width)
            } else {
                page.left(Tone::Plain, &text, *width)
            };
        }
        page.end();
    }
}

/// Whether it is a number, and its text.
fn cell(value: &Value<'_>) -> (bool, String) {
    match value {
        Value::Absent => (false, "-".to_owned()),
        Value::Untrusted(text) => (false, display_safe(text).into_owned()),
        Value::Whole(n) => (true, count(*n)),
        Value::Seconds(n) => (true, format!("{n:.3} s")),
        Value::Time(time) => (true, format!("{:.3} s", time.seconds())),
        Value::Flag(yes) => (false, tr(if *yes { "yes" } else { "no" }).to_owned()),
        Value::Slug(_) | Value::End(_) | Value::Tunnel(_) | Value::Stacked(..) | Value::History(_) => {
            (false, value.own_text(str::to_owned).unwrap_or_default())
        }
    }
}
