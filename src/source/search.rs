//! Where packets go on after damage: the next place from which several records in a row can be what the format says.
//!
//! One record that fits proves little: a packet may carry a capture. So a chain of records is followed for longer than
//! a usual packet is; where it breaks off sooner, it may have lain inside a packet, and then another chain runs on past
//! that place. (In a packet of 64 KiB it may run for longer: then what that one damaged packet carries is taken for
//! packets, up to its end. To ask for longer runs would lose the sound packets between damages near each other.) The work is linear in the bytes searched: chains are followed where they are found only, at most
//! [`ROUNDS`] times, and the look for another one is capped.

use super::format::{Format, Start};
use super::pcap_file::{Layout, PcapFile};
use super::pcapng::Section;
use crate::limits::{SEARCH_AHEAD_BYTES, SEARCH_CAPTURE_BYTES, SEARCH_RUN_BYTES};
use crate::time::{Nanos, SECOND, Timestamp};

/// Time between packets that needs no explanation.
pub(super) const DAY: Nanos = 86_400 * SECOND;
/// How far ahead a packet after damage may be.
pub(super) const YEAR: Nanos = 366 * DAY;
/// Where nothing is known yet, packets are of 2000 to 2069.
const ERA: std::ops::Range<Nanos> = 946_684_800 * SECOND..3_155_760_000 * SECOND;
/// When the packet after a believed one is due, to prove it wrong.
const SOON: std::ops::Range<Nanos> = -10 * SECOND..600 * SECOND;
/// Records in a row of a time that nothing before the damage explains.
const FAR_CHAIN: usize = 8;
/// How often a chain may turn out to lie inside another's packet.
const ROUNDS: usize = 16;
/// Records judged while looking for another chain, beside one for each 16 bytes.
const STEPS: usize = 4_096;

/// Whether two packets may be neighbours without a word about their times.
#[inline]
pub(super) fn are_near(a: Timestamp, b: Timestamp) -> bool {
    a.since(b).unsigned_abs() <= DAY.unsigned_abs()
}

/// Whether a packet of the later time may stand behind one of the earlier.
pub(super) fn may_follow(earlier: Timestamp, later: Timestamp) -> bool {
    (-DAY..=YEAR).contains(&later.since(earlier))
}

/// Whether it is a time at which captures are made.
pub(super) fn is_of_era(time: Timestamp) -> bool {
    ERA.contains(&time.nanos())
}

/// What a record is read as.
#[derive(Debug, Clone, Copy)]
pub(super) enum Dialect<'a> {
    Pcap(Layout),
    PcapNg(Section<'a>),
}

/// What is expected of the record at some place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) dialect: Dialect<'a>,
    /// The time of the packet before, if there is one.
    pub(super) time: Option<Timestamp>,
}

/// What stands at some place, judged more strictly than in a sound file.
#[derive(Debug)]
pub(super) enum Link<'a> {
    /// A record of so many bytes, and what is expected behind it.
    Record(usize, Expected<'a>),
    /// Too few bytes to tell; so many are needed.
    Need(usize),
    Nothing,
}

/// What looking for sound packets came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// They go on here.
    At(usize),
    /// Nothing before `at`; to judge what is there, so many bytes from it on are needed.
    Need { at: usize, bytes: usize },
    /// There is none, and no more bytes will come.
    Nothing,
}

/// Bytes in which packets are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) bytes: &'a [u8],
    /// No more bytes will come.
    pub(super) is_complete: bool,
    /// Packets are believed only if the last one ends with the data.
    pub(super) is_strict: bool,
    pub(super) expected: Expected<'a>,
}

/// A chain of records being followed.
#[derive(Debug, Clone, Copy)]
struct Chain<'a> {
    at: usize,
    expected: Expected<'a>,
    records: usize,
    /// Records after which it is believed.
    wanted: usize,
}

/// How a chain goes on.
enum Reach {
    /// For longer than a packet is, or exactly to the end of the data.
    Far,
    /// To the end of the data, which cuts its last record.
    Cut,
    /// To a place where no record is.
    Breaks(usize),
    /// So many bytes from its start are needed to tell.
    Need(usize),
    /// Too short to be believed.
    No,
}

