//! Health checks, told from churn by their constant period.

use std::num::NonZeroU64;

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::lones::Lones;
use super::tracker::AtSyn;
use super::waiting::Waiting;
use crate::classify::Ending;
use crate::frame::InterfaceId;
use crate::limits::CHECK_SERIES;
use crate::thresholds::Thresholds;
use crate::time::{Nanos, SECOND, Timestamp};

/// What recurs: a leg (or a client of a `*` leg), and method and target by hash; `None` for connects without request.
pub(super) type SeriesKey = (u32, Option<NonZeroU64>);

/// A connection that may be one of a series.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) start: Timestamp,
    /// When its request came and when it closed.
    pub(super) waiting: Waiting,
    pub(super) star_syn: AtSyn,
    /// Its place in the list of connections.
    pub(super) listed: Option<usize>,
    /// How it ended, and its last frame.
    pub(super) ending: Ending,
    pub(super) frame: (InterfaceId, u64),
}

/// What a new member decides.
#[derive(Debug, Default)]
pub(super) struct Decision {
    /// Connections that are checks now.
    pub(super) checks: Vec<Member>,
    /// Connections that are no checks.
    pub(super) ordinary: Vec<Member>,
    /// Connections of a series that was given up to make room, which may be another leg's.
    pub(super) given_up: Vec<(SeriesKey, Member)>,
}

impl Decision {
    fn clear(&mut self) {
        self.checks.clear();
        self.ordinary.clear();
        self.given_up.clear();
    }
}

/// What some series asks for, a bit for each of 2,048 kinds of it. On a leg that churns most connections ask for something
/// else, and need not be looked for among the series.
#[derive(Debug, Default)]
struct Recurring([u64; Self::WORDS]);

impl Recurring {
    const WORDS: usize = 32;

    /// Of what is asked for: a hash already.
    #[inline]
    fn place((_, asked): SeriesKey) -> (usize, u64) {
        let hash = asked.map_or(0, NonZeroU64::get);
        let word = (hash / u64::from(u64::BITS)) as usize % Self::WORDS;
        (word, 1 << (hash % u64::from(u64::BITS)))
    }

    #[inline]
    fn add(&mut self, key: SeriesKey) {
        let (word, bit) = Self::place(key);
        self.0[word] |= bit;
    }

    /// Whether a series may ask for it.
    #[inline]
    fn may_hold(&self, key: SeriesKey) -> bool {
        let (word, bit) = Self::place(key);
        self.0[word] & bit != 0
    }
}

/// Members that recur at a constant period so far.
#[derive(Debug, Default)]
struct Series {
    target: Option<Box<str>>,
    last_start: Timestamp,
    /// Intervals of the present run; the latest `KEPT`.
    intervals: Vec<Nanos>,
    /// The only member that is not decided, as nearly all series have them.
    lone: Option<Member>,
    /// Members of the present run that are not decided, if there are more.
    held: Vec<Member>,
    /// The present run is a series of checks.
    confirmed: bool,
    checks: u64,
    period: Option<Nanos>,
}

/// Intervals remembered for the median.
const KEPT: usize = 63;

/// Churn ends here: no interval may be shorter than the shortest median less its jitter.
fn is_short(interval: Nanos, thresholds: &Thresholds) -> bool {
    (interval as f64) < thresholds.check_period as f64 * (1.0 - thresholds.check_jitter)
}

/// Whether all intervals lie within the jitter of their median, and that is long enough.
fn constant(intervals: &[Nanos], thresholds: &Thresholds) -> Option<Nanos> {
    if intervals.iter().any(|interval| is_short(*interval, thresholds)) {
        return None;
    }
    let mut sorted = intervals.to_vec();
    sorted.sort_unstable();
    let median = *sorted.get(sorted.len() / 2)?;
    let allowed = median as f64 * thresholds.check_jitter;
    let (least, most) = (*sorted.first()?, *sorted.last()?);
    let within =
        median.saturating_sub(least) as f64 <= allowed && most.saturating_sub(median) as f64 <= allowed;
    (within && median >= thresholds.check_period).then_some(median)
}

