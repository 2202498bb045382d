//! Why connections end: what was seen, where, what else it could be, what to change, and the packets of one of them.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::document::Section;
use super::legs::arrow;
use super::{Packets, rungs};
use crate::diagnose::catalogue::{CauseId, Entry, Place};
use crate::diagnose::{Cause, ConnectionRecord, Severity, Snapshot};
use crate::frame::InterfaceId;
use crate::lang::tr;
use crate::report::explain::place;
use crate::report::text::count;
use crate::report::text::units::{counted, percent};
use crate::tr;

/// Legs named with each cause; more are counted.
const PLACES: usize = 12;

/// Causes whose packets are shown, each by one connection.
pub(super) const EXAMPLES: usize = 12;

/// One cause wherever it shows.
pub(super) struct Everywhere<'a> {
    pub(super) entry: &'static Entry,
    /// Where, and how much of it, the most first.
    places: Vec<(String, &'a Cause)>,
}

/// All causes of a report: faults first, by connections.
pub(super) struct Told<'a> {
    pub(super) causes: Vec<Everywhere<'a>>,
}

impl<'a> Told<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let legs = snapshot.legs.iter();
        let of_legs = legs.flat_map(|leg| leg.causes.iter().map(|cause| (arrow(&leg.name), cause)));
        let of_pools = snapshot.pools.iter().flat_map(|pool| {
            let name = match pool.servers.as_slice() {
                [one] => tr!(
                    "pool of {client} → {servers}",
                    client = pool.client,
                    servers = one
                ),
                many => tr!(
                    "pool of {client} → {servers}",
                    client = pool.client,
                    servers = counted(many.len() as u64, "server", "servers")
                ),
            };
            pool.causes.iter().map(move |cause| (name.clone(), cause))
        });
        let mut by_id: BTreeMap<CauseId, Vec<(String, &Cause)>> = BTreeMap::new();
        for (name, cause) in of_legs.chain(of_pools) {
            by_id.entry(cause.id).or_default().push((name, cause));
        }
        let mut causes: Vec<Everywhere<'_>> = by_id
            .into_iter()
            .filter_map(|(id, mut places)| {
                places.sort_by_key(|(_, cause)| (cause.severity, std::cmp::Reverse(cause.connections)));
                Some(Everywhere {
                    entry: id.entry()?,
                    places,
                })
            })
            .collect();
        causes.sort_by_key(|cause| (!cause.is_fault(), std::cmp::Reverse(cause.connections())));
        Self { causes }
    }

    /// Limits that numbers show: which cause, and the limit.
    pub(super) fn limits(&self) -> impl Iterator<Item = (CauseId, crate::diagnose::CloseLimit)> {
        let places = self.causes.iter().flat_map(|cause| &cause.places);
        places.filter_map(|(_, cause)| Some((cause.id, cause.limit?)))
    }
}

impl Everywhere<'_> {
    pub(super) fn is_fault(&self) -> bool {
        self.places
            .iter()
            .any(|(_, cause)| cause.severity == Severity::Fault)
    }

    fn connections(&self) -> u64 {
        self.places.iter().map(|(_, cause)| cause.connections).sum()
    }
}

/// The connections whose packets a page shows: for each cause the first that its evidence names and `snapshot` lists.
#[must_use]
pub fn examples(snapshot: &Snapshot) -> Vec<(CauseId, ConnectionRecord)> {
    let told = Told::of(snapshot);
    let mut wanted: BTreeMap<(u16, u64), Vec<CauseId>> = BTreeMap::new();
    for cause in told.causes.iter().take(EXAMPLES) {
        let evidence = cause.places.iter().flat_map(|(_, cause)| &cause.evidence);
        if let Some((interface, frame)) = evidence.flat_map(|evidence| &evidence.frames).next() {
            wanted
                .entry((interface.0, *frame))
                .or_default()
                .push(cause.entry.id);
        }
    }
    let mut found = Vec::new();
    for record in snapshot.connections.iter().flatten() {
        let (interface, frame) = record.facts.last_frame;
        for id in wanted.remove(&(interface.0, frame)).into_iter().flatten() {
            found.push((id, record.clone()));
        }
    }
    found
}

/// What to change, by place and version.
pub(super) fn fixes(entry: &Entry, only: Option<Place>) -> Markup {
    let fixes = entry
        .fixes
        .iter()
        .filter(|fix| only.is_none_or(|place| fix.place == place));
    html! {
        dl.fixes {
            @for fix in fixes {
                dt { (place(fix)) }
                dd { code { (fix.text) } }
            }
        }
    }
}

