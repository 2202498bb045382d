//! What keys and clicks do to the state: no terminal, no clock.

use std::sync::Arc;

use flowcheck::tui::action::{Command, View};
use flowcheck::tui::{Action, Effect, Export, Mode, Theme, update};

use super::stage::{Stage, capture, snapshot};

const POOL: &str = "small-pool-and-http10.pcap.gz";

fn stage() -> Stage {
    Stage::of(POOL, (120, 40))
}

#[test]
fn views_go_round() {
    let mut stage = stage();
    for view in [
        View::Connections,
        View::Causes,
        View::Timeline,
        View::Host,
        View::Legs,
    ] {
        stage.press("<Tab>");
        assert_eq!(stage.app.view, view);
    }
    stage.press("<BackTab>");
    assert_eq!(stage.app.view, View::Host);
    stage.press("3");
    assert_eq!(stage.app.view, View::Causes);
}

#[test]
fn the_connections_of_a_leg_and_back() {
    let mut stage = stage();
    stage.press("j<Enter>");
    assert_eq!(stage.app.view, View::Connections);
    let name = stage.app.legs.selected().expect("a leg").name;
    assert_eq!(stage.app.connections.scope.server, name.server);
    let listing = &stage.app.connections.listing;
    assert!(listing.total > 100 && listing.total < 308, "{}", listing.total);
    assert!(
        listing
            .rows
            .iter()
            .all(|row| Some(row.facts.server) == name.server)
    );
    stage.press("<Esc>");
    assert_eq!(stage.app.view, View::Legs);
    stage.press("2");
    assert_eq!(stage.app.connections.listing.total, 308, "all of them again");
}

#[test]
fn the_connections_of_a_cause() {
    let mut stage = stage();
    stage.press("3<Enter>");
    let cause = stage.app.causes.selected().expect("a cause").cause.clone();
    let listing = &stage.app.connections.listing;
    assert_eq!(listing.total as u64, cause.connections);
    assert!(listing.rows.iter().all(|row| row.cause == Some(cause.id)));
    stage.press("<Esc>");
    assert_eq!(stage.app.view, View::Causes);
}

#[test]
fn sorting_keeps_the_selected_connection() {
    let mut stage = stage();
    stage.press("2jjjjj");
    let selected = stage.app.connections.selected.expect("a connection");
    for _ in 0..30 {
        stage.press("sS");
        let table = &stage.app.connections;
        assert_eq!(table.selected, Some(selected));
        let row = &table.listing.rows[table.cursor.at - table.listing.first];
        assert_eq!(row.facts.id, selected, "sorted by column {}", table.sort.column);
    }
}

#[test]
fn every_column_sorts_both_ways() {
    let mut stage = stage();
    stage.press("2");
    let columns = flowcheck::tui::rows::connections::COLUMNS.len();
    for _ in 0..columns {
        stage.press("sg");
        let first: Vec<u64> = ids(&stage);
        stage.press("Sg");
        let last = ids(&stage);
        assert_eq!(first.len(), last.len());
        stage.press("S");
    }
    stage.press("2sssss");
    let by_requests = stage.app.sorting().expect("a table");
    assert_eq!(by_requests.1[by_requests.0.column], "idle");
    stage.press("<<");
    let requests: Vec<u32> = stage
        .app
        .connections
        .listing
        .rows
        .iter()
        .map(|row| row.facts.requests)
        .collect();
    assert!(requests.windows(2).all(|pair| pair[0] >= pair[1]), "{requests:?}");
}

fn ids(stage: &Stage) -> Vec<u64> {
    stage
        .app
        .connections
        .listing
        .rows
        .iter()
        .map(|row| row.facts.id)
        .collect()
}

#[test]
fn a_frozen_display_stays_and_goes_on_with_the_newest() {
    let mut stage = stage();
    stage.press(" ");
    let before = stage.text();
    let other = Arc::new(snapshot(&capture("churn.pcap")));
    stage.act(Action::Snapshot(Arc::clone(&other)));
    assert!(stage.app.frozen && !Arc::ptr_eq(&stage.app.shown, &other));
    assert!(before.contains("FROZEN") && stage.text().contains("FROZEN"));
    assert_eq!(before.lines().nth(7), stage.text().lines().nth(7));
    stage.press(" ");
    assert!(Arc::ptr_eq(&stage.app.shown, &other));
    assert!(!stage.text().contains("FROZEN"));
}

#[test]
fn a_new_snapshot_leaves_the_cursor_on_its_row() {
    let mut stage = stage();
    stage.press("j");
    let leg = stage.app.legs.selected().expect("a leg").name;
    stage.press("2jjj");
    let connection = stage.app.connections.selected;
    stage.act(Action::Snapshot(Arc::new(snapshot(&capture(POOL)))));
    assert_eq!(stage.app.legs.selected().expect("a leg").name, leg);
    assert_eq!(stage.app.connections.selected, connection);
}

