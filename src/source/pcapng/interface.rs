//! Interface description blocks and what belongs to an interface: its clock, its id and its drop counters.

use super::options::options;
use super::{Book, ByteOrder, Drops};
use crate::frame::{InterfaceId, LinkType};
use crate::limits::INTERFACE_NAME_BYTES;
use crate::time::{SECOND, Timestamp};

const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;
const ISB_IFDROP: u16 = 5;
const ISB_OSDROP: u16 = 7;

/// One interface of a section.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) link_type: LinkType,
    pub(super) snaplen: u32,
    pub(super) drops: Drops,
    name: Option<String>,
    resolution: Resolution,
    /// Seconds to add to every time.
    offset: i64,
    id: Id,
}

#[derive(Debug, Clone, Copy)]
enum Id {
    Unused,
    Known(InterfaceId),
    BeyondCap,
}

/// How long a tick is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resolution {
    /// This many nanoseconds.
    Nanos(u64),
    /// A nanosecond is this many ticks.
    PerNano(u64),
    /// A second is two to this power of ticks.
    Binary(u8),
}

impl Description {
    /// Reads a block's body (section 4.2); `None` if it is too short.
    pub(super) fn read(order: ByteOrder, body: &[u8]) -> Option<Self> {
        let mut description = Self {
            link_type: LinkType(order.u16_at(body, 0)?),
            snaplen: order.u32_at(body, 4)?,
            drops: Drops::default(),
            name: None,
            resolution: Resolution::Nanos(1_000),
            offset: 0,
            id: Id::Unused,
        };
        for (code, value) in options(order, body.get(8..)?) {
            match (code, value) {
                (IF_NAME, name) => {
                    let name = &name[..name.len().min(INTERFACE_NAME_BYTES)];
                    description.name = Some(String::from_utf8_lossy(name).trim_end_matches('\0').to_owned());
                }
                (IF_TSRESOL, &[resolution, ..]) => description.resolution = Resolution::read(resolution),
                (IF_TSOFFSET, value) => {
                    if let Some(seconds) = value.first_chunk() {
                        description.offset = order.u64(*seconds).cast_signed();
                    }
                }
                _ => {}
            }
        }
        Some(description)
    }

    /// The id, assigned when the interface's first packet is met; `None` beyond the cap. `index` is its place in the section.
    #[inline]
    pub(super) fn id(&mut self, index: usize, book: &mut Book) -> Option<InterfaceId> {
        match self.id {
            Id::Known(id) => Some(id),
            Id::BeyondCap => None,
            Id::Unused => {
                let id = book.assign(index, self.name.clone(), self.link_type);
                self.id = id.map_or(Id::BeyondCap, Id::Known);
                id
            }
        }
    }

    /// When a packet stamped with so many ticks was captured.
    #[inline]
    pub(super) fn time(&self, ticks: u64) -> Timestamp {
        let nanos = self.resolution.nanos(ticks);
        Timestamp::from_nanos(nanos.saturating_add(self.offset.saturating_mul(SECOND)))
    }

    /// Takes over the drop counters of a statistics block.
    pub(super) fn count_drops(&mut self, order: ByteOrder, bytes: &[u8]) {
        for (code, value) in options(order, bytes) {
            let count = value.first_chunk().map(|count| order.u64(*count));
            match code {
                ISB_IFDROP => self.drops.interface = count.or(self.drops.interface),
                ISB_OSDROP => self.drops.kernel = count.or(self.drops.kernel),
                _ => {}
            }
        }
    }
}

impl Resolution {
    /// Option `if_tsresol`: a negative power of 10, or of 2 if the top bit is set.
    fn read(value: u8) -> Self {
        match value {
            binary @ 0x80.. => Self::Binary(binary & 0x7f),
            decimal @ 0..=9 => Self::Nanos(10_u64.pow(9 - u32::from(decimal))),
            decimal => Self::PerNano(10_u64.checked_pow(u32::from(decimal) - 9).unwrap_or(u64::MAX)),
        }
    }

    #[inline]
    fn nanos(self, ticks: u64) -> i64 {
        let nanos = match self {
            Self::Nanos(nanos) => return i64::try_from(ticks.saturating_mul(nanos)).unwrap_or(i64::MAX),
            Self::PerNano(ticks_per_nano) => u128::from(ticks / ticks_per_nano),
            Self::Binary(power) => {
                let seconds = u128::from(ticks) >> power;
                let fraction = u128::from(ticks) & ((1 << power) - 1);
                let nanos_per_second = SECOND.cast_unsigned();
                seconds * u128::from(nanos_per_second) + ((fraction * u128::from(nanos_per_second)) >> power)
            }
        };
        i64::try_from(nanos).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolutions_of_both_kinds() {
        let nanos = |resolution, ticks| Resolution::read(resolution).nanos(ticks);
        assert_eq!(nanos(6, 1_500_000), 1_500_000_000);
        assert_eq!(nanos(0, 7), 7 * SECOND);
        assert_eq!(nanos(9, 123), 123);
        assert_eq!(nanos(12, 123_999), 123);
        assert_eq!(nanos(0x80, 3), 3 * SECOND);
        assert_eq!(nanos(0x8a, 1024 + 512), 1_500_000_000);
        assert_eq!(nanos(0xc0, u64::MAX), 999_999_999);
    }

    #[test]
    fn absurd_resolutions_and_times_saturate() {
        for resolution in 0..=255 {
            for ticks in [0, 1, u64::MAX] {
                assert!(
                    Resolution::read(resolution).nanos(ticks) >= 0,
                    "{resolution} {ticks}"
                );
            }
        }
    }
}
