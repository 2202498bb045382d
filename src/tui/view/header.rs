//! What is always on top: the answer, why, figures now and over time, and how the display stands.

use ratatui::layout::Rect;

use super::paint::Paint;
use crate::aggregate::{LATELY_S, Lately, TimelineRow};
use crate::diagnose::{Capture, Snapshot};
use crate::report::text::headline;
use crate::report::text::units::{count, counted, percent};
use crate::report::when;
use crate::tui::app::App;
use crate::tui::columns::Cell;
use crate::tui::layout::Areas;
use crate::tui::look::wrap;
use crate::tui::theme::Tone;

pub(super) fn draw(paint: &mut Paint<'_>, areas: &Areas, app: &App) {
    verdict(paint, areas, &app.shown);
    if let Some(words) = unsafe_words(&app.shown.capture)
        && areas.banner.height > 0
    {
        paint.tint(areas.banner, Tone::Banner);
        paint.line(areas.banner, &[Cell::new(Tone::Banner, words)]);
    }
    paint.line(areas.figures, &figures(&app.shown));
    sparks(paint, areas.sparks, &app.shown);
    status(paint, areas.status, app);
}

fn verdict(paint: &mut Paint<'_>, areas: &Areas, snapshot: &Snapshot) {
    let verdict = &snapshot.verdict;
    let word = verdict.status.as_str().to_uppercase();
    let sign = paint.look.glyphs.status(verdict.status);
    let word = Cell::new(Tone::of(verdict.status), format!("{sign} {word}"));
    let x = paint.line(
        areas.verdict,
        &[word, Cell::new(Tone::Strong, headline(snapshot))],
    );
    if let Some(since) = verdict
        .since
        .filter(|since| Some(*since) > snapshot.capture.start)
    {
        let words = format!("since {}", when::clock(since, paint.look.zone));
        let rest = areas.verdict.right().saturating_sub(x);
        if areas.verdict.height > 0 && rest > words.len() as u16 {
            paint.text(x, areas.verdict.y, rest, Tone::Dim, &words);
        }
    }
    let area = areas.reason;
    let text = match verdict.reasons.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
    };
    let lines = wrap(&text, area.width.saturating_sub(2).into());
    for (place, y) in (area.y..area.bottom()).enumerate() {
        let last = y + 1 == area.bottom();
        // What has no room on the last line is cut there, and seen to be.
        let line = if last {
            lines.get(place..).unwrap_or_default().join(" ")
        } else {
            lines.get(place).cloned().unwrap_or_default()
        };
        paint.text(area.x + 2, y, area.width.saturating_sub(2), Tone::Plain, &line);
    }
}

/// What makes every figure of the capture unsafe.
#[must_use]
pub(in crate::tui) fn unsafe_words(capture: &Capture) -> Option<String> {
    let mut parts = Vec::new();
    let mut part = |n: u64, what: &str| {
        if n > 0 {
            parts.push(format!("{} {what}", count(n)));
        }
    };
    part(
        capture.kernel_dropped().unwrap_or(0),
        "packets dropped by the kernel",
    );
    part(
        capture.interface_dropped().unwrap_or(0),
        "dropped by the interface",
    );
    part(capture.damaged_packets(), "packets or so in damaged places");
    part(capture.gap_bytes, "bytes missing");
    (!parts.is_empty()).then(|| format!("RATIOS ARE NOT SAFE: {}", parts.join(", ")))
}

