//! Several capture points as one, for people: the answer, the host unlike its peers, a line a point, then what every
//! report says.

use std::io::{self, Write};

use super::page::{Page, Tone, columns};
use super::units::{count, counted, percent, rounded};
use super::{MAX_WIDTH, Options, PLAIN_WIDTH, verdict};
use crate::diagnose::catalogue::CauseId;
use crate::diagnose::expect::Outcome;
use crate::fleet::{Fleet, Outlier, Point, SameBy, SeenTwice, Unlike};
use crate::lang::{Lang, spoken, tr};
use crate::report::{display_safe, one_line};
use crate::tr;

/// More points are counted, not shown.
const SHOWN: usize = 40;
/// More legs that were captured twice are counted, not shown.
const TWICE: usize = 5;

/// Writes the report of several capture points.
///
/// # Errors
/// What `out` could not take.
pub fn write(out: &mut dyn Write, fleet: &Fleet, outcomes: &[Outcome], options: &Options) -> io::Result<()> {
    let mut page = Page::new(options.width.clamp(PLAIN_WIDTH, MAX_WIDTH), options.color);
    verdict::print(&mut page, &fleet.whole, &options.zone);
    verdict::print_expectations(&mut page, outcomes);
    unlike(&mut page, fleet);
    points(&mut page, fleet);
    twice(&mut page, &fleet.twice);
    super::body(&mut page, &fleet.whole, options);
    out.write_all(page.finish().as_bytes())
}

/// `41 %`, `0.4 %`: a digit after the point below ten.
fn short(share: f64) -> String {
    let hundredths = share * 100.0;
    if hundredths >= 10.0 {
        format!("{hundredths:.0}")
    } else {
        format!("{hundredths:.1}")
    }
}

/// `41 %` of a share, `12,000` of a number.
fn figure(outlier: &Outlier, value: f64) -> String {
    if outlier.measure.is_number() {
        rounded(value)
    } else {
        format!("{} %", short(value))
    }
}

fn range(outlier: &Outlier) -> String {
    let of = |value| figure(outlier, value);
    let (least, most) = (of(outlier.least), of(outlier.most));
    if least == most {
        return least;
    }
    // Another one that is unlike them all makes a range that says little.
    let width = outlier.most - outlier.least;
    let far = (outlier.most - outlier.median).max(outlier.median - outlier.least);
    if outlier.others > 2 && width > (outlier.value - outlier.median).abs() / 2.0 && far > 0.8 * width {
        return tr!("{figure} in the median", figure = of(outlier.median));
    }
    format!("{}-{most}", least.trim_end_matches(" %"))
}

fn others(outlier: &Outlier) -> String {
    const WORDS: [&str; 10] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    ];
    let n = outlier.others;
    let number = WORDS
        .get(n)
        .filter(|_| spoken() == Lang::En)
        .map_or_else(|| count(n as u64), |word| (*word).to_owned());
    if outlier.all {
        tr!("the other {n}", n = number)
    } else {
        tr!("{n} others", n = number)
    }
}

/// `node5: 41 % avoidable, the other four 0.4-0.9 %; cause N2 only here`.
#[must_use]
pub fn sentence(unlike: &Unlike) -> String {
    let figures = unlike.figures.iter().map(|outlier| {
        let (value, words) = (figure(outlier, outlier.value), outlier.measure.words());
        tr!(
            "{value} {what}, {others} {range}",
            value,
            what = tr(words),
            others = others(outlier),
            range = range(outlier)
        )
    });
    let ids = |ids: &[CauseId]| {
        let names: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
        names.join(tr(", "))
    };
    let here = ids(&unlike.only_here);
    let here = match unlike.only_here.len() {
        0 => None,
        1 => Some(tr!("cause {ids} only here", ids = here)),
        _ => Some(tr!("causes {ids} only here", ids = here)),
    };
    let there = ids(&unlike.only_there);
    let there = match unlike.only_there.len() {
        0 => None,
        1 => Some(tr!("cause {ids} at all others, and not here", ids = there)),
        _ => Some(tr!("causes {ids} at all others, and not here", ids = there)),
    };
    let all: Vec<String> = figures.chain(here).chain(there).collect();
    tr!(
        "{source}: {kinds}",
        source = one_line(&unlike.point),
        kinds = all.join(tr("; "))
    )
}

