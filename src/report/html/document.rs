//! The page around the sections: its head, what it may load (nothing), its style and its script.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use crate::lang::{Lang, spoken, tr};
use crate::tr;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A part of the page with a heading.
pub(super) struct Section {
    /// Its anchor.
    pub(super) id: &'static str,
    /// Its heading.
    pub(super) title: String,
    pub(super) body: Markup,
}

impl Section {
    pub(super) fn new(id: &'static str, title: impl Into<String>, body: Markup) -> Self {
        Self {
            id,
            title: tr(&title.into()).to_owned(),
            body,
        }
    }
}

/// The source expression of a text for a Content-Security-Policy (CSP Level 3, section 2.3.1).
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// Nothing may be loaded or sent anywhere; one style and one script may act, known by their hashes.
pub(super) fn policy() -> String {
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// The whole page.
pub(super) fn page(title: &str, head: &Markup, sections: &[Section]) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(spoken().tag()) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="generator" content={ "flowcheck " (env!("CARGO_PKG_VERSION")) };
                title { (title) " - flowcheck" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { (head) }
                nav aria-label=(tr("Sections")) {
                    @for section in sections {
                        a href={ "#" (section.id) } { (section.title) }
                    }
                }
                main {
                    @for section in sections {
                        section id=(section.id) {
                            h2 { (section.title) }
                            (section.body)
                        }
                    }
                }
                footer {
                    (tr!(
                        "Made by flowcheck {version} from packets. This page is complete in itself: it loads nothing and sends \
                         nothing. Header values, cookies and query strings of requests are not in it.",
                        version = env!("CARGO_PKG_VERSION")
                    ))
                }
                @if spoken() != Lang::En { (data("said", &said())) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// What the script says by itself; it knows the English.
const SAID: [&str; 11] = [
    "{n} rows",
    "{n} of {all} rows",
    "{n} of {all}",
    "none of {all}",
    "{from} to {to} of {all}",
    "{n} min",
    "handshakes/s",
    "requests/s",
    "reused",
    "open",
    ", ",
];

/// The same in the language spoken, as JSON.
fn said() -> String {
    let said = SAID.map(|text| (text.to_owned(), tr(text).into()));
    serde_json::Value::Object(said.into_iter().collect()).to_string()
}

/// Data for the script, as JSON that can't end the element it stands in.
pub(super) fn data(id: &str, json: &str) -> Markup {
    let safe = json.replace('<', "\\u003c");
    html! { script type="application/json" id=(id) { (PreEscaped(safe)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_says_what_is_handed_to_it_in_other_languages() {
        for text in SAID {
            assert!(
                SCRIPT.contains(&format!("tr({text:?}")) || SCRIPT.contains(&format!(": {text:?}")),
                "{text}"
            );
        }
        let calls = SCRIPT.matches("tr(\"").count();
        assert!(
            calls > 0 && calls <= SAID.len(),
            "a message of the script is not in the list"
        );
    }
}