impl<'a> Search<'a> {
    /// The first place from `start` on where packets go on.
    pub(super) fn from(&self, start: usize) -> Found {
        for at in start..self.bytes.len() {
            match self.link(at, &self.expected, true) {
                Link::Nothing => {}
                Link::Need(_) if self.is_complete => {}
                Link::Need(bytes) => return Found::Need { at, bytes },
                Link::Record(..) => match self.judge(at) {
                    Found::Nothing => {}
                    found => return found,
                },
            }
        }
        if self.is_complete {
            Found::Nothing
        } else {
            Found::Need {
                at: self.bytes.len().max(start),
                bytes: 1,
            }
        }
    }

    /// The first place between `from` and `to` with a chain of records that goes on beyond `to`: a chain inside a packet
    /// that ends there does not. `known` is a chain that does not either.
    fn passing(&self, from: usize, to: usize, known: Option<Chain<'a>>) -> Option<usize> {
        let mut steps = STEPS + to.saturating_sub(from) / 16;
        let mut known = known;
        for start in from..to {
            if let Some(chain) = &mut known
                && chain.at == start
            {
                if self.step(chain).is_err() {
                    known = None;
                }
                continue;
            }
            let mut chain = Chain::new(start, self.expected);
            let mut second = None;
            while steps > 0 && chain.at <= to && self.step(&mut chain).is_ok() {
                steps -= 1;
                second.get_or_insert(chain);
            }
            if chain.at > to && self.goes_on(&mut chain) {
                return Some(start);
            }
            known = known.or(second);
        }
        None
    }

    /// Whether in a place a capture begins whose last record ends with the data; few of those that look so are followed.
    pub(super) fn capture_to_the_end(&self, places: std::ops::Range<usize>) -> bool {
        /// A record holds more headers than that only if somebody put them there.
        const FOLLOWED: usize = 8;
        let mut headers = places.filter(|at| self.begins_capture(*at)).take(FOLLOWED);
        headers.any(|at| {
            let mut chain = Chain::new(at, self.expected);
            while chain.at < self.bytes.len() {
                if self.step(&mut chain).is_err() {
                    return false;
                }
            }
            chain.records > 1 && chain.at == self.bytes.len()
        })
    }

    fn begins_capture(&self, at: usize) -> bool {
        let bytes = self.bytes.get(at..).unwrap_or_default();
        matches!(Format::recognise(bytes), Start::Capture(..))
    }

    /// The place inside the record of the bytes `from..to` where sound records begin that go on beyond it.
    pub(super) fn inside(&self, from: usize, to: usize) -> Option<usize> {
        self.passing(from, to, None)
    }

    /// The same for a record that was believed: only records of about the same time prove it wrong.
    pub(super) fn swallowed(&self, from: usize, to: usize) -> Option<usize> {
        let start = self.inside(from, to)?;
        if self.begins_capture(start) {
            // A file that was cut, and the next one behind it.
            return Some(start);
        }
        let mut chain = Chain::new(start, self.expected);
        self.step(&mut chain).ok()?;
        let later = chain.expected.time?.since(self.expected.time?);
        SOON.contains(&later).then_some(start)
    }

    /// Whether a chain that has come beyond some place has records there.
    fn goes_on(&self, chain: &mut Chain<'a>) -> bool {
        let has_come = chain.records > 0;
        let mut is_confirmed = false;
        while !(is_confirmed && chain.records >= chain.wanted) {
            if self.is_complete && chain.at == self.bytes.len() {
                return has_come;
            }
            if self.step(chain).is_err() {
                return false;
            }
            is_confirmed = true;
        }
        true
    }

    /// Whether packets go on at `start`, or inside what seems to be packets there.
    fn judge(&self, start: usize) -> Found {
        let mut start = start;
        for _ in 0..ROUNDS {
            let mut chain = Chain::new(start, self.expected);
            let breaks_at = match self.follow(&mut chain) {
                Reach::Far => return Found::At(start),
                Reach::Cut if !self.is_strict => return Found::At(start),
                Reach::Cut | Reach::No => return Found::Nothing,
                Reach::Need(bytes) => return Found::Need { at: start, bytes },
                // The header of a capture inside a packet would change what all the rest is read as.
                Reach::Breaks(_) if self.begins_capture(start) => return Found::Nothing,
                Reach::Breaks(at) => at,
            };
            let ahead = breaks_at.saturating_add(SEARCH_AHEAD_BYTES);
            if !self.is_complete && self.bytes.len() < ahead {
                let bytes = ahead - start;
                return Found::Need { at: start, bytes };
            }
            let mut known = Chain::new(start, self.expected);
            let known = self.step(&mut known).is_ok().then_some(known);
            match self.passing(start + 1, breaks_at.min(self.bytes.len()), known) {
                Some(other) => start = other,
                None => return Found::At(start),
            }
        }
        Found::At(start)
    }

