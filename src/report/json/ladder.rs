//! A connection's packets as JSON: `flowcheck.ladder/1`.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::value::RawValue;

use super::layout;
use super::number::Number;
use crate::diagnose::{Ladder, Message, PacketNote, Snapshot};
use crate::report::columns::Connection;

/// The name and version of the format.
pub const LADDER_SCHEMA: &str = "flowcheck.ladder/1";

#[derive(Serialize)]
struct Page<'a> {
    schema: &'static str,
    /// As in the report's `connections`.
    connection: Box<RawValue>,
    /// Packets that are not here ...
    left_out: u64,
    /// ... before which of those that are, from 0; null if all are.
    left_out_at: Option<usize>,
    packets: Vec<Box<RawValue>>,
    sources: Vec<&'a str>,
}

#[derive(Serialize)]
struct Packet<'a> {
    /// Seconds since the epoch.
    time: Number,
    /// The place of its source among `sources`, from 0.
    source: u16,
    frame: u64,
    direction: &'static str,
    /// In tcpdump's letters.
    flags: String,
    length: u32,
    /// Relative to the SYN of its sender, or to the first number seen.
    seq: u32,
    ack: Option<u32>,
    window: u16,
    /// What it was taken for.
    sending: &'static str,
    /// It is the first FIN or RST.
    closes: bool,
    messages: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    /// Null where it could not be read.
    line: Option<&'a str>,
}

impl<'a> From<&'a Message> for Line<'a> {
    fn from(message: &'a Message) -> Self {
        Self {
            kind: message.kind.as_str(),
            line: Some(&*message.line).filter(|line| !line.is_empty()),
        }
    }
}

fn packet<'a>(snapshot: &Snapshot, note: &'a PacketNote) -> Packet<'a> {
    let interface = snapshot.capture.interfaces.get(usize::from(note.interface.0));
    Packet {
        time: Number::rounded(note.at.seconds(), 6),
        source: interface.map_or(0, |interface| interface.source),
        frame: note.frame,
        direction: note.direction.as_str(),
        flags: note.flags.to_string(),
        length: note.len,
        seq: note.sequence,
        ack: note.acknowledgment,
        window: note.window,
        sending: note.sending.as_str(),
        closes: note.closes,
        messages: note.messages.iter().map(Line::from).collect(),
    }
}

/// Writes the ladder as one JSON object and a newline; `snapshot` is the report that the connection comes from.
///
/// # Errors
/// What `out` could not take.
pub fn write_ladder(out: &mut dyn Write, snapshot: &Snapshot, ladder: &Ladder) -> io::Result<()> {
    let notes = &ladder.notes;
    // Raw, so that every packet has one line.
    let packets = notes
        .packets
        .iter()
        .map(|note| serde_json::value::to_raw_value(&packet(snapshot, note)));
    let connection = Connection::new(snapshot, &ladder.connection);
    let page = Page {
        schema: LADDER_SCHEMA,
        connection: serde_json::value::to_raw_value(&connection)?,
        left_out: notes.left_out,
        left_out_at: (notes.left_out > 0).then_some(notes.left_out_at),
        packets: packets.collect::<Result<_, _>>()?,
        sources: (snapshot.capture.sources.iter())
            .map(|source| source.name.as_str())
            .collect(),
    };
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, layout::Layout::new());
    page.serialize(&mut serializer)?;
    out.write_all(b"\n")
}
