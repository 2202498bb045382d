//! How often each value came, with the limits that the values show.

use maud::{Markup, html};

use super::at;
use crate::aggregate::Distribution;
use crate::lang::tr;
use crate::report::text::count;
use crate::report::text::units::{percent, share, span};
use crate::tr;

/// Height of the bars' field in pixels, and of what is above and below it.
const FIELD: f64 = 120.0;
const HEAD: f64 = 34.0;
const FOOT: f64 = 22.0;

/// Values that fall together.
#[derive(Clone, Debug, PartialEq)]
struct Bin {
    label: String,
    n: u64,
    /// A limit lies in it.
    marks: Vec<String>,
    /// Whether its label has to be there.
    labelled: bool,
}

/// Requests on each connection; `limits` are counts and their names.
pub(in super::super) fn requests(distribution: &Distribution, limits: &[(u64, String)]) -> Markup {
    /// Bins beyond single values begin here.
    const SINGLE: u64 = 16;
    let most = distribution.max().max(1);
    let mut edges: Vec<u64> = (1..=SINGLE.min(most)).collect();
    let mut power = 10_u64;
    while power <= most {
        edges.extend(
            [2, 5, 10]
                .map(|step| power.saturating_mul(step))
                .into_iter()
                .filter(|edge| *edge > SINGLE && *edge <= most),
        );
        power = power.saturating_mul(10);
    }
    // A limit is an edge, so that what ends at it stands alone.
    edges.extend(
        limits
            .iter()
            .flat_map(|(limit, _)| [*limit, limit + 1])
            .filter(|edge| *edge <= most),
    );
    edges.sort_unstable();
    edges.dedup();
    let mut bins: Vec<Bin> = edges
        .iter()
        .enumerate()
        .map(|(place, from)| {
            let to = edges.get(place + 1).map_or(most, |next| next - 1);
            Bin {
                label: if *from == to {
                    count(*from)
                } else {
                    format!("{}\u{2013}{}", count(*from), count(to))
                },
                n: 0,
                marks: limits
                    .iter()
                    .filter(|(limit, _)| limit == from)
                    .map(|(_, name)| name.clone())
                    .collect(),
                labelled: true,
            }
        })
        .collect();
    for (lower, n) in distribution.buckets() {
        let place = edges.partition_point(|edge| *edge <= lower).saturating_sub(1);
        if let Some(bin) = bins.get_mut(place) {
            bin.n += n;
        }
    }
    bars("Requests per connection", &bins, distribution)
}

/// Bins to an octave of idle time.
const TO_AN_OCTAVE: f64 = 3.0;

fn octave(us: f64) -> f64 {
    us.max(1.0).log2() * TO_AN_OCTAVE
}

/// Idle time before close in microseconds; `limits` are times and their names.
pub(in super::super) fn idle(distribution: &Distribution, limits: &[(f64, String)]) -> Markup {
    let place = |us: f64| octave(us).floor() as usize;
    let lowest = distribution
        .buckets()
        .next()
        .map_or(0, |(lower, _)| place(lower as f64));
    let highest = place(distribution.max() as f64).max(lowest);
    let mut bins: Vec<Bin> = (lowest..=highest)
        .map(|bin| {
            let from = (bin as f64 / TO_AN_OCTAVE).exp2();
            let to = ((bin + 1) as f64 / TO_AN_OCTAVE).exp2();
            // A decade in it gets the label.
            let decade = 10_f64.powf(to.log10().floor());
            let labelled = decade >= from && decade < to;
            Bin {
                label: span(if labelled { decade } else { from }),
                n: 0,
                marks: Vec::new(),
                labelled,
            }
        })
        .collect();
    for (lower, n) in distribution.buckets() {
        if let Some(bin) = bins.get_mut(place(lower as f64).saturating_sub(lowest)) {
            bin.n += n;
        }
    }
    for (us, name) in limits {
        let at = place(*us).clamp(lowest, highest) - lowest;
        if let Some(bin) = bins.get_mut(at) {
            bin.marks.push(name.clone());
        }
    }
    bars("Idle before close", &bins, distribution)
}

fn bars(name: &str, bins: &[Bin], distribution: &Distribution) -> Markup {
    let most = bins.iter().map(|bin| bin.n).max().unwrap_or(0).max(1);
    // Few bars are no wider than those of many.
    let width = 100.0 / bins.len().max(8) as f64;
    let anchor = |x: f64| match x {
        x if x > 96.0 => "end",
        x if x < 4.0 => "start",
        _ => "middle",
    };
    // As many labels as have room on a small screen.
    let every = bins.iter().filter(|bin| bin.labelled).count().div_ceil(10).max(1);
    let labelled = bins.iter().enumerate().filter(|(_, bin)| bin.labelled);
    let labels: Vec<(usize, &Bin)> = labelled.step_by(every).collect();
    let marks: Vec<(usize, &String)> = bins
        .iter()
        .enumerate()
        .flat_map(|(place, bin)| bin.marks.iter().map(move |mark| (place, mark)))
        .collect();
    html! {
        figure.histogram {
            figcaption {
                strong { (tr(name)) } " "
                span.dim {
                    (tr!(
                        "{n} connections; the tallest bar is {most}",
                        n = count(distribution.count()),
                        most = count(most)
                    ))
                }
            }
            svg width="100%" height=(HEAD + FIELD + FOOT) role="img" aria-label=(tr!("{name}: a histogram; its figures are in the table", name = tr(name))) {
                line.grid x1="0" x2="100%" y1=(HEAD + FIELD) y2=(HEAD + FIELD) {}
                @for (place, bin) in bins.iter().enumerate() {
                    @let x = place as f64 * width;
                    @if bin.n > 0 {
                        @let tall = (bin.n as f64 / most as f64 * FIELD).max(2.0);
                        rect.bar.limit[!bin.marks.is_empty()] x={ (at(x + width * 0.08)) "%" } width={ (at(width * 0.84)) "%" } y=(at(HEAD + FIELD - tall)) height=(at(tall)) {
                            title { (bin.label) ": " (count(bin.n)) " (" (percent(share(bin.n, distribution.count()))) ")" }
                        }
                    }
                }
                @for (place, bin) in labels {
                    text.tick x={ (at((place as f64 + 0.5) * width)) "%" } y=(HEAD + FIELD + 15.0) text-anchor=(anchor((place as f64 + 0.5) * width)) { (bin.label) }
                }
                @for (n, (place, mark)) in marks.iter().enumerate() {
                    @let x = (*place as f64 + 0.5) * width;
                    @let late = x > 50.0;
                    @let y = 11.0 + 12.0 * (n % 2) as f64;
                    line.mark x1={ (at(x)) "%" } x2={ (at(x)) "%" } y1=(y) y2=(HEAD + FIELD) {}
                    text.mark x={ (at(x)) "%" } dx=(if late { "-4" } else { "4" }) y=(y) text-anchor=(if late { "end" } else { "start" }) { (mark) }
                }
            }
        }
    }
}
