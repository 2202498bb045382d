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
    pub(super) ends: u64,
}

#[expect(clippy::inline_always, reason = "its fields are to stay in registers")]
impl<'a> Lines<'a> {
    #[inline(always)]
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            block: 0,
            ends: line_ends(bytes, 0),
        }
    }

    /// The lines from `at` on, where one has begun, and the line ends that are left in the block of the end before it.
    #[inline(always)]
    pub(super) fn resumed(bytes: &'a [u8], at: usize, ends: u64) -> Self {
        Self {
            bytes,
            at,
            block: at.saturating_sub(1) / BLOCK * BLOCK,
            ends,
        }
    }

    /// Where the next line begins and ends, without its line feed.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<(usize, usize)> {
        while self.ends == 0 {
            self.block += BLOCK;
            if self.block >= self.bytes.len() {
                return None;
            }
            self.ends = line_ends(self.bytes, self.block);
        }
        let start = self.at;
        let end = self.block + self.ends.trailing_zeros() as usize;
        self.ends &= self.ends - 1;
        self.at = end + 1;
        Some((start, end))
    }

    /// The next line, without its line feed.
    #[inline(always)]
    pub(super) fn next_line(&mut self) -> Option<&'a [u8]> {
        let (start, end) = self.next()?;
        self.bytes.get(start..end)
    }
}

/// A bit for each line feed among the 64 bytes from `start` on, as far as there are so many.
#[expect(clippy::inline_always, reason = "a few instructions")]
#[inline(always)]
fn line_ends(bytes: &[u8], start: usize) -> u64 {
    match bytes.get(start..).and_then(<[u8]>::first_chunk) {
        Some(block) => line_ends_of(block),
        None => last_line_ends(bytes, start),
    }
}

/// The same where there are fewer.
#[inline(never)]
fn last_line_ends(bytes: &[u8], start: usize) -> u64 {
    let rest = bytes.get(start..).unwrap_or_default();
    if rest.is_empty() {
        return 0;
    }
    // The last whole block overlaps with the one before.
    if let Some(block) = bytes.last_chunk::<BLOCK>() {
        return line_ends_of(block).unbounded_shr((BLOCK - rest.len().min(BLOCK)) as u32);
    }
    let mut padded = [0; BLOCK];
    if let Some(start) = padded.get_mut(..rest.len()) {
        start.copy_from_slice(rest);
    }
    line_ends_of(&padded)
}

/// Written out, so that no loop is left of it.
#[expect(
    clippy::inline_always,
    reason = "a few instructions, for each 64 bytes of all heads"
)]
#[inline(always)]
fn line_ends_of(block: &[u8; BLOCK]) -> u64 {
    let (parts, _) = block.as_chunks::<16>();
    let [a, b, c, d] = parts else { return 0 };
    let ends = |part: &[u8; 16]| {
        let line_feed = u8x16::splat(b'\n');
        u64::from(u8x16::new(*part).simd_eq(line_feed).to_bitmask())
    };
    ends(a) | ends(b) << 16 | ends(c) << 32 | ends(d) << 48
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
                prop_assert_eq!(lines.next_line(), Some(piece));
            }
            prop_assert_eq!(lines.next_line(), None);
        }
    }
}
