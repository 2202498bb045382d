//! Text on the screen, each piece at its place.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::report::one_line;
use crate::tui::app::App;
use crate::tui::columns::Cell;
use crate::tui::glyphs::Glyphs;
use crate::tui::look::Look;
use crate::tui::theme::{Theme, Tone};

/// The screen that is drawn on.
pub(in crate::tui) struct Paint<'a> {
    buffer: &'a mut Buffer,
    theme: Theme,
    pub(super) look: Look<'a>,
}

impl<'a> Paint<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, app: &'a App) -> Self {
        Self {
            buffer,
            theme: app.settings.theme,
            look: app.look(),
        }
    }

    /// Puts `text` at `(x, y)`, cut at `width` columns; returns how many it takes.
    pub(super) fn text(&mut self, x: u16, y: u16, width: u16, tone: Tone, text: &str) -> u16 {
        let area = self.buffer.area;
        if x >= area.right() || y >= area.bottom() {
            return 0;
        }
        let width = width.min(area.right() - x);
        let (text, used) = self.look.cut(&one_line(text), width.into());
        self.buffer
            .set_stringn(x, y, text, width.into(), self.theme.style(tone));
        used as u16
    }

    /// The same, at the right end of `width`.
    pub(super) fn right(&mut self, x: u16, y: u16, width: u16, tone: Tone, text: &str) {
        let (text, used) = self.look.cut(&one_line(text), width.into());
        self.text(x + width.saturating_sub(used as u16), y, width, tone, &text);
    }

    /// Puts cells one after the other, with blanks between, as far as there is room; returns where the next would stand.
    pub(super) fn line(&mut self, area: Rect, cells: &[Cell]) -> u16 {
        let mut x = area.x;
        if area.height == 0 {
            return x;
        }
        for cell in cells {
            if x >= area.right() {
                break;
            }
            x += self.text(x, area.y, area.right() - x, cell.tone, &cell.text) + 1;
        }
        x
    }

    /// Gives a whole area this tone, over what stands there.
    pub(super) fn tint(&mut self, area: Rect, tone: Tone) {
        self.buffer.set_style(area, self.theme.style(tone));
    }

    /// The last door: nothing that could move the cursor, colour the screen, turn text round or hide itself leaves by it,
    /// and nothing beyond ASCII where the terminal shows no more.
    pub(super) fn scrub(self) {
        let ascii = self.look.glyphs == Glyphs::Ascii;
        for cell in &mut self.buffer.content {
            let symbol = cell.symbol();
            if symbol.len() == 1 && symbol.as_bytes()[0].is_ascii_graphic() || symbol == " " {
                continue;
            }
            let safe = one_line(symbol).into_owned();
            let safe = if ascii && !safe.is_ascii() {
                "?".to_owned()
            } else {
                safe
            };
            if safe != symbol {
                cell.set_symbol(&safe);
            }
        }
    }

    /// The look of this tone.
    pub(super) fn style(&self, tone: Tone) -> Style {
        self.theme.style(tone)
    }

    pub(super) fn buffer(&mut self) -> &mut Buffer {
        self.buffer
    }
}
