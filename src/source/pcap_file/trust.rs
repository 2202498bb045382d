//! Which record headers are believed: those that contradict neither themselves nor the packets around them. And where,
//! after damage, the next ones are that can be.

use super::{ByteOrder, PcapFile};
use crate::frame::Record;
use crate::limits::{RECORD_BYTES, SNAPLEN};
use crate::source::book::Book;
use crate::source::format::{Candidate, Format, Search, Start, Stop, search};
use crate::time::{MICROSECOND, Timestamp};

/// Seconds between packets that need no explanation.
const DAY: i64 = 86_400;
const YEAR: i64 = 366 * DAY;
/// Seconds that time may run backwards without a word: queues of a network card and files joined by hand do that.
const BACKWARDS: i64 = 10;
/// A first packet before 2000 or after 2069 is believed only if the second one agrees.
const ERA: std::ops::Range<i64> = 946_684_800..3_155_760_000;
/// Headers in a row that end a search: near the time before the damage, and at any time.
const NEAR_CHAIN: usize = 3;
const FAR_CHAIN: usize = 8;
/// Headers looked at to find out what one packet swallowed.
const SWALLOWED_STEPS: usize = 4_096;

/// A record header as stored.
#[derive(Debug, Clone, Copy)]
struct Header {
    seconds: i64,
    fraction: u32,
    captured_len: u32,
    wire_len: u32,
}

impl Header {
    #[inline]
    fn read(order: ByteOrder, bytes: &[u8]) -> Option<Self> {
        let &[s0, s1, s2, s3, f0, f1, f2, f3, c0, c1, c2, c3, w0, w1, w2, w3] = bytes.first_chunk::<16>()?;
        Some(Self {
            seconds: i64::from(order.u32([s0, s1, s2, s3])),
            fraction: order.u32([f0, f1, f2, f3]),
            captured_len: order.u32([c0, c1, c2, c3]),
            wire_len: order.u32([w0, w1, w2, w3]),
        })
    }

    /// A hole of zeros, as a file system leaves it after a crash.
    fn is_blank(&self) -> bool {
        (self.seconds, self.fraction, self.captured_len, self.wire_len) == (0, 0, 0, 0)
    }
}

fn are_near(a: i64, b: i64) -> bool {
    (a - b).abs() <= DAY
}

impl PcapFile {
    pub(super) fn ticks_per_second(&self) -> u32 {
        if self.nanos_per_tick == MICROSECOND {
            1_000_000
        } else {
            1_000_000_000
        }
    }

    /// Whether a capture header holds what every known writer puts there.
    pub(in crate::source) fn is_usual(bytes: &[u8]) -> bool {
        bytes.get(8..16) == Some(&[0; 8]) && matches!(bytes.get(4..8), Some([2, 0, 4, 0] | [0, 2, 0, 4]))
    }

    fn longest(&self) -> u32 {
        self.snaplen.clamp(SNAPLEN, RECORD_BYTES as u32)
    }

    fn end_of(&self, header: &Header) -> usize {
        self.record_header + header.captured_len as usize
    }

    fn is_near(&self, seconds: i64) -> bool {
        if self.seconds < 0 {
            ERA.contains(&seconds)
        } else {
            are_near(self.seconds, seconds)
        }
    }

    /// Whether the fields agree with each other.
    #[inline]
    fn is_whole(&self, header: &Header) -> bool {
        header.wire_len > 0
            && header.captured_len <= header.wire_len
            && header.captured_len <= SNAPLEN
            && header.fraction < self.ticks_per_second()
    }

    /// Judges an unusual header by what follows it; returns the packet's time. `place` is its offset and number.
    #[inline(never)]
    pub(super) fn doubt(
        &mut self,
        rest: &[u8],
        before: Option<Timestamp>,
        place: (u64, u64),
        book: &mut Book,
    ) -> Result<Timestamp, Stop> {
        let Some(header) = Header::read(self.order, rest) else {
            return Err(Stop::Need(self.record_header));
        };
        if header.seconds != self.seconds {
            match Format::recognise(rest) {
                Start::Capture(..) => return Err(Stop::NewCapture),
                Start::Need(need) => return Err(Stop::Need(need)),
                Start::Unknown(_) => {}
            }
        }
        let (offset, number) = place;
        let longest = self.longest();
        if header.captured_len > longest {
            return Err(Stop::Damage(format!(
                "packet {number} claims {} captured bytes, more than the {longest} possible,",
                header.captured_len
            )));
        }
        if header.is_blank() {
            return Err(Stop::Damage(format!("zeros instead of packet {number}")));
        }
        let is_near = self.is_near(header.seconds);
        let mut is_stray = header.fraction >= self.ticks_per_second();
        let mut seconds = header.seconds;
        if !is_near || !self.is_whole(&header) {
            let next = self.what_follows(rest, &header, number, book.is_complete)?;
            let leap = self.seconds >= 0 && (header.seconds - self.seconds).abs() > YEAR;
            let is_alone = !is_near && next.map_or(leap, |next| !are_near(header.seconds, next));
            if is_alone {
                is_stray = true;
                seconds = if self.seconds < 0 {
                    next.unwrap_or(seconds)
                } else {
                    self.seconds
                };
            }
        }
        let fraction = header.fraction.min(self.ticks_per_second() - 1);
        let mut time = Timestamp::from_parts(seconds, i64::from(fraction) * self.nanos_per_tick);
        if is_stray {
            book.stray_times.add_packet(offset, number);
            if seconds != header.seconds {
                time = before.unwrap_or(Timestamp::from_parts(seconds, 0));
            }
        }
        if self.seconds >= 0 && (self.seconds - seconds > BACKWARDS || seconds - self.seconds > YEAR) {
            book.steps.add_packet(offset, number);
        }
        self.seconds = seconds;
        Ok(time)
    }