impl Series {
    fn add(&mut self, member: Member, thresholds: &Thresholds, decision: &mut Decision) {
        let interval = member.start.since(self.last_start);
        self.last_start = member.start;
        if !self.confirmed && self.held.is_empty() {
            let Some(before) = self.lone.take() else {
                self.lone = Some(member);
                return;
            };
            if self.intervals.is_empty() && is_short(interval, thresholds) {
                // Churn: the new one may begin a series, the one before did not.
                decision.ordinary.push(before);
                self.lone = Some(member);
                return;
            }
            self.held.push(before);
        }
        self.intervals.push(interval);
        if self.confirmed {
            if let Some(period) = constant(&self.intervals, thresholds) {
                self.period = Some(period);
                self.trim();
                self.checks += 1;
                decision.checks.push(member);
            } else {
                self.intervals.clear();
                self.confirmed = false;
                self.held.push(member);
            }
            return;
        }
        self.held.push(member);
        while !self.intervals.is_empty() && constant(&self.intervals, thresholds).is_none() {
            self.intervals.remove(0);
            decision.ordinary.push(self.held.remove(0));
        }
        if self.held.len() >= thresholds.check_count as usize {
            self.period = constant(&self.intervals, thresholds);
            self.confirmed = true;
            self.checks += self.held.len() as u64;
            decision.checks.append(&mut self.held);
        }
    }

    fn trim(&mut self) {
        if self.intervals.len() > KEPT {
            self.intervals.remove(0);
        }
    }
}

/// A series as the report shows it.
#[derive(Clone, Debug)]
pub(super) struct SeriesSummary {
    pub(super) key: SeriesKey,
    pub(super) target: Option<Box<str>>,
    pub(super) period: Option<f64>,
    pub(super) count: u64,
}

/// All possible series.
#[derive(Debug, Default)]
pub(super) struct Checks {
    series: IndexMap<SeriesKey, Series, RandomState>,
    recurring: Recurring,
    /// Connections of which there is only one so far.
    lones: Lones,
    /// The place of the series used last.
    last: usize,
    /// How many series with a request have no name yet.
    nameless: usize,
    victim: usize,
    pub(super) given_up: u64,
}

impl Checks {
    /// Asks for the memory in which a connection of this kind is looked for: it will be over soon.
    #[inline]
    pub(super) fn fetch(&self, key: SeriesKey) {
        self.lones.fetch(key);
    }

    /// A connection that closed after its only request at once: when it began, and how it is kept. If it came too soon after
    /// the only one of its kind before it, it may begin a series, and that one did not: `churn` is told. Returns whether
    /// more was decided: `decision` is filled anew then.
    #[inline]
    pub(super) fn add(
        &mut self,
        key: SeriesKey,
        (start, member): (Timestamp, impl FnOnce() -> Member),
        churn: impl FnOnce(&Member),
        thresholds: &Thresholds,
        decision: &mut Decision,
    ) -> bool {
        if self.recurring.may_hold(key)
            && let Some(series) = self.known(key)
        {
            decision.clear();
            series.add(member(), thresholds, decision);
            return true;
        }
        // The third and later ones give a series its name: it is too late for them where two are enough.
        if thresholds.check_count <= 2 {
            self.begin(key, None, member(), thresholds, decision);
            return true;
        }
        let hash = self.lones.hash(key);
        match self.lones.get_mut(key, hash) {
            None => {
                let Some(oldest) = self.lones.push(key, hash, member()) else {
                    return false;
                };
                self.given_up += 1;
                decision.clear();
                decision.given_up.push(oldest);
                true
            }
            Some(lone) if is_short(start.since(lone.start), thresholds) => {
                churn(lone);
                *lone = member();
                false
            }
            Some(_) => {
                let before = self.lones.take(key, hash);
                self.begin(key, before, member(), thresholds, decision);
                true
            }
        }
    }

