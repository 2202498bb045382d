//! Which record headers are believed: those that contradict neither themselves nor the packets around them.

use super::{ByteOrder, PcapFile};
use crate::frame::Record;
use crate::limits::{RECORD_BYTES, SEARCH_AHEAD_BYTES, SNAPLEN};
use crate::source::book::Book;
use crate::source::compressed::Compression;
use crate::source::format::{Format, Start, Stop};
use crate::source::search::{Dialect, Expected, Link, Search, YEAR, are_near, is_of_era, may_follow};
use crate::time::{MICROSECOND, Nanos, SECOND, Timestamp};
use crate::tr;

/// How far time may run backwards without a word: queues of a network card and files joined by hand do that.
const BACKWARDS: Nanos = 10 * SECOND;
/// The largest IP packet behind link headers of any usual length.
const LARGEST_PACKET: u32 = 65_535 + 64;
/// Headers looked at until one is whole.
const LOOKED_AT: usize = 3;

/// How the records of a file are laid out.
#[derive(Debug, Clone, Copy)]
pub(in crate::source) struct Layout {
    order: ByteOrder,
    header_bytes: usize,
    ticks_per_second: u32,
    longest: u32,
}

/// A record header as stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) seconds: u32,
    pub(super) fraction: u32,
    pub(super) captured_len: u32,
    pub(super) wire_len: u32,
}

impl Header {
    #[inline]
    pub(super) fn read(order: ByteOrder, bytes: &[u8]) -> Option<Self> {
        let &[s0, s1, s2, s3, f0, f1, f2, f3, c0, c1, c2, c3, w0, w1, w2, w3] = bytes.first_chunk::<16>()?;
        Some(Self {
            seconds: order.u32([s0, s1, s2, s3]),
            fraction: order.u32([f0, f1, f2, f3]),
            captured_len: order.u32([c0, c1, c2, c3]),
            wire_len: order.u32([w0, w1, w2, w3]),
        })
    }

    /// When its second begins.
    fn time(&self) -> Timestamp {
        Timestamp::from_parts(i64::from(self.seconds), 0)
    }

    /// A hole of zeros, as a file system leaves it after a crash.
    fn is_blank(&self) -> bool {
        (self.seconds, self.fraction, self.captured_len, self.wire_len) == (0, 0, 0, 0)
    }
}

impl Layout {
    /// Whether the fields agree with each other.
    #[inline]
    fn is_whole(&self, header: &Header) -> bool {
        header.captured_len <= self.longest
            && header.fraction < self.ticks_per_second
            && (header.captured_len..=RECORD_BYTES as u32).contains(&header.wire_len)
            && header.wire_len > 0
    }

    fn end_of(&self, header: &Header) -> usize {
        self.header_bytes + header.captured_len as usize
    }

