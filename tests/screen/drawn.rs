//! Screens, letter by letter and style by style: `tests/golden/screen`. After a change that is meant:
//! `UPDATE_GOLDEN=1 cargo test --test screen`, then read the difference.

use std::fs;
use std::path::Path;

use flowcheck::tui::{Action, Glyphs, Theme};

use super::stage::{Stage, portrait};

const POOL: &str = "small-pool-and-http10.pcap.gz";
const CHURN: &str = "churn.pcap";
const DROPS: &str = "capture-drops.pcap.gz";
const RELOAD: &str = "reload-under-load.pcap.gz";

/// A name, a capture, columns and rows, and the keys that are pressed first.
const SCREENS: &[(&str, &str, (u16, u16), &str)] = &[
    ("legs-80x24", POOL, (80, 24), ""),
    ("legs-120x40", POOL, (120, 40), ""),
    ("legs-60x16", POOL, (60, 16), ""),
    ("legs-by-client-80x24", POOL, (80, 24), "tt"),
    ("connections-80x24", POOL, (80, 24), "2jj"),
    ("connections-120x40", POOL, (120, 40), "2jjjp"),
    ("connections-60x16", POOL, (60, 16), "2G"),
    ("connections-of-a-leg-80x24", POOL, (80, 24), "j<Enter>s<Down>"),
    ("connections-grouped-120x40", POOL, (120, 40), "2tsssa"),
    ("causes-80x24", POOL, (80, 24), "3"),
    ("causes-120x40", POOL, (120, 40), "3j"),
    ("causes-60x16", POOL, (60, 16), "3"),
    ("timeline-80x24", RELOAD, (80, 24), "4"),
    ("timeline-zoomed-120x40", RELOAD, (120, 40), "4+hh"),
    ("timeline-60x16", RELOAD, (60, 16), "4g"),
    ("host-80x24", POOL, (80, 24), "5"),
    ("host-120x40", POOL, (120, 40), "5j"),
    ("host-60x16", POOL, (60, 16), "5"),
    ("help-80x24", POOL, (80, 24), "2?"),
    ("help-60x16", POOL, (60, 16), "?jjj"),
    ("names-80x24", POOL, (80, 24), "n"),
    ("names-60x16", POOL, (60, 16), "n2"),
    ("churn-80x24", CHURN, (80, 24), ""),
    ("drops-80x24", DROPS, (80, 24), ""),
    ("frozen-80x24", CHURN, (80, 24), " "),
    ("empty-80x24", "empty.pcap", (80, 24), "2"),
    ("filter-80x24", POOL, (80, 24), "2/class:per_request re"),
    (
        "filtered-60x16",
        POOL,
        (60, 16),
        "2/class:per_request reqs>0<Enter>",
    ),
    (
        "ladder-80x24",
        POOL,
        (80, 24),
        "2/class:per_request<Enter>jj<Enter>",
    ),
    (
        "ladder-120x40",
        "client-idle-timeout.pcap.gz",
        (120, 40),
        "2jjj<Enter>",
    ),
    ("ladder-60x16", POOL, (60, 16), "2<Enter>jjjj"),
    ("tiny-1x1", POOL, (1, 1), ""),
    ("tiny-20x5", POOL, (20, 5), "2"),
];

fn check(name: &str, drawn: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/screen");
    let path = folder.join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(&path, drawn).expect("a file");
    }
    let golden = fs::read_to_string(&path).expect("UPDATE_GOLDEN=1 makes it");
    assert!(golden == drawn, "{name} is drawn otherwise:\n{drawn}");
}

#[test]
fn screens_are_drawn_as_agreed() {
    for (name, capture, size, keys) in SCREENS {
        let mut stage = Stage::of(capture, *size);
        stage.press(keys);
        check(name, &portrait(&stage.buffer()));
    }
}

#[test]
fn ascii_without_colours() {
    for (name, keys) in [
        ("ascii-legs-80x24", ""),
        ("ascii-timeline-80x24", "4"),
        ("ascii-names-80x24", "n2"),
    ] {
        let mut stage = Stage::of(RELOAD, (80, 24));
        stage.app.settings.glyphs = Glyphs::Ascii;
        stage.app.settings.theme = Theme::Mono;
        stage.press(keys);
        let drawn = portrait(&stage.buffer());
        assert!(drawn.is_ascii(), "{drawn}");
        check(name, &drawn);
    }
}

#[test]
fn no_size_is_too_small_in_any_view() {
    let mut stage = Stage::of(POOL, (80, 24));
    for keys in [
        "1",
        "2p",
        "3",
        "4",
        "5",
        "?",
        "?n1<Enter>",
        "<Enter>",
        "<Esc>/x",
        "<Esc>",
    ] {
        stage.press(keys);
        for width in (0..24).chain([59, 80, 300]) {
            for height in (0..18).chain([70]) {
                stage.act(Action::Resize(width, height));
                let buffer = stage.buffer();
                assert_eq!((buffer.area.width, buffer.area.height), (width, height));
                stage.press("jG<PgUp>");
            }
        }
    }
}

#[test]
fn a_screen_that_was_resized_meanwhile_is_drawn_by_its_real_size() {
    let mut stage = Stage::of(POOL, (80, 24));
    let before = stage.text();
    stage.app.size = (200, 60);
    let mut terminal =
        ratatui::Terminal::new(ratatui::backend::TestBackend::new(80, 24)).expect("a terminal");
    terminal
        .draw(|frame| flowcheck::tui::draw(frame, &stage.app))
        .expect("drawn");
    assert_eq!(
        super::stage::lines(terminal.backend().buffer()).join("\n"),
        before
    );
    stage.act(Action::Resize(80, 24));
    assert_eq!(stage.text(), before);
}
