//! A snapshot narrowed to what a query matches.

use std::collections::HashMap;

use super::rows::ConnectionRow;
use super::term::Query;
use crate::diagnose::{LegName, Narrowed, Snapshot};

/// Leaves out the connections and legs that do not match, and notes how many; of the connections `most` stay. Figures and
/// verdicts are of everything, as before.
pub fn narrow(query: &Query, most: usize, snapshot: &mut Snapshot) {
    let mut records = snapshot.connections.take();
    let before = records.as_ref().map(Vec::len);
    if let Some(records) = &mut records {
        let legs: HashMap<LegName, usize> = (snapshot.legs.iter().map(|leg| leg.name)).zip(0..).collect();
        records.retain(|record| {
            let (client, server) = (record.facts.client.address, record.facts.server);
            // Beyond the number of clients and servers told apart, the leg of the rest.
            let names = [(Some(client), Some(server)), (None, Some(server)), (None, None)];
            let place = names.iter().find_map(|(client, server)| {
                legs.get(&LegName {
                    client: *client,
                    server: *server,
                })
            });
            let leg = place.and_then(|place| snapshot.legs.get(*place));
            query.matches(&ConnectionRow::listed(snapshot, record, leg))
        });
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
