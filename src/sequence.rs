//! TCP sequence numbers: the only place where they are compared or added (RFC 9293 section 3.4, modulo 2^32).

/// A TCP sequence number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub struct SeqNumber(pub u32);

impl SeqNumber {
    /// How far this number lies after `other`; negative if it lies before. Right within 2 GiB either way, which is
    /// more than the largest window (RFC 7323 section 2.3: 1 GiB).
    #[inline]
    #[must_use]
    pub const fn after(self, other: Self) -> i32 {
        self.0.wrapping_sub(other.0).cast_signed()
    }

    /// This number moved on by `len` bytes.
    #[inline]
    #[must_use]
    pub const fn plus(self, len: u32) -> Self {
        Self(self.0.wrapping_add(len))
    }

    /// The later of the two.
    #[inline]
    #[must_use]
    pub const fn later(self, other: Self) -> Self {
        if self.after(other) > 0 { self } else { other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_wrap() {
        let near_end = SeqNumber(u32::MAX - 9);
        assert_eq!(near_end.plus(20), SeqNumber(10));
        assert_eq!(near_end.plus(20).after(near_end), 20);
        assert_eq!(near_end.after(near_end.plus(20)), -20);
        assert_eq!(near_end.later(SeqNumber(5)), SeqNumber(5));
    }
}