pub(super) fn section(
    snapshot: &Snapshot,
    told: &Told<'_>,
    packets: Packets<'_>,
    zone: &TimeZone,
) -> Option<Section> {
    if told.causes.is_empty() {
        return None;
    }
    let body = html! {
        @if let Packets::None(why) = packets { p.dim { (tr(why)) } }
        @for cause in &told.causes { (one(snapshot, cause, packets, zone)) }
    };
    Some(Section::new("causes", "Why connections end", body))
}

fn one(snapshot: &Snapshot, cause: &Everywhere<'_>, packets: Packets<'_>, zone: &TimeZone) -> Markup {
    let entry = cause.entry;
    let id = entry.id.as_str();
    let example = match packets {
        Packets::Examples(examples) => examples.iter().find(|example| example.cause == entry.id),
        Packets::None(_) => None,
    };
    html! {
        article.card.cause id=(id) {
            h3 {
                span.id { (id) } " " (entry.title)
                @if !cause.is_fault() { span.badge.normal { (tr("normal")) } }
            }
            p { (entry.what) }
            (evidence(snapshot, cause))
            (ruled_out(cause))
            @if cause.is_fault() {
                h4 { (tr("What to change")) }
                (fixes(entry, None))
            }
            @if let Some(example) = example {
                (rungs::ladder(snapshot, &example.ladder, zone))
            } @else if matches!(packets, Packets::Examples(_)) {
                p.dim { (tr("No connection of it is shown: none that the evidence names is among those listed, or there are more causes than are shown so.")) }
            }
        }
    }
}

/// What was seen, by leg.
fn evidence(snapshot: &Snapshot, cause: &Everywhere<'_>) -> Markup {
    let left_out = cause.places.len().saturating_sub(PLACES) as u64;
    html! {
        h4 { (tr("What was seen")) }
        ul.evidence {
            @for (name, cause) in cause.places.iter().take(PLACES) {
                li {
                    strong { (name) } (tr(": "))
                    (counted(cause.connections, "connection", "connections"))
                    @if let Some(share) = cause.share { (tr!(" ({share})", share = percent(share))) }
                    (tr(", ")) (tr(cause.confidence.as_str()))
                    @for evidence in &cause.evidence {
                        div {
                            (evidence.text)
                            @if !evidence.frames.is_empty() { span.dim { (tr!(" ({share})", share = frames(snapshot, &evidence.frames))) } }
                        }
                    }
                }
            }
            @if left_out > 0 { li.dim { (tr!("and on {n} more legs (all of them: --json)", n = count(left_out))) } }
        }
    }
}

/// `frames 12, 40`; of several sources with the source's number.
fn frames(snapshot: &Snapshot, frames: &[(InterfaceId, u64)]) -> String {
    let several = snapshot.capture.sources.len() > 1;
    let one = |(interface, frame): &(InterfaceId, u64)| {
        let source = snapshot.capture.interfaces.get(usize::from(interface.0));
        match source {
            Some(interface) if several => format!("{}:{frame}", interface.source + 1),
            _ => frame.to_string(),
        }
    };
    let numbers: Vec<String> = frames.iter().map(one).collect();
    let frames = numbers.join(", ");
    if numbers.len() == 1 {
        tr!("frame {frames}", frames)
    } else {
        tr!("frames {frames}", frames)
    }
}

/// What else it could be, and why it is not; or that it could be.
fn ruled_out(cause: &Everywhere<'_>) -> Markup {
    let mut or: Vec<CauseId> = cause
        .places
        .iter()
        .flat_map(|(_, cause)| cause.or.iter().copied())
        .collect();
    or.sort_unstable();
    or.dedup();
    let mut split: Vec<&str> = cause
        .places
        .iter()
        .filter_map(|(_, cause)| cause.split_by.as_deref())
        .collect();
    split.sort_unstable();
    split.dedup();
    let cannot_tell = cause
        .places
        .iter()
        .find_map(|(_, cause)| cause.cannot_tell.as_deref());
    html! {
        @if !or.is_empty() {
            h4 { (tr("Not ruled out")) }
            ul {
                @for entry in or.iter().filter_map(|id| id.entry()) {
                    li { (tr!("{id}: {title}", id = entry.id.as_str(), title = entry.title)) }
                }
                @for by in split { li { (tr!("told apart by {split}", split = by)) } }
            }
        }
        @if let Some(alike) = &cause.entry.look_alikes {
            h4 { @if or.is_empty() { (tr("What was ruled out, and how")) } @else { (tr("What looks alike, and how it differs")) } }
            p { (alike) }
        }
        @if let Some(unknown) = cannot_tell {
            h4 { (tr("What packets can't tell")) }
            p { (unknown) }
        }
    }
}