    /// A record at the start of `bytes`, by the fields of its header.
    #[inline]
    pub(in crate::source) fn link<'a>(
        &self,
        bytes: &[u8],
        before: Option<Timestamp>,
        is_first: bool,
    ) -> Link<'a> {
        let Some(header) = Header::read(self.order, bytes) else {
            return Link::Need(self.header_bytes);
        };
        if !self.is_whole(&header) {
            return Link::Nothing;
        }
        let is_expected = match before {
            Some(before) => may_follow(before, header.time()) || (is_first && is_of_era(header.time())),
            None => is_of_era(header.time()),
        };
        if !is_expected {
            return Link::Nothing;
        }
        let dialect = Dialect::Pcap(*self);
        let time = Some(header.time());
        Link::Record(self.end_of(&header), Expected { dialect, time })
    }
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

    /// The length of a record's header.
    pub(in crate::source) const fn header_bytes(&self) -> usize {
        self.record_header
    }

    /// How its records are laid out.
    pub(in crate::source) fn layout(&self) -> Layout {
        Layout {
            order: self.order,
            header_bytes: self.record_header,
            ticks_per_second: self.ticks_per_second(),
            longest: self.snaplen.clamp(SNAPLEN, RECORD_BYTES as u32),
        }
    }

    /// What is expected where packets go on.
    pub(in crate::source) fn expected(&self) -> Expected<'static> {
        Expected {
            dialect: Dialect::Pcap(self.layout()),
            time: self.before(),
        }
    }

    /// Whole seconds of the record before.
    fn before(&self) -> Option<Timestamp> {
        (self.seconds >= 0).then(|| Timestamp::from_parts(self.seconds, 0))
    }

    /// Judges an unusual header by what follows it; returns the packet's time. `previous` is the packet before it in
    /// the same block, `place` its offset and number.
    #[inline(never)]
    pub(super) fn doubt(
        &mut self,
        rest: &[u8],
        previous: Option<Timestamp>,
        place: (u64, u64),
        book: &mut Book,
    ) -> Result<Timestamp, Stop> {
        let Some(header) = Header::read(self.order, rest) else {
            return Err(Stop::Need(self.record_header));
        };
        let before = self.before();
        if before != Some(header.time()) {
            match Format::recognise(rest) {
                Start::Capture(..) => return Err(Stop::NewCapture),
                Start::Need(need) => return Err(Stop::Need(need)),
                Start::Unknown(_) => {}
            }
        }
        let (layout, (offset, number)) = (self.layout(), place);
        let is_near = before.map_or(is_of_era(header.time()), |before| are_near(before, header.time()));
        let is_doubtful = !is_near || !layout.is_whole(&header);
        if is_doubtful && book.not_compressed != Some(offset) && Compression::recognise(rest).is_some() {
            return Err(Stop::Compressed);
        }
        if header.captured_len > layout.longest {
            let (claimed, longest) = (header.captured_len, layout.longest);
            let what = tr!(
                "packet {number} claims {claimed} captured bytes, more than the {longest} possible,",
                number,
                claimed,
                longest
            );
            return Err(Stop::Damage(what));
        }
        if header.is_blank() {
            return Err(Stop::Damage(tr!("zeros instead of packet {number}", number)));
        }
        let mut time = header.time();
        let end = layout.end_of(&header);
        if rest.len() < end {
            return Err(match (is_doubtful, book.is_complete) {
                (true, false) => Stop::Look(end),
                (true, true) if !is_near && before.is_some() => no_packet(number),
                (_, _) => Stop::Need(end),
            });
        }
        if !is_near {
            self.refute(rest, end, number, book.is_complete)?;
        }
        if is_doubtful {
            let next = self.what_follows(&layout, rest, &header, number, book.is_complete)?;
            time = corrected(time, before, next);
        }
        if let Some(before) = before
            && !(-BACKWARDS..=YEAR).contains(&time.since(before))
        {
            book.steps.add_packet(offset, number);
        }
        self.seconds = time.nanos() / SECOND;
        if time != header.time() {
            book.stray_times.add_packet(offset, number);
            return Ok(previous.unwrap_or(time));
        }
        if header.fraction >= layout.ticks_per_second {
            book.stray_times.add_packet(offset, number);
        }
        let ticks = header.fraction.min(layout.ticks_per_second - 1);
        Ok(time.plus(i64::from(ticks) * self.nanos_per_tick))
    }

    /// Damage instead of a packet of an odd time, if records of usual times begin inside it and go on beyond it.
    fn refute(&self, rest: &[u8], end: usize, number: u64, is_complete: bool) -> Result<(), Stop> {
        let ahead = end + SEARCH_AHEAD_BYTES;
        if !is_complete && rest.len() < ahead {
            return Err(Stop::Look(ahead));
        }
        if self.seconds < 0 {
            return Ok(());
        }
        let search = Search {
            bytes: rest,
            is_complete,
            is_strict: true,
            expected: self.expected(),
        };
        match search.inside(1, end) {
            Some(_) => Err(no_packet(number)),
            None => Ok(()),
        }
    }

    /// Whether the record at the start of `rest`, which the end of the data cuts, can be believed: nothing but that end
    /// contradicts it.
    pub(in crate::source) fn is_surely_cut(&self, rest: &[u8]) -> bool {
        let Some(header) = Header::read(self.order, rest) else {
            return true;
        };
        let snaplen = if self.snaplen == 0 { u32::MAX } else { self.snaplen };
        self.layout().is_whole(&header)
            && header.captured_len == header.wire_len.min(snaplen)
            && header.captured_len <= LARGEST_PACKET
    }

    /// The time of the first whole header behind this one; `None` if the data or the file ends there.
    fn what_follows(
        &self,
        layout: &Layout,
        rest: &[u8],
        header: &Header,
        number: u64,
        is_complete: bool,
    ) -> Result<Option<Timestamp>, Stop> {
        let mut at = layout.end_of(header);
        let mut latest = None;
        for _ in 0..LOOKED_AT {
            let bytes = rest.get(at..).unwrap_or_default();
            let Some(next) = Header::read(self.order, bytes) else {
                if is_complete {
                    break;
                }
                return Err(Stop::Look(at + self.record_header));
            };
            if matches!(Format::recognise(bytes), Start::Capture(..))
                || Compression::recognise(bytes).is_some()
            {
                break;
            }
            let is_expected = may_follow(header.time(), next.time())
                || self
                    .before()
                    .is_some_and(|before| may_follow(before, next.time()));
            if next.captured_len > layout.longest || next.is_blank() || !is_expected {
                return Err(no_packet(number));
            }
            latest = Some(next.time());
            if layout.is_whole(&next) {
                break;
            }
            at += layout.end_of(&next);
        }
        Ok(latest)
    }

    /// Whether the record that ends at the damage `at` was none, but swallowed sound ones that go on beyond it: where
    /// it began and where they begin.
    pub(in crate::source) fn swallowed(
        &self,
        search: &Search<'_>,
        at: usize,
        last: &Record,
    ) -> Option<(usize, usize)> {
        let body = last.offset as usize;
        if body + last.captured_len as usize != at {
            return None;
        }
        let start = body.checked_sub(self.record_header)?;
        Some((start, search.swallowed(start + 1, at)?))
    }
}

fn no_packet(number: u64) -> Stop {
    Stop::Damage(tr!(
        "no packet follows where packet {number} would end; it stands",
        number
    ))
}

/// A time that neither the packet before nor the one after agrees with is that of the one before, or else after; at the
/// end of the data, one that leaps a year is.
pub(in crate::source) fn corrected(
    time: Timestamp,
    before: Option<Timestamp>,
    next: Option<Timestamp>,
) -> Timestamp {
    let is_stray = match (before, next) {
        (Some(before), Some(next)) => {
            are_near(before, next) && !are_near(time, next) && !are_near(time, before)
        }
        (Some(before), None) => time.since(before).unsigned_abs() > YEAR.unsigned_abs(),
        (None, Some(next)) => is_of_era(next) && !is_of_era(time) && !are_near(time, next),
        (None, None) => false,
    };
    if is_stray {
        before.or(next).unwrap_or(time)
    } else {
        time
    }
}
