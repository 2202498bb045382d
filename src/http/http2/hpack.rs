//! HPACK (RFC 7541), as far as the pseudo-header fields need it: of all other fields only the sizes are kept, which
//! decide what leaves the dynamic table.
//!
//! The newest entry has the lowest index, so a table whose older entries are not known (the capture began later, or
//! lacks a block) still tells what was entered since: an index beyond it is a field that cannot be read, and no more.

use std::collections::VecDeque;

use super::huffman;
use super::static_table::STATIC;
use crate::limits::{HPACK_TABLE_BYTES, TARGET_BYTES};

/// What an entry costs beside its text (section 4.1).
const ENTRY_OVERHEAD: usize = 32;
/// What the least allocation takes.
const ALLOCATION: usize = 32;
/// What the table may hold until its encoder says otherwise (RFC 9113 section 6.5.2).
const DEFAULT_SIZE: usize = 4_096;

/// The fields that are looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Name {
    Status,
    Method,
    Path,
    Authority,
    OtherPseudo,
    Host,
    Other,
    /// It refers to an entry that is not known.
    Unknown,
}

impl Name {
    fn of(name: &[u8]) -> Self {
        match name {
            b":status" => Self::Status,
            b":method" => Self::Method,
            b":path" => Self::Path,
            b":authority" => Self::Authority,
            b"host" => Self::Host,
            [b':', ..] => Self::OtherPseudo,
            _ => Self::Other,
        }
    }

    const fn is_read(self) -> bool {
        matches!(
            self,
            Self::Status | Self::Method | Self::Path | Self::Authority | Self::Host
        )
    }
}

/// What a field block begins with. A head begins with pseudo-header fields, trailers have none (RFC 9113 section 8.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum FirstField {
    /// That of a head.
    Pseudo,
    /// Any other.
    Regular,
    /// It cannot be read, or there is none.
    #[default]
    Unknown,
}

/// What is read of one field block.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fields {
    /// `:status`.
    pub status: Option<u16>,
    /// `:method`, cut at a cap.
    pub method: Option<Box<[u8]>>,
    /// `:path`, cut at a cap.
    pub path: Option<Box<[u8]>>,
    /// `:authority`, or Host where there is none.
    pub authority: Option<Box<[u8]>>,
    /// What came first.
    pub first: FirstField,
    /// Every field could be read.
    pub whole: bool,
    /// The block was longer than the cap.
    pub too_long: bool,
    /// The encoder's table is larger than the cap.
    pub table_capped: bool,
}

impl Fields {
    fn note(&mut self, field: Field) {
        match field.name {
            Name::Status => self.status = status(&field.value),
            Name::Method => self.method = Some(field.value),
            Name::Path => self.path = Some(field.value),
            Name::Authority => self.authority = Some(field.value),
            Name::Host if self.authority.is_none() => self.authority = Some(field.value),
            Name::Host | Name::OtherPseudo | Name::Other => {}
            Name::Unknown => self.whole = false,
        }
    }

    fn note_first(&mut self, name: Name) {
        self.first = match name {
            Name::Unknown => FirstField::Unknown,
            Name::Other | Name::Host => FirstField::Regular,
            _ => FirstField::Pseudo,
        };
    }
}

/// Three digits (RFC 9110 section 15).
fn status(text: &[u8]) -> Option<u16> {
    let digits = text.len() == 3 && text.iter().all(u8::is_ascii_digit);
    let status = std::str::from_utf8(text).ok()?.parse().ok()?;
    (digits && status >= 100).then_some(status)
}

#[derive(Clone, Debug)]
struct Field {
    name: Name,
    name_bytes: usize,
    /// Kept for the fields that are looked at, cut at a cap.
    value: Box<[u8]>,
    size: usize,
}

impl Field {
    fn new(name: Name, name_bytes: usize, value: Text) -> Self {
        Self {
            name,
            name_bytes,
            value: value.kept.into_boxed_slice(),
            size: name_bytes + value.length + ENTRY_OVERHEAD,
        }
    }
}

/// The decoder of one direction.
#[derive(Debug)]
pub(super) struct Decoder {
    /// The newest first.
    entries: VecDeque<Field>,
    size: usize,
    limit: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            size: 0,
            limit: DEFAULT_SIZE,
        }
    }
}

impl Decoder {
    /// A block could not be read: how many entries it made is not known.
    pub(super) fn forget(&mut self) -> Fields {
        self.entries = VecDeque::new();
        self.size = 0;
        Fields::default()
    }

