//! The bytes of a request target, looked at 16 at a time.

use wide::u8x16;

/// Bytes looked at in one go.
const PART: usize = 16;

/// A target without its query, the parameters of its last segment, and what should not be there.
#[must_use]
pub fn path_of(target: &[u8]) -> &[u8] {
    let (parts, _) = target.as_chunks::<PART>();
    let places = (0..).step_by(PART).zip(parts);
    // The last part overlaps with the one before, where no end was found.
    let last = target
        .last_chunk()
        .map(|last| (target.len() - PART, last))
        .into_iter();
    for (at, part) in places.chain(last) {
        let ends = ends_of_path(part);
        if ends != 0 {
            return &target[..at + ends.trailing_zeros() as usize];
        }
    }
    if target.len() < PART {
        let is_end = |byte: &u8| matches!(byte, b'?' | b';' | b'#');
        return &target[..target.iter().position(is_end).unwrap_or(target.len())];
    }
    target
}

/// A bit for each byte behind which a path has ended.
#[inline]
fn ends_of_path(part: &[u8; PART]) -> u32 {
    let bytes = u8x16::new(*part);
    let is = |byte| bytes.simd_eq(u8x16::splat(byte));
    (is(b'?') | is(b';') | is(b'#')).to_bitmask()
}

/// Whether a target is made of nothing but what targets usually are: printable ASCII other than space, `"`, `<` and `>`.
#[expect(clippy::inline_always, reason = "nothing is to be saved for a call")]
#[inline(always)]
pub(super) fn is_plain(target: &[u8]) -> bool {
    let Some(last) = target.last_chunk::<PART>() else {
        let mut padded = [b'/'; PART];
        padded[..target.len()].copy_from_slice(target);
        return is_plain_part(&padded);
    };
    // The last part overlaps with the one before, unless that ends where it begins. No early end: there are few.
    let (parts, _) = target[..target.len() - 1].as_chunks::<PART>();
    let mut plain = is_plain_part(last);
    for part in parts {
        plain &= is_plain_part(part);
    }
    plain
}

#[inline]
fn is_plain_part(part: &[u8; PART]) -> bool {
    let bytes = u8x16::new(*part);
    let is = |byte| bytes.simd_eq(u8x16::splat(byte)).to_bitmask();
    let printable = bytes
        .max(u8x16::splat(b'!'))
        .min(u8x16::splat(b'~'))
        .simd_eq(bytes);
    printable.to_bitmask() & !(is(b'"') | is(b'<') | is(b'>')) == 0xffff
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_byte_by_byte(mut target in proptest::collection::vec(b'!'..=b'~', 0..70), odd in any::<u8>(), at in 0_usize..70) {
            if let Some(byte) = target.get_mut(at) {
                *byte = odd;
            }
            let usual = |b: &u8| (0x21..=0x7e).contains(b) && !matches!(b, b'"' | b'<' | b'>');
            prop_assert_eq!(is_plain(&target), target.iter().all(usual));
            let path = target.split(|byte| b"?;#".contains(byte)).next();
            prop_assert_eq!(Some(path_of(&target)), path);
        }
    }
}