    /// Follows a chain until it is known what becomes of it.
    fn follow(&self, chain: &mut Chain<'a>) -> Reach {
        let start = chain.at;
        let run = if self.begins_capture(start) {
            SEARCH_CAPTURE_BYTES
        } else {
            SEARCH_RUN_BYTES
        };
        loop {
            let is_believed = chain.records >= chain.wanted;
            if is_believed && chain.at - start >= run {
                return Reach::Far;
            }
            if self.is_complete && chain.at == self.bytes.len() && (is_believed || !chain.is_far()) {
                return Reach::Far;
            }
            match self.step(chain) {
                Ok(()) => {}
                Err(Some(_)) if self.is_complete => {
                    // Of the only record all bytes must be there.
                    let is_there = chain.records > 1 || chain.at <= self.bytes.len();
                    let is_enough = is_believed || (is_there && !chain.is_far());
                    return if is_enough { Reach::Cut } else { Reach::No };
                }
                Err(Some(bytes)) => return Reach::Need((chain.at - start + bytes).max(run)),
                Err(None) if is_believed => return Reach::Breaks(chain.at),
                Err(None) => return Reach::No,
            }
        }
    }

    /// Goes on to the next record; the error is how many bytes are needed to tell, or that there is none.
    fn step(&self, chain: &mut Chain<'a>) -> Result<(), Option<usize>> {
        match self.link(chain.at, &chain.expected, chain.records == 0) {
            Link::Record(bytes, expected) => {
                if chain.records == 0
                    && let (Some(before), Some(time)) = (chain.expected.time, expected.time)
                    && !may_follow(before, time)
                {
                    chain.wanted = FAR_CHAIN;
                }
                chain.at = chain.at.saturating_add(bytes);
                chain.expected = expected;
                chain.records += 1;
                Ok(())
            }
            Link::Need(bytes) => Err(Some(bytes)),
            Link::Nothing => Err(None),
        }
    }

    /// What stands at `at`. The first record of a chain may be of any time at which captures are made.
    #[inline]
    fn link(&self, at: usize, expected: &Expected<'a>, is_first: bool) -> Link<'a> {
        let bytes = self.bytes.get(at..).unwrap_or_default();
        let link = match expected.dialect {
            Dialect::PcapNg(section) => section.link(bytes, expected.time, is_first),
            Dialect::Pcap(layout) => layout.link(bytes, expected.time, is_first),
        };
        match link {
            Link::Nothing => header(bytes, expected.time),
            link => link,
        }
    }
}

/// The header of another capture: a section of pcapng, or what every known writer of pcap files puts there.
#[inline]
fn header<'a>(bytes: &[u8], time: Option<Timestamp>) -> Link<'a> {
    // The first bytes of all magics.
    if !matches!(bytes.first(), Some(0x0a | 0x34 | 0x4d | 0xa1 | 0xd4)) {
        return Link::Nothing;
    }
    match Format::recognise(bytes) {
        Start::Capture(Format::Pcap(pcap), length) if PcapFile::is_usual(bytes) => {
            let dialect = Dialect::Pcap(pcap.layout());
            Link::Record(length, Expected { dialect, time: None })
        }
        Start::Capture(Format::PcapNg(_), _) => Section::default().link(bytes, time, true),
        Start::Capture(..) | Start::Unknown(_) => Link::Nothing,
        Start::Need(bytes) => Link::Need(bytes),
    }
}

impl<'a> Chain<'a> {
    fn new(at: usize, expected: Expected<'a>) -> Self {
        let wanted = match expected.dialect {
            Dialect::Pcap(_) => 3,
            // Both lengths of each agree.
            Dialect::PcapNg(_) => 2,
        };
        Self {
            at,
            expected,
            records: 0,
            wanted,
        }
    }

    fn is_far(&self) -> bool {
        self.wanted == FAR_CHAIN
    }
}
