//! Where a frame was captured.

use crate::decode::Segment;
use crate::frame::InterfaceId;

/// A frame, in one word: its number below 2^48, and the interface it was captured on.
#[derive(Clone, Copy, Debug)]
pub(super) struct FramePlace(u64);

impl FramePlace {
    const INTERFACE_BITS: u32 = u16::BITS;

    #[inline]
    pub(super) fn of(segment: &Segment<'_>) -> Self {
        Self(segment.number << Self::INTERFACE_BITS | u64::from(segment.interface.0))
    }

    pub(super) const fn number(self) -> u64 {
        self.0 >> Self::INTERFACE_BITS
    }

    pub(super) const fn interface(self) -> InterfaceId {
        InterfaceId(self.0 as u16)
    }
}
