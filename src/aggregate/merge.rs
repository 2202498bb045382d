//! What several engines tell, put in frame order.

use std::num::NonZeroU64;

use super::collector::Aggregate;
use super::event::{ConnectionRef, EventKind, LegEvent, PrefixRef, Reuse, Told};

impl Aggregate {
    /// Takes in what each engine found in the same stretch of the capture, in frame order.
    ///
    /// Events are large and many: they are looked at where they lie.
    pub fn apply(&mut self, found: &[Told]) {
        self.engines = found.len();
        let mut at = vec![0; found.len()];
        let mut facts_at = vec![0; found.len()];
        loop {
            let head = |(engine, told): (usize, &Told)| Some((told.events.get(at[engine])?.place(), engine));
            let Some((_, engine)) = found.iter().enumerate().filter_map(head).min() else {
                break;
            };
            let others = found.iter().enumerate().filter(|(other, _)| *other != engine);
            let until = others
                .filter_map(head)
                .map(|(order, _)| order)
                .min()
                .unwrap_or((u64::MAX, u32::MAX));
            // As long as this one stays ahead there is nothing to choose.
            let told = &found[engine];
            let waiting = &told.events[at[engine]..];
            for event in waiting.iter().take_while(|event| event.place() <= until) {
                at[engine] += 1;
                self.event(engine, event, told, &mut facts_at[engine]);
            }
        }
        for (engine, told) in found.iter().enumerate() {
            self.take_samples(engine, &told.samples);
        }
    }

    #[inline]
    fn event(&mut self, engine: usize, event: &LegEvent, told: &Told, facts_at: &mut usize) {
        self.order += 1;
        self.advance(event.clock);
        match &event.kind {
            EventKind::Leg(place) => {
                if let Some(leg) = told.legs.get(*place as usize) {
                    self.name_leg(engine, event.leg, leg);
                }
                return;
            }
            EventKind::Prefix(place) => {
                if let Some(prefix) = told.prefixes.get(*place as usize) {
                    self.name_prefix(engine, prefix);
                }
                return;
            }
            _ => {}
        }
        let leg = self.numbers.leg(engine, event.leg);
        match event.kind {
            EventKind::Closed { connection } => {
                let facts = told.facts.get(*facts_at);
                *facts_at += 1;
                if let Some(facts) = facts {
                    let place = self.place_of_connection(engine, connection);
                    let prefix = self.numbers.prefix(engine, PrefixRef(facts.last_prefix));
                    self.closed(leg, place, facts, prefix);
                }
            }
            EventKind::Request { asked, reuse, .. } => {
                if let Some(asked) = asked.of(&told.lines).filter(|_| reuse == Reuse::First) {
                    self.checks.name(leg.0, asked);
                    self.checks.fetch((leg.0, NonZeroU64::new(asked.0)));
                }
                self.on_leg(engine, leg, event);
            }
            _ => self.on_leg(engine, leg, event),
        }
    }

    /// One number for a connection of one of the engines, small enough for a place in a list.
    #[inline]
    pub(super) fn place_of_connection(&self, engine: usize, theirs: ConnectionRef) -> usize {
        theirs.0 as usize * self.engines + engine
    }
}
