//! The packets of one connection between two rails: the client's on the left, the server's on the right.

use std::io::{self, Write};

use super::page::{Page, Tone, columns};
use super::units::{count, counted, span};
use super::{MAX_WIDTH, Options, PLAIN_WIDTH};
use crate::classify::Closer;
use crate::diagnose::{
    ConnectionRecord, Direction, Ladder, Message, MessageKind, PacketNote, Sending, Snapshot,
};
use crate::lang::tr;
use crate::report::display_safe;
use crate::time::{MILLISECOND, Nanos, Timestamp};
use crate::tr;

/// A pause between packets that gets a line of its own.
const PAUSE: Nanos = 200 * MILLISECOND;
/// Columns in front of the rails: frame number and time.
const LEAD: usize = 24;
/// What cannot be read has no line to show.
const UNREAD: &str = "(not readable)";

/// Writes the ladder; `snapshot` is the report that the connection comes from.
///
/// # Errors
/// What `out` could not take.
pub fn write(out: &mut dyn Write, snapshot: &Snapshot, ladder: &Ladder, options: &Options) -> io::Result<()> {
    let mut page = Page::new(options.width.clamp(PLAIN_WIDTH, MAX_WIDTH), options.color);
    head(&mut page, ladder);
    let mut rails = Rails {
        inside: page.width - LEAD - 2,
        start: ladder.connection.facts.start,
        sources: snapshot.capture.sources.len(),
        snapshot,
        page: &mut page,
    };
    rails.ends(ladder);
    let mut before = None;
    for (place, packet) in ladder.notes.packets.iter().enumerate() {
        if ladder.notes.left_out > 0 && place == ladder.notes.left_out_at {
            let packets = counted(ladder.notes.left_out, "packet", "packets");
            rails.remark(&tr!("{packets} left out", packets));
        } else if let Some(pause) = before
            .map(|before| packet.at.since(before))
            .filter(|it| *it >= PAUSE)
        {
            rails.remark(&tr!("no packet for {span}", span = span(pause as f64 / 1e3)));
        }
        before = Some(packet.at);
        rails.packet(packet);
    }
    foot(&mut page, ladder);
    out.write_all(page.finish().as_bytes())
}

fn head(page: &mut Page, ladder: &Ladder) {
    let record = &ladder.connection;
    let facts = &record.facts;
    page.put(Tone::Heading, tr("CONNECTION "))
        .put(Tone::Strong, &count(facts.id))
        .put(Tone::Plain, &format!("  {} -> {}", facts.client, facts.server));
    if record.generation > 1 {
        page.put(Tone::Dim, &tr!(", generation {n}", n = record.generation));
    }
    page.end();
    let requests = counted(facts.requests.into(), "request", "requests");
    let responses = counted(facts.responses.into(), "response", "responses");
    let words = tr!(
        "  {class}, {requests}, {responses}, {close}",
        class = record.class.as_str(),
        requests,
        responses,
        close = close_words(record)
    );
    page.put(Tone::Plain, &words).end();
    page.end();
}

/// `closed by the server after 15.0 s of idle time (P8)`.
#[must_use]
pub fn close_words(connection: &ConnectionRecord) -> String {
    let facts = &connection.facts;
    let by = match facts.closer {
        None => return tr("open at the end").to_owned(),
        Some(Closer::Client) => "closed by the client",
        Some(Closer::Server) => "closed by the server",
        Some(Closer::Simultaneous) => "closed by both at once",
        Some(Closer::ResetByClient) => "reset by the client",
        Some(Closer::ResetByServer) => "reset by the server",
        Some(Closer::Lost) => "replaced by another SYN",
    };
    let idle = facts
        .idle_before_close
        .get()
        .map(|idle| tr!(" after {idle} of idle time", idle = span(idle as f64 / 1e3)));
    let cause = connection
        .cause
        .map(|cause| tr!(" ({share})", share = cause.as_str()));
    tr!(
        "{by}{idle}{cause}",
        by = tr(by),
        idle = idle.unwrap_or_default(),
        cause = cause.unwrap_or_default()
    )
}

