//! The same packet captured twice (`-i any`, a bond and its slave, merged files), told from true retransmissions.

use crate::decode::Segment;
use crate::time::{MICROSECOND, MILLISECOND, Nanos};

use super::key::Sender;

/// A second copy comes within this.
const WITHIN: Nanos = MILLISECOND;
/// Without an IP-ID that tells copies from retransmissions, a copy on the same interface comes within this.
const WITHIN_WITHOUT_ID: Nanos = 50 * MICROSECOND;

#[derive(Clone, Copy, Debug, Default)]
struct Print {
    hash: u64,
    /// The low 32 bits of the capture time in nanoseconds; 0 in `place` marks an empty slot.
    time: u32,
    /// Interface and TTL.
    place: u32,
}

/// The last four packets of a connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recent {
    prints: [Print; 4],
    next: u8,
}

impl Recent {
    /// Whether `segment` was seen before; remembers it if not.
    #[inline]
    pub fn is_duplicate(&mut self, segment: &Segment<'_>, sender: Sender) -> bool {
        let hash = print(segment, sender);
        let time = segment.timestamp.nanos() as u32;
        let place = place(segment);
        for seen in &self.prints {
            if seen.hash == hash && seen.place != 0 {
                // Copies may come in either order when files are merged.
                let apart = Nanos::from(time.wrapping_sub(seen.time).cast_signed()).abs();
                let elsewhere = seen.place != place;
                let has_id = segment.ip_id.is_some_and(|id| id != 0);
                let limit = if has_id || elsewhere {
                    WITHIN
                } else {
                    WITHIN_WITHOUT_ID
                };
                if apart <= limit {
                    return true;
                }
            }
        }
        self.prints[usize::from(self.next & 3)] = Print { hash, time, place };
        self.next = self.next.wrapping_add(1);
        false
    }
}

/// Where a copy was captured, never 0.
#[inline]
fn place(segment: &Segment<'_>) -> u32 {
    1 << 31 | u32::from(segment.ttl) << 23 | (segment.if_index & 0x7f) << 16 | u32::from(segment.interface.0)
}

/// Direction, sequence, acknowledgment, flags, length, IP-ID and TSval in one word.
#[inline]
fn print(segment: &Segment<'_>, sender: Sender) -> u64 {
    const ODD: [u64; 3] = [
        0x9e37_79b9_7f4a_7c15,
        0xd6e8_feb8_6659_fd93,
        0xa076_1d64_78bd_642f,
    ];
    let numbers = u64::from(segment.sequence) << 32 | u64::from(segment.acknowledgment);
    let small = u64::from(segment.ip_id.unwrap_or(0)) << 16
        | u64::from(segment.flags.0) << 8
        | u64::from(segment.ip_id.is_some()) << 1
        | sender.index() as u64;
    let rest = u64::from(segment.ts_value.unwrap_or(0)) << 32 | u64::from(segment.payload_len);
    let mixed =
        (numbers ^ ODD[0]).wrapping_mul(ODD[1]).rotate_left(29) ^ rest.wrapping_mul(ODD[2]).rotate_left(17);
    (mixed ^ small).wrapping_mul(ODD[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Address, Flags};
    use crate::frame::InterfaceId;
    use crate::time::Timestamp;

    fn segment(nanos: i64, ip_id: Option<u16>, ttl: u8, interface: u16) -> Segment<'static> {
        Segment {
            timestamp: Timestamp::from_nanos(nanos),
            number: 1,
            interface: InterfaceId(interface),
            if_index: 0,
            path: crate::classify::Path::default(),
            source: Address::v4([10, 0, 0, 1]),
            destination: Address::v4([10, 0, 0, 2]),
            source_port: 1,
            destination_port: 2,
            sequence: 7,
            acknowledgment: 9,
            flags: Flags::ACK,
            window: 1,
            ip_id,
            ttl,
            ts_value: Some(5),
            payload_len: 0,
            payload: &[],
        }
    }

    fn second(first: Segment<'_>, again: Segment<'_>) -> bool {
        let mut recent = Recent::default();
        assert!(!recent.is_duplicate(&first, Sender::Low));
        recent.is_duplicate(&again, Sender::Low)
    }

    #[test]
    fn by_ip_id_within_a_millisecond() {
        assert!(second(
            segment(0, Some(3), 64, 0),
            segment(1_000_000, Some(3), 64, 0)
        ));
        assert!(!second(
            segment(0, Some(3), 64, 0),
            segment(1_000_001, Some(3), 64, 0)
        ));
        assert!(!second(segment(0, Some(3), 64, 0), segment(10, Some(4), 64, 0)));
    }

    #[test]
    fn without_ip_id_by_place_or_fifty_microseconds() {
        for id in [None, Some(0)] {
            assert!(second(segment(0, id, 64, 0), segment(50_000, id, 64, 0)));
            assert!(!second(segment(0, id, 64, 0), segment(50_001, id, 64, 0)));
            assert!(second(segment(0, id, 64, 0), segment(900_000, id, 63, 0)));
            assert!(second(segment(0, id, 64, 0), segment(900_000, id, 64, 1)));
        }
    }

    #[test]
    fn only_the_last_four_count() {
        let mut recent = Recent::default();
        assert!(!recent.is_duplicate(&segment(0, Some(1), 64, 0), Sender::Low));
        for id in 2..6 {
            assert!(!recent.is_duplicate(&segment(1, Some(id), 64, 0), Sender::Low));
        }
        assert!(!recent.is_duplicate(&segment(2, Some(1), 64, 0), Sender::Low));
    }
}
