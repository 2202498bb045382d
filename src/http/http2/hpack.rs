//! HPACK (RFC 7541), as far as the pseudo-header fields need it: of all other fields only the sizes are kept, which
//! decide what leaves the dynamic table.

use std::collections::VecDeque;

use super::huffman;
use super::static_table::STATIC;
use crate::limits::{HPACK_TABLE_BYTES, TARGET_BYTES};

/// What an entry costs beside its text (section 4.1).
const ENTRY_OVERHEAD: usize = 32;
/// What the table may hold until its encoder says otherwise (RFC 9113 section 6.5.2).
const DEFAULT_SIZE: usize = 4_096;

/// The fields that are looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Name {
    Status,
    Method,
    Path,
    Authority,
    Other,
}

impl Name {
    fn of(name: &[u8]) -> Self {
        match name {
            b":status" => Self::Status,
            b":method" => Self::Method,
            b":path" => Self::Path,
            b":authority" | b"host" => Self::Authority,
            _ => Self::Other,
        }
    }
}

#[derive(Clone, Debug)]
struct Field {
    name: Name,
    name_bytes: usize,
    /// Kept for the fields that are looked at, cut at a cap.
    value: Box<[u8]>,
    size: usize,
}

/// The pseudo-header fields of one block.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fields {
    /// `:status`.
    pub status: Option<u16>,
    /// `:method`.
    pub method: Option<Box<[u8]>>,
    /// `:path`, cut at a cap.
    pub path: Option<Box<[u8]>>,
    /// `:authority`, or Host.
    pub authority: Option<Box<[u8]>>,
}

impl Fields {
    fn note(&mut self, field: &Field) {
        let value = || Some(field.value.clone());
        match field.name {
            Name::Status => {
                let text = std::str::from_utf8(&field.value).ok();
                self.status = text.and_then(|text| text.parse().ok());
            }
            Name::Method => self.method = value(),
            Name::Path => self.path = value(),
            Name::Authority if self.authority.is_none() => self.authority = value(),
            Name::Authority | Name::Other => {}
        }
    }
}

/// The decoder of one direction.
#[derive(Debug)]
pub(super) struct Decoder {
    entries: VecDeque<Field>,
    size: usize,
    limit: usize,
    /// A block could not be decoded: what follows cannot be, either (section 2.3.3).
    broken: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            size: 0,
            limit: DEFAULT_SIZE,
            broken: false,
        }
    }
}

impl Decoder {
    /// The fields of a whole block; none if it cannot be decoded.
    pub(super) fn block(&mut self, mut rest: &[u8]) -> Fields {
        let mut fields = Fields::default();
        while !rest.is_empty() && !self.broken {
            self.broken = self.field(&mut rest, &mut fields).is_none();
        }
        if self.broken {
            self.entries.clear();
            return Fields::default();
        }
        fields
    }

    /// One representation (section 6).
    fn field(&mut self, rest: &mut &[u8], fields: &mut Fields) -> Option<()> {
        let first = *rest.first()?;
        match first {
            0x80.. => {
                let index = integer(rest, 7)?;
                fields.note(&self.entry(index)?);
            }
            0x40..=0x7f => {
                let field = self.literal(rest, 6)?;
                fields.note(&field);
                self.insert(field);
            }
            0x20..=0x3f => {
                let limit = integer(rest, 5)?;
                if limit > HPACK_TABLE_BYTES {
                    return None;
                }
                self.limit = limit;
                self.shrink(0);
            }
            _ => fields.note(&self.literal(rest, 4)?),
        }
        Some(())
    }

    fn literal(&self, rest: &mut &[u8], prefix: u32) -> Option<Field> {
        let index = integer(rest, prefix)?;
        let (name, name_bytes) = if index == 0 {
            let text = string(rest)?;
            (Name::of(&text), text.len())
        } else {
            let named = self.entry(index)?;
            (named.name, named.name_bytes)
        };
        let value = string(rest)?;
        Some(field(name, name_bytes, &value))
    }

    /// An entry of the static or the dynamic table (section 2.3.3).
    fn entry(&self, index: usize) -> Option<Field> {
        let place = index.checked_sub(1)?;
        match STATIC.get(place) {
            Some((name, value)) => Some(field(Name::of(name.as_bytes()), name.len(), value.as_bytes())),
            None => self.entries.get(place - STATIC.len()).cloned(),
        }
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
            let Some(oldest) = self.entries.pop_back() else { return };
            self.size -= oldest.size;
        }
    }
}

fn field(name: Name, name_bytes: usize, value: &[u8]) -> Field {
    let kept = if name == Name::Other {
        &[]
    } else {
        &value[..value.len().min(TARGET_BYTES)]
    };
    Field {
        name,
        name_bytes,
        value: kept.into(),
        size: name_bytes + value.len() + ENTRY_OVERHEAD,
    }
}

/// An integer whose first byte has `prefix` bits for it (section 5.1).
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

/// A string, Huffman-coded or not (section 5.2).
fn string(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let coded = rest.first()? & 0x80 != 0;
    let length = integer(rest, 7)?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    if coded {
        huffman::decode(text)
    } else {
        Some(text.to_vec())
    }
}
