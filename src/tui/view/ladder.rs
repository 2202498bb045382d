//! The packets of one connection between two rails: the client's on the left, the server's on the right.

use ratatui::layout::Rect;

use super::paint::Paint;
use crate::diagnose::catalogue::find_word;
use crate::diagnose::{ConnectionRecord, Direction, Ladder, MessageKind, PacketNote, Sending};
use crate::report::explain::place;
use crate::report::text::ladder::{close_words, label};
use crate::report::text::units::{count, counted, span};
use crate::time::{MILLISECOND, Nanos, Timestamp};
use crate::tui::app::{App, Rungs};
use crate::tui::glyphs::Glyphs;
use crate::tui::look::{Look, wrap};
use crate::tui::theme::Tone;

/// A pause between packets that gets a line of its own.
const PAUSE: Nanos = 200 * MILLISECOND;

/// A line of the ladder.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::tui) enum Line {
    /// Something is said.
    Words(Tone, String),
    /// Between packets.
    Remark(String),
    /// A packet: when, which way, its label.
    Packet(String, Direction, Tone, String),
    /// A message that begins in the packet above.
    Message(Direction, Tone, String),
}

/// Every line, wrapped to `width`.
#[must_use]
pub(in crate::tui) fn lines(app: &App, width: u16) -> Vec<Line> {
    let Some((record, rungs)) = &app.ladder else {
        return Vec::new();
    };
    let look = app.look();
    let mut lines = Vec::new();
    match rungs {
        Rungs::There(ladder) => {
            head(&mut lines, record, width);
            packets(&mut lines, ladder, &look);
        }
        Rungs::Coming => {
            head(&mut lines, record, width);
            lines.push(Line::Words(Tone::Dim, "looking for its packets ...".to_owned()));
        }
        Rungs::Missing(why) => {
            head(&mut lines, record, width);
            say(&mut lines, Tone::Doubtful, why, width);
        }
    }
    lines
}

fn say(lines: &mut Vec<Line>, tone: Tone, words: &str, width: u16) {
    let wrapped = wrap(words, usize::from(width).saturating_sub(2));
    lines.extend(wrapped.into_iter().map(|line| Line::Words(tone, line)));
}

/// What it was and why it ended, and what that means.
fn head(lines: &mut Vec<Line>, record: &ConnectionRecord, width: u16) {
    let facts = &record.facts;
    let (requests, responses) = (
        counted(facts.requests.into(), "request", "requests"),
        counted(facts.responses.into(), "response", "responses"),
    );
    let words = format!("{requests}, {responses}, {}", close_words(record));
    say(lines, Tone::Strong, &words, width);
    if let Some(word) = find_word(record.class.as_str()) {
        say(
            lines,
            Tone::Plain,
            &format!("{}: {}", word.name, word.text),
            width,
        );
    }
    if let Some(entry) = record.cause.and_then(crate::diagnose::catalogue::CauseId::entry) {
        let words = format!("{}: {}. {}", entry.id.as_str(), entry.title, entry.evidence);
        say(lines, Tone::Doubtful, &words, width);
        for fix in &entry.fixes {
            say(
                lines,
                Tone::Plain,
                &format!("fix in {}: {}", place(fix), fix.text),
                width,
            );
        }
    }
    lines.push(Line::Words(Tone::Plain, String::new()));
}

fn packets(lines: &mut Vec<Line>, ladder: &Ladder, look: &Look<'_>) {
    let notes = &ladder.notes;
    if notes.packets.is_empty() {
        lines.push(Line::Words(
            Tone::Doubtful,
            "no packet of it was found".to_owned(),
        ));
    }
    let mut before: Option<Timestamp> = None;
    for (place, packet) in notes.packets.iter().enumerate() {
        let pause = before
            .map(|before| packet.at.since(before))
            .filter(|pause| *pause >= PAUSE);
        if notes.left_out > 0 && place == notes.left_out_at {
            let packets = counted(notes.left_out, "packet", "packets");
            lines.push(Line::Remark(format!("{packets} left out")));
        } else if let Some(pause) = pause {
            lines.push(Line::Remark(format!(
                "no packet for {}",
                span(pause as f64 / 1e3)
            )));
        }
        before = Some(packet.at);
        rung(lines, packet, ladder.connection.facts.start, look);
    }
}