fn foot(page: &mut Page, ladder: &Ladder) {
    let closing = ladder.notes.packets.iter().find(|packet| packet.closes);
    if ladder.notes.packets.is_empty() {
        page.put(Tone::Doubtful, tr("  no packet of it was found")).end();
    }
    if let Some(closing) = closing {
        let (flags, frame) = (closing.flags, count(closing.frame));
        let words = match closing.direction {
            Direction::ToServer => tr!("the client's {flags} in frame {frame} closes it", flags, frame),
            Direction::ToClient => tr!("the server's {flags} in frame {frame} closes it", flags, frame),
        };
        page.end();
        page.put(Tone::Dim, &format!("  {words}")).end();
    }
}

/// The page with two rails drawn on it.
struct Rails<'a> {
    page: &'a mut Page,
    /// Columns between the rails.
    inside: usize,
    start: Timestamp,
    sources: usize,
    snapshot: &'a Snapshot,
}

impl Rails<'_> {
    fn ends(&mut self, ladder: &Ladder) {
        let facts = &ladder.connection.facts;
        let (client, server) = (facts.client.to_string(), facts.server.to_string());
        self.page
            .right(Tone::Dim, tr("frame"), 9)
            .right(Tone::Dim, tr("time"), 13)
            .put(Tone::Plain, "  ");
        self.page
            .left(
                Tone::Strong,
                &client,
                (self.inside + 2).saturating_sub(columns(&server)),
            )
            .put(Tone::Strong, &server)
            .end();
    }

    /// Something between packets.
    fn remark(&mut self, words: &str) {
        let free = self.inside.saturating_sub(columns(words));
        let text = format!("┆{}{words}{}┆", " ".repeat(free / 2), " ".repeat(free - free / 2));
        self.page.left(Tone::Plain, "", LEAD).put(Tone::Dim, &text).end();
    }

    fn packet(&mut self, packet: &PacketNote) {
        let label = label(packet);
        let arrow = self.arrow(packet.direction, &label);
        let tone = match packet.sending {
            Sending::New if packet.closes => Tone::Strong,
            Sending::New => Tone::Plain,
            Sending::Retransmission | Sending::OutOfOrder => Tone::Doubtful,
            _ => Tone::Dim,
        };
        let time = packet.at.since(self.start) as f64 / 1e9;
        self.page
            .right(Tone::Dim, &self.frame(packet), 9)
            .right(Tone::Plain, &format!("{time:.6}"), 13)
            .put(Tone::Plain, "  │")
            .put(tone, &arrow)
            .put(Tone::Plain, "│")
            .end();
        for message in &packet.messages {
            self.message(packet.direction, message);
        }
    }

    /// Of several sources each has its own numbers.
    fn frame(&self, packet: &PacketNote) -> String {
        let interface = self
            .snapshot
            .capture
            .interfaces
            .get(usize::from(packet.interface.0));
        match interface {
            Some(interface) if self.sources > 1 => format!("{}:{}", interface.source + 1, packet.frame),
            _ => packet.frame.to_string(),
        }
    }

    fn arrow(&self, direction: Direction, label: &str) -> String {
        let label = cut(label, self.inside.saturating_sub(6));
        let free = self.inside.saturating_sub(columns(&label) + 5);
        match direction {
            Direction::ToServer => format!("── {label} {}▶", "─".repeat(free)),
            Direction::ToClient => format!("◀{} {label} ──", "─".repeat(free)),
        }
    }

    fn message(&mut self, direction: Direction, message: &Message) {
        let what = message.kind.as_str();
        let line = if message.line.is_empty() {
            format!("{} {}", tr(what), tr(UNREAD))
        } else {
            display_safe(&message.line).into_owned()
        };
        let line = cut(&line, self.inside.saturating_sub(6));
        let free = " ".repeat(self.inside.saturating_sub(columns(&line) + 3));
        let tone = match message.kind {
            MessageKind::Request => Tone::Heading,
            MessageKind::Response => Tone::Good,
        };
        self.page.left(Tone::Plain, "", LEAD).put(Tone::Plain, "│");
        match direction {
            Direction::ToServer => self
                .page
                .put(Tone::Plain, "   ")
                .put(tone, &line)
                .put(Tone::Plain, &free),
            Direction::ToClient => self
                .page
                .put(Tone::Plain, &free)
                .put(tone, &line)
                .put(Tone::Plain, "   "),
        };
        self.page.put(Tone::Plain, "│").end();
    }
}