    /// A series begins.
    #[inline(never)]
    fn begin(
        &mut self,
        key: SeriesKey,
        before: Option<Member>,
        member: Member,
        thresholds: &Thresholds,
        decision: &mut Decision,
    ) {
        decision.clear();
        self.make_room(decision);
        self.nameless += usize::from(key.1.is_some());
        self.recurring.add(key);
        let series = self.series.entry(key).or_default();
        for member in before.into_iter().chain([member]) {
            series.add(member, thresholds, decision);
        }
    }

    /// A series that there is: nearly always the one used last.
    fn known(&mut self, key: SeriesKey) -> Option<&mut Series> {
        let last = self.series.get_index(self.last);
        if last.is_none_or(|(last, _)| *last != key) {
            self.last = self.series.get_index_of(&key)?;
        }
        self.series.get_index_mut(self.last).map(|(_, series)| series)
    }

    /// Whether a series has no name yet: it has its name from a later member than the first, and few have one.
    #[inline]
    pub(super) fn want_name(&self) -> bool {
        self.nameless > 0
    }

    /// What a first request asks for.
    pub(super) fn name(&mut self, leg: u32, (hash, text): (u64, &[u8])) {
        let key = (leg, NonZeroU64::new(hash));
        if self.recurring.may_hold(key)
            && let Some(series) = self.series.get_mut(&key)
            && series.target.is_none()
        {
            series.target = Some(String::from_utf8_lossy(text).into());
            self.nameless -= 1;
        }
    }

    /// A connection without request: a check by itself; its period is worth knowing.
    pub(super) fn add_without_request(
        &mut self,
        leg: u32,
        member: Member,
        thresholds: &Thresholds,
        decision: &mut Decision,
    ) {
        decision.clear();
        if !self.series.contains_key(&(leg, None)) {
            self.make_room(decision);
        }
        self.recurring.add((leg, None));
        let series = self.series.entry((leg, None)).or_default();
        let before = series.checks;
        series.add(member, thresholds, decision);
        // Every member is counted, constant period or not.
        series.checks = before + 1;
        if !decision.ordinary.is_empty() {
            series.period = None;
        }
        decision.checks.clear();
        decision.ordinary.clear();
    }

    /// In a full table the series of a single member in turn is given up; one that repeats is worth keeping.
    fn make_room(&mut self, decision: &mut Decision) {
        if self.series.len() < CHECK_SERIES {
            return;
        }
        for _ in 0..8 {
            self.victim = (self.victim + 1) % self.series.len();
            let idle = self
                .series
                .get_index(self.victim)
                .is_some_and(|(_, series)| series.checks == 0 && series.held.len() < 2);
            if idle {
                break;
            }
        }
        if let Some((key, series)) = self.series.swap_remove_index(self.victim) {
            self.nameless -= usize::from(key.1.is_some() && series.target.is_none());
            let held = series.lone.into_iter().chain(series.held);
            decision.given_up.extend(held.map(|member| (key, member)));
            self.given_up += 1;
        }
    }

    /// Nothing more will come: what is not decided is ordinary. Told with its leg.
    pub(super) fn settle(&mut self, mut ordinary: impl FnMut(u32, &Member)) {
        self.lones.drain(|(leg, _), member| ordinary(leg, member));
        for ((leg, _), series) in &mut self.series {
            let held = series.lone.take().into_iter().chain(series.held.drain(..));
            held.for_each(|member| ordinary(*leg, &member));
            series.intervals.clear();
        }
    }

