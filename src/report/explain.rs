//! The catalogue for people: `flowcheck explain`, and docs/causes.md.

use std::fmt::Write as _;

use super::text::{columns, wrap};
use crate::diagnose::catalogue::{CauseId, Entry, Fix, Word, entries, find, find_word, words};
use crate::lang::tr;
use crate::tr;

/// Columns of a page of plain text.
const WIDTH: usize = 100;

/// What `name` (an id, a slug, a word or a verdict) means.
///
/// # Errors
/// What is known, if `name` is not.
pub fn explain(name: &str) -> Result<String, String> {
    if let Some(entry) = find(name) {
        return Ok(cause(entry));
    }
    find_word(name).map(word).ok_or_else(known)
}

fn known() -> String {
    let ids: Vec<&str> = CauseId::ALL.iter().map(|id| id.as_str()).collect();
    let names: Vec<&str> = words().iter().map(|word| word.name).collect();
    tr!(
        "no such cause or word; causes: {causes}; words: {words}",
        causes = ids.join(" "),
        words = names.join(" ")
    )
}

fn word(word: &Word) -> String {
    let mut out = format!("{}\n", word.name);
    paragraph(&mut out, "", &word.text);
    out
}

fn cause(entry: &Entry) -> String {
    let mut out = format!("{}  {}  ({})\n", entry.id.as_str(), entry.title, entry.slug);
    let parts = [
        ("what", Some(&entry.what)),
        ("evidence", Some(&entry.evidence)),
        ("looks alike", entry.look_alikes.as_ref()),
        ("can't tell", entry.limits.as_ref()),
    ];
    for (name, text) in parts {
        if let Some(text) = text {
            paragraph(&mut out, tr(name), text);
        }
    }
    for fix in &entry.fixes {
        let text = tr!("{place}: {text}", place = place(fix), text = fix.text);
        paragraph(&mut out, tr("fix"), &text);
    }
    for source in &entry.sources {
        paragraph(&mut out, tr("source"), source);
    }
    out
}

/// `nginx`, or `nginx before 1.29.7`.
#[must_use]
pub fn place(fix: &Fix) -> String {
    if fix.versions.is_empty() {
        fix.place.as_str().to_owned()
    } else {
        tr!(
            "{place} {versions}",
            place = fix.place.as_str(),
            versions = fix.versions
        )
    }
}

/// A paragraph with its name in front of the first line.
fn paragraph(out: &mut String, name: &str, text: &str) {
    let lead: usize = if name.is_empty() { 2 } else { 15 };
    let mut start = format!("  {name}");
    start.extend(std::iter::repeat_n(' ', lead.saturating_sub(columns(&start))));
    for line in wrap(text, WIDTH - lead) {
        let _ = writeln!(out, "{start}{line}");
        start = " ".repeat(lead);
    }
}

/// The page of the documentation.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from(
        "# Causes\n\nWhy connections are not reused, or not made: what flowcheck tells from packets, and what to change. \
         `flowcheck explain ID`\nprints one of them. This page is made from the program's own catalogue \
         (`UPDATE_GOLDEN=1 cargo test --test causes`).\n\nThe client of a leg is nginx here, the server Tomcat. The first \
         of these that fits a connection is its cause: requests,\nresponses, unanswered requests, status, who closed after \
         how long, counts and ages, what the other connections did,\nfailed connects.\n",
    );
    let mut family = "";
    for entry in entries() {
        if entry.family != family {
            family = entry.family;
            let _ = write!(out, "\n## {family}\n");
        }
        section(&mut out, entry);
    }
    out
}

fn section(out: &mut String, entry: &Entry) {
    let _ = write!(
        out,
        "\n### {} {}\n\n`{}`: {}\n\n",
        entry.id.as_str(),
        entry.title,
        entry.slug,
        entry.what
    );
    let parts = [
        ("Evidence", Some(&entry.evidence)),
        ("Looks alike", entry.look_alikes.as_ref()),
        ("Can't tell", entry.limits.as_ref()),
    ];
    for (name, text) in parts {
        if let Some(text) = text {
            let _ = writeln!(out, "* **{name}**: {text}");
        }
    }
    for fix in &entry.fixes {
        let _ = writeln!(out, "* **Fix** ({}): `{}`", place(fix), fix.text);
    }
    let sources: Vec<String> = entry.sources.iter().map(|url| format!("<{url}>")).collect();
    let _ = writeln!(out, "* **Source**: {}", sources.join(", "));
}
