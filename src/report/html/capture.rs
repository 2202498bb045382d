//! What the capture is worth.

use jiff::tz::TimeZone;
use maud::html;

use super::document::Section;
use super::table::facts;
use crate::diagnose::Snapshot;
use crate::report::text;

/// More files are counted, not shown.
const SOURCES: usize = 50;

pub(super) fn section(snapshot: &Snapshot, zone: &TimeZone) -> Section {
    let rows = text::capture_items(snapshot, zone, SOURCES)
        .into_iter()
        .map(|item| {
            let words = html! { span class=[item.is_doubtful().then_some("doubt")] { (item.text) } };
            (item.label, words)
        });
    Section::new("capture", "What the capture is worth", facts(rows))
}
