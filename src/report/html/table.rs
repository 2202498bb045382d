//! Tables that the page's script sorts and filters.

use maud::{Markup, Render, html};

use crate::lang::tr;
use crate::report::text::count;
use crate::tr;

/// One cell: what is shown, and what it is sorted by.
pub(super) struct Cell {
    shown: Markup,
    /// The sort key of a number; words are sorted as shown.
    key: Option<f64>,
    number: bool,
}

impl Cell {
    pub(super) fn words(shown: impl Render) -> Self {
        Self {
            shown: html! { (shown) },
            key: None,
            number: false,
        }
    }

    /// Words with an order of their own.
    pub(super) fn ranked(shown: impl Render, rank: f64) -> Self {
        Self {
            key: Some(rank),
            ..Self::words(shown)
        }
    }

    pub(super) fn number(shown: impl Render, key: f64) -> Self {
        Self {
            number: true,
            ..Self::ranked(shown, key)
        }
    }

    pub(super) fn count(n: u64) -> Self {
        let mut cell = Self::number(count(n), n as f64);
        if n == 0 {
            cell.shown = html! { span.dim { "0" } };
        }
        cell
    }

    /// A number that is not known.
    pub(super) fn unknown() -> Self {
        Self {
            number: true,
            ..Self::words(html! { span.dim { "-" } })
        }
    }
}

/// The head of a column: its name, and what it means in a few words.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) number: bool,
}

/// A table; with more than `FILTERED` rows it has a field that filters them.
pub(super) fn table(name: &str, columns: &[Column], rows: Vec<Vec<Cell>>) -> Markup {
    /// Fewer rows are seen at a glance.
    const FILTERED: usize = 15;
    let filtered = rows.len() > FILTERED;
    html! {
        div.sortable {
            @if filtered {
                div.tools {
                    label { (tr("Filter")) " " input type="search" placeholder=(tr("words, all of which a row has")) aria-label=(tr!("Filter {name}", name = tr(name))); }
                    span.found aria-live="polite" { (tr!("{n} rows", n = count(rows.len() as u64))) }
                }
            }
            div.scroll tabindex="0" role="region" aria-label=(tr(name)) {
                table {
                    thead { tr {
                        @for column in columns {
                            th scope="col" class=[column.number.then_some("n")] title=(tr(column.about)) {
                                button type="button" { (tr(column.name)) }
                            }
                        }
                    } }
                    tbody {
                        @for row in rows {
                            tr {
                                @for cell in row {
                                    td class=[cell.number.then_some("n")] data-v=[cell.key] { (cell.shown) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A table of facts: a label, and what is to be said.
pub(super) fn facts(rows: impl IntoIterator<Item = (String, Markup)>) -> Markup {
    html! {
        dl.facts {
            @for (label, words) in rows {
                dt { (label) }
                dd { (words) }
            }
        }
    }
}