fn unlike(page: &mut Page, fleet: &Fleet) {
    if fleet.points.len() < 2 {
        return;
    }
    page.heading(tr("UNLIKE ITS PEERS"));
    for unlike in &fleet.unlike {
        page.put(Tone::Plain, "  ")
            .wrapped(Tone::Doubtful, 2, &sentence(unlike));
    }
    if fleet.unlike.is_empty() && fleet.not_compared.is_empty() {
        page.put(Tone::Plain, "  ").wrapped(Tone::Dim, 2, tr(ALIKE));
    }
    for why in &fleet.not_compared {
        page.put(Tone::Plain, "  ").wrapped(Tone::Dim, 2, &one_line(why));
    }
}

/// Said where all are alike.
pub(in crate::report) const ALIKE: &str =
    "none: reuse, avoidable handshakes, failed connects, resets, closes, TIME-WAIT and causes are alike";

/// A column of the table of points: its head in two lines, its width, its value.
pub(in crate::report) struct Column {
    pub(in crate::report) head: [&'static str; 2],
    width: usize,
    pub(in crate::report) cell: fn(&Point) -> String,
}

fn known(n: Option<u64>) -> String {
    n.map_or_else(|| "-".to_owned(), count)
}

pub(in crate::report) const COLUMNS: [Column; 7] = [
    Column {
        head: ["", "requests"],
        width: 11,
        cell: |point| count(point.figures.counts.requests.total),
    },
    Column {
        head: ["", "reused"],
        width: 9,
        cell: |point| {
            let reuse = point.figures.reuse_ratio();
            reuse.map_or_else(|| "-".to_owned(), |(value, ..)| percent(value))
        },
    },
    Column {
        head: ["", "avoidable"],
        width: 10,
        cell: |point| known(point.figures.avoidable),
    },
    Column {
        head: ["connects", "failed"],
        width: 9,
        cell: |point| count(point.figures.failed_connects()),
    },
    Column {
        head: ["TIME-WAIT", "at most"],
        width: 10,
        cell: |point| known(point.time_wait()),
    },
    Column {
        head: ["conntrack", "at the end"],
        width: 11,
        cell: |point| known(point.host.as_ref().map(|host| host.conntrack_entries)),
    },
    Column {
        head: ["ports to", "one server"],
        width: 11,
        cell: |point| known(point.ports()),
    },
];

/// What else is to be said of a point.
pub(in crate::report) fn notes(point: &Point) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(address) = point.address {
        let does = if point.connects { "asks" } else { "answers" };
        let parts = match point.parts {
            1 => String::new(),
            n => tr!(", {n} reports", n = count(n as u64)),
        };
        notes.push(format!("{address} {}{parts}", tr(does)));
    }
    let mut faults: Vec<(&CauseId, &u64)> = point.faults.iter().collect();
    faults.sort_by_key(|(id, n)| (std::cmp::Reverse(**n), **id));
    if !faults.is_empty() {
        let faults: Vec<String> = faults
            .iter()
            .map(|(id, n)| format!("{} {}", id.as_str(), count(**n)))
            .collect();
        notes.push(tr!("causes {faults}", faults = faults.join(tr(", "))));
    }
    let all = point.figures.counts.connections.total;
    if point.counted < all {
        let counted = count(point.counted);
        notes.push(tr!(
            "{n} of {connections} count here, the others where they were captured, too",
            n = counted,
            connections = self::counted(all, "connection", "connections")
        ));
    }
    if let Some(dropped) = point.dropped.filter(|dropped| *dropped > 0) {
        notes.push(tr!(
            "{packets} dropped: no ratio of it is sure",
            packets = counted(dropped, "packet", "packets")
        ));
    }
    notes
}

