//! The screen: the same figures as in the reports, to walk about in.
//!
//! In: immutable snapshots, parts of the flow table that were asked for, keys and clicks. Out: a screen, and what is to be
//! done outside ([`Effect`]). May touch: ratatui, crossterm, rustix (waiting for keys), unicode-width, jiff (printing
//! times), a clock (how often to look for news). Never: the engine, the source, standard output (what it writes to is handed in), files.
//!
//! A key becomes a [`Command`](action::Command) by one table ([`keymap`]), [`update()`] carries it out on the [`App`], and
//! [`draw`] makes the screen from the [`App`] alone.

pub mod action;
mod app;
pub mod columns;
mod cursor;
mod glyphs;
pub mod keymap;
mod keys;
mod layout;
mod look;
pub mod rows;
pub mod screen;
mod table;
mod terminal;
mod theme;
mod timeline;
mod update;
mod view;

pub use action::{Action, Effect, Export};
pub use app::{App, Mode, Settings};
pub use glyphs::Glyphs;
pub use look::Names;
pub use terminal::Terminal;
pub use theme::Theme;
pub use update::update;
pub use view::draw;
