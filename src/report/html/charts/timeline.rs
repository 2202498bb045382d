//! Figures over the capture's time, one chart each, all with the same axis.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::super::document::{Section, data};
use super::{at, round_up};
use crate::diagnose::{Snapshot, Status, Timeline, TimelineRow};
use crate::lang::tr;
use crate::report::text::count;
use crate::report::text::units::{percent, three_digits};
use crate::report::when;
use crate::time::Timestamp;
use crate::tr;

/// Fewer rows show nothing.
const LEAST: usize = 4;
/// Points across a chart at most.
const POINTS: usize = 600;
/// Units across a curve: with fewer, a browser draws it coarsely and stretches that.
const ACROSS: f64 = 1_000.0;
/// Height of a chart in pixels, and what is left free above and below the curve.
const HEIGHT: f64 = 116.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 4.0;

/// What rows that fall together make.
#[derive(Clone, Copy)]
struct Point {
    /// The most in a row, a second.
    handshakes: f64,
    requests: f64,
    /// Share of their requests; `None` without requests.
    reuse: Option<f64>,
    open: f64,
    time_wait: f64,
}

impl Point {
    fn of(rows: &[TimelineRow], step: f64) -> Self {
        let most = |of: fn(&TimelineRow) -> u64| rows.iter().map(of).max().unwrap_or(0) as f64;
        let sum = |of: fn(&TimelineRow) -> u64| rows.iter().map(of).sum::<u64>();
        let requests = sum(|row| row.requests);
        Self {
            handshakes: most(|row| row.handshakes) / step,
            requests: most(|row| row.requests) / step,
            reuse: (requests > 0).then(|| sum(|row| row.reused) as f64 / requests as f64),
            open: most(|row| row.open),
            time_wait: most(|row| row.time_wait),
        }
    }
}

/// A curve: its name, its unit, its value at a point.
struct Curve {
    name: &'static str,
    key: &'static str,
    value: fn(&Point) -> Option<f64>,
    share: bool,
}

const CURVES: [Curve; 5] = [
    Curve {
        name: "Handshakes a second",
        key: "handshakes",
        value: |point| Some(point.handshakes),
        share: false,
    },
    Curve {
        name: "Requests a second",
        key: "requests",
        value: |point| Some(point.requests),
        share: false,
    },
    Curve {
        name: "Requests on reused connections",
        key: "reuse",
        value: |point| point.reuse,
        share: true,
    },
    Curve {
        name: "Open connections",
        key: "open",
        value: |point| Some(point.open),
        share: false,
    },
    Curve {
        name: "Sockets in TIME-WAIT, projected",
        key: "time_wait",
        value: |point| Some(point.time_wait),
        share: false,
    },
];

/// The timelines of one report, or of two side by side with the same axes.
pub(in super::super) fn section(sides: &[(&str, &Snapshot)], zone: &TimeZone) -> Option<Section> {
    if sides
        .iter()
        .all(|(_, snapshot)| snapshot.timeline.rows.is_empty())
    {
        return None;
    }
    let points: Vec<Vec<Point>> = sides
        .iter()
        .map(|(_, snapshot)| points(&snapshot.timeline))
        .collect();
    let body = html! {
        div class=[(sides.len() > 1).then_some("sides")] {
            @for (place, (name, snapshot)) in sides.iter().enumerate() {
                div.side {
                    @if !name.is_empty() { h3 { (tr(name)) } }
                    (one(place, snapshot, points.get(place).map_or(&[], Vec::as_slice), &tops(&points), zone))
                }
            }
        }
    };
    Some(Section::new("timeline", "Over time", body))
}

fn points(timeline: &Timeline) -> Vec<Point> {
    let together = timeline.rows.len().div_ceil(POINTS).max(1);
    let step = timeline.step_s.max(1) as f64;
    timeline
        .rows
        .chunks(together)
        .map(|rows| Point::of(rows, step))
        .collect()
}

/// Where each axis ends: the same on both sides.
fn tops(points: &[Vec<Point>]) -> Vec<f64> {
    let top = |curve: &Curve| {
        let values = points.iter().flatten().filter_map(curve.value);
        if curve.share {
            1.0
        } else {
            round_up(values.fold(0.0, f64::max))
        }
    };
    CURVES.iter().map(top).collect()
}

fn one(place: usize, snapshot: &Snapshot, points: &[Point], tops: &[f64], zone: &TimeZone) -> Markup {
    let timeline = &snapshot.timeline;
    if timeline.rows.len() < LEAST {
        return html! {
            p.dim {
                (tr!(
                    "The capture is too short for a timeline: {n} of at least {least} rows of {step} s.",
                    n = timeline.rows.len(),
                    least = LEAST,
                    step = timeline.step_s.max(1)
                ))
            }
        };
    }
    let together = timeline.rows.len().div_ceil(POINTS).max(1);
    let step = timeline.step_s.max(1) * together as u64;
    let verdict = &snapshot.verdict;
    let since = verdict.since.filter(|_| verdict.status != Status::Inconclusive);
    let since = since
        .zip(timeline.start)
        .map(|(since, start)| since.since(start) as f64 / 1e9);
    let mark = since
        .map(|since| since / (step as f64 * points.len() as f64))
        .filter(|part| *part > 0.01 && *part < 1.0);
    html! {
        div.timeline data-rows={ "rows-" (place) } {
            @for (curve, top) in CURVES.iter().zip(tops) { (chart(curve, points, *top, mark)) }
            (axis(timeline, step, points.len(), zone))
            p.readout aria-live="off" {
                @if together > 1 {
                    (tr!("One point is {step} s, of the highest {part} s in it.", step, part = timeline.step_s))
                } @else {
                    (tr!("One point is {step} s.", step))
                }
            }
        }
        (data(&format!("rows-{place}"), &rows(timeline, points, step, zone)))
    }
}

