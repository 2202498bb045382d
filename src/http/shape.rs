//! The shape of a head: where its lines end, what they are called, and what those say that matter. Heads of one shape differ
//! in nothing but the values of other fields and in a length, so that one comparison says of the next head what it says.

use wide::u8x16;

use super::fields::{ContentLength, Fields, Tokens, TransferEncoding};
use super::lines::Lines;
use super::quick::{Line, NAMED_BY};

/// Bytes compared in one go.
const BLOCK: usize = 32;

/// The least byte of a value that may be any: whatever ends a line is less.
const PRINTED: u8 = b' ';

/// A block of bytes, as they are compared.
type Block = [u8x16; 2];

/// Of a block of bytes the least that each may be, and how much more it may be.
type Ranges = [Block; 2];

/// What a head says, and which heads say the same.
#[derive(Default)]
pub(super) struct Shape {
    len: usize,
    /// What the bytes may be. The last block ends with the head, so that it may overlap with the one before.
    ranges: Vec<Ranges>,
    /// Where the value of Host is.
    host: Option<(usize, usize)>,
    /// Where the digits of the only Content-Length are, which may be others.
    digits: Option<(usize, usize)>,
    tokens: Tokens,
    content_length: ContentLength,
    transfer_encoding: TransferEncoding,
}

impl Shape {
    /// How many bytes a head of this shape has; 0 where none was learned yet.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// What the fields of a head say, if it has this shape.
    #[expect(clippy::inline_always, reason = "what is known stays where it is used")]
    #[inline(always)]
    pub(super) fn fields<'a>(&self, head: &'a [u8]) -> Option<Fields<'a>> {
        if head.len() != self.len || !self.holds(head) {
            return None;
        }
        let mut fields = Fields {
            tokens: self.tokens,
            host: self.host.and_then(|(start, end)| head.get(start..end)),
            content_length: self.content_length,
            transfer_encoding: self.transfer_encoding,
        };
        if let Some((start, end)) = self.digits {
            fields.content_length(head.get(start..end)?);
        }
        Some(fields)
    }

    /// Whether each of so many bytes is one that it may be. Out of line, so that the blocks have the registers for
    /// themselves.
    #[inline(never)]
    fn holds(&self, bytes: &[u8]) -> bool {
        let (Some(last), Some(of_last)) = (bytes.last_chunk(), self.ranges.last()) else {
            return false;
        };
        // Two blocks at a time, and the one that may be left; the ranges of the last bytes come behind those of all blocks.
        let blocks = bytes.as_chunks::<BLOCK>().0;
        let mut beyond = too_much(last, of_last);
        if blocks.len() % 2 == 1
            && let (Some(block), Some(ranges)) = (blocks.last(), self.ranges.get(blocks.len() - 1))
        {
            beyond |= too_much(block, ranges);
        }
        let pairs = blocks.as_chunks().0.iter().zip(self.ranges.as_chunks().0);
        for ([a, b], [of_a, of_b]) in pairs {
            beyond |= too_much(a, of_a) | too_much(b, of_b);
        }
        beyond == u8x16::default()
    }

    /// The shape of `head`, whose fields begin at `fields_at`, and what they say. Heads shorter than a block have none.
    #[cold]
    #[inline(never)]
    pub(super) fn learn(&mut self, head: &[u8], fields_at: usize, fields: &Fields<'_>) {
        self.len = 0;
        self.ranges.clear();
        if head.len() < BLOCK {
            return;
        }
        let place = |part: &[u8]| {
            let start = part.as_ptr().addr().wrapping_sub(head.as_ptr().addr());
            (start, start.wrapping_add(part.len()))
        };
        let [mut least, mut most] = [head.to_vec(), head.to_vec()];
        let mut may_be = |(start, end): (usize, usize), from: u8, to: u8| {
            for at in start..end {
                if head[at] >= from {
                    (least[at], most[at]) = (from, to);
                }
            }
        };
        let mut lengths = Vec::new();
        let mut lines = Lines::of(head);
        while let Some((start, end)) = lines.next() {
            match Line::of(head, start, end) {
                _ if start < fields_at => {}
                Line::Other => may_be((start + NAMED_BY, end), PRINTED, u8::MAX),
                Line::Length(value) => lengths.push(value),
                Line::Matters => {}
            }
        }
        self.digits = match *lengths {
            [value] if value.iter().all(u8::is_ascii_digit) => Some(place(value)),
            _ => None,
        };
        self.content_length = fields.content_length;
        if let Some(digits) = self.digits {
            may_be(digits, b'0', b'9');
            self.content_length = ContentLength::Absent;
        }
        let blocks = least.as_chunks().0.iter().zip(most.as_chunks().0);
        let end = least.last_chunk().into_iter().zip(most.last_chunk());
        let ranges = blocks.chain(end).map(|(least, most)| {
            let (least, most) = (block_of(least), block_of(most));
            [least, [most[0] - least[0], most[1] - least[1]]]
        });
        self.ranges.extend(ranges);
        self.len = head.len();
        self.host = fields.host.map(place);
        self.tokens = fields.tokens;
        self.transfer_encoding = fields.transfer_encoding;
    }
}

#[expect(clippy::inline_always, reason = "a few instructions, for all bytes of heads")]
#[inline(always)]
fn block_of(bytes: &[u8; BLOCK]) -> Block {
    let (first, second) = bytes.split_at(BLOCK / 2);
    [first, second].map(|half| u8x16::new(half.try_into().unwrap_or_default()))
}

/// For each byte of a block nothing but 0 if it is one that it may be: what is less than the least wraps around. Written out,
/// so that no loop is left of it.
#[expect(clippy::inline_always, reason = "a few instructions, for all bytes of heads")]
#[inline(always)]
fn too_much(block: &[u8; BLOCK], [least, more]: &Ranges) -> u8x16 {
    let [a, b] = block_of(block);
    (a - least[0]).saturating_sub(more[0]) | (b - least[1]).saturating_sub(more[1])
}
