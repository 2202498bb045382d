//! What several engines tell, put in frame order.

use prefetch_index::prefetch_index;

use super::collector::Aggregate;
use super::event::{EventKind, LegEvent, Reuse, Told};
use super::happening::At;
use super::naming::Side;
use crate::classify::ConnectionFacts;

/// Another processor wrote the events: so many before it comes one is asked for, a cache line each.
const AHEAD: usize = 8;

/// What an engine told that was not taken in yet.
struct Rest<'a> {
    told: &'a Told,
    events: &'a [LegEvent],
    facts: std::slice::Iter<'a, ConnectionFacts>,
}

impl<'a> Rest<'a> {
    fn of(told: &'a Told) -> Self {
        Self {
            told,
            events: &told.events,
            facts: told.facts.all().iter(),
        }
    }
}

impl Aggregate {
    /// Takes in what each engine found in the same stretch of the capture, in frame order.
    ///
    /// Events are large and many: they are looked at where they lie.
    pub fn apply(&mut self, found: &[Told]) {
        let mut sides = std::mem::take(&mut self.sides);
        if sides.len() < found.len() {
            sides.resize_with(found.len(), Side::default);
        }
        let mut rest: Vec<Rest<'_>> = found.iter().map(Rest::of).collect();
        let head = |(engine, rest): (usize, &Rest<'_>)| Some((rest.events.first()?.place(), engine));
        while let Some((_, engine)) = rest.iter().enumerate().filter_map(head).min() {
            let others = rest.iter().enumerate().filter(|(other, _)| *other != engine);
            let until = others.filter_map(head).map(|(place, _)| place).min();
            // As long as this one stays ahead there is nothing to choose.
            self.take_in(&mut sides[engine], &mut rest[engine], until);
        }
        self.sides = sides;
        for (engine, told) in found.iter().enumerate() {
            self.take_samples(engine, &told.samples);
        }
    }

    /// Takes in what one engine told up to the place where another one told something.
    fn take_in(&mut self, side: &mut Side, rest: &mut Rest<'_>, until: Option<(u64, u32)>) {
        let is_later = |until| move |event: &LegEvent| event.place() > until;
        let many = until.and_then(|until| rest.events.iter().position(is_later(until)));
        let (now, later) = rest.events.split_at(many.unwrap_or(rest.events.len()));
        rest.events = later;
        for (place, event) in now.iter().enumerate() {
            prefetch_index(now, place + AHEAD);
            self.order += 1;
            // Between two seconds only connections that are over ask for the clock, and who comes after all of these.
            if self.span.is_over(event.clock) {
                self.advance(event.clock);
            }
            // The pair is looked for where it is known what of it is needed.
            let at = |side: &Side| At::new(side.pair(event.leg), event);
            match event.kind {
                EventKind::Leg(place) => {
                    if let Some(leg) = rest.told.legs.get(place as usize) {
                        self.name_leg(side, event.leg, leg);
                    }
                }
                EventKind::Prefix(place) => {
                    if let Some(prefix) = rest.told.prefixes.get(place as usize) {
                        self.name_prefix(side, prefix);
                    }
                }
                EventKind::Opened { connection, syn } => self.on_opened(side, at(side), connection, syn),
                EventKind::Established { connect } => self.on_established(at(side), connect),
                EventKind::Request { asked, reuse, .. } => {
                    if self.checks.want_name()
                        && reuse == Reuse::First
                        && let Some(asked) = asked.of(&rest.told.lines)
                    {
                        self.checks.name(side.pair(event.leg).number.0, asked);
                    }
                    self.on_request(side, at(side), &event.kind);
                }
                EventKind::Answered {
                    status,
                    announced,
                    first_byte,
                    response,
                    prefix,
                    became_idle,
                } => self.on_exchange_end(
                    side,
                    at(side),
                    Some((status, announced, first_byte)),
                    (response, prefix, became_idle),
                ),
                EventKind::Closing { .. } => self.on_closing(side, at(side), &event.kind),
                EventKind::Closed { connection } => {
                    if let Some(facts) = rest.facts.next() {
                        self.advance(event.clock);
                        self.closed(side, event.leg, connection, facts);
                    }
                }
                _ => self.on_leg(side, at(side), &event.kind),
            }
        }
        if let Some(last) = now.last() {
            self.advance(last.clock);
        }
    }
}
