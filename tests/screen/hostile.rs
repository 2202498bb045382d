//! Names from files and from the wire cannot reach the terminal but as letters.

use flowcheck::diagnose::Snapshot;
use flowcheck::tui::draw;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::stage::{Stage, capture, snapshot};

/// Escapes, 8-bit controls, turned text, characters without width.
const EVIL: &str =
    "\x1b[2J\x1b]0;evil\x07\u{9b}31m\u{202e}txet\u{2066}\u{200b}\u{feff}\r\n\x08\u{ad}\u{e0041}";

fn hostile() -> Snapshot {
    let mut snapshot = snapshot(&capture("small-pool-and-http10.pcap.gz"));
    let capture = &mut snapshot.capture;
    EVIL.clone_into(&mut capture.sources[0].name);
    capture.filter = Some(EVIL.to_owned());
    capture.warnings.push(EVIL.to_owned());
    for interface in &mut capture.interfaces {
        interface.name = Some(EVIL.to_owned());
    }
    snapshot.verdict.reasons = vec![EVIL.to_owned()];
    for leg in &mut snapshot.legs {
        leg.verdict.reasons = vec![EVIL.to_owned()];
        for cause in &mut leg.causes {
            cause.split_by = Some(EVIL.to_owned());
            cause.cannot_tell = Some(EVIL.to_owned());
            cause
                .evidence
                .iter_mut()
                .for_each(|evidence| EVIL.clone_into(&mut evidence.text));
        }
    }
    snapshot
}

/// The bytes that the terminal gets when this is drawn on an empty screen.
fn stream(stage: &Stage) -> Vec<u8> {
    let (width, height) = stage.app.size;
    let mut bytes = Vec::new();
    let options = ratatui::TerminalOptions {
        viewport: ratatui::Viewport::Fixed(ratatui::layout::Rect::new(0, 0, width, height)),
    };
    let mut terminal =
        Terminal::with_options(CrosstermBackend::new(&mut bytes), options).expect("a terminal");
    terminal.draw(|frame| draw(frame, &stage.app)).expect("drawn");
    drop(terminal);
    bytes
}

/// What is left of `bytes` without the sequences by which ratatui places and colours text.
fn without_own_sequences(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).expect("text");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("\x1b[") {
        out.push_str(&rest[..at]);
        let sequence = &rest[at + 2..];
        let end = sequence
            .find(|c: char| c.is_ascii_alphabetic())
            .expect("a sequence ends");
        let kind = &sequence[end..=end];
        let own = matches!(kind, "H" | "m") || matches!(&sequence[..=end], "?25l" | "?25h");
        assert!(
            own,
            "a sequence that ratatui has no use for: {:?}",
            &sequence[..=end]
        );
        rest = &sequence[end + 1..];
    }
    out.push_str(rest);
    out
}

#[test]
fn nothing_hostile_is_written_in_any_view() {
    let mut stage = Stage::new(hostile(), (120, 40));
    stage.app.settings.names = [([10, 77, 0, 11].into(), EVIL.to_owned())].into();
    for keys in ["1", "n", "2", "p", "3", "j", "4", "5", "?", "?1t", "t", "<Enter>"] {
        stage.press(keys);
        let written = without_own_sequences(&stream(&stage));
        let bad = |c: &char| c.is_control() || "\u{202e}\u{2066}\u{200b}\u{feff}\u{ad}\u{e0041}".contains(*c);
        assert_eq!(written.chars().find(bad), None, "after {keys}: {written:?}");
        assert!(!written.contains("evil\x07"));
    }
    stage.press("?<Esc>1");
    assert!(
        stage.text().contains('\u{fffd}'),
        "what was replaced is seen: {}",
        stage.text()
    );
}
