//! The same packet captured twice (`-i any`, a bond and its slave, merged files), told from true retransmissions.

use crate::decode::{Likeness, SegmentHead};
use crate::limits::TRAIL;
use crate::time::{MICROSECOND, MILLISECOND, Nanos};

use super::key::Sender;

/// A second copy comes within this.
const WITHIN: Nanos = MILLISECOND;
/// Without an IP-ID that tells copies from retransmissions, a copy on the same interface comes within this.
const WITHIN_WITHOUT_ID: Nanos = 50 * MICROSECOND;

/// One packet.
#[derive(Clone, Copy, Debug)]
struct Step {
    likeness: Likeness,
    sent: Sent,
    /// The connection's packet before it.
    before: Link,
}

/// When a packet was captured, the lower 31 bits of it in nanoseconds, and (in the lowest bit) who sent it.
#[derive(Clone, Copy, Debug)]
struct Sent(u32);

impl Sent {
    #[inline]
    const fn of(head: &SegmentHead, sender: Sender) -> Self {
        Self((head.timestamp.nanos() as u32) << 1 | sender.index() as u32)
    }

    const fn is_by_sender_of(self, other: Self) -> bool {
        (self.0 ^ other.0) & 1 == 0
    }

    /// How long one was after the other.
    fn apart(self, other: Self) -> Nanos {
        let (one, two) = (self.0 & !1, other.0 & !1);
        Nanos::from(two.wrapping_sub(one).cast_signed() >> 1).abs()
    }
}

/// A connection's last packet on the trail.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Link {
    /// The number of its step, from 1; the lower bits of it. 0: none.
    step: u32,
}

impl Link {
    /// No packet yet.
    pub const NONE: Self = Self { step: 0 };
}

/// The latest packets of all connections, each linked to the one before it on its connection.
///
/// Copies come within a millisecond: what has left the trail by then is counted in [`overrun`](Self::overrun).
#[derive(Debug)]
pub struct Trail {
    steps: Box<[Step; TRAIL]>,
    /// The number of the next step, from 1.
    next: u32,
    /// Looks at a connection's last packets that were cut short because too many others had come since, within a
    /// millisecond.
    pub overrun: u64,
}

/// A connection's packets that are looked at.
const LAST: usize = 4;

impl Default for Trail {
    #[expect(
        clippy::large_stack_arrays,
        reason = "made once an engine, and where its end is known a look needs no check"
    )]
    fn default() -> Self {
        Self {
            steps: Box::new([Step::NONE; TRAIL]),
            next: 1,
            overrun: 0,
        }
    }
}

impl Trail {
    /// Whether a segment is a copy of one of the connection's last four packets; if not, it is remembered as its last.
    #[inline]
    pub fn is_duplicate(&mut self, link: &mut Link, head: &SegmentHead, sender: Sender) -> bool {
        let step = Step::of(head, sender);
        if self.holds(*link, &step) {
            return true;
        }
        self.add(link, step);
        false
    }

    /// Remembers a packet that is known to be no copy.
    #[inline]
    pub fn note(&mut self, link: &mut Link, head: &SegmentHead, sender: Sender) {
        self.add(link, Step::of(head, sender));
    }

    #[inline]
    fn add(&mut self, link: &mut Link, step: Step) {
        self.steps[self.next as usize % TRAIL] = Step {
            before: *link,
            ..step
        };
        *link = Link { step: self.next };
        self.next = self.next.wrapping_add(1).max(1);
    }

    fn holds(&mut self, link: Link, step: &Step) -> bool {
        let mut at = link;
        for _ in 0..LAST {
            if at == Link::NONE {
                break;
            }
            if self.next.wrapping_sub(at.step) >= TRAIL as u32 {
                // It has left the trail.
                self.overrun += u64::from(self.spans_little(step.sent));
                break;
            }
            let seen = &self.steps[at.step as usize % TRAIL];
            if seen.looks_like(step) && seen.is_near(step) {
                return true;
            }
            at = seen.before;
        }
        false
    }

    /// Whether the whole trail came within the time in which copies come.
    #[cold]
    fn spans_little(&self, now: Sent) -> bool {
        let oldest = &self.steps[self.next as usize % TRAIL];
        oldest.sent.apart(now) <= WITHIN
    }
}

impl Step {
    /// No packet.
    const NONE: Self = Self {
        likeness: Likeness::NOTHING,
        sent: Sent(0),
        before: Link::NONE,
    };

    #[inline]
    const fn of(head: &SegmentHead, sender: Sender) -> Self {
        Self {
            likeness: head.likeness,
            sent: Sent::of(head, sender),
            before: Link::NONE,
        }
    }

