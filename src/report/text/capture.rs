//! What the capture is worth: sources, time, what was left out, what is missing.

use jiff::tz::TimeZone;

use super::page::{Item, Page, Tone};
use super::units::{bytes, count, counted, span};
use crate::diagnose::{Capture, Snapshot};
use crate::lang::{of_them, tr};
use crate::report::when;
use crate::report::{display_safe, one_line};
use crate::source::SourceSummary;
use crate::tr;

/// More files are counted, not shown.
const SHOWN: usize = 5;
/// Kinds of TCP flags shown.
const FLAGS: usize = 8;

pub(super) fn print(page: &mut Page, snapshot: &Snapshot, zone: &TimeZone) {
    page.heading(tr("CAPTURE"));
    page.items(&items(snapshot, zone, SHOWN));
}

/// What is to be said, `sources` of the files one by one.
pub(in crate::report) fn items(snapshot: &Snapshot, zone: &TimeZone, sources: usize) -> Vec<Item> {
    let capture = &snapshot.capture;
    let mut items = Vec::new();
    let mut item = |label: &str, tone: Tone, text: &str| items.push(Item::new(label, tone, text));
    for source in capture.sources.iter().take(sources) {
        item("source", Tone::Plain, &source_words(source));
    }
    if let Some(more) = capture
        .sources
        .len()
        .checked_sub(sources)
        .filter(|more| *more > 0)
    {
        item(
            "",
            Tone::Dim,
            &tr!(
                "and {sources} more",
                sources = counted(more as u64, "source", "sources")
            ),
        );
    }
    if let (Some(start), Some(end)) = (capture.start, capture.end) {
        let length = span(end.since(start) as f64 / 1e3);
        let (start, end) = (when::local(start, zone), when::clock(end, zone));
        item(
            "time",
            Tone::Plain,
            &tr!("{start} to {end}, {length}", start, end, length),
        );
    }
    if let Some(filter) = &capture.filter {
        item("filter", Tone::Plain, &one_line(filter));
    }
    item("packets", Tone::Plain, &packets(capture));
    let skipped = skipped(capture);
    if !skipped.is_empty() {
        item("left out", Tone::Plain, &skipped.join(tr(", ")));
    }
    let (missing, tone) = missing(capture);
    item("missing", tone, &missing);
    let evictions = evictions(capture);
    if !evictions.is_empty() {
        item("limits hit", Tone::Doubtful, &evictions.join(tr(", ")));
    }
    let flags = capture
        .flag_counts
        .iter()
        .take(FLAGS)
        .map(|(flags, n)| format!("{flags} {}", count(*n)));
    let flags = flags.collect::<Vec<_>>().join(", ");
    if !flags.is_empty() {
        item("flags", Tone::Plain, &flags);
    }
    for warning in &capture.warnings {
        item("warning", Tone::Doubtful, &one_line(warning));
    }
    for unseen in &snapshot.not_seen {
        item("not seen", Tone::Plain, &one_line(unseen));
    }
    items
}

fn source_words(source: &SourceSummary) -> String {
    let mut kinds = vec![source.format.to_owned()];
    kinds.extend(source.compression.map(str::to_owned));
    kinds.extend(source.link_types.iter().map(|link| link.name()));
    // 262144 is what tcpdump and dumpcap write for "no limit".
    if source.snaplen > 0 && source.snaplen < 262_144 {
        kinds.push(tr!("snaplen {n}", n = source.snaplen));
    }
    kinds.push(counted(source.packets, "packet", "packets"));
    if !source.captures.is_empty() {
        let captures = source.captures.len() as u64;
        kinds.push(counted(
            captures,
            "capture one after another",
            "captures one after another",
        ));
    }
    if let Some(offset) = source.truncated_at_byte {
        kinds.push(tr!("cut at byte {offset}", offset));
    }
    if source.damaged_places > 0 {
        let (places, skipped) = (source.damaged_places, count(source.skipped_bytes));
        let places = counted(places, "damaged place", "damaged places");
        kinds.push(tr!("{places} ({skipped} bytes skipped)", places, skipped));
    }
    tr!(
        "{source}: {kinds}",
        source = display_safe(&source.name),
        kinds = kinds.join(tr(", "))
    )
}

fn packets(capture: &Capture) -> String {
    let twice = match capture.duplicate_packets {
        0 => String::new(),
        n => tr!(", {n} seen twice", n = count(n)),
    };
    tr!(
        "{packets} ({bytes}), {tcp} TCP{twice}",
        packets = count(capture.packets),
        bytes = bytes(capture.bytes),
        tcp = count(capture.tcp_packets),
        twice
    )
}

/// Zeros are not worth a word.
fn named(counts: &[(u64, &str)]) -> Vec<String> {
    counts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, name)| of_them(&count(*n), name))
        .collect()
}

fn skipped(capture: &Capture) -> Vec<String> {
    let s = &capture.skipped;
    named(&[
        (s.not_ip, "not_ip"),
        (s.not_tcp, "not_tcp"),
        (s.fragment, "fragment"),
        (s.truncated, "truncated"),
        (s.unsupported_link, "unsupported_link"),
        (s.malformed, "malformed"),
        (s.encrypted, "encrypted"),
        (capture.unattributed, "connections unattributed"),
        (capture.overlap_conflicts, "bytes of conflicting retransmissions"),
        (capture.connections_omitted, "connections not listed"),
    ])
}

fn missing(capture: &Capture) -> (String, Tone) {
    let mut parts = named(&[(capture.gap_bytes, "bytes in gaps")]);
    match capture.kernel_dropped() {
        Some(0) => {}
        Some(n) => parts.push(tr!(
            "{packets} dropped by the kernel",
            packets = counted(n, "packet", "packets")
        )),
        None => parts.push(tr("kernel drops are not recorded in this capture").to_owned()),
    }
    if let Some(n) = capture.interface_dropped().filter(|n| *n > 0) {
        parts.push(tr!(
            "{packets} dropped by the interface",
            packets = counted(n, "packet", "packets")
        ));
    }
    let known_loss =
        capture.gap_bytes > 0 || capture.kernel_dropped() > Some(0) || capture.interface_dropped() > Some(0);
    match (parts.is_empty(), known_loss) {
        (true, _) => (tr("nothing").to_owned(), Tone::Plain),
        (false, true) => (parts.join(tr(", ")), Tone::Doubtful),
        (false, false) => (tr!("no gaps; {rest}", rest = parts.join(tr(", "))), Tone::Plain),
    }
}

fn evictions(capture: &Capture) -> Vec<String> {
    let e = &capture.evictions;
    named(&[
        (e.connections, "connections"),
        (e.expired, "expired"),
        (e.tombstones, "tombstones"),
        (e.legs, "legs"),
        (e.clients, "clients"),
        (e.prefixes, "prefixes"),
        (e.out_of_order, "out_of_order"),
        (e.heads, "heads"),
        (e.pipelined, "pipelined"),
        (e.streams, "streams"),
        (e.header_tables, "header_tables"),
        (e.check_series, "check_series"),
        (e.recent_packets, "recent_packets"),
    ])
}
