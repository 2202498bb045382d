//! The form of the catalogue's texts: `[ID] slug`, then `key: value` lines; a value goes on in lines that begin with blanks.

use super::{CauseId, Entry, Fix, Place, Word};

/// A block that begins with `[name] rest`, and its lines.
struct Block<'a> {
    name: &'a str,
    rest: &'a str,
    lines: Vec<&'a str>,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some((name, rest)) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
            let rest = rest.trim();
            let lines = Vec::new();
            blocks.push(Block { name, rest, lines });
        } else if let Some(block) = blocks.last_mut() {
            block.lines.push(line);
        }
    }
    blocks
}

/// `key: value`, with its continuations joined; keys and values in order.
fn fields<'a>(lines: &[&'a str]) -> Vec<(&'a str, String)> {
    let mut fields: Vec<(&str, String)> = Vec::new();
    for line in lines {
        if let Some(more) = line.strip_prefix("  ") {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(more.trim());
            }
        } else if let Some((key, value)) = line.split_once(": ") {
            fields.push((key, value.to_owned()));
        }
    }
    fields
}

/// Causes of one family.
pub(super) fn entries(family: &'static str, text: &'static str) -> Vec<Entry> {
    blocks(text)
        .iter()
        .filter_map(|block| entry(family, block))
        .collect()
}

fn entry(family: &'static str, block: &Block<'static>) -> Option<Entry> {
    let id = CauseId::ALL.iter().find(|id| id.as_str() == block.name)?;
    let fields = fields(&block.lines);
    let one = |key: &str| {
        let field = fields.iter().find(|(found, _)| *found == key);
        field.map(|(_, value)| value.clone())
    };
    let sources = block
        .lines
        .iter()
        .filter_map(|line| line.strip_prefix("source: "));
    Some(Entry {
        id: *id,
        slug: block.rest,
        family,
        title: one("title")?,
        what: one("what")?,
        evidence: one("evidence")?,
        look_alikes: one("look-alikes"),
        limits: one("limits"),
        fixes: fields.iter().filter_map(|(key, text)| fix(key, text)).collect(),
        sources: sources.collect(),
    })
}

/// A cause's texts in another language; what it has not is as in English.
#[derive(Debug)]
pub(super) struct Translation {
    pub(super) id: CauseId,
    fields: Vec<(&'static str, String)>,
}

impl Translation {
    fn one(&self, key: &str) -> Option<String> {
        let field = self.fields.iter().find(|(found, _)| *found == key);
        field.map(|(_, value)| value.clone())
    }

    pub(super) fn fixes(&self) -> Vec<Fix> {
        let fixes = self.fields.iter().filter_map(|(key, text)| fix(key, text));
        fixes.collect()
    }

    /// The entry in this language.
    pub(super) fn of(&self, entry: &Entry) -> Entry {
        let fixes = self.fixes();
        Entry {
            title: self.one("title").unwrap_or_else(|| entry.title.clone()),
            what: self.one("what").unwrap_or_else(|| entry.what.clone()),
            evidence: self.one("evidence").unwrap_or_else(|| entry.evidence.clone()),
            look_alikes: self.one("look-alikes").or_else(|| entry.look_alikes.clone()),
            limits: self.one("limits").or_else(|| entry.limits.clone()),
            fixes: if fixes.is_empty() {
                entry.fixes.clone()
            } else {
                fixes
            },
            ..entry.clone()
        }
    }
}

/// Texts in another language.
pub(super) fn translations(text: &'static str) -> Vec<Translation> {
    let blocks = blocks(text);
    let translation = |block: &Block<'static>| {
        let id = CauseId::ALL.iter().find(|id| id.as_str() == block.name)?;
        let fields = fields(&block.lines);
        Some(Translation { id: *id, fields })
    };
    blocks.iter().filter_map(translation).collect()
}

fn fix(key: &str, text: &str) -> Option<Fix> {
    let key = key.strip_prefix("fix ")?;
    let (place, versions) = key.split_once(' ').unwrap_or((key, ""));
    let places = [Place::Nginx, Place::Tomcat, Place::Kernel, Place::F5];
    Some(Fix {
        place: *places.iter().find(|known| known.as_str() == place)?,
        versions: versions.to_owned(),
        text: text.to_owned(),
    })
}

/// Words and their meanings.
pub(super) fn words(text: &'static str) -> Vec<Word> {
    let word = |block: Block<'static>| Word {
        name: block.name,
        text: block.lines.join(" "),
    };
    blocks(text).into_iter().map(word).collect()
}

/// Lines that no entry holds.
#[cfg(test)]
pub(super) fn unread_lines(text: &str) -> Vec<&str> {
    let known = |line: &str| {
        line.starts_with('[')
            || line.starts_with("  ")
            || [
                "title: ",
                "what: ",
                "evidence: ",
                "look-alikes: ",
                "limits: ",
                "source: ",
            ]
            .iter()
            .any(|key| line.starts_with(key))
            || line
                .split_once(": ")
                .is_some_and(|(key, text)| fix(key, text).is_some())
    };
    text.lines()
        .filter(|line| !line.is_empty() && !known(line))
        .collect()
}
