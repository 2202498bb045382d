//! The language of what people read: sentences, headings, heads of tables, titles of causes.
//!
//! The English text in the code is the message, as with gettext; `lang/*.po` at the root holds what it is in each other language.
//! A thread speaks English until told otherwise by [`speak`], for as long as the guard lives; nothing is shared between
//! threads. What programs read (fields, slugs, columns, directives, ids of causes) never passes through here.
//!
//! `tests/lang.rs` holds that no message is missing, none is left over, and that placeholders agree.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt::Display;
use std::marker::PhantomData;
use std::sync::LazyLock;

/// A language that reports can be made in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese, as written on the mainland.
    Zh,
}

impl Lang {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// The subtag (RFC 5646) by which it is asked for.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// What a page declares (RFC 5646), so that browsers choose its characters' shapes.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// What a message is in this language; `None` where it is the English one.
    fn message(self, context: &str, text: &str) -> Option<&'static str> {
        let catalogue = match self {
            Self::En => return None,
            Self::Zh => &ZH,
        };
        catalogue.get(context)?.get(text).map(String::as_str)
    }
}

/// Messages by context and English text.
type Catalogue = HashMap<String, HashMap<String, String>>;

static ZH: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("../lang/zh.po")));

/// Messages that cannot be read stay English; a test holds that all can.
fn read(text: &str) -> Catalogue {
    let mut catalogue = Catalogue::new();
    let file = polib::po_file::parse_from_reader(text.as_bytes());
    for message in file.iter().flat_map(polib::catalog::Catalog::messages) {
        if let Ok(translated) = message.msgstr()
            && !translated.is_empty()
        {
            let context = catalogue
                .entry(message.msgctxt().unwrap_or_default().to_owned())
                .or_default();
            context.insert(message.msgid().to_owned(), translated.to_owned());
        }
    }
    catalogue
}

thread_local! {
    static SPOKEN: Cell<Lang> = const { Cell::new(Lang::En) };
}

/// The language that this thread speaks.
#[must_use]
pub fn spoken() -> Lang {
    SPOKEN.get()
}

/// Until it is dropped, its thread speaks the language given to [`speak`].
#[derive(Debug)]
#[must_use = "the language is spoken as long as this lives"]
pub struct Speaking {
    before: Lang,
    /// It belongs to its thread.
    here: PhantomData<*const ()>,
}

impl Drop for Speaking {
    fn drop(&mut self) {
        SPOKEN.set(self.before);
    }
}

/// Makes this thread speak `lang` as long as the guard lives: diagnoses and reports made meanwhile are in that language.
pub fn speak(lang: Lang) -> Speaking {
    Speaking {
        before: SPOKEN.replace(lang),
        here: PhantomData,
    }
}

/// A message without figures, or a label, in the language spoken. What is no message (an address) stays as it is.
#[must_use]
pub fn tr(text: &str) -> &str {
    spoken().message("", text).unwrap_or(text)
}

/// So many of something, `n` as it is to be read: `144 opened`. A language may put the number where it likes.
#[must_use]
pub fn of_them(n: &str, what: &str) -> String {
    match spoken().message("n", what) {
        Some(template) => fill(template, &[("n", &n)]),
        None => format!("{n} {what}"),
    }
}

/// What a message with figures is in the language spoken, if that is not English; for [`tr!`](crate::tr).
#[must_use]
pub fn template(text: &str) -> Option<&'static str> {
    spoken().message("", text)
}

/// `{name}` is replaced by the value of that name; a name without value stays.
#[must_use]
pub fn fill(template: &str, values: &[(&str, &dyn Display)]) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(template.len() + 16 * values.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let value = after.split_once('}').and_then(|(name, tail)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((value, tail))
        });
        rest = if let Some((value, tail)) = value {
            let _ = write!(out, "{value}");
            tail
        } else {
            out.push('{');
            after
        };
    }
    out.push_str(rest);
    out
}

/// A message with figures in the language spoken: `tr!("{n} of {all} requests", n = 3, all)`. Every placeholder is a name
/// alone, and has its value: the compiler sees to it.
#[macro_export]
macro_rules! tr {
    ($text:literal $(, $name:ident $(= $value:expr)?)+ $(,)?) => {
        match $crate::lang::template($text) {
            Some(template) => {
                $crate::lang::fill(template, &[$((stringify!($name), &$crate::tr!(@ $name $(= $value)?))),+])
            }
            // By way of `concat`, placeholders take no variable that was not named.
            None => format!(concat!($text) $(, $name = $crate::tr!(@ $name $(= $value)?))+),
        }
    };
    (@ $name:ident = $value:expr) => { $value };
    (@ $name:ident) => { $name };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_spoken_as_long_as_its_guard_lives_and_by_its_thread_alone() {
        assert_eq!(spoken(), Lang::En);
        {
            let _zh = speak(Lang::Zh);
            assert_ne!(tr("FIGURES"), "FIGURES");
            assert_eq!(
                std::thread::spawn(|| tr("FIGURES").to_owned()).join().unwrap(),
                "FIGURES"
            );
            let _en = speak(Lang::En);
            assert_eq!(tr("FIGURES"), "FIGURES");
        }
        assert_eq!(spoken(), Lang::En);
    }

    #[test]
    fn values_come_where_the_language_wants_them() {
        let (a, b) = (1, "{a}");
        assert_eq!(fill("{b} {a} {c} {", &[("a", &a), ("b", &b)]), "{a} 1 {c} {");
        assert_eq!(of_them("3", "no such thing"), "3 no such thing");
        assert_eq!(tr!("{a} of {b}", a, b = 2), "1 of 2");
        let _zh = speak(Lang::Zh);
        assert_eq!(tr("10.0.0.1"), "10.0.0.1");
    }
}
