//! Line ends, found 64 bytes at a time.

use wide::u8x16;

/// Bytes looked at in one go.
const BLOCK: usize = 64;

/// The lines of a head, one after the other; what follows the last line end is none.
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    /// Where the next line begins.
    pub(super) at: usize,
    /// Where the block begins that `ends` speaks of.
    block: usize,
    /// A bit for each line end of the block that was not reached yet.
    ends: u64,
}

impl<'a> Lines<'a> {
    #[inline]
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            block: 0,
            ends: line_ends(bytes),
        }
    }

    /// The next line, without its line feed.
    #[inline]
    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        while self.ends == 0 {
            self.block += BLOCK;
            self.ends = line_ends(self.bytes.get(self.block..).filter(|rest| !rest.is_empty())?);
        }
        let end = self.block + self.ends.trailing_zeros() as usize;
        self.ends &= self.ends - 1;
        let line = self.bytes.get(self.at..end)?;
        self.at = end + 1;
        Some(line)
    }
}

/// A bit for each line feed among the first 64 bytes.
#[inline]
fn line_ends(bytes: &[u8]) -> u64 {
    if let Some(block) = bytes.first_chunk::<BLOCK>() {
        return line_ends_of(block);
    }
    let mut padded = [0; BLOCK];
    padded[..bytes.len()].copy_from_slice(bytes);
    line_ends_of(&padded)
}

#[inline]
fn line_ends_of(block: &[u8; BLOCK]) -> u64 {
    let line_feed = u8x16::splat(b'\n');
    let (parts, _) = block.as_chunks::<16>();
    parts.iter().rev().fold(0, |ends, part| {
        ends << 16 | u64::from(u8x16::new(*part).simd_eq(line_feed).to_bitmask())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_are_what_splitting_gives(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..300)) {
            let mut lines = Lines::of(&bytes);
            let mut pieces: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
            // What follows the last line end.
            pieces.pop();
            for piece in pieces {
                prop_assert_eq!(lines.next(), Some(piece));
            }
            prop_assert_eq!(lines.next(), None);
        }
    }
}
