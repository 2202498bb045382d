//! The closes of a server that announces nothing: its idle timeout, or its stop.

use super::bursts::{Burst, IDLE_SPREAD, bursts};
use super::limits::{Window, floor};
use super::view::LegView;
use crate::aggregate::CloseSample;
use crate::classify::Ending;

/// Moments at which all connections were closed, and the idle times after which they are.
pub(super) fn closes(leg: &LegView<'_>) -> (Vec<Burst>, Option<Window>) {
    let silent: Vec<&CloseSample> = leg.samples(&[Ending::ServerSilent]).collect();
    let idles = |without: &[Burst]| -> Vec<i64> {
        silent
            .iter()
            .filter(|close| !without.iter().any(|burst| burst.holds(close.end)))
            .filter_map(|close| close.idle)
            .collect()
    };
    let all = idles(&[]);
    let window = floor(&all);
    let within = window.map_or(0, |window| all.iter().filter(|idle| window.holds(**idle)).count());
    let refused = leg.figures.counts.connections.refused > 0;
    // One sweep of an idle timeout looks like a stop, but leaves the younger ones and refuses nothing.
    if within * 20 >= all.len() * 19 && !all.is_empty() && !refused {
        return (Vec::new(), window);
    }
    let lives: Vec<&CloseSample> = leg.samples(&Ending::ALL).collect();
    // A load that had just ended leaves all of them idle for the same time; refused SYNs tell the stop.
    let stops = bursts(&silent, &lives, if refused { 0 } else { IDLE_SPREAD });
    let window = floor(&idles(&stops));
    (stops, window)
}
