//! The accumulator of one leg.

use std::collections::VecDeque;
use std::net::IpAddr;

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::closes::Closes;
use super::collector::micros;
use super::event::LegRef;
use super::figures::{Concurrency, Counts, Figures, avoidable};
use super::lately::{Lately, Seconds};
use super::load::Load;
use super::naming::Prefix;
use super::openings::Openings;
use super::prefixes::Prefixes;
use super::span::Span;
use super::tracker::{AtSyn, Order, Spell, Tracker};
use super::waiting::Waiting;
use crate::classify::Endpoint;
use crate::limits::STAR_CLIENTS;
use crate::time::{Nanos, OptionalNanos, SECOND, Timestamp};

/// What a verdict is made from, for a window that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowFigures {
    /// Its start.
    pub start: Timestamp,
    /// Its figures without distributions.
    pub figures: Figures,
}

/// The pool of one client of a `*` leg.
#[derive(Debug, Default)]
pub(super) struct StarClient {
    pub(super) tracker: Tracker,
    pub(super) firsts: u64,
}

impl StarClient {
    /// A connection appeared, by its SYN or without it.
    pub(super) fn opened(&mut self, midstream: bool) {
        let open = self.tracker.opened();
        self.tracker.spell.are_open(open, midstream);
    }

    fn became_busy(&mut self) {
        let busy = self.tracker.became_busy();
        self.tracker.spell.are_busy(busy);
    }
}

/// One leg's figures.
#[derive(Debug)]
pub(super) struct LegState {
    pub(super) client: Option<IpAddr>,
    pub(super) server: Option<Endpoint>,
    /// The windows that are over, added up.
    past: Counts,
    /// The present window.
    pub(super) counts: Counts,
    pub(super) whole: Tracker,
    /// Of the present window. Peaks are told here and added to the whole capture's when the window is over.
    pub(super) present: Spell,
    pub(super) window: i64,
    /// What had been closed when the present window began.
    pub(super) before_window: AtSyn,
    pub(super) seconds: Seconds,
    pub(super) prefixes: Prefixes,
    pub(super) closes: Closes,
    pub(super) load: Load,
    pub(super) openings: Openings,
    /// Clients told apart, in a `*` leg; `None` once there were too many.
    pub(super) star: Option<IndexMap<u32, StarClient, RandomState>>,
    windows: VecDeque<WindowFigures>,
    /// The latest window with enough requests to be judged on its own.
    latest_full: Option<Box<Figures>>,
}

impl LegState {
    pub(super) fn new(client: Option<IpAddr>, server: Option<Endpoint>, window: i64) -> Self {
        Self {
            client,
            server,
            past: Counts::default(),
            counts: Counts::default(),
            whole: Tracker::default(),
            present: Spell::default(),
            window,
            before_window: AtSyn::default(),
            seconds: Seconds::default(),
            prefixes: Prefixes::default(),
            closes: Closes::default(),
            load: Load::default(),
            openings: Openings::default(),
            star: Some(IndexMap::default()),
            windows: VecDeque::new(),
            latest_full: None,
        }
    }

    pub(super) fn is_star(&self) -> bool {
        self.client.is_none()
    }

    /// The client's own tracker in a `*` leg.
    #[inline]
    pub(super) fn star_client(&mut self, reference: u32) -> Option<&mut StarClient> {
        if self.client.is_some() {
            return None;
        }
        self.star_client_of(reference)
    }

    fn star_client_of(&mut self, reference: u32) -> Option<&mut StarClient> {
        let full = self
            .star
            .as_ref()
            .is_some_and(|star| star.len() >= STAR_CLIENTS && !star.contains_key(&reference));
        if full {
            self.star = None;
        }
        Some(self.star.as_mut()?.entry(reference).or_default())
    }

    /// A final response head.
    #[expect(clippy::inline_always, reason = "nearly all of them are counted at one place")]
    #[inline(always)]
    pub(super) fn response(&mut self, status: u16, announced: bool, first_byte: OptionalNanos) {
        let responses = &mut self.counts.responses;
        responses.total += 1;
        if status != 0 {
            responses.by_status.count(status, 1);
        }
        responses.announced_close += u64::from(announced);
        self.load.note(announced, self.whole.busy);
        if let Some(first_byte) = first_byte.get() {
            self.counts.first_byte_us.add(micros(first_byte));
        }
    }

    /// A response's last byte, of an exchange whose request was seen if it has a duration.
    #[expect(clippy::inline_always, reason = "nearly all of them are counted at one place")]
    #[inline(always)]
    pub(super) fn exchange_end(&mut self, response: OptionalNanos, prefix: Prefix) {
        if let Some(response) = response.get() {
            self.counts.response_us.add(micros(response));
            self.prefixes.ended(prefix);
        }
    }

