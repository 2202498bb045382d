//! Whole numbers below 2^48 in six bytes, for what is kept for each of a million connections: places in a capture.

/// A number below 2^48; larger ones become the largest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct U48([u16; 3]);

impl U48 {
    /// Nothing.
    pub const ZERO: Self = Self([0; 3]);

    const MOST: u64 = (1 << 48) - 1;

    /// The number.
    #[inline]
    #[must_use]
    pub const fn get(self) -> u64 {
        let [low, middle, high] = self.0;
        low as u64 | (middle as u64) << 16 | (high as u64) << 32
    }
}

impl From<u64> for U48 {
    #[inline]
    fn from(number: u64) -> Self {
        let number = number.min(Self::MOST);
        Self([number as u16, (number >> 16) as u16, (number >> 32) as u16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_fits_and_saturates() {
        for number in [0, 1, 0xffff, 0x1_0000, 0x1234_5678_9abc, U48::MOST] {
            assert_eq!(U48::from(number).get(), number);
        }
        assert_eq!(U48::from(u64::MAX).get(), U48::MOST);
        assert_eq!(size_of::<U48>(), 6);
    }
}