fn points(page: &mut Page, fleet: &Fleet) {
    let shown = &fleet.points[..fleet.points.len().min(SHOWN)];
    let word = shown
        .iter()
        .map(|point| columns(&verdict::word(point.status)))
        .max()
        .unwrap_or(0)
        + 2;
    let name = |point: &Point| display_safe(&point.name).into_owned();
    let widest = shown.iter().map(|point| columns(&name(point))).max().unwrap_or(0);
    let figures: usize = COLUMNS.iter().map(|column| column.width).sum();
    let one_line = word + widest + figures <= page.width;
    let lead = if one_line {
        word + widest
    } else {
        page.width.saturating_sub(figures)
    };
    page.end();
    page.left(
        Tone::Heading,
        &tr!("POINTS {n}", n = count(fleet.points.len() as u64)),
        lead,
    );
    for row in 0..2 {
        if row == 1 {
            page.left(Tone::Plain, "", lead);
        }
        for column in &COLUMNS {
            page.right(Tone::Dim, tr(column.head[row]), column.width);
        }
        page.end();
    }
    for point in shown {
        let status = verdict::word(point.status);
        page.left(Tone::of(point.status), &status, word);
        if one_line {
            page.left(Tone::Plain, &name(point), lead - word);
        } else {
            page.put(Tone::Plain, &name(point)).end();
            page.left(Tone::Plain, "", lead);
        }
        for column in &COLUMNS {
            page.right(Tone::Plain, &(column.cell)(point), column.width);
        }
        page.end();
        let notes = notes(point);
        if !notes.is_empty() {
            page.left(Tone::Plain, "", word)
                .wrapped(Tone::Dim, word, &notes.join(tr("; ")));
        }
    }
    let more = fleet.points.len() - shown.len();
    if more > 0 {
        page.put(
            Tone::Dim,
            &tr!("and {n} more (all of them: --json)", n = count(more as u64)),
        )
        .end();
    }
}

/// `10.0.0.1 -> 10.0.0.11:8080 at tomcat1: 1,204 of 1,204 connections count at node1`.
#[must_use]
pub fn twice_words(twice: &SeenTwice) -> String {
    let ((at, leg), (also, other)) = (&twice.counted, &twice.also);
    let (at, also) = (one_line(at), one_line(also));
    let connections = counted(twice.connections, "connection", "connections");
    if twice.by == SameBy::Ends {
        return tr!(
            "{other} at {also}: {connections}, most of which began before it was captured, are taken for those of the same ends at \
             {at}, and count there",
            other,
            also,
            connections,
            at
        );
    }
    let about = if twice.in_common.exact { "" } else { tr("about ") };
    let more = match twice.more {
        0 => String::new(),
        n => tr!(
            " and on {legs} elsewhere",
            legs = counted(n as u64, "leg", "legs")
        ),
    };
    let named = if leg == other && twice.more == 0 {
        String::new()
    } else {
        tr!(", where they are {leg}{more}", leg, more)
    };
    let n = count(twice.in_common.count);
    tr!(
        "{other} at {also}: {about}{n} of {connections} count at {at}{named}",
        other,
        also,
        about,
        n,
        connections,
        at,
        named
    )
}

fn twice(page: &mut Page, twice: &[SeenTwice]) {
    if twice.is_empty() {
        return;
    }
    page.heading(tr("CAPTURED TWICE"));
    for twice in twice.iter().take(TWICE) {
        page.put(Tone::Plain, "  ")
            .wrapped(Tone::Plain, 2, &twice_words(twice));
    }
    if twice.len() > TWICE {
        let more = count((twice.len() - TWICE) as u64);
        page.put(Tone::Dim, &tr!("  and {n} more (all of them: --json)", n = more))
            .end();
    }
}

/// How many points there are, in words.
pub(in crate::report) fn how_many(fleet: &Fleet) -> String {
    counted(fleet.points.len() as u64, "capture point", "capture points")
}
