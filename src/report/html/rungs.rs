//! The packets of one connection: the client's rail on the left, the server's on the right.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::diagnose::{Direction, Ladder, Message, MessageKind, PacketNote, Sending, Snapshot};
use crate::lang::tr;
use crate::report::text::count;
use crate::report::text::ladder::{close_words, label};
use crate::report::text::units::{counted, span};
use crate::report::{display_safe, when};
use crate::time::{MILLISECOND, Nanos, Timestamp};
use crate::tr;

/// A pause between packets that gets a line of its own.
const PAUSE: Nanos = 200 * MILLISECOND;
/// Packets shown at the beginning and at the end of a longer connection.
const FIRST: usize = 14;
const LAST: usize = 10;

/// The ladder of one connection.
pub(super) fn ladder(snapshot: &Snapshot, ladder: &Ladder, zone: &TimeZone) -> Markup {
    let facts = &ladder.connection.facts;
    let summary = tr!(
        "One of them: connection {id}, {requests}, {close}",
        id = count(facts.id),
        requests = counted(facts.requests.into(), "request", "requests"),
        close = close_words(&ladder.connection)
    );
    html! {
        details.ladder open {
            summary { (summary) }
            p.dim {
                (tr!(
                    "Begun {time}. Times are seconds since its first packet, numbers those of Wireshark's frame.number; flags as \
                     tcpdump writes them, sequence numbers relative.",
                    time = when::local(facts.start, zone)
                ))
            }
            div.ends { span { (tr!("{end} (client)", end = facts.client)) } span { (tr!("{end} (server)", end = facts.server)) } }
            ol.rungs { (rungs(snapshot, ladder)) }
        }
    }
}

fn rungs(snapshot: &Snapshot, ladder: &Ladder) -> Markup {
    let packets = &ladder.notes.packets;
    let start = ladder.connection.facts.start;
    let skip = packets.len().saturating_sub(FIRST + LAST);
    let shown = packets
        .iter()
        .enumerate()
        .filter(|(place, _)| *place < FIRST || *place >= FIRST + skip);
    let pause = |place: usize| {
        let before = packets.get(place.checked_sub(1)?)?;
        let pause = packets.get(place)?.at.since(before.at);
        (pause >= PAUSE).then(|| span(pause as f64 / 1e3))
    };
    html! {
        @for (place, packet) in shown {
            @if skip > 0 && place == FIRST + skip {
                li.pause { (tr!("{packets} left out", packets = counted(skip as u64 + ladder.notes.left_out, "packet", "packets"))) }
            } @else if let Some(pause) = pause(place) {
                li.pause { (tr!("no packet for {span}", span = pause)) }
            }
            (rung(snapshot, packet, start))
        }
        @if packets.is_empty() { li.pause { (tr("no packet of it was found")) } }
    }
}

fn rung(snapshot: &Snapshot, packet: &PacketNote, start: Timestamp) -> Markup {
    let way = match packet.direction {
        Direction::ToServer => "out",
        Direction::ToClient => "in",
    };
    let odd = !matches!(packet.sending, Sending::New);
    let time = packet.at.since(start) as f64 / 1e9;
    html! {
        li class={ "rung " (way) } {
            span.at { span.time { (format!("{time:.6}")) } " " span.frame { "#" (frame(snapshot, packet)) } }
            span.lane {
                span.label.odd[odd].closes[packet.closes] { (label(packet)) @if packet.closes { (tr(", closes it")) } }
                @for message in &packet.messages { span class={ "message " (message.kind.as_str()) } { (line(message)) } }
            }
        }
    }
}

/// Of several sources each has its own numbers.
fn frame(snapshot: &Snapshot, packet: &PacketNote) -> String {
    let interface = snapshot.capture.interfaces.get(usize::from(packet.interface.0));
    match interface {
        Some(interface) if snapshot.capture.sources.len() > 1 => {
            format!("{}:{}", interface.source + 1, packet.frame)
        }
        _ => packet.frame.to_string(),
    }
}

/// A start line without what may be secret in it.
fn line(message: &Message) -> String {
    if message.line.is_empty() {
        return format!("{} {}", tr(message.kind.as_str()), tr("(not readable)"));
    }
    let line = match message.kind {
        MessageKind::Request => without_query(&message.line),
        // The version and the status; a reason is anybody's text.
        MessageKind::Response => message.line.splitn(3, ' ').take(2).collect::<Vec<_>>().join(" "),
    };
    display_safe(&line).into_owned()
}

/// A request line whose target has no query string, no parameters (`;jsessionid=`) and no user information.
fn without_query(line: &str) -> String {
    let mut words = line.split(' ');
    let method = words.next().unwrap_or_default();
    let Some(target) = words.next() else {
        return line.to_owned();
    };
    // The version is the last word; a target that was cut has none.
    let version = words.next_back().filter(|last| last.starts_with("HTTP/"));
    let path = target.split(['?', ';', '#']).next().unwrap_or_default();
    let cut = if path.len() < target.len() { "\u{2026}" } else { "" };
    let path = match path.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, tail) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{tail}")
        }
        None => path.to_owned(),
    };
    let version = version.map_or_else(String::new, |version| format!(" {version}"));
    format!("{method} {path}{cut}{version}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_lose_what_may_be_secret() {
        for (line, shown) in [
            ("GET /a/b HTTP/1.1", "GET /a/b HTTP/1.1"),
            ("GET /a?token=1 HTTP/1.1", "GET /a\u{2026} HTTP/1.1"),
            ("GET /a;jsessionid=7/b?x HTTP/1.0", "GET /a\u{2026} HTTP/1.0"),
            (
                "GET http://me:pw@host:80/x HTTP/1.1",
                "GET http://host:80/x HTTP/1.1",
            ),
            ("GET /cut?tok", "GET /cut\u{2026}"),
            ("GET /a b?c=d e HTTP/1.1", "GET /a HTTP/1.1"),
            ("GET", "GET"),
        ] {
            assert_eq!(without_query(line), shown);
        }
    }
}
