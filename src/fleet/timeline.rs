//! Figures over time, of all points together.
//!
//! Rows are as far apart as the coarsest part's, and far enough for all to fit. Clocks of points differ, by less than a row
//! as a rule; nothing here depends on the order of what happened at two points.

use super::Part;
use super::counted::Counted;
use crate::diagnose::{Timeline, TimelineRow};
use crate::limits::TIMELINE_ROWS;
use crate::time::{Nanos, SECOND, Timestamp};

/// 1, 2, 5, 10, 20 ... seconds.
fn steps() -> impl Iterator<Item = u64> {
    (0..17).flat_map(|power| [1, 2, 5].map(|n| n * 10_u64.pow(power)))
}

fn span(seconds: u64) -> Nanos {
    i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(SECOND)
}

/// Rows can't be taken apart by leg: a part is in them whole, if at least half of its connections count, or not at all.
pub(super) fn merged(parts: &[Part], counted: &Counted) -> Timeline {
    let is_in = |place: usize, part: &Part| {
        let all = part.snapshot.totals.counts.connections.total;
        all > 0 && 2 * counted.connections(place, part) >= all
    };
    let lines: Vec<&Timeline> = parts
        .iter()
        .enumerate()
        .filter(|(place, part)| is_in(*place, part))
        .map(|(_, part)| &part.snapshot.timeline)
        .filter(|line| line.start.is_some() && line.step_s > 0 && !line.rows.is_empty())
        .collect();
    let Some(start) = lines.iter().filter_map(|line| line.start).min() else {
        return Timeline::default();
    };
    let ends = lines
        .iter()
        .filter_map(|line| Some(line.start?.plus(length(line))));
    let length = ends.max().map_or(0, |end| end.since(start));
    let fits = |step: &u64| {
        rows_of(length, *step) <= TIMELINE_ROWS && lines.iter().all(|line| step.is_multiple_of(line.step_s))
    };
    let step_s = steps().find(fits).unwrap_or(10_u64.pow(16));
    let mut rows = vec![TimelineRow::default(); rows_of(length, step_s).min(TIMELINE_ROWS)];
    for line in lines {
        add(&mut rows, line, start, span(step_s));
    }
    Timeline {
        start: Some(start),
        step_s,
        rows,
    }
}

/// Rows of this many seconds that hold the whole length; one at least.
fn rows_of(length: Nanos, step_s: u64) -> usize {
    let step = span(step_s).max(1);
    let rows = length / step + Nanos::from(length % step > 0);
    usize::try_from(rows).unwrap_or(0).max(1)
}

fn length(line: &Timeline) -> Nanos {
    let rows = i64::try_from(line.rows.len()).unwrap_or(i64::MAX);
    span(line.step_s).saturating_mul(rows)
}

fn add(rows: &mut [TimelineRow], line: &Timeline, start: Timestamp, step: Nanos) {
    let Some(first) = line.start else { return };
    let mut at = first;
    // What is open at the end of a row is what the last of its seconds has.
    let mut standing: Option<(usize, TimelineRow)> = None;
    let stand = |standing: Option<(usize, TimelineRow)>, rows: &mut [TimelineRow]| {
        if let Some((place, last)) = standing
            && let Some(row) = rows.get_mut(place)
        {
            row.open += last.open;
            row.time_wait += last.time_wait;
        }
    };
    for part in &line.rows {
        let place = usize::try_from(at.since(start) / step).unwrap_or(0);
        if let Some(row) = rows.get_mut(place) {
            row.handshakes += part.handshakes;
            row.requests += part.requests;
            row.reused += part.reused;
            row.closes += part.closes;
            row.resets += part.resets;
        }
        if standing.is_some_and(|(known, _)| known != place) {
            stand(standing.take(), rows);
        }
        standing = Some((place, *part));
        at = at.plus(span(line.step_s));
    }
    stand(standing, rows);
}