    /// A connection appeared, by its SYN or without it.
    #[inline]
    pub(super) fn opened(&mut self, midstream: bool) {
        let open = self.whole.opened();
        self.present.are_open(open, midstream);
        if midstream {
            self.whole.spell.are_open(0, true);
        }
    }

    /// The SYN of a connection that had appeared without it.
    pub(super) fn not_midstream_after_all(&mut self) {
        self.whole.spell.not_midstream_after_all();
        self.present.not_midstream_after_all();
    }

    #[inline]
    pub(super) fn became_busy(&mut self, reference: LegRef) {
        let busy = self.whole.became_busy();
        self.present.are_busy(busy);
        if let Some(client) = self.star_client(reference.0) {
            client.became_busy();
        }
    }

    #[inline]
    pub(super) fn became_idle(&mut self, reference: LegRef) {
        self.whole.became_idle();
        if let Some(client) = self.star_client(reference.0) {
            client.tracker.became_idle();
        }
    }

    /// A connection is not open any more.
    #[inline]
    pub(super) fn left(&mut self, reference: LegRef) {
        self.whole.left();
        if let Some(client) = self.star_client(reference.0) {
            client.tracker.left();
        }
    }

    /// A connection that had carried a request was closed.
    #[inline]
    pub(super) fn closed_with_request(&mut self, reference: LegRef, idle: bool) {
        self.whole.closed_with_request(idle);
        if let Some(client) = self.star_client(reference.0) {
            client.tracker.closed_with_request(idle);
        }
    }

    /// A first request turned out to be an ordinary one. `star_syn` is what its SYN found in its client's pool, on a `*` leg.
    #[inline]
    pub(super) fn ordinary_first(&mut self, reference: LegRef, waiting: &Waiting, star_syn: AtSyn) {
        if let Some(first) = waiting.first() {
            self.first_in_window(first, waiting);
        }
        self.no_check(reference, waiting, star_syn);
    }

    /// The same of one whose window was told of it, in case that it is no health check.
    #[inline]
    pub(super) fn no_check(&mut self, reference: LegRef, waiting: &Waiting, star_syn: AtSyn) {
        let Some(first) = waiting.first() else {
            return;
        };
        self.whole.spell.first(first, waiting.found());
        if let Some(client) = self.star_client(reference.0) {
            client.tracker.spell.first(first, star_syn);
        }
    }

    /// The same, of the present window alone.
    #[inline]
    pub(super) fn first_in_window(&mut self, first: Order, waiting: &Waiting) {
        if let Some(found) = waiting.found_in(self.window, &self.before_window) {
            self.present.first(first, found);
        }
    }

    #[inline]
    pub(super) fn handshake(&mut self, second: i64, connect: OptionalNanos) {
        self.counts.handshakes += 1;
        if let Some(connect) = connect.get() {
            self.counts.connect_time_us.add(micros(connect));
        }
        self.seconds.at(second).handshakes += 1;
    }

    /// The present window is over: begins the one that `span` is in.
    #[cold]
    #[inline(never)]
    pub(super) fn roll(&mut self, span: &Span, keep: usize) {
        let index = span.window_index;
        let figures = self.window_figures(span);
        let start = span.window_start(self.window);
        let bare = Figures {
            counts: bare(&figures.counts),
            ..figures.clone()
        };
        self.windows.push_back(WindowFigures { start, figures: bare });
        while self.windows.len() > keep {
            self.windows.pop_front();
        }
        if figures.counts.requests.rated() >= span.min_window_requests {
            self.latest_full = Some(Box::new(figures));
        }
        let done = std::mem::take(&mut self.counts);
        self.past.merge(&done);
        self.whole.spell.raise(&self.present);
        self.present = self.whole.next_window();
        self.before_window = self.whole.at_syn(0);
        self.seconds.begin_window(span.second());
        self.window = index;
    }

    /// The counters that hold what was counted in `window`, to correct them later.
    pub(super) fn counts_of(&mut self, window: i64) -> &mut Counts {
        if window == self.window {
            &mut self.counts
        } else {
            &mut self.past
        }
    }

    /// A response counted before is none.
    pub(super) fn take_back_response(&mut self, status: u16) {
        let present = &self.counts.responses;
        let here = if status == 0 {
            present.total > 0
        } else {
            present.by_status.get(status) > 0
        };
        let responses = if here {
            &mut self.counts.responses
        } else {
            &mut self.past.responses
        };
        responses.total = responses.total.saturating_sub(1);
        responses.by_status.take_back(status);
    }