    /// The series that are checks.
    pub(super) fn summaries(&self) -> impl Iterator<Item = SeriesSummary> {
        self.series
            .iter()
            .filter(|(_, series)| series.checks > 0)
            .map(|(key, series)| SeriesSummary {
                key: *key,
                target: series.target.clone(),
                period: series.period.map(|period| period as f64 / SECOND as f64),
                count: series.checks,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MILLISECOND;

    fn member(at: Nanos) -> Member {
        Member {
            start: Timestamp::from_nanos(at),
            waiting: Waiting::FRESH,
            star_syn: AtSyn::default(),
            listed: None,
            ending: Ending::Request11Close,
            frame: (InterfaceId(0), 1),
        }
    }

    /// Checks and ordinary connections after members at these milliseconds.
    fn run(starts: &[i64]) -> (usize, usize) {
        let mut checks = Checks::default();
        let (mut yes, mut no) = (0, 0);
        for start in starts {
            let mut decision = Decision::default();
            let member = member(start * MILLISECOND);
            checks.add(
                (0, NonZeroU64::new(7)),
                (member.start, || member),
                |_| no += 1,
                &Thresholds::default(),
                &mut decision,
            );
            yes += decision.checks.len();
            no += decision.ordinary.len();
        }
        checks.settle(|_, _| no += 1);
        (yes, no)
    }

    /// Whatever its hash, what a series asks for is never taken for something else; what none asks for nearly always is.
    #[test]
    fn what_recurs_is_told_from_nearly_all_else() {
        let mut recurring = Recurring::default();
        let key = |hash: u64| (0, NonZeroU64::new(hash));
        let own = |place: u32| key(0x9e37_79b9_7f4a_7c15_u64.rotate_left(place));
        for place in 0..u64::BITS {
            recurring.add(own(place));
        }
        recurring.add((7, None));
        assert!((0..u64::BITS).all(|place| recurring.may_hold(own(place))));
        assert!(recurring.may_hold((7, None)));
        let others = (1..=10_000)
            .filter(|hash| recurring.may_hold(key(0xd134_2543_de82_ef95_u64.wrapping_mul(*hash))));
        assert!(others.count() < 1_000);
    }

    #[test]
    fn five_at_a_constant_period() {
        assert_eq!(run(&[0, 5_000, 10_000, 15_000]), (0, 4));
        assert_eq!(run(&[0, 5_000, 10_000, 15_000, 20_000]), (5, 0));
        assert_eq!(run(&[0, 5_000, 10_000, 15_000, 20_000, 25_000]), (6, 0));
    }

    #[test]
    fn ten_per_cent_of_the_median() {
        assert_eq!(run(&[0, 1_000, 2_000, 3_100, 4_100]), (5, 0));
        assert_eq!(run(&[0, 1_000, 2_000, 3_101, 4_101]), (0, 5));
    }

    #[test]
    fn a_period_of_a_second_or_more() {
        assert_eq!(run(&[0, 999, 1_998, 2_997, 3_996]), (0, 5));
        assert_eq!(run(&[0, 1_000, 2_000, 3_000, 4_000]), (5, 0));
    }

    #[test]
    fn a_run_may_begin_and_end_amid_other_connections() {
        assert_eq!(run(&[0, 300, 5_300, 10_300, 15_300, 20_300, 20_400]), (5, 2));
    }

    #[test]
    fn a_series_given_up_keeps_its_leg() {
        let mut checks = Checks::default();
        let mut given_up = Vec::new();
        let most = CHECK_SERIES as u64;
        for target in 0..=most {
            let leg = u32::from(target == most);
            let mut decision = Decision::default();
            checks.add(
                (leg, NonZeroU64::new(target + 1)),
                (Timestamp::default(), || member(0)),
                |_| panic!("another kind"),
                &Thresholds::default(),
                &mut decision,
            );
            assert!(decision.ordinary.is_empty());
            given_up.extend(decision.given_up);
        }
        assert_eq!(given_up.len(), 1);
        assert_eq!(given_up[0].0.0, 0, "the newcomer's leg is 1");
    }

    #[test]
    fn connects_without_request_are_checks_with_or_without_period() {
        let mut checks = Checks::default();
        for start in [0, 10, 20] {
            checks.add_without_request(
                3,
                member(start * SECOND),
                &Thresholds::default(),
                &mut Decision::default(),
            );
        }
        let summary = checks.summaries().next().unwrap();
        assert_eq!((summary.count, summary.key), (3, (3, None)));
    }
}
