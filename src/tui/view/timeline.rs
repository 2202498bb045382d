//! Figures over time.

use ratatui::layout::Rect;

use super::paint::Paint;
use crate::aggregate::TimelineRow;
use crate::report::text::units::{count, percent};
use crate::report::when;
use crate::time::SECOND;
use crate::tui::app::App;
use crate::tui::columns::Cell;
use crate::tui::layout;
use crate::tui::theme::Tone;
use crate::tui::timeline::Frame;

/// What is drawn: its name, its value in a group of rows, and how that is written.
struct Chart {
    name: &'static str,
    of: fn(&[TimelineRow]) -> Option<u64>,
    words: fn(u64) -> String,
    /// The value at the top, where that is not the highest.
    top: Option<u64>,
}

const CHARTS: [Chart; 4] = [
    Chart {
        name: "handshakes",
        of: |rows| Some(rows.iter().map(|row| row.handshakes).sum()),
        words: count,
        top: None,
    },
    Chart {
        name: "requests",
        of: |rows| Some(rows.iter().map(|row| row.requests).sum()),
        words: count,
        top: None,
    },
    Chart {
        name: "reuse",
        // In thousandths; nothing where there was no request.
        of: |rows| {
            let requests: u64 = rows.iter().map(|row| row.requests).sum();
            let reused: u64 = rows.iter().map(|row| row.reused).sum();
            (requests > 0).then(|| (reused * 1_000 + requests / 2) / requests)
        },
        words: |thousandths| percent(thousandths as f64 / 1e3),
        top: Some(1_000),
    },
    Chart {
        name: "open",
        of: |rows| rows.last().map(|row| row.open),
        words: count,
        top: None,
    },
];

/// Columns of the terminal in front of the charts.
const LEAD: u16 = 12;

/// Columns of the terminal that charts have.
#[must_use]
pub(in crate::tui) fn columns(app: &App) -> usize {
    let area = layout::areas(app).body;
    area.width.saturating_sub(LEAD).into()
}

pub(super) fn draw(paint: &mut Paint<'_>, area: Rect, app: &App) {
    let timeline = &app.shown.timeline;
    let width = area.width.saturating_sub(LEAD);
    if timeline.rows.is_empty() || width == 0 || area.height == 0 {
        paint.text(area.x, area.y, area.width, Tone::Dim, "nothing yet");
        return;
    }
    let frame = app.lens.frame(timeline.rows.len(), width.into());
    told(paint, Rect { height: 1, ..area }, app, frame);
    // The last line is for the time.
    let height = area.height.saturating_sub(2);
    let shown = (height as usize).min(CHARTS.len());
    let (mut y, mut rest) = (area.y + 1, height);
    for (place, chart) in CHARTS.iter().take(shown).enumerate() {
        let lines = rest / (shown - place) as u16;
        let part = Rect {
            y,
            height: lines,
            ..area
        };
        draw_chart(paint, part, chart, &timeline.rows, frame);
        y += lines;
        rest -= lines;
    }
    if area.height > 1 {
        axis(
            paint,
            Rect {
                y: area.bottom() - 1,
                height: 1,
                ..area
            },
            app,
            frame,
        );
    }
}

/// The values of the row that is told.
fn told(paint: &mut Paint<'_>, area: Rect, app: &App, frame: Frame) {
    let timeline = &app.shown.timeline;
    let at = frame.first + (frame.at - frame.first) / frame.group * frame.group;
    let rows = timeline
        .rows
        .get(at..(at + frame.group).min(timeline.rows.len()))
        .unwrap_or_default();
    let seconds = timeline.step_s * rows.len() as u64;
    let time = time_words(paint, app, at);
    let mut cells = vec![
        Cell::new(Tone::Strong, time),
        Cell::new(Tone::Dim, format!("{} s:", count(seconds))),
    ];
    for chart in &CHARTS {
        let value = (chart.of)(rows).map_or_else(|| "-".to_owned(), chart.words);
        cells.extend([Cell::new(Tone::Dim, chart.name), Cell::new(Tone::Strong, value)]);
    }
    paint.line(area, &cells);
}

fn time_words(paint: &Paint<'_>, app: &App, row: usize) -> String {
    let timeline = &app.shown.timeline;
    let Some(start) = timeline.start else {
        return String::new();
    };
    let time = start.plus(
        (row as i64)
            .saturating_mul(timeline.step_s as i64)
            .saturating_mul(SECOND),
    );
    if app.relative {
        paint.look.time(time)
    } else {
        when::clock(time, paint.look.zone)
    }
}

fn draw_chart(paint: &mut Paint<'_>, area: Rect, chart: &Chart, rows: &[TimelineRow], frame: Frame) {
    let visible = rows
        .get(frame.first..frame.first + frame.rows)
        .unwrap_or_default();
    let values: Vec<Option<u64>> = visible.chunks(frame.group).map(chart.of).collect();
    let highest = values.iter().copied().flatten().max().unwrap_or(0);
    let top = chart.top.unwrap_or(highest).max(1);
    if area.height == 0 {
        return;
    }
    paint.text(area.x, area.y, LEAD - 1, Tone::Dim, chart.name);
    if area.height > 1 {
        paint.right(area.x, area.y + 1, LEAD - 2, Tone::Plain, &(chart.words)(top));
    }
    let selected = (frame.at - frame.first) / frame.group;
    let levels = u64::from(area.height) * 8;
    for (place, value) in values.iter().enumerate() {
        let level = value.map_or(0, |value| (value.min(top) * levels).div_ceil(top));
        let tone = if place == selected {
            Tone::Strong
        } else {
            Tone::Heading
        };
        let style = paint.style(tone);
        for line in 0..area.height {
            let below = u64::from(area.height - 1 - line) * 8;
            let glyph = paint
                .look
                .glyphs
                .eighth(level.saturating_sub(below).min(8) as usize);
            for column in 0..frame.width {
                let x = area.x + LEAD + (place * frame.width + column) as u16;
                if let Some(cell) = paint
                    .buffer()
                    .cell_mut((x, area.y + line))
                    .filter(|_| x < area.right())
                {
                    cell.set_char(glyph).set_style(style);
                }
            }
        }
    }
}

/// The first and the last time shown, and a sign under the one that is told.
fn axis(paint: &mut Paint<'_>, area: Rect, app: &App, frame: Frame) {
    let (first, last) = (
        time_words(paint, app, frame.first),
        time_words(paint, app, frame.first + frame.rows),
    );
    let columns = (frame.rows.div_ceil(frame.group) * frame.width) as u16;
    let width = columns.min(area.width - LEAD);
    let here = ((frame.at - frame.first) / frame.group * frame.width) as u16;
    // The first line tells the time that is told, so its sign may take the first label's place.
    if usize::from(here) > first.len() {
        paint.text(area.x + LEAD, area.y, width, Tone::Dim, &first);
    }
    if width as usize > first.len() + last.len() + 1 {
        paint.right(area.x + LEAD, area.y, width, Tone::Dim, &last);
    }
    let sign = paint.look.glyphs.here();
    if here < width {
        paint.text(area.x + LEAD + here, area.y, 1, Tone::Strong, sign);
    }
}
