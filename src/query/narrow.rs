//! A snapshot narrowed to what a query matches.

use super::in_legs::InLegs;
use super::rows::ConnectionRow;
use super::term::Query;
use crate::diagnose::{Narrowed, Snapshot};

/// Leaves out the connections and legs that do not match, and notes how many; of the connections `most` stay. Figures and
/// verdicts are of everything, as before.
pub fn narrow(query: &Query, most: usize, snapshot: &mut Snapshot) {
    let mut records = snapshot.connections.take();
    let before = records.as_ref().map(Vec::len);
    if let Some(records) = &mut records {
        let query = InLegs::new(query.clone(), &snapshot.legs);
        records.retain(|record| query.matches_facts(&ConnectionRow::listed(snapshot, record)));
    }
    let matching = records.as_ref().map(Vec::len);
    if let Some(records) = &mut records {
        let over = records.len().saturating_sub(most);
        records.truncate(most);
        snapshot.capture.connections_omitted += over as u64;
    }
    let legs = snapshot.legs.len();
    snapshot.legs.retain(|leg| query.matches(leg));
    snapshot.connections = records;
    snapshot.narrowed = Some(Narrowed {
        expression: query.text().to_owned(),
        legs_left_out: (legs - snapshot.legs.len()) as u64,
        connections_left_out: before
            .zip(matching)
            .map(|(before, matching)| (before - matching) as u64),
    });
}