    /// The seconds of the first header behind this one that can be believed; `None` if the data ends there.
    fn what_follows(
        &self,
        rest: &[u8],
        header: &Header,
        number: u64,
        is_complete: bool,
    ) -> Result<Option<i64>, Stop> {
        let mut at = self.end_of(header);
        if is_complete && at > rest.len() {
            return Err(Stop::Need(at));
        }
        let mut latest = None;
        for _ in 0..NEAR_CHAIN {
            let Some(next) = rest
                .get(at..)
                .and_then(|bytes| Some((bytes, Header::read(self.order, bytes)?)))
            else {
                if is_complete {
                    break;
                }
                return Err(Stop::Need(at + self.record_header));
            };
            let (bytes, next) = next;
            if Format::begins_at(bytes) == Candidate::Yes {
                break;
            }
            let is_expected = are_near(header.seconds, next.seconds) || self.is_near(next.seconds);
            if next.captured_len > self.longest() || next.is_blank() || !is_expected {
                return Err(Stop::Damage(format!(
                    "packet {number} (stamped {} s, {} bytes captured of {}) is followed by no packet; it stands",
                    header.seconds, header.captured_len, header.wire_len
                )));
            }
            latest = Some(next.seconds);
            if self.is_whole(&next) {
                break;
            }
            at += self.end_of(&next);
        }
        Ok(latest)
    }

    /// Looks for the place from `start` on where packets go on.
    pub(in crate::source) fn search(&self, bytes: &[u8], start: usize, is_complete: bool) -> Search {
        search(bytes, start, 16, is_complete, |rest| {
            self.candidate(rest, is_complete)
        })
    }

    #[inline]
    fn candidate(&self, rest: &[u8], is_complete: bool) -> Candidate {
        match Header::read(self.order, rest) {
            Some(header) if self.is_whole(&header) => {}
            _ => return Format::begins_at(rest),
        }
        self.chain(rest, is_complete)
    }

    /// Whether enough headers in a row agree, or all up to the end of the data.
    fn chain(&self, rest: &[u8], is_complete: bool) -> Candidate {
        let (mut at, mut count, mut wanted) = (0, 0, NEAR_CHAIN);
        let mut latest = None;
        loop {
            let Some(bytes) = rest.get(at..).filter(|bytes| bytes.len() >= 16) else {
                if !is_complete {
                    return Candidate::Need(at + self.record_header);
                }
                // Of the only one all bytes must be there.
                let is_enough = wanted == NEAR_CHAIN || count >= NEAR_CHAIN;
                let is_there = count > 1 || at <= rest.len();
                return if is_enough && is_there {
                    Candidate::Yes
                } else {
                    Candidate::No
                };
            };
            if count > 0 && Format::begins_at(bytes) == Candidate::Yes {
                return Candidate::Yes;
            }
            let Some(header) = Header::read(self.order, bytes).filter(|header| self.is_whole(header)) else {
                return Candidate::No;
            };
            if latest.is_some_and(|latest| !are_near(latest, header.seconds)) {
                return Candidate::No;
            }
            if count == 0 && !self.is_near(header.seconds) {
                wanted = FAR_CHAIN;
            }
            latest = Some(header.seconds);
            count += 1;
            if count == wanted {
                return Candidate::Yes;
            }
            at += self.end_of(&header);
        }
    }

    /// Whether the record that ends at the damage `at` swallowed sound ones that go on beyond it: where it began and
    /// where they begin. A capture inside a packet does not go on.
    pub(in crate::source) fn swallowed(
        &self,
        bytes: &[u8],
        at: usize,
        last: &Record,
    ) -> Option<(usize, usize)> {
        let body = last.offset as usize;
        if body + last.captured_len as usize != at {
            return None;
        }
        let mut steps = 0;
        (body..at).find_map(|start| {
            let (mut place, mut count) = (start, 0);
            while steps < SWALLOWED_STEPS {
                let header = Header::read(self.order, bytes.get(place..)?)?;
                if !self.is_whole(&header) || !self.is_near(header.seconds) {
                    return None;
                }
                steps += 1;
                count += 1;
                if place > at && count >= NEAR_CHAIN {
                    return Some((body.checked_sub(self.record_header)?, start));
                }
                place += self.end_of(&header);
            }
            None
        })
    }
}
