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

/// A real capture whose paths and Host headers were replaced, byte for byte.
fn hostile_capture() -> std::path::PathBuf {
    let mut bytes = std::fs::read(capture("churn.pcap")).expect("a capture");
    // Escapes end a head's reading; what is valid UTF-8 gets through to the screen.
    let paths: [&[u8]; 3] = [
        "/\u{202e}\u{9b}31m\u{200b}abcdefg".as_bytes(),
        b"/\x1b[2J\x1b[31mabcdefgh",
        "/\u{2066}\u{feff}\u{85}abcdefghi".as_bytes(),
    ];
    let hosts: [&[u8]; 2] = ["\u{202e}\u{9b}ab".as_bytes(), b"\x9b31mab\x1b"];
    let replaced = replace(&mut bytes, b"/app/small?n=200 HTTP/1.0", &paths);
    assert!(replaced > 100, "{replaced}");
    assert!(replace(&mut bytes, b"tomcats\r\n", &hosts) > 100);
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile.pcap");
    std::fs::write(&path, bytes).expect("a file");
    path
}

/// Puts one after the other of `others` where `found` begins, as far as they reach; returns how often.
fn replace(bytes: &mut [u8], found: &[u8], others: &[&[u8]]) -> usize {
    let mut count = 0;
    let mut at = 0;
    while at + found.len() <= bytes.len() {
        if bytes[at..].starts_with(found) {
            let other = others[count % others.len()];
            let room = found
                .iter()
                .position(|byte| b" \r".contains(byte))
                .unwrap_or(found.len());
            let length = other.len().min(room);
            bytes[at..at + length].copy_from_slice(&other[..length]);
            count += 1;
        }
        at += 1;
    }
    count
}

#[test]
fn nothing_hostile_comes_from_the_wire_to_the_terminal() {
    let mut stage = Stage::over(hostile_capture(), (120, 40));
    let mut messages = 0;
    for keys in [
        "1",
        "3",
        "4",
        "5",
        "2Sg",
        "<Enter>",
        "<Esc>j<Enter>",
        "<Esc>j<Enter>",
        "<Esc>",
    ] {
        stage.press(keys);
        let raw = stream(&stage);
        let written = without_own_sequences(&raw);
        let bad = |c: &char| c.is_control() || "\u{202e}\u{2066}\u{200b}\u{feff}\u{9b}\u{85}".contains(*c);
        assert_eq!(written.chars().find(bad), None, "after {keys}: {written:?}");
        messages += usize::from(written.contains("\u{fffd}"));
    }
    assert!(messages > 0, "what was replaced is seen");
}
