//! The catalogue of causes in both languages.

use flowcheck::diagnose::catalogue::{entries, words};
use flowcheck::lang::{Lang, speak};

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[test]
fn every_cause_is_told_in_chinese_with_the_same_parts() {
    let english = entries();
    let _zh = speak(Lang::Zh);
    let chinese = entries();
    assert_eq!(english.len(), chinese.len());
    for (en, zh) in english.iter().zip(chinese) {
        let id = en.id.as_str();
        assert_eq!(
            (en.id, en.slug, &en.sources),
            (zh.id, zh.slug, &zh.sources),
            "{id}"
        );
        for text in [&zh.title, &zh.what, &zh.evidence] {
            assert!(is_chinese(text), "{id}: {text}");
        }
        for (en, zh) in [(&en.look_alikes, &zh.look_alikes), (&en.limits, &zh.limits)] {
            assert_eq!(en.is_some(), zh.is_some(), "{id}");
            assert!(en.is_none() || en != zh, "{id}: {zh:?} is not translated");
        }
        let places = |fixes: &[flowcheck::diagnose::catalogue::Fix]| -> Vec<_> {
            fixes
                .iter()
                .map(|fix| (fix.place, fix.versions.is_empty()))
                .collect()
        };
        assert_eq!(
            places(&en.fixes),
            places(&zh.fixes),
            "{id}: fixes are for other places"
        );
        for (en, zh) in en.fixes.iter().zip(&zh.fixes) {
            for directive in directives(&en.text) {
                assert!(
                    zh.text.contains(directive),
                    "{id}: the fix lacks {directive}: {}",
                    zh.text
                );
            }
        }
    }
}

/// Words of configuration: with an underscore or in camel case.
fn directives(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| {
        let camel = word.chars().skip(1).any(char::is_uppercase) && word.starts_with(char::is_lowercase);
        word.contains('_') || camel
    })
}

#[test]
fn every_word_is_told_in_chinese() {
    let english = words();
    let _zh = speak(Lang::Zh);
    let chinese = words();
    let names = |words: &[flowcheck::diagnose::catalogue::Word]| -> Vec<_> {
        words.iter().map(|word| word.name).collect()
    };
    assert_eq!(names(english), names(chinese));
    for word in chinese {
        assert!(is_chinese(&word.text), "{}", word.name);
    }
}