fn shown(value: f64, curve: &Curve) -> String {
    if curve.share {
        percent(value)
    } else if value.fract() == 0.0 {
        count(value as u64)
    } else {
        three_digits(value)
    }
}

fn chart(curve: &Curve, points: &[Point], top: f64, mark: Option<f64>) -> Markup {
    let values: Vec<Option<f64>> = points.iter().map(curve.value).collect();
    let known = values.iter().flatten().copied();
    let (most, sum) = (known.clone().fold(0.0, f64::max), known.clone().sum::<f64>());
    let mean = sum / known.count().max(1) as f64;
    let words = if curve.share {
        String::new()
    } else {
        tr!("at most {n}", n = shown(most, curve))
    };
    let about = tr!(
        "{name}: at most {most}, mean of the points {mean}",
        name = tr(curve.name),
        most = shown(most, curve),
        mean = shown(mean, curve)
    );
    let step = ACROSS / values.len().max(1) as f64;
    html! {
        figure.chart data-key=(curve.key) {
            figcaption { strong { (tr(curve.name)) } " " span.dim { (words) } }
            svg width="100%" height=(HEIGHT) role="img" aria-label=(about) {
                @for part in [0.0, 0.5, 1.0] {
                    @let y = at(TOP + (1.0 - part) * (HEIGHT - TOP - BOTTOM));
                    line.grid x1="0" x2="100%" y1=(y) y2=(y) {}
                }
                svg x="0" y="0" width="100%" height=(HEIGHT) viewBox={ "0 0 " (ACROSS) " " (HEIGHT) } preserveAspectRatio="none" {
                    @for run in runs(&values) { (path(&run, step, top, curve.share)) }
                }
                @if let Some(part) = mark {
                    line.mark x1={ (at(part * 100.0)) "%" } x2={ (at(part * 100.0)) "%" } y1="0" y2=(HEIGHT) {}
                    text.mark x={ (at(part * 100.0)) "%" } dx="4" y=(HEIGHT - BOTTOM - 4.0) { (tr("since")) }
                }
                text.tick x="4" y=(TOP - 5.0) { (shown(top, curve)) }
                line.hair x1="0" x2="0" y1="0" y2=(HEIGHT) visibility="hidden" {}
            }
        }
    }
}

/// Values without a hole between them, and where they begin.
fn runs(values: &[Option<f64>]) -> Vec<(usize, Vec<f64>)> {
    let mut runs: Vec<(usize, Vec<f64>)> = Vec::new();
    let mut open = false;
    for (place, value) in values.iter().enumerate() {
        match (value, runs.last_mut()) {
            (Some(value), Some((_, run))) if open => run.push(*value),
            (Some(value), _) => runs.push((place, vec![*value])),
            (None, _) => {}
        }
        open = value.is_some();
    }
    runs
}

/// Steps, since a point stands for a span of time.
fn path((first, values): &(usize, Vec<f64>), step: f64, top: f64, share: bool) -> Markup {
    let x = |place: usize| at(place as f64 * step);
    let y = |value: f64| at(TOP + (1.0 - (value / top).clamp(0.0, 1.0)) * (HEIGHT - TOP - BOTTOM));
    let mut line = String::new();
    for (place, value) in values.iter().enumerate() {
        let (begin, end, y) = (x(first + place), x(first + place + 1), y(*value));
        let step = if place == 0 {
            write!(line, "M{begin} {y}H{end}")
        } else {
            write!(line, "V{y}H{end}")
        };
        debug_assert!(step.is_ok(), "a string takes what is written");
    }
    let area = format!("{line}V{}H{}Z", at(HEIGHT - BOTTOM), x(*first));
    html! {
        @if !share { path.area d=(area) {} }
        path.curve d=(line) {}
    }
}

/// Five times of day below all charts.
fn axis(timeline: &Timeline, step: u64, points: usize, zone: &TimeZone) -> Markup {
    let time = |part: u64| clock(timeline, step * points as u64 * part / 4, zone);
    html! {
        div.axis aria-hidden="true" {
            @for part in 0..5 { span { (time(part)) } }
        }
    }
}

fn clock(timeline: &Timeline, seconds: u64, zone: &TimeZone) -> String {
    let start = timeline.start.unwrap_or_default();
    let moment: Timestamp = start.plus((seconds as i64).saturating_mul(crate::time::SECOND));
    when::clock(moment, zone)
}

/// The points as numbers, for the line under the charts that says what is under the pointer.
fn rows(timeline: &Timeline, points: &[Point], step: u64, zone: &TimeZone) -> String {
    let mut keys: Vec<String> = CURVES
        .iter()
        .map(|curve| {
            let values: Vec<String> = points
                .iter()
                .map(|point| {
                    (curve.value)(point)
                        .map_or_else(|| "null".to_owned(), |value| at((value * 1e4).round() / 1e4))
                })
                .collect();
            format!("\"{}\":[{}]", curve.key, values.join(","))
        })
        .collect();
    // Clocks may jump within a capture (daylight saving): the zone's own words, not arithmetic.
    let times: Vec<String> = (0..points.len())
        .map(|place| format!("\"{}\"", clock(timeline, step * place as u64, zone)))
        .collect();
    keys.push(format!("\"times\":[{}]", times.join(",")));
    format!("{{{}}}", keys.join(","))
}
