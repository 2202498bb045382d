//! The table of fields.

use std::fmt::Write as _;

use super::words;

/// What kind of value a field has, and so how it can be asked for.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// An end: address, network, port.
    Address,
    /// One of a few words; each as it may be written and as it is meant.
    Words(fn() -> Vec<(&'static str, &'static str)>),
    /// Free text, of which a part is asked for, in either case.
    Text,
    /// Letters whose case matters, of which a part is asked for.
    Letters,
    /// A number.
    Number,
    /// A span of time.
    Span,
    /// Yes or no.
    Flag,
}

/// What has a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rows {
    /// Connections and legs.
    Both,
    /// Connections; legs are not narrowed by it.
    Connections,
    /// Legs; a connection is asked for its leg's.
    Legs,
}

/// A field that can be asked for.
#[derive(Clone, Copy, Debug)]
pub struct FieldInfo {
    /// Which.
    pub field: Field,
    /// Its name.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// What it holds.
    pub kind: Kind,
    /// What has it.
    pub rows: Rows,
    /// Whether a word without a field is looked for in it.
    pub shown: bool,
    /// What it means, in a few words.
    pub about: &'static str,
}

macro_rules! fields {
    ($($field:ident $name:literal $aliases:tt $kind:expr, $rows:ident $(, $shown:ident)?: $about:literal;)*) => {
        /// What can be asked of a row.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[expect(missing_docs, reason = "the table says what each one is")]
        pub enum Field {
            $($field,)*
        }

        /// Every field, in the order of the help.
        pub const FIELDS: &[FieldInfo] = &[$(FieldInfo {
            field: Field::$field,
            name: $name,
            aliases: &$aliases,
            kind: $kind,
            rows: Rows::$rows,
            shown: false $(|| fields!(@ $shown))?,
            about: $about,
        },)*];
    };
    (@ shown) => { true };
}

fields! {
    Client "client" [] Kind::Address, Both, shown: "who opened it; of a leg the address alone";
    Server "server" [] Kind::Address, Both, shown: "who accepted it";
    Address "addr" ["address", "ip"] Kind::Address, Both: "either end";
    Port "port" [] Kind::Number, Both: "either end's port; of a leg the server's";
    Class "class" [] Kind::Words(words::classes), Both, shown: "what it was used for; of a leg, any of its connections";
    Requests "reqs" ["requests"] Kind::Number, Both: "requests";
    Responses "resps" ["responses"] Kind::Number, Both: "final responses";
    Closer "closer" [] Kind::Words(words::closers), Both, shown: "who sent the first FIN or RST";
    CloseReason "reason" ["close_reason"] Kind::Words(words::close_reasons), Connections, shown: "what the close looked like";
    Cause "cause" [] Kind::Words(words::causes), Both, shown: "id or slug of what closed it; of a leg, any of its causes";
    Idle "idle" ["idle_before_close_s"] Kind::Span, Connections: "last response to the close; open and live: to now";
    State "state" [] Kind::Words(words::states), Connections: "open or closed";
    Status "status" [] Kind::Number, Connections: "of the last response";
    Announced "announced" [] Kind::Flag, Connections: "the last request or response said Connection: close";
    Duration "duration" [] Kind::Span, Connections: "first to last packet";
    Start "start" [] Kind::Number, Connections: "first packet, seconds since the epoch";
    End "end" [] Kind::Number, Connections: "last packet, seconds since the epoch";
    Bytes "bytes" [] Kind::Number, Connections: "payload in both directions";
    BytesToServer "bytes_to_server" [] Kind::Number, Connections: "payload";
    BytesToClient "bytes_to_client" [] Kind::Number, Connections: "payload";
    Retransmitted "retrans" ["retransmitted"] Kind::Number, Both: "segments sent again";
    Gap "gap" ["gap_bytes"] Kind::Number, Both: "bytes that the capture lacks";
    Interface "interface" [] Kind::Text, Connections, shown: "of the first packet";
    Vlan "vlan" [] Kind::Text, Connections: "VLAN id; outer.inner of stacked ones";
    Tunnel "tunnel" [] Kind::Text, Connections, shown: "kind:id of the innermost tunnel";
    ProxiedFor "proxied_for" [] Kind::Address, Connections, shown: "client named by a PROXY protocol header";
    History "history" [] Kind::Letters, Connections: "part of Zeek's letters, in their case";
    Role "role" ["role_evidence"] Kind::Words(words::evidence), Connections: "how client and server were told apart";
    Id "id" [] Kind::Number, Connections: "as listed";
    Generation "gen" ["generation"] Kind::Number, Connections: "1 for the first connection on its 4-tuple";
    FirstFrame "first_frame" [] Kind::Number, Connections: "frame.number of the first packet";
    LastFrame "last_frame" [] Kind::Number, Connections: "frame.number of the last packet";
    Verdict "verdict" [] Kind::Words(words::verdicts), Legs, shown: "the leg's";
    Prefix "prefix" [] Kind::Text, Legs, shown: "any of the leg's URI prefixes";
    Host "host" [] Kind::Text, Legs, shown: "any of the leg's Host headers";
    Reuse "reuse" [] Kind::Number, Legs: "the leg's reuse ratio";
    Avoidable "avoidable" [] Kind::Number, Legs: "the leg's avoidable handshakes";
}

impl Field {
    /// Its row of the table.
    #[must_use]
    pub fn info(self) -> &'static FieldInfo {
        &FIELDS[self as usize]
    }

    /// Whether only legs have it.
    #[must_use]
    pub fn is_of_legs(self) -> bool {
        self.info().rows == Rows::Legs
    }
}

/// The field with this name, in either case.
#[must_use]
pub fn named(name: &str) -> Option<&'static FieldInfo> {
    let is = |known: &&str| known.eq_ignore_ascii_case(name);
    FIELDS
        .iter()
        .find(|info| is(&info.name) || info.aliases.iter().any(is))
}

/// The language and its fields, for people.
#[must_use]
pub fn help() -> String {
    let mut out = String::from(
        "Terms with blanks between them all hold; ! before one turns it round:
  field:value,value    any of the values; - for none
  field>1, >=, <, <=   for numbers and spans (500ms, 1.5s, 5m; plain numbers are seconds)
  word                 in anything shown: addresses, class, cause, prefix ...
Addresses are 10.0.0.1, 10.0.0.0/24, 10.0.0.1:8080, [2001:db8::1]:8080 or :8080. Quotes keep blanks.

Fields (legs are narrowed by those marked *, connections by those of their leg marked +):
",
    );
    for info in FIELDS {
        let mark = match info.rows {
            Rows::Both => '*',
            Rows::Connections => ' ',
            Rows::Legs => '+',
        };
        let _ = writeln!(out, "  {:<16} {mark} {}", info.name, about(info));
    }
    out
}

fn about(info: &FieldInfo) -> String {
    let mut text = info.about.to_owned();
    if !info.aliases.is_empty() {
        let _ = write!(text, " (also {})", info.aliases.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_each_field_has_its_place() {
        let mut names = BTreeSet::new();
        for info in FIELDS {
            assert_eq!(info.field.info().name, info.name);
            assert_eq!(named(info.name).map(|found| found.field), Some(info.field));
            for name in info.aliases.iter().chain([&info.name]) {
                assert!(names.insert(*name), "{name} twice");
                // Else it could be taken for a word.
                assert!(
                    name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
                    "{name}"
                );
            }
            assert!(help().contains(info.about), "{}", info.name);
        }
    }
}