/// `P. 1:79 ack 1, retransmission`, as tcpdump writes it.
#[must_use]
pub fn label(packet: &PacketNote) -> String {
    let (from, len) = (packet.sequence, packet.len);
    let mut words = vec![packet.flags.to_string()];
    if len > 0 {
        words.push(format!("{from}:{}", from.wrapping_add(len)));
    } else if packet.flags.numbers() {
        words.push(from.to_string());
    }
    words.extend(packet.acknowledgment.map(|number| format!("ack {number}")));
    let mut words = words.join(" ");
    if packet.window == 0 && !packet.flags.resets() {
        words.push_str(", window 0");
    }
    let taken_for = match packet.sending {
        Sending::New => return words,
        Sending::Retransmission => ", retransmission",
        Sending::OutOfOrder => ", out of order",
        Sending::KeepaliveProbe => ", keepalive probe",
        Sending::Duplicate => ", captured twice",
        Sending::Late => ", late",
        Sending::Ignored => ", ignored",
    };
    words + tr(taken_for)
}

/// `text` in so many columns.
fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if used > width {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::ControlBits;
    use crate::diagnose::PacketNotes;
    use crate::frame::InterfaceId;
    use crate::report::fixture;
    use crate::time::SECOND;

    fn packet(at: Nanos, direction: Direction, flags: u8, len: u32) -> PacketNote {
        PacketNote {
            at: fixture::START.plus(at),
            frame: 7,
            interface: InterfaceId(0),
            direction,
            flags: ControlBits(flags),
            len,
            sequence: 1,
            acknowledgment: (flags & 16 != 0).then_some(1),
            window: 64,
            sending: Sending::New,
            closes: flags & 1 != 0,
            messages: Vec::new(),
        }
    }

    fn printed(packets: Vec<PacketNote>, left_out: u64) -> String {
        let snapshot = fixture::churn();
        let mut connection = snapshot.connections.as_ref().unwrap()[0].clone();
        connection.facts.start = fixture::START;
        let notes = PacketNotes {
            packets,
            left_out,
            left_out_at: 1,
        };
        let options = Options {
            width: 80,
            color: false,
            zone: jiff::tz::TimeZone::UTC,
            explain: false,
        };
        let mut out = Vec::new();
        write(&mut out, &snapshot, &Ladder { connection, notes }, &options).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn arrows_pauses_and_messages_keep_within_the_rails() {
        let mut request = packet(0, Direction::ToServer, 0x18, 2_000);
        request.messages.push(Message {
            kind: MessageKind::Request,
            line: format!("GET /{}\x1b[2J HTTP/1.1", "x".repeat(90)).into(),
        });
        let mut again = packet(2 * SECOND, Direction::ToClient, 0x10, 5);
        again.sending = Sending::Retransmission;
        let fin = packet(2 * SECOND, Direction::ToClient, 0x11, 0);
        let page = printed(vec![request, again, fin], 0);
        for words in [
            "CONNECTION 1  10.77.0.1:40001 -> 10.77.0.11:8080",
            "per_request, 1 request, 1 response, closed by the server after 800 ms of idle time",
            "│── P. 1:2001 ack 1 ─",
            "no packet for 2.00 s",
            "─ . 1:6 ack 1, retransmission ──│",
            "─ F. 1 ack 1 ──│",
            "the server's F. in frame 7 closes it",
            "xxx…",
        ] {
            assert!(page.contains(words), "{words}\n{page}");
        }
        assert!(!page.contains('\x1b'));
        let rails: Vec<&str> = page.lines().filter(|line| line.contains(['│', '┆'])).collect();
        assert_eq!(rails.len(), 5, "{page}");
        assert!(rails.iter().all(|line| columns(line) == 80), "{page}");
    }

    #[test]
    fn what_is_left_out_is_said_where_it_was() {
        let packets = vec![
            packet(0, Direction::ToServer, 2, 0),
            packet(9 * SECOND, Direction::ToClient, 16, 0),
        ];
        let page = printed(packets, 12_345);
        assert!(
            page.contains("12,345 packets left out") && !page.contains("no packet for"),
            "{page}"
        );
        assert!(printed(Vec::new(), 0).contains("no packet of it was found"));
    }
}