#[test]
fn pinned_connections_stay_on_top() {
    let mut stage = stage();
    stage.press("2jjp");
    let pinned = stage.app.connections.selected.expect("a connection");
    stage.press("Gp");
    assert_eq!(stage.app.connections.pinned.len(), 2);
    assert_eq!(stage.app.connections.listing.pinned[0].facts.id, pinned);
    assert!(stage.text().contains('◆'));
    stage.press("p");
    assert_eq!(stage.app.connections.pinned, [pinned]);
}

#[test]
fn copies_and_exports_say_what_is_meant() {
    let mut stage = stage();
    stage.press("yj2y");
    let leg = Effect::Copy("ip.addr == 10.77.0.1 && ip.addr == 10.77.0.11 && tcp.port == 8080".to_owned());
    assert_eq!(stage.effects[0], leg);
    let Effect::Copy(filter) = &stage.effects[1] else {
        panic!("{:?}", stage.effects)
    };
    let port = stage.app.connections.listing.rows[0].facts.client.port;
    assert!(
        filter.starts_with(&format!("ip.addr == 10.77.0.1 && tcp.port == {port} && ")),
        "{filter}"
    );
    stage.press("e1e");
    assert!(matches!(stage.effects[2], Effect::Export(Export::Connections(_))));
    assert_eq!(stage.effects[3], Effect::Export(Export::Report));
}

#[test]
fn leaving_a_recording_is_asked_for_twice() {
    let mut stage = stage();
    stage.app.ended = false;
    stage.app.settings.recording = true;
    assert_eq!(update(&mut stage.app, Action::Do(Command::Quit)), []);
    assert!(stage.text().contains("q again"));
    stage.press("j");
    assert_eq!(update(&mut stage.app, Action::Do(Command::Quit)), []);
    assert_eq!(update(&mut stage.app, Action::Do(Command::Quit)), [Effect::Quit]);
    assert_eq!(
        update(&mut stage.app, Action::Do(Command::Interrupt)),
        [Effect::Quit]
    );
}

#[test]
fn help_closes_as_it_opened_and_keys_below_it_do_nothing() {
    let mut stage = stage();
    stage.press("?s2");
    assert_eq!(
        (stage.app.mode.clone(), stage.app.view),
        (Mode::Help { top: 0 }, View::Legs)
    );
    stage.press("<Down>");
    assert_eq!(stage.app.mode, Mode::Help { top: 1 });
    stage.press("<Esc>");
    assert_eq!(stage.app.mode, Mode::Browse);
}

#[test]
fn themes_names_and_times() {
    let mut stage = stage();
    stage.press("c");
    assert_eq!(stage.app.settings.theme, Theme::Light);
    stage.press("n");
    assert!(stage.text().contains("tc-漢字:8080"));
    stage.press("2a");
    assert!(stage.text().contains("+0."), "{}", stage.text());
}

#[test]
fn clicks_choose_views_columns_and_rows() {
    let mut stage = stage();
    let tabs = stage
        .text()
        .lines()
        .position(|line| line.contains("2 Connections"))
        .expect("tabs") as u16;
    let click = |x, y, double| Action::Click { x, y, double };
    stage.act(click(12, tabs, false));
    assert_eq!(stage.app.view, View::Connections);
    let head = stage
        .text()
        .lines()
        .nth(usize::from(tabs) + 1)
        .expect("heads")
        .to_owned();
    let requests = head.split("requests").next().expect("a head").chars().count() as u16;
    stage.act(click(requests, tabs + 1, false));
    let (sort, heads) = stage.app.sorting().expect("a table");
    assert_eq!(heads[sort.column], "requests");
    stage.act(click(3, tabs + 4, false));
    assert_eq!(stage.app.connections.cursor.at, 2);
    stage.act(click(0, tabs, false));
    stage.act(click(3, tabs + 3, true));
    assert_eq!(stage.app.view, View::Connections);
    assert_eq!(
        stage.app.connections.opened.as_ref().map(|(_, from)| *from),
        Some(View::Legs)
    );
}

#[test]
fn the_timeline_is_zoomed_and_walked() {
    let mut stage = Stage::of("reload-under-load.pcap.gz", (120, 40));
    stage.press("4h");
    let rows = stage.app.shown.timeline.rows.len();
    assert_eq!(stage.app.lens.at, Some(rows - 2));
    stage.press("g");
    assert_eq!(stage.app.lens.at, Some(0));
    stage.press("G");
    assert_eq!(stage.app.lens.at, None);
}