fn figures(snapshot: &Snapshot) -> Vec<Cell> {
    let mut lately = Lately::default();
    snapshot.legs.iter().for_each(|leg| lately.merge(&leg.lately));
    let label = |text: &str| Cell::new(Tone::Dim, text);
    let share =
        |share: Option<f64>| share.map_or_else(Cell::absent, |share| Cell::new(Tone::Strong, percent(share)));
    let last = snapshot.timeline.rows.last().copied().unwrap_or_default();
    let capture = &snapshot.capture;
    let drops = match (capture.kernel_dropped(), capture.interface_dropped()) {
        (None, None) => Cell::new(Tone::Dim, "not recorded"),
        (kernel, interface) => match kernel.unwrap_or(0) + interface.unwrap_or(0) {
            0 => Cell::plain("0"),
            n => Cell::new(Tone::Bad, count(n)),
        },
    };
    vec![
        label(&format!("reuse {LATELY_S} s")),
        share(lately.reuse()),
        label("in all"),
        share(snapshot.totals.reuse_ratio().map(|(value, ..)| value)),
        label(" open"),
        Cell::new(Tone::Strong, count(last.open)),
        label(" drops"),
        drops,
        label(" requests"),
        Cell::plain(count(snapshot.totals.counts.requests.total)),
        label(" connections"),
        Cell::plain(count(snapshot.totals.counts.connections.total)),
    ]
}

/// A name, and what is drawn of each row.
type Spark = (&'static str, fn(&TimelineRow) -> u64);

/// `handshakes/s ▁▂▃ 12  requests/s ▅▆▇ 140`: half of the line each.
fn sparks(paint: &mut Paint<'_>, area: Rect, snapshot: &Snapshot) {
    if area.height == 0 {
        return;
    }
    let half = area.width / 2;
    let parts: [Spark; 2] = [
        ("handshakes/s", |row| row.handshakes),
        ("requests/s", |row| row.requests),
    ];
    for ((name, of), x) in parts.into_iter().zip([area.x, area.x + half]) {
        let step = snapshot.timeline.step_s.max(1);
        let rows = &snapshot.timeline.rows;
        let now = rows.last().map_or(0, of) / step;
        let number = count(now);
        let room = half.saturating_sub((name.len() + number.len() + 3) as u16).max(1);
        // The latest: a second a column.
        let first = rows.len().saturating_sub(room.into());
        let values: Vec<u64> = rows.get(first..).unwrap_or_default().iter().map(of).collect();
        let line = paint.look.glyphs.sparkline(&values, room.into());
        let cells = [
            Cell::new(Tone::Dim, name),
            Cell::new(Tone::Heading, line),
            Cell::new(Tone::Strong, number),
        ];
        let part = Rect {
            x,
            width: half.saturating_sub(1),
            ..area
        };
        paint.line(part, &cells);
    }
}

/// Where packets come from, packet time, the filter, the sorting, and whether the display is frozen.
fn status(paint: &mut Paint<'_>, area: Rect, app: &App) {
    let capture = &app.shown.capture;
    let label = |text: &str| Cell::new(Tone::Dim, text);
    let mut cells = Vec::new();
    if app.frozen {
        let later = app.latest.capture.packets.saturating_sub(capture.packets);
        let words = match later {
            0 => "FROZEN".to_owned(),
            n => format!("FROZEN +{}", counted(n, "packet", "packets")),
        };
        cells.push(Cell::new(Tone::Tab, format!(" {words} ")));
    }
    if !app.filter.is_empty() {
        cells.extend([label("show"), Cell::new(Tone::Heading, app.filter.text())]);
    }
    if let Some((sort, heads)) = app.sorting() {
        let head = heads.get(sort.column).copied().unwrap_or_default();
        let arrow = paint.look.glyphs.sorted(sort.descending);
        cells.extend([label("sort"), Cell::plain(format!("{head}{arrow}"))]);
    }
    if let (Some(start), Some(end)) = (capture.start, capture.end) {
        let words = if app.relative {
            format!(
                "{} of {}",
                paint.look.time(end),
                when::date_and_clock(start, paint.look.zone)
            )
        } else {
            format!(
                "{} to {}",
                when::date_and_clock(start, paint.look.zone),
                when::clock(end, paint.look.zone)
            )
        };
        cells.extend([label(" time"), Cell::plain(words)]);
    }
    let names: Vec<&str> = capture
        .sources
        .iter()
        .map(|source| source.name.as_str())
        .collect();
    let source = match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
    };
    cells.extend([
        label(if app.settings.live { " on" } else { " from" }),
        Cell::plain(source),
    ]);
    if let Some(filter) = &capture.filter {
        cells.extend([label(" filter"), Cell::plain(filter.clone())]);
    }
    paint.line(area, &cells);
}
