//! Writing an expression that narrows what is shown: it acts while it is written, as far as it can be read.

use super::make_rows;
use crate::query::Query;
use crate::tui::app::{App, Mode};

/// Longer than any expression that anybody writes.
const LONGEST: usize = 1_000;

pub(super) fn begin(app: &mut App) {
    app.before = app.filter.clone();
    app.mode = Mode::Filter {
        text: app.filter.text().to_owned(),
        problem: None,
    };
}

/// Changes what is written; what can't be read leaves what is shown as it is.
pub(super) fn change(app: &mut App, change: impl FnOnce(&mut String)) {
    let Mode::Filter { text, problem } = &mut app.mode else {
        return;
    };
    change(text);
    if text.chars().count() > LONGEST {
        text.pop();
    }
    match Query::parse(text) {
        Ok(query) => {
            *problem = None;
            show(app, query);
        }
        Err(error) => *problem = Some(error.to_string()),
    }
}

/// Keeps what is written, if it can be read.
pub(super) fn accept(app: &mut App) {
    if let Mode::Filter { problem: None, .. } = app.mode {
        app.mode = Mode::Browse;
    }
}

/// Shows what was shown before.
pub(super) fn give_up(app: &mut App) {
    app.mode = Mode::Browse;
    let before = std::mem::take(&mut app.before);
    show(app, before);
}

/// Shows what matches.
pub(super) fn show(app: &mut App, query: Query) {
    if app.filter != query {
        app.filter = query;
        super::follow(app);
        make_rows(app);
    }
}
