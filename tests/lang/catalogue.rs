//! The catalogue by itself.

use std::collections::BTreeSet;

use super::root;

/// A message and what it is in Chinese.
pub(crate) struct Message {
    pub(crate) context: String,
    pub(crate) english: String,
    pub(crate) chinese: String,
}

/// All of them, read by the crate that the program reads them with; what that cannot read is an error here.
pub(crate) fn messages() -> Vec<Message> {
    let catalogue = polib::po_file::parse(&root().join("lang/zh.po")).unwrap();
    let messages = catalogue.messages().map(|message| Message {
        context: message.msgctxt().unwrap_or_default().to_owned(),
        english: message.msgid().to_owned(),
        chinese: message.msgstr().unwrap().to_owned(),
    });
    let messages: Vec<_> = messages.collect();
    assert!(messages.len() > 500, "{} messages", messages.len());
    messages
}

/// The names in braces.
fn placeholders(text: &str) -> BTreeSet<&str> {
    let parts = text.split('{').skip(1);
    parts.filter_map(|part| Some(part.split_once('}')?.0)).collect()
}

#[test]
fn every_message_has_words_and_the_same_placeholders() {
    for message in messages() {
        let (english, chinese) = (&message.english, &message.chinese);
        assert!(!chinese.trim().is_empty(), "{english:?} has no words");
        let wanted = if message.context == "n" {
            BTreeSet::from(["n"])
        } else {
            placeholders(english)
        };
        assert_eq!(wanted, placeholders(chinese), "{english:?} is {chinese:?}");
    }
}
