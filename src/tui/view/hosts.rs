//! Local ports of the selected host, by server, and what the table rests on.

use ratatui::layout::Rect;

use super::paint::Paint;
use crate::diagnose::{EXHAUSTED_AT, LOCAL_PORTS};
use crate::report::near;
use crate::report::text::units::{count, percent, rounded, share};
use crate::tui::app::App;
use crate::tui::columns::Cell;
use crate::tui::look::wrap;
use crate::tui::theme::Tone;

pub(super) fn detail(paint: &mut Paint<'_>, area: Rect, app: &App) {
    let mut y = area.y;
    let note = format!(
        "Predicted from the traffic, for the end of what is shown; in brackets what this host's kernel says. Linux gives out {} ports towards one server: {} new \
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
    for (tone, words) in own_host(app) {
        for line in wrap(&words, area.width.into()) {
            if y < area.bottom() {
                paint.text(area.x, y, area.width, tone, &line);
            }
            y += 1;
        }
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
        let actual = row.host.actual.iter().flat_map(|actual| &actual.ports);
        let actual = actual
            .filter(|actual| actual.to == ports.to)
            .map(|actual| actual.in_use)
            .next();
        let actual = actual.map(|n| Cell::new(Tone::Strong, format!("{} in use on this host", count(n))));
        let words: Vec<Cell> = words.into_iter().chain(actual).collect();
        paint.line(Rect { y, height: 1, ..area }, &words);
    }
}

/// What the capturing host's kernel says beside sockets: limits that are near, connection tracking, what can't be read.
fn own_host(app: &App) -> Vec<(Tone, String)> {
    let Some(own) = &app.shown.own_host else {
        return Vec::new();
    };
    let mut lines: Vec<(Tone, String)> = own
        .near
        .iter()
        .map(|limit| (Tone::Bad, near::words(limit)))
        .collect();
    if let Some(most) = own.view.most_conntrack {
        lines.push((
            Tone::Plain,
            format!("conntrack on this host: {} entries at most", count(most)),
        ));
    }
    lines.extend(
        own.view
            .problems
            .iter()
            .map(|problem| (Tone::Doubtful, problem.clone())),
    );
    lines
}
