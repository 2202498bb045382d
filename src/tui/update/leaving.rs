//! What leaves the screen for elsewhere: filters for Wireshark, exports, the end.

use crate::classify::Endpoint;
use crate::diagnose::LegName;
use crate::tui::action::{Effect, Export, View};
use crate::tui::app::{App, Mode};
use crate::tui::rows::connections::ViewQuery;

/// Asks once more where leaving ends a recording.
pub(super) fn quit(app: &mut App, effects: &mut Vec<Effect>) {
    if app.settings.recording && !app.ended && !app.leaving {
        app.leaving = true;
        app.message = Some("q again ends the capture and its recording".to_owned());
    } else {
        effects.push(Effect::Quit);
    }
}

/// A Wireshark display filter for the selected row goes to the clipboard.
pub(super) fn copy(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(filter) = wireshark_filter(app) else {
        app.message = Some("no row is selected".to_owned());
        return;
    };
    app.message = Some(format!("copied: {filter}"));
    effects.push(Effect::Copy(filter));
}

/// What is shown goes to a file.
pub(super) fn export(app: &App, effects: &mut Vec<Effect>) {
    if let (Mode::Ladder { .. }, Some((record, _))) = (&app.mode, &app.ladder) {
        effects.push(Effect::Export(Export::Packets(Box::new(record.clone()))));
        return;
    }
    effects.push(Effect::Export(match app.view {
        View::Connections => Export::Connections(ViewQuery {
            first: 0,
            height: usize::MAX,
            follow: None,
            pinned: Vec::new(),
            ..super::asking::query(app)
        }),
        _ => Export::Report,
    }));
}

fn wireshark_filter(app: &App) -> Option<String> {
    match app.view {
        View::Legs => leg(app.legs.selected()?.name),
        View::Causes => leg(app.causes.selected()?.place),
        View::Host => {
            let address = app.hosts.selected()?.address;
            Some(format!("{} == {address}", field(address.is_ipv6())))
        }
        View::Connections => {
            let facts = &app.connections.record()?.facts;
            let (client, server) = (facts.client, facts.server);
            Some(format!("{} && {}", end(client), end(server)))
        }
        View::Timeline => None,
    }
}

const fn field(ipv6: bool) -> &'static str {
    if ipv6 { "ipv6.addr" } else { "ip.addr" }
}

fn end(end: Endpoint) -> String {
    format!(
        "{} == {} && tcp.port == {}",
        field(end.address.is_ipv6()),
        end.address,
        end.port
    )
}

fn leg(name: LegName) -> Option<String> {
    let client = name
        .client
        .map(|address| format!("{} == {address}", field(address.is_ipv6())));
    let parts: Vec<String> = client.into_iter().chain(name.server.map(end)).collect();
    (!parts.is_empty()).then(|| parts.join(" && "))
}