#[test]
fn a_filter_acts_while_it_is_written_and_keeps_what_was_right() {
    let mut stage = stage();
    stage.press("2/class:per_request");
    let matching = stage.app.connections.listing.total;
    assert!(matching > 0 && matching < 308, "{matching}");
    let rows = &stage.app.connections.listing.rows;
    assert!(rows.iter().all(|row| row.class.as_str() == "per_request"));
    stage.press(" reqs");
    let matching = stage.app.connections.listing.total;
    stage.press(">");
    assert!(matches!(&stage.app.mode, Mode::Filter { problem: Some(_), .. }));
    assert_eq!(
        stage.app.connections.listing.total, matching,
        "what was right last"
    );
    assert!(stage.text().contains("at character"), "{}", stage.text());
    stage.press("<Enter>");
    assert!(
        matches!(&stage.app.mode, Mode::Filter { .. }),
        "what can't be read is not kept"
    );
    stage.press("0<Enter>");
    assert_eq!(
        (&stage.app.mode, stage.app.filter.text()),
        (&Mode::Browse, "class:per_request reqs>0")
    );
    stage.press("/<Esc>");
    assert_eq!(stage.app.filter.text(), "class:per_request reqs>0", "as it was");
    stage.press("<Esc>");
    assert_eq!(
        (stage.app.filter.text(), stage.app.connections.listing.total),
        ("", 308)
    );
    stage.press("1/server:10.77.0.12<Enter>");
    assert_eq!(stage.app.legs.rows.len(), 1);
}

#[test]
fn the_packets_of_a_connection_and_back() {
    let mut stage = stage();
    stage.press("2/class:per_request<Enter>jj<Enter>");
    let text = stage.text();
    let words = [
        "S 0",
        "S. 0 ack 1",
        "GET /",
        "HTTP/1.1 200",
        "the client closes",
        "1 request, 1 response",
    ];
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
    stage.press("e");
    assert!(matches!(
        stage.effects.last(),
        Some(Effect::Export(Export::Packets(_)))
    ));
    stage.press("jj");
    assert_eq!(stage.app.mode, Mode::Ladder { top: 2 });
    stage.press("<Esc>");
    assert_eq!(
        (&stage.app.mode, stage.app.view),
        (&Mode::Browse, View::Connections)
    );
}

#[test]
fn what_cannot_be_had_is_said() {
    let mut stage = stage();
    stage.press("2<Enter>");
    let id = stage.app.ladder.as_ref().expect("a connection").0.facts.id;
    stage.act(Action::Laddered(id + 1, Err("of another one".to_owned())));
    assert!(!stage.text().contains("of another one"));
    stage.act(Action::Laddered(id, Err("no such file".to_owned())));
    assert!(stage.text().contains("no such file"));
}

#[test]
fn a_frozen_live_table_keeps_its_rows_and_asks_for_no_others() {
    let mut stage = stage();
    stage.press("2");
    stage.app.settings.live = true;
    stage.app.ended = false;
    stage.press(" ");
    let rows = stage.app.connections.listing.rows.len();
    assert!(rows > 10 && rows < 308, "{rows}");
    let asks = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Ask(_)));
    for _ in 0..20 {
        let motion = flowcheck::tui::action::Motion::Pages(1);
        assert!(!asks(&update(&mut stage.app, Action::Do(Command::Move(motion)))));
    }
    assert_eq!(stage.app.connections.cursor.at, rows - 1);
    let effects = update(&mut stage.app, Action::Do(Command::Open));
    assert!(asks(&effects) && effects.iter().any(|effect| matches!(effect, Effect::Ladder(_))));
    let other = flowcheck::tui::rows::connections::Listing::default();
    assert_eq!(update(&mut stage.app, Action::Listed(other)), []);
    assert_eq!(stage.app.connections.listing.rows.len(), rows);
}

#[test]
fn a_capture_that_is_being_read_says_how_far_and_then_shows_all() {
    let whole = snapshot(&capture(POOL));
    let mut part = whole.clone();
    // As long as it is read the analysis is asked for connections.
    part.connections = None;
    let mut stage = Stage::new(part, (140, 30));
    stage.app.ended = false;
    stage.act(Action::Reading("42.0 %".to_owned()));
    assert!(
        stage.text().contains("reading: 42.0 % so far"),
        "{}",
        stage.text()
    );
    stage.press("2");
    assert!(stage.app.connections.listing.rows.is_empty());
    // A frozen display keeps what it has, and asks for nothing.
    stage.press(" ");
    assert!(update(&mut stage.app, Action::Do(Command::Sort(1))).is_empty());
    stage.act(Action::Snapshot(Arc::new(whole)));
    stage.act(Action::Ended);
    assert!(!stage.text().contains("reading:"), "{}", stage.text());
    assert_eq!(stage.app.connections.listing.total, 0);
    stage.press(" ");
    assert_eq!(stage.app.connections.listing.total, 308);
}
