//! Local ports of the selected host, by server, and what the table rests on.

use ratatui::layout::Rect;

use super::paint::Paint;
use crate::diagnose::{EXHAUSTED_AT, LOCAL_PORTS};
use crate::report::text::units::{count, percent, rounded, share};
use crate::tui::app::App;
use crate::tui::columns::Cell;
use crate::tui::look::wrap;
use crate::tui::theme::Tone;

pub(super) fn detail(paint: &mut Paint<'_>, area: Rect, app: &App) {
    let mut y = area.y;
    let note = format!(
        "Predicted from the traffic, for the end of what is shown. Linux gives out {} ports towards one server: {} new \
         connections a second use them up while TIME-WAIT holds each for 60 s.",
        count(LOCAL_PORTS),
        rounded(EXHAUSTED_AT)
    );
    for line in wrap(&note, area.width.into()) {
        if y < area.bottom() {
            paint.text(area.x, y, area.width, Tone::Dim, &line);
        }
        y += 1;
    }
    let Some(row) = app.hosts.selected() else { return };
    let mut ports: Vec<_> = row.host.ports.iter().collect();
    ports.sort_by_key(|ports| std::cmp::Reverse(ports.in_use));
    for (y, ports) in (y..area.bottom()).zip(ports) {
        let used = share(ports.in_use, LOCAL_PORTS);
        let words = [
            Cell::new(Tone::Dim, "ports towards"),
            Cell::plain(paint.look.endpoint(ports.to)),
            Cell::new(Tone::Strong, count(ports.in_use)),
            Cell::new(Tone::Dim, format!("({})", percent(used))),
        ];
        paint.line(Rect { y, height: 1, ..area }, &words);
    }
}