    fn window_figures(&self, span: &Span) -> Figures {
        let concurrency = Concurrency {
            peak_handshakes: self.seconds.window_peak(),
            ..self.present.concurrency()
        };
        let length = span.clock.since(span.window_start(self.window)).min(span.window);
        Figures {
            counts: self.counts.clone(),
            // A `*` leg's pools are its clients': one window of each is more than is kept.
            avoidable: if self.is_star() {
                None
            } else {
                avoidable(self.counts.requests.first, &concurrency)
            },
            concurrency,
            handshakes_per_second: per_second(self.counts.handshakes, length),
        }
    }

    /// Over the whole capture.
    pub(super) fn figures(&self, span: &Span) -> Figures {
        let mut counts = self.past.clone();
        counts.merge(&self.counts);
        let mut whole = self.whole.spell.clone();
        whole.raise(&self.present);
        let mut concurrency = Concurrency {
            peak_handshakes: self.seconds.peak(),
            ..whole.concurrency()
        };
        let avoidable = if self.is_star() {
            let clients = self.star.as_ref().map(|clients| clients.values());
            (concurrency.closed_before_last_first, concurrency.idle_closes) = (None, 0);
            clients.map(|clients| {
                let (mut sum, mut closed) = (0, 0);
                for client in clients {
                    let pool = client.tracker.spell.concurrency();
                    sum += avoidable(client.firsts, &pool).unwrap_or(0);
                    closed += pool.closed_before_last_first.unwrap_or(0);
                    concurrency.idle_closes += pool.idle_closes;
                }
                concurrency.closed_before_last_first = Some(closed);
                sum
            })
        } else {
            avoidable(counts.requests.first, &concurrency)
        };
        let handshakes_per_second = per_second(counts.handshakes, span.length());
        Figures {
            counts,
            concurrency,
            avoidable,
            handshakes_per_second,
        }
    }

    /// In the last seconds.
    pub(super) fn lately(&self, span: &Span) -> Lately {
        self.seconds.sum(span.second())
    }

    /// The latest window with enough requests, else the present one.
    pub(super) fn recent(&self, span: &Span) -> Figures {
        let present = self.window_figures(span);
        if present.counts.requests.rated() >= span.min_window_requests {
            return present;
        }
        self.latest_full.as_deref().cloned().unwrap_or(present)
    }

    /// Every window, oldest first, the present one last.
    pub(super) fn windows(&self, span: &Span) -> Vec<WindowFigures> {
        let mut windows: Vec<_> = self.windows.iter().cloned().collect();
        let figures = self.window_figures(span);
        windows.push(WindowFigures {
            start: span.window_start(self.window),
            figures,
        });
        windows
    }
}

/// Counters without what takes room.
fn bare(counts: &Counts) -> Counts {
    Counts {
        connections: counts.connections.clone(),
        requests: counts.requests.clone(),
        closes: counts.closes.clone(),
        handshakes: counts.handshakes,
        hidden_requests: counts.hidden_requests,
        ..Counts::default()
    }
}

/// Events a second, over at least one second.
fn per_second(count: u64, length: Nanos) -> f64 {
    count as f64 / (length.max(SECOND) as f64 / SECOND as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::event::PrefixRef;

    /// Who was told to its window at its close need not be told to it again when it turns out to be no health check.
    #[test]
    fn a_window_is_told_of_a_first_once() {
        let span = Span::new(Timestamp::from_parts(1, 0), SECOND, 1);
        let mut legs = [0, 1].map(|_| LegState::new(None, None, 0));
        let mut waiting: VecDeque<(Order, Waiting)> = VecDeque::new();
        for order in 1..400 {
            let mut later = Waiting::at_syn(&legs[0], 2 * order);
            later.ask(2 * order + 1, legs[0].window, PrefixRef(0));
            waiting.push_back((2 * order + 1, later));
            for leg in &mut legs {
                leg.first_in_window(2 * order + 1, &later);
                leg.closed_with_request(LegRef(0), order % 3 == 0);
                if order % 7 == 0 {
                    leg.whole.spell.was_check(2 * order);
                    leg.present.was_check(2 * order);
                }
                if order % 50 == 0 {
                    let mut next = span;
                    next.move_on(span.start.plus((order / 50).cast_signed() * SECOND));
                    leg.roll(&next, 16);
                }
            }
            // Some are told soon, some late.
            while waiting.len() > (order % 6) as usize
                && let Some((first, waiting)) = waiting.pop_front()
            {
                legs[0].first_in_window(first, &waiting);
                legs[0].no_check(LegRef(0), &waiting, AtSyn::default());
                legs[1].no_check(LegRef(0), &waiting, AtSyn::default());
            }
            let [again, once] = legs
                .each_ref()
                .map(|leg| (leg.present.concurrency(), leg.whole.spell.concurrency()));
            assert_eq!(again, once, "{order}");
        }
    }
}
