//! Short names, compared a word at a time.

/// Whether `found` is this (lower case) name of 4 to 24 letters and hyphens, in any case.
#[expect(
    clippy::inline_always,
    reason = "little is left of it where the name is known"
)]
#[inline(always)]
pub(super) fn is<const N: usize>(found: &[u8], name: &[u8; N]) -> bool {
    <&[u8; N]>::try_from(found).is_ok_and(|found| is_name(found, name))
}

/// As [`is`], where the length is known: a few words, which may overlap.
#[expect(
    clippy::inline_always,
    reason = "little is left of it where the name is known"
)]
#[inline(always)]
pub(super) fn is_name<const N: usize>(found: &[u8; N], name: &[u8; N]) -> bool {
    let four = |at| differing(word::<4>(found, at), word::<4>(name, at));
    let eight = |at| differing(word::<8>(found, at), word::<8>(name, at));
    let differing = match N {
        0..8 => four(0) | four(N - 4),
        8..=16 => eight(0) | eight(N - 8),
        _ => eight(0) | eight((N - 8) / 2) | eight(N - 8),
    };
    differing == 0
}

/// `BYTES` bytes, 8 at most, as a word.
#[inline]
fn word<const BYTES: usize>(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    if let Some(part) = bytes.get(at..at + BYTES) {
        word[..BYTES].copy_from_slice(part);
    }
    u64::from_le_bytes(word)
}

/// What is left where a name is the wanted one but for the case of its letters: nothing.
#[inline]
const fn differing(found: u64, wanted: u64) -> u64 {
    /// Letters have this bit, hyphens do not; its half tells a lower case letter from an upper case one.
    const LETTER: u64 = u64::from_le_bytes([0x40; 8]);
    (found | (wanted & LETTER) >> 1) ^ wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_letter_by_letter(mut found in prop_oneof![Just(*b"Keep-Alive"), Just(*b"keep-alive")], odd in any::<u8>(), at in 0_usize..10) {
            found[at] = odd;
            prop_assert_eq!(is(&found, b"keep-alive"), found.eq_ignore_ascii_case(b"keep-alive"));
        }
    }
}
