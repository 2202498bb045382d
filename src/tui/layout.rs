//! Where everything stands; drawing and clicking go by the same plan.
//!
//! ```text
//! verdict    FAIL  Connections are not reused: ...
//! reason           10.77.0.1 -> 10.77.0.11:8080: ...
//! banner     packets were dropped: ...                (only then)
//! figures    reuse 10 s, in all; handshakes, requests, open, drops
//! sparks     handshakes/s and requests/s over time
//! status     source, time, filter, sort, FROZEN
//! tabs       1 Legs  2 Connections ...
//! head       the table's heads
//! body       its rows
//! detail     what is to be said of the selected row   (Causes, Host)
//! footer     keys, or what is to be told
//! ```

use ratatui::layout::Rect;

use super::action::View;
use super::app::App;
use super::view::header;

/// The places, from top to bottom; what has no room has no height.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Areas {
    /// The answer.
    pub verdict: Rect,
    /// Why.
    pub reason: Rect,
    /// What makes the figures unsafe.
    pub banner: Rect,
    /// Figures now.
    pub figures: Rect,
    /// Figures over time.
    pub sparks: Rect,
    /// Where packets come from, and how the display stands.
    pub status: Rect,
    /// The views.
    pub tabs: Rect,
    /// The heads of columns.
    pub head: Rect,
    /// Pinned rows.
    pub pinned: Rect,
    /// Rows.
    pub body: Rect,
    /// The selected row.
    pub detail: Rect,
    /// Keys.
    pub footer: Rect,
}

/// Rows that a table has at least, where anything else can leave.
const LEAST: u16 = 3;

/// The plan for the screen as it is.
#[must_use]
pub(super) fn areas(app: &App) -> Areas {
    let (width, height) = app.size;
    let banner = u16::from(header::unsafe_words(&app.shown.capture).is_some());
    let heads = u16::from(app.view != View::Timeline);
    let pinned = match app.view {
        View::Connections => (app.connections.pinned.len() as u16).min(height / 4),
        _ => 0,
    };
    // Place, lines, and when it leaves: the least first.
    let mut lines: [(u16, u8); 9] = [
        (1, 9),                           // verdict
        (1 + u16::from(height >= 32), 2), // reason
        (banner, 8),
        (1, 4), // figures
        (1, 1), // sparks
        (1, 5), // status
        (1, 3), // tabs
        (heads, 7),
        (1, 6), // footer
    ];
    loop {
        let used: u16 = lines.iter().map(|(lines, _)| *lines).sum();
        if used + LEAST <= height {
            break;
        }
        let leaves = lines
            .iter_mut()
            .filter(|(lines, _)| *lines > 0)
            .min_by_key(|(_, rank)| *rank);
        match leaves {
            // The answer stays to the last.
            Some((lines, rank)) if *rank < 9 || height == 0 => *lines = 0,
            _ => break,
        }
    }
    let used: u16 = lines.iter().map(|(lines, _)| *lines).sum();
    let rest = height.saturating_sub(used);
    let pinned = pinned.min(rest.saturating_sub(LEAST));
    let detail = match app.view {
        View::Causes => rest * 3 / 5,
        View::Host => rest / 3,
        _ => 0,
    };
    let body = rest - pinned - detail;
    let mut y = 0;
    let mut next = |lines: u16| {
        let lines = lines.min(height.saturating_sub(y));
        let area = Rect::new(0, y, width, lines);
        y += lines;
        area
    };
    Areas {
        verdict: next(lines[0].0),
        reason: next(lines[1].0),
        banner: next(lines[2].0),
        figures: next(lines[3].0),
        sparks: next(lines[4].0),
        status: next(lines[5].0),
        tabs: next(lines[6].0),
        head: next(lines[7].0),
        pinned: next(pinned),
        body: next(body),
        detail: next(detail),
        footer: next(lines[8].0),
    }
}

/// Rows that a help has room for: all below the tabs.
#[must_use]
pub(super) fn over_all(areas: &Areas) -> Rect {
    let height = areas.head.height + areas.pinned.height + areas.body.height + areas.detail.height;
    Rect { height, ..areas.head }
}