fn rung(lines: &mut Vec<Line>, packet: &PacketNote, start: Timestamp, look: &Look<'_>) {
    let tone = match packet.sending {
        _ if packet.closes => Tone::Bad,
        Sending::New => Tone::Plain,
        Sending::Retransmission | Sending::OutOfOrder => Tone::Doubtful,
        _ => Tone::Dim,
    };
    let mut words = label(packet);
    if packet.len > 0 {
        words = format!("{words} ({} B)", count(packet.len.into()));
    }
    if packet.closes {
        let by = match packet.direction {
            Direction::ToServer => "client",
            Direction::ToClient => "server",
        };
        words = format!("{words}: the {by} closes");
    }
    let time = if look.relative {
        look.time(packet.at)
    } else {
        format!("{:.6}", packet.at.since(start) as f64 / 1e9)
    };
    lines.push(Line::Packet(time, packet.direction, tone, words));
    for message in &packet.messages {
        let tone = match message.kind {
            MessageKind::Request => Tone::Heading,
            MessageKind::Response => Tone::Good,
        };
        let line = if message.line.is_empty() {
            format!("{} (not readable)", message.kind.as_str())
        } else {
            message.line.to_string()
        };
        lines.push(Line::Message(packet.direction, tone, line));
    }
}

/// Columns of the terminal for the time of a packet.
const LEAD: u16 = 13;

/// The connection's ends stay on top, the lines from `top` on below.
pub(super) fn draw(paint: &mut Paint<'_>, area: Rect, app: &App, top: usize) {
    let Some((record, _)) = &app.ladder else { return };
    if area.height == 0 {
        return;
    }
    let (client, server) = (
        paint.look.endpoint(record.facts.client),
        paint.look.endpoint(record.facts.server),
    );
    let inside = area.width.saturating_sub(LEAD + 1);
    paint.text(area.x, area.y, LEAD, Tone::Dim, "time");
    paint.text(area.x + LEAD, area.y, inside, Tone::Heading, &client);
    paint.right(area.x + LEAD, area.y, inside, Tone::Heading, &server);
    let lines = lines(app, area.width);
    for (y, line) in (area.y + 1..area.bottom()).zip(lines.iter().skip(top)) {
        let rails = Rect {
            x: area.x + LEAD,
            y,
            width: inside,
            height: 1,
        };
        draw_line(paint, rails, area, line);
    }
}

fn draw_line(paint: &mut Paint<'_>, rails: Rect, area: Rect, line: &Line) {
    let ascii = paint.look.glyphs == Glyphs::Ascii;
    let (rail, gap) = if ascii { ("|", ":") } else { ("│", "┆") };
    let within = rails.width.saturating_sub(4);
    let put_rails = |paint: &mut Paint<'_>, sign: &str| {
        paint.text(rails.x, rails.y, 1, Tone::Dim, sign);
        paint.text(rails.right().saturating_sub(1), rails.y, 1, Tone::Dim, sign);
    };
    match line {
        Line::Words(tone, words) => {
            paint.text(area.x + 1, rails.y, area.width.saturating_sub(1), *tone, words);
        }
        Line::Remark(words) => {
            put_rails(paint, gap);
            let indent = within.saturating_sub(words.len() as u16) / 2;
            paint.text(rails.x + 2 + indent, rails.y, within, Tone::Dim, words);
        }
        Line::Packet(time, direction, tone, words) => {
            put_rails(paint, rail);
            paint.right(area.x, rails.y, LEAD - 1, Tone::Dim, time);
            let words = arrow(&paint.look, *direction, words, within.into());
            paint.text(rails.x + 2, rails.y, within, *tone, &words);
        }
        Line::Message(direction, tone, words) => {
            put_rails(paint, rail);
            let (x, width) = (rails.x + 5, within.saturating_sub(6));
            match direction {
                Direction::ToServer => {
                    paint.text(x, rails.y, width, *tone, words);
                }
                Direction::ToClient => paint.right(x, rails.y, width, *tone, words),
            }
        }
    }
}

/// `── P. 1:79 ──▶` in `width` columns.
fn arrow(look: &Look<'_>, direction: Direction, label: &str, width: usize) -> String {
    let (line, right, left) = match look.glyphs {
        Glyphs::Unicode => ("─", "▶", "◀"),
        Glyphs::Ascii => ("-", ">", "<"),
    };
    let (label, used) = look.cut(label, width.saturating_sub(6));
    let free = line.repeat(width.saturating_sub(used + 5));
    match direction {
        Direction::ToServer => format!("{line}{line} {label} {free}{right}"),
        Direction::ToClient => format!("{left}{free} {label} {line}{line}"),
    }
}
