//! The list of connections, as compact data that the page's script shows a page at a time.

use std::collections::HashMap;
use std::fmt::Write as _;

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::document::{Section, data};
use crate::classify::{CloseReason, Closer};
use crate::diagnose::{ConnectionRecord, Snapshot};
use crate::lang::tr;
use crate::limits::PAGE_CONNECTION_BYTES;
use crate::report::text::count;
use crate::report::{one_line, when};
use crate::time::{MICROSECOND, MILLISECOND, Nanos};
use crate::tr;

/// Words that rows name by number; 0 is "none".
#[derive(Default)]
struct Words {
    numbers: HashMap<String, usize>,
    list: Vec<String>,
}

impl Words {
    fn number(&mut self, word: String) -> usize {
        let next = self.list.len() + 1;
        *self.numbers.entry(word).or_insert_with_key(|word| {
            self.list.push(word.clone());
            next
        })
    }
}

/// What the script shows of a row, in its order; it knows how to write each kind.
const COLUMNS: [(&str, &str, &str); 13] = [
    (
        "id",
        "id",
        "counts up in order of first packet; --ladder takes it",
    ),
    ("client", "end", "address and port"),
    ("server", "end", "address and port"),
    ("class", "word", "what it was used for"),
    (
        "start",
        "since",
        "first packet, seconds since the start of the capture",
    ),
    ("length", "ms", "first packet to last"),
    ("requests", "count", "complete request heads"),
    ("responses", "count", "final responses"),
    ("closer", "word", "who sent the first FIN or RST"),
    ("reason", "word", "what the close looked like"),
    (
        "idle",
        "us",
        "end of the last complete response to the first FIN or RST",
    ),
    ("cause", "word", "why it ended"),
    (
        "first frame",
        "frame",
        "Wireshark's frame.number of its first packet",
    ),
];

/// Rows as text: one line each, numbers with commas between; ids, times and frames as differences from the row before.
/// `None` is an empty place.
struct Rows<'a> {
    snapshot: &'a Snapshot,
    words: Words,
    text: String,
    shown: usize,
    before: Before,
}

#[derive(Default)]
struct Before {
    id: i64,
    start: i64,
    frame: i64,
}

impl Rows<'_> {
    fn push(&mut self, record: &ConnectionRecord) {
        let facts = &record.facts;
        let start = facts.start.since(self.snapshot.capture.start.unwrap_or_default()) / MILLISECOND;
        let closer = facts.closer.filter(|closer| *closer != Closer::Lost);
        let closer = closer.map(|closer| closer.as_str().to_owned());
        let reason = CloseReason::of(facts, self.snapshot.thresholds.idle_close);
        let reason = reason.map(|reason| reason.as_str().to_owned());
        let idle = facts
            .idle_before_close
            .get()
            .map(|idle: Nanos| idle / MICROSECOND);
        let (id, frame) = (facts.id as i64, facts.first_frame as i64);
        let numbers = [
            Some(id - self.before.id),
            Some(self.words.number(facts.client.address.to_string()) as i64),
            Some(facts.client.port.into()),
            Some(self.words.number(facts.server.to_string()) as i64),
            Some(self.words.number(record.class.as_str().to_owned()) as i64),
            Some(start - self.before.start),
            Some(facts.end.since(facts.start) / MILLISECOND),
            Some(facts.requests.into()),
            Some(facts.responses.into()),
            closer.map(|word| self.words.number(word) as i64),
            reason.map(|word| self.words.number(word) as i64),
            idle,
            record
                .cause
                .map(|cause| self.words.number(cause.as_str().to_owned()) as i64),
            Some(frame - self.before.frame),
        ];
        self.before = Before { id, start, frame };
        for (place, number) in numbers.into_iter().enumerate() {
            if place > 0 {
                self.text.push(',');
            }
            if let Some(number) = number {
                let _ = write!(self.text, "{number}");
            }
        }
        self.text.push('\n');
        self.shown += 1;
    }
}

pub(super) fn section(snapshot: &Snapshot, zone: &TimeZone) -> Option<Section> {
    let records = snapshot.connections.as_ref()?;
    let mut rows = Rows {
        snapshot,
        words: Words::default(),
        text: String::new(),
        shown: 0,
        before: Before::default(),
    };
    for record in records {
        if rows.text.len() >= PAGE_CONNECTION_BYTES {
            break;
        }
        rows.push(record);
    }
    let left_out = (records.len() - rows.shown) as u64;
    let body = html! {
        (said(snapshot, rows.shown, left_out))
        @if let Some(start) = snapshot.capture.start {
            p.dim { (tr!("Times are seconds since the first packet, {time}.", time = when::local(start, zone))) }
        }
        @if rows.shown > 0 {
            @let needs = tr("The list needs the page's script; {command} writes it as text.");
            @let (before, after) = needs.split_once("{command}").unwrap_or((needs, ""));
            noscript { p { (before) code { "--connections --format csv" } (after) } }
            div #connection-list .sortable {
                div.tools {
                    label { (tr("Filter")) " " input type="search" placeholder=(tr("words, all of which a row has")) aria-label=(tr("Filter connections")); }
                    span.found aria-live="polite" {}
                    span.pages {
                        button type="button" data-step="-1" { "\u{2190} " (tr("earlier")) }
                        button type="button" data-step="1" { (tr("later")) " \u{2192}" }
                    }
                }
                div.scroll tabindex="0" role="region" aria-label=(tr("connections")) {
                    table {
                        thead { tr {
                            @for (name, kind, about) in COLUMNS {
                                th scope="col" class=[(!matches!(kind, "word" | "end")).then_some("n")] title=(tr(about)) {
                                    button type="button" { (tr(name)) }
                                }
                            }
                        } }
                        tbody {}
                    }
                }
            }
            (data("connection-words", &head(&rows.words)))
            (data("connection-rows", &rows.text))
        }
    };
    Some(Section::new(
        "connections",
        crate::report::text::units::counted(records.len() as u64, "connections", "connections"),
        body,
    ))
}

/// What is not in the list, and where it is.
fn said(snapshot: &Snapshot, shown: usize, left_out: u64) -> Markup {
    let omitted = snapshot.capture.connections_omitted;
    html! {
        @if let Some(narrowed) = &snapshot.narrowed {
            p.dim {
                (tr!(
                    "where {expression}: {n} left out",
                    expression = one_line(&narrowed.expression),
                    n = count(narrowed.connections_left_out.unwrap_or(0))
                ))
            }
        }
        @if left_out > 0 {
            p.doubt {
                (tr!(
                    "The first {shown} are in this page; {n} more are left out, so that it opens at once (all of them: --connections --format csv).",
                    shown = count(shown as u64),
                    n = count(left_out)
                ))
            }
        }
        @if omitted > 0 { p.doubt { (tr!("{n} more were not listed (--connections=N lists more).", n = count(omitted))) } }
    }
}

/// What the numbers of rows stand for, as JSON.
fn head(words: &Words) -> String {
    let kinds: Vec<&str> = COLUMNS.iter().map(|(_, kind, _)| *kind).collect();
    serde_json::json!({ "kinds": kinds, "words": words.list }).to_string()
}