    /// Whether a packet looks the same, but perhaps for where it was captured.
    fn looks_like(&self, other: &Self) -> bool {
        let (own, like) = (&self.likeness, &other.likeness);
        let numbers = |one: &Likeness| (one.sequence, one.acknowledgment, one.payload_len, one.flags);
        numbers(own) == numbers(like)
            && self.sent.is_by_sender_of(other.sent)
            && own.print.looks_like(like.print)
    }

    /// Whether a packet that looks alike came soon enough to be a copy.
    fn is_near(&self, other: &Self) -> bool {
        // Copies may come in either order when files are merged.
        let apart = self.sent.apart(other.sent);
        let (own, like) = (self.likeness.print, other.likeness.print);
        let elsewhere = !own.is_at_place_of(like);
        let limit = if like.has_id() || elsewhere {
            WITHIN
        } else {
            WITHIN_WITHOUT_ID
        };
        apart <= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Features, Flags, Print};
    use crate::frame::{FramePlace, InterfaceId};
    use crate::time::Timestamp;

    fn segment(nanos: i64, ip_id: Option<u16>, ttl: u8, interface: u16) -> SegmentHead {
        let features = Features {
            ip_id,
            ts_value: 5,
            ttl,
            interface: InterfaceId(interface),
            if_index: 0,
        };
        SegmentHead {
            timestamp: Timestamp::from_nanos(nanos),
            place: FramePlace::new(1, features.interface),
            likeness: Likeness {
                sequence: 7,
                acknowledgment: 9,
                flags: Flags::ACK,
                window: 1,
                payload_len: 0,
                print: Print::of(&features),
            },
        }
    }

    fn second(first: SegmentHead, again: SegmentHead) -> bool {
        let (mut trail, mut link) = (Trail::default(), Link::default());
        assert!(!trail.is_duplicate(&mut link, &first.alone(), Sender::Low));
        trail.is_duplicate(&mut link, &again.alone(), Sender::Low)
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
    fn whatever_differs_but_the_place_makes_another_packet() {
        let packet = segment(0, Some(3), 64, 0);
        let others = [
            Likeness {
                sequence: 8,
                ..packet.likeness
            },
            Likeness {
                acknowledgment: 8,
                ..packet.likeness
            },
            Likeness {
                payload_len: 1,
                ..packet.likeness
            },
            Likeness {
                flags: Flags::SYN_ACK,
                ..packet.likeness
            },
            segment(0, None, 64, 0).likeness,
            segment(0, Some(4), 64, 0).likeness,
        ];
        for likeness in others {
            let other = SegmentHead { likeness, ..packet };
            assert!(!second(packet, other), "{other:?}");
        }
        for same in [packet, segment(0, Some(3), 63, 0), segment(0, Some(3), 64, 1)] {
            assert!(second(packet, same), "{same:?}");
        }
        let (mut trail, mut link) = (Trail::default(), Link::default());
        assert!(!trail.is_duplicate(&mut link, &packet, Sender::Low));
        assert!(!trail.is_duplicate(&mut link, &packet, Sender::High));
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
    fn only_the_last_four_count_and_other_connections_do_not() {
        let (mut trail, mut link, mut other) = (Trail::default(), Link::default(), Link::default());
        assert!(!trail.is_duplicate(&mut link, &segment(0, Some(1), 64, 0).alone(), Sender::Low));
        for id in 2..5 {
            assert!(!trail.is_duplicate(&mut link, &segment(1, Some(id), 64, 0).alone(), Sender::Low));
            assert!(!trail.is_duplicate(&mut other, &segment(1, Some(id), 64, 0).alone(), Sender::Low));
        }
        assert!(trail.is_duplicate(&mut link, &segment(2, Some(1), 64, 0).alone(), Sender::Low));
        assert!(!trail.is_duplicate(&mut link, &segment(1, Some(5), 64, 0).alone(), Sender::Low));
        assert!(!trail.is_duplicate(&mut link, &segment(2, Some(1), 64, 0).alone(), Sender::Low));
    }

    #[test]
    fn what_has_left_the_trail_too_soon_is_counted() {
        let (mut trail, mut link) = (Trail::default(), Link::default());
        let packet = segment(0, Some(1), 64, 0);
        assert!(!trail.is_duplicate(&mut link, &packet.alone(), Sender::Low));
        for _ in 0..TRAIL {
            trail.is_duplicate(&mut Link::default(), &packet.alone(), Sender::Low);
        }
        assert!(!trail.is_duplicate(&mut link, &packet.alone(), Sender::Low));
        assert_eq!(trail.overrun, 1);
    }
}
