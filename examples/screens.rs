//! Pictures of the screen, for the documentation: `cargo run --example screens` draws them into docs/screens as SVG.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use flowcheck::diagnose::{ExchangeRecord, Snapshot};
use flowcheck::query::Query;
use flowcheck::tui::rows::connections::Held;
use flowcheck::tui::{Action, App, Effect, Glyphs, Names, Settings, Theme, draw, keymap, update};
use flowcheck::{engine, pipeline, source};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

/// A name, a capture, columns and rows, and the keys that are pressed (`\n` is Enter).
const SCREENS: [(&str, &str, (u16, u16), &str); 4] = [
    ("legs", "small-pool-and-http10.pcap.gz", (112, 16), ""),
    (
        "connections",
        "small-pool-and-http10.pcap.gz",
        (112, 24),
        "2/class:per_request\njj",
    ),
    ("ladder", "client-idle-timeout.pcap.gz", (112, 30), "2jj\n"),
    ("timeline", "reload-under-load.pcap.gz", (112, 26), "4"),
];

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("docs/screens");
    fs::create_dir_all(&folder)?;
    for (name, capture, size, keys) in SCREENS {
        let file = root.join("captures").join(capture);
        let path = folder.join(format!("{name}.svg"));
        fs::write(&path, svg(&picture(&file, size, keys)?))?;
        println!("{}", path.display());
    }
    Ok(())
}

fn read(file: &Path) -> io::Result<Snapshot> {
    let capture = source::open(&[PathBuf::from(file)], source::OpenOptions::default());
    let capture = capture.map_err(io::Error::other)?;
    let config = engine::Config {
        keep_connections: Some(100_000),
        ..engine::Config::default()
    };
    let mut snapshot = pipeline::analyse(Box::new(capture), &config, 1, &mut |_: &ExchangeRecord| {});
    for source in &mut snapshot.capture.sources {
        source.name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
    }
    Ok(snapshot)
}

/// The screen after these keys.
fn picture(file: &Path, size: (u16, u16), keys: &str) -> io::Result<Buffer> {
    let settings = Settings {
        theme: Theme::Dark,
        glyphs: Glyphs::Unicode,
        zone: TimeZone::UTC,
        names: Names::new(),
        filter: Query::default(),
        live: false,
        recording: false,
    };
    let mut app = App::new(settings, size);
    let mut held = Held::default();
    act(&mut app, &mut held, file, Action::Snapshot(Arc::new(read(file)?)));
    for key in keys.chars() {
        let code = if key == '\n' {
            KeyCode::Enter
        } else {
            KeyCode::Char(key)
        };
        if let Some(command) = keymap::command(&app, KeyEvent::new(code, KeyModifiers::NONE)) {
            act(&mut app, &mut held, file, Action::Do(command));
        }
    }
    let Ok(mut terminal) = Terminal::new(TestBackend::new(size.0, size.1));
    let Ok(_) = terminal.draw(|frame| draw(frame, &app));
    Ok(terminal.backend().buffer().clone())
}

fn act(app: &mut App, held: &mut Held, file: &Path, action: Action) {
    for effect in update(app, action) {
        match effect {
            Effect::Ask(query) => {
                let listing = held.answer(&app.shown, &query);
                act(app, held, file, Action::Listed(listing));
            }
            Effect::Ladder(record) => {
                let id = record.facts.id;
                let capture = source::open(&[PathBuf::from(file)], source::OpenOptions::default());
                let found = capture.map_err(|error| error.to_string()).map(|capture| {
                    let config = engine::Config::default();
                    Arc::new(pipeline::ladder(
                        Box::new(capture),
                        &config,
                        *record,
                        &mut |_, _| (),
                    ))
                });
                act(app, held, file, Action::Laddered(id, found));
            }
            _ => {}
        }
    }
}

/// Pixels of a place on the screen.
const WIDTH: usize = 8;
const HEIGHT: usize = 17;

fn svg(buffer: &Buffer) -> String {
    let (width, height) = (
        usize::from(buffer.area.width) * WIDTH,
        usize::from(buffer.area.height) * HEIGHT,
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" font-family=\"monospace\" \
         font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#14161a\"/>\n",
        width + 16,
        height + 16
    );
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let cell = &buffer[(x, y)];
            let mut text = String::new();
            let begin = x;
            while x < buffer.area.width && buffer[(x, y)].style() == cell.style() {
                text.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            run(&mut out, (begin, y), usize::from(x - begin), &text, cell);
        }
    }
    out + "</svg>\n"
}

/// Text of one style.
fn run(out: &mut String, (x, y): (u16, u16), columns: usize, text: &str, cell: &ratatui::buffer::Cell) {
    let reversed = cell.modifier.contains(Modifier::REVERSED);
    let (mut front, mut back) = (color(cell.fg, "#d0d4da"), color(cell.bg, "#14161a"));
    if reversed {
        std::mem::swap(&mut front, &mut back);
    }
    let (left, top) = (usize::from(x) * WIDTH + 8, usize::from(y) * HEIGHT + 8);
    if back != "#14161a" {
        let _ = writeln!(
            out,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{HEIGHT}\" fill=\"{back}\"/>",
            columns * WIDTH
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let weight = if cell.modifier.contains(Modifier::BOLD) {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "<text x=\"{left}\" y=\"{}\" fill=\"{front}\"{weight} xml:space=\"preserve\" textLength=\"{}\" \
         lengthAdjust=\"spacingAndGlyphs\">{text}</text>",
        top + 13,
        columns * WIDTH
    );
}

const fn color(color: Color, otherwise: &'static str) -> &'static str {
    match color {
        Color::White => "#ffffff",
        Color::Gray => "#8d96a3",
        Color::Cyan => "#56c2c6",
        Color::LightBlue => "#6fb1ff",
        Color::Yellow => "#e5b75b",
        Color::LightRed => "#ff7a70",
        Color::Red => "#c8372d",
        Color::LightMagenta => "#d593e8",
        _ => otherwise,
    }
}