    /// The fields of a whole block; after an error those before it.
    pub(super) fn block(&mut self, mut rest: &[u8]) -> Fields {
        let mut fields = Fields {
            whole: true,
            ..Fields::default()
        };
        let mut first = true;
        while let Some(kind) = rest.first() {
            let read = if matches!(kind, 0x20..=0x3f) {
                self.resize(&mut rest, &mut fields)
            } else {
                self.representation(&mut rest).map(|field| {
                    if std::mem::take(&mut first) {
                        fields.note_first(field.name);
                    }
                    fields.note(field);
                })
            };
            if read.is_none() {
                fields.whole = false;
                self.forget();
                break;
            }
        }
        fields
    }

    /// One field (sections 6.1 and 6.2).
    fn representation(&mut self, rest: &mut &[u8]) -> Option<Field> {
        match rest.first()? {
            0x80.. => {
                let index = integer(rest, 7)?;
                self.entry(index)
            }
            0x40.. => {
                let field = self.literal(rest, 6)?;
                self.insert(field.clone());
                Some(field)
            }
            _ => self.literal(rest, 4),
        }
    }

    /// Another size of the table (section 6.3).
    fn resize(&mut self, rest: &mut &[u8], fields: &mut Fields) -> Option<()> {
        let limit = integer(rest, 5)?;
        fields.table_capped |= limit > HPACK_TABLE_BYTES;
        self.limit = limit.min(HPACK_TABLE_BYTES);
        self.shrink(0);
        Some(())
    }

    fn literal(&self, rest: &mut &[u8], prefix: u32) -> Option<Field> {
        let index = integer(rest, prefix)?;
        let (name, name_bytes) = if index == 0 {
            // No name that is looked at is longer.
            let text = text(rest, ":authority".len() + 1)?;
            (Name::of(&text.kept), text.length)
        } else {
            let named = self.entry(index)?;
            (named.name, named.name_bytes)
        };
        let keep = if name.is_read() { TARGET_BYTES } else { 0 };
        Some(Field::new(name, name_bytes, text(rest, keep)?))
    }

    /// An entry of the static or the dynamic table (section 2.3.3).
    fn entry(&self, index: usize) -> Option<Field> {
        let place = index.checked_sub(1)?;
        if let Some((name, value)) = STATIC.get(place) {
            let text = Text {
                kept: value.as_bytes().to_vec(),
                length: value.len(),
            };
            return Some(Field::new(Name::of(name.as_bytes()), name.len(), text));
        }
        let known = self.entries.get(place - STATIC.len()).cloned();
        Some(known.unwrap_or_else(|| Field::new(Name::Unknown, 0, Text::default())))
    }

    fn insert(&mut self, field: Field) {
        self.shrink(field.size);
        if field.size <= self.limit {
            self.size += field.size;
            self.entries.push_front(field);
        }
    }

    /// Makes room for `more` bytes (section 4.4).
    fn shrink(&mut self, more: usize) {
        while self.size + more > self.limit {
            let Some(oldest) = self.entries.pop_back() else {
                return;
            };
            self.size -= oldest.size;
        }
    }

    /// Bytes that the table takes, about: an entry's text is in its size, kept or not.
    pub(super) fn held(&self) -> usize {
        self.size + self.entries.len() * (size_of::<Field>() + ALLOCATION - ENTRY_OVERHEAD)
    }

    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        debug_assert_eq!(
            self.size,
            self.entries.iter().map(|entry| entry.size).sum::<usize>()
        );
        self.size
    }

    #[cfg(test)]
    pub(super) fn entry_sizes(&self) -> Vec<usize> {
        self.entries.iter().map(|entry| entry.size).collect()
    }
}

/// An integer whose first byte has `prefix` bits for it (section 5.1); nothing here is as large as 2^28.
fn integer(rest: &mut &[u8], prefix: u32) -> Option<usize> {
    let (first, mut after) = rest.split_first()?;
    let mask = (1_usize << prefix) - 1;
    let mut value = usize::from(*first) & mask;
    if value == mask {
        let mut shift = 0;
        loop {
            let (byte, next) = after.split_first()?;
            after = next;
            value += usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
            shift += 7;
            if shift > 21 {
                return None;
            }
        }
    }
    *rest = after;
    Some(value)
}

/// A string as far as it is kept.
#[derive(Default)]
struct Text {
    kept: Vec<u8>,
    length: usize,
}

/// A string, Huffman-coded or not (section 5.2), of which at most `keep` bytes are kept.
fn text(rest: &mut &[u8], keep: usize) -> Option<Text> {
    let coded = rest.first()? & 0x80 != 0;
    let length = integer(rest, 7)?;
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after;
    if !coded {
        return Some(Text {
            kept: bytes[..length.min(keep)].to_vec(),
            length,
        });
    }
    let mut kept = Vec::new();
    let length = huffman::decode(bytes, |byte| {
        if kept.len() < keep {
            kept.push(byte);
        }
    })?;
    Some(Text { kept, length })
}
