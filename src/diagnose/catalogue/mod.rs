//! The catalogue of causes: what each one is, how it shows in packets, and what to change.
//!
//! The texts lie beside this file, one paragraph a cause; `flowcheck explain`, the reports and docs/causes.md are all made
//! from them.

mod id;
mod parse;

use std::sync::LazyLock;

use crate::lang::{self, Lang};

pub use id::CauseId;

/// The texts in the order of the documentation, each with its heading.
const FAMILIES: [(&str, &str); 6] = [
    ("The client asks for the close", include_str!("requests.txt")),
    ("The client's pool", include_str!("pool.txt")),
    ("The client closes after an exchange", include_str!("client.txt")),
    ("The server closes", include_str!("server.txt")),
    ("Races", include_str!("races.txt")),
    ("Connecting", include_str!("connecting.txt")),
];

/// The same in Chinese: what is not in it (slugs, sources, fixes that are directives alone) is as in English.
const ZH_ENTRIES: [&str; 6] = [
    include_str!("zh/requests.txt"),
    include_str!("zh/pool.txt"),
    include_str!("zh/client.txt"),
    include_str!("zh/server.txt"),
    include_str!("zh/races.txt"),
    include_str!("zh/connecting.txt"),
];

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let families = FAMILIES.iter();
    families
        .flat_map(|(family, text)| parse::entries(family, text))
        .collect()
});

static ZH: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let translated = ZH_ENTRIES.iter().flat_map(|text| parse::translations(text));
    let translated: Vec<_> = translated.collect();
    let entries = ENTRIES.iter().map(|entry| {
        let own = translated.iter().find(|own| own.id == entry.id);
        own.map_or_else(|| entry.clone(), |own| own.of(entry))
    });
    entries.collect()
});

static WORDS: LazyLock<Vec<Word>> = LazyLock::new(|| parse::words(include_str!("words.txt")));

static ZH_WORDS: LazyLock<Vec<Word>> = LazyLock::new(|| parse::words(include_str!("zh/words.txt")));

/// Where something is to be changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The proxy.
    Nginx,
    /// The server, or the application in it.
    Tomcat,
    /// The kernel of either host.
    Kernel,
    /// The load balancer in front.
    F5,
}

impl Place {
    /// The slug used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Tomcat => "tomcat",
            Self::Kernel => "kernel",
            Self::F5 => "f5",
        }
    }
}

/// What to change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// Where.
    pub place: Place,
    /// For which versions, in words; empty for all.
    pub versions: String,
    /// The lines to write, or what to do.
    pub text: String,
}

/// One cause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// `N1`.
    pub id: CauseId,
    /// A short name for programs.
    pub slug: &'static str,
    /// The heading it stands under.
    pub family: &'static str,
    /// One line.
    pub title: String,
    /// What happens.
    pub what: String,
    /// How it shows in packets.
    pub evidence: String,
    /// What looks alike, and how it differs.
    pub look_alikes: Option<String>,
    /// What packets can't tell.
    pub limits: Option<String>,
    /// What to change.
    pub fixes: Vec<Fix>,
    /// Where it is written.
    pub sources: Vec<&'static str>,
}

/// A word of the reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    /// The word.
    pub name: &'static str,
    /// What it means.
    pub text: String,
}

/// Every cause, in the order of the documentation, in the language [spoken](lang::spoken).
#[must_use]
pub fn entries() -> &'static [Entry] {
    match lang::spoken() {
        Lang::En => &ENTRIES,
        Lang::Zh => &ZH,
    }
}

/// Every word that is explained, in the language spoken; their names are the same in all.
#[must_use]
pub fn words() -> &'static [Word] {
    match lang::spoken() {
        Lang::En => &WORDS,
        Lang::Zh => &ZH_WORDS,
    }
}

/// The cause with this id or slug, in either case.
#[must_use]
pub fn find(name: &str) -> Option<&'static Entry> {
    let same = |entry: &&Entry| {
        entry.id.as_str().eq_ignore_ascii_case(name) || entry.slug.eq_ignore_ascii_case(name)
    };
    entries().iter().find(same)
}

/// The word with this name, in either case, with blanks, hyphens and underscores alike.
#[must_use]
pub fn find_word(name: &str) -> Option<&'static Word> {
    let plain = |text: &str| text.to_ascii_lowercase().replace([' ', '_'], "-");
    words().iter().find(|word| plain(word.name) == plain(name))
}

impl CauseId {
    /// Its entry.
    #[must_use]
    pub fn entry(self) -> Option<&'static Entry> {
        entries().iter().find(|entry| entry.id == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_has_one_entry_and_every_entry_says_enough() {
        let mut ids: Vec<CauseId> = entries().iter().map(|entry| entry.id).collect();
        ids.sort_unstable();
        let mut all = CauseId::ALL.to_vec();
        all.sort_unstable();
        assert_eq!(ids, all, "one entry each");
        for entry in entries() {
            let id = entry.id.as_str();
            assert!(!entry.slug.is_empty() && !entry.title.is_empty(), "{id}");
            assert!(entry.what.len() > 20 && entry.evidence.len() > 20, "{id}");
            assert!(!entry.fixes.is_empty() && !entry.sources.is_empty(), "{id}");
            assert!(entry.sources.iter().all(|url| url.starts_with("http")), "{id}");
        }
    }

    #[test]
    fn slugs_name_one_cause_and_no_line_of_the_texts_is_lost() {
        let mut slugs: Vec<&str> = entries().iter().map(|entry| entry.slug).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), entries().len());
        for (_, text) in FAMILIES {
            assert_eq!(parse::unread_lines(text), Vec::<&str>::new());
        }
    }

    #[test]
    fn names_are_found_in_either_case() {
        assert_eq!(find("p2").map(|entry| entry.id), Some(CauseId::P2));
        assert_eq!(find("pool-too-small").map(|entry| entry.id), Some(CauseId::P2));
        assert_eq!(
            find_word("Reuse ratio").map(|word| word.name),
            Some("reuse-ratio")
        );
        assert_eq!(find("P99"), None);
    }
}
