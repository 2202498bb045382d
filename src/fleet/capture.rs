//! What the captures of all parts are worth together.

use std::collections::BTreeMap;

use super::Part;
use crate::diagnose::{Capture, Evictions, Skipped};
use crate::frame::{Interface, InterfaceId};
use crate::tr;

/// Where the interfaces and sources of each part begin among those of all.
#[derive(Clone, Debug, Default)]
pub(super) struct Offsets(Vec<(usize, usize)>);

/// Where those of one part begin.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Offset {
    interfaces: usize,
    sources: usize,
}

impl Offsets {
    pub(super) fn of(parts: &[Part]) -> Self {
        let mut next = (0, 0);
        let places = parts.iter().map(|part| {
            let here = next;
            next.0 += part.snapshot.capture.interfaces.len();
            next.1 += part.snapshot.capture.sources.len();
            here
        });
        Self(places.collect())
    }

    pub(super) fn of_part(&self, part: usize) -> Offset {
        let (interfaces, sources) = self.0.get(part).copied().unwrap_or((usize::MAX, usize::MAX));
        Offset { interfaces, sources }
    }
}

impl Offset {
    /// The place of a part's interface among all; `None` beyond what can be numbered.
    pub(super) fn interface(self, id: InterfaceId) -> Option<InterfaceId> {
        let place = self.interfaces.checked_add(usize::from(id.0))?;
        u16::try_from(place).ok().map(InterfaceId)
    }

    fn source(self, source: u16) -> Option<u16> {
        u16::try_from(self.sources.checked_add(usize::from(source))?).ok()
    }
}

/// The captures one after another; counts are sums, connections captured twice included.
pub(super) fn merged(parts: &[Part], offsets: &Offsets) -> Capture {
    let mut whole = Capture::default();
    let mut flags: BTreeMap<&str, u64> = BTreeMap::new();
    for (place, part) in parts.iter().enumerate() {
        let capture = &part.snapshot.capture;
        let offset = offsets.of_part(place);
        whole
            .sources
            .extend(capture.sources.iter().cloned().map(|mut source| {
                if parts.len() > 1 && source.name != part.point {
                    source.name = format!("{}: {}", part.point, source.name);
                }
                source
            }));
        whole
            .interfaces
            .extend(capture.interfaces.iter().cloned().filter_map(|interface| {
                Some(Interface {
                    source: offset.source(interface.source)?,
                    ..interface
                })
            }));
        whole.start = whole.start.into_iter().chain(capture.start).min();
        whole.end = whole.end.into_iter().chain(capture.end).max();
        for (mine, theirs) in [
            (&mut whole.packets, capture.packets),
            (&mut whole.bytes, capture.bytes),
            (&mut whole.tcp_packets, capture.tcp_packets),
            (&mut whole.duplicate_packets, capture.duplicate_packets),
            (&mut whole.unattributed, capture.unattributed),
            (&mut whole.gap_bytes, capture.gap_bytes),
            (&mut whole.overlap_conflicts, capture.overlap_conflicts),
            (&mut whole.connections_omitted, capture.connections_omitted),
        ] {
            *mine = mine.saturating_add(theirs);
        }
        skipped(&mut whole.skipped, &capture.skipped);
        evictions(&mut whole.evictions, &capture.evictions);
        for (flag, n) in &capture.flag_counts {
            *flags.entry(flag).or_default() += n;
        }
    }
    let mut flags: Vec<(String, u64)> = flags.into_iter().map(|(flag, n)| (flag.to_owned(), n)).collect();
    flags.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    whole.flag_counts = flags;
    whole.filter = filter(parts);
    let warnings = parts.iter().flat_map(|part| {
        let warnings = part.snapshot.capture.warnings.iter();
        warnings.map(|warning| (part.point.as_str(), warning.as_str()))
    });
    whole.warnings = super::by_points(warnings, parts);
    whole.warnings.extend(thresholds_differ(parts));
    whole
}

/// The filter that all parts have.
fn filter(parts: &[Part]) -> Option<String> {
    let first = &parts.first()?.snapshot.capture.filter;
    let same = parts.iter().all(|part| part.snapshot.capture.filter == *first);
    first.clone().filter(|_| same)
}

fn thresholds_differ(parts: &[Part]) -> Option<String> {
    let first = parts.first()?;
    let other = parts
        .iter()
        .find(|part| part.snapshot.thresholds != first.snapshot.thresholds)?;
    Some(tr!(
        "{point} was analysed with other thresholds than {first}, which are used for all",
        point = other.point,
        first = first.point
    ))
}

fn skipped(whole: &mut Skipped, part: &Skipped) {
    for (mine, theirs) in [
        (&mut whole.not_ip, part.not_ip),
        (&mut whole.not_tcp, part.not_tcp),
        (&mut whole.fragment, part.fragment),
        (&mut whole.truncated, part.truncated),
        (&mut whole.unsupported_link, part.unsupported_link),
        (&mut whole.malformed, part.malformed),
        (&mut whole.encrypted, part.encrypted),
    ] {
        *mine = mine.saturating_add(theirs);
    }
}

fn evictions(whole: &mut Evictions, part: &Evictions) {
    for (mine, theirs) in [
        (&mut whole.connections, part.connections),
        (&mut whole.expired, part.expired),
        (&mut whole.tombstones, part.tombstones),
        (&mut whole.legs, part.legs),
        (&mut whole.clients, part.clients),
        (&mut whole.prefixes, part.prefixes),
        (&mut whole.out_of_order, part.out_of_order),
        (&mut whole.heads, part.heads),
        (&mut whole.pipelined, part.pipelined),
        (&mut whole.streams, part.streams),
        (&mut whole.header_tables, part.header_tables),
        (&mut whole.check_series, part.check_series),
        (&mut whole.recent_packets, part.recent_packets),
    ] {
        *mine = mine.saturating_add(theirs);
    }
}
